"""Time of weightless shape inference over a document: a whole graph, and one edit in it.

python benchmarks/inference.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from kerasviz.document import Document, edits, inference
from kerasviz.document.patch import apply

ROUNDS = 15
TARGETS_MS = {"whole graph": 30.0, "one edit": 5.0}


def chain(length: int, distinct: bool) -> Document:
    """Convolutions one after the other; each with other arguments, or all alike."""
    document = edited(Document(), "quick_add", text="in 64 64 3")
    steps = [f"conv {8 + index if distinct else 16} 3 same relu" for index in range(length - 3)]
    return edited(document, "quick_add", text=" > ".join([*steps, "gap", "dense 10 softmax"]))


def edited(document: Document, command: str, **arguments: Any) -> Document:
    """The document after a command."""
    return apply(document, edits.run(document, command, **arguments))[0]


def median_ms(function: Callable[[], Any]) -> float:
    """Median CPU time of several calls."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print a line for each case beside its target."""
    print("weightless shape inference, 100 nodes, median ms of CPU time")
    for distinct in (False, True):
        document = chain(100, distinct)
        name = "all different" if distinct else "all alike"
        inference.infer(document)  # components are made once per process
        whole = median_ms(lambda document=document: inference.infer(document))
        known = inference.infer(document)
        last = list(document.layers)[-1]
        counts = iter(range(20, 10_000))
        edit = median_ms(
            lambda document=document, known=known, last=last: inference.infer(
                edited(document, "set_arguments", layer=last, args={"units": next(counts)}), known
            )
        )
        print(f"  {name:<14} whole graph {whole:6.2f} (target {TARGETS_MS['whole graph']:.0f})", end="")
        print(f"   one edit {edit:6.2f} (target {TARGETS_MS['one edit']:.0f})")


if __name__ == "__main__":
    main()

"""Time of weightless shape inference over a document: a whole graph, and one edit in it.

python benchmarks/inference.py
"""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

from kerasviz.document import edits, inference
from kerasviz.document.document import Document
from kerasviz.document.patch import apply

ROUNDS = 15
SAME = {"padding": "same", "activation": "relu"}
TARGETS_MS = {"whole graph": 30.0, "one edit": 5.0}


def chain(length: int, distinct: bool) -> Document:
    """Convolutions one after the other; each with other arguments, or all alike."""
    document = edited(Document(), "add", kind="Input", args={"shape": [64, 64, 3]})
    for index in range(length - 3):
        filters = 8 + index if distinct else 16
        document = edited(
            document,
            "append",
            after=list(document.calls)[-1],
            kind="Conv2D",
            args={"filters": filters, "kernel_size": [3, 3]} | SAME,
        )
    document = edited(document, "append", after=list(document.calls)[-1], kind="GlobalAveragePooling2D")
    return edited(document, "append", after=list(document.calls)[-1], kind="Dense", args={"units": 10})


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
        cold = time.process_time()
        inference.infer(document)
        cold = (time.process_time() - cold) * 1000  # components are made once per process
        whole = median_ms(lambda document=document: inference.infer(document))
        known = inference.Inference()
        known.update(document)
        middle = list(document.calls)[50]
        counts = itertools.count(200)

        def edit(document: Document = document, middle: str = middle, known: Any = known, counts: Any = counts) -> None:
            known.update(edited(document, "set_args", calls=middle, args={"filters": next(counts)}))

        one = median_ms(edit)
        print(f"  {name:<14} first time {cold:6.2f}   whole graph {whole:6.2f}", end="")
        print(f" (target {TARGETS_MS['whole graph']:.0f})   one edit {one:6.2f} (target {TARGETS_MS['one edit']:.0f})")


if __name__ == "__main__":
    main()

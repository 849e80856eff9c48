"""A document makes us allocate no more than half of this machine's memory, whatever it says."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasviz.declare import Invalid
from kerasviz.document.build import build
from kerasviz.document.document import Document, from_data
from kerasviz.document.edits import set_args
from kerasviz.document.inference import infer
from kerasviz.document.patch import apply
from kerasviz.document.problems import find_problems
from kerasviz.saving import budget

HUGE = 2**36
MEGABYTES = 300


def document(kind: str, shape: tuple[int, ...] = (3,), call: dict[str, Any] | None = None, **args: Any) -> Any:
    """One layer on an input, as data."""
    layers = [{"id": "in", "kind": "Input", "args": {"shape": list(shape)}}, {"id": "bomb", "kind": kind, "args": args}]
    calls = [
        {"id": "in", "layer": "in", "inputs": []},
        {"id": "bomb", "layer": "bomb", "inputs": [["in", 0]], **(call or {})},
    ]
    return {"version": 1, "layers": layers, "calls": calls, "inputs": ["in"]}


def twice() -> dict[str, Any]:
    """The same input at both places."""
    return {"inputs": [["in", 0], ["in", 0]]}


def operation(name: str, *args: Any, **kwargs: Any) -> Any:
    """A function of the input."""
    return document(f"ops.{name}", call={"args": [{"input": 0}, *args], "kwargs": kwargs})


def wrapped(outer: str, inner: str, **config: Any) -> Any:
    """A layer within another."""
    return document(outer, (3, 2), layer={"class_name": inner, "config": config})


def many() -> Any:
    """Each is small enough, all together are not."""
    made = document("Dense", (4096,), units=4096)
    layers, calls = made["layers"][:1], made["calls"][:1]
    for index in range(40):
        layers.append({"id": f"d{index}", "kind": "Dense", "args": {"units": 4096}})
        source = f"d{index - 1}" if index else "in"
        calls.append({"id": f"d{index}", "layer": f"d{index}", "inputs": [[source, 0]]})
    return {**made, "layers": layers, "calls": calls}


def inside(kind: str) -> Any:
    """A model within the model."""
    return document(kind, document=document("Dense", units=10**10))


BOMBS = {
    "units": document("Dense", units=10**10),
    "many": many(),
    "inner model": inside("Functional"),
    "inner stack": inside("Sequential"),
    "units of lstm": document("LSTM", (3, 2), units=2**24),
    "units of gru": document("GRU", (3, 2), units=2**24),
    "filters": document("Conv2D", (4, 4, 3), filters=HUGE, kernel_size=3),
    "kernel": document("Conv2D", (2**20, 2**20, 3), filters=1, kernel_size=2**19),
    "transposed": document("Conv2DTranspose", (4, 4, 3), filters=2**30, kernel_size=3),
    "depthwise": document("DepthwiseConv2D", (4, 4, 3), kernel_size=3, depth_multiplier=2**30),
    "separable": document("SeparableConv2D", (4, 4, 3), filters=2**30, kernel_size=3),
    "vocabulary": document("Embedding", input_dim=HUGE, output_dim=2),
    "width": document("Embedding", input_dim=2, output_dim=HUGE),
    "input": document("Dense", (HUGE,), units=1),
    "axis": document("BatchNormalization", (2, HUGE)),
    "means": document("Normalization", (HUGE,), mean=1.0, variance=1.0),
    "equation": document("EinsumDense", (3,), equation="ab,bc->ac", output_shape=HUGE),
    "heads": document("MultiHeadAttention", (3, 2), twice(), num_heads=2**20, key_dim=2**20),
    "grouped heads": document("GroupQueryAttention", (3, 2), twice(), head_dim=2**20, num_query_heads=2**20,
                              num_key_value_heads=2**10),
    "slopes": document("PReLU", (HUGE, 3)),
    "distributed": wrapped("TimeDistributed", "Dense", units=10**10),
    "both ways": wrapped("Bidirectional", "LSTM", units=2**24),
    "cell": document("RNN", (3, 2), cell={"class_name": "GRUCell", "config": {"units": 2**24}}),
}  # fmt: skip
HARMLESS = {  # nothing is allocated before the model runs
    "rows": document("RepeatVector", n=HUGE),
    "pixels": document("UpSampling2D", (4, 4, 3), size=2**20),
    "edges": document("ZeroPadding2D", (4, 4, 3), padding=2**30),
    "classes": document("CategoryEncoding", num_tokens=HUGE, output_mode="multi_hot"),
    "bins": document("Hashing", num_bins=HUGE, output_mode="one_hot"),
    "tile": operation("tile", [1, HUGE]),
    "repeat": operation("repeat", HUGE, axis=1),
    "pad": operation("pad", [[0, 0], [0, HUGE]]),
    "one_hot": operation("one_hot", HUGE),
    "broadcast": operation("broadcast_to", [HUGE, 3]),
    "unstack": operation("unstack", HUGE),
    "full": operation("full_like", 1.0),
    "arange": operation("arange", HUGE, 1),
    "linspace": operation("linspace", 1.0, num=HUGE),
    "split": operation("split", HUGE, axis=1),
}


def read_all() -> dict[str, Any]:
    """What became of each document, and the megabytes that it took; the process may not have a gigabyte more."""
    budget.machine_memory = lambda: 2**29
    good = from_data(document("Dense", units=3))
    infer(good), build(good)
    status = Path("/proc/self/status").read_text()
    size = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmSize"))
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**30, size + 2**30))
    return {f"{name}, {step}": outcome(data, step) for name, data in (BOMBS | HARMLESS).items() for step in STEPS}


STEPS = {
    "seen": lambda data: find_problems(from_data(data), infer(from_data(data))),
    "made": lambda data: build(from_data(data)),
}


def outcome(data: Any, step: str) -> list[Any]:
    """How a step went, and the megabytes that it took."""
    before = peak()
    try:
        found = STEPS[step](data)
        said = " ".join(problem.id for problem in found) if step == "seen" else "built"
    except Invalid as error:
        said = f"Invalid: {error}"
    except BaseException as error:
        said = f"!{type(error).__name__}: {error}"
    return [said[:400], peak() - before]


def peak() -> float:
    """Megabytes of memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


CODE = """
import json, warnings
from tests.document.test_memory import read_all
warnings.simplefilter("ignore")
print("\\n" + json.dumps(read_all()))
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", CODE], cwd=root, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout.decode().splitlines()[-1])


def test_no_document_makes_us_allocate_without_limit(outcomes: dict[str, Any]) -> None:
    for name, (said, megabytes) in outcomes.items():
        assert not said.startswith("!"), f"{name}: {said}"
        assert "allocate" not in said, f"{name} was allocated: {said}"
        assert megabytes < MEGABYTES, f"{name} took {megabytes} MB: {said}"


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_not_built_and_the_layer_is_named(outcomes: dict[str, Any], name: str) -> None:
    said = outcomes[f"{name}, made"][0]
    assert said.startswith("Invalid: ")
    assert "half of this machine's memory" in said
    assert '"bomb"' in said or name == "many"


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_problems(outcomes: dict[str, Any], name: str) -> None:
    assert outcomes[f"{name}, seen"][0] != ""


def drawn(data: Any) -> Document:
    return from_data(data)


def test_a_layer_that_is_too_large_is_told_at_its_argument() -> None:
    large = drawn(BOMBS["units"])
    problem = next(p for p in find_problems(large, infer(large)) if p.id == "too-large")
    assert (problem.severity, problem.call, problem.arg) == ("error", "bomb", "units")
    assert problem.message == "Too large for this machine: the weights of bomb take 160 GB."
    smaller, _ = apply(large, set_args(large, "bomb", {"units": 10}))
    assert not [p for p in find_problems(smaller, infer(smaller)) if p.id == "too-large"]


def test_layers_that_are_too_large_together_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "machine_memory", lambda: 2**30)
    together = drawn(many())
    problem = next(p for p in find_problems(together, infer(together)) if p.id == "too-large")
    assert "all together 2.69 GB" in problem.message
    with pytest.raises(Invalid, match="half of this machine's memory"):
        build(together)


def test_large_models_that_fit_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "machine_memory", lambda: 2**31)
    large = drawn(document("Dense", (4096,), units=16384))  # a quarter of that memory
    assert not [p for p in find_problems(large, infer(large)) if p.id == "too-large"]
    assert build(large).count_params() == 4097 * 16384


def test_the_limit_ends_with_building() -> None:
    with pytest.raises(Invalid):
        build(drawn(BOMBS["units"]))
    infer(drawn(BOMBS["heads"]))
    assert budget._limits.current is None


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (2**36, "68.7 GB"), (10**20, "1e+05 PB")]
)
def test_sizes_are_told_as_people_say_them(size: int, words: str) -> None:
    from kerasviz.document.problems.memory import in_words

    assert in_words(size) == words

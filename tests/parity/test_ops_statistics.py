"""Counts, differences, areas, correlations and functions of numbers, against Keras."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from .op_cases import FLOATS, WHOLE, drawn
from .op_tables import Call, assert_equal, assert_gradients_equal, labelled, over_dtypes

X = drawn("float32", (3, 4))
ROW = drawn("float32", (11,), seed=1)
SQUARE = drawn("float32", (3, 3), seed=2)
SHORT = ROW[:4]
PLACES = torch.tensor([0.0, 1, 3, 4])
COUNTED = torch.tensor([[0, 1, 1], [2, 2, 2]])

DTYPES: dict[str, Call] = {
    "histogram": lambda ops, x: ops.histogram(x[0], bins=3),
    "bincount": lambda ops, x: ops.bincount(x[0]),
    "bincount_weights": lambda ops, x: ops.bincount(torch.tensor([0, 1, 1, 2], dtype=torch.int32), weights=x[0]),
    "corrcoef": lambda ops, x: ops.corrcoef(x),
    "diff": lambda ops, x: ops.diff(x),
    "trapezoid": lambda ops, x: ops.trapezoid(x),
    "correlate": lambda ops, x: ops.correlate(x[0], x[1, :2], mode="same"),
}
# the oracle counts no truths; its histogram takes float32 and float64 only
DTYPES_MORE = {"histogram": (*WHOLE, "float16", "bfloat16"), "bincount": ("bool",)}


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, over_dtypes(DTYPES[name]), DTYPES_MORE.get(name, ()))


@pytest.mark.parametrize("name", ["correlate", "bincount", "trapezoid"])
def test_dtypes_of_every_pair_equal_keras(reference: Any, name: str) -> None:
    dtypes = ("uint8", "int8", "int32", "int64") if name == "bincount" else (*WHOLE, *FLOATS)

    def of(one: str, other: str) -> Any:
        a, b = drawn(one, (5,), 0, 3), drawn(other, (5,), 0, 3, seed=5)
        calls = {
            "correlate": lambda ops: str(ops.correlate(a, b).dtype),
            "bincount": lambda ops: str(ops.bincount(a, weights=b).dtype),
            "trapezoid": lambda ops: str(ops.trapezoid(a, x=b).dtype),
        }
        return calls[name]

    calls = [(f"{one} {other}", of(one, other)) for one in dtypes for other in (*WHOLE, *FLOATS)]
    more = {f"{one} bool" for one in dtypes} if name == "trapezoid" else ()
    assert_equal(reference, calls, more)


ARGUMENTS: dict[str, dict[str, Call]] = {
    "histogram": {
        "default": lambda ops, x: ops.histogram(ROW),
        "range": lambda ops, x: ops.histogram(ROW, bins=4, range=(-1, 2)),
        "equal": lambda ops, x: ops.histogram(torch.ones(4), bins=4),
        "empty": lambda ops, x: ops.histogram(torch.zeros(0), bins=4),
        "borders": lambda ops, x: ops.histogram(torch.arange(12.0), bins=11, range=(0, 11)),
        "matrix": lambda ops, x: ops.histogram(x),
        "list": lambda ops, x: ops.histogram(ROW, bins=[0, 1, 3]),
        "none": lambda ops, x: ops.histogram(ROW, bins=0),
        "falling": lambda ops, x: ops.histogram(ROW, range=(3, 1)),
        "range list": lambda ops, x: ops.histogram(ROW, bins=4, range=[-1.0, 2.0]),
    },
    "bincount": {
        "minlength": lambda ops, x: ops.bincount(torch.tensor([0, 1, 5]), minlength=8),
        "less": lambda ops, x: ops.bincount(torch.tensor([0, 1, 5]), minlength=2),
        "list": lambda ops, x: ops.bincount([0, 1, 1]),
        "rows": lambda ops, x: ops.bincount(torch.tensor([[0, 2], [2, 2]]), minlength=4),
        "weights": lambda ops, x: ops.bincount(torch.tensor([[0, 2], [2, 2]]), weights=x[:2, :2], minlength=6),
        "empty": lambda ops, x: ops.bincount(torch.zeros(0, dtype=torch.int32)),
        "sparse": lambda ops, x: ops.bincount(torch.tensor([0, 1]), sparse=True),
        "negative": lambda ops, x: ops.bincount(torch.tensor([0, -1])),
        "unequal rows": lambda ops, x: ops.bincount(COUNTED),
    },
    "corrcoef": {
        "row": lambda ops, x: ops.corrcoef(ROW),
        "square": lambda ops, x: ops.corrcoef(SQUARE),
        "long": lambda ops, x: ops.corrcoef(x.long()),
        "deep": lambda ops, x: ops.corrcoef(x[None]),
    },
    "correlate": {
        **{
            f"{mode} {n}": lambda ops, x, mode=mode, n=n: ops.correlate(ROW, ROW.flip(0)[:n], mode=mode)
            for mode in ("valid", "same", "full")
            for n in (1, 2, 3, 4, 11)
        },
        "longer": lambda ops, x: [ops.correlate(SHORT, ROW), ops.correlate(SHORT, ROW, mode="full")],
        "lists": lambda ops, x: ops.correlate([1, 2, 3], [0.5, 1.0], mode="full"),
    },
    "diff": {
        "twice": lambda ops, x: ops.diff(x, n=2, axis=0),
        "none": lambda ops, x: ops.diff(x, n=0),
        "far": lambda ops, x: ops.diff(x, n=5),
        "negative": lambda ops, x: ops.diff(x, n=-1),
        "number": lambda ops, x: ops.diff(torch.tensor(1.0)),
    },
    "trapezoid": {
        "dx": lambda ops, x: ops.trapezoid(x, dx=0.5, axis=0),
        "dx tensor": lambda ops, x: ops.trapezoid(x, dx=torch.tensor(2.0)),
        "places": lambda ops, x: ops.trapezoid(x, x=PLACES),
        "places axis": lambda ops, x: ops.trapezoid(x, x=PLACES[:3], axis=0),
        "places each": lambda ops, x: ops.trapezoid(x, x=x * 2, axis=0),
        "one": lambda ops, x: ops.trapezoid(x[:, :1]),
        "int32": lambda ops, x: ops.trapezoid(x),
    },
    "vectorize": {
        "numbers": lambda ops, x: ops.vectorize(lambda a, b: a + b)(x[0], x),
        "rows": lambda ops, x: ops.vectorize(lambda a: ops.sum(a), signature="(n)->()")(x),
        "two": lambda ops, x: ops.vectorize(lambda a, b: ops.dot(a, b), signature="(n),(n)->()")(x, x[0]),
        "several": lambda ops, x: ops.vectorize(lambda a: (a, a * 2))(x),
        "excluded": lambda ops, x: ops.vectorize(lambda a, b: a + b, excluded={1})(x, 2.0),
        "matrices": lambda ops, x: ops.vectorize(ops.matmul, signature="(m,n),(n,k)->(m,k)")(x[None], x.T),
        "grows": lambda ops, x: ops.vectorize(lambda a: ops.outer(a, a), signature="(n)->(m,m)")(x),
        "bad signature": lambda ops, x: ops.vectorize(lambda a: a, signature="(n->()")(x),
        "no function": lambda ops, x: ops.vectorize(3),
        "names": lambda ops, x: ops.vectorize(lambda a, b: a + b)(x[0], b=x),
        "excluded name": lambda ops, x: ops.vectorize(lambda a, b: a + b, excluded={"b"})(x, b=2.0),
    },
}
ARGUMENTS_MORE = {
    "histogram": ("range list",),
    "bincount": ("unequal rows",),
    "correlate": ("valid 11",),  # the oracle leaves out the axis of size 1
    "vectorize": ("names", "excluded name"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, labelled(ARGUMENTS[name], X), ARGUMENTS_MORE.get(name, ()))


GRADIENTS: dict[str, Call] = {
    "corrcoef": lambda ops, x: ops.corrcoef(x) * torch.arange(9.0).reshape(3, 3),
    "correlate": lambda ops, x: ops.correlate(x[0], x[1, :3], mode="full"),
    "diff": lambda ops, x: ops.diff(x, n=2),
    "trapezoid": lambda ops, x: ops.trapezoid(x, x=PLACES),
    "vectorize": lambda ops, x: ops.vectorize(lambda a: ops.sum(a * a), signature="(n)->()")(x),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], X)

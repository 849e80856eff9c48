"""Operations that find, take and sort numbers, against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .op_cases import drawn
from .op_tables import Call, assert_equal, assert_gradients_equal, labelled, over_dtypes

X = drawn("float32", (3, 4))
DEEP = drawn("float32", (2, 3, 4), seed=1)
EMPTY = torch.zeros(0, 3)
SCALAR = torch.tensor(2.0)
PLACES = torch.tensor([[2, -1], [0, 1]], dtype=torch.int32)
TABLE = torch.tensor([[3, 1], [3, 1], [0, 2]])
AGAIN = torch.tensor([3, 1, 1, 2])

# name -> one call, for every dtype
DTYPES: dict[str, Call] = {
    "take": lambda ops, x: ops.take(x, [1, 0], axis=1),
    "take_along_axis": lambda ops, x: ops.take_along_axis(x, np.zeros((3, 1), "int32"), axis=1),
    "nonzero": lambda ops, x: ops.nonzero(x),
    "unravel_index": lambda ops, x: ops.unravel_index(x, (2, 5)),
    "searchsorted": lambda ops, x: ops.searchsorted(ops.sort(x[0]), x),
    "digitize": lambda ops, x: ops.digitize(x, [0.5, 1.5]),
    "digitize_whole": lambda ops, x: ops.digitize(x, [1, 2]),
    "sort": lambda ops, x: ops.sort(x),
    "argsort": lambda ops, x: ops.argsort(x),
    "unique": lambda ops, x: ops.unique(x),
    "get_item": lambda ops, x: ops.get_item(x, (slice(1, 3), 0)),
}
DTYPES_MORE = {"searchsorted": ("bool",)}  # the oracle knows no order of truths


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, over_dtypes(DTYPES[name]), DTYPES_MORE.get(name, ()))


# name -> calls by label, each on X (or its whole numbers, where the label begins with int32)
ARGUMENTS: dict[str, dict[str, Call]] = {
    "take": {
        "end": lambda ops, x: ops.take(x, [0, -1], axis=1),
        "last axis": lambda ops, x: ops.take(x, [0, -1], axis=-1),
        "beyond": lambda ops, x: ops.take(x, [5], axis=1),
        "row": lambda ops, x: ops.take(x, [[0, 1], [2, 3]]),
        "one": lambda ops, x: ops.take(x, 1),
        "one axis": lambda ops, x: ops.take(x, 1, axis=0),
        "minus one": lambda ops, x: ops.take(x, -1, axis=1),
        "tensor": lambda ops, x: ops.take(DEEP, PLACES, axis=1),
        "long": lambda ops, x: ops.take(DEEP, PLACES.long(), axis=-1),
        "byte": lambda ops, x: ops.take(x, torch.tensor([2, 0], dtype=torch.uint8), axis=0),
        "floats": lambda ops, x: ops.take(x, [0.0, 1.0], axis=0),
        "none": lambda ops, x: ops.take(x, np.zeros((0,), "int64"), axis=0),
        "before": lambda ops, x: ops.take(x, [-13]),
    },
    "take_along_axis": {
        "end": lambda ops, x: ops.take_along_axis(x, torch.tensor([[0], [-1], [1]]), axis=1),
        "first": lambda ops, x: ops.take_along_axis(x, torch.tensor([[0, 2, 1, -1]]), axis=0),
        "flat": lambda ops, x: ops.take_along_axis(x, torch.tensor([0, 11])),
        "misfit": lambda ops, x: ops.take_along_axis(x, torch.tensor([[0, 1]]), axis=0),
        "beyond": lambda ops, x: ops.take_along_axis(x, torch.tensor([[9]]), axis=1),
    },
    "get_item": {
        "one": lambda ops, x: ops.get_item(x, 1),
        "minus": lambda ops, x: ops.get_item(x, (slice(0, 2), None, -1)),
        "places": lambda ops, x: ops.get_item(x, torch.tensor([0, 2])),
        "truths": lambda ops, x: ops.get_item(x, np.array([True, False, True])),
        "list": lambda ops, x: ops.get_item(x, [0, 2]),
        "rest": lambda ops, x: ops.get_item(DEEP, (Ellipsis, torch.tensor([0, 1]))),
        "back": lambda ops, x: ops.get_item(x, slice(None, None, -1)),
        "beyond": lambda ops, x: ops.get_item(x, 7),
    },
    "nonzero": {
        "int32": lambda ops, x: ops.nonzero(x),
        "number": lambda ops, x: ops.nonzero(torch.tensor(5)),
        "none": lambda ops, x: ops.nonzero(torch.zeros(2, 2)),
    },
    "unravel_index": {
        "minus": lambda ops, x: ops.unravel_index(torch.tensor([5, -1]), (3, 4)),
        "list": lambda ops, x: ops.unravel_index([5, 1], (3, 4)),
        "number": lambda ops, x: ops.unravel_index(7, (3, 4)),
        "one axis": lambda ops, x: ops.unravel_index(torch.tensor([[5, 11]]), 12),
        "beyond": lambda ops, x: ops.unravel_index(torch.tensor([50]), (3, 4)),
    },
    "searchsorted": {
        "right": lambda ops, x: ops.searchsorted([1, 2, 2, 3], [2, 0, 9], side="right"),
        "number": lambda ops, x: ops.searchsorted(torch.tensor([1.0, 2, 2, 3]), 2.0),
        "shape": lambda ops, x: ops.searchsorted(torch.tensor([-1.0, 0, 1]), x),
        "mixed": lambda ops, x: ops.searchsorted(torch.tensor([1, 2]), torch.tensor([1.5, 2.5])),
        "matrix": lambda ops, x: ops.searchsorted(x, x),
        "side": lambda ops, x: ops.searchsorted(x[0], x, side="mid"),
        "digitize": lambda ops, x: ops.digitize(x, [-1, 0.5, 2]),
        "digitize number": lambda ops, x: ops.digitize(1.5, [0, 1, 2]),
        "digitize border": lambda ops, x: ops.digitize(torch.tensor([0.0, 1, 1.5, 9]), [0, 1, 2]),
    },
    "sort": {
        "axis": lambda ops, x: ops.sort(x, axis=0),
        "flat": lambda ops, x: ops.sort(x, axis=None),
        "number": lambda ops, x: ops.sort(SCALAR),
        "argsort axis": lambda ops, x: ops.argsort(x, axis=0),
        "argsort flat": lambda ops, x: ops.argsort(x, axis=None),
        "argsort equal": lambda ops, x: ops.argsort(torch.tensor([1, 0, 1, 0])),
        "argsort number": lambda ops, x: ops.argsort(SCALAR),
        "empty": lambda ops, x: [ops.sort(EMPTY), ops.argsort(EMPTY)],
        "beyond": lambda ops, x: ops.sort(x, axis=2),
        "argpartition beyond": lambda ops, x: ops.argpartition(x, 9),
    },
    "unique": {
        "all": lambda ops, x: ops.unique(AGAIN, return_index=True, return_inverse=True, return_counts=True),
        "index": lambda ops, x: ops.unique(AGAIN, return_index=True),
        "inverse": lambda ops, x: ops.unique(TABLE, return_inverse=True),
        "counts": lambda ops, x: ops.unique(x, return_counts=True),
        "unsorted": lambda ops, x: ops.unique(AGAIN, sorted=False),
        "size": lambda ops, x: ops.unique(AGAIN, size=5),
        "fill": lambda ops, x: ops.unique(AGAIN, size=5, fill_value=9),
        "cut": lambda ops, x: ops.unique(AGAIN, size=2, return_counts=True, return_inverse=True),
        "size all": lambda ops, x: ops.unique(
            AGAIN, size=5, return_index=True, return_inverse=True, return_counts=True
        ),
        "axis": lambda ops, x: ops.unique(TABLE, axis=0, return_index=True, return_inverse=True, return_counts=True),
        "axis size": lambda ops, x: ops.unique(TABLE, axis=0, size=3),
        "axis fill": lambda ops, x: ops.unique(TABLE, axis=-1, size=3, fill_value=7),
        "nan": lambda ops, x: ops.unique(torch.tensor([1.0, float("nan"), float("nan")])),
    },
}
# what works with us, as documented, and not with the oracle on torch
ARGUMENTS_MORE = {
    "get_item": ("back",),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, labelled(ARGUMENTS[name], X), ARGUMENTS_MORE.get(name, ()))


GRADIENTS: dict[str, Call] = {
    "take": lambda ops, x: ops.take(x, [0, 0, -1], axis=1),
    "take_along_axis": lambda ops, x: ops.take_along_axis(x, PLACES[:, :1].long()[[0, 1, 1]], axis=1),
    "get_item": lambda ops, x: ops.get_item(x, (slice(None), 1)),
    "sort": lambda ops, x: ops.sort(x) * torch.arange(4.0),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], X)

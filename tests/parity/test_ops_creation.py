"""Operations that make tensors, against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .op_cases import drawn
from .op_tables import Call, assert_equal, assert_gradients_equal, labelled, over_dtypes

X = drawn("float32", (3, 4))
ROW = drawn("float32", (5,), seed=2)
SCALAR = torch.tensor(2.0)

# name -> one call, for every dtype
DTYPES: dict[str, Call] = {
    "array": lambda ops, x: ops.array(x),
    "copy": lambda ops, x: ops.copy(x),
    "zeros_like": lambda ops, x: ops.zeros_like(x),
    "ones_like": lambda ops, x: ops.ones_like(x),
    "full_like": lambda ops, x: ops.full_like(x, 2),
    "full_like_fraction": lambda ops, x: ops.full_like(x, 2.5),
    "meshgrid": lambda ops, x: ops.meshgrid(x[0], x[1]),
    "vander": lambda ops, x: ops.vander(x[0], 3),
}


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, over_dtypes(DTYPES[name]))


# name -> calls by label, each on X (or its whole numbers, where the label begins with int32)
ARGUMENTS: dict[str, dict[str, Call]] = {
    "array": {
        "list": lambda ops, x: ops.array([1, 2]),
        "floats": lambda ops, x: ops.array([1.0, 2]),
        "float16": lambda ops, x: ops.array(x, dtype="float16"),
        "truths": lambda ops, x: ops.array([True]),
        "number": lambda ops, x: ops.array(5),
        "doubles": lambda ops, x: ops.array(np.ones(2)),
        "longs": lambda ops, x: ops.array(np.ones(2, "int64")),
        "copied": lambda ops, x: ops.copy(np.ones(2, "float32")),
    },
    "zeros": {
        "zeros": lambda ops, x: ops.zeros((2, 3)),
        "whole": lambda ops, x: ops.zeros(3, dtype="int32"),
        "ones": lambda ops, x: ops.ones([2]),
        "truths": lambda ops, x: ops.ones((2,), dtype="bool"),
        "none": lambda ops, x: ops.ones((0, 2)),
        "empty": lambda ops, x: ops.empty((2, 3), "int8").shape,
        "empty like": lambda ops, x: [str(ops.empty_like(x, "int8").dtype), list(ops.empty_like(x).shape)],
        "like": lambda ops, x: [ops.zeros_like(x, "int32"), ops.ones_like(x, "bool")],
    },
    "full": {
        "whole": lambda ops, x: ops.full((2,), 2),
        "fraction": lambda ops, x: ops.full((2, 1), 2.5),
        "truth": lambda ops, x: ops.full((2,), True),
        "cut": lambda ops, x: ops.full((2,), 2.5, "int32"),
        "row": lambda ops, x: ops.full((2, 3), torch.tensor([1, 2, 3])),
        "number": lambda ops, x: ops.full((), 2.0),
        "like row": lambda ops, x: ops.full_like(x, [1, 2, 3, 4]),
        "like dtype": lambda ops, x: ops.full_like(x, 2, dtype="int32"),
    },
    "eye": {
        "square": lambda ops, x: ops.eye(3),
        "above": lambda ops, x: ops.eye(3, 4, k=1),
        "below": lambda ops, x: ops.eye(3, 4, k=-2, dtype="int32"),
        "none": lambda ops, x: ops.eye(0),
        "no columns": lambda ops, x: ops.eye(2, 0),
        "outside": lambda ops, x: ops.eye(3, k=7),
        "identity": lambda ops, x: ops.identity(2, dtype="bool"),
    },
    "tri": {
        "square": lambda ops, x: ops.tri(3),
        "above": lambda ops, x: ops.tri(3, 4, k=1),
        "below": lambda ops, x: ops.tri(3, k=-1, dtype="bool"),
        "outside": lambda ops, x: ops.tri(3, 5, k=-4),
    },
    "arange": {
        "whole": lambda ops, x: ops.arange(3),
        "float": lambda ops, x: ops.arange(3.0),
        "steps": lambda ops, x: ops.arange(0, 3, 0.5),
        "back": lambda ops, x: ops.arange(5, 2, -1),
        "long": lambda ops, x: ops.arange(np.int64(3)),
        "tensor": lambda ops, x: ops.arange(torch.tensor(2.0), 5),
        "int8": lambda ops, x: ops.arange(3, dtype="int8"),
        "float16": lambda ops, x: ops.arange(3, dtype="float16"),
        "double": lambda ops, x: ops.arange(2, 5, dtype="float64"),
        "of int8": lambda ops, x: ops.arange(np.int8(2)),
        "none": lambda ops, x: ops.arange(0),
        "no step": lambda ops, x: ops.arange(0, 3, 0),
    },
    "linspace": {
        "default": lambda ops, x: ops.linspace(0, 1),
        "open": lambda ops, x: ops.linspace(0, 1, 5, endpoint=False),
        "step": lambda ops, x: ops.linspace(0, 1, 5, retstep=True),
        "open step": lambda ops, x: ops.linspace(0, 1, 5, endpoint=False, retstep=True),
        "whole": lambda ops, x: ops.linspace(0, 10, 5, dtype="int32"),
        "falls": lambda ops, x: ops.linspace(5, 0, 4, dtype="int32"),
        "negative": lambda ops, x: ops.linspace(0, -5, 4, dtype="int32"),
        "float16": lambda ops, x: ops.linspace(0, 10, 4, dtype="float16"),
        "one": lambda ops, x: ops.linspace(0, 1, 1),
        "none": lambda ops, x: ops.linspace(0, 1, 0),
        "tensors": lambda ops, x: ops.linspace(x, x + 3, 4),
        "tensors open": lambda ops, x: ops.linspace(x, x + 3, 4, endpoint=False),
        "tensors step": lambda ops, x: ops.linspace(x, x + 3, 4, retstep=True),
        "a tensor": lambda ops, x: ops.linspace(SCALAR, 5.0, 3),
        "int32 tensors": lambda ops, x: ops.linspace(x, x + 6, 4),
        "float16 tensors": lambda ops, x: ops.linspace(x.half(), x.half() + 3, 4),
        "negative count": lambda ops, x: ops.linspace(0, 1, -1),
        "axis": lambda ops, x: ops.linspace(x, x + 3, 4, axis=-1),
        "broadcast": lambda ops, x: ops.linspace(x, 10.0, 4),
        "lists": lambda ops, x: ops.linspace([0, 1], [1, 2], 3),
    },
    "logspace": {
        "default": lambda ops, x: ops.logspace(0, 1),
        "base": lambda ops, x: ops.logspace(0, 2, 3, base=2),
        "open": lambda ops, x: ops.logspace(0.0, 1.5, 3, endpoint=False),
        "tensors": lambda ops, x: ops.logspace(x, x + 1, 3),
        "tensor base": lambda ops, x: ops.logspace(x, x + 1, 3, base=torch.tensor(2.0)),
        "float16": lambda ops, x: ops.logspace(0, 1, 4, dtype="float16"),
        "whole": lambda ops, x: ops.logspace(0, 2, 3, dtype="int32"),
        "one": lambda ops, x: ops.logspace(1, 2, 1),
        "axis": lambda ops, x: ops.logspace(x, x + 1, 3, axis=-1),
    },
    "geomspace": {
        "default": lambda ops, x: ops.geomspace(1, 8),
        "open": lambda ops, x: ops.geomspace(1, 8, 3, endpoint=False),
        "negative": lambda ops, x: ops.geomspace(-1, -8, 4),
        "falls": lambda ops, x: ops.geomspace(8, 1, 4),
        "tensors": lambda ops, x: ops.geomspace(ROW.abs() + 1, ROW.abs() + 8, 3),
        "float16": lambda ops, x: ops.geomspace(1, 8, 4, dtype="float16"),
        "axis": lambda ops, x: ops.geomspace(ROW.abs() + 1, ROW.abs() + 8, 3, axis=-1),
    },
    "windows": {
        f"{name} {size}": lambda ops, x, name=name, size=size: getattr(ops, name)(size)
        for name in ("bartlett", "blackman", "hamming", "hanning")
        for size in (0, 1, 3, 4, 7)
    },
    "kaiser": {
        "narrow": lambda ops, x: ops.kaiser(5, 3.0),
        "tensor": lambda ops, x: ops.kaiser(6, torch.tensor(14.0)),
        "flat": lambda ops, x: ops.kaiser(4, 0),
        "one": lambda ops, x: ops.kaiser(1, 3),
        "none": lambda ops, x: ops.kaiser(0, 3.0),
    },
    "meshgrid": {
        "xy": lambda ops, x: ops.meshgrid(x[0], x[1, :2], x[2, :1]),
        "ij": lambda ops, x: ops.meshgrid(x[0], x[1, :2], indexing="ij"),
        "one": lambda ops, x: ops.meshgrid(x[0]),
        "number": lambda ops, x: ops.meshgrid(SCALAR, x[0]),
        "none": lambda ops, x: ops.meshgrid(),
        "mode": lambda ops, x: ops.meshgrid(x[0], x[0], indexing="zz"),
        "list": lambda ops, x: ops.meshgrid([1, 2], [3, 4]),
        "matrix": lambda ops, x: ops.meshgrid(x, x[0], indexing="ij"),
        "mixed": lambda ops, x: ops.meshgrid(x[0], x[0].half()),
    },
    "vander": {
        "square": lambda ops, x: ops.vander(x[0]),
        "rising": lambda ops, x: ops.vander(x[0], N=2, increasing=True),
        "int32": lambda ops, x: ops.vander(x[0], N=4),
        "none": lambda ops, x: ops.vander(x[0], N=0),
        "negative": lambda ops, x: ops.vander(x[0], N=-1),
        "matrix": lambda ops, x: ops.vander(x),
        "list": lambda ops, x: ops.vander([1, 2, 3]),
    },
}
# what works with us, as documented, and not with the oracle on torch
ARGUMENTS_MORE = {
    "linspace": ("axis", "broadcast", "lists"),
    "logspace": ("axis",),
    "geomspace": ("axis",),
    "meshgrid": ("list", "matrix", "mixed"),
    "vander": ("list",),
    "kaiser": ("tensor",),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, labelled(ARGUMENTS[name], X), ARGUMENTS_MORE.get(name, ()))


GRADIENTS: dict[str, Call] = {
    "linspace": lambda ops, x: ops.linspace(x, x * 2, 3),
    "meshgrid": lambda ops, x: ops.meshgrid(x[0], x[1])[0] * ops.meshgrid(x[0], x[1])[1],
    "copy": lambda ops, x: ops.copy(x),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], X)

"""Operations that make, join, cut, move, find and sort numbers, against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from .op_cases import drawn
from .op_tables import (
    Call,
    assert_equal,
    assert_gradients_equal,
    assert_symbols_equal,
    labelled,
    over_dtypes,
)

X = drawn("float32", (3, 4))
DEEP = drawn("float32", (2, 3, 4), seed=1)
ROW = drawn("float32", (5,), seed=2)
EMPTY = torch.zeros(0, 3)
ONE = torch.tensor([[2.0]])
SCALAR = torch.tensor(2.0)
PLACES = torch.tensor([[2, -1], [0, 1]], dtype=torch.int32)

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
    "reshape": lambda ops, x: ops.reshape(x, (2, -1)),
    "ravel": lambda ops, x: ops.ravel(x),
    "transpose": lambda ops, x: ops.transpose(x),
    "flip": lambda ops, x: ops.flip(x),
    "rot90": lambda ops, x: ops.rot90(x),
    "roll": lambda ops, x: ops.roll(x, 1),
    "tile": lambda ops, x: ops.tile(x, 2),
    "repeat": lambda ops, x: ops.repeat(x, 2),
    "pad": lambda ops, x: ops.pad(x, ((1, 0), (0, 2))),
    "pad_value": lambda ops, x: ops.pad(x, ((1, 0), (0, 2)), constant_values=1),
    "pad_reflect": lambda ops, x: ops.pad(x, ((1, 0), (0, 2)), mode="reflect"),
    "pad_symmetric": lambda ops, x: ops.pad(x, ((1, 0), (0, 1)), mode="symmetric"),
    "diag": lambda ops, x: ops.diag(x),
    "diagflat": lambda ops, x: ops.diagflat(x[0]),
    "diagonal": lambda ops, x: ops.diagonal(x),
    "trace": lambda ops, x: ops.trace(x),
    "tril": lambda ops, x: ops.tril(x),
    "triu": lambda ops, x: ops.triu(x),
    "view": lambda ops, x: ops.view(x, "int8"),
    "size": lambda ops, x: ops.size(x),
    "ndim": lambda ops, x: ops.ndim(x),
    "split": lambda ops, x: ops.split(x, 2, axis=1),
    "array_split": lambda ops, x: ops.array_split(x, 3, axis=1),
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
    "concatenate": {
        "rows": lambda ops, x: ops.concatenate([x, x]),
        "columns": lambda ops, x: ops.concatenate((x, x.int()), axis=-1),
        "one": lambda ops, x: ops.concatenate([x]),
        "lists": lambda ops, x: ops.concatenate([x.half(), [[2.0, 1, 1, 1]]]),
        "ranks": lambda ops, x: ops.concatenate((x, x[0])),
        "axis": lambda ops, x: ops.concatenate((x, x), axis=2),
        "flat": lambda ops, x: ops.concatenate((x, x[0]), axis=None),
        "append": lambda ops, x: ops.append(x, x[0]),
        "append axis": lambda ops, x: ops.append(x, x, axis=1),
        "append number": lambda ops, x: ops.append(x.half(), 2.0),
        "empty": lambda ops, x: ops.concatenate([EMPTY, EMPTY], axis=1),
    },
    "stack": {
        "first": lambda ops, x: ops.stack([x, x]),
        "last": lambda ops, x: ops.stack([x, x.int()], axis=-1),
        "numbers": lambda ops, x: ops.stack([1.0, SCALAR.half()]),
        "shapes": lambda ops, x: ops.stack([x, x[0]]),
        "hstack": lambda ops, x: [ops.hstack([x, x]), ops.hstack([x[0], x[1]]), ops.hstack([SCALAR, SCALAR])],
        "vstack": lambda ops, x: [ops.vstack([x, x]), ops.vstack([x[0], x[1]]), ops.vstack([SCALAR, SCALAR])],
        "dstack": lambda ops, x: [ops.dstack([x, x]), ops.dstack([x[0], x[1]]), ops.dstack([SCALAR, SCALAR])],
    },
    "split": {
        "parts": lambda ops, x: ops.split(x, 3),
        "uneven": lambda ops, x: ops.split(x, 3, axis=1),
        "place": lambda ops, x: ops.split(x, [1], axis=1),
        "tensor": lambda ops, x: ops.split(x, torch.tensor([1, 3]), axis=-1),
        "none": lambda ops, x: ops.split(x, 0),
        "axis": lambda ops, x: ops.split(x, 1, axis=4),
        "beyond": lambda ops, x: ops.split(x, [1, 9], axis=1),
        "array_split": lambda ops, x: [ops.array_split(x, 3, axis=1), ops.array_split(x, 5, axis=-1)],
        "array_split places": lambda ops, x: ops.array_split(x, [1, 2], axis=1),
        "hsplit": lambda ops, x: [ops.hsplit(x, 2), ops.hsplit(x[0], 4), ops.hsplit(x, [1])],
        "vsplit": lambda ops, x: [ops.vsplit(x, 3), ops.vsplit(x, [1, 2])],
        "vsplit row": lambda ops, x: ops.vsplit(x[0], 2),
        "dsplit": lambda ops, x: [ops.dsplit(DEEP, [1]), ops.dsplit(DEEP, 2)],
        "dsplit matrix": lambda ops, x: ops.dsplit(x, 2),
    },
    "reshape": {
        "rest": lambda ops, x: ops.reshape(x, (4, -1)),
        "row": lambda ops, x: ops.reshape(x, -1),
        "number": lambda ops, x: ops.reshape(x, 12),
        "list": lambda ops, x: ops.reshape(x, [2, 6]),
        "misfit": lambda ops, x: ops.reshape(x, (5, 2)),
        "empty": lambda ops, x: ops.reshape(EMPTY, (3, 0)),
        "of lists": lambda ops, x: ops.reshape([[1, 2], [3, 4]], (4,)),
    },
    "transpose": {
        "axes": lambda ops, x: ops.transpose(DEEP, (1, 2, 0)),
        "deep": lambda ops, x: ops.transpose(DEEP),
        "twice": lambda ops, x: ops.transpose(x, (0, 0)),
        "number": lambda ops, x: ops.transpose(SCALAR),
        "moveaxis": lambda ops, x: ops.moveaxis(DEEP, 0, -1),
        "moveaxis several": lambda ops, x: ops.moveaxis(DEEP, [0, 1], [-1, -2]),
        "moveaxis beyond": lambda ops, x: ops.moveaxis(x, 0, 5),
        "swapaxes": lambda ops, x: ops.swapaxes(DEEP, 0, -1),
    },
    "squeeze": {
        "all": lambda ops, x: ops.squeeze(x[None, :, None]),
        "one": lambda ops, x: ops.squeeze(x[None, :, None], axis=0),
        "several": lambda ops, x: ops.squeeze(x[None, :, None], axis=(0, -2)),
        "stays": lambda ops, x: ops.squeeze(x, axis=0),
        "expand": lambda ops, x: ops.expand_dims(x, 0),
        "expand several": lambda ops, x: ops.expand_dims(x, (0, -1)),
        "expand list": lambda ops, x: ops.expand_dims(x, [2, 0]),
        "expand ends": lambda ops, x: ops.expand_dims(x, (-1, -2)),
        "expand beyond": lambda ops, x: ops.expand_dims(x, 5),
    },
    "repeat": {
        "axis": lambda ops, x: ops.repeat(x, 2, axis=1),
        "each": lambda ops, x: ops.repeat(x, torch.tensor([1, 2, 0]), axis=0),
        "none": lambda ops, x: ops.repeat(x, 0, axis=0),
        "lists": lambda ops, x: ops.repeat(x, [1, 2, 0], axis=0),
        "one list": lambda ops, x: ops.repeat(x, [2], axis=-1),
        "tile": lambda ops, x: [ops.tile(x, (2, 1, 2)), ops.tile(x, [2, 1]), ops.tile(x, (2, 0))],
        "tile tensor": lambda ops, x: ops.tile(x, torch.tensor([2, 1])),
        "broadcast": lambda ops, x: ops.broadcast_to(x, (2, 3, 4)),
        "broadcast misfit": lambda ops, x: ops.broadcast_to(x, (2, 4)),
    },
    "flip": {
        "axes": lambda ops, x: ops.flip(x, axis=(0, 1)),
        "axis": lambda ops, x: ops.flip(x, axis=-1),
        "fliplr": lambda ops, x: ops.fliplr(x),
        "fliplr row": lambda ops, x: ops.fliplr(x[0]),
        "flipud": lambda ops, x: [ops.flipud(x), ops.flipud(x[0])],
        "flipud number": lambda ops, x: ops.flipud(SCALAR),
        "rot90 back": lambda ops, x: ops.rot90(x, k=-1),
        "rot90 half": lambda ops, x: ops.rot90(x, k=2, axes=(1, 0)),
        "rot90 axes": lambda ops, x: ops.rot90(DEEP, axes=(-1, 0)),
        "rot90 row": lambda ops, x: ops.rot90(x[0]),
        "rot90 one axis": lambda ops, x: ops.rot90(x, axes=(0, 0)),
        "rot90 beyond": lambda ops, x: ops.rot90(x, axes=(0, 5)),
        "rot90 three": lambda ops, x: ops.rot90(x, axes=(0, 1, 2)),
        "roll axes": lambda ops, x: ops.roll(x, (1, 2), axis=(0, 1)),
        "roll far": lambda ops, x: ops.roll(x, -5, axis=1),
        "roll one shift": lambda ops, x: ops.roll(x, 1, axis=(0, 1)),
    },
    "pad": {
        "value": lambda ops, x: ops.pad(x, ((1, 2), (0, 3)), constant_values=5),
        "tensor value": lambda ops, x: ops.pad(x, ((1, 2), (0, 3)), constant_values=torch.tensor(3.0)),
        "int32 fraction": lambda ops, x: ops.pad(x, ((1, 2), (0, 3)), constant_values=2.7),
        "cut": lambda ops, x: ops.pad(x, ((0, 0), (1, -1))),
        "reflect": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="reflect"),
        "circular": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="circular"),
        "symmetric": lambda ops, x: ops.pad(x, ((1, 1), (0, 1)), mode="symmetric"),
        "deep reflect": lambda ops, x: ops.pad(DEEP, ((0, 0), (2, 1), (1, 1)), mode="reflect"),
        "mode": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="bad"),
        "value and mode": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="reflect", constant_values=1),
        "row": lambda ops, x: ops.pad(x[0], (1, 2)),
        "row number": lambda ops, x: ops.pad(x[0], 2),
        "all": lambda ops, x: ops.pad(x, (1,)),
        "five axes": lambda ops, x: ops.pad(x[None, :, None, :, None], 1, mode="reflect"),
        "edge": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="edge"),
        "wrap": lambda ops, x: ops.pad(x, ((1, 1), (0, 3)), mode="wrap"),
        "number": lambda ops, x: ops.pad(SCALAR, 0),
    },
    "diag": {
        "row": lambda ops, x: ops.diag(x[0], k=1),
        "below": lambda ops, x: ops.diag(x, k=-1),
        "deep": lambda ops, x: ops.diag(DEEP),
        "flat": lambda ops, x: ops.diagflat(x, k=-1),
        "flat number": lambda ops, x: ops.diagflat(SCALAR),
        "diagonal": lambda ops, x: ops.diagonal(DEEP),
        "diagonal axes": lambda ops, x: ops.diagonal(DEEP, offset=-1, axis1=-1, axis2=0),
        "diagonal row": lambda ops, x: ops.diagonal(x[0]),
        "trace": lambda ops, x: ops.trace(x, offset=1),
        "trace axes": lambda ops, x: ops.trace(DEEP, axis1=1, axis2=2),
        "trace row": lambda ops, x: ops.trace(x[0]),
        "tril": lambda ops, x: [ops.tril(x, k=-1), ops.tril(DEEP, k=1)],
        "tril row": lambda ops, x: ops.tril(x[0]),
        "triu": lambda ops, x: [ops.triu(x, k=-1), ops.triu(DEEP, k=1)],
    },
    "view": {
        "wider": lambda ops, x: ops.view(x, "int64"),
        "same": lambda ops, x: ops.view(x),
        "whole": lambda ops, x: ops.view(x, "int32"),
        "misfit": lambda ops, x: ops.view(x[:, :3], "int64"),
        "size": lambda ops, x: ops.size(DEEP),
    },
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
}
TABLE = torch.tensor([[3, 1], [3, 1], [0, 2]])
AGAIN = torch.tensor([3, 1, 1, 2])
ARGUMENTS["unique"] = {
    "all": lambda ops, x: ops.unique(AGAIN, return_index=True, return_inverse=True, return_counts=True),
    "index": lambda ops, x: ops.unique(AGAIN, return_index=True),
    "inverse": lambda ops, x: ops.unique(TABLE, return_inverse=True),
    "counts": lambda ops, x: ops.unique(x, return_counts=True),
    "unsorted": lambda ops, x: ops.unique(AGAIN, sorted=False),
    "size": lambda ops, x: ops.unique(AGAIN, size=5),
    "fill": lambda ops, x: ops.unique(AGAIN, size=5, fill_value=9),
    "cut": lambda ops, x: ops.unique(AGAIN, size=2, return_counts=True, return_inverse=True),
    "size all": lambda ops, x: ops.unique(AGAIN, size=5, return_index=True, return_inverse=True, return_counts=True),
    "axis": lambda ops, x: ops.unique(TABLE, axis=0, return_index=True, return_inverse=True, return_counts=True),
    "axis size": lambda ops, x: ops.unique(TABLE, axis=0, size=3),
    "axis fill": lambda ops, x: ops.unique(TABLE, axis=-1, size=3, fill_value=7),
    "nan": lambda ops, x: ops.unique(torch.tensor([1.0, float("nan"), float("nan")])),
}
# what works with us, as documented, and not with the oracle on torch
ARGUMENTS_MORE = {
    "linspace": ("axis", "broadcast", "lists"),
    "logspace": ("axis",),
    "geomspace": ("axis",),
    "meshgrid": ("list", "matrix", "mixed"),
    "vander": ("list",),
    "concatenate": ("flat",),
    "split": ("beyond", "array_split places"),
    "repeat": ("lists", "one list"),
    "flip": ("roll one shift",),
    "pad": ("all", "five axes", "edge", "wrap", "number"),
    "get_item": ("back",),
    "kaiser": ("tensor",),
    "transpose": ("deep", "number"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, labelled(ARGUMENTS[name], X), ARGUMENTS_MORE.get(name, ()))


JOINED = ("concatenate", "stack", "hstack", "vstack", "dstack")


@pytest.mark.parametrize("name", [*JOINED, "append"])
def test_dtypes_join_as_in_keras(reference: Any, name: str) -> None:
    dtypes = ("bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64")

    def joined(one: str, other: str) -> Any:
        a, b = drawn(one, (2,), 0, 3), drawn(other, (2,), 0, 3)
        return lambda ops: ops.append(a, b) if name == "append" else getattr(ops, name)([a, b])

    calls = [(f"{one} {other}", joined(one, other)) for one in dtypes for other in dtypes]
    assert_equal(reference, calls)


GRADIENTS: dict[str, Call] = {
    "reshape": lambda ops, x: ops.reshape(x, (2, -1)) * torch.arange(12.0).reshape(2, 6),
    "concatenate": lambda ops, x: ops.concatenate([x, x * 2], axis=1),
    "stack": lambda ops, x: ops.stack([x, x * x], axis=1),
    "split": lambda ops, x: ops.split(x, 2, axis=1)[1] * ops.split(x, 2, axis=1)[0],
    "tile": lambda ops, x: ops.tile(x, (2, 2)),
    "repeat": lambda ops, x: ops.repeat(x, 3, axis=1),
    "roll": lambda ops, x: ops.roll(x, 1) * x,
    "pad": lambda ops, x: ops.pad(x, ((1, 1), (2, 0)), mode="reflect"),
    "pad_circular": lambda ops, x: ops.pad(x, ((1, 1), (2, 0)), mode="circular"),
    "diag": lambda ops, x: ops.diag(x),
    "diagonal": lambda ops, x: ops.diagonal(x, offset=1),
    "trace": lambda ops, x: ops.trace(x),
    "tril": lambda ops, x: ops.tril(x),
    "take": lambda ops, x: ops.take(x, [0, 0, -1], axis=1),
    "take_along_axis": lambda ops, x: ops.take_along_axis(x, PLACES[:, :1].long()[[0, 1, 1]], axis=1),
    "get_item": lambda ops, x: ops.get_item(x, (slice(None), 1)),
    "sort": lambda ops, x: ops.sort(x) * torch.arange(4.0),
    "linspace": lambda ops, x: ops.linspace(x, x * 2, 3),
    "meshgrid": lambda ops, x: ops.meshgrid(x[0], x[1])[0] * ops.meshgrid(x[0], x[1])[1],
    "broadcast_to": lambda ops, x: ops.broadcast_to(x, (2, 3, 4)),
    "copy": lambda ops, x: ops.copy(x),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], X)


SYMBOLS: dict[str, dict[str, Call]] = {
    "creation": {
        "array": lambda ops, K: ops.array(K((None, 2)), "int32"),
        "copy": lambda ops, K: ops.copy(K((None, 2))),
        "zeros_like": lambda ops, K: ops.zeros_like(K((None, 3), "int32"), dtype="float16"),
        "ones_like": lambda ops, K: ops.ones_like(K((None, 3), "int32")),
        "empty_like": lambda ops, K: ops.empty_like(K((None, 3))),
        "full_like": lambda ops, K: ops.full_like(K((None, 3)), 2),
        "meshgrid": lambda ops, K: ops.meshgrid(K((None,)), K((3,))),
        "meshgrid ij": lambda ops, K: ops.meshgrid(K((2, 3)), K((3,)), indexing="ij"),
        "vander": lambda ops, K: ops.vander(K((None,)), N=2),
        "linspace": lambda ops, K: ops.linspace(K((None, 3)), K((None, 3)), 4),
        "linspace axis": lambda ops, K: ops.linspace(K((3,)), 1.0, 4, dtype="float16", axis=-1),
        "logspace": lambda ops, K: ops.logspace(K((3,), "int32"), K((3,)), 4, axis=-1),
        "geomspace": lambda ops, K: ops.geomspace(K((3,), "int32"), K((3,)), 4),
    },
    "joining": {
        "concatenate": lambda ops, K: ops.concatenate([K((None, 2)), K((None, 3), "int32")], axis=-1),
        "concatenate known": lambda ops, K: ops.concatenate([K((None, 2)), K((4, 2))], axis=0),
        "concatenate unknown": lambda ops, K: ops.concatenate([K((None, 2)), K((4, 2))], axis=1),
        "concatenate first": lambda ops, K: ops.concatenate([K((4, 2)), K((None, 2))], axis=1),
        "append": lambda ops, K: ops.append(K((None, 2)), K((None, 2))),
        "append axis": lambda ops, K: ops.append(K((3, 2)), K((4, 2)), axis=0),
        "append flat": lambda ops, K: ops.append(K((3, 2)), K((3, 2))),
        "stack": lambda ops, K: ops.stack([K((None, 2)), K((4, 2))], axis=1),
        "stack last": lambda ops, K: ops.stack([K((None, 2)), K((None, 2))], axis=-1),
        "hstack": lambda ops, K: ops.hstack([K((None, 2)), K((None, 3))]),
        "vstack": lambda ops, K: ops.vstack([K((None, 3)), K((2, 3))]),
        "dstack": lambda ops, K: [ops.dstack([K((2,)), K((2,))]), ops.dstack([K((None, 3)), K((None, 3))])],
        "split": lambda ops, K: ops.split(K((None, 4)), 2),
        "split places": lambda ops, K: ops.split(K((None, 4)), [2]),
        "split axis": lambda ops, K: ops.split(K((None, 4)), [1, 2], axis=1),
        "array_split": lambda ops, K: ops.array_split(K((None, 4)), 3, axis=1),
        "array_split unknown": lambda ops, K: ops.array_split(K((None, 4)), 3),
        "hsplit": lambda ops, K: [ops.hsplit(K((None, 4)), 2), ops.hsplit(K((6,)), 2)],
        "vsplit": lambda ops, K: ops.vsplit(K((None, 4)), 2),
        "dsplit": lambda ops, K: ops.dsplit(K((None, 4, 6)), [2]),
    },
    "shaping": {
        "reshape": lambda ops, K: ops.reshape(K((None, 4)), (-1, 2)),
        "reshape rest": lambda ops, K: ops.reshape(K((None, 4)), (2, -1)),
        "reshape none": lambda ops, K: ops.reshape(K((None, 3, 4)), (None, 12)),
        "ravel": lambda ops, K: [ops.ravel(K((None, 3))), ops.ravel(K((2, 3)))],
        "transpose": lambda ops, K: [ops.transpose(K((None, 2, 3))), ops.transpose(K((None, 2, 3)), (0, 2, 1))],
        "moveaxis": lambda ops, K: ops.moveaxis(K((None, 3, 4)), 0, -1),
        "swapaxes": lambda ops, K: ops.swapaxes(K((None, 3, 4)), 0, -1),
        "squeeze": lambda ops, K: [ops.squeeze(K((None, 1, 3))), ops.squeeze(K((1, 1, 3)), axis=(0, 1))],
        "expand_dims": lambda ops, K: ops.expand_dims(K((None, 2)), (0, -1)),
        "broadcast_to": lambda ops, K: [ops.broadcast_to(K((None, 3)), (2, 3)), ops.broadcast_to(K((1, 3)), (2, 3))],
        "broadcast_to unknown": lambda ops, K: ops.broadcast_to(K((1, 3)), (None, 2, 3)),
        "tile": lambda ops, K: [ops.tile(K((None, 3)), 2), ops.tile(K((None, 3)), (2, 1, 2))],
        "repeat": lambda ops, K: [ops.repeat(K((None, 3)), 2, axis=0), ops.repeat(K((2, 3)), 2)],
        "repeat each": lambda ops, K: ops.repeat(K((None, 3)), [1, 2, 3], axis=1),
        "flip": lambda ops, K: [ops.flip(K((None, 3)), axis=1), ops.fliplr(K((None, 3))), ops.flipud(K((None, 3)))],
        "rot90": lambda ops, K: [ops.rot90(K((None, 3))), ops.rot90(K((2, 3, 4)), axes=(1, 2))],
        "roll": lambda ops, K: ops.roll(K((None, 3)), 1),
        "pad": lambda ops, K: [ops.pad(K((None, 3)), 1), ops.pad(K((2, 3)), ((1, 2),)), ops.pad(K((2, 3)), (1, 2))],
        "pad reflect": lambda ops, K: ops.pad(K((None, 3)), ((0, 0), (1, 2)), mode="reflect"),
        "diag": lambda ops, K: [ops.diag(K((3,)), k=1), ops.diag(K((3, 4)), k=-1), ops.diag(K((None, 2)))],
        "diag unknown": lambda ops, K: ops.diag(K((None,))),
        "diagflat": lambda ops, K: [ops.diagflat(K((2, 3)), k=1), ops.diagflat(K((None, 3)))],
        "diagonal": lambda ops, K: [ops.diagonal(K((None, 3, 4))), ops.diagonal(K((None, 3, 4)), 1, 1, 2)],
        "trace": lambda ops, K: [ops.trace(K((None, 3, 4)), axis1=1, axis2=2), ops.trace(K((3, 4), "int8"))],
        "tril": lambda ops, K: [ops.tril(K((None, 3))), ops.triu(K((None, 3)), k=1)],
        "view": lambda ops, K: [ops.view(K((3, 4)), "int8"), ops.view(K((None, 4)), "int64")],
    },
    "indexing": {
        "take": lambda ops, K: [ops.take(K((None, 4)), [0, 1], axis=1), ops.take(K((None, 4)), K((None,), "int32"))],
        "take places": lambda ops, K: ops.take(K((None, 4, 5)), K((None, 2), "int32"), axis=-1),
        "take_along_axis": lambda ops, K: [
            ops.take_along_axis(K((None, 4)), K((None, 1), "int32"), axis=1),
            ops.take_along_axis(K((3, 4)), K((1, 2), "int32"), axis=1),
            ops.take_along_axis(K((None, 4)), K((2,), "int32")),
        ],
        "get_item": lambda ops, K: [
            ops.get_item(K((None, 4)), 1),
            ops.get_item(K((None, 4)), (slice(0, 2), None, -1)),
            ops.get_item(K((10, 4)), (slice(None, None, 2),)),
            ops.get_item(K((8, 3, 4)), (Ellipsis, slice(None, None, -1))),
            ops.get_item(K((None, 3, 4)), (0, Ellipsis, 1)),
            ops.get_item(K((None, 4)), (slice(None), slice(1, 9))),
        ],
        "unravel_index": lambda ops, K: ops.unravel_index(K((2, None), "int32"), (3, 4)),
        "searchsorted": lambda ops, K: ops.searchsorted(K((4,)), K((None, 2))),
        "digitize": lambda ops, K: ops.digitize(K((None, 2)), K((4,))),
        "sort": lambda ops, K: [ops.sort(K((None, 4))), ops.sort(K((None, 4)), axis=None)],
        "argsort": lambda ops, K: [ops.argsort(K((None, 4))), ops.argsort(K((3, 4)), axis=None)],
        "argpartition": lambda ops, K: [ops.argpartition(K((None, 4)), 1), ops.argpartition(K((3, 4)), 1, axis=None)],
        "unique": lambda ops, K: [ops.unique(K((3,))), ops.unique(K((3,)), size=4), ops.unique(K((3, 2)), axis=0)],
    },
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    assert_symbols_equal(reference, SYMBOLS[name])

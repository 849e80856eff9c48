"""Operations that join, cut, move, repeat and pad numbers, against Keras."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from .op_cases import drawn
from .op_tables import Call, assert_equal, assert_gradients_equal, labelled, over_dtypes

X = drawn("float32", (3, 4))
DEEP = drawn("float32", (2, 3, 4), seed=1)
EMPTY = torch.zeros(0, 3)
SCALAR = torch.tensor(2.0)

# name -> one call, for every dtype
DTYPES: dict[str, Call] = {
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
}


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, over_dtypes(DTYPES[name]))


# name -> calls by label, each on X (or its whole numbers, where the label begins with int32)
ARGUMENTS: dict[str, dict[str, Call]] = {
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
}
# what works with us, as documented, and not with the oracle on torch
ARGUMENTS_MORE = {
    "concatenate": ("flat",),
    "split": ("beyond", "array_split places"),
    "repeat": ("lists", "one list"),
    "flip": ("roll one shift",),
    "pad": ("all", "five axes", "edge", "wrap", "number"),
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
    "broadcast_to": lambda ops, x: ops.broadcast_to(x, (2, 3, 4)),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], X)

"""Shape, creation, indexing, sorting, product and statistics operations without numbers, and in compiled functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kerasviz import ops
from kerasviz.ops import (
    creation,
    diagonals,
    indexing,
    joining,
    padding,
    products,
    shaping,
    sorting,
    spacing,
    statistics,
    vectorizing,
    windows,
)

MODULES = (
    creation,
    diagonals,
    indexing,
    joining,
    padding,
    products,
    shaping,
    sorting,
    spacing,
    statistics,
    vectorizing,
    windows,
)
NAMES = {name for module in MODULES for name in module.__all__}
X = torch.linspace(0.5, 0.9, 6).reshape(2, 3)
PLACES = [1, -1]

CALLS: dict[str, Callable[[Any], Any]] = {
    "append": lambda x: ops.append(x, x, axis=1),
    "arange": lambda x: ops.arange(4) + x[0, 0],
    "argpartition": lambda x: ops.argpartition(x, 1),
    "array_split": lambda x: ops.array_split(x, 2, axis=1),
    "broadcast_to": lambda x: ops.broadcast_to(x, (4, 2, 3)),
    "concatenate": lambda x: ops.concatenate([x, x], axis=-1),
    "correlate": lambda x: ops.correlate(x[0], x[1, :2], mode="same"),
    "cross": lambda x: ops.cross(x, x + 1),
    "digitize": lambda x: ops.digitize(x, x[0]),
    "dot": lambda x: ops.dot(x, x.T),
    "dsplit": lambda x: ops.dsplit(x[None], 3),
    "einsum": lambda x: ops.einsum("ij,kj->ik", x, x),
    "expand_dims": lambda x: ops.expand_dims(x, (0, -1)),
    "full_like": lambda x: ops.full_like(x, x[0]),
    "geomspace": lambda x: ops.geomspace(x, x + 1, 3, axis=1),
    "get_item": lambda x: ops.get_item(x, (slice(None, None, -1), None, 1)),
    "histogram": lambda x: ops.histogram(x[0], bins=4),
    "hsplit": lambda x: ops.hsplit(x, [1]),
    "hstack": lambda x: ops.hstack([x, x]),
    "inner": lambda x: ops.inner(x, x),
    "kron": lambda x: ops.kron(x, x),
    "linspace": lambda x: ops.linspace(x, 2, 3, retstep=True),
    "logspace": lambda x: ops.logspace(x, 2, 3, base=2, endpoint=False),
    "matmul": lambda x: ops.matmul(x, x.T),
    "meshgrid": lambda x: ops.meshgrid(x[0], x[1]),
    "moveaxis": lambda x: ops.moveaxis(x, 0, -1),
    "outer": lambda x: ops.outer(x, x),
    "pad": lambda x: (ops.pad(x, 1, constant_values=x[0, 0]), ops.pad(x, ((1, 1), (0, 4)), mode="symmetric")),
    "repeat": lambda x: (ops.repeat(x, 2), ops.repeat(x, [1, 2, 3], axis=1)),
    "reshape": lambda x: ops.reshape(x, (3, None)),
    "roll": lambda x: ops.roll(x, 1, axis=(0, 1)),
    "searchsorted": lambda x: ops.searchsorted(x[0], x),
    "split": lambda x: ops.split(x, [1], axis=1),
    "stack": lambda x: ops.stack([x, x], axis=1),
    "swapaxes": lambda x: ops.swapaxes(x, 0, 1),
    "take": lambda x: (ops.take(x, PLACES, axis=1), ops.take(x, torch.ones(2, 2, dtype=int, device=x.device), axis=0)),
    "take_along_axis": lambda x: ops.take_along_axis(x, ops.argsort(x), axis=1),
    "tensordot": lambda x: ops.tensordot(x, x, axes=[[0], [0]]),
    "tile": lambda x: ops.tile(x, (2, 1, 2)),
    "trapezoid": lambda x: ops.trapezoid(x, x=x[0]),
    "unravel_index": lambda x: ops.unravel_index(ops.argsort(x), (2, 2)),
    "vander": lambda x: ops.vander(x[0], 4),
    "vdot": lambda x: ops.vdot(x, x),
    "vectorize": lambda x: ops.vectorize(lambda row: ops.sum(row), signature="(n)->()")(x),
    "view": lambda x: ops.view(x, "int32"),
    "vsplit": lambda x: ops.vsplit(x, 2),
    "vstack": lambda x: ops.vstack([x, x]),
    "dstack": lambda x: ops.dstack([x, x]),
    **{name: lambda x, name=name: getattr(ops, name)((2, 3)) + x for name in ("zeros", "ones")},
    "full": lambda x: ops.full((4, 3), x[0]),
    **{name: lambda x, name=name: getattr(ops, name)(3, k=1) for name in ("eye", "tri")},
    "identity": lambda x: ops.identity(3),
    **{name: lambda x, name=name: getattr(ops, name)(5) for name in ("bartlett", "blackman", "hamming", "hanning")},
    "kaiser": lambda x: ops.kaiser(5, 14.0),
}
BY_THE_NUMBERS = {"nonzero", "unique", "bincount"}  # their shapes depend on the numbers
WITHOUT_NUMBERS = {"empty", "empty_like"}
WITHOUT_TENSORS = {"arange", "zeros", "ones", "eye", "tri", "identity", "kaiser", *windows.__all__}
TESTED = sorted(NAMES - BY_THE_NUMBERS - WITHOUT_NUMBERS)


def call(name: str) -> Callable[[Any], Any]:
    return CALLS.get(name) or getattr(ops, name)


def parts(value: Any) -> list[Any]:
    return [part for item in value for part in parts(item)] if isinstance(value, (list, tuple)) else [value]


@pytest.mark.parametrize("name", sorted({*TESTED} - WITHOUT_TENSORS))
def test_runs_on_the_meta_device(name: str) -> None:
    answers, planned = parts(call(name)(X)), parts(call(name)(X.to("meta")))
    assert len(answers) == len(planned)
    for answer, plan in zip(answers, planned, strict=True):
        if isinstance(answer, torch.Tensor):
            assert (plan.shape, plan.dtype, plan.device.type) == (answer.shape, answer.dtype, "meta")
        else:
            assert plan == answer


@pytest.mark.parametrize("name", TESTED)
def test_compiles_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    compiled = torch.compile(call(name), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(X), call(name)(X), equal_nan=True)

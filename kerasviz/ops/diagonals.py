"""Diagonals and triangles of matrices. Diagonal 0 is the main one; above it are positive ones."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor

NARROW = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16})  # their sums are int32


def _length(rows: int | None, columns: int | None, offset: int) -> int | None:
    if rows is None or columns is None:
        return None
    return max(0, min(rows + min(offset, 0), columns - max(offset, 0)))


def _diag_outputs(x: KerasTensor, k: int = 0) -> KerasTensor:
    if x.ndim != 2:
        size = None if None in x.shape else x.shape[0] + abs(k)  # type: ignore[operator]
        return KerasTensor((size, size), x.dtype)
    return KerasTensor((_length(x.shape[0], x.shape[1], k),), x.dtype)


@symbolic(_diag_outputs)
@op
def diag(x: Any, k: int = 0) -> Tensor:
    """The diagonal `k` of a matrix; or a matrix with a row of numbers on it, zeros elsewhere."""
    return torch.diag(tensor(x), k)


@op
def diagflat(x: Any, k: int = 0) -> Tensor:
    """A square matrix with all numbers on diagonal `k`, zeros elsewhere."""
    return torch.diagflat(tensor(x), k)


def _diagonal_outputs(x: KerasTensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> KerasTensor:
    pair = (axis1 % x.ndim, axis2 % x.ndim)
    rest = [size for at, size in enumerate(x.shape) if at not in pair]
    return KerasTensor((*rest, _length(x.shape[pair[0]], x.shape[pair[1]], offset)), x.dtype)


@symbolic(_diagonal_outputs)
@op
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonal `offset` of the matrices in two axes.

    Shapes:
        x: (*rest) with rows in axis1 and columns in axis2
        outputs: (*rest without the two axes, diagonal)
    """
    return torch.diagonal(tensor(x), offset, axis1, axis2)


@op
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of the diagonal `offset` of the matrices in two axes; int32 for whole numbers that are narrower."""
    x = tensor(x)
    if (offset, axis1, axis2) == (0, 0, 1) and x.ndim == 2 and x.is_floating_point():
        return torch.trace(x)
    numbers = torch.diagonal(x, offset, axis1, axis2)
    return torch.sum(numbers, -1, dtype=torch.int32 if numbers.dtype in NARROW else numbers.dtype)


@op
def tril(x: Any, k: int = 0) -> Tensor:
    """Zeros above diagonal `k` of the last two axes."""
    return torch.tril(tensor(x), k)


@op
def triu(x: Any, k: int = 0) -> Tensor:
    """Zeros below diagonal `k` of the last two axes."""
    return torch.triu(tensor(x), k)


__all__ = ["diag", "diagflat", "diagonal", "trace", "tril", "triu"]

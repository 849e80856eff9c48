"""Reductions of the numbers that are not NaN. Dtypes and axes are those of the plain ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.extremes import extreme, place
from kerasviz.ops.promotion import joined_float
from kerasviz.ops.recording import op, tensor
from kerasviz.ops.reductions import NARROW, product, reduced, running


@op
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; 0 where all are NaN."""
    x = tensor(x)
    if x.is_floating_point():
        return reduced(torch.nansum, x, axis, keepdims)
    return reduced(torch.sum, x, axis, keepdims, dtype=torch.int32 if x.dtype in NARROW else None)


@op
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Product over axes; 1 where all are NaN."""
    return product(without_nan(tensor(x), 1), axis, keepdims)


@op
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; NaN where all are NaN."""
    return reduced(torch.nanmean, joined_float(x), axis, keepdims)


@op
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Variance over axes, divided by the count of numbers; NaN where all are NaN."""
    return _spread(joined_float(x), axis, keepdims)


@op
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes, divided by the count of numbers; NaN where all are NaN."""
    return torch.sqrt(_spread(joined_float(x), axis, keepdims))


def _spread(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    deviation = x - reduced(torch.nanmean, x, axis, True)
    return reduced(torch.nanmean, torch.square(deviation), axis, keepdims)


@op
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest over axes; NaN where all are NaN."""
    x = tensor(x)
    if not x.is_floating_point():
        return extreme(torch.amax, x, axis, keepdims)
    smallest, largest = _ends(x, axis, keepdims)
    return torch.where(smallest > largest, torch.nan, largest)


@op
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Smallest over axes; NaN where all are NaN."""
    x = tensor(x)
    if not x.is_floating_point():
        return extreme(torch.amin, x, axis, keepdims)
    smallest, largest = _ends(x, axis, keepdims)
    return torch.where(smallest > largest, torch.nan, smallest)


def _ends(x: Tensor, axis: Any, keepdims: bool) -> tuple[Tensor, Tensor]:
    """The smallest and the largest; these are infinite and the wrong way round where all are NaN."""
    smallest = extreme(torch.amin, without_nan(x, torch.inf), axis, keepdims)
    return smallest, extreme(torch.amax, without_nan(x, -torch.inf), axis, keepdims)


@op
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the largest along an axis, or of all numbers in a row for None, as int32; -1 where all are NaN."""
    return _place(torch.argmax, tensor(x), axis, keepdims, -torch.inf)


@op
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest along an axis, or of all numbers in a row for None, as int32; -1 where all are NaN."""
    return _place(torch.argmin, tensor(x), axis, keepdims, torch.inf)


def _place(function: Callable, x: Tensor, axis: int | None, keepdims: bool, instead: float) -> Tensor:
    found = place(function, without_nan(x, instead), axis, keepdims)
    if not x.is_floating_point():
        return found
    smallest, largest = _ends(x, axis, keepdims)
    return torch.where(smallest > largest, -1, found)


@op
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, NaN as 0; of all numbers in a row for None."""
    return running(torch.cumsum, without_nan(tensor(x), 0), axis, dtype)


@op
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, NaN as 1; of all numbers in a row for None."""
    return running(torch.cumprod, without_nan(tensor(x), 1), axis, dtype)


def without_nan(x: Tensor, instead: float) -> Tensor:
    """`x` with a number in place of NaN."""
    return torch.nan_to_num(x, instead, torch.inf, -torch.inf) if x.is_floating_point() else x


__all__ = [
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
]

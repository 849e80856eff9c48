"""Many numbers to one: sums, means and counts; and running ones. Axes: an int, several, or None for all of them.

Sums of numbers narrower than 32 bits are int32. `keepdims` leaves the axes with size 1.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating, joined_float, joined_floats
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import torch_dtype

NARROW = frozenset({torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32})  # their sums and products are int32
WIDE = {torch.int64: torch.int32, torch.float64: torch.float32}


def reduced(function: Callable, x: Tensor, axis: Any, keepdims: bool, **more: Any) -> Tensor:
    """torch's `function` of `x` over axes; over none of them for an empty tuple."""
    if axis is None:
        return function(x, dim=axis, keepdim=keepdims, **more) if keepdims else function(x, **more)
    if isinstance(axis, int) or len(axis):
        return function(x, dim=axis, keepdim=keepdims, **more)
    return function(x.unsqueeze(-1), dim=-1, **more)


def axes_of(x: Tensor, axis: Any) -> list[int]:
    """The axes as a list; all for None."""
    if axis is None:
        return list(range(x.ndim))
    return [axis] if isinstance(axis, int) else list(axis)


@op
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; all of them for None."""
    x = x if isinstance(x, Tensor) else tensor(x)
    if x.dtype in NARROW:
        return reduced(torch.sum, x, axis, keepdims, dtype=torch.int32)
    return reduced(torch.sum, x, axis, keepdims)


@op
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; all of them for None."""
    return reduced(torch.mean, floating(x), axis, keepdims)


@op
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Variance over axes, divided by the count; of at most 32 bits."""
    result = reduced(torch.var, floating(x), axis, keepdims, correction=0)
    return result.to(torch.float32) if result.dtype == torch.float64 else result


@op
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes, divided by the count."""
    return reduced(torch.std, floating(x), axis, keepdims, correction=0)


@op
def average(x: Any, axis: Any = None, weights: Any = None) -> Tensor:
    """Weighted mean over axes; NaN or infinite where the weights sum to 0.

    Args:
        x: numbers.
        axis: axes to average over; all of them for None.
        weights: shaped like `x`, or a row of numbers along `axis`; None for equal ones.
    """
    if weights is None:
        return reduced(torch.mean, joined_float(x), axis, False)
    x, weights = joined_floats(x, weights)
    weights = _weights_like(x, axis, weights)
    return reduced(torch.sum, x * weights, axis, False) / reduced(torch.sum, weights.expand(x.shape), axis, False)


def _weights_like(x: Tensor, axis: Any, weights: Tensor) -> Tensor:
    if weights.shape == x.shape:
        return weights
    along = axes_of(x, axis)
    if weights.ndim != 1 or len(along) != 1 or weights.shape[0] != x.shape[along[0]]:
        expected = f"{tuple(x.shape)}, or a row along the one axis"
        raise Invalid("ops.average(weights=...)", expected, tuple(weights.shape))
    shape = [1] * x.ndim
    shape[along[0]] = -1
    return weights.reshape(shape)


@op
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Product over axes; all of them for None. 64-bit numbers become 32-bit ones unless `dtype` says so."""
    x = tensor(x)
    return product(x, axis, keepdims, dtype)


def product(x: Tensor, axis: Any, keepdims: bool, dtype: Any = None) -> Tensor:
    """Product over axes, as `dtype`; of 32 bits for None."""
    kept: torch.dtype = WIDE.get(x.dtype) or (torch.int32 if x.dtype in NARROW else x.dtype)
    dtype = kept if dtype is None else torch_dtype(dtype)
    if axis is None and not keepdims:
        return torch.prod(x, dtype=dtype)
    if isinstance(axis, int):
        return torch.prod(x, dim=axis, keepdim=keepdims, dtype=dtype)
    x, rank = x.to(dtype), x.ndim or 1
    for one in sorted((n % rank for n in axes_of(x, axis)), reverse=True):
        x = torch.prod(x, dim=one, keepdim=keepdims, dtype=dtype)
    return x


@op
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether one is true over axes; NaN is true."""
    return reduced(torch.any, _truth(x), axis, keepdims)


@op
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are true over axes; NaN is true."""
    return reduced(torch.all, _truth(x), axis, keepdims)


def _truth(x: Any) -> Tensor:
    x = tensor(x)
    return x.to(torch.bool) if x.dtype == torch.uint8 else x  # torch's answer would be uint8 too


@op
def count_nonzero(x: Any, axis: Any = None) -> Tensor:
    """How many numbers are not 0 over axes, as int32."""
    return reduced(torch.sum, tensor(x).to(torch.bool), axis, False, dtype=torch.int32)


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis; of all numbers in a row for None.

    Truth becomes int32, and 64-bit numbers 32-bit ones, unless `dtype` says otherwise.
    """
    x = tensor(x)
    return running(torch.cumsum, x, axis, dtype)


@op
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis; of all numbers in a row for None.

    Truth becomes int32, and 64-bit numbers 32-bit ones, unless `dtype` says otherwise.
    """
    x = tensor(x)
    return running(torch.cumprod, x, axis, dtype)


def running(function: Callable, x: Tensor, axis: int | None, dtype: Any) -> Tensor:
    """torch's `function` along an axis, in the dtype of running sums and products."""
    kept: torch.dtype = (WIDE.get(x.dtype) or x.dtype) if dtype is None else torch_dtype(dtype)
    kept = torch.int32 if kept == torch.bool else kept
    return function(x.flatten() if axis is None else x, dim=0 if axis is None else axis, dtype=kept)


__all__ = [
    "all",
    "any",
    "average",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "mean",
    "prod",
    "std",
    "sum",
    "var",
]

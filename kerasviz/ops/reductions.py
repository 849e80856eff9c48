"""Many numbers to one: sums, means, extremes, and running sums."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, tensor


@op
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; all of them for None."""
    x = tensor(x)
    return torch.sum(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; all of them for None."""
    x = floating(x)
    return torch.mean(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Variance over axes, divided by the count."""
    x = floating(x)
    return torch.var(x, dim=axes_of(x, axis), keepdim=keepdims, correction=0)


@op
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes, divided by the count."""
    x = floating(x)
    return torch.std(x, dim=axes_of(x, axis), keepdim=keepdims, correction=0)


@op
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Product over axes; all of them for None."""
    x = tensor(x, dtype)
    rank = x.ndim or 1
    for one in sorted((n % rank for n in axes_of(x, axis)), reverse=True):
        x = torch.prod(x, dim=one, keepdim=keepdims)
    return x


@op
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Largest over axes; all of them for None."""
    x = tensor(x)
    result = torch.amax(x, dim=axes_of(x, axis), keepdim=keepdims)
    return result if initial is None else torch.clamp(result, min=initial)


@op
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Smallest over axes; all of them for None."""
    x = tensor(x)
    result = torch.amin(x, dim=axes_of(x, axis), keepdim=keepdims)
    return result if initial is None else torch.clamp(result, max=initial)


@op
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether one is true over axes."""
    x = tensor(x)
    return torch.any(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are true over axes."""
    x = tensor(x)
    return torch.all(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the largest, as int32."""
    return torch.argmax(tensor(x), dim=axis, keepdim=keepdims).to(torch.int32)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest, as int32."""
    return torch.argmin(tensor(x), dim=axis, keepdim=keepdims).to(torch.int32)


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis; of all numbers in a row for None."""
    x = tensor(x, dtype)
    kept = x.dtype if x.dtype != torch.bool else torch.int32
    return torch.cumsum(x.flatten() if axis is None else x, dim=0 if axis is None else axis, dtype=kept)


def axes_of(x: Tensor, axis: Any) -> list[int]:
    """The axes as a list; all for None."""
    if axis is None:
        return list(range(x.ndim))
    return [axis] if isinstance(axis, int) else list(axis)


__all__ = ["all", "any", "argmax", "argmin", "cumsum", "max", "mean", "min", "prod", "std", "sum", "var"]

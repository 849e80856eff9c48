"""The largest and the smallest numbers, and their places."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, tensor
from kerasviz.ops.reductions import reduced


def extreme(function: Callable, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    """torch's `amax` or `amin` over axes."""
    if x.numel() == 0 and not reduced(torch.all, torch.ones(x.shape, dtype=torch.bool), axis, False).numel() == 0:
        raise Invalid(f"ops.{function.__name__}", "at least one number along the axes", f"shape {tuple(x.shape)}")
    return function(x, keepdim=keepdims) if axis is None else reduced(function, x, axis, keepdims)


@op
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Largest over axes; all of them for None.

    Args:
        x: numbers.
        axis: axes to look along.
        keepdims: whether the axes stay, with size 1.
        initial: the result is at least this; without it, there must be at least one number.
    """
    x = tensor(x)
    if initial is None:
        return extreme(torch.amax, x, axis, keepdims)
    return torch.maximum(*_and_initial(torch.amax, x, axis, keepdims, initial))


@op
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Smallest over axes; all of them for None.

    Args:
        x: numbers.
        axis: axes to look along.
        keepdims: whether the axes stay, with size 1.
        initial: the result is at most this; without it, there must be at least one number.
    """
    x = tensor(x)
    if initial is None:
        return extreme(torch.amin, x, axis, keepdims)
    return torch.minimum(*_and_initial(torch.amin, x, axis, keepdims, initial))


def _and_initial(function: Callable, x: Tensor, axis: Any, keepdims: bool, initial: Any) -> tuple[Tensor, Tensor]:
    number = initial if isinstance(initial, Tensor) else torch.scalar_tensor(initial, dtype=x.dtype)
    number = number.to(x.dtype)
    if x.numel() == 0:
        shape = reduced(torch.sum, x, axis, keepdims, dtype=x.dtype).shape
        return number.expand(shape).to(x.device), number
    return extreme(function, x, axis, keepdims), number


@op
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest over axes; all of them for None."""
    return extreme(torch.amax, tensor(x), axis, keepdims)


@op
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Smallest over axes; all of them for None."""
    return extreme(torch.amin, tensor(x), axis, keepdims)


@op
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest less smallest over axes; all of them for None."""
    x = tensor(x)
    return extreme(torch.amax, x, axis, keepdims) - extreme(torch.amin, x, axis, keepdims)


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the largest along an axis, or of all numbers in a row for None, as int32; NaN counts as largest."""
    return place(torch.argmax, tensor(x), axis, keepdims)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest along an axis, or of all numbers in a row for None, as int32; NaN counts as smallest."""
    return place(torch.argmin, tensor(x), axis, keepdims)


def place(function: Callable, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    """torch's `argmax` or `argmin`, as int32."""
    if axis is not None and not isinstance(axis, int):
        raise Invalid(f"ops.{function.__name__}(axis=...)", "one axis, or None for all numbers in a row", axis)
    x = x.to(torch.uint8) if x.dtype == torch.bool else x
    return function(x, dim=axis, keepdim=keepdims).to(torch.int32)


__all__ = ["amax", "amin", "argmax", "argmin", "max", "min", "ptp"]

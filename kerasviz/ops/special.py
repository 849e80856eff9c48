"""Special functions, distances, and the largest of many."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating, pair
from kerasviz.ops.recording import op, tensor


@op
def erf(x: Any) -> Tensor:
    """The error function: how likely a normal number of variance 1/2 is within `x` of 0."""
    return torch.erf(floating(x))


@op
def erfc(x: Any) -> Tensor:
    """`1 - erf(x)`, exact for large `x`."""
    return torch.erfc(floating(x))


@op
def erfinv(x: Any) -> Tensor:
    """The inverse of `erf`: infinite at -1 and 1, NaN outside."""
    return torch.erfinv(floating(x))


@op
def rsqrt(x: Any) -> Tensor:
    """One over the square root."""
    return torch.rsqrt(floating(x))


@op
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials over axes, without overflow; over all axes for None."""
    x = floating(x)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    return torch.logsumexp(x, dim=axes, keepdim=keepdims) if x.ndim else x


@op
def cdist(x: Any, y: Any) -> Tensor:
    """Euclidean distance of each point of `x` from each of `y`.

    Shapes:
        x: (*batch, points, features)
        y: (*batch, others, features)
        outputs: (*batch, points, others)
    """
    x, y = pair(floating(x), floating(y))
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        got = (tuple(x.shape), tuple(y.shape))
        raise Invalid("cdist", "points of as many features: (*batch, points, features) twice", got)
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    return torch.cdist(wide, y.to(wide.dtype)).to(x.dtype)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The `k` largest along the last axis, and their places.

    Args:
        x: the numbers.
        k: how many; at most the size of the last axis.
        sorted: whether the largest comes first.
    """
    x = tensor(x)
    if x.dtype == torch.bool:
        values, places = torch.topk(x.to(torch.uint8), k, sorted=sorted)
        return values.to(x.dtype), places
    values, places = torch.topk(x, k, sorted=sorted)
    return values, places


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Tensor:
    """Whether each target's prediction is among the `k` largest; ties count, a target that is no class does not.

    Shapes:
        targets: (*batch,), whole numbers
        predictions: (*batch, classes)
        outputs: (*batch,), bool
    """
    targets, predictions = tensor(targets).long(), tensor(predictions)
    if predictions.ndim == 0 or targets.shape != predictions.shape[:-1]:
        got = (tuple(targets.shape), tuple(predictions.shape))
        raise Invalid("in_top_k", "targets (*batch,) and predictions (*batch, classes)", got)
    classes = predictions.shape[-1]
    known = (targets >= 0) & (targets < classes)
    own = predictions.gather(-1, torch.where(known, targets, 0).unsqueeze(-1))
    least = torch.topk(predictions, min(k, classes)).values[..., -1:]
    return (own >= least).squeeze(-1) & known


__all__ = ["cdist", "erf", "erfc", "erfinv", "in_top_k", "logsumexp", "rsqrt", "top_k"]

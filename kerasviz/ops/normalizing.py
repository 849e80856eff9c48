"""Normalization: to mean zero and variance one, to a mean square of one, to length one; and the moments it takes."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import settings

HALVES = (torch.float16, torch.bfloat16)
Axes = int | Sequence[int]


def widened(x: Tensor) -> Tensor:
    """16-bit numbers as float32: their sums would lose too much."""
    return x.float() if x.dtype in HALVES else x


def along(values: Tensor | None, axes: list[int], rank: int, sizes: Sequence[int]) -> Tensor | None:
    """`values`, one for each place on `axes`, shaped to broadcast against `rank` axes."""
    if values is None:
        return None
    return values.reshape([sizes[axis] if axis in axes else 1 for axis in range(rank)])


def affine(x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
    """`x * gamma + beta`; None leaves it out."""
    x = x if gamma is None else x * gamma
    return x if beta is None else x + beta


def everywhere(total: Tensor, synchronized: bool) -> Tensor:
    """The sum over all processes, where there are several."""
    if not (synchronized and torch.distributed.is_available() and torch.distributed.is_initialized()):
        return total
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(total)


def group_normalized(
    x: Tensor, groups: int, gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5
) -> Tensor:
    """torch's kernel for `x` (batch, channels, *space), each group of channels on its own."""
    if x.device.type == "cpu" and x.ndim > 3 and not x.requires_grad and torch.is_grad_enabled():
        # with the channels last in memory, torch's backward pass writes a gradient that is not there
        return torch.group_norm(x.flatten(2), groups, gamma, beta, epsilon).view(x.shape)
    return torch.group_norm(x, groups, gamma, beta, epsilon)


def layer_normalized(
    x: Tensor, gamma: Tensor | None, beta: Tensor | None, axes: list[int], epsilon: float, rms_scaling: bool = False
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta` over `axes`, which are sorted and not negative.

    Args:
        rms_scaling: scale by the deviation without centring, and leave `beta` out.
    """
    if not rms_scaling and axes[0] + len(axes) == x.ndim:
        return F.layer_norm(x, x.shape[axes[0] :], gamma, beta, epsilon)
    centred = x - x.mean(dim=axes, keepdim=True)
    inverse = torch.rsqrt(centred.square().mean(dim=axes, keepdim=True) + epsilon)
    gamma, beta = along(gamma, axes, x.ndim, x.shape), along(beta, axes, x.ndim, x.shape)
    return affine(x * inverse, gamma, None) if rms_scaling else affine(centred * inverse, gamma, beta)


def rms_normalized(x: Tensor, scale: Tensor | None, axes: list[int], epsilon: float) -> Tensor:
    """`x / sqrt(mean(x^2) + epsilon) * scale` over `axes`, which are sorted and not negative."""
    if axes[0] + len(axes) == x.ndim:
        return F.rms_norm(x, x.shape[axes[0] :], scale, epsilon)
    inverse = torch.rsqrt(x.square().mean(dim=axes, keepdim=True) + epsilon)
    return affine(x * inverse, along(scale, axes, x.ndim, x.shape), None)


def _axes(x: Tensor, axis: Any, name: str) -> list[int]:
    """The axes from 0, in order.

    Raises:
        Invalid: where there is no such axis.
    """
    axes = [axis] if isinstance(axis, int) else list(axis)
    if not axes or any(not -x.ndim <= one < x.ndim for one in axes):
        raise Invalid(f"ops.{name}(axis=...)", f"axes of inputs {tuple(x.shape)}", axis)
    return sorted(one % x.ndim for one in axes)


def _optional(values: Any, dtype: torch.dtype) -> Tensor | None:
    return None if values is None else tensor(values).to(dtype)


@op
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Axes = -1, epsilon: float | None = None, **kwargs: Any
) -> Tensor:
    """Brings each sample, at each place, to mean zero and variance one over `axis`; at least in 32 bits.

    Args:
        x: numbers; whole ones come back as whole ones.
        gamma: what is multiplied after; None: nothing.
        beta: what is added after; None: nothing.
        axis: one axis, or several.
        epsilon: added to the variance; None asks the config.
        **kwargs: `rms_scaling=True` scales by the deviation without centring.

    Shapes:
        x, result: (*rest,)
        gamma, beta: sizes of `axis`

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.
    """
    if set(kwargs) - {"rms_scaling"}:
        raise Invalid("ops.layer_normalization", "no other arguments than rms_scaling", sorted(kwargs))
    given = tensor(x)
    x = widened(floating(given))
    axes = _axes(x, axis, "layer_normalization")
    gamma, beta = _optional(gamma, x.dtype), _optional(beta, x.dtype)
    epsilon = settings.epsilon() if epsilon is None else epsilon
    return layer_normalized(x, gamma, beta, axes, epsilon, **kwargs).to(given.dtype)


@op
def rms_normalization(x: Any, scale: Any = None, axis: Axes = -1, epsilon: float | None = None) -> Tensor:
    """Divides each sample, at each place, by the root of its mean square over `axis`; at least in 32 bits.

    Args:
        x: numbers; whole ones come back as whole ones.
        scale: what is multiplied after; None: nothing.
        axis: one axis, or several.
        epsilon: added to the mean square; None asks the config.

    Shapes:
        x, result: (*rest,)
        scale: sizes of `axis`

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
    """
    given = tensor(x)
    x = widened(floating(given))
    axes = _axes(x, axis, "rms_normalization")
    epsilon = settings.epsilon() if epsilon is None else epsilon
    return rms_normalized(x, _optional(scale, x.dtype), axes, epsilon).to(given.dtype)


@op
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, one of each for every place along `axis`.

    Shapes:
        x, result: (*rest,)
        mean, variance, offset, scale: (the size of `axis`,)

    Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift", 2015.
    """
    x, mean, variance = tensor(x), floating(mean), floating(variance)
    (axis,) = _axes(x, axis, "batch_normalization")
    if mean.ndim != 1 or mean.shape[0] != x.shape[axis]:
        expected = f"one for each of the {x.shape[axis]} places along axis {axis}"
        raise Invalid("ops.batch_normalization(mean=...)", expected, tuple(mean.shape))
    factor = torch.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * tensor(scale)
    shift = -mean * factor if offset is None else tensor(offset) - mean * factor
    shape = [-1 if one == axis else 1 for one in range(x.ndim)]
    dtype = torch.promote_types(x.dtype, factor.dtype)
    return torch.addcmul(shift.reshape(shape), x.to(dtype), factor.reshape(shape))


@op
def moments(x: Any, axes: Axes, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes, the variance divided by the count; computed at least in 32 bits.

    Args:
        x: numbers.
        axes: one axis, or several.
        keepdims: whether the axes stay, of size 1.
        synchronized: take them over the batches of all processes, where there are several.
    """
    given = floating(x)
    x = widened(given)
    found = _axes(x, axes, "moments")
    if synchronized:
        variance, mean = _moments_everywhere(x, found, keepdims)
    else:
        variance, mean = torch.var_mean(x, dim=found, keepdim=keepdims, correction=0)
    if given.dtype in HALVES:  # what is too large for them is their largest number
        limits = torch.finfo(given.dtype)
        return mean.clamp(limits.min, limits.max).to(given.dtype), variance.clamp(max=limits.max).to(given.dtype)
    return mean, variance


def _moments_everywhere(x: Tensor, axes: list[int], keepdims: bool) -> tuple[Tensor, Tensor]:
    """Variance and mean over all processes: each gives its sums and its count."""
    count = everywhere(torch.ones_like(x).sum(dim=axes, keepdim=True), synchronized=True)
    mean = everywhere(x.sum(dim=axes, keepdim=True), synchronized=True) / count
    variance = everywhere((x - mean).square().sum(dim=axes, keepdim=True), synchronized=True) / count
    if keepdims:
        return variance, mean
    kept = [size for axis, size in enumerate(x.shape) if axis not in axes]
    return variance.reshape(kept), mean.reshape(kept)


@op
def normalize(x: Any, axis: Axes = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """Divided by its norm along axes, taken together: by `max(norm, epsilon)`.

    Args:
        x: numbers.
        axis: one axis, or several.
        order: of the norm: 1 adds up sizes, 2 squares.
        epsilon: the least that is divided by; None asks the config.
    """
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise Invalid("ops.normalize(order=...)", "a whole number at least 1", order)
    x = floating(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    norm = torch.linalg.vector_norm(x, ord=order, dim=axes, keepdim=True)
    return x / norm.clamp(min=settings.epsilon() if epsilon is None else epsilon)


__all__ = ["batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization"]

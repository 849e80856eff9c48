"""Functions applied number by number, or along an axis: activations. `keras.activations` has the same ones.

Whole numbers become floats; functions that only cut (`relu`, `relu6`, `hard_tanh`, `threshold`) leave them as they are.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, tensor

Axes = int | Sequence[int] | None


@op
def relu(x: Any) -> Tensor:
    """`max(x, 0)`."""
    return torch.relu(x if isinstance(x, Tensor) else tensor(x))


@op
def relu6(x: Any) -> Tensor:
    """`min(max(x, 0), 6)`."""
    return F.relu6(tensor(x))


@op
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """X above zero, `negative_slope * x` below."""
    return F.leaky_relu(floating(x), negative_slope)


@op
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """X above zero, `alpha * (exp(x) - 1)` below.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
    Units", 2015.
    """
    return F.elu(floating(x), alpha)


@op
def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """X above zero, `alpha * (exp(x / alpha) - 1)` below.

    Source: J. T. Barron, "Continuously Differentiable Exponential Linear Units", 2017.
    """
    return F.celu(floating(x), alpha)


@op
def selu(x: Any) -> Tensor:
    """Elu scaled so that layers keep mean zero and variance one.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural Networks", 2017.
    """
    return torch.selu(floating(x))


@op
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """X times the share of a normal distribution below x.

    Args:
        x: any tensor.
        approximate: use the tanh formula, quicker and a little off.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    return F.gelu(floating(x), approximate="tanh" if approximate else "none")


@op
def silu(x: Any) -> Tensor:
    """X * sigmoid(x), also known as swish.

    Source: Ramachandran, Zoph and Le, "Searching for Activation Functions", 2017.
    """
    return F.silu(floating(x))


@op
def hard_silu(x: Any) -> Tensor:
    """X * hard_sigmoid(x), also known as hard_swish.

    Source: A. Howard et al., "Searching for MobileNetV3", 2019.
    """
    return F.hardswish(floating(x))


@op
def sigmoid(x: Any) -> Tensor:
    """`1 / (1 + exp(-x))`."""
    return torch.sigmoid(floating(x))


@op
def hard_sigmoid(x: Any) -> Tensor:
    """A line through sigmoid, cut at 0 and 1: clip(x / 6 + 1 / 2)."""
    return F.hardsigmoid(floating(x))


@op
def log_sigmoid(x: Any) -> Tensor:
    """log(sigmoid(x)), computed without overflow."""
    return F.logsigmoid(floating(x))


@op
def sparse_sigmoid(x: Any) -> Tensor:
    """(x + 1) / 2, cut at 0 and 1."""
    return (F.hardtanh(floating(x)) + 1) * 0.5


@op
def hard_tanh(x: Any) -> Tensor:
    """x, cut at -1 and 1."""
    return F.hardtanh(tensor(x))


@op
def tanh_shrink(x: Any) -> Tensor:
    """X - tanh(x)."""
    x = floating(x)
    return x - torch.tanh(x)


@op
def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """X where its size exceeds `threshold`, zero elsewhere."""
    return F.hardshrink(floating(x), threshold)


@op
def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """X moved towards zero by `threshold`, zero where it is closer than that."""
    return F.softshrink(floating(x), threshold)


@op
def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """X above `threshold`, `default_value` elsewhere."""
    return F.threshold(tensor(x), threshold, default_value)


@op
def softplus(x: Any) -> Tensor:
    """log(1 + exp(x))."""
    return F.softplus(floating(x))


@op
def softsign(x: Any) -> Tensor:
    """X / (1 + |x|)."""
    return F.softsign(floating(x))


@op
def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + sqrt(x^2 + b)) / 2.

    Source: J. T. Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", 2021.
    """
    x = floating(x)
    return (x + torch.sqrt(x * x + b)) / 2


@op
def sparse_plus(x: Any) -> Tensor:
    """Zero up to -1, x from 1 on, (x + 1)^2 / 4 between."""
    x = floating(x)
    return torch.where(x < 1, torch.square(torch.clamp(x, min=-1) + 1) / 4, x)


@op
def softmax(x: Any, axis: Axes = -1) -> Tensor:
    """exp(x), divided by its sum along `axis`.

    Args:
        x: any tensor.
        axis: one axis; several, or all (None), that are taken together.
    """
    return _along(torch.softmax, floating(x), axis)


@op
def log_softmax(x: Any, axis: Axes = -1) -> Tensor:
    """log(softmax(x)), computed without overflow."""
    return _along(torch.log_softmax, floating(x), axis)


def _along(function: Callable[[Tensor, int], Tensor], x: Tensor, axis: Axes) -> Tensor:
    """`function` along one axis, or along several as if they were one."""
    if isinstance(axis, int):
        return function(x, axis)
    if axis is None:
        return function(x.flatten(), 0).reshape(x.shape)
    axes = [a % x.ndim for a in axis]
    last = list(range(x.ndim - len(axes), x.ndim))
    moved = torch.movedim(x, axes, last)
    flat = torch.flatten(moved, x.ndim - len(axes)) if axes else moved.unsqueeze(-1)
    outputs = function(flat, -1)
    return torch.movedim(torch.reshape(outputs, moved.shape), last, axes)


@op
def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """The closest point of the simplex: like softmax, with true zeros.

    Source: Martins and Astudillo, "From Softmax to Sparsemax", 2016.
    """
    x = floating(x)
    ordered = torch.sort(x, dim=axis, descending=True).values
    sums = torch.cumsum(ordered, dim=axis)
    ranks = torch.arange(1, x.shape[axis] + 1, device=x.device, dtype=x.dtype)
    ranks = ranks.reshape([-1 if a == axis % x.ndim else 1 for a in range(x.ndim)])
    kept = (1 + ranks * ordered > sums).to(x.dtype)
    size = kept.sum(dim=axis, keepdim=True)
    level = (torch.sum(ordered * kept, dim=axis, keepdim=True) - 1) / size
    return torch.clamp(x - level, min=0)


@op
def glu(x: Any, axis: int = -1) -> Tensor:
    """The first half along `axis`, gated by the sigmoid of the second.

    Source: Dauphin, Fan, Auli and Grangier, "Language Modeling with Gated Convolutional Networks", 2016.
    """
    return F.glu(floating(x), axis)


swish = silu
hard_swish = hard_silu

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]

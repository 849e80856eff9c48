"""Functions applied to a layer's output, value by value or along an axis."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Family
from kerasviz.tensors import KerasTensor, convert_to_tensor


def _tensor(x: Any) -> Any:
    """`x` where torch can work on it, else a tensor made of it."""
    return x if isinstance(x, (Tensor, KerasTensor)) else convert_to_tensor(x)


def linear(x: Any) -> Tensor:
    """x, as it is."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """Zero below `threshold`, x above it.

    Args:
        x: any tensor.
        negative_slope: below the threshold, `negative_slope * (x - threshold)` instead of zero.
        max_value: largest output; None for no limit.
        threshold: where x starts to pass.
    """
    x = _tensor(x)
    if threshold == 0.0:
        outputs = F.leaky_relu(x, negative_slope) if negative_slope else torch.relu(x)
    else:
        outputs = torch.where(x > threshold, x, negative_slope * (x - threshold))
    return outputs if max_value is None else torch.clamp(outputs, max=max_value)


def relu6(x: Any) -> Tensor:
    """min(max(x, 0), 6)."""
    return F.relu6(_tensor(x))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """X above zero, `negative_slope * x` below."""
    return F.leaky_relu(_tensor(x), negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """X above zero, `alpha * (exp(x) - 1)` below.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
    Units", 2015.
    """
    return F.elu(_tensor(x), alpha)


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """X above zero, `alpha * (exp(x / alpha) - 1)` below.

    Source: J. T. Barron, "Continuously Differentiable Exponential Linear Units", 2017.
    """
    return F.celu(_tensor(x), alpha)


def selu(x: Any) -> Tensor:
    """Elu scaled so that layers keep mean zero and variance one.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural Networks", 2017.
    """
    return torch.selu(_tensor(x))


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """X times the share of a normal distribution below x.

    Args:
        x: any tensor.
        approximate: use the tanh formula, quicker and a little off.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    return F.gelu(_tensor(x), approximate="tanh" if approximate else "none")


def silu(x: Any) -> Tensor:
    """X * sigmoid(x), also known as swish.

    Source: Ramachandran, Zoph and Le, "Searching for Activation Functions", 2017.
    """
    return F.silu(_tensor(x))


def hard_silu(x: Any) -> Tensor:
    """X * hard_sigmoid(x), also known as hard_swish.

    Source: A. Howard et al., "Searching for MobileNetV3", 2019.
    """
    return F.hardswish(_tensor(x))


def mish(x: Any) -> Tensor:
    """X * tanh(softplus(x)).

    Source: D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
    """
    return F.mish(_tensor(x))


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(_tensor(x))


def hard_sigmoid(x: Any) -> Tensor:
    """A line through sigmoid, cut at 0 and 1: clip(x / 6 + 1 / 2)."""
    return F.hardsigmoid(_tensor(x))


def log_sigmoid(x: Any) -> Tensor:
    """log(sigmoid(x)), computed without overflow."""
    return F.logsigmoid(_tensor(x))


def sparse_sigmoid(x: Any) -> Tensor:
    """(x + 1) / 2, cut at 0 and 1."""
    return (F.hardtanh(_tensor(x)) + 1) * 0.5


def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent."""
    return torch.tanh(_tensor(x))


def hard_tanh(x: Any) -> Tensor:
    """x, cut at -1 and 1."""
    return F.hardtanh(_tensor(x))


def tanh_shrink(x: Any) -> Tensor:
    """X - tanh(x)."""
    x = _tensor(x)
    return x - torch.tanh(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """X where its size exceeds `threshold`, zero elsewhere."""
    return F.hardshrink(_tensor(x), threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """X moved towards zero by `threshold`, zero where it is closer than that."""
    return F.softshrink(_tensor(x), threshold)


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """X above `threshold`, `default_value` elsewhere."""
    return F.threshold(_tensor(x), threshold, default_value)


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x))."""
    return F.softplus(_tensor(x))


def softsign(x: Any) -> Tensor:
    """X / (1 + |x|)."""
    return F.softsign(_tensor(x))


def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + sqrt(x^2 + b)) / 2.

    Source: J. T. Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", 2021.
    """
    x = _tensor(x)
    return (x + torch.sqrt(x * x + b)) / 2


def sparse_plus(x: Any) -> Tensor:
    """Zero up to -1, x from 1 on, (x + 1)^2 / 4 between."""
    x = _tensor(x)
    return torch.where(x < 1, torch.square(torch.clamp(x, min=-1) + 1) / 4, x)


def exponential(x: Any) -> Tensor:
    """exp(x)."""
    return torch.exp(_tensor(x))


def softmax(x: Any, axis: int | tuple[int, ...] | list[int] = -1) -> Tensor:
    """exp(x) over its sum along `axis`: values above zero that sum to one.

    Args:
        x: any tensor.
        axis: one axis, or several that are taken together.
    """
    return _along(torch.softmax, _tensor(x), axis)


def log_softmax(x: Any, axis: int | tuple[int, ...] | list[int] = -1) -> Tensor:
    """log(softmax(x)), computed without overflow."""
    return _along(torch.log_softmax, _tensor(x), axis)


def _along(function: Any, x: Any, axis: int | tuple[int, ...] | list[int]) -> Tensor:
    """`function` along one axis, or along several as if they were one."""
    if isinstance(axis, int):
        return function(x, axis)
    axes = [a % x.ndim for a in axis]
    last = list(range(x.ndim - len(axes), x.ndim))
    moved = torch.movedim(x, axes, last)
    outputs = function(torch.flatten(moved, x.ndim - len(axes)), -1)
    return torch.movedim(torch.reshape(outputs, moved.shape), last, axes)


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """The closest point of the simplex: like softmax, with true zeros.

    Source: Martins and Astudillo, "From Softmax to Sparsemax", 2016.
    """
    x = _tensor(x)
    ordered = torch.sort(x, dim=axis, descending=True).values
    sums = torch.cumsum(ordered, dim=axis)
    ranks = torch.arange(1, x.shape[axis] + 1, device=x.device, dtype=x.dtype)
    ranks = ranks.reshape([-1 if a == axis % x.ndim else 1 for a in range(x.ndim)])
    kept = (1 + ranks * ordered > sums).to(x.dtype)
    size = kept.sum(dim=axis, keepdim=True)
    level = (torch.sum(ordered * kept, dim=axis, keepdim=True) - 1) / size
    return torch.clamp(x - level, min=0)


def glu(x: Any, axis: int = -1) -> Tensor:
    """The first half along `axis`, gated by the sigmoid of the second.

    Source: Dauphin, Fan, Auli and Grangier, "Language Modeling with Gated Convolutional Networks", 2016.
    """
    return F.glu(_tensor(x), axis)


swish = silu
hard_swish = hard_silu


class ActivationFamily(Family):
    """Activations by name; None means `linear`."""

    def get(self, identifier: Any, where: str = "") -> Any:
        return linear if identifier is None else super().get(identifier, where)


FAMILY = ActivationFamily("activation", module="keras.activations", namespace=globals())


def get(identifier: Any) -> Any:
    """The function that `identifier` means: None, a name, a config, or the function itself."""
    return FAMILY.get(identifier)


def serialize(activation: Any) -> Any:
    """The name of one of our functions, the config of anything else."""
    return FAMILY.serialize(activation)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The function that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)

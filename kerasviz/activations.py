"""Functions applied to a layer's output, value by value or along an axis: those of `keras.ops`, by their names here."""

import functools
import inspect
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Family
from kerasviz.ops import arithmetic, squashing, trigonometry
from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import Function, op


def _quick(function: Function) -> Function:
    """The op, which looks for symbols only where it is not given a tensor: layers call it at each step."""
    plain = inspect.unwrap(function)

    @functools.wraps(function)
    def activation(x: Any, *args: Any, **kwargs: Any) -> Any:
        return plain(x, *args, **kwargs) if isinstance(x, Tensor) else function(x, *args, **kwargs)

    activation.__module__ = __name__
    return activation  # type: ignore[return-value]


def linear(x: Any) -> Any:
    """x, as it is."""
    return x


celu = _quick(squashing.celu)
elu = _quick(squashing.elu)
glu = _quick(squashing.glu)
hard_shrink = _quick(squashing.hard_shrink)
hard_sigmoid = _quick(squashing.hard_sigmoid)
hard_silu = hard_swish = _quick(squashing.hard_silu)
hard_tanh = _quick(squashing.hard_tanh)
leaky_relu = _quick(squashing.leaky_relu)
log_sigmoid = _quick(squashing.log_sigmoid)
log_softmax = _quick(squashing.log_softmax)
relu6 = _quick(squashing.relu6)
selu = _quick(squashing.selu)
sigmoid = _quick(squashing.sigmoid)
silu = swish = _quick(squashing.silu)
soft_shrink = _quick(squashing.soft_shrink)
softmax = _quick(squashing.softmax)
softplus = _quick(squashing.softplus)
softsign = _quick(squashing.softsign)
sparse_plus = _quick(squashing.sparse_plus)
sparse_sigmoid = _quick(squashing.sparse_sigmoid)
sparsemax = _quick(squashing.sparsemax)
squareplus = _quick(squashing.squareplus)
tanh = _quick(trigonometry.tanh)
tanh_shrink = _quick(squashing.tanh_shrink)
threshold = _quick(squashing.threshold)
_exponential = _quick(arithmetic.exp)
_gelu = _quick(squashing.gelu)
_relu = _quick(squashing.relu)


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Tensor:
    """Zero below `threshold`, x above it.

    Args:
        x: any tensor.
        negative_slope: below the threshold, `negative_slope * (x - threshold)` instead of zero.
        max_value: largest output; None for no limit.
        threshold: where x starts to pass.
    """
    if threshold == 0.0:
        outputs = leaky_relu(x, negative_slope) if negative_slope else _relu(x)
        return outputs if max_value is None else arithmetic.clip(outputs, None, max_value)
    return _cut_relu(x, negative_slope, max_value, threshold)


@op
def _cut_relu(x: Any, negative_slope: float, max_value: float | None, threshold: float) -> Tensor:
    x = floating(x)
    outputs = torch.where(x > threshold, x, negative_slope * (x - threshold))
    return outputs if max_value is None else torch.clamp(outputs, max=max_value)


def gelu(x: Any, approximate: bool = False) -> Tensor:
    """X times the share of a normal distribution below x.

    Args:
        x: any tensor.
        approximate: use the tanh formula, quicker and a little off.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.
    """
    return _gelu(x, approximate)


def exponential(x: Any) -> Tensor:
    """exp(x)."""
    return _exponential(x)


@op
def _mish(x: Any) -> Tensor:
    return F.mish(floating(x))


def mish(x: Any) -> Tensor:
    """X * tanh(softplus(x)).

    Source: D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
    """
    return F.mish(x) if isinstance(x, Tensor) and x.is_floating_point() else _mish(x)


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

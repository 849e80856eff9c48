"""Functions of neural networks: activations and their kin."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, tensor
from kerasviz.ops.reductions import axes_of
from kerasviz.tensors import settings, torch_dtype


@op
def relu(x: Any) -> Tensor:
    """`max(x, 0)`."""
    return F.relu(tensor(x))


@op
def sigmoid(x: Any) -> Tensor:
    """`1 / (1 + exp(-x))`."""
    return torch.sigmoid(floating(x))


@op
def softmax(x: Any, axis: Any = -1) -> Tensor:
    """Positive numbers that sum to 1 along an axis."""
    x = floating(x)
    if isinstance(axis, int):
        return torch.softmax(x, dim=axis)
    return torch.exp(x - torch.logsumexp(x, dim=axes_of(x, axis), keepdim=True))


@op
def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """Logarithm of softmax."""
    return torch.log_softmax(floating(x), dim=axis)


@op
def gelu(x: Any, approximate: bool = True) -> Tensor:
    """`x` times the normal distribution function of `x`."""
    return F.gelu(floating(x), approximate="tanh" if approximate else "none")


@op
def silu(x: Any) -> Tensor:
    """`x * sigmoid(x)`."""
    return F.silu(floating(x))


@op
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """`x` where positive, a share of it elsewhere."""
    return F.leaky_relu(floating(x), negative_slope)


@op
def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere."""
    return F.elu(floating(x), alpha)


@op
def softplus(x: Any) -> Tensor:
    """`log(1 + exp(x))`."""
    return F.softplus(floating(x))


@op
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """1 at the place that `x` names, 0 elsewhere; all 0 for a negative `x`."""
    x = tensor(x).to(torch.int64)
    places = torch.arange(num_classes, device=x.device)
    encoded = (x.unsqueeze(-1) == places).to(torch_dtype(dtype or settings.floatx()))
    return encoded if axis in (-1, x.ndim) else encoded.movedim(-1, axis)


@op
def normalize(x: Any, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Tensor:
    """Divided by its norm along an axis."""
    return F.normalize(floating(x), p=order, dim=axis, eps=1e-12 if epsilon is None else epsilon)


__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "normalize",
    "one_hot",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]

"""Matrix products for Dense: torch's own, or oneDNN's where a measurement finds it faster on this machine."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def linear(rank: int, has_bias: bool) -> Callable[[Tensor, Tensor, Tensor | None], Tensor]:
    """The function of (x, kernel, bias) for inputs of this rank."""
    if rank == 2:
        return with_bias if has_bias else without_bias
    return over_rest


def with_bias(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """x @ kernel + bias. x: (batch, features), kernel: (features, units)."""
    return torch.addmm(bias, x, kernel)


def without_bias(x: Tensor, kernel: Tensor, bias: None) -> Tensor:
    """x @ kernel. x: (batch, features), kernel: (features, units)."""
    return torch.mm(x, kernel)


def over_rest(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel + bias. x: (batch, *rest, features), kernel: (features, units)."""
    return F.linear(x, kernel.t(), bias)

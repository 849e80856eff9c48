"""Limits on gradients, and the averages of weights."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.optimizers.kernels import kernels


def clip_by_value(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Every number between -limit and limit."""
    clipped = kernels._foreach_clamp_min(gradients, -limit)
    kernels._foreach_clamp_max_(clipped, limit)
    return list(clipped)


def clip_each_by_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Every gradient no longer than `limit`."""
    norms = kernels._foreach_norm(gradients)
    factors = [limit / norm.clamp(min=limit) for norm in norms]
    return list(kernels._foreach_mul(gradients, factors))


def clip_together_by_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """All gradients shortened alike, so that together they are no longer than `limit`."""
    device = gradients[0].device
    norms = [norm.to(device) for norm in kernels._foreach_norm(gradients)]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    factor = limit * torch.minimum(1.0 / norm, torch.full_like(norm, 1.0 / limit))
    factor = factor + (norm - norm)  # NaN where the norm is not finite
    return [gradient * factor.to(gradient.device, gradient.dtype) for gradient in gradients]


def move_averages(averages: list[Any], variables: list[Any], momentum: float) -> None:
    """average = momentum * average + (1 - momentum) * variable."""
    kernels._foreach_mul_(averages, momentum)
    kernels._foreach_add_(averages, variables, alpha=1.0 - momentum)


def same_layout(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors of one shape lie in memory alike; axes of size one do not count."""
    if first.stride() == second.stride():
        return True
    sizes = zip(first.shape, first.stride(), second.stride(), strict=True)
    return all(a == b for size, a, b in sizes if size != 1)


def laid_out_as(gradient: Tensor, variable: Tensor) -> Tensor:
    """The gradient with the variable's dtype, device and order in memory: fused kernels walk both alike."""
    if gradient.dtype != variable.dtype or gradient.device != variable.device:
        gradient = gradient.to(variable.device, variable.dtype)
    if same_layout(gradient, variable):
        return gradient
    return torch.empty_like(variable, requires_grad=False).copy_(gradient)

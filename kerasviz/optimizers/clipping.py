"""Limits on gradients, and the averages of weights."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.optimizers.kernels import add_scaled, kernels


def clip_by_value(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Every number between -limit and limit."""
    clipped = kernels._foreach_clamp_min(gradients, -limit)
    kernels._foreach_clamp_max_(clipped, limit)
    return list(clipped)


def clip_each_by_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Every gradient no longer than `limit`."""
    clipped: list[Any] = [None] * len(gradients)
    for places in alike(gradients):
        chosen = [gradients[place] for place in places]
        factors = limit / torch.stack(kernels._foreach_norm(chosen)).clamp(min=limit)
        for place, gradient in zip(places, kernels._foreach_mul(chosen, factors.unbind()), strict=True):
            clipped[place] = gradient
    return clipped


def clip_together_by_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """All gradients shortened alike, so that together they are no longer than `limit`."""
    device = gradients[0].device
    groups = alike(gradients)
    norms = [torch.stack(kernels._foreach_norm([gradients[place] for place in places])) for places in groups]
    norm = torch.linalg.vector_norm(norms[0] if len(norms) == 1 else torch.cat([n.to(device) for n in norms]))
    factor = limit * torch.minimum(1.0 / norm, torch.full_like(norm, 1.0 / limit))
    factor = factor + (norm - norm)  # NaN where the norm is not finite
    if len(groups) == 1:
        return list(kernels._foreach_mul(gradients, factor))
    return [gradient * factor.to(gradient.device, gradient.dtype) for gradient in gradients]


def alike(tensors: list[Tensor]) -> list[list[int]]:
    """Places of the tensors of each device and dtype."""
    places: dict[Any, list[int]] = {}
    for index, tensor in enumerate(tensors):
        places.setdefault((tensor.device, tensor.dtype), []).append(index)
    return list(places.values())


def move_averages(averages: list[Any], variables: list[Any], momentum: Any) -> None:
    """average = momentum * average + (1 - momentum) * variable."""
    kernels._foreach_mul_(averages, momentum)
    add_scaled(averages, variables, 1.0 - momentum)


def same_layout(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors of one shape lie in memory alike; axes of size one do not count."""
    if first.stride() == second.stride():
        return True
    sizes = zip(first.shape, first.stride(), second.stride(), strict=True)
    return all(a == b for size, a, b in sizes if size != 1)


def laid_out_as(gradient: Tensor, variable: Tensor) -> Tensor:
    """The gradient with the variable's dtype, device and order in memory: fused kernels walk both alike."""
    if gradient.is_sparse:
        gradient = gradient.to_dense()
    if gradient.dtype != variable.dtype or gradient.device != variable.device:
        gradient = gradient.to(variable.device, variable.dtype)
    if same_layout(gradient, variable):
        return gradient
    return torch.empty_like(variable, requires_grad=False).copy_(gradient)

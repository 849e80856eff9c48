"""torch's kernels over lists of tensors, which have no public names; factors may be numbers or tensors of no axes."""

from typing import Any

import torch
from torch import Tensor

kernels: Any = torch  # kernels._foreach_add_(...): untyped, since torch types lists of plain tensors only


def add_number(values: list[Any], number: Any) -> None:
    """values += number."""
    if isinstance(number, Tensor):
        kernels._foreach_add_(values, [number] * len(values))  # of one tensor, torch's kernel would read the number
    else:
        kernels._foreach_add_(values, number)


def add_scaled(values: list[Any], others: Any, factor: Any) -> None:
    """values += factor * others."""
    if isinstance(factor, Tensor):
        kernels._foreach_add_(values, kernels._foreach_mul(others, factor))
    else:
        kernels._foreach_add_(values, others, alpha=factor)


def add_quotient(values: list[Any], above: Any, below: Any, factor: Any) -> None:
    """values += factor * above / below."""
    if isinstance(factor, Tensor):
        quotient = kernels._foreach_div(above, below)
        kernels._foreach_mul_(quotient, factor)
        kernels._foreach_add_(values, quotient)
    else:
        kernels._foreach_addcdiv_(values, above, below, value=factor)


def add_product(values: list[Any], first: Any, second: Any, factor: Any) -> None:
    """values += factor * first * second."""
    if isinstance(factor, Tensor):
        product = kernels._foreach_mul(first, second)
        kernels._foreach_mul_(product, factor)
        kernels._foreach_add_(values, product)
    else:
        kernels._foreach_addcmul_(values, first, second, value=factor)


def go_towards(values: list[Any], others: Any, share: Any) -> None:
    """values += share * (others - values)."""
    if isinstance(share, Tensor):
        distance = kernels._foreach_sub(others, values)
        kernels._foreach_mul_(distance, share)
        kernels._foreach_add_(values, distance)
    else:
        kernels._foreach_lerp_(values, others, share)


def mean_square(velocity: Any, gradients: list[Tensor], memory: Any) -> None:
    """velocity = memory * velocity + (1 - memory) * gradients^2."""
    kernels._foreach_mul_(velocity, memory)
    add_product(velocity, gradients, gradients, 1.0 - memory)

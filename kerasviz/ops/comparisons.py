"""Comparisons, logic and choices, number by number."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import operands
from kerasviz.ops.recording import op, tensor


@op
def isnan(x: Any) -> Tensor:
    """Whether it is not a number."""
    return torch.isnan(tensor(x))


@op
def isfinite(x: Any) -> Tensor:
    """Whether it is neither infinite nor not a number."""
    return torch.isfinite(tensor(x))


@op
def equal(x1: Any, x2: Any) -> Tensor:
    """Whether two are equal, element by element."""
    return torch.eq(*operands(x1, x2))


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Whether two differ, element by element."""
    return torch.ne(*operands(x1, x2))


@op
def less(x1: Any, x2: Any) -> Tensor:
    """Whether the first is less, element by element."""
    return torch.lt(*operands(x1, x2))


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at most the second, element by element."""
    return torch.le(*operands(x1, x2))


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """Whether the first is greater, element by element."""
    return torch.gt(*operands(x1, x2))


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at least the second, element by element."""
    return torch.ge(*operands(x1, x2))


@op
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Whether both are true."""
    return torch.logical_and(tensor(x1), tensor(x2))


@op
def logical_or(x1: Any, x2: Any) -> Tensor:
    """Whether one is true."""
    return torch.logical_or(tensor(x1), tensor(x2))


@op
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Whether exactly one is true."""
    return torch.logical_xor(tensor(x1), tensor(x2))


@op
def logical_not(x: Any) -> Tensor:
    """Whether it is false."""
    return torch.logical_not(tensor(x))


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """`x1` where the condition holds, `x2` elsewhere; without both, the places where it holds."""
    condition = tensor(condition).to(torch.bool)
    if x1 is None or x2 is None:
        return torch.where(condition)
    return torch.where(condition, *operands(x1, x2))


__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "isfinite",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "where",
]

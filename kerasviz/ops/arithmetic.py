"""Arithmetic and elementary functions, number by number."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import floating, joined, joined_float, operands, pair
from kerasviz.ops.recording import op, tensor

LIMITS = (int, float, type(None))  # a bool is an int
NUMBERS = frozenset({int, float})


@op
def add(x1: Any, x2: Any) -> Tensor:
    """Sum, element by element."""
    return torch.add(*operands(x1, x2))


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """Difference, element by element; truth from truth is refused."""
    return torch.sub(*pair(x1, x2))


@op
def multiply(x1: Any, x2: Any) -> Tensor:
    """Product, element by element."""
    return torch.mul(*operands(x1, x2))


@op
def true_divide(x1: Any, x2: Any) -> Tensor:
    """Quotient, element by element."""
    return torch.true_divide(*operands(x1, x2))


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """Quotient, element by element."""
    return torch.true_divide(*operands(x1, x2))


@op
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """Quotient rounded down, element by element."""
    return torch.floor_divide(*joined(x1, x2))


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Remainder with the sign of the divisor, element by element."""
    a, b = operands(x1, x2)
    return torch.remainder(a.to(torch.int32) if a.dtype == b.dtype == torch.bool else a, b)


@op
def power(x1: Any, x2: Any) -> Tensor:
    """`x1` to the power of `x2`, element by element."""
    if type(x2) in NUMBERS and isinstance(x1, Tensor) and x1.is_floating_point():
        return torch.pow(x1, x2)  # squares and roots are quicker so
    return torch.pow(*operands(x1, x2))


@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """The larger of two, element by element."""
    return torch.maximum(*joined(x1, x2))


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller of two, element by element."""
    return torch.minimum(*joined(x1, x2))


@op
def negative(x: Any) -> Tensor:
    """The opposite number."""
    return torch.neg(tensor(x))


@op
def absolute(x: Any) -> Tensor:
    """The distance from zero."""
    x = tensor(x)
    return x if x.dtype == torch.bool else torch.abs(x)


@op
def abs(x: Any) -> Tensor:
    """The distance from zero."""
    x = tensor(x)
    return x if x.dtype == torch.bool else torch.abs(x)


@op
def sign(x: Any) -> Tensor:
    """-1, 0 or 1; of a complex number, the one of length 1 in its direction."""
    x = tensor(x)
    return torch.sgn(x) if x.is_complex() else torch.sign(x)


@op
def square(x: Any) -> Tensor:
    """`x * x`; truth becomes int32."""
    x = tensor(x)
    return torch.square(x.to(torch.int32) if x.dtype == torch.bool else x)


@op
def sqrt(x: Any) -> Tensor:
    """Square root."""
    return torch.sqrt(floating(x))


@op
def exp(x: Any) -> Tensor:
    """e to the power of `x`."""
    return torch.exp(floating(x))


@op
def log(x: Any) -> Tensor:
    """Natural logarithm."""
    return torch.log(floating(x))


@op
def log1p(x: Any) -> Tensor:
    """Natural logarithm of `1 + x`, exact for small `x`."""
    return torch.log1p(floating(x))


@op
def floor(x: Any) -> Tensor:
    """Rounded down."""
    return torch.floor(joined_float(x))


@op
def ceil(x: Any) -> Tensor:
    """Rounded up."""
    return torch.ceil(joined_float(x))


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Rounded to `decimals` places, halves to even; before the point where `decimals` is negative."""
    x = tensor(x)
    if x.is_floating_point() or x.is_complex():
        return torch.round(x, decimals=decimals) if decimals else torch.round(x)
    return x if decimals >= 0 else torch.round(x.to(torch.float64), decimals=decimals).to(x.dtype)


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Held between two limits, which are numbers or tensors that broadcast; None for no limit. Truth becomes int32."""
    x = tensor(x)
    x = x.to(torch.int32) if x.dtype == torch.bool else x
    if isinstance(x_min, LIMITS) and isinstance(x_max, LIMITS):
        return torch.clamp(x, x_min, x_max)
    low = None if x_min is None else operands(x, x_min)[1]
    high = None if x_max is None else operands(x, x_max)[1]
    return torch.clamp(x, low, high)


__all__ = [
    "abs",
    "absolute",
    "add",
    "ceil",
    "clip",
    "divide",
    "exp",
    "floor",
    "floor_divide",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "power",
    "round",
    "sign",
    "sqrt",
    "square",
    "subtract",
    "true_divide",
]

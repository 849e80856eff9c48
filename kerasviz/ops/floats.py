"""Functions of numbers with a fraction, and the parts of complex ones, number by number."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import NARROW_FLOATS, alone, floating, joined, joined_floats, operands
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import result_type, torch_dtype


@op
def cbrt(x: Any) -> Tensor:
    """Cube root, with the sign of `x`; 64-bit whole numbers become float64."""
    x = tensor(x)
    x = x.to(torch.float64) if x.dtype == torch.int64 else floating(x)
    return torch.sign(x) * torch.pow(torch.abs(x), 1 / 3)


@op
def exp2(x: Any) -> Tensor:
    """2 to the power of `x`."""
    return torch.exp2(floating(x))


@op
def expm1(x: Any) -> Tensor:
    """e to the power of `x`, less 1; exact for small `x`."""
    return torch.expm1(floating(x))


@op
def log2(x: Any) -> Tensor:
    """Logarithm to the base of 2; NaN below 0."""
    return torch.log2(floating(x))


@op
def log10(x: Any) -> Tensor:
    """Logarithm to the base of 10; NaN below 0."""
    return torch.log10(floating(x))


@op
def logaddexp(x1: Any, x2: Any) -> Tensor:
    """`log(exp(x1) + exp(x2))`, without overflow in between."""
    return torch.logaddexp(*joined_floats(x1, x2))


@op
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """`log2(2**x1 + 2**x2)`, without overflow in between."""
    return torch.logaddexp2(*joined_floats(x1, x2))


@op
def ldexp(x1: Any, x2: Any) -> Tensor:
    """`x1` times 2 to the power of `x2`, which are whole numbers."""
    x1, x2 = alone(x1), alone(x2)
    if x2.dtype == torch.bool or x2.is_floating_point() or x2.is_complex():
        raise Invalid("ops.ldexp(x2=...)", "whole numbers", x2.dtype, "Cast the exponents to int32.")
    found = torch.ldexp(x1, x2)
    return found if x1.dtype in NARROW_FLOATS else found.to(torch_dtype(result_type(x1.dtype, x2.dtype, float)))


@op
def nextafter(x1: Any, x2: Any) -> Tensor:
    """The nearest other number that the dtype holds, from `x1` towards `x2`."""
    a, b = joined_floats(x1, x2)
    return _next_half(a, b) if a.dtype == torch.float16 else torch.nextafter(a, b)


def _next_half(a: Tensor, b: Tensor) -> Tensor:
    """`nextafter` of float16, which torch lacks: one step in the order of the bit patterns."""
    a, b = torch.broadcast_tensors(a, b)
    bits = a.contiguous().view(torch.int16)
    grows = (b > a) == (a > 0)  # away from zero
    stepped = torch.where(grows, bits + 1, bits - 1).view(torch.float16)
    smallest = torch.full_like(a, 2.0**-24).copysign(b)
    moved = torch.where(a == 0, smallest, stepped)
    return torch.where(a == b, b, torch.where(torch.isnan(a) | torch.isnan(b), a + b, moved))


@op
def reciprocal(x: Any) -> Tensor:
    """One over `x`."""
    return torch.reciprocal(floating(x))


@op
def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """Quotient, and 0 where the divisor is 0; the gradient is 0 there too."""
    a, b = joined(x1, x2)
    a, b = floating(a), floating(b)
    zero = b == 0
    if torch.is_grad_enabled() and (a.requires_grad or b.requires_grad):  # NaN must not come back from what is left out
        return (a / b.masked_fill(zero, 1)).masked_fill_(zero, 0)
    return torch.where(zero, 0.0, a / b)


@op
def trunc(x: Any) -> Tensor:
    """Without the fraction: rounded towards 0."""
    x = tensor(x)
    return torch.trunc(x) if x.is_floating_point() or x.is_complex() else x


@op
def fabs(x: Any) -> Tensor:
    """The distance from zero, as a float; complex numbers are refused."""
    x = floating(x)
    if x.is_complex():
        raise Invalid("ops.fabs", "real numbers", x.dtype, "`ops.abs` takes complex ones.")
    return torch.abs(x)


@op
def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger of two; the other one where one is NaN."""
    return torch.fmax(*joined(x1, x2))


@op
def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller of two; the other one where one is NaN."""
    return torch.fmin(*joined(x1, x2))


@op
def fmod(x1: Any, x2: Any) -> Tensor:
    """Remainder with the sign of the dividend."""
    a, b = operands(x1, x2)
    return torch.fmod(a.to(torch.int32) if a.dtype == b.dtype == torch.bool else a, b)


@op
def heaviside(x1: Any, x2: Any) -> Tensor:
    """The step function: 0 below 0, 1 above, `x2` at 0."""
    a, b = alone(x1), alone(x2)
    if a.dtype == b.dtype == torch.bool:
        return a | b
    return torch.heaviside(*joined_floats(a, b))


@op
def i0(x: Any) -> Tensor:
    """Modified Bessel function of the first kind, of order 0; 64-bit whole numbers become float64."""
    x = tensor(x)
    return torch.special.i0(x.to(torch.float64) if x.dtype == torch.int64 else floating(x))


@op
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Numbers in place of NaN and the infinities: for None, the largest and the smallest the dtype holds."""
    return torch.nan_to_num(tensor(x), nan, posinf, neginf)


@op
def signbit(x: Any) -> Tensor:
    """Whether the sign is minus; -0.0 has one too."""
    return torch.signbit(tensor(x))


@op
def gcd(x1: Any, x2: Any) -> Tensor:
    """Greatest common divisor of whole numbers: at least 0."""
    return torch.gcd(*operands(x1, x2))


@op
def lcm(x1: Any, x2: Any) -> Tensor:
    """Least common multiple of whole numbers: at least 0."""
    return torch.lcm(*operands(x1, x2))


@op
def real(x: Any) -> Tensor:
    """The real part of complex numbers; other numbers as they are."""
    return torch.real(tensor(x))


@op
def imag(x: Any) -> Tensor:
    """The imaginary part of complex numbers; 0 for others."""
    x = tensor(x)
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


@op
def conj(x: Any) -> Tensor:
    """Complex numbers with the sign of the imaginary part turned; other numbers as they are."""
    return torch.conj(tensor(x))


@op
def conjugate(x: Any) -> Tensor:
    """Complex numbers with the sign of the imaginary part turned; other numbers as they are."""
    return torch.conj(tensor(x))


__all__ = [
    "cbrt",
    "conj",
    "conjugate",
    "divide_no_nan",
    "exp2",
    "expm1",
    "fabs",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "heaviside",
    "i0",
    "imag",
    "lcm",
    "ldexp",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "nan_to_num",
    "nextafter",
    "real",
    "reciprocal",
    "signbit",
    "trunc",
]

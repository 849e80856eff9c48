"""Arithmetic, comparisons and reductions, number by number."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import pair
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import settings, torch_dtype


def floating(x: Any) -> Tensor:
    """`x` as a tensor of floats: whole numbers become floatx."""
    x = tensor(x)
    return x if x.is_floating_point() or x.is_complex() else x.to(torch_dtype(settings.floatx()))


@op
def add(x1: Any, x2: Any) -> Tensor:
    """Sum, element by element."""
    return torch.add(*pair(x1, x2))


@op
def subtract(x1: Any, x2: Any) -> Tensor:
    """Difference, element by element."""
    return torch.sub(*pair(x1, x2))


@op
def multiply(x1: Any, x2: Any) -> Tensor:
    """Product, element by element."""
    return torch.mul(*pair(x1, x2))


@op
def true_divide(x1: Any, x2: Any) -> Tensor:
    """Quotient, element by element."""
    return torch.true_divide(*pair(x1, x2))


@op
def divide(x1: Any, x2: Any) -> Tensor:
    """Quotient, element by element."""
    return torch.true_divide(*pair(x1, x2))


@op
def floor_divide(x1: Any, x2: Any) -> Tensor:
    """Quotient rounded down, element by element."""
    return torch.floor_divide(*pair(x1, x2))


@op
def mod(x1: Any, x2: Any) -> Tensor:
    """Remainder with the sign of the divisor, element by element."""
    return torch.remainder(*pair(x1, x2))


@op
def power(x1: Any, x2: Any) -> Tensor:
    """`x1` to the power of `x2`, element by element."""
    return torch.pow(*pair(x1, x2))


@op
def maximum(x1: Any, x2: Any) -> Tensor:
    """The larger of two, element by element."""
    return torch.maximum(*pair(x1, x2))


@op
def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller of two, element by element."""
    return torch.minimum(*pair(x1, x2))


@op
def negative(x: Any) -> Tensor:
    """The opposite number."""
    return torch.neg(tensor(x))


@op
def absolute(x: Any) -> Tensor:
    """The distance from zero."""
    return torch.abs(tensor(x))


@op
def abs(x: Any) -> Tensor:
    """The distance from zero."""
    return torch.abs(tensor(x))


@op
def sign(x: Any) -> Tensor:
    """-1, 0 or 1."""
    return torch.sign(tensor(x))


@op
def square(x: Any) -> Tensor:
    """`x * x`."""
    return torch.square(tensor(x))


@op
def sqrt(x: Any) -> Tensor:
    """Square root."""
    return torch.sqrt(floating(x))


@op
def rsqrt(x: Any) -> Tensor:
    """One over the square root."""
    return torch.rsqrt(floating(x))


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
def sin(x: Any) -> Tensor:
    """Sine of radians."""
    return torch.sin(floating(x))


@op
def cos(x: Any) -> Tensor:
    """Cosine of radians."""
    return torch.cos(floating(x))


@op
def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent."""
    return torch.tanh(floating(x))


@op
def floor(x: Any) -> Tensor:
    """Rounded down."""
    return torch.floor(floating(x))


@op
def ceil(x: Any) -> Tensor:
    """Rounded up."""
    return torch.ceil(floating(x))


@op
def round(x: Any, decimals: int = 0) -> Tensor:
    """Rounded to `decimals` places, halves to even."""
    return torch.round(tensor(x), decimals=decimals)


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """Held between two limits."""
    return torch.clamp(tensor(x), x_min, x_max)


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
    return torch.eq(*pair(x1, x2))


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Whether two differ, element by element."""
    return torch.ne(*pair(x1, x2))


@op
def less(x1: Any, x2: Any) -> Tensor:
    """Whether the first is less, element by element."""
    return torch.lt(*pair(x1, x2))


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at most the second, element by element."""
    return torch.le(*pair(x1, x2))


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """Whether the first is greater, element by element."""
    return torch.gt(*pair(x1, x2))


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at least the second, element by element."""
    return torch.ge(*pair(x1, x2))


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
    return torch.where(condition, *pair(x1, x2))


@op
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; all of them for None."""
    x = tensor(x)
    return torch.sum(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; all of them for None."""
    x = floating(x)
    return torch.mean(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Variance over axes, divided by the count."""
    x = floating(x)
    return torch.var(x, dim=axes_of(x, axis), keepdim=keepdims, correction=0)


@op
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes, divided by the count."""
    x = floating(x)
    return torch.std(x, dim=axes_of(x, axis), keepdim=keepdims, correction=0)


@op
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Product over axes; all of them for None."""
    x = tensor(x, dtype)
    rank = x.ndim or 1
    for one in sorted((n % rank for n in axes_of(x, axis)), reverse=True):
        x = torch.prod(x, dim=one, keepdim=keepdims)
    return x


@op
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Largest over axes; all of them for None."""
    x = tensor(x)
    result = torch.amax(x, dim=axes_of(x, axis), keepdim=keepdims)
    return result if initial is None else torch.clamp(result, min=initial)


@op
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Smallest over axes; all of them for None."""
    x = tensor(x)
    result = torch.amin(x, dim=axes_of(x, axis), keepdim=keepdims)
    return result if initial is None else torch.clamp(result, max=initial)


@op
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether one is true over axes."""
    x = tensor(x)
    return torch.any(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all are true over axes."""
    x = tensor(x)
    return torch.all(x, dim=axes_of(x, axis), keepdim=keepdims)


@op
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the largest, as int32."""
    return torch.argmax(tensor(x), dim=axis, keepdim=keepdims).to(torch.int32)


@op
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest, as int32."""
    return torch.argmin(tensor(x), dim=axis, keepdim=keepdims).to(torch.int32)


@op
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis; of all numbers in a row for None."""
    x = tensor(x, dtype)
    kept = x.dtype if x.dtype != torch.bool else torch.int32
    return torch.cumsum(x.flatten() if axis is None else x, dim=0 if axis is None else axis, dtype=kept)


@op
def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix product over the last two axes."""
    return torch.matmul(*pair(x1, x2))


@op
def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Sums of products by Einstein's notation."""
    return torch.einsum(subscripts, *(tensor(operand) for operand in operands))


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axis of the first and the second-to-last of the second."""
    a, b = pair(x1, x2)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    axes: Any = ([-1], [-2 if b.ndim > 1 else 0])
    return torch.tensordot(a, b, dims=axes)


def axes_of(x: Tensor, axis: Any) -> list[int]:
    """The axes as a list; all for None."""
    if axis is None:
        return list(range(x.ndim))
    return [axis] if isinstance(axis, int) else list(axis)

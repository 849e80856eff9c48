"""Products of vectors, matrices and tensors. The outcome has the `result_type` of both, of at most 32 bits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import NARROW_FLOATS
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, result_type, torch_dtype


def _both(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of their `result_type`; Python numbers count as int32 and floatx."""
    a = x1 if isinstance(x1, Tensor) else tensor(x1)
    b = x2 if isinstance(x2, Tensor) else tensor(x2)
    return (a, b) if a.dtype == b.dtype and a.dtype in NARROW_FLOATS else _joined(a, b)


def _joined(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch_dtype(result_type(a.dtype, b.dtype))
    return a.to(dtype), b.to(dtype)


def _product(function: Callable[..., Tensor], *operands: Tensor) -> Tensor:
    """The function of tensors of one dtype: torch has no sums of products of truths, nor of ints on accelerators."""
    dtype = operands[0].dtype
    if dtype.is_floating_point or dtype.is_complex:
        return function(*operands)
    if operands[0].device.type not in ("cpu", "meta"):
        exact = torch.float32 if operands[0].device.type == "mps" else torch.float64
        return function(*(operand.to(exact) for operand in operands)).to(dtype)
    if dtype == torch.bool:
        return function(*(operand.to(torch.int32) for operand in operands)).to(dtype)
    return function(*operands)


def _matmul_outputs(x1: Any, x2: Any) -> KerasTensor:
    a, b = (x if hasattr(x, "shape") else tensor(x) for x in (x1, x2))
    left, right = list(a.shape), list(b.shape)
    if not left or not right:
        raise Invalid("ops.matmul", "at least one axis each", [tuple(left), tuple(right)])
    inner = left[-1], right[-2 if len(right) > 1 else -1]
    if None not in inner and inner[0] != inner[1]:
        expected = "as many columns of the first as rows of the second"
        raise Invalid("ops.matmul", expected, [tuple(left), tuple(right)])
    ends = [*left[-2:-1], *(right[-1:] if len(right) > 1 else [])]
    both_int8 = torch_dtype(a.dtype) == torch_dtype(b.dtype) == torch.int8
    dtype = "int32" if both_int8 else result_type(a.dtype, b.dtype)
    return KerasTensor((*_broadcast(left[:-2], right[:-2]), *ends), dtype)


def _broadcast(left: list[int | None], right: list[int | None]) -> list[int | None]:
    """The shape that both broadcast to; where one size is unknown, it will be that of the other."""
    rank = max(len(left), len(right))
    pairs = zip([1] * (rank - len(left)) + left, [1] * (rank - len(right)) + right, strict=True)
    shape: list[int | None] = []
    for a, b in pairs:
        if 1 not in (a, b) and None not in (a, b) and a != b:
            raise Invalid("ops.matmul", "batches that broadcast", [tuple(left), tuple(right)])
        shape.append(b if a == 1 or (a is None and b != 1) else a)
    return shape


@symbolic(_matmul_outputs)
@op
def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix product over the last two axes; two of int8 give int32.

    Shapes:
        x1: (*batch, rows, inner)
        x2: (*batch, inner, columns)
        outputs: (*batch, rows, columns); a vector is a row of the first, a column of the second, and leaves no axis
    """
    a = x1 if isinstance(x1, Tensor) else tensor(x1)
    b = x2 if isinstance(x2, Tensor) else tensor(x2)
    if a.dtype == b.dtype:
        if a.dtype in NARROW_FLOATS:
            return torch.matmul(a, b)
        if a.dtype == torch.int8:
            return _product(torch.matmul, a.to(torch.int32), b.to(torch.int32))
    return _product(torch.matmul, *_joined(a, b))


@op
def dot(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axis of the first and the second-to-last of the second; plain product of numbers.

    Shapes:
        x1: (*first, inner)
        x2: (*second, inner, columns)
        outputs: (*first, *second, columns)
    """
    a, b = _both(x1, x2)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.ndim <= 2 and b.ndim <= 2:
        return _product(torch.matmul, a, b)
    axes: Any = ([-1], [-2 if b.ndim > 1 else 0])
    return _product(lambda a, b: torch.tensordot(a, b, axes), a, b)


@op
def vdot(x1: Any, x2: Any) -> Tensor:
    """Sum of the products of all numbers, the first ones conjugated."""
    a, b = _both(x1, x2)
    return _product(torch.vdot, a.flatten(), b.flatten())


@op
def inner(x1: Any, x2: Any) -> Tensor:
    """Sum of products over the last axes; plain product with a number.

    Shapes:
        x1: (*first, inner)
        x2: (*second, inner)
        outputs: (*first, *second)
    """
    return _product(torch.inner, *_both(x1, x2))


@op
def outer(x1: Any, x2: Any) -> Tensor:
    """Product of each number with each, both flattened; float64 and int64 stay what they are.

    Shapes:
        outputs: (numbers of the first, numbers of the second)
    """
    return torch.outer(tensor(x1).flatten(), tensor(x2).flatten())


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Tensor:
    """Sum of products over some axes of both.

    Args:
        x1: numbers.
        x2: numbers.
        axes: how many: the last of the first, the first of the second; or two lists, or two numbers, of axes.
    """
    a, b = _both(x1, x2)
    if not isinstance(axes, int):
        axes = [[one] if isinstance(one, int) else list(one) for one in axes]
    if a.dtype in NARROW_FLOATS:
        return torch.tensordot(a, b, dims=axes)
    return _product(lambda a, b: torch.tensordot(a, b, dims=axes), a, b)


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Sums of products by Einstein's notation, such as "bij,bjk->bik"; int8 gives int32.

    Args:
        subscripts: letters for the axes of each tensor and, after the arrow, of the outcome; `...` for any others.
        operands: the tensors.
        kwargs: `optimize` is taken, and left to torch.

    Source: Albert Einstein, "Die Grundlage der allgemeinen Relativitätstheorie", 1916.
    """
    if kwargs and kwargs.keys() - {"optimize"}:
        raise Invalid("einsum", "no other argument than `optimize`", sorted(kwargs))
    parts = [operand if isinstance(operand, Tensor) else tensor(operand) for operand in operands]
    dtypes = {part.dtype for part in parts}
    if len(dtypes) == 1 and dtypes <= NARROW_FLOATS:
        return torch.einsum(subscripts, parts)
    dtype = dtypes.pop() if len(dtypes) == 1 else torch_dtype(result_type(*dtypes))
    dtype = torch.int32 if dtype == torch.int8 else dtype
    return _product(lambda *parts: torch.einsum(subscripts, parts), *(part.to(dtype) for part in parts))


@op
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """The vector that stands on two others, as long as the area between them.

    Args:
        x1: vectors of 3, or of 2 in the plane.
        x2: the same; the other axes broadcast.
        axisa: the axis of the first's vectors.
        axisb: the axis of the second's vectors.
        axisc: the axis of the outcome's; two vectors in the plane give numbers, without it.
        axis: all three, where given.
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = _both(x1, x2)
    if axisa == axisb == axisc == -1 and a.ndim == b.ndim and a.shape[-1] == b.shape[-1] == 3 and a.dtype != torch.bool:
        return torch.linalg.cross(a, b)
    a, b = a.movedim(axisa, -1), b.movedim(axisb, -1)
    sizes = a.shape[-1], b.shape[-1]
    if not {*sizes} <= {2, 3}:
        raise Invalid("ops.cross", "vectors of 2 or 3 numbers", [tuple(a.shape), tuple(b.shape)])
    a, b = (torch.nn.functional.pad(x, (0, 1)) if x.shape[-1] == 2 else x for x in (a, b))
    a, b = torch.broadcast_tensors(a, b)
    if a.dtype == torch.bool:
        found = torch.linalg.cross(a.to(torch.int32), b.to(torch.int32)).to(torch.bool)
    else:
        found = torch.linalg.cross(a, b)
    return found[..., 2] if sizes == (2, 2) else found.movedim(-1, axisc)


@op
def kron(x1: Any, x2: Any) -> Tensor:
    """The second, once for each number of the first, times that; float64 and int64 stay what they are.

    Shapes:
        outputs: the product of the sizes along each axis
    """
    return torch.kron(tensor(x1), tensor(x2))


__all__ = ["cross", "dot", "einsum", "inner", "kron", "matmul", "outer", "tensordot", "vdot"]

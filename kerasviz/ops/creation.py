"""New tensors: of one number, a diagonal, a triangle, a grid, or made of an array."""

import operator
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.conversion import convert_to_tensor
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import SCOPES, KerasTensor, default_device, result_type, standardize_dtype, torch_dtype


def here() -> torch.device | None:
    """Where new tensors go; where torch says while shapes are inferred."""
    return None if SCOPES.symbolic else default_device()


def sizes_of(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple: one number is one axis."""
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _dtype_or_own(x: Tensor, dtype: Any) -> torch.dtype:
    return x.dtype if dtype is None else torch_dtype(dtype)


@symbolic(lambda x, dtype=None: KerasTensor(x.shape, standardize_dtype(dtype or x.dtype)))
@op
def array(x: Any, dtype: Any = None) -> Tensor:
    """`x` as a tensor; a tensor of this dtype is handed on."""
    return convert_to_tensor(x, dtype)


@op
def copy(x: Any) -> Tensor:
    """The same numbers in memory of their own; gradients flow back to `x`."""
    return (x if isinstance(x, Tensor) else convert_to_tensor(x)).clone()


@op
def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of zeros; of floatx for None."""
    return torch.zeros(sizes_of(shape), dtype=torch_dtype(dtype), device=here())


@op
def ones(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of ones; of floatx for None."""
    return torch.ones(sizes_of(shape), dtype=torch_dtype(dtype), device=here())


@op
def empty(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of whatever was in the memory; of floatx for None."""
    return torch.empty(sizes_of(shape), dtype=torch_dtype(dtype), device=here())


@op
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A tensor of one number, or of numbers that broadcast to the shape; of floatx for None."""
    if isinstance(fill_value, (bool, int, float, complex)):
        return torch.full(sizes_of(shape), fill_value, dtype=torch_dtype(dtype), device=here())
    return tensor(fill_value).to(torch_dtype(dtype)).expand(sizes_of(shape)).clone()


@op
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of the same shape, and of the same dtype for None."""
    x = tensor(x)
    return torch.zeros_like(x) if dtype is None else torch.zeros_like(x, dtype=torch_dtype(dtype))


@op
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of the same shape, and of the same dtype for None."""
    x = tensor(x)
    return torch.ones_like(x) if dtype is None else torch.ones_like(x, dtype=torch_dtype(dtype))


@op
def empty_like(x: Any, dtype: Any = None) -> Tensor:
    """Whatever was in the memory, of the same shape, and of the same dtype for None."""
    x = tensor(x)
    return torch.empty_like(x) if dtype is None else torch.empty_like(x, dtype=torch_dtype(dtype))


@op
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """One number, or numbers that broadcast, in the shape of `x`, and in its dtype for None."""
    x = tensor(x)
    wanted = _dtype_or_own(x, dtype)
    if isinstance(fill_value, (bool, int, float)):
        return torch.full_like(x, fill_value, dtype=wanted)
    return tensor(fill_value).to(wanted).expand(x.shape).clone()


@op
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803
    """Ones on a diagonal, zeros elsewhere.

    Args:
        N: rows.
        M: columns; as many as rows for None.
        k: the diagonal: 0 is the main one, above it are positive ones.
        dtype: of the numbers; floatx for None.

    Shapes:
        outputs: (N, M)
    """
    rows = whole("eye(N=...)", N)
    columns = rows if M is None else whole("eye(M=...)", M)
    if k == 0:
        return torch.eye(rows, columns, dtype=torch_dtype(dtype), device=here())
    outputs = torch.zeros((rows, columns), dtype=torch_dtype(dtype), device=here())
    torch.diagonal(outputs, k).fill_(1)
    return outputs


@op
def identity(n: int, dtype: Any = None) -> Tensor:
    """Ones on the main diagonal of a square matrix, zeros elsewhere."""
    rows = whole("identity(n=...)", n)
    return torch.eye(rows, dtype=torch_dtype(dtype), device=here())


@op
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:  # noqa: N803
    """Ones on diagonal `k` and below it, zeros above; (N, M), square for `M=None`."""
    rows = whole("tri(N=...)", N)
    columns = rows if M is None else whole("tri(M=...)", M)
    return torch.ones((rows, columns), dtype=torch_dtype(dtype), device=here()).tril(k)


@op
def meshgrid(*x: Any, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid: each row of numbers, repeated along the axes of the others.

    Args:
        x: rows of numbers; others are flattened.
        indexing: "xy" puts the first row along the second axis, "ij" along the first.
    """
    if indexing not in ("xy", "ij"):
        raise Invalid("meshgrid(indexing=...)", "'xy' or 'ij'", indexing)
    if not x:
        raise Invalid("meshgrid", "at least one row of numbers", "none")
    rows = [row if isinstance(row, Tensor) and row.ndim == 1 else tensor(row).reshape(-1) for row in x]
    if len({row.dtype for row in rows}) == 1:
        return list(torch.meshgrid(rows, indexing=indexing))
    axes = list(range(len(rows)))
    if indexing == "xy" and len(rows) > 1:
        axes[:2] = 1, 0
    sizes = [rows[axis].shape[0] for axis in axes]
    return [
        row.reshape([-1 if at == axis else 1 for at in range(len(rows))]).expand(sizes)
        for row, axis in zip(rows, axes, strict=True)
    ]


@op
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:  # noqa: N803
    """Powers of each number, a column each.

    Args:
        x: a row of numbers.
        N: number of columns; as many as numbers for None.
        increasing: whether the powers rise from 0; else they fall to 0.

    Shapes:
        x: (n)
        outputs: (n, N), of at most 32 bits

    Source: Alexandre-Théophile Vandermonde, "Mémoire sur l'élimination", 1772.
    """
    x = tensor(x)
    if x.ndim != 1:
        raise Invalid("vander(x=...)", "a row of numbers", tuple(x.shape))
    columns = x.shape[0] if N is None else whole("vander(N=...)", N)
    own = torch_dtype(result_type(x.dtype))
    first, end, step = (0, columns, 1) if increasing else (columns - 1, -1, -1)
    powers = torch.arange(first, end, step, dtype=torch.int32, device=x.device)
    numbers = x.to(torch.uint8 if own == torch.bool else own)
    return torch.pow(numbers.unsqueeze(1), powers).to(own)


def whole(where: str, number: Any, at_least: int = 0) -> int:
    """The number as an int.

    Raises:
        Invalid: where it is not whole, or less than `at_least`.
    """
    try:
        found = operator.index(number)
    except TypeError:
        raise Invalid(where, "a whole number", number) from None
    if found < at_least:
        raise Invalid(where, f"a whole number at least {at_least}", found)
    return found


__all__ = [
    "array",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "identity",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "vander",
    "zeros",
    "zeros_like",
]

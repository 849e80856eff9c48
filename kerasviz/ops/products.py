"""Products of vectors, matrices and tensors."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import pair
from kerasviz.ops.recording import op, tensor


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


__all__ = ["dot", "einsum", "matmul"]

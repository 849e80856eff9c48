"""Two numbers of different dtypes meet: Python numbers are weak, whole numbers give way to floats."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.tensors import convert_to_tensor, settings, torch_dtype


def pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of one dtype. A Python number takes the dtype of the other, as far as that can hold it."""
    if isinstance(x1, Tensor) and isinstance(x2, Tensor):
        return (x1, x2) if x1.dtype == x2.dtype else _together(x1, x2)
    if isinstance(x1, Tensor) and isinstance(x2, (bool, int, float)):
        return x1, _weak(x2, x1)
    if isinstance(x2, Tensor) and isinstance(x1, (bool, int, float)):
        return _weak(x1, x2), x2
    a, b = convert_to_tensor(x1), convert_to_tensor(x2)
    return (a, b) if a.dtype == b.dtype else _together(a, b)


def _weak(number: Any, like: Tensor) -> Tensor:
    fits = like.is_floating_point() or like.is_complex() or not isinstance(number, float)
    fits = fits and (like.dtype != torch.bool or isinstance(number, bool))
    dtype = like.dtype if fits else torch_dtype(settings.floatx() if isinstance(number, float) else "int32")
    return torch.tensor(number, dtype=dtype, device=like.device)


def _together(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch.promote_types(a.dtype, b.dtype)
    if dtype == torch.float64 and torch.float64 not in (a.dtype, b.dtype):
        dtype = torch_dtype(settings.floatx())
    return a.to(dtype), b.to(dtype)

"""What a tensor is and what it becomes: dtypes, shapes, arrays, complex numbers as pairs."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, Variable, settings, standardize_dtype, torch_dtype
from kerasviz.tensors.convert import convert_to_numpy as convert_to_numpy


@symbolic(lambda x, dtype: KerasTensor(x.shape, standardize_dtype(dtype)))
@op
def cast(x: Any, dtype: Any) -> Tensor:
    """In another dtype. What does not fit is torch's business: see `saturate_cast`."""
    return tensor(x).to(torch_dtype(dtype))


@symbolic(lambda x, dtype: KerasTensor(x.shape, standardize_dtype(dtype)))
@op
def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """In another dtype; what is outside of its range becomes the nearest number in it, and NaN 0 in whole numbers."""
    x, wanted = tensor(x), torch_dtype(dtype)
    if x.dtype in (torch.bool, wanted) or wanted.is_complex:
        return x.to(wanted)
    if wanted == torch.bool:
        return x.clamp(0, 1).to(wanted)
    if wanted.is_floating_point:
        own, limit = (torch.finfo if x.is_floating_point() else torch.iinfo)(x.dtype), torch.finfo(wanted).max
        return (x.clamp(-limit, limit) if limit < own.max else x).to(wanted)
    if x.is_floating_point():
        return _held(x, wanted)
    limits, own = torch.iinfo(wanted), torch.iinfo(x.dtype)
    return x.clamp(max(limits.min, own.min), min(limits.max, own.max)).to(wanted)


def _held(x: Tensor, wanted: torch.dtype) -> Tensor:
    """Floats as whole numbers of a dtype: the nearest there is, and 0 for NaN."""
    x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    limits, digits = torch.iinfo(wanted), 2 / torch.finfo(x.dtype).eps
    if limits.max < digits:  # it is a float as well
        return x.clamp(limits.min, limits.max).nan_to_num_(0.0).to(wanted)
    largest = (limits.max + 1) * (1 - 1 / digits)  # of the floats below the limit
    inside = x.clamp(limits.min, largest).nan_to_num_(0.0).to(wanted)
    return torch.where(x > largest, limits.max, inside)


def _converted_outputs(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> KerasTensor:
    _dense_only(sparse, ragged)
    return KerasTensor(x.shape, x.dtype if dtype is None else standardize_dtype(dtype))


@symbolic(_converted_outputs)
@op
def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Tensor:
    """`x` as a tensor on the default device. Arrays keep their dtype; Python floats become floatx, ints int32.

    Raises:
        Invalid: for `sparse=True` or `ragged=True`, which Keras has on TensorFlow only, and for what holds no numbers.
    """
    _dense_only(sparse, ragged)
    if isinstance(x, np.ndarray) and dtype is None and x.dtype == np.float64:
        return torch.tensor(x, device=settings.default_device())
    if isinstance(x, int) and dtype is None and not -(2**31) <= x < 2**31:
        dtype = "int64"
    try:
        return tensor(x, dtype)
    except (TypeError, ValueError) as error:
        if isinstance(error, Invalid):
            raise
        got = x if isinstance(x, str) or x is None else type(x).__name__
        raise Invalid("convert_to_tensor(x=...)", "numbers, or lists of one shape", got, str(error)) from error


def _dense_only(sparse: bool | None, ragged: bool | None) -> None:
    for name, value in (("sparse", sparse), ("ragged", ragged)):
        if value:
            hint = "Only Keras on TensorFlow has these tensors."
            raise Invalid(f"convert_to_tensor({name}=...)", "None or False on PyTorch", value, hint)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a torch tensor. Variables, arrays and symbols are none."""
    return isinstance(x, Tensor) and not isinstance(x, Variable)


def shape(x: Any) -> tuple[int | None, ...]:
    """Sizes; None where unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(tensor(x).shape)


def dtype(x: Any) -> str:
    """The name of the type of its numbers, such as "float32"."""
    return standardize_dtype(x.dtype if hasattr(x, "dtype") else tensor(x).dtype)


__all__ = [
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "dtype",
    "is_tensor",
    "saturate_cast",
    "shape",
]

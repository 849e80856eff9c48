"""Numbers of different dtypes meet. Python's own are weak: they take the dtype of the tensor, where it can hold them.

Keras's operations follow three rules on torch:

- `operands`: torch promotes (`add`, `power`, `where`, comparisons...): float64 and int64 stay what they are;
- `joined`: `result_type`, which ends in 32 bits (`maximum`, `floor_divide`...);
- `joined_floats`: the same, and whole numbers become floats (`arctan2`, `hypot`...).
"""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.recording import tensor
from kerasviz.tensors import result_type, settings, torch_dtype

NARROW_FLOATS = frozenset({torch.float16, torch.bfloat16, torch.float32})
KEPT = NARROW_FLOATS | {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32}  # no wider than `result_type`
NUMBERS = (bool, int, float)


def operands(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors; torch's functions of two tensors promote their dtypes. Python numbers are weak."""
    if isinstance(x1, Tensor):
        if isinstance(x2, Tensor):
            return x1, x2
        return x1, _weak(x2, x1) if isinstance(x2, NUMBERS) else tensor(x2)
    if isinstance(x2, Tensor) or isinstance(x1, NUMBERS):
        second = tensor(x2)
        return _weak(x1, second) if isinstance(x1, NUMBERS) else tensor(x1), second
    first = tensor(x1)
    return first, _weak(x2, first) if isinstance(x2, NUMBERS) else tensor(x2)


def pair(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of one dtype, by torch's rules. Python numbers are weak."""
    a, b = operands(x1, x2)
    return (a, b) if a.dtype is b.dtype else _cast(a, b, torch.result_type(a, b))


def joined(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of their `result_type`, of at most 32 bits. Python numbers are weak."""
    a, b = (x1, x2) if isinstance(x1, Tensor) and isinstance(x2, Tensor) else operands(x1, x2)
    dtype = a.dtype
    if dtype is b.dtype and dtype in KEPT:
        return a, b
    return _cast(a, b, torch_dtype(result_type(dtype, b.dtype)))


def joined_floats(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors of floats, of at most 32 bits. Python floats count as floatx, ints give way."""
    a, b = (x1, x2) if isinstance(x1, Tensor) and isinstance(x2, Tensor) else (alone(x1), alone(x2))
    dtype = a.dtype
    if dtype is b.dtype and dtype in NARROW_FLOATS:
        return a, b
    return _cast(a, b, torch_dtype(result_type(dtype, b.dtype, float)))


def floating(x: Any) -> Tensor:
    """`x` as a tensor of floats: whole numbers become floatx."""
    x = x if isinstance(x, Tensor) else tensor(x)
    return x if x.is_floating_point() or x.is_complex() else x.to(torch_dtype(settings.floatx()))


def joined_float(x: Any) -> Tensor:
    """`x` as a tensor of floats of at most 32 bits: whole numbers become floatx, float64 float32."""
    x = x if isinstance(x, Tensor) else tensor(x)
    return x if x.dtype in NARROW_FLOATS else x.to(torch_dtype(result_type(x.dtype, float)))


def alone(x: Any) -> Tensor:
    """`x` as a tensor of its own dtype; a Python number has no axes and stays on the host."""
    if type(x) in NUMBERS:
        dtype = torch_dtype(settings.floatx()) if type(x) is float else torch.bool if type(x) is bool else torch.int32
        return torch.scalar_tensor(x, dtype=dtype)
    return x if isinstance(x, Tensor) else tensor(x)


def _weak(number: bool | float, like: Tensor) -> Tensor:
    """The number as a tensor without axes on the host: torch takes it on any device without waiting."""
    fits = like.is_floating_point() or like.is_complex() or not isinstance(number, float)
    fits = fits and (like.dtype != torch.bool or isinstance(number, bool))
    dtype = like.dtype if fits else torch_dtype(settings.floatx() if isinstance(number, float) else "int32")
    return torch.scalar_tensor(number, dtype=dtype)


def _cast(a: Tensor, b: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    return a.to(dtype), b.to(dtype)

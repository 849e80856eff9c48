"""Types of numbers: Keras's names and torch's objects."""

from typing import Any

import torch

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import settings

WHOLE = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
BROKEN = ("bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128")
DTYPES = {name: getattr(torch, name) for name in ("bool", *WHOLE, *BROKEN)}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
PYTHON = {bool: "bool", int: "int32", float: "float32", complex: "complex64"}


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as a name, torch's, numpy's or Python's type; floatx for None."""
    if dtype is None:
        return settings.floatx()
    if isinstance(dtype, torch.dtype):
        return NAMES[dtype]
    if isinstance(dtype, type) and dtype in PYTHON:
        return settings.floatx() if dtype is float else PYTHON[dtype]
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    if name in ("string", "str") or name.startswith(("<U", "str")):
        return "string"
    name = name.removeprefix("torch.")
    if name not in DTYPES:
        raise Invalid("dtype", "the name of a dtype, such as 'float32'", dtype, did_you_mean(name, DTYPES))
    return name


def torch_dtype(dtype: Any) -> torch.dtype:
    """torch's dtype for anything that names one."""
    if isinstance(dtype, torch.dtype):
        return dtype
    return DTYPES[settings.floatx() if dtype is None else standardize_dtype(dtype)]


def is_float(dtype: Any) -> bool:
    """Whether numbers of this dtype have a fraction."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_float_dtype(dtype: Any) -> bool:
    """Whether numbers of this dtype have a fraction: float16, bfloat16, float32, float64 and the 8-bit floats."""
    return is_float(dtype)


def is_int_dtype(dtype: Any) -> bool:
    """Whether it is a dtype of whole numbers, signed or not; bool is none."""
    return standardize_dtype(dtype) in WHOLE

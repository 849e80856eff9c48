"""Anything that holds numbers, as a torch tensor on the device of the weights."""

from typing import Any

import numpy as np
import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import settings
from kerasviz.tensors.dtypes import torch_dtype
from kerasviz.tensors.structure import leaves


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """`x` as a tensor; Python and numpy float64 become floatx unless `dtype` is given. Symbols stay as they are."""
    if dtype is None and isinstance(x, torch.Tensor):
        return x
    from kerasviz.tensors.symbolic import KerasTensor

    wanted = None if dtype is None else torch_dtype(dtype)
    if isinstance(x, torch.Tensor):
        return x if x.dtype == wanted else x.to(wanted)
    if isinstance(x, KerasTensor):
        return x
    if wanted is None:
        wanted = _natural_dtype(x)
    if isinstance(x, (list, tuple)) and any(isinstance(part, torch.Tensor) for part in x):
        stacked = torch.stack([torch.as_tensor(part) for part in x])
        return stacked if wanted is None else stacked.to(wanted)
    if names_texts(x):
        raise Invalid("convert_to_tensor", "numbers", f"texts: {type(x).__name__}")
    if isinstance(x, np.ndarray) and not x.flags.writeable:
        x = x.copy()
    return torch.as_tensor(x, dtype=wanted, device=settings.default_device())


def names_texts(x: Any) -> bool:
    """Whether another library's tensor or series says that it holds texts.

    TensorFlow ends the process where somebody asks for them as numbers.
    """
    return getattr(getattr(x, "dtype", None), "name", "") == "string"


def _natural_dtype(x: Any) -> torch.dtype | None:
    """floatx for Python floats and float64 arrays, int32 for Python ints; as it is otherwise."""
    if isinstance(x, bool):
        return torch.bool
    if isinstance(x, int):
        return torch.int32
    if isinstance(x, float):
        return torch_dtype(settings.floatx())
    if isinstance(x, (list, tuple)):
        if any(isinstance(part, torch.Tensor) for part in x):
            return None
        kind = _compiled_kind(x) if torch.compiler.is_compiling() else np.asarray(x).dtype.kind
        return {"f": torch_dtype(settings.floatx()), "i": torch.int32}.get(kind or "")
    if getattr(x, "dtype", None) == np.float64:
        return torch_dtype(settings.floatx())
    return None


def _compiled_kind(numbers: Any) -> str:
    """Numpy's letter for Python numbers in lists, found without numpy, whose dtypes no compiled graph holds."""
    types = {type(number) for number in leaves(numbers)}
    return "f" if float in types else "i" if int in types else "b"


def convert_to_numpy(x: Any) -> np.ndarray:
    """`x` as a numpy array with memory of its own, on the host; bfloat16 as float32."""
    if isinstance(x, torch.Tensor):
        kind = torch.float32 if x.dtype == torch.bfloat16 else x.dtype
        return x.detach().to("cpu", kind, copy=True).numpy()
    return np.array(x)

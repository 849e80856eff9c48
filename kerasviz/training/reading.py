"""What a user passes as data, as tensors or arrays of text. Nothing is copied that need not be."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import map_leaves, settings, torch_dtype
from kerasviz.training.frames import is_frame, read_frame
from kerasviz.training.texts import is_text, texts_from

WIDENED = {np.dtype("uint16"): np.int32, np.dtype("uint32"): np.int64, np.dtype("uint64"): np.int64}
QUICK = {np.dtype(name) for name in ("?", "b", "B", "h", "i", "q", "e", "f", "d")}  # as torch has them
NUMBERS = (bool, int, float, complex, np.number, np.bool_)
KINDS = "arrays, tensors, frames, or lists and dicts of them"


def as_tensors(data: Any, where: str) -> Any:
    """The same structure with tensors for arrays, frames and lists of numbers, and numpy arrays for texts.

    float64 and float16 become floatx; whole numbers and booleans stay as they are.
    """
    return map_leaves(lambda leaf: leaf if leaf is None else as_floatx(leaf), read(data, where))


def as_tensor(value: Any, where: str) -> Any:
    """One array, frame, series or tensor as a tensor, or as an array of text."""
    return as_floatx(read_one(value, where))


def as_data(part: Any) -> Any:
    """`as_tensors` for a part of each batch: quick where there is nothing to do."""
    kind = type(part)
    if kind is np.ndarray and part.dtype in QUICK and part.flags.carray:
        part = torch.from_numpy(part)
    elif kind is not Tensor or part.requires_grad or part.layout is not torch.strided or part.is_nested:
        return as_tensors(part, "data")
    dtype = part.dtype
    return part.to(floatx) if dtype.is_floating_point and dtype is not (floatx := floatx_dtype()) else part


def read(data: Any, where: str) -> Any:
    """`as_tensors`, with floats in the dtype in which they came."""
    if data is None:
        return None
    if isinstance(data, Mapping):
        return {name: read(part, f"{where}[{name!r}]") for name, part in data.items()}
    if isinstance(data, range):
        return read_one(np.asarray(data), where)
    if isinstance(data, (list, tuple)):
        return read_list(data, where)
    return read_one(data, where)


def read_list(data: Any, where: str) -> Any:
    """Rows written as lists; or a list or tuple with an array for each input, output or weight."""
    first: Any = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    if isinstance(first, (str, bytes)):
        return texts_from(data, where)
    if isinstance(first, NUMBERS):
        try:
            array = np.asarray(data)
            if is_text(array):
                raise Invalid(where, "numbers or texts", "a list of both")
            return read_one(array, where)
        except ValueError as error:
            if isinstance(error, Invalid):
                raise
            hint = "Fill short ones up, for example with keras.utils.pad_sequences."
            raise Invalid(where, "lists of one length", "lists of several lengths", hint) from error
    parts = [read(part, where) for part in data]
    return type(data)(*parts) if hasattr(data, "_fields") else type(data)(parts)


def read_one(value: Any, where: str) -> Any:
    """`as_tensor`, with floats in the dtype in which they came."""
    if isinstance(value, Tensor):
        return read_tensor(value, where)
    if is_frame(value):
        value = read_frame(value, where)
    if not isinstance(value, np.ndarray):
        value = array_of(value, where)
    if isinstance(value, Tensor):
        return value
    return texts_from(value, where) if is_text(value) else from_numpy(value, where)


def as_floatx(value: Any) -> Any:
    """Floats as floatx; anything else as it is."""
    dtype = wanted_dtype(value)
    return value if dtype is None else value.to(dtype)


def wanted_dtype(value: Any) -> torch.dtype | None:
    """What a tensor has to become: floatx for floats that are not; None where it stays as it is."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return None
    floatx = floatx_dtype()
    return None if value.dtype == floatx else floatx


def floatx_dtype() -> torch.dtype:
    """The dtype that floats become."""
    return torch_dtype(settings.floatx())


def read_tensor(value: Tensor, where: str) -> Tensor:
    """A plain tensor without gradient."""
    if value.layout != torch.strided or value.is_nested:
        kind = "a nested tensor" if value.is_nested else f"a tensor of layout {value.layout}"
        hint = "Pass `tensor.to_padded_tensor(0)`." if value.is_nested else "Pass `tensor.to_dense()`."
        raise Invalid(where, "dense tensors", kind, hint)
    value = value.detach() if value.requires_grad else value
    return value if type(value) is Tensor else value.detach().as_subclass(Tensor)


def array_of(value: Any, where: str) -> Any:
    """What other libraries hold numbers in, as a numpy array or tensor."""
    if isinstance(value, (str, bytes)) or value is None:
        hint = "Put texts into a list, one for each sample." if isinstance(value, (str, bytes)) else ""
        raise Invalid(where, KINDS, value, hint)
    refuse_ragged(value, where)
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())  # one of scipy's sparse matrices
    if hasattr(value, "__dlpack__") and not is_text(value):
        try:
            return torch.from_dlpack(value)
        except Exception:
            pass  # a dtype that torch lacks, or a library that says so in its own words
    for method in ("to_numpy", "numpy"):
        if hasattr(value, method):
            return np.asarray(getattr(value, method)())
    array = np.asarray(value)
    if array.dtype == object and not array.ndim:
        raise Invalid(where, KINDS, type(value).__name__)
    return array


def refuse_ragged(value: Any, where: str) -> None:
    """Say that rows have one length, and zeros are written out."""
    kind = type(value).__name__
    if "Ragged" in kind:
        raise Invalid(where, "rows of one length", f"a {kind}", "Fill short rows up: `.to_tensor()`, or padded_batch.")
    if kind.startswith("SparseTensor"):
        raise Invalid(where, "dense tensors", f"a {kind}", "Use tf.sparse.to_dense.")


def from_numpy(array: np.ndarray, where: str) -> Tensor:
    """A tensor in the memory of an array, where torch can read that."""
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise Invalid(where, "numbers in every place", "an array with masked places", "Use `array.filled(0)`.")
        array = array.data
    if array.dtype == object:
        array = from_objects(array, where)
    if array.dtype.name == "bfloat16":  # of ml_dtypes
        return torch.from_numpy(np.ascontiguousarray(array).view(np.int16)).view(torch.bfloat16)
    if array.dtype.kind in "Mm":
        hint = "Make numbers of them, such as days since the first."
        raise Invalid(where, "numbers", f"times of {array.dtype}", hint)
    if array.dtype.kind not in "biufc":
        raise Invalid(where, "numbers", f"an array of {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    array = array.astype(WIDENED.get(array.dtype, array.dtype), copy=False)
    if any(stride < 0 or stride % array.itemsize for stride in array.strides) or not array.dtype.isnative:
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
    if array.flags.writeable:
        return torch.from_numpy(array)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # batches are copies or read only: nothing writes to the user's memory
        return torch.from_numpy(array)


def from_objects(array: np.ndarray, where: str) -> np.ndarray:
    """Numbers that came as Python objects."""
    first = next(iter(array.flat), None)
    if isinstance(first, (list, tuple, np.ndarray, Tensor)):
        hint = "Fill rows up to one length, for example with keras.utils.pad_sequences; np.stack joins equal ones."
        raise Invalid(where, "numbers", f"an array of {type(first).__name__}s", hint)
    if all(isinstance(number, (bool, int, np.integer, np.bool_)) for number in array.flat):
        return np.asarray(array.tolist())
    try:
        return array.astype(settings.floatx())
    except (TypeError, ValueError) as error:
        wrong = next((item for item in array.flat if not isinstance(item, NUMBERS)), first)
        raise Invalid(where, "numbers", f"an array of objects such as {wrong!r}") from error

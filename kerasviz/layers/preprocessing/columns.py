"""What preprocessing layers are given, texts among it, and the batches that `adapt` looks through."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import KerasTensor, convert_to_tensor, names_texts

ADAPT_BATCH_SIZE = 256  # single samples of a torch dataset that are looked at together


def is_text(value: Any) -> bool:
    """Whether it is a text, or an array, series or nested list of them."""
    if isinstance(value, (str, bytes)):
        return True
    if isinstance(value, (list, tuple)):
        return any(is_text(part) for part in value[:1])
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "USTO" and (value.dtype.kind != "O" or _holds_text(value))
    if isinstance(value, Tensor):
        return False
    return names_texts(value) or str(getattr(value, "dtype", "")).lower() in ("object", "str", "string")


def _holds_text(array: np.ndarray) -> bool:
    return array.size == 0 or isinstance(array.flat[0], (str, bytes))


def as_column(value: Any, where: str) -> Any:
    """Texts as a numpy array of `str` or `bytes` objects, numbers as a tensor; symbols stay as they are.

    Raises:
        Invalid: where it is neither.
    """
    if isinstance(value, (Tensor, KerasTensor)):
        return value
    if is_text(value):
        return as_texts(value, where)
    try:
        if isinstance(value, np.ndarray) and value.dtype.kind == "O":
            value = np.asarray(value.tolist())
        return convert_to_tensor(value if hasattr(value, "dtype") and hasattr(value, "shape") else np.asarray(value))
    except (TypeError, ValueError, RuntimeError) as error:
        hint = "Lists inside must have one length."
        raise Invalid(where, "numbers or texts: an array, a tensor, or nested lists", value, hint) from error


def as_texts(value: Any, where: str) -> np.ndarray:
    """Texts as a numpy array of objects, in the shape in which they came."""
    try:
        array = np.asarray(value, dtype=object) if not isinstance(value, np.ndarray) else value.astype(object)
    except ValueError as error:
        raise Invalid(where, "texts in lists of one length", value) from error
    wrong = next((text for text in array.flat if not isinstance(text, (str, bytes))), None)
    if wrong is not None:
        hint = "Lists inside must have one length." if isinstance(wrong, (list, tuple)) else ""
        raise Invalid(where, "texts only", wrong, hint)
    return array


def texts_for(symbol: KerasTensor, value: Any, where: str) -> np.ndarray:
    """Texts in the shape of an input of a model; an axis of size 1 at the end may be left out.

    Raises:
        Invalid: where they have another shape.
    """
    texts = as_texts(value, where)
    if texts.ndim == symbol.ndim - 1 and symbol.shape[-1] == 1:
        texts = texts[..., None]
    sizes = zip(symbol.shape[1:], texts.shape[1:], strict=False)
    if texts.ndim != symbol.ndim or any(wanted not in (None, size) for wanted, size in sizes):
        raise Invalid(where, f"texts of shape {symbol.shape}", texts.shape)
    return texts


def decoded(texts: np.ndarray, encoding: str = "utf-8") -> list[str]:
    """The texts, flat, as `str`."""
    return [text if isinstance(text, str) else text.decode(encoding) for text in texts.ravel().tolist()]


def encoded(texts: np.ndarray, encoding: str = "utf-8") -> list[bytes]:
    """The texts, flat, as bytes."""
    return [text if isinstance(text, bytes) else text.encode(encoding) for text in texts.ravel().tolist()]


def written(numbers: Tensor) -> list[bytes]:
    """Each number as its text: decimal digits for whole numbers, true or false for flags. Reads them."""
    array = numbers.detach().cpu().numpy()
    if array.dtype.kind == "b":
        return [b"true" if flag else b"false" for flag in array.ravel().tolist()]
    return [str(int(number)).encode() for number in array.ravel().tolist()]


def batches_of(data: Any, where: str, steps: int | None = None) -> Iterator[Any]:
    """The inputs in `data`, a batch at a time, as columns.

    Args:
        data: an array, tensor or nested list, which is one batch; or a DataLoader, dataset, generator or PyDataset of
            batches, each the inputs alone or (inputs, targets, ...).
        where: for errors.
        steps: how many batches to take at most; None for all.
    """
    return (as_column(inputs_of(batch), where) for batch in itertools.islice(raw_batches(data, where), steps))


def raw_batches(data: Any, where: str) -> Iterator[Any]:
    """The batches as they come."""
    if is_one_batch(data):
        yield data
    elif isinstance(data, (dict, tuple)):
        hint = "Adapt on one column: data[name]." if isinstance(data, dict) else "Adapt on the inputs alone."
        raise Invalid(where, "one column of data", type(data).__name__, hint)
    elif is_torch_dataset(data):
        from torch.utils.data import DataLoader

        yield from DataLoader(data, batch_size=ADAPT_BATCH_SIZE)
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "batch_sampler"):
        yield from (data[index] for index in range(len(data)))
    elif hasattr(data, "__iter__"):
        yield from data
    else:
        raise Invalid(where, "arrays, tensors, lists, a DataLoader, a dataset or a generator", type(data).__name__)


def is_one_batch(data: Any) -> bool:
    """Whether it is a column, and nothing that hands out batches."""
    if isinstance(data, tuple):
        return not any(isinstance(part, (Tensor, np.ndarray)) for part in data)
    return isinstance(data, (list, str, bytes)) or hasattr(data, "dtype") or hasattr(data, "__array__")


def is_torch_dataset(data: Any) -> bool:
    """Whether it is one of torch's datasets, which has single samples and not batches."""
    return isinstance(data, getattr(torch.utils.data, "Dataset", ()))


def inputs_of(batch: Any) -> Any:
    """The inputs of (inputs, targets, ...); the batch itself where it is they."""
    first = next(iter(batch), None) if isinstance(batch, (list, tuple)) else None
    return first if isinstance(first, (Tensor, np.ndarray)) else batch

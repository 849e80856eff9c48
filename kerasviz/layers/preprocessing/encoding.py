"""Whole numbers as rows of zeros and ones, or of counts."""

import torch
from torch import Tensor

from kerasviz.declare import Invalid

Shape = tuple[int | None, ...]


def encode(numbers: Tensor, mode: str, size: int, dtype: torch.dtype, weights: Tensor | None = None) -> Tensor:
    """Rows for numbers below `size`; negative ones leave no trace.

    Args:
        numbers: what to encode.
        mode: "one_hot" makes a row of each number, "multi_hot" and "count" one of all numbers along the last axis.
        size: of a row.
        dtype: of the result.
        weights: what each number adds to its count; 1 by default.

    Shapes:
        numbers: (*batch, numbers)
        result: (*batch, numbers, size) for one_hot, without the axis of size 1; (*batch, size) otherwise
    """
    numbers = numbers.long()
    if numbers.ndim == 0:
        numbers = numbers.reshape(1)
        weights = None if weights is None else weights.reshape(1)
    if mode == "one_hot" and (numbers.ndim == 1 or numbers.shape[-1] != 1):
        numbers = numbers.unsqueeze(-1)
    places = (numbers + 1).clamp(min=0)  # the first column takes the negative ones, and is cut off
    rows = torch.zeros((*numbers.shape[:-1], size + 1), dtype=dtype, device=numbers.device)
    if mode == "count":
        ones = torch.ones_like(places, dtype=dtype) if weights is None else weights.to(dtype).expand_as(places)
        rows = rows.scatter_add(-1, places, ones)
    else:
        rows = rows.scatter(-1, places, 1)
    return rows[..., 1:]


def encoded_shape(shape: Shape, mode: str, size: int | None) -> Shape:
    """The shape of `encode` for inputs of this shape."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot":
        kept = tuple(shape[:-1]) if len(shape) > 1 and shape[-1] == 1 else tuple(shape)
        return (*(kept or (1,)), size)
    return (*shape[:-1], size)


def refuse_sparse(where: str, sparse: bool) -> None:
    """Say that rows are dense.

    Raises:
        Invalid: where `sparse` is True.
    """
    if sparse:
        hint = "Sparse rows are there in Keras on TensorFlow only."
        raise Invalid(f"{where}(sparse=...)", "False: rows are dense tensors", sparse, hint)

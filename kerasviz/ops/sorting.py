"""Order: sort numbers, find their places, leave out what comes again."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor


@op
def sort(x: Any, axis: int | None = -1) -> Tensor:
    """Rising numbers along an axis; all numbers in a row for None."""
    x = tensor(x)
    return torch.sort(x.flatten() if axis is None else x, dim=-1 if axis is None else axis).values


@op
def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """Places that sort along an axis, as int32; equal numbers keep their order. All numbers in a row for None."""
    x = tensor(x)
    found = torch.sort(x.flatten() if axis is None else x, dim=-1 if axis is None else axis, stable=True)
    return found.indices.to(torch.int32)


@op
def argpartition(x: Any, kth: int, axis: int | None = -1) -> Tensor:
    """Places, as int32, that put number `kth` where it is if sorted: none before it is larger, none after it smaller.

    Args:
        x: numbers.
        kth: the place; negative ones count from the end.
        axis: along which; all numbers in a row for None.

    Source: C. A. R. Hoare, "Algorithm 65: Find", 1961.
    """
    x = tensor(x)
    x, along = (x.flatten(), 0) if axis is None else (x, axis)
    size = x.shape[along] if x.ndim else 1
    if not -size <= kth < size:
        raise Invalid("argpartition(kth=...)", f"a place among {size}", kth)
    return torch.argsort(x, dim=along, stable=True).to(torch.int32)


def _unique_outputs(
    x: KerasTensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    shape = (size,)
    inverse: Any = x.shape
    if axis is not None:
        at = axis % x.ndim
        shape, inverse = (*x.shape[:at], size, *x.shape[at + 1 :]), (x.shape[at],)
    outputs = [KerasTensor(shape, x.dtype)]
    wanted = ((return_index, (size,)), (return_inverse, inverse), (return_counts, (size,)))
    outputs += [KerasTensor(places, "int64") for asked, places in wanted if asked]
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


@symbolic(_unique_outputs)
@op
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """What there is, each once.

    Args:
        x: numbers.
        sorted: whether they rise; they do so on PyTorch in any case.
        return_index: whether to return where each one is first.
        return_inverse: whether to return the place of each number of `x` among them.
        return_counts: whether to return how often each one comes.
        axis: whose slices are compared; single numbers for None.
        size: how many to return: the rest is cut off, or filled.
        fill_value: what fills; 0 for None.

    Returns:
        The numbers, or a tuple of them and of what else was asked for, in the order of the arguments, as int64.
    """
    x = tensor(x)
    along = 0 if axis is None else axis % x.ndim
    found = torch.unique(x, dim=axis, return_inverse=return_inverse or return_index, return_counts=return_counts)
    values, *more = found if isinstance(found, tuple) else (found,)
    outputs = [values] if size is None else [_sized(values, along, size, x.new_full((), fill_value or 0))]
    if return_index:
        index = _first_places(more[0].flatten(), values.shape[along])
        outputs.append(index if size is None else _sized(index, 0, size, index[:1].sum()))
    if return_inverse:
        outputs.append(more[0])
    if return_counts:
        outputs.append(more[-1] if size is None else _sized(more[-1], 0, size, more[-1].new_zeros(())))
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def _first_places(inverse: Tensor, count: int) -> Tensor:
    places = torch.arange(inverse.shape[0], device=inverse.device)
    return places.new_full((count,), inverse.shape[0]).scatter_reduce(0, inverse, places, "amin")


def _sized(x: Tensor, axis: int, size: int, fill: Tensor) -> Tensor:
    """Cut off or filled up to a size along an axis."""
    missing = size - x.shape[axis]
    if missing <= 0:
        return x.narrow(axis, 0, size)
    return torch.cat((x, fill.expand(*x.shape[:axis], missing, *x.shape[axis + 1 :])), dim=axis)


__all__ = ["argpartition", "argsort", "sort", "unique"]

"""Parts by their places, and places by their parts. Places are int32."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.creation import sizes_of
from kerasviz.ops.places import quickest
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, result_type, torch_dtype

WHOLE = (torch.int64, torch.int32)
SIMPLE = (int, slice, type(None), type(Ellipsis))


def _places(indices: Any, size: int, device: torch.device) -> Tensor:
    """Places in a dtype that torch's functions take; those of a list count from the start."""
    if isinstance(indices, (list, tuple)) and {type(index) for index in indices} <= {int}:
        found = [index + size if -size <= index < 0 else index for index in indices]
        return torch.tensor(found, dtype=torch.int64, device=device)
    places = tensor(indices)
    return places if places.dtype in WHOLE else places.to(torch.int64)


def _taken(x: Tensor, along: int, places: Tensor) -> Tensor:
    """Parts along an axis, at a row of places; negative ones count from the end."""
    along = along % x.ndim if x.ndim else along
    numbers = places.shape[0] * (x.numel() // (x.shape[along] or 1))
    return quickest(
        lambda at: torch.index_select(x, along, at),
        places,
        lambda: x[(slice(None),) * along + (places,)],
        numbers,
    )


def _take_outputs(x: Any, indices: Any, axis: int | None = None) -> KerasTensor:
    places = tuple((indices if hasattr(indices, "shape") else tensor(indices)).shape)
    if axis is None:
        return KerasTensor(places, x.dtype)
    at = axis % len(x.shape)
    return KerasTensor((*x.shape[:at], *places, *x.shape[at + 1 :]), x.dtype)


@symbolic(_take_outputs)
@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """The parts at `indices` along an axis; of all numbers in a row for None. Negative places count from the end.

    Shapes:
        x: (*before, size, *after), with size along the axis
        indices: (*places)
        outputs: (*before, *places, *after)
    """
    x = tensor(x)
    x, along = (x.flatten(), 0) if axis is None else (x, axis)
    size = x.shape[along]
    if isinstance(indices, int) and -size <= indices < size:
        return torch.select(x, along, indices)
    places = _places(indices, size, x.device)
    if places.ndim == 1:
        return _taken(x, along, places)
    along = along % x.ndim
    taken = _taken(x, along, places.flatten())
    return taken.reshape(*x.shape[:along], *places.shape, *x.shape[along + 1 :])


@op
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """For each row along an axis, the numbers at its own indices; of all numbers in a row for None.

    Args:
        x: numbers.
        indices: places along the axis, negative ones from the end. The other axes broadcast with those of `x`.
        axis: the axis.
    """
    x, places = tensor(x), tensor(indices).to(torch.int64)
    if axis is None:
        x, places, axis = x.flatten(), places.flatten(), 0
    sizes = list(x.shape)
    sizes[axis] = places.shape[axis]
    if list(places.shape) != sizes:
        return torch.take_along_dim(x, places, axis)
    return quickest(
        lambda at: torch.gather(x, axis, at), places, lambda: torch.take_along_dim(x, places, axis), places.numel()
    )


@op
def nonzero(x: Any) -> Tensor:
    """Places of the numbers that are not zero, a row for each axis.

    Shapes:
        x: (*axes)
        outputs: (number of axes, count)
    """
    return torch.nonzero(tensor(x)).t().to(torch.int32)


nonzero.__dict__["symbolic_outputs"] = lambda x: KerasTensor((len(x.shape), None), "int32")


def _item_outputs(x: KerasTensor, key: Any) -> KerasTensor:
    keys = key if isinstance(key, tuple) else (key,)
    axes = sum(one is not None and one is not Ellipsis for one in keys)
    if axes > x.ndim:
        raise Invalid("get_item(key=...)", f"at most {x.ndim} places", key)
    if Ellipsis not in keys:
        keys = (*keys, Ellipsis)
    shape: list[int | None] = []
    left = list(x.shape)
    for one in keys:
        if one is None:
            shape.append(1)
        elif one is Ellipsis:
            kept = len(left) - (axes - (x.ndim - len(left)))
            shape += left[:kept]
            left = left[kept:]
        else:
            size = left.pop(0)
            shape += _kept(size, one)
    return KerasTensor(tuple(shape), x.dtype)


def _kept(size: int | None, place: Any) -> list[int | None]:
    """What an int or a slice leaves of an axis."""
    if isinstance(place, slice):
        return [None if size is None else len(range(*place.indices(size)))]
    if size is not None and not -size <= place < size:
        raise Invalid("get_item(key=...)", f"a place in an axis of {size}", place)
    return []


def _get_item_outputs(x: Any, key: Any) -> Any:
    keys = key if isinstance(key, tuple) else (key,)
    if isinstance(x, KerasTensor) and all(isinstance(one, SIMPLE) and not isinstance(one, bool) for one in keys):
        return _item_outputs(x, key)
    from kerasviz.tensors import infer

    return infer(_part, (x, key), {})


@symbolic(_get_item_outputs)
@op
def get_item(x: Any, key: Any) -> Any:
    """`x[key]`: ints, slices (steps may be negative), None, `...`, tensors of places or of truths."""
    return _part(x, key)


def _part(x: Any, key: Any) -> Any:
    if isinstance(x, Tensor):
        keys = key if isinstance(key, tuple) else (key,)
        for one in keys:
            if isinstance(one, slice) and one.step is not None and one.step < 0:
                x, key = _forwards(x, keys)
                break
    return x[key]


def _forwards(x: Tensor, keys: tuple) -> tuple[Tensor, tuple]:
    """The tensor turned where the step of a slice is negative, and keys without such steps: torch knows none."""
    found: list[Any] = []
    axis = 0
    taken = sum(_axes_of(one) for one in keys)
    for one in keys:
        if isinstance(one, slice) and (one.step or 1) < 0:
            size = x.shape[axis]
            places = range(*one.indices(size))
            x = x.flip(axis)
            one = slice(size - 1 - places[0], size - places[-1], -places.step) if places else slice(0, 0)
        axis += x.ndim - taken if one is Ellipsis else _axes_of(one)
        found.append(one)
    return x, tuple(found)


def _axes_of(key: Any) -> int:
    """How many axes a part of a key is about."""
    if key is None or key is Ellipsis:
        return 0
    dtype = getattr(key, "dtype", None)
    return len(key.shape) if dtype is not None and str(dtype).removeprefix("torch.") == "bool" else 1


@op
def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Places in a row of all numbers as places along each axis of a shape; negative ones count from the end.

    Args:
        indices: whole numbers.
        shape: sizes of the axes, the last one the fastest.

    Returns:
        A tensor shaped like `indices` for each axis.
    """
    places = tensor(indices)
    if places.is_floating_point() or places.dtype == torch.bool:
        raise Invalid("unravel_index(indices=...)", "whole numbers", str(places.dtype).removeprefix("torch."))
    places = places.to(torch_dtype(result_type(places.dtype)))
    found: list[Tensor] = []
    for size in reversed(sizes_of(shape)):
        found.append(torch.remainder(places, size))
        places = torch.div(places, size, rounding_mode="floor")
    return tuple(reversed(found))


def _comparable(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Both in a dtype that torch can search; it has no order of truths."""
    a, b = tensor(x1), tensor(x2)
    if a.dtype == b.dtype and a.dtype != torch.bool:
        return a, b
    dtype = torch.promote_types(a.dtype, b.dtype)
    dtype = torch.uint8 if dtype == torch.bool else dtype
    return a.to(dtype), b.to(dtype)


@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Where each value would go in a sorted row.

    Args:
        sorted_sequence: numbers that rise, in one row.
        values: numbers, in any shape, which the outcome has too.
        side: "left" for the place before equal numbers, "right" for that after them.
    """
    row, numbers = _comparable(sorted_sequence, values)
    if row.ndim != 1:
        hint = "`vectorized_map` searches several rows."
        raise Invalid("searchsorted(sorted_sequence=...)", "one row", tuple(row.shape), hint)
    if side not in ("left", "right"):
        raise Invalid("searchsorted(side=...)", "'left' or 'right'", side)
    return torch.searchsorted(row, numbers, side=side, out_int32=True)


@op
def digitize(x: Any, bins: Any) -> Tensor:
    """The bin of each number: how many of the borders are not above it.

    Args:
        x: numbers.
        bins: borders that rise, in one row.
    """
    numbers, borders = _comparable(x, bins)
    if borders.ndim != 1:
        raise Invalid("digitize(bins=...)", "one row", tuple(borders.shape))
    return torch.bucketize(numbers, borders, out_int32=True, right=True)


__all__ = [
    "digitize",
    "get_item",
    "nonzero",
    "searchsorted",
    "take",
    "take_along_axis",
    "unravel_index",
]

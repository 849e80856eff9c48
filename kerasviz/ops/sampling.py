"""Values between places: `map_coordinates`, and what turns and bends images use."""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.padding import MODES
from kerasviz.ops.picturing import choice, narrowed, widened
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor

FAR = 2.0**30  # no map is as large; what is farther would not fit into a whole number
FILLS: dict[str, Callable[[Tensor, int], Tensor]] = {
    "constant": MODES["edge"],
    "nearest": MODES["edge"],
    "wrap": MODES["wrap"],
    "mirror": MODES["reflect"],
    "reflect": MODES["symmetric"],
}


def sampled(x: Tensor, places: Tensor, order: int, fill_mode: str, fill_value: Any = 0) -> Tensor:
    """Values of maps at places between their own.

    Args:
        x: maps of floats.
        places: coordinates along each spatial axis, in places of the map; they may lie outside.
        order: 0 takes the nearest, halves to the even one; 1 lies on the line between neighbours.
        fill_mode: what is outside; a key of FILLS.
        fill_value: what is outside with "constant".

    Shapes:
        x: (batch, channels, *space)
        places: (batch or 1, axes of space, *out)
        result: (batch, channels, *out)
    """
    batch, channels, *space = x.shape
    flat = x.flatten(2)
    out = places.shape[2:]
    rows = places.clamp(-FAR, FAR).flatten(2).unbind(1)
    total: Any = None
    for corner in itertools.product(*(_neighbours(row, order) for row in rows)):
        index, inside, weight = _joined(corner, space, fill_mode)
        index = index.unsqueeze(1).expand(batch, channels, -1)
        values = flat.gather(2, index)
        if fill_mode == "constant":
            values = torch.where(inside.unsqueeze(1), values, fill_value)
        values = values if weight is None else values * weight.unsqueeze(1)
        total = values if total is None else total + values
    return total.reshape(batch, channels, *out)


def _neighbours(place: Tensor, order: int) -> list[tuple[Tensor, Tensor | None]]:
    """The places of the map next to each place, and their shares."""
    if order == 0:
        return [(place.round().long(), None)]
    below = place.floor()
    share = place - below
    first = below.long()
    return [(first, 1 - share), (first + 1, share)]


def _joined(corner: tuple, space: list[int], fill_mode: str) -> tuple[Tensor, Tensor, Tensor | None]:
    """One neighbour along each axis: the index into the flat map, whether it is inside, and its share."""
    index: Any = 0
    inside: Any = True
    weight: Any = None
    for (place, share), size in zip(corner, space, strict=True):
        index = index * size + FILLS[fill_mode](place, size)
        if fill_mode == "constant":
            inside = (place >= 0) & (place < size) & inside
        if share is not None:
            weight = share if weight is None else weight * share
    return index, inside, weight


def _check(inputs: Any, coordinates: Any, order: Any, fill_mode: Any) -> None:
    choice(fill_mode, FILLS, "ops.image.map_coordinates(fill_mode=...)")
    choice(order, (0, 1), "ops.image.map_coordinates(order=...)")
    rank, shape = len(inputs.shape), tuple(coordinates.shape)
    if len(shape) < 2 or shape[0] != rank:
        expected = f"coordinates ({rank}, *out), one row for each axis of the inputs {tuple(inputs.shape)}"
        raise Invalid("ops.image.map_coordinates", expected, shape)


def _symbol(inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: Any = 0) -> KerasTensor:
    coordinates = coordinates if hasattr(coordinates, "shape") else tensor(coordinates)
    _check(inputs, coordinates, order, fill_mode)
    return KerasTensor(tuple(coordinates.shape[1:]), inputs.dtype)


@symbolic(_symbol)
@op
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: Any = 0
) -> Tensor:
    """Values of an array at places between its own.

    Args:
        inputs: an array with any number of axes. Of whole numbers, values are rounded, halves to the even one.
        coordinates: one row for each axis, in places of the array.
        order: 0 takes the nearest value, 1 lies on the line between neighbours.
        fill_mode: what is outside: "constant" (k k | a b c | k k), "nearest" (a a | a b c | c c), "wrap"
            (b c | a b c | a b), "mirror" (c b | a b c | b a) or "reflect" (b a | a b c | c b).
        fill_value: k.

    Shapes:
        inputs: (*space)
        coordinates: (axes of the inputs, *out)
        result: (*out)
    """
    inputs, coordinates = tensor(inputs), tensor(coordinates)
    _check(inputs, coordinates, order, fill_mode)
    x, places = widened(inputs), widened(coordinates)
    found = sampled(x[None, None], places[None], order, fill_mode, fill_value)
    return narrowed(found[0, 0], inputs.dtype)


__all__ = ["map_coordinates"]

"""Shapes and places: reshape, move, join, cut, gather."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import torch_dtype


@op
def reshape(x: Any, newshape: Any) -> Tensor:
    """The same numbers in another shape; -1 for one size that follows from the others."""
    sizes = [newshape] if isinstance(newshape, int) else [-1 if n is None else n for n in newshape]
    return torch.reshape(tensor(x), sizes)


@op
def transpose(x: Any, axes: Any = None) -> Tensor:
    """Axes in another order; reversed for None."""
    x = tensor(x)
    return x.permute(*(reversed(range(x.ndim)) if axes is None else axes))


@op
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Without axes of size 1."""
    x = tensor(x)
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis if isinstance(axis, int) else tuple(axis))


@op
def expand_dims(x: Any, axis: Any) -> Tensor:
    """With new axes of size 1."""
    x = tensor(x)
    for one in [axis] if isinstance(axis, int) else axis:
        x = torch.unsqueeze(x, one)
    return x


@op
def concatenate(xs: Any, axis: int | None = 0) -> Tensor:
    """Joined along an axis; flattened first for None."""
    parts = [tensor(x) for x in xs]
    if axis is None:
        return torch.cat([part.flatten() for part in parts])
    return torch.cat(parts, dim=axis)


@op
def stack(x: Any, axis: int = 0) -> Tensor:
    """Joined along a new axis."""
    return torch.stack([tensor(part) for part in x], dim=axis)


@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut along an axis: into so many equal parts, or at these places."""
    x = tensor(x)
    if isinstance(indices_or_sections, int):
        return list(torch.chunk(x, indices_or_sections, dim=axis))
    return list(torch.tensor_split(x, list(indices_or_sections), dim=axis))


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """Repeated along each axis."""
    return torch.tile(tensor(x), (repeats,) if isinstance(repeats, int) else tuple(repeats))


@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated along an axis."""
    return torch.repeat_interleave(tensor(x), tensor(repeats) if not isinstance(repeats, int) else repeats, dim=axis)


@op
def flip(x: Any, axis: Any = None) -> Tensor:
    """Reversed along axes."""
    x = tensor(x)
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return torch.flip(x, list(axes))


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Axes moved to other places."""
    return torch.movedim(tensor(x), source, destination)


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    return torch.swapaxes(tensor(x), axis1, axis2)


@op
def ravel(x: Any) -> Tensor:
    """All numbers in a row."""
    return torch.flatten(tensor(x))


@op
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """The parts at `indices` along an axis."""
    x, places = tensor(x), tensor(indices).to(torch.int64)
    along = 0 if axis is None else axis % x.ndim
    x = x.flatten() if axis is None else x
    places = torch.where(places < 0, places + x.shape[along], places)
    taken = torch.index_select(x, along, places.flatten())
    return taken.reshape(*x.shape[:along], *places.shape, *x.shape[along + 1 :])


@op
def get_item(x: Any, key: Any) -> Any:
    """`x[key]`."""
    return x[key]


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """With margins: (before, after) per axis."""
    x = tensor(x)
    pairs = [pad_width] * x.ndim if isinstance(pad_width[0], int) else pad_width
    flat = [n for before_after in reversed(list(pairs)) for n in before_after]
    if mode == "constant":
        return torch.nn.functional.pad(x, flat, value=constant_values or 0)
    return torch.nn.functional.pad(x[None, None], flat, mode={"symmetric": "reflect"}.get(mode, mode))[0, 0]


@op
def broadcast_to(x: Any, shape: Any) -> Tensor:
    """Repeated to fill a shape."""
    return torch.broadcast_to(tensor(x), tuple(shape))


@op
def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros of the same shape."""
    return torch.zeros_like(tensor(x), dtype=None if dtype is None else torch_dtype(dtype))


@op
def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones of the same shape."""
    return torch.ones_like(tensor(x), dtype=None if dtype is None else torch_dtype(dtype))


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of zeros."""
    return torch.zeros(_sizes(shape), dtype=torch_dtype(dtype), device=_device())


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """A tensor of ones."""
    return torch.ones(_sizes(shape), dtype=torch_dtype(dtype), device=_device())


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A tensor of one number."""
    return torch.full(_sizes(shape), fill_value, dtype=torch_dtype(dtype), device=_device())


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Numbers at equal steps."""
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    whole = all(isinstance(n, int) for n in (start, stop, step))
    return torch.arange(start, stop, step, dtype=torch_dtype(dtype or ("int32" if whole else None)), device=_device())


def _sizes(shape: Any) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _device() -> torch.device:
    from kerasviz.tensors import default_device

    return default_device()


__all__ = [
    "arange",
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "flip",
    "full",
    "get_item",
    "moveaxis",
    "ones",
    "ones_like",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "take",
    "tile",
    "transpose",
    "zeros",
    "zeros_like",
]

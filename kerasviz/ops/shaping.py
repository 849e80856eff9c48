"""The same numbers in other places: reshape, move, turn, repeat."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, torch_dtype


@op
def reshape(x: Any, newshape: Any) -> Tensor:
    """The same numbers in another shape; -1 or None for one size that follows from the others."""
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    if None in sizes:
        sizes = tuple(-1 if size is None else size for size in sizes)
    return torch.reshape(tensor(x), sizes)


@op
def ravel(x: Any) -> Tensor:
    """All numbers in a row."""
    return torch.flatten(tensor(x))


@op
def transpose(x: Any, axes: Any = None) -> Tensor:
    """Axes in another order; reversed for None."""
    x = x if isinstance(x, Tensor) else tensor(x)
    if axes is None:
        return x.t() if x.ndim == 2 else torch.permute(x, tuple(range(x.ndim - 1, -1, -1)))
    return torch.permute(x, tuple(axes))


@op
def moveaxis(x: Any, source: Any, destination: Any) -> Tensor:
    """Axes moved to other places; the others keep their order."""
    return torch.movedim(tensor(x), source, destination)


@op
def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    return torch.swapaxes(tensor(x), axis1, axis2)


def _squeeze_outputs(x: KerasTensor, axis: Any = None) -> KerasTensor:
    if axis is None:
        return KerasTensor(tuple(size for size in x.shape if size != 1), x.dtype)
    gone = {one % x.ndim for one in ([axis] if isinstance(axis, int) else axis)}
    if any(x.shape[one] != 1 for one in gone):
        raise Invalid("squeeze(axis=...)", f"axes of size 1 of {x.shape}", axis)
    return KerasTensor(tuple(size for at, size in enumerate(x.shape) if at not in gone), x.dtype)


@symbolic(_squeeze_outputs)
@op
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Without axes of size 1; all of them for None. Named axes of other sizes stay; symbols must not have them."""
    x = tensor(x)
    if axis is None:
        return torch.squeeze(x)
    return torch.squeeze(x, axis if isinstance(axis, int) else tuple(axis))


@op
def expand_dims(x: Any, axis: Any) -> Tensor:
    """With new axes of size 1, at these places of the outcome."""
    x = tensor(x)
    if isinstance(axis, int):
        return torch.unsqueeze(x, axis)
    rank = x.ndim + len(axis)
    places = sorted(one % rank if -rank <= one < rank else rank for one in axis)
    if rank in places or len(set(places)) < len(places):
        raise Invalid("expand_dims(axis=...)", f"places among {rank} axes, each once", axis)
    for one in places:
        x = torch.unsqueeze(x, one)
    return x


def _broadcast_outputs(x: KerasTensor, shape: Any) -> KerasTensor:
    shape = tuple(shape)
    own = (*(1,) * (len(shape) - x.ndim), *x.shape)
    if len(own) > len(shape) or any(a not in (1, None, b) and b is not None for a, b in zip(own, shape, strict=True)):
        raise Invalid("broadcast_to(shape=...)", f"a shape that {x.shape} broadcasts to", shape)
    return KerasTensor(shape, x.dtype)


@symbolic(_broadcast_outputs)
@op
def broadcast_to(x: Any, shape: Any) -> Tensor:
    """Repeated along new axes and those of size 1 to fill a shape; takes no memory."""
    return torch.broadcast_to(tensor(x), tuple(shape))


@op
def tile(x: Any, repeats: Any) -> Tensor:
    """The whole repeated along each axis, the last ones where there are fewer repeats than axes."""
    if isinstance(repeats, int):
        return torch.tile(tensor(x), (repeats,))
    return torch.tile(tensor(x), tuple(repeats.tolist() if hasattr(repeats, "tolist") else repeats))


@op
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated along an axis; of all numbers in a row for None.

    Args:
        x: numbers.
        repeats: how often: a number for all, or one for each element.
        axis: whose elements; None for all numbers.
    """
    x = tensor(x)
    if isinstance(repeats, (list, tuple)):
        x, dim = (x.flatten(), 0) if axis is None else (x, axis)
        counts = list(repeats) * x.shape[dim] if len(repeats) == 1 else list(repeats)
        times = torch.tensor(counts, device=x.device)
        return torch.repeat_interleave(x, times, dim=dim, output_size=sum(counts))
    return torch.repeat_interleave(x, repeats if isinstance(repeats, int) else tensor(repeats), dim=axis)


@op
def flip(x: Any, axis: Any = None) -> Tensor:
    """Reversed along axes; all of them for None."""
    x = tensor(x)
    return torch.flip(x, list(range(x.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis))


@op
def fliplr(x: Any) -> Tensor:
    """Reversed along the second axis."""
    return torch.fliplr(tensor(x))


@op
def flipud(x: Any) -> Tensor:
    """Reversed along the first axis."""
    return torch.flipud(tensor(x))


@op
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Tensor:
    """Turned by right angles, from the first of two axes towards the second.

    Args:
        array: numbers with two axes at least.
        k: how many right angles; negative ones turn the other way.
        axes: two different axes, whose plane is turned.
    """
    x = tensor(array)
    if x.ndim < 2:
        raise Invalid("rot90(array=...)", "at least 2 axes", tuple(x.shape))
    if len(axes) != 2 or axes[0] == axes[1]:
        raise Invalid("rot90(axes=...)", "two different axes", axes)
    return torch.rot90(x, k, tuple(axes))


@op
def roll(x: Any, shift: Any, axis: Any = None) -> Tensor:
    """Moved on along axes; what falls off at the end comes back at the start.

    Args:
        x: numbers.
        shift: by how many places; a number, or one for each axis.
        axis: an axis or several; None for all numbers in a row.
    """
    shift = shift.tolist() if hasattr(shift, "tolist") else shift
    if axis is not None and not isinstance(axis, int) and isinstance(shift, int):
        shift = (shift,) * len(axis)
    return torch.roll(tensor(x), shift, () if axis is None else axis)


@op
def view(x: Any, dtype: Any = None) -> Tensor:
    """The same bytes, read as numbers of another dtype; the last axis grows or shrinks with their size."""
    return tensor(x) if dtype is None else tensor(x).view(torch_dtype(dtype))


@op
def size(x: Any) -> Tensor:
    """How many numbers there are, as int64 without axes."""
    x = tensor(x)
    return torch.full((), x.numel(), dtype=torch.int64, device=x.device)


def ndim(x: Any) -> int:
    """How many axes there are."""
    return len(x.shape) if hasattr(x, "shape") else tensor(x).ndim


__all__ = [
    "broadcast_to",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "moveaxis",
    "ndim",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "size",
    "squeeze",
    "swapaxes",
    "tile",
    "transpose",
    "view",
]

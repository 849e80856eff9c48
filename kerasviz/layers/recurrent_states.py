"""States of recurrent layers: tensors in nested lists, and their sizes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.tensors import default_device


def spread(keep: Tensor, like: Tensor) -> Tensor:
    """(batch,) as (batch, 1, ...): it then broadcasts with `like`."""
    return keep.reshape(-1, *[1] * (like.ndim - 1))


def plain_mask(mask: Any) -> Tensor | None:
    """The mask as (batch, time) booleans."""
    mask = first(mask)
    if mask is None:
        return None
    mask = mask.bool()
    return mask[..., 0] if mask.ndim == 3 else mask


def first(value: Any) -> Any:
    """The first of several, or the only one."""
    return value[0] if isinstance(value, (list, tuple)) and value else value


def mapped(function: Callable, value: Any, *others: Any) -> Any:
    """`function` on every tensor of nested lists."""
    if isinstance(value, (list, tuple)):
        return [mapped(function, *parts) for parts in zip(value, *others, strict=True)]
    return function(value, *others)


def flat(value: Any) -> list[Tensor]:
    """The tensors of nested lists."""
    return [part for item in value for part in flat(item)] if isinstance(value, (list, tuple)) else [value]


def is_shape(size: Any) -> bool:
    """Whether a state size is one shape, as `torch.Size` says, and not a list of sizes."""
    return isinstance(size, torch.Size)


def as_shape(size: Any) -> tuple:
    """A size or a shape, as a shape."""
    return tuple(size) if isinstance(size, (list, tuple)) else (size,)


def shaped(sizes: Any, batch: Any) -> Any:
    """Shapes of states of these sizes."""
    if isinstance(sizes, (list, tuple)) and not is_shape(sizes):
        return [shaped(size, batch) for size in sizes]
    return (batch, *as_shape(sizes))


def zeros(sizes: Any, batch_size: int, like: Tensor | None = None) -> Any:
    """Zeros for states of these sizes."""
    device = default_device() if like is None else like.device
    dtype = torch.float32 if like is None else like.dtype
    return mapped_shapes(lambda shape: torch.zeros(shape, device=device, dtype=dtype), shaped(sizes, batch_size))


def mapped_shapes(function: Callable, shapes: Any) -> Any:
    """`function` on every shape of nested lists; a shape is a tuple."""
    return [mapped_shapes(function, shape) for shape in shapes] if isinstance(shapes, list) else function(shapes)

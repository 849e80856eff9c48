"""Images in either data format, alone or in batches, and of whole numbers: what all operations on them share."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.ops.conversion import saturate_cast
from kerasviz.ops.sliding import channels_come_last
from kerasviz.tensors import KerasTensor

HALVES = (torch.float16, torch.bfloat16)


class Frame(NamedTuple):
    """How images were given: with channels last or first, and with a batch or without."""

    last: bool
    batched: bool

    def opened(self, images: Tensor) -> Tensor:
        """The images as (batch, channels, *space): a view."""
        images = images if self.batched else images.unsqueeze(0)
        return images.movedim(-1, 1) if self.last else images

    def closed(self, images: Tensor) -> Tensor:
        """(batch, channels, *space) as the images were given: a view."""
        images = images.movedim(1, -1) if self.last else images
        return images if self.batched else images.squeeze(0)

    def sizes(self, shape: Any) -> tuple[list[int | None], int | None]:
        """The sizes of the spatial axes, and the number of channels."""
        own = list(shape[1:] if self.batched else shape)
        return (own[:-1], own[-1]) if self.last else (own[1:], own[0])

    def shape(self, images: Any, space: Any, channels: int | None) -> tuple[int | None, ...]:
        """The shape of results of these sizes."""
        own = (*space, channels) if self.last else (channels, *space)
        return (images.shape[0], *own) if self.batched else own

    def symbol(self, images: Any, space: Any, channels: int | None) -> KerasTensor:
        """The symbol for results of these sizes, of the images' dtype."""
        return KerasTensor(self.shape(images, space, channels), images.dtype)


def frame_of(images: Any, data_format: str | None, name: str, rank: int = 2) -> Frame:
    """How these images, or volumes for rank 3, are given.

    Raises:
        Invalid: for another number of axes.
    """
    last = channels_come_last(data_format, f"image.{name}")
    if len(images.shape) not in (rank + 1, rank + 2):
        space = "height, width" if rank == 2 else "depth, height, width"
        axes = f"({space}, channels)" if last else f"(channels, {space})"
        raise Invalid(f"ops.image.{name}", f"{axes}, with or without a batch", tuple(images.shape))
    return Frame(last, len(images.shape) == rank + 2)


def choice(value: Any, choices: Any, where: str) -> Any:
    """`value`, where it is one of the choices.

    Raises:
        Invalid: where it is none.
    """
    if value not in choices:
        hint = did_you_mean(value, list(choices)) if isinstance(value, str) else ""
        raise Invalid(where, " or ".join(map(repr, choices)), value, hint)
    return value


def widened(x: Tensor) -> Tensor:
    """Numbers to compute with: whole ones and 16-bit floats as float32."""
    return x if x.is_floating_point() and x.dtype not in HALVES else x.float()


def narrowed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Computed numbers in the dtype of the images: rounded to whole ones, and held within their range."""
    if x.dtype == dtype:
        return x
    return x.to(dtype) if dtype.is_floating_point else saturate_cast(x.round(), dtype)

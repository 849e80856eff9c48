"""Patches of images and volumes: `extract_patches`, `extract_patches_3d`."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.picturing import Frame, frame_of
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import extents, known_padding, num_places, pad, padding_of, per_axis
from kerasviz.tensors import KerasTensor

Sizes = int | Sequence[int]


def _windows(name: str, size: Any, strides: Any, dilation_rate: Any, padding: Any, rank: int) -> Any:
    """The sizes, one for each axis, and the padding in lower case."""
    size = per_axis(size, rank, f"image.{name}", "size")
    steps = size if strides is None else per_axis(strides, rank, f"image.{name}", "strides")
    dilation = per_axis(dilation_rate, rank, f"image.{name}", "dilation_rate")
    return size, steps, dilation, known_padding(padding, f"image.{name}")


def _counts(space: Any, size: Any, steps: Any, dilation: Any, padding: str, name: str) -> list[int | None]:
    """How many patches there are along each axis.

    Raises:
        Invalid: where not one fits.
    """
    reach = extents(size, dilation)
    axes = zip(space, reach, steps, strict=True)
    counts = [num_places(n, extent, step, padding) for n, extent, step in axes]
    if any(count is not None and count < 1 for count in counts):
        hint = "Use padding='same' or smaller patches."
        raise Invalid(f"ops.image.{name}", f"images of at least {reach}", tuple(space), hint)
    return counts


def _symbol(name: str, images: Any, rank: int, size: Any, how: tuple[Any, Any, Any], data_format: Any) -> KerasTensor:
    frame = frame_of(images, data_format, name, rank)
    size, steps, dilation, padding = _windows(name, size, *how, rank)
    space, channels = frame.sizes(images.shape)
    for one in size:
        channels = None if channels is None else channels * one
    return frame.symbol(images, _counts(space, size, steps, dilation, padding, name), channels)


def _patches(name: str, images: Any, rank: int, size: Any, how: tuple[Any, Any, Any], data_format: Any) -> Tensor:
    images = tensor(images)
    frame: Frame = frame_of(images, data_format, name, rank)
    size, steps, dilation, padding = _windows(name, size, *how, rank)
    x = frame.opened(images)
    space, reach = x.shape[2:], extents(size, dilation)
    counts = _counts(space, size, steps, dilation, padding, name)
    if padding == "same":
        x = pad(x, padding_of(padding, space, reach, steps))
    if steps == size == reach:
        x = _side_by_side(x.movedim(1, -1), size, counts)
    else:
        for axis, (extent, step, apart) in enumerate(zip(reach, steps, dilation, strict=True), start=2):
            x = x.unfold(axis, extent, step)[..., ::apart]
        x = x.movedim(1, -1)  # (batch, *counts, *size, channels)
    return frame.closed(x.flatten(rank + 1).movedim(-1, 1))


def _side_by_side(x: Tensor, size: Any, counts: Any) -> Tensor:
    """Patches of (batch, *space, channels) that do not overlap: (batch, *counts, *size, channels).

    Gradients come back quicker so than from windows.
    """
    for axis, (extent, count) in enumerate(zip(size, counts, strict=True)):
        place = 1 + 2 * axis
        x = x if x.shape[place] == count * extent else x.narrow(place, 0, count * extent)
        x = x.unflatten(place, (count, extent))
    places = [1 + 2 * axis for axis in range(len(size))]
    return x.permute(0, *places, *(place + 1 for place in places), -1)


def _rank_of(size: Any) -> int:
    """2 for images, 3 for volumes.

    Raises:
        Invalid: for a size that tells neither.
    """
    rank = 2 if isinstance(size, int) else len(size) if isinstance(size, (list, tuple)) else 0
    if rank not in (2, 3):
        raise Invalid("ops.image.extract_patches(size=...)", "a whole number, or 2 or 3 of them", size)
    return rank


def _symbol_of_any(
    images: Any, size: Any, strides: Any = None, dilation_rate: Any = 1, padding: Any = "valid", data_format: Any = None
) -> KerasTensor:
    how = strides, dilation_rate, padding
    return _symbol("extract_patches", images, _rank_of(size), size, how, data_format)


@symbolic(_symbol_of_any)
@op
def extract_patches(
    images: Any,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The patches of images, each with its places and their channels in a row; of volumes for a size of three.

    Args:
        images: images, or volumes.
        size: of a patch along each axis; one number for height and width.
        strides: steps between two patches; None: side by side.
        dilation_rate: distance between two points of a patch.
        padding: "valid", or "same", which lets patches reach over the edge, where there are zeros.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images: (*space, channels), or (channels, *space) if channels_first; with or without a batch
        result: (*patches, *size * channels), channels where the images have them
    """
    how = strides, dilation_rate, padding
    return _patches("extract_patches", images, _rank_of(size), size, how, data_format)


def _symbol_of_volumes(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: Any = "valid",
    data_format: Any = None,
) -> KerasTensor:
    return _symbol("extract_patches_3d", volumes, 3, size, (strides, dilation_rate, padding), data_format)


@symbolic(_symbol_of_volumes)
@op
def extract_patches_3d(
    volumes: Any,
    size: Sizes,
    strides: Sizes | None = None,
    dilation_rate: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The patches of volumes, each with its places and their channels in a row.

    Args:
        volumes: volumes.
        size: depth, height and width of a patch, or one number for all.
        strides: steps between two patches; None: side by side.
        dilation_rate: distance between two points of a patch.
        padding: "valid", or "same", which lets patches reach over the edge, where there are zeros.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        volumes: (depth, height, width, channels), or (channels, depth, height, width) if channels_first; with or
            without a batch
        result: (*patches, *size * channels), channels where the volumes have them
    """
    return _patches("extract_patches_3d", volumes, 3, size, (strides, dilation_rate, padding), data_format)


__all__ = ["extract_patches", "extract_patches_3d"]

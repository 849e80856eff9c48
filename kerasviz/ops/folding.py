"""Maps taken apart into patches and put together again: `unfold`, `fold`, `space_to_depth`, `depth_to_space`."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import channels_come_last, channels_of, extents, map_symbol, num_places, per_axis, space_of
from kerasviz.tensors import KerasTensor

Sizes = int | Sequence[int]


def _rank(x: Any, rank: int, name: str, axes: str) -> None:
    if len(x.shape) != rank:
        raise Invalid(f"ops.{name}", f"x {axes}", tuple(x.shape))


def _windows(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple:
    """The sizes, two of each; pairs of height and width."""
    least = {"kernel_size": 1, "dilation": 1, "padding": 0, "stride": 1}
    given = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    return tuple(per_axis(value, 2, name, key, least[key]) for key, value in given.items())


def _unfold_symbol(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> KerasTensor:
    _rank(x, 4, "unfold", "(batch, channels, height, width)")
    size, dilated, margins, steps = _windows("unfold", kernel_size, dilation, padding, stride)
    window = extents(size, dilated)
    counts = [
        num_places(None if n is None else n + 2 * margin, extent, step, "valid")
        for n, margin, extent, step in zip(x.shape[2:], margins, window, steps, strict=True)
    ]
    height, width = counts
    count = None if height is None or width is None else height * width
    depth = None if x.shape[1] is None else x.shape[1] * size[0] * size[1]
    return KerasTensor((x.shape[0], depth, count), x.dtype)


@symbolic(_unfold_symbol)
@op
def unfold(x: Any, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """The patches of images, each as a column.

    Args:
        x: images, channels first.
        kernel_size: height and width of a patch, or one number for both.
        dilation: distance between two points of a patch.
        padding: zeros around an image.
        stride: steps between two patches.

    Shapes:
        x: (batch, channels, height, width)
        result: (batch, channels * patch height * patch width, patches)
    """
    x = tensor(x)
    _rank(x, 4, "unfold", "(batch, channels, height, width)")
    return F.unfold(x, *_windows("unfold", kernel_size, dilation, padding, stride))


def _fold_symbol(x: Any, output_size: Any, kernel_size: Any, *how: Any, **named: Any) -> KerasTensor:
    _rank(x, 3, "fold", "(batch, channels * patch, patches)")
    size = per_axis(kernel_size, 2, "fold", "kernel_size")
    space = per_axis(output_size, 2, "fold", "output_size")
    channels = None if x.shape[1] is None else x.shape[1] // (size[0] * size[1])
    return KerasTensor((x.shape[0], channels, *space), x.dtype)


@symbolic(_fold_symbol)
@op
def fold(
    x: Any, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """Images put together from patches; where these overlap, they are added up.

    Args:
        x: patches, as `unfold` gives them.
        output_size: height and width of the images.
        kernel_size: height and width of a patch, or one number for both.
        dilation: distance between two points of a patch.
        padding: zeros that were around an image; they are cut off.
        stride: steps between two patches.

    Shapes:
        x: (batch, channels * patch height * patch width, patches)
        result: (batch, channels, height, width)
    """
    x = tensor(x)
    _rank(x, 3, "fold", "(batch, channels * patch, patches)")
    space = per_axis(output_size, 2, "fold", "output_size")
    return F.fold(x, space, *_windows("fold", kernel_size, dilation, padding, stride))


def _blocks(x: Any, block_size: Any, data_format: Any, name: str) -> tuple[int, bool]:
    """The block size, and whether channels come last.

    Raises:
        Invalid: for another rank than 4, for a block size below 1.
    """
    last = channels_come_last(data_format, name)
    _rank(x, 4, name, "(batch, height, width, channels)" if last else "(batch, channels, height, width)")
    return per_axis(block_size, 1, name, "block_size")[0], last


def _depth_divides(x: Any, block_size: int, data_format: str) -> bool:
    """Whether channels come last.

    Raises:
        Invalid: where the channels do not fill blocks.
    """
    size, last = _blocks(x, block_size, data_format, "depth_to_space")
    if (channels_of(x.shape, last) or 0) % size**2:
        raise Invalid("ops.depth_to_space", f"channels that {size**2} divides", tuple(x.shape))
    return last


def _to_space_symbol(x: Any, block_size: int, data_format: str = "channels_last") -> KerasTensor:
    last = _depth_divides(x, block_size, data_format)
    channels = channels_of(x.shape, last)
    space = [None if n is None else n * block_size for n in space_of(x.shape, last)]
    return map_symbol(x, space, None if channels is None else channels // block_size**2, last)


@symbolic(_to_space_symbol)
@op
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Each place becomes a block of places, which its channels fill; the inverse of `space_to_depth`.

    Shapes:
        x: (batch, height, width, channels), or (batch, channels, height, width) if channels_first
        result: as x, with height * block_size, width * block_size, channels / block_size^2

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", 2016.
    """
    x = tensor(x)
    size = block_size
    if _depth_divides(x, size, data_format):
        batch, height, width, depth = x.shape
        x = x.reshape(batch, height, width, size, size, depth // size**2).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(batch, height * size, width * size, depth // size**2)
    batch, depth, height, width = x.shape
    x = x.reshape(batch, depth // size**2, size, size, height, width).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(batch, depth // size**2, height * size, width * size)


def _space_divides(x: Any, block_size: int, data_format: str) -> bool:
    """Whether channels come last.

    Raises:
        Invalid: where blocks do not fill height and width.
    """
    size, last = _blocks(x, block_size, data_format, "space_to_depth")
    if any((n or 0) % size for n in space_of(x.shape, last)):
        raise Invalid("ops.space_to_depth", f"height and width that {size} divides", tuple(x.shape))
    return last


def _to_depth_symbol(x: Any, block_size: int, data_format: str = "channels_last") -> KerasTensor:
    last = _space_divides(x, block_size, data_format)
    channels = channels_of(x.shape, last)
    space = [None if n is None else n // block_size for n in space_of(x.shape, last)]
    return map_symbol(x, space, None if channels is None else channels * block_size**2, last)


@symbolic(_to_depth_symbol)
@op
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Each block of places becomes one place, with all their channels; the inverse of `depth_to_space`.

    Shapes:
        x: (batch, height, width, channels), or (batch, channels, height, width) if channels_first
        result: as x, with height / block_size, width / block_size, channels * block_size^2
    """
    x = tensor(x)
    size = block_size
    if _space_divides(x, size, data_format):
        batch, height, width, channels = x.shape
        x = x.reshape(batch, height // size, size, width // size, size, channels).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(batch, height // size, width // size, channels * size**2)
    batch, channels, height, width = x.shape
    x = x.reshape(batch, channels, height // size, size, width // size, size).permute(0, 1, 3, 5, 2, 4)
    return x.reshape(batch, channels * size**2, height // size, width // size)


__all__ = ["depth_to_space", "fold", "space_to_depth", "unfold"]

"""Images made smaller or larger at their edges: `crop_images`, `pad_images`."""

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.picturing import Frame, frame_of
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor

Edges = tuple[int | None, int | None, int | None, int | None, int | None, int | None]
SIDES = (("top", "bottom", "height"), ("left", "right", "width"))


def _amounts(name: str, word: str, sizes: Any, edges: Edges) -> list[tuple[int, int | None, int | None]]:
    """What is cut off, or added, before and after, and the new size, of each axis; two of the three are given.

    Args:
        name: of the op.
        word: "cropping" or "padding".
        sizes: of height and width.
        edges: top, left, bottom, right, target height, target width.

    Raises:
        Invalid: where more or less is given, and where it does not fit.
    """
    found = []
    for axis, (size, sides) in enumerate(zip(sizes, SIDES, strict=True)):
        given = edges[axis], edges[axis + 2], edges[axis + 4]
        names = (f"{sides[0]}_{word}", f"{sides[1]}_{word}", f"target_{sides[2]}")
        if sum(value is None for value in given) != 1:
            raise Invalid(f"ops.image.{name}", f"two of {', '.join(names)}", given)
        amounts = _completed(*given, size, -1 if word == "cropping" else 1)
        for key, value in zip(names, amounts, strict=True):
            if value is not None and value < 0:
                raise Invalid(f"ops.image.{name}({key}=...)", "a whole number at least 0", value)
        found.append(amounts)
    return found


def _completed(before: Any, after: Any, target: Any, size: int | None, sign: int) -> tuple:
    """The one that is None of before, after and target; unknown for an unknown size."""
    if size is None:
        return before or 0, after, target
    if target is None:
        return before, after, size + sign * (before + after)
    if before is None:
        return sign * (target - size) - after, after, target
    return before, sign * (target - size) - before, target


def _framed(
    name: str, word: str, images: Any, edges: Edges, data_format: str | None
) -> tuple[Frame, list[tuple[int, int | None, int | None]]]:
    frame = frame_of(images, data_format, name)
    return frame, _amounts(name, word, frame.sizes(images.shape)[0], edges)


def _symbol(name: str, word: str, images: Any, edges: Edges, data_format: str | None) -> KerasTensor:
    frame, amounts = _framed(name, word, images, edges, data_format)
    return frame.symbol(images, [target for _, _, target in amounts], frame.sizes(images.shape)[1])


def _crop_symbol(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> KerasTensor:
    edges = top_cropping, left_cropping, bottom_cropping, right_cropping, target_height, target_width
    return _symbol("crop_images", "cropping", images, edges, data_format)


@symbolic(_crop_symbol)
@op
def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images without their edges: a view. Of top, bottom and target height two are given; so with the width.

    Shapes:
        images: (height, width, channels), or (channels, height, width) if channels_first; with or without a batch
        result: as images, with the target's height and width
    """
    images = tensor(images)
    edges = top_cropping, left_cropping, bottom_cropping, right_cropping, target_height, target_width
    frame, amounts = _framed("crop_images", "cropping", images, edges, data_format)
    x = frame.opened(images)
    for axis, (before, _, target) in enumerate(amounts, start=2):
        x = x.narrow(axis, before, x.shape[axis] if target is None else target)
    return frame.closed(x)


def _pad_symbol(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> KerasTensor:
    edges = top_padding, left_padding, bottom_padding, right_padding, target_height, target_width
    return _symbol("pad_images", "padding", images, edges, data_format)


@symbolic(_pad_symbol)
@op
def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Images among zeros. Of top, bottom and target height two are given; so with the width.

    Shapes:
        images: (height, width, channels), or (channels, height, width) if channels_first; with or without a batch
        result: as images, with the target's height and width
    """
    images = tensor(images)
    edges = top_padding, left_padding, bottom_padding, right_padding, target_height, target_width
    frame, ((top, bottom, _), (left, right, _)) = _framed("pad_images", "padding", images, edges, data_format)
    channels = [0, 0] if frame.last else []
    return F.pad(images, [*channels, left, right or 0, top, bottom or 0])


__all__ = ["crop_images", "pad_images"]

"""Boxes after their image was cropped, padded, turned or cut at its border."""

import math
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_tensor
from kerasviz.utils.bounding_boxes.formats import RELATIVE, as_boxes, convert_format, format_named
from kerasviz.utils.bounding_boxes.overlap import areas


def clip_to_image_size(
    bounding_boxes: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """Cut boxes at the border of the image. Those of which nothing is left get the label -1.

    Args:
        bounding_boxes: a dict with `boxes` and `labels`.
        height: of the image, in pixels; not needed for boxes in shares of it.
        width: of the image, in pixels; not needed for boxes in shares of it.
        bounding_box_format: what their numbers say.

    Shapes:
        boxes: (boxes, 4) or (batch, boxes, 4)
        labels: (boxes,) or (batch, boxes)
    """
    where = "clip_to_image_size"
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise Invalid(f"{where}(bounding_boxes=...)", "a dict with `boxes` and `labels`", type(bounding_boxes).__name__)
    name = format_named(bounding_box_format, f"{where}(bounding_box_format=...)")
    is_relative = name in RELATIVE
    if not is_relative and (height is None or width is None):
        raise Invalid(f"{where}(height=..., width=...)", "the size of the image", (height, width))
    height, width = (1, 1) if is_relative else (height, width)
    given = as_boxes(bounding_boxes["boxes"], f"{where}(boxes=...)")
    boxes = convert_format(given, name, "rel_xyxy" if is_relative else "xyxy", height, width, given.dtype)
    limits = torch.as_tensor([width, height, width, height], device=boxes.device, dtype=boxes.dtype)
    boxes = boxes.clamp(min=0).minimum(limits)
    labels = convert_to_tensor(bounding_boxes["labels"])
    labels = torch.where(areas(boxes) > 0, labels, -1)
    boxes = convert_format(boxes, "rel_xyxy" if is_relative else "xyxy", name, height, width, given.dtype)
    return {**bounding_boxes, "boxes": boxes, "labels": labels}


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Tensor:
    """Boxes in a part of the image, cut at its border.

    Args:
        boxes: in pixels of the whole image.
        top: where the part begins.
        left: where the part begins.
        height: of the part.
        width: of the part.
        bounding_box_format: what the numbers of boxes say; no relative one, as the image's size is not known.

    Shapes:
        boxes, result: (..., 4)
    """
    name = format_named(bounding_box_format, "crop(bounding_box_format=...)")
    if name in RELATIVE:
        hint = "Use convert_format with the size of the image first."
        raise Invalid("crop(bounding_box_format=...)", "a format in pixels", bounding_box_format, hint)
    corners = convert_format(boxes, name, "xyxy")
    start = torch.as_tensor([left, top, left, top], device=corners.device, dtype=corners.dtype)
    limits = torch.as_tensor([width, height, width, height], device=corners.device, dtype=corners.dtype)
    return convert_format((corners - start).clamp(min=0).minimum(limits), "xyxy", name)


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Tensor:
    """Boxes after so many pixels were put above and to the left of the image.

    Args:
        boxes: before.
        top: pixels above.
        left: pixels to the left.
        height: of the image, for relative formats.
        width: of the image, for relative formats.
        bounding_box_format: what the numbers of boxes say.

    Shapes:
        boxes, result: (..., 4)
    """
    corners = convert_format(boxes, bounding_box_format, "xyxy", height, width)
    moved = corners + torch.as_tensor([left, top, left, top], device=corners.device, dtype=corners.dtype)
    return convert_format(moved, "xyxy", bounding_box_format, height, width)


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: int,
    width: int,
    center_x: float | None = None,
    center_y: float | None = None,
    bounding_box_format: str = "xyxy",
) -> Tensor:
    """The smallest upright boxes around boxes that were moved, then turned, sheared and scaled about a centre.

    Args:
        boxes: before.
        angle: degrees, against the clock; this and the next five are numbers, or one for each image.
        translate_x: to the right, as a share of the width.
        translate_y: downwards, as a share of the height.
        scale: factor of both sizes.
        shear_x: degrees.
        shear_y: degrees.
        height: of the image, in pixels.
        width: of the image, in pixels.
        center_x: of the turn, as a share of the width; the middle by default.
        center_y: of the turn, as a share of the height; the middle by default.
        bounding_box_format: what the numbers of boxes say.

    Shapes:
        boxes, result: (boxes, 4) or (batch, boxes, 4)
    """
    corners = convert_format(boxes, bounding_box_format, "xyxy", height, width)
    if corners.ndim not in (2, 3):
        raise Invalid("affine_transform(boxes=...)", "boxes (boxes, 4) or (batch, boxes, 4)", tuple(corners.shape))
    numbers = (angle, translate_x, translate_y, scale, shear_x, shear_y)
    angle, move_x, move_y, scale, shear_x, shear_y = (_beside(number, corners) for number in numbers)
    middle_x = (width - 1) * (0.5 if center_x is None else center_x)
    middle_y = (height - 1) * (0.5 if center_y is None else center_y)
    x = corners[..., [0, 2, 0, 2]] + move_x * (width - 1) - middle_x
    y = corners[..., [1, 1, 3, 3]] + move_y * (height - 1) - middle_y
    a, b, c, d = _linear(angle, scale, shear_x, shear_y)
    new_x, new_y = a * x + b * y + middle_x, c * x + d * y + middle_y
    ends = [new_x.amin(-1), new_y.amin(-1), new_x.amax(-1), new_y.amax(-1)]
    return convert_format(torch.stack(ends, dim=-1), "xyxy", bounding_box_format, height, width)


def _beside(number: Any, boxes: Tensor) -> Tensor:
    """A number, or one for each image, in a shape that fits the corners of boxes."""
    number = convert_to_tensor(number).to(boxes)
    if number.ndim > 1 or (number.ndim == 1 and boxes.ndim == 2 and len(number) != 1):
        raise Invalid("affine_transform", "a number, or one for each image", tuple(number.shape))
    return number.reshape(-1, 1, 1) if boxes.ndim == 3 else number.reshape(())


def _linear(angle: Tensor, scale: Tensor, shear_x: Tensor, shear_y: Tensor) -> tuple[Tensor, ...]:
    """The matrix [[a, b], [c, d]] of turn, shears and scale, as Keras joins them."""
    degree = math.pi / 180
    cos, sin = (angle * degree).cos(), (angle * degree).sin()
    along_x, along_y = (shear_x * degree).tan(), (shear_y * degree).tan()
    c, d = along_y * cos - sin, cos + along_y * sin
    a, b = cos - along_x * c, sin + along_x * d
    return a * scale, b * scale, c * scale, d * scale

"""How much boxes have in common."""

import math
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import settings
from kerasviz.utils.bounding_boxes.formats import RELATIVE, convert_format, format_named


def as_corners(boxes: Any, name: Any, image_shape: Any, where: str) -> Tensor:
    """Boxes as left, top, right, bottom, in pixels."""
    name = format_named(name, f"{where}(bounding_box_format=...)")
    if name in RELATIVE and image_shape is None:
        raise Invalid(f"{where}(image_shape=...)", "the size of the image, as (height, width, 3)", None)
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, name, "xyxy", height=height, width=width)


def areas(boxes: Tensor) -> Tensor:
    """Of boxes given by their corners."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def intersections(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The areas that boxes have in common."""
    sides = torch.minimum(boxes1[..., 2:], boxes2[..., 2:]) - torch.maximum(boxes1[..., :2], boxes2[..., :2])
    return sides.clamp(min=0).prod(dim=-1)


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Tensor:
    """Intersection over union of every box with every other.

    Args:
        boxes1: some boxes.
        boxes2: others; for each image, or the same for all.
        bounding_box_format: what their numbers say.
        use_masking: whether pairs with a box of which all numbers are negative give `mask_val`.
        mask_val: what these give.
        image_shape: (height, width, 3), for relative formats.

    Shapes:
        boxes1: (first, 4) or (batch, first, 4)
        boxes2: (second, 4) or (batch, second, 4)
        result: (first, second), or (batch, first, second)
    """
    where = "compute_iou"
    first = as_corners(boxes1, bounding_box_format, image_shape, where)
    second = as_corners(boxes2, bounding_box_format, image_shape, where)
    for name, boxes in (("boxes1", first), ("boxes2", second)):
        if boxes.ndim not in (2, 3):
            raise Invalid(f"{where}({name}=...)", "boxes (boxes, 4) or (batch, boxes, 4)", tuple(boxes.shape))
    if first.ndim == second.ndim == 3 and first.shape[0] != second.shape[0] and 1 not in (len(first), len(second)):
        raise Invalid(where, "boxes of as many images", (tuple(first.shape), tuple(second.shape)))
    common = intersections(first[..., :, None, :], second[..., None, :, :])
    union = areas(first)[..., :, None] + areas(second)[..., None, :] - common
    result = common / (union + settings.epsilon())
    if not use_masking:
        return result
    masked = (first < 0).all(dim=-1)[..., :, None] | (second < 0).all(dim=-1)[..., None, :]
    return torch.where(masked, mask_val, result)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Tensor:
    """Complete intersection over union: less for boxes with far centres and for sides in another proportion.

    Args:
        boxes1: some boxes.
        boxes2: a box for each of them.
        bounding_box_format: what their numbers say.
        image_shape: (height, width, 3), for relative formats.

    Shapes:
        boxes1, boxes2: (..., 4)
        result: (...), at most 1

    Source: Z. Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box Regression", 2020.
    """
    first = as_corners(boxes1, bounding_box_format, image_shape, "compute_ciou")
    second = as_corners(boxes2, bounding_box_format, image_shape, "compute_ciou")
    epsilon = settings.epsilon()
    (width1, height1), (width2, height2) = sides_of(first), sides_of(second)
    common = intersections(first, second)
    overlap = common / (width1 * height1 + width2 * height2 - common + epsilon)
    hull = torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2])
    apart = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]).square().sum(dim=-1) / 4
    angle = torch.atan(width2 / (height2 + epsilon)) - torch.atan(width1 / (height1 + epsilon))
    proportion = 4 / math.pi**2 * angle.square()
    weight = proportion / (proportion - overlap + (1 + epsilon))
    return overlap - (apart / (hull.square().sum(dim=-1) + epsilon) + proportion * weight)


def sides_of(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Widths and heights."""
    return boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]

"""Boxes as what is to be done to anchors: moves in parts of a side, and logarithms of factors."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_tensor, settings
from kerasviz.utils.bounding_boxes.formats import convert_format

CENTERED = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Tensor:
    """What turns anchors into boxes.

    Args:
        anchors: where from.
        boxes: where to.
        anchor_format: of the anchors.
        box_format: of the boxes.
        encoding_format: "center_yxhw" or "center_xywh", the order of the deltas.
        variance: four numbers, by which deltas are divided.
        image_shape: (height, width, 3), for relative formats.

    Shapes:
        anchors: (boxes, 4)
        boxes, result: (boxes, 4) or (batch, boxes, 4)

    Source: S. Ren et al., "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks", 2015.
    """
    where = "encode_box_to_deltas"
    check_encoding(encoding_format, f"{where}(encoding_format=...)")
    start = converted(anchors, anchor_format, encoding_format, image_shape)
    end = converted(boxes, box_format, encoding_format, image_shape)
    smallest = settings.epsilon()
    sizes = start[..., 2:].clamp(min=smallest)
    factors = (end[..., 2:].clamp(min=smallest) / sizes).log()
    deltas = torch.cat([(end[..., :2] - start[..., :2]) / sizes, factors], dim=-1)
    scale = checked_variance(variance, f"{where}(variance=...)", deltas)
    return deltas if scale is None else deltas / scale


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that deltas make of anchors.

    Args:
        anchors: where from; or a dict of them by level.
        boxes_delta: what `encode_box_to_deltas` gave, or a dict by level.
        anchor_format: of the anchors.
        box_format: of the result.
        encoded_format: "center_yxhw" or "center_xywh", the order of the deltas.
        variance: four numbers, by which deltas are multiplied.
        image_shape: (height, width, 3), for relative formats.

    Shapes:
        anchors: (boxes, 4)
        boxes_delta, result: (boxes, 4) or (batch, boxes, 4)
    """
    where = "decode_deltas_to_boxes"
    check_encoding(encoded_format, f"{where}(encoded_format=...)")
    if isinstance(anchors, dict):
        rest = (anchor_format, box_format, encoded_format, variance, image_shape)
        if not isinstance(boxes_delta, dict) or set(boxes_delta) != set(anchors):
            raise Invalid(f"{where}(boxes_delta=...)", f"a dict with {sorted(anchors)}, as the anchors", boxes_delta)
        return {level: decode_deltas_to_boxes(anchors[level], boxes_delta[level], *rest) for level in anchors}
    start = converted(anchors, anchor_format, encoded_format, image_shape)
    deltas = convert_to_tensor(boxes_delta).to(start)
    scale = checked_variance(variance, f"{where}(variance=...)", deltas)
    deltas = deltas if scale is None else deltas * scale
    centers = deltas[..., :2] * start[..., 2:] + start[..., :2]
    boxes = torch.cat([centers, deltas[..., 2:].exp() * start[..., 2:]], dim=-1)
    return converted(boxes, encoded_format, box_format, image_shape)


def converted(boxes: Any, source: str, target: str, image_shape: Any) -> Tensor:
    """Boxes in another format."""
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, source, target, height=height, width=width)


def check_encoding(name: Any, where: str) -> None:
    """Deltas are of centres and sizes.

    Raises:
        Invalid: otherwise.
    """
    if name not in CENTERED:
        raise Invalid(where, "'center_xywh' or 'center_yxhw'", name)


def checked_variance(variance: Any, where: str, like: Tensor) -> Tensor | None:
    """The four numbers beside the deltas.

    Raises:
        Invalid: where there are not four.
    """
    if variance is None:
        return None
    numbers = convert_to_tensor(variance).to(like)
    if numbers.shape[-1:] != (4,):
        raise Invalid(where, "four numbers", tuple(numbers.shape))
    return numbers

"""How four numbers say where a box is, and from one way to another."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import convert_to_tensor, torch_dtype

Corners = tuple[Tensor, Tensor, Tensor, Tensor]  # left, top, right, bottom, each (..., 1)


def _from_corner(x: Tensor, y: Tensor, width: Tensor, height: Tensor) -> Corners:
    return x, y, x + width, y + height


def _from_center(x: Tensor, y: Tensor, width: Tensor, height: Tensor) -> Corners:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _to_center(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> Corners:
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _to_center_y_first(left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> Corners:
    x, y, width, height = _to_center(left, top, right, bottom)
    return y, x, height, width


READERS: dict[str, Callable[..., Corners]] = {  # four numbers -> corners
    "xyxy": lambda a, b, c, d: (a, b, c, d),
    "yxyx": lambda a, b, c, d: (b, a, d, c),
    "xywh": _from_corner,
    "center_xywh": _from_center,
    "center_yxhw": lambda a, b, c, d: _from_center(b, a, d, c),
}
WRITERS: dict[str, Callable[..., Corners]] = {  # corners -> four numbers
    "xyxy": lambda left, top, right, bottom: (left, top, right, bottom),
    "yxyx": lambda left, top, right, bottom: (top, left, bottom, right),
    "xywh": lambda left, top, right, bottom: (left, top, right - left, bottom - top),
    "center_xywh": _to_center,
    "center_yxhw": _to_center_y_first,
}
RELATIVE = tuple(f"rel_{name}" for name in ("xyxy", "yxyx", "xywh", "center_xywh"))
FORMATS = (*READERS, *RELATIVE)


def format_named(name: Any, where: str) -> str:
    """The name in lower case.

    Raises:
        Invalid: where there is no such format.
    """
    word = name.lower() if isinstance(name, str) else name
    if word not in FORMATS:
        raise Invalid(where, f"one of {', '.join(FORMATS)}", name, did_you_mean(name, FORMATS))
    return word


def as_boxes(boxes: Any, where: str, dtype: Any = None) -> Tensor:
    """Boxes as a tensor of numbers with a fraction.

    Raises:
        Invalid: where the last axis has not four places.
    """
    boxes = convert_to_tensor(boxes)
    if not boxes.ndim or boxes.shape[-1] != 4:
        raise Invalid(where, "boxes (..., 4)", tuple(boxes.shape))
    dtype = None if dtype is None else torch_dtype(dtype)
    return boxes.to(dtype) if dtype is not None else boxes if boxes.is_floating_point() else boxes.float()


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: Any = "float32"
) -> Any:
    """Boxes in another format, of numbers in pixels or relative to the size of the image.

    xyxy: left, top, right, bottom; yxyx: top, left, bottom, right; xywh: left, top, width, height; center_xywh:
    centre and sizes; center_yxhw: the same, y before x; rel_xyxy, rel_yxyx, rel_xywh, rel_center_xywh: shares of the
    image.

    Args:
        boxes: a tensor or array; or a dict with `boxes` and `labels`.
        source: the format they have.
        target: the format they get.
        height: of the image, for relative formats, in pixels.
        width: of the image, for relative formats, in pixels.
        dtype: of the result.

    Shapes:
        boxes, result: (..., 4)
    """
    where = "convert_format"
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    source, target = format_named(source, f"{where}(source=...)"), format_named(target, f"{where}(target=...)")
    values = as_boxes(boxes, f"{where}(boxes=...)", dtype)
    is_relative = (source in RELATIVE, target in RELATIVE)
    if any(is_relative) and (height is None or width is None):
        hint = f"{source if is_relative[0] else target} is relative to the image."
        raise Invalid(f"{where}(height=..., width=...)", "the size of the image", (height, width), hint)
    if source == target:
        return values
    corners = READERS[source.removeprefix("rel_")](*values.split(1, dim=-1))
    if is_relative[0]:
        corners = _scaled(corners, height, width, values.dtype)
    if is_relative[1]:
        corners = _divided(corners, height, width, values.dtype)
    return torch.cat(WRITERS[target.removeprefix("rel_")](*corners), dim=-1)


def _scaled(corners: Corners, height: Any, width: Any, dtype: torch.dtype) -> Corners:
    x, y = _size(width, corners[0], dtype), _size(height, corners[0], dtype)
    return corners[0] * x, corners[1] * y, corners[2] * x, corners[3] * y


def _divided(corners: Corners, height: Any, width: Any, dtype: torch.dtype) -> Corners:
    x, y = _size(width, corners[0], dtype), _size(height, corners[0], dtype)
    return corners[0] / x, corners[1] / y, corners[2] / x, corners[3] / y


def _size(size: Any, like: Tensor, dtype: torch.dtype) -> Any:
    """A size of the image; one for each image beside all its boxes."""
    if isinstance(size, (int, float)):
        return size
    size = convert_to_tensor(size).to(device=like.device, dtype=dtype)
    return size.reshape(*size.shape, *[1] * (like.ndim - size.ndim)) if size.ndim else size

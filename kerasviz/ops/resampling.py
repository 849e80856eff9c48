"""Images made larger and smaller: `resize`, `scale_and_translate`."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.picturing import choice, frame_of, narrowed, widened
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import per_axis
from kerasviz.tensors import KerasTensor

MODES = {"bilinear": "bilinear", "nearest": "nearest-exact", "bicubic": "bicubic"}  # as torch names them
SHARPNESS = -0.5  # slope of the cubic kernel one place away


def _triangle(distance: Tensor) -> Tensor:
    return (1 - distance).clamp(min=0)


def _cubic(distance: Tensor) -> Tensor:
    """Source: R. Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981."""
    a, x = SHARPNESS, distance
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0))


def _lanczos(radius: int) -> Callable[[Tensor], Tensor]:
    """Source: C. E. Duchon, "Lanczos Filtering in One and Two Dimensions", 1979."""
    return lambda distance: torch.where(distance < radius, torch.sinc(distance) * torch.sinc(distance / radius), 0)


KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


def _shares(size: int, out: int, scale: Tensor, translation: Tensor, method: str, antialias: bool) -> Tensor:
    """(size, out): how much of each place goes into each new one; each column sums to one, or is zero outside."""
    places = (torch.arange(out, dtype=scale.dtype, device=scale.device) + 0.5 - translation) / scale - 0.5
    own = torch.arange(size, dtype=scale.dtype, device=scale.device)
    width = (1 / scale).clamp(min=1) if antialias else 1
    shares = KERNELS[method]((places - own[:, None]).abs() / width)
    total = shares.sum(dim=0)
    known = total.abs() > 1000 * torch.finfo(total.dtype).eps
    inside = known & (places >= -0.5) & (places <= size - 0.5)
    return torch.where(inside, shares / torch.where(known, total, 1), 0)


def _dims(images: Any, output_shape: Any, spatial_dims: Any) -> list[int]:
    """The axes that change, from 0.

    Raises:
        Invalid: where they are none of the images', and where the other sizes would change.
    """
    rank, name = len(images.shape), "ops.image.scale_and_translate"
    if len(output_shape) != rank:
        raise Invalid(f"{name}(output_shape=...)", f"{rank} sizes, as the images have axes", tuple(output_shape))
    if any(not -rank <= dim < rank for dim in spatial_dims):
        raise Invalid(f"{name}(spatial_dims=...)", f"axes of images {tuple(images.shape)}", spatial_dims)
    return [dim % rank for dim in spatial_dims]


def _translated_symbol(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> KerasTensor:
    dims = _dims(images, output_shape, spatial_dims)
    sizes = [output_shape[axis] if axis in dims else size for axis, size in enumerate(images.shape)]
    return KerasTensor(tuple(sizes), images.dtype)


@symbolic(_translated_symbol)
@op
def scale_and_translate(
    images: Any,
    output_shape: Sequence[int],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Arrays stretched and moved along some axes: what was at x lies at x * scale + translation. Outside are zeros.

    Args:
        images: any array. A place covers one unit: the first one reaches from 0 to 1.
        output_shape: sizes of the result; only those of `spatial_dims` may differ from the images'.
        scale: how many times longer each of these axes becomes.
        translation: how far it moves after, in places of the result.
        spatial_dims: the axes.
        method: "linear", "bilinear", "trilinear" or "triangle"; "cubic", "bicubic" or "tricubic"; "lanczos3";
            "lanczos5".
        antialias: whether places that become smaller are averaged.

    Shapes:
        images: (*sizes)
        scale, translation: (axes in spatial_dims,)
        result: output_shape
    """
    images = tensor(images)
    choice(method, KERNELS, "ops.image.scale_and_translate(method=...)")
    dims = _dims(images, output_shape, spatial_dims)
    x = widened(images)
    scale, translation = tensor(scale).to(x.dtype), tensor(translation).to(x.dtype)
    if tuple(scale.shape) != (len(dims),) or tuple(translation.shape) != (len(dims),):
        got = tuple(scale.shape), tuple(translation.shape)
        raise Invalid("ops.image.scale_and_translate", f"{len(dims)} scales and translations", got)
    for place, dim in enumerate(dims):
        how = scale[place], translation[place], method, antialias
        x = (x.movedim(dim, -1) @ _shares(x.shape[dim], output_shape[dim], *how)).movedim(-1, dim)
    return narrowed(x, images.dtype)


def _resized_symbol(
    images: Any,
    size: Any,
    interpolation: Any = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> KerasTensor:
    frame = frame_of(images, data_format, "resize")
    _check(size, interpolation, crop_to_aspect_ratio and pad_to_aspect_ratio, fill_mode)
    return frame.symbol(images, tuple(size), frame.sizes(images.shape)[1])


def _check(size: Any, interpolation: str, both: bool, fill_mode: str) -> None:
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise Invalid("ops.image.resize(size=...)", "(height, width)", size)
    per_axis(size, 2, "image.resize", "size")
    choice(interpolation, (*MODES, "lanczos3", "lanczos5"), "ops.image.resize(interpolation=...)")
    choice(fill_mode, ("constant",), "ops.image.resize(fill_mode=...)")
    if both:
        raise Invalid("ops.image.resize", "crop_to_aspect_ratio or pad_to_aspect_ratio", "both")


@symbolic(_resized_symbol)
@op
def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Images of another height and width. Of whole numbers, values are rounded and held within their range.

    Args:
        images: images.
        size: height and width of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether places that become smaller are averaged.
        crop_to_aspect_ratio: cut off what does not have the shape of the result, evenly, instead of stretching.
        pad_to_aspect_ratio: add margins, evenly, instead of stretching.
        fill_mode: must be "constant".
        fill_value: what is in the margins.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images: (height, width, channels), or (channels, height, width) if channels_first; with or without a batch
        result: as images, with height and width of `size`
    """
    images = tensor(images)
    frame = frame_of(images, data_format, "resize")
    _check(size, interpolation, crop_to_aspect_ratio and pad_to_aspect_ratio, fill_mode)
    x = widened(frame.opened(images))
    if crop_to_aspect_ratio:
        x = _cropped(x, size)
    elif pad_to_aspect_ratio:
        x = _padded(x, size, fill_value)
    x = (
        _lanczos_resized(x, size, interpolation, antialias)
        if interpolation not in MODES
        else _resized(x, size, MODES[interpolation], antialias)
    )
    return frame.closed(narrowed(x, images.dtype))


def _resized(x: Tensor, size: Sequence[int], mode: str, antialias: bool) -> Tensor:
    if x.shape[0] == 0:
        return x.new_zeros((0, x.shape[1], *size))
    smooth = {} if mode == "nearest-exact" else {"align_corners": False, "antialias": antialias}
    return F.interpolate(x, size=tuple(size), mode=mode, **smooth)


def _lanczos_resized(x: Tensor, size: Sequence[int], method: str, antialias: bool) -> Tensor:
    for dim, out in zip((2, 3), size, strict=True):
        scale = x.new_tensor(out / x.shape[dim])
        x = (x.movedim(dim, -1) @ _shares(x.shape[dim], out, scale, scale * 0, method, antialias)).movedim(-1, dim)
    return x


def _cropped(x: Tensor, size: Sequence[int]) -> Tensor:
    """The middle of the images, as large as it can be in the shape of the result."""
    height, width = x.shape[2:]
    new_height = max(min(height, int(width * size[0] / size[1])), 1)
    new_width = max(min(width, int(height * size[1] / size[0])), 1)
    x = x.narrow(2, int((height - new_height) / 2), new_height)
    return x.narrow(3, int((width - new_width) / 2), new_width)


def _padded(x: Tensor, size: Sequence[int], fill_value: float) -> Tensor:
    """The images in the middle of margins, in the shape of the result."""
    height, width = x.shape[2:]
    around_height = (max(height, int(width * size[0] / size[1])) - height) // 2
    around_width = (max(width, int(height * size[1] / size[0])) - width) // 2
    return F.pad(x, (around_width, around_width, around_height, around_height), value=fill_value)


__all__ = ["resize", "scale_and_translate"]

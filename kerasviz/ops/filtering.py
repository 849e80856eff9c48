"""Filters: a small kernel slid over each channel of images. `gaussian_blur`, `sobel_edges`, `ssim`."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.picturing import Frame, frame_of, narrowed, widened
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import pad, per_axis, same_padding
from kerasviz.tensors import KerasTensor


def bell(size: int, sigma: float, like: Tensor) -> Tensor:
    """A normal distribution with standard deviation `sigma`, at `size` places around its middle; sums to one."""
    places = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    weights = torch.exp(-0.5 * (places / sigma).square())
    return weights / weights.sum()


def blurred(x: Tensor, size: Sequence[int], sigma: Sequence[float], same: bool = True) -> Tensor:
    """`x` (batch, channels, height, width) under a bell-shaped kernel; zeros around with `same`. One axis at a time."""
    x = pad(x, same_padding(x.shape[2:], size, (1, 1))) if same else x
    flat = x.reshape(-1, 1, *x.shape[2:])
    flat = F.conv2d(flat, bell(size[0], sigma[0], x).reshape(1, 1, -1, 1))
    flat = F.conv2d(flat, bell(size[1], sigma[1], x).reshape(1, 1, 1, -1))
    return flat.reshape(*x.shape[:2], *flat.shape[2:])


def deviations(sigma: Any, where: str) -> tuple[float, float]:
    """A standard deviation for height and one for width; a single one stands for both.

    Raises:
        Invalid: for anything but numbers above 0.
    """
    both = (sigma, sigma) if isinstance(sigma, (int, float)) else tuple(sigma)
    if len(both) != 2 or not all(isinstance(one, (int, float)) and one > 0 for one in both):
        raise Invalid(where, "a number above 0, or two of them", sigma)
    return float(both[0]), float(both[1])


@op
def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Sequence[float] = (1.0, 1.0),
    data_format: str | None = None,
) -> Tensor:
    """Images whose places take on something of their neighbours; those outside are zeros.

    Args:
        images: images.
        kernel_size: how many neighbours count, in height and width, each with the place itself.
        sigma: standard deviation of the weights in height and width, in places.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images, result: (height, width, channels), or (channels, height, width) if channels_first; with or without a
            batch
    """
    images = tensor(images)
    frame = frame_of(images, data_format, "gaussian_blur")
    size = per_axis(kernel_size, 2, "image.gaussian_blur", "kernel_size")
    spread = deviations(sigma, "ops.image.gaussian_blur(sigma=...)")
    x = frame.opened(images)
    return frame.closed(narrowed(blurred(widened(x), size, spread), images.dtype))


def _batch_of(images: Any, data_format: str | None) -> Frame:
    """How the images are given.

    Raises:
        Invalid: for a single one.
    """
    frame = frame_of(images, data_format, "sobel_edges")
    if not frame.batched:
        raise Invalid("ops.image.sobel_edges", "a batch of images", tuple(images.shape), "Add an axis: images[None].")
    return frame


def _edges_symbol(images: Any, data_format: str | None = None) -> KerasTensor:
    _batch_of(images, data_format)
    return KerasTensor((*images.shape, 2), images.dtype)


@symbolic(_edges_symbol)
@op
def sobel_edges(images: Any, data_format: str | None = None) -> Tensor:
    """How much brighter images become from top to bottom, and from left to right; outside are zeros.

    Shapes:
        images: (batch, height, width, channels), or (batch, channels, height, width) if channels_first
        result: as images, and a last axis of 2: along height, along width

    Source: Sobel and Feldman, "A 3x3 Isotropic Gradient Operator for Image Processing", 1968.
    """
    images = tensor(images)
    frame = _batch_of(images, data_format)
    x = widened(frame.opened(images))
    down = torch.tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], dtype=x.dtype, device=x.device)
    kernels = torch.stack([down, down.t()]).unsqueeze(1).repeat(x.shape[1], 1, 1, 1)
    edges = F.conv2d(x, kernels, padding=1, groups=x.shape[1]).reshape(*x.shape[:2], 2, *x.shape[2:])
    edges = edges.movedim(2, -1)
    edges = edges.movedim(1, -2) if frame.last else edges
    return edges.to(images.dtype) if images.is_floating_point() else edges.to(torch.int64).to(images.dtype)


def _likeness_symbol(image1: Any, image2: Any, *args: Any, data_format: Any = None, **kwargs: Any) -> KerasTensor:
    frame = frame_of(image1, args[5] if len(args) > 5 else data_format, "ssim")
    return KerasTensor((image1.shape[0],) if frame.batched else (), image1.dtype)


@symbolic(_likeness_symbol)
@op
def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """How alike two images look, in brightness, contrast and structure: 1 for equal ones, -1 at the least.

    Args:
        image1: an image, or several.
        image2: as many, of the same shape.
        max_val: the largest value that a place may have.
        filter_size: height and width of the windows that are compared, in places.
        filter_sigma: standard deviation of the weights in a window, in places.
        k1, k2: keep what is divided by away from zero; shares of `max_val`.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        image1, image2: (height, width, channels), or (channels, height, width) if channels_first; with or without a
            batch
        result: (batch,), or () without a batch

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural
    Similarity", 2004.
    """
    image1, image2 = tensor(image1), tensor(image2)
    frame = frame_of(image1, data_format, "ssim")
    if image1.shape != image2.shape:
        raise Invalid("ops.image.ssim", f"a second image of shape {tuple(image1.shape)}", tuple(image2.shape))
    size = per_axis(filter_size, 2, "image.ssim", "filter_size")
    space = frame.sizes(image1.shape)[0]
    if any(n < extent for n, extent in zip(space, size, strict=True)):  # type: ignore[operator]
        raise Invalid("ops.image.ssim", f"images of at least {size}, the size of the filter", tuple(space))
    x, y = widened(frame.opened(image1)), widened(frame.opened(image2))
    found = _alike(x, y.to(x.dtype), size, filter_sigma, ((k1 * max_val) ** 2, (k2 * max_val) ** 2))
    found = found if frame.batched else found.squeeze(0)
    return found.to(image1.dtype) if image1.is_floating_point() else found


def _alike(x: Tensor, y: Tensor, size: Sequence[int], sigma: float, least: tuple[float, float]) -> Tensor:
    """The mean over windows and channels; x, y: (batch, channels, height, width)."""
    spread = deviations(sigma, "ops.image.ssim(filter_sigma=...)")
    together = torch.cat([x, y, x * x, y * y, x * y], dim=1)
    mean_x, mean_y, square_x, square_y, product = blurred(together, size, spread, same=False).chunk(5, dim=1)
    covariance = product - mean_x * mean_y
    variances = square_x - mean_x.square() + square_y - mean_y.square()
    brightness = (2 * mean_x * mean_y + least[0]) / (mean_x.square() + mean_y.square() + least[0])
    return (brightness * (2 * covariance + least[1]) / (variances + least[1])).mean(dim=(1, 2, 3))


__all__ = ["gaussian_blur", "sobel_edges", "ssim"]

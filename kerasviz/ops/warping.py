"""Images turned, seen from elsewhere, and bent: `affine_transform`, `perspective_transform`, `elastic_transform`."""

import math
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.filtering import blurred
from kerasviz.ops.picturing import choice, frame_of, narrowed, widened
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sampling import FILLS, sampled
from kerasviz.tensors import KerasTensor
from kerasviz.tensors.seeds import generator_of

ORDERS = {"nearest": 0, "bilinear": 1}
REACH = 3  # standard deviations to either side that a bell-shaped kernel covers


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    """The row, and the column, of each place of `x` (batch, channels, height, width)."""
    rows = torch.arange(x.shape[2], dtype=x.dtype, device=x.device)
    columns = torch.arange(x.shape[3], dtype=x.dtype, device=x.device)
    return torch.meshgrid(rows, columns, indexing="ij")  # type: ignore[return-value]


def _same_symbol(images: Any, *args: Any, **kwargs: Any) -> KerasTensor:
    return KerasTensor(images.shape, images.dtype)


@symbolic(_same_symbol)
@op
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images moved, turned, stretched and sheared. There is no gradient for the transform.

    Args:
        images: images.
        transform: `[a0, a1, a2, b0, b1, b2, c0, c1]`: place (x, y) of the result shows place (a0 x + a1 y + a2,
            b0 x + b1 y + b2) of the image; c0 and c1 are not looked at. One for all images, or one for each.
        interpolation: "bilinear" or "nearest".
        fill_mode: what is outside: "constant" (k k | a b c | k k), "nearest" (a a | a b c | c c), "wrap"
            (b c | a b c | a b), "mirror" (c b | a b c | b a) or "reflect" (b a | a b c | c b).
        fill_value: k.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images, result: (height, width, channels), or (channels, height, width) if channels_first; with or without a
            batch
        transform: (8,) or (batch, 8)
    """
    images, transform = tensor(images), tensor(transform)
    frame = frame_of(images, data_format, "affine_transform")
    order = ORDERS[choice(interpolation, ORDERS, "ops.image.affine_transform(interpolation=...)")]
    choice(fill_mode, FILLS, "ops.image.affine_transform(fill_mode=...)")
    x = widened(frame.opened(images))
    transform = _for_each(transform.detach(), (8,), x, "ops.image.affine_transform(transform=...)").to(x.dtype)
    a0, a1, a2, b0, b1, b2, _, _ = transform[..., None, None].unbind(1)
    rows, columns = _grid(x)
    places = torch.stack([b0 * columns + b1 * rows + b2, a0 * columns + a1 * rows + a2], dim=1)
    return frame.closed(narrowed(sampled(x, places, order, fill_mode, fill_value), images.dtype))


def _for_each(values: Tensor, shape: tuple[int, ...], x: Tensor, where: str) -> Tensor:
    """(batch or 1, *shape): something of this shape for all of the images `x`, or for each.

    Raises:
        Invalid: for another shape.
    """
    values = values.unsqueeze(0) if values.ndim == len(shape) else values
    if tuple(values.shape[1:]) != shape or values.shape[0] not in (1, x.shape[0]):
        each = ", ".join(map(str, shape))
        raise Invalid(where, f"({each}), or ({x.shape[0]}, {each}), one for each image", tuple(values.shape))
    return values


@symbolic(_same_symbol)
@op
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: Any = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images as seen from elsewhere: four points come to lie on four others.

    Args:
        images: images.
        start_points: four points (x, y) of the image.
        end_points: where they lie in the result.
        interpolation: "bilinear" or "nearest".
        fill_value: what is outside.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images, result: (height, width, channels), or (channels, height, width) if channels_first; with or without a
            batch
        start_points, end_points: (4, 2) or (batch, 4, 2)

    Source: Hartley and Zisserman, "Multiple View Geometry in Computer Vision", 2000: homographies from points.
    """
    images = tensor(images)
    frame = frame_of(images, data_format, "perspective_transform")
    order = ORDERS[choice(interpolation, ORDERS, "ops.image.perspective_transform(interpolation=...)")]
    x = widened(frame.opened(images))
    start, end = _points(start_points, "start_points", x), _points(end_points, "end_points", x)
    h = _homography(end, start).to(x.dtype)[..., None, None].unbind(1)
    rows, columns = _grid(x)
    depth = h[6] * columns + h[7] * rows + 1
    places = [(h[3] * columns + h[4] * rows + h[5]) / depth, (h[0] * columns + h[1] * rows + h[2]) / depth]
    return frame.closed(narrowed(sampled(x, torch.stack(places, dim=1), order, "constant", fill_value), images.dtype))


def _points(points: Any, name: str, x: Tensor) -> Tensor:
    """(batch or 1, 4, 2), in 64 bits: what is solved with them is nearly singular where points lie close."""
    return _for_each(tensor(points), (4, 2), x, f"ops.image.perspective_transform({name}=...)").to(torch.float64)


def _homography(source: Tensor, target: Tensor) -> Tensor:
    """(batch, 8): h with target x = (h0 x + h1 y + h2) / (h6 x + h7 y + 1), target y likewise with h3 to h5."""
    source, target = torch.broadcast_tensors(source, target)
    x, y = source.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    across = torch.stack([x, y, one, zero, zero, zero], dim=-1)
    down = torch.stack([zero, zero, zero, x, y, one], dim=-1)
    left = torch.cat([across, down], dim=1)  # (batch, 8, 6)
    wanted = torch.cat([target[..., 0], target[..., 1]], dim=1)
    right = -wanted[..., None] * source.repeat(1, 2, 1)
    return torch.linalg.solve(torch.cat([left, right], dim=-1), wanted)


@symbolic(_same_symbol)
@op
def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Images bent at random: each place shows another one nearby, and neighbours move alike.

    Args:
        images: images, each bent in its own way.
        alpha: how far places move: by normal numbers with standard deviation near 0.28 * alpha, in places.
        sigma: how smooth the bends are: standard deviation, in places, of the kernel that blurs the movements.
        interpolation: "bilinear" or "nearest".
        fill_mode: what is outside: "constant" (k k | a b c | k k), "nearest" (a a | a b c | c c), "wrap"
            (b c | a b c | a b), "mirror" (c b | a b c | b a) or "reflect" (b a | a b c | c b).
        fill_value: k.
        seed: a whole number for the same bends each time, a SeedGenerator, or None.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        images, result: (height, width, channels), or (channels, height, width) if channels_first; with or without a
            batch

    Source: Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis", 2003.
    """
    images = tensor(images)
    frame = frame_of(images, data_format, "elastic_transform")
    order = ORDERS[choice(interpolation, ORDERS, "ops.image.elastic_transform(interpolation=...)")]
    choice(fill_mode, FILLS, "ops.image.elastic_transform(fill_mode=...)")
    if not sigma > 0:
        raise Invalid("ops.image.elastic_transform(sigma=...)", "a number above 0", sigma)
    x = widened(frame.opened(images))
    noise = torch.empty((x.shape[0], 2, *x.shape[2:]), dtype=x.dtype, device=x.device)
    noise.normal_(0, sigma, generator=generator_of(seed, x.device))
    size = 2 * math.ceil(REACH * sigma) + 1
    moves = alpha * blurred(noise, (size, size), (sigma, sigma))
    places = torch.stack(_grid(x)) + moves
    return frame.closed(narrowed(sampled(x, places, order, fill_mode, fill_value), images.dtype))


__all__ = ["affine_transform", "elastic_transform", "perspective_transform"]

"""Colours: red, green and blue to grey, to hue, saturation and value, and back."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.picturing import Frame, frame_of, widened
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor

BRIGHTNESS = (0.2989, 0.587, 0.114)  # of red, green and blue, as the eye sees them (ITU-R BT.601)


def _coloured(images: Any, data_format: str | None) -> Frame:
    """How the images are given.

    Raises:
        Invalid: for other numbers of channels than 1 and 3.
    """
    frame = frame_of(images, data_format, "rgb_to_grayscale")
    if frame.sizes(images.shape)[1] not in (1, 3, None):
        raise Invalid("ops.image.rgb_to_grayscale", "images with 3 channels, or 1", tuple(images.shape))
    return frame


def _grey_symbol(images: Any, data_format: str | None = None) -> KerasTensor:
    frame = _coloured(images, data_format)
    return frame.symbol(images, frame.sizes(images.shape)[0], 1)


@symbolic(_grey_symbol)
@op
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Tensor:
    """The brightness of colours; grey images stay as they are. Whole numbers are rounded down.

    Shapes:
        images: (height, width, 3 or 1), or (3 or 1, height, width) if channels_first; with or without a batch
        result: as images, with 1 channel
    """
    images = tensor(images)
    frame = _coloured(images, data_format)
    x = frame.opened(images)
    if x.shape[1] == 1:
        return images
    red, green, blue = widened(x).unbind(1)
    grey = red * BRIGHTNESS[0] + green * BRIGHTNESS[1] + blue * BRIGHTNESS[2]
    return frame.closed(grey.unsqueeze(1).to(images.dtype))


def _channels_of(images: Any, data_format: str | None, name: str) -> tuple[Frame, Tensor]:
    frame = frame_of(images, data_format, name)
    if not images.is_floating_point():
        raise Invalid(f"ops.image.{name}", "images of floats from 0 to 1", images.dtype, "Divide them by 255.")
    if frame.sizes(images.shape)[1] != 3:
        raise Invalid(f"ops.image.{name}", "images with 3 channels", tuple(images.shape))
    return frame, frame.opened(images)


@op
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value of colours. Hue is 0 for red, 1/3 for green, 2/3 for blue.

    Shapes:
        images, result: (height, width, 3), or (3, height, width) if channels_first; with or without a batch; 0 to 1

    Source: A. R. Smith, "Color Gamut Transform Pairs", 1978.
    """
    frame, x = _channels_of(tensor(images), data_format, "rgb_to_hsv")
    red, green, blue = x.unbind(1)
    value = x.amax(dim=1)
    spread = value - x.amin(dim=1)
    unit = torch.where(spread == 0, 1, spread)
    from_blue = torch.where(value == green, (blue - red) / unit + 2, (red - green) / unit + 4)
    hue = torch.where(value == red, ((green - blue) / unit).remainder(6), from_blue) / 6
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1), 0)
    return frame.closed(torch.stack([torch.where(spread == 0, 0, hue), saturation, value], dim=1))


@op
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Tensor:
    """Colours of hue, saturation and value. Hue is 0 for red, 1/3 for green, 2/3 for blue, and comes round.

    Shapes:
        images, result: (height, width, 3), or (3, height, width) if channels_first; with or without a batch; 0 to 1

    Source: A. R. Smith, "Color Gamut Transform Pairs", 1978.
    """
    frame, x = _channels_of(tensor(images), data_format, "hsv_to_rgb")
    hue, saturation, value = (channel.unsqueeze(1) for channel in x.unbind(1))
    turn = torch.tensor([5, 3, 1], dtype=x.dtype, device=x.device).reshape(1, 3, 1, 1)
    place = (turn + hue * 6).remainder(6)  # a channel is full from 2 steps before its place on the circle to 2 after
    missing = torch.minimum(place, 4 - place).clamp(0, 1)
    return frame.closed(value - value * saturation * missing)


__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]

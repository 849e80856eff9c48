"""Convolutions: a small kernel slid over time, images or volumes, and the same backwards."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import (
    Pairs,
    channels_back,
    channels_come_last,
    channels_of,
    channels_second,
    extents,
    known_padding,
    map_rank,
    map_symbol,
    pad,
    padding_of,
    per_axis,
    slid,
    space_of,
)
from kerasviz.tensors import KerasTensor

CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
CONVOLVE_BACK = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
TORCH_ORDER = {1: (2, 1, 0), 2: (3, 2, 0, 1), 3: (4, 3, 0, 1, 2)}  # (*space, inputs, outputs) -> torch's axes
DEPTHWISE_ORDER = {1: (1, 2, 0), 2: (2, 3, 0, 1), 3: (3, 4, 0, 1, 2)}
Sizes = int | Sequence[int]


def convolve(
    x: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    strides: Sequence[int],
    pairs: Pairs,
    dilation_rate: Sequence[int],
    groups: int,
) -> Tensor:
    """`x` (batch, channels, *space), padded by `pairs`, under `kernel` (filters, channels / groups, *kernel_size)."""
    around = tuple(before for before, _ in pairs)
    if any(before != after for before, after in pairs):
        x = pad(x, pairs)
        around = (0,) * len(around)
    if max(strides) > 1 and kernel.shape[2:].numel() == 1 and not any(around):
        x, strides = every(x, strides), (1,) * len(around)  # oneDNN writes past the end of the gradient otherwise
    return CONVOLVE[len(around)](x, kernel, bias, strides, around, dilation_rate, groups)


def every(x: Tensor, strides: Sequence[int]) -> Tensor:
    """`x` (batch, channels, *space) at every so-many-th place of each axis."""
    return x[(slice(None), slice(None), *(slice(None, None, stride) for stride in strides))]


def depthwise(kernel: Tensor, rank: int) -> Tensor:
    """A kernel (*space, channels, multiplier) as torch has it for `groups=channels`."""
    return kernel.permute(DEPTHWISE_ORDER[rank]).flatten(0, 1).unsqueeze(1)


def convolve_back(
    x: Tensor, kernel: Tensor, bias: Tensor | None, strides: Sequence[int], cuts: Pairs, dilation_rate: Sequence[int]
) -> Tensor:
    """Each value of `x` (batch, channels, *space) spread by `kernel` (channels, filters, *kernel_size), and summed.

    Args:
        cuts: what each axis loses (before, after) of all that the kernel reaches; negative: what it gains.
    """
    around = tuple(max(min(pair), 0) for pair in cuts)
    extra = tuple(max(-after, 0) for _, after in cuts)
    x = CONVOLVE_BACK[len(around)](x, kernel, bias, strides, around, extra, 1, dilation_rate)
    rest = [(cut - before, cut - max(after, 0)) for cut, (before, after) in zip(around, cuts, strict=True)]
    return pad(x, rest) if any(pair != (0, 0) for pair in rest) else x  # negative padding cuts off


def cut(extent: int, stride: int, padding: str, extra: int | None) -> tuple[int, int]:
    """What an axis loses (before, after) in a transposed convolution; `extra`: its output padding."""
    if padding == "valid":
        return 0, min(extent - stride, 0) if extra is None else -extra
    if extra is None:
        total = extent - stride
        return max(total, 0) // 2, total - max(total, 0) // 2
    total = extent // 2 * 2 - extra
    before = max(total, 0) // 2
    return before, total - before


class Windows(NamedTuple):
    """What a convolution was told, as torch wants it."""

    rank: int
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    extents: tuple[int, ...]
    padding: str
    last: bool


def _windows(
    name: str, inputs: Any, kernel: Any, strides: Any, padding: Any, data_format: Any, dilation_rate: Any
) -> Windows:
    """The arguments checked.

    Raises:
        Invalid: for ranks that do not fit, and for sizes and words that are not known.
    """
    last = channels_come_last(data_format, name)
    rank = map_rank(inputs, name, last)
    if len(kernel.shape) != rank + 2:
        expected = f"a kernel with {rank + 2} axes (*space, inputs, outputs), as many as the inputs"
        raise Invalid(f"ops.{name}(kernel=...)", expected, tuple(kernel.shape))
    padding = known_padding(padding, name)
    steps = per_axis(strides, rank, name, "strides")
    dilation = per_axis(dilation_rate, rank, name, "dilation_rate")
    return Windows(rank, steps, dilation, extents(kernel.shape[:rank], dilation), padding, last)


def _convolved(x: Tensor, kernel: Tensor, windows: Windows, groups: int) -> Tensor:
    _, strides, dilation, extent, padding, _ = windows
    return convolve(x, kernel, None, strides, padding_of(padding, x.shape[2:], extent, strides), dilation, groups)


def _conv_symbol(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
    name: str = "conv",
) -> KerasTensor:
    w = _windows(name, inputs, kernel, strides, padding, data_format, dilation_rate)
    channels = kernel.shape[-1] if name == "conv" else kernel.shape[-2] * kernel.shape[-1]
    if name == "conv":
        _groups(inputs, kernel, w.last)
    return map_symbol(inputs, slid(inputs, w.extents, w.strides, w.padding, name, w.last), channels, w.last)


def _groups(inputs: Any, kernel: Any, last: bool) -> int:
    """How many groups the channels are in: each has as many as the kernel's inputs."""
    channels, each = channels_of(inputs.shape, last), kernel.shape[-2]
    if channels is not None and (not each or channels % each or kernel.shape[-1] % (channels // each or 1)):
        hint = "Groups are channels / the kernel's inputs; they divide the kernel's outputs too."
        expected = f"a number of channels that fits the kernel {tuple(kernel.shape)}"
        raise Invalid("ops.conv", expected, tuple(inputs.shape), hint)
    return 1 if channels is None else channels // each


@symbolic(_conv_symbol)
@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Slides a kernel over the spatial axes. With fewer inputs in the kernel than channels, these are in groups.

    Args:
        inputs: 1 to 3 axes of space.
        kernel: of numbers of the same dtype.
        strides: steps between two places of the kernel.
        padding: "valid", or "same", with which stride 1 keeps the size.
        data_format: place of the channel axis; None asks the config.
        dilation_rate: distance between two points of the kernel.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, channels / groups, filters)
        outputs: as inputs, with filters for channels
    """
    x, kernel = tensor(inputs), tensor(kernel)
    w = _windows("conv", x, kernel, strides, padding, data_format, dilation_rate)
    groups = _groups(x, kernel, w.last)
    outputs = _convolved(channels_second(x, w.last), kernel.permute(TORCH_ORDER[w.rank]), w, groups)
    return channels_back(outputs, w.last)


def _depthwise_symbol(*args: Any, **kwargs: Any) -> KerasTensor:
    return _conv_symbol(*args, name="depthwise_conv", **kwargs)


@symbolic(_depthwise_symbol)
@op
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Slides kernels over each channel apart.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, channels, multiplier)
        outputs: as inputs, with channels * multiplier channels
    """
    x, kernel = tensor(inputs), tensor(kernel)
    w = _windows("depthwise_conv", x, kernel, strides, padding, data_format, dilation_rate)
    x = channels_second(x, w.last)
    return channels_back(_convolved(x, depthwise(kernel, w.rank), w, x.shape[1]), w.last)


def _separable_symbol(inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any, *args: Any, **kwargs: Any) -> Any:
    between = _depthwise_symbol(inputs, depthwise_kernel, *args, **kwargs)
    data_format = args[2] if len(args) > 2 else kwargs.get("data_format")
    last = channels_come_last(data_format, "separable_conv")
    return map_symbol(between, space_of(between.shape, last), pointwise_kernel.shape[-1], last)


@symbolic(_separable_symbol)
@op
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Slides kernels over each channel apart, then mixes the channels of each place.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        depthwise_kernel: (*kernel_size, channels, multiplier)
        pointwise_kernel: (*ones, channels * multiplier, filters)
        outputs: as inputs, with filters for channels

    Source: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2016.
    """
    x, kernel, pointwise = tensor(inputs), tensor(depthwise_kernel), tensor(pointwise_kernel)
    w = _windows("separable_conv", x, kernel, strides, padding, data_format, dilation_rate)
    x = channels_second(x, w.last)
    x = _convolved(x, depthwise(kernel, w.rank), w, x.shape[1])
    return channels_back(CONVOLVE[w.rank](x, pointwise.permute(TORCH_ORDER[w.rank])), w.last)


def _cuts(w: Windows, output_padding: Any) -> list[tuple[int, int]]:
    given = (None,) * w.rank
    if output_padding is not None:
        given = per_axis(output_padding, w.rank, "conv_transpose", "output_padding", at_least=0)
    axes = zip(w.extents, w.strides, given, strict=True)
    return [cut(extent, stride, w.padding, extra) for extent, stride, extra in axes]


def _transpose_symbol(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> KerasTensor:
    w = _windows("conv_transpose", inputs, kernel, strides, padding, data_format, dilation_rate)
    axes = zip(space_of(inputs.shape, w.last), w.extents, w.strides, _cuts(w, output_padding), strict=True)
    space = [None if n is None else (n - 1) * stride + extent - sum(pair) for n, extent, stride, pair in axes]
    return map_symbol(inputs, space, kernel.shape[-2], w.last)


@symbolic(_transpose_symbol)
@op
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Spreads each value by a kernel: the gradient of a convolution with respect to its input.

    Args:
        inputs: 1 to 3 axes of space.
        kernel: of numbers of the same dtype.
        strides: how far apart neighbours of the input come to lie.
        padding: "valid", or "same", which gives space * strides.
        output_padding: places added after; None fits the padding.
        data_format: place of the channel axis; None asks the config.
        dilation_rate: distance between two points of the kernel.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, filters, channels)
        outputs: as inputs, with filters for channels and space * strides, or a little more

    Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.
    """
    x, kernel = tensor(inputs), tensor(kernel)
    w = _windows("conv_transpose", x, kernel, strides, padding, data_format, dilation_rate)
    x = channels_second(x, w.last)
    kernel = kernel.permute(TORCH_ORDER[w.rank])
    return channels_back(convolve_back(x, kernel, None, w.strides, _cuts(w, output_padding), w.dilation_rate), w.last)


__all__ = ["conv", "conv_transpose", "depthwise_conv", "separable_conv"]

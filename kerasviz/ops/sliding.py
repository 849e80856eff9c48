"""How windows fit on a map: sizes for each axis, padding, and the number of places. Layers use these too."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import KerasTensor, settings

Pairs = Sequence[tuple[int, int]]
Space = tuple[int | None, ...]
PADDINGS = ("valid", "same")
AXES = {1: "time", 2: "height, width", 3: "depth, height, width"}


def extents(kernel_size: Sequence[int], dilation_rate: Sequence[int]) -> tuple[int, ...]:
    """How far a dilated kernel reaches along each axis."""
    return tuple([(kernel - 1) * dilation + 1 for kernel, dilation in zip(kernel_size, dilation_rate, strict=True)])


def same_padding(space: Sequence[int], window: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """Padding (before, after) of each axis with which a window reaches every place: the odd one goes after."""
    pairs = []
    for size, extent, stride in zip(space, window, strides, strict=True):
        total = max((size - 1) // stride * stride + extent - size, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def pad(x: Tensor, pairs: Pairs, value: float = 0.0) -> Tensor:
    """`x` with its last axes padded by (before, after) each."""
    return F.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)


def num_places(size: int | None, extent: int, stride: int, padding: str) -> int | None:
    """How many places a window has along an axis; none or less where it does not fit."""
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - extent) // stride + 1


def padding_of(padding: str, space: Sequence[int], window: Sequence[int], strides: Sequence[int]) -> Pairs:
    """(before, after) of each axis for 'valid', 'same' or 'causal'."""
    if padding == "valid":
        return [(0, 0)] * len(window)
    if padding == "causal":
        return [(window[0] - 1, 0)]
    return same_padding(space, window, strides)


def per_axis(value: Any, rank: int, name: str, argument: str, at_least: int = 1) -> tuple[int, ...]:
    """One whole number for each of `rank` axes; a single one stands for all.

    Args:
        value: what was given.
        rank: the number of axes.
        name: of the op, for the error.
        argument: which argument it is, for the error.
        at_least: the smallest one that makes sense.

    Raises:
        Invalid: for anything else.
    """
    if type(value) is int and value >= at_least:
        return (value,) * rank
    sizes = (value,) * rank if isinstance(value, int) else tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(sizes) == 1 < rank:
        sizes *= rank
    if len(sizes) != rank or not all(isinstance(size, int) and size >= at_least for size in sizes):
        each = f"a whole number at least {at_least}"
        raise Invalid(f"ops.{name}({argument}=...)", each if rank == 1 else f"{each}, or {rank} of them", value)
    return sizes


def known_padding(padding: Any, name: str) -> str:
    """The padding in lower case: "valid" or "same".

    Raises:
        Invalid: for another one.
    """
    if padding in PADDINGS:
        return padding
    found = str(padding).lower()
    if found not in PADDINGS:
        expected = " or ".join(map(repr, PADDINGS))
        raise Invalid(f"ops.{name}(padding=...)", expected, padding, did_you_mean(found, PADDINGS))
    return found


def channels_come_last(data_format: str | None, name: str) -> bool:
    """Whether channels are the last axis of the inputs of this op; None asks the config."""
    if data_format is None:
        return settings.image_data_format() == "channels_last"
    if data_format in ("channels_last", "channels_first"):
        return data_format == "channels_last"
    return settings.standardize_data_format(data_format, f"ops.{name}(data_format=...)") == "channels_last"


def channels_second(x: Tensor, last: bool) -> Tensor:
    """`x` with channels as axis 1: a view."""
    return x.movedim(-1, 1) if last else x


def channels_back(x: Tensor, last: bool) -> Tensor:
    """The inverse of `channels_second`."""
    return x.movedim(1, -1) if last else x


def map_rank(x: Any, name: str, last: bool) -> int:
    """The number of spatial axes of inputs with a batch and channels.

    Raises:
        Invalid: for none, or more than three.
    """
    rank = len(x.shape) - 2
    if rank not in AXES:
        axes = "(batch, *space, channels)" if last else "(batch, channels, *space)"
        raise Invalid(f"ops.{name}", f"inputs {axes} with 1 to 3 axes of space", tuple(x.shape))
    return rank


def space_of(shape: Sequence[int | None], last: bool) -> Space:
    """The sizes of the spatial axes."""
    return tuple(shape[1:-1] if last else shape[2:])


def channels_of(shape: Sequence[int | None], last: bool) -> int | None:
    """The number of channels."""
    return shape[-1] if last else shape[1]


def map_symbol(x: Any, space: Sequence[int | None], channels: int | None, last: bool) -> KerasTensor:
    """The symbol of a map: the batch and dtype of `x`, `space` and `channels` at their places."""
    shape = (x.shape[0], *space, channels) if last else (x.shape[0], channels, *space)
    return KerasTensor(shape, x.dtype)


def slid(
    x: Any, window: Sequence[int], strides: Sequence[int], padding: str, name: str, last: bool
) -> tuple[int | None, ...]:
    """The spatial sizes after a window has slid over a map.

    Raises:
        Invalid: where the window does not fit.
    """
    space = space_of(x.shape, last)
    axes = zip(space, window, strides, strict=True)
    found = tuple(num_places(size, extent, stride, padding) for size, extent, stride in axes)
    if any(places is not None and places < 1 for places in found) and 0 not in space:
        hint = "Use padding='same' or a smaller window."
        raise Invalid(f"ops.{name}", f"a map of at least {tuple(window)}, the extent of the window", space, hint)
    return found

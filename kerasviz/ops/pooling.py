"""Pooling: a window's largest value, or its mean; windows of a given size, or as large as the output takes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.sliding import (
    Pairs,
    channels_back,
    channels_come_last,
    channels_of,
    channels_second,
    known_padding,
    map_rank,
    map_symbol,
    pad,
    padding_of,
    per_axis,
    slid,
)
from kerasviz.tensors import KerasTensor

LARGEST = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
MEAN = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE_LARGEST = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
ADAPTIVE_MEAN = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}
HALVES = (torch.float16, torch.bfloat16)
Sizes = int | Sequence[int]


def largest(x: Tensor, window: tuple[int, ...], strides: tuple[int, ...], pairs: Pairs) -> Tensor:
    """The largest value of each window of `x` (batch, channels, *space) padded by `pairs`; places outside never win."""
    uneven = any(before != after for before, after in pairs)
    if uneven and not _reaches_over(pairs, strides):
        x = pad(x, pairs, value=-torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min)
        pairs, uneven = [(0, 0)] * len(window), False
    around = tuple(before for before, _ in pairs)
    return LARGEST[len(window)](x, window, strides, around, ceil_mode=uneven)


def means(x: Tensor, window: tuple[int, ...], strides: tuple[int, ...], pairs: Pairs) -> Tensor:
    """The mean of each window of `x` (batch, channels, *space), padded by `pairs`; places outside do not count."""
    if len(window) == 3 and x.dtype in HALVES and x.device.type == "cpu":  # torch has no kernel for these
        return means(x.float(), window, strides, pairs).to(x.dtype)
    uneven = any(before != after for before, after in pairs)
    mean = MEAN[len(window)]
    if not uneven or _reaches_over(pairs, strides):
        around = tuple(before for before, _ in pairs)
        return mean(x, window, strides, around, ceil_mode=uneven, count_include_pad=False)
    inside = pad(x.new_ones((1, 1, *x.shape[2:])), pairs)
    return mean(pad(x, pairs), window, strides) / mean(inside, window, strides)


def _reaches_over(pairs: Pairs, strides: Sequence[int]) -> bool:
    """Whether torch's ceil mode does the one place more after the end that these pairs need."""
    return all(
        after - before == 0 if stride == 1 else after - before <= 1
        for (before, after), stride in zip(pairs, strides, strict=True)
    )


def _windows(name: str, inputs: Any, pool_size: Any, strides: Any, padding: Any, data_format: Any) -> tuple:
    last = channels_come_last(data_format, name)
    rank = map_rank(inputs, name, last)
    window = per_axis(pool_size, rank, name, "pool_size")
    steps = window if strides is None else per_axis(strides, rank, name, "strides")
    return window, steps, known_padding(padding, name), last


def _pooled(pool: Callable, name: str, inputs: Any, *how: Any) -> Tensor:
    x = tensor(inputs)
    window, strides, padding, last = _windows(name, x, *how)
    x = channels_second(x, last)
    return channels_back(pool(x, window, strides, padding_of(padding, x.shape[2:], window, strides)), last)


def _pool_symbol(
    inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: Any = None
) -> KerasTensor:
    window, steps, padding, last = _windows("pool", inputs, pool_size, strides, padding, data_format)
    space = slid(inputs, window, steps, padding, "pool", last)
    return map_symbol(inputs, space, channels_of(inputs.shape, last), last)


@symbolic(_pool_symbol)
@op
def max_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest value of each window.

    Args:
        inputs: 1 to 3 axes of space.
        pool_size: extent of the window along each spatial axis.
        strides: steps between two places of the window; None: windows side by side.
        padding: "valid", or "same", which lets windows reach over the edge.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with fewer places
    """
    return _pooled(largest, "max_pool", inputs, pool_size, strides, padding, data_format)


@symbolic(_pool_symbol)
@op
def average_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window; places outside do not count.

    Args:
        inputs: 1 to 3 axes of space.
        pool_size: extent of the window along each spatial axis.
        strides: steps between two places of the window; None: windows side by side.
        padding: "valid", or "same", which lets windows reach over the edge.
        data_format: place of the channel axis; None asks the config.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with fewer places
    """
    return _pooled(means, "average_pool", inputs, pool_size, strides, padding, data_format)


def _adapted(pools: dict[int, Callable], name: str, inputs: Any, output_size: Any, data_format: Any) -> Tensor:
    x = tensor(inputs)
    last = channels_come_last(data_format, name)
    rank = map_rank(x, name, last)
    size = per_axis(output_size, rank, name, "output_size")
    return channels_back(pools[rank](channels_second(x, last), size), last)


def _adaptive_symbol(inputs: Any, output_size: Any, data_format: Any = None) -> KerasTensor:
    last = channels_come_last(data_format, "adaptive_pool")
    rank = map_rank(inputs, "adaptive_pool", last)
    size = per_axis(output_size, rank, "adaptive_pool", "output_size")
    return map_symbol(inputs, size, channels_of(inputs.shape, last), last)


@symbolic(_adaptive_symbol)
@op
def adaptive_average_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The means of a given number of windows, which are as large as that takes.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with output_size for space
    """
    return _adapted(ADAPTIVE_MEAN, "adaptive_average_pool", inputs, output_size, data_format)


@symbolic(_adaptive_symbol)
@op
def adaptive_max_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """The largest values of a given number of windows, which are as large as that takes.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with output_size for space
    """
    return _adapted(ADAPTIVE_LARGEST, "adaptive_max_pool", inputs, output_size, data_format)


__all__ = ["adaptive_average_pool", "adaptive_max_pool", "average_pool", "max_pool"]

"""How layers with spatial axes are written into a plan: torch's kernels, on channels-last memory."""

from typing import Any

import torch
from torch.nn import functional as F

from kerasviz import layers
from kerasviz.graph.emitters import activated, emits
from kerasviz.graph.plan import Plan, Value
from kerasviz.ops.convolving import TORCH_ORDER, depthwise
from kerasviz.ops.sliding import same_padding


@emits(layers.Conv1D, layers.Conv2D, layers.Conv3D)
def emit_conv(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's convolution on channels-last memory; padding is known where the sizes are."""
    last = layer.data_format == "channels_last"
    space = x.shape[1:-1] if last else x.shape[2:]
    around = _around(layer, space, layer.window)
    if around is None:
        return None
    source = plan.read(x, torch_layout=last)
    pairs, padding = around
    if pairs:
        source = f"{plan.bind(F.pad, 'pad')}({source}, {pairs})"
    order = ", ".join(map(str, TORCH_ORDER[layer.rank]))
    kernel = f"{plan.bind(layer.kernel, f'{layer.name}_kernel')}.permute({order})"
    bias = "None" if layer.bias is None else plan.bind(layer.bias, f"{layer.name}_bias")
    options = f"{layer.strides}, {padding}, {layer.dilation_rate}, {layer.groups}"
    expression = f"torch.conv{layer.rank}d({source}, {kernel}, {bias}, {options})"
    value = plan.line(expression, x.rank, torch_layout=last, fresh=True)
    return activated(plan, layer.activation, value, own=True)


def _around(layer: Any, space: tuple, window: tuple) -> tuple[list[int], tuple[int, ...]] | None:
    """Padding as F.pad takes it, and as the kernel takes it; None where it depends on sizes not known yet."""
    if layer.padding == "valid":
        return [], (0,) * layer.rank
    if layer.padding == "causal":
        return [window[0] - 1, 0], (0,)
    if None in space and max(layer.strides) > 1:
        return None
    pairs = same_padding([size or 1 for size in space], window, layer.strides)
    if all(before == after for before, after in pairs):
        return [], tuple(before for before, _ in pairs)
    return [n for pair in reversed(pairs) for n in pair], (0,) * layer.rank


@emits(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D)
def emit_max_pooling(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's pooling on channels-last memory."""
    last = layer.data_format == "channels_last"
    around = _around(layer, x.shape[1:-1] if last else x.shape[2:], layer.pool_size)
    if around is None or around[0]:
        return None
    pool = f"torch.max_pool{layer.rank}d({plan.read(x, last)}, {layer.pool_size}, {layer.strides}, {around[1]})"
    return plan.line(pool, x.rank, torch_layout=last)


@emits(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D)
def emit_average_pooling(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's pooling on channels-last memory; places outside do not count."""
    last = layer.data_format == "channels_last"
    around = _around(layer, x.shape[1:-1] if last else x.shape[2:], layer.pool_size)
    if around is None or around[0]:
        return None
    function = plan.bind(getattr(F, f"avg_pool{layer.rank}d"), "average_pool")
    pool = f"{function}({plan.read(x, last)}, {layer.pool_size}, {layer.strides}, {around[1]}, False, False)"
    return plan.line(pool, x.rank, torch_layout=last)


@emits(layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D)
def emit_global_average(plan: Plan, layer: Any, x: Value) -> Value | None:
    """The mean over space, wherever the channels are."""
    if layer.keepdims or layer.data_format != "channels_last":
        return None
    axes = tuple(range(2, x.rank)) if x.torch_layout else tuple(range(1, x.rank - 1))
    return plan.line(f"{x}.mean({axes})", 2, fresh=True)


@emits(layers.DepthwiseConv1D, layers.DepthwiseConv2D)
def emit_depthwise(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's convolution with a group for each channel."""
    last = layer.data_format == "channels_last"
    around = _around(layer, x.shape[1:-1] if last else x.shape[2:], layer.window)
    if around is None or around[0]:
        return None
    kernel = f"{plan.bind(depthwise, 'depthwise')}({plan.bind(layer.kernel, f'{layer.name}_kernel')}, {layer.rank})"
    bias = "None" if layer.bias is None else plan.bind(layer.bias, f"{layer.name}_bias")
    channels = x.shape[-1] if last else x.shape[1]
    options = f"{layer.strides}, {around[1]}, {layer.dilation_rate}, {channels}"
    expression = f"torch.conv{layer.rank}d({plan.read(x, last)}, {kernel}, {bias}, {options})"
    value = plan.line(expression, x.rank, torch_layout=last, fresh=True)
    return activated(plan, layer.activation, value, own=True)


@emits(layers.AdaptiveAveragePooling1D, layers.AdaptiveAveragePooling2D, layers.AdaptiveAveragePooling3D)
def emit_adaptive_average(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's pooling to a given size."""
    last = layer.data_format == "channels_last"
    place = F if layer.rank == 1 else torch._C._nn  # pyright: ignore[reportAttributeAccessIssue]
    function = plan.bind(getattr(place, f"adaptive_avg_pool{layer.rank}d"), "adaptive_average_pool")
    return plan.line(f"{function}({plan.read(x, last)}, {tuple(layer.output_size)})", x.rank, torch_layout=last)


@emits(layers.UpSampling2D)
def emit_up_sampling(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's own repetition of places."""
    if layer.interpolation != "nearest":
        return None
    last = layer.data_format == "channels_last"
    height, width = (float(factor) for factor in layer.size)
    scale = f"None, ({height}, {width})"
    function = plan.bind(torch._C._nn.upsample_nearest2d, "upsample")  # pyright: ignore[reportAttributeAccessIssue]
    return plan.line(f"{function}({plan.read(x, last)}, {scale})", x.rank, torch_layout=last)

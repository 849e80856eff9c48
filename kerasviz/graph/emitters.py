"""How the common layers are written into a plan: each on torch's fused kernel, in the layout that costs nothing.

An emitter says in source what the layer's `call` says in Python; the tests hold the two against each other. It returns
None where it has nothing better than the call.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz import activations, layers
from kerasviz.graph.linear import linear
from kerasviz.graph.plan import EMITTERS, Plan, Value
from kerasviz.layers.batch_normalization import batch_normalized
from kerasviz.ops.convolving import TORCH_ORDER
from kerasviz.ops.sliding import same_padding

IN_PLACE = {activations.relu: "relu_", activations.sigmoid: "sigmoid_", activations.tanh: "tanh_"}
ELEMENTWISE = {
    *(activations.relu, activations.relu6, activations.leaky_relu, activations.elu, activations.celu),
    *(activations.selu, activations.gelu, activations.silu, activations.hard_silu, activations.mish),
    *(activations.sigmoid, activations.hard_sigmoid, activations.log_sigmoid, activations.softplus),
    *(activations.softsign, activations.tanh, activations.exponential),
}


def emits(*classes: type) -> Callable:
    """Register the function for these layer classes, and for no subclass of them."""

    def register(function: Callable) -> Callable:
        for cls in classes:
            EMITTERS[cls] = function
        return function

    return register


def activated(plan: Plan, activation: Callable, value: Value, own: bool) -> Value:
    """The activation of a value; `own`: nobody else reads it, so its name is free, and if fresh its memory too."""
    if activation is activations.linear:
        return value
    if own and value.fresh and activation in IN_PLACE:
        return plan.rewrite(value, f"torch.{IN_PLACE[activation]}({value})")
    if activation is activations.softmax:
        axis = 1 if value.torch_layout and value.rank > 2 else -1
        expression = f"torch.softmax({value}, {axis})"
    elif activation in ELEMENTWISE:
        expression = f"{plan.bind(activation, activation.__name__)}({value})"
    else:
        expression = f"{plan.bind(activation, 'activation')}({plan.read(value)})"
        return plan.line(expression, value.rank)
    return plan.rewrite(value, expression) if own else plan.line(expression, value.rank, value.torch_layout)


@emits(layers.Dense)
def emit_dense(plan: Plan, layer: Any, x: Value) -> Value | None:
    """addmm, or the faster of two matrix products on this machine."""
    if layer.lora_enabled:
        return None
    bias = "None" if layer.bias is None else plan.bind(layer.bias, f"{layer.name}_bias")
    kernel = plan.bind(layer.kernel, f"{layer.name}_kernel")
    function = plan.bind(linear(x.rank, layer.kernel, layer.bias is not None), "linear")
    fresh = x.rank == 2  # oneDNN's output is a view of a matrix otherwise
    value = plan.line(f"{function}({plan.read(x)}, {kernel}, {bias})", x.rank, fresh=fresh)
    return activated(plan, layer.activation, value, own=True)


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


@emits(layers.Flatten)
def emit_flatten(plan: Plan, layer: Any, x: Value) -> Value | None:
    """A view, where the channels are in order."""
    if layer.data_format != "channels_last" or x.rank < 2:
        return None
    if x.rank == 2:
        return None
    return plan.line(f"{plan.read(x)}.flatten(1)", 2)


@emits(layers.Activation)
def emit_activation(plan: Plan, layer: Any, x: Value) -> Value | None:
    """The activation, in place where nobody else reads its input."""
    if layer.activation is activations.linear:
        return None
    if plan.alone(x) and layer.activation in IN_PLACE:
        return plan.line(f"torch.{IN_PLACE[layer.activation]}({x})", x.rank, x.torch_layout)
    return activated(plan, layer.activation, x, own=False)


@emits(layers.ReLU)
def emit_relu(plan: Plan, layer: Any, x: Value) -> Value | None:
    """relu, in place where nobody else reads its input."""
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        return None
    name = "relu_" if plan.alone(x) else "relu"
    return plan.line(f"torch.{name}({x})", x.rank, x.torch_layout)


@emits(layers.Dropout)
def emit_dropout(plan: Plan, layer: Any, x: Value) -> Value | None:
    """Random zeros in training; nothing otherwise."""
    if not plan.training or layer.rate == 0:
        return plan.line(str(x), x.rank, x.torch_layout)
    if layer.noise_shape is not None or layer.seed is not None or layer.rate == 1:
        return None
    drop = plan.bind(dropped, "dropped")
    return plan.line(f"{drop}({x}, {layer.rate}, {1 / (1 - layer.rate)!r})", x.rank, x.torch_layout, fresh=False)


def dropped(x: Tensor, rate: float, scale: float) -> Tensor:
    """Zeros with probability `rate`, the rest scaled."""
    return x * torch.rand_like(x).ge_(rate).mul_(scale)


@emits(layers.Add)
def emit_add(plan: Plan, layer: Any, xs: Any) -> Value | None:
    """The sum, in the layout that most inputs have."""
    if not isinstance(xs, list) or len({x.shape[1:] for x in xs}) != 1 or len(xs) < 2:
        return None
    names, torch_layout = _in_one_layout(plan, xs)
    return plan.line(" + ".join(names), xs[0].rank, torch_layout, fresh=True)


@emits(layers.Multiply)
def emit_multiply(plan: Plan, layer: Any, xs: Any) -> Value | None:
    """The product, in the layout that most inputs have."""
    if not isinstance(xs, list) or len({x.shape[1:] for x in xs}) != 1 or len(xs) < 2:
        return None
    names, torch_layout = _in_one_layout(plan, xs)
    return plan.line(" * ".join(names), xs[0].rank, torch_layout)


@emits(layers.Concatenate)
def emit_concatenate(plan: Plan, layer: Any, xs: Any) -> Value | None:
    """Joined, in the layout that most inputs have."""
    if not isinstance(xs, list) or len({x.rank for x in xs}) != 1:
        return None
    names, torch_layout = _in_one_layout(plan, xs)
    rank = xs[0].rank
    axis = layer.axis % rank
    if torch_layout and rank > 2:
        axis = 1 if axis == rank - 1 else axis + (axis > 0)
    return plan.line(f"torch.cat([{', '.join(names)}], {axis})", rank, torch_layout, fresh=True)


def _in_one_layout(plan: Plan, xs: list[Value]) -> tuple[list[str], bool]:
    """Names of the values in one layout: torch's, if half of them have it."""
    torch_layout = 2 * sum(x.torch_layout for x in xs) >= len(xs) and xs[0].rank > 2
    return [plan.read(x, torch_layout) for x in xs], torch_layout


@emits(layers.BatchNormalization)
def emit_batch_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernels, with Keras's running means."""
    if layer.renorm or layer.synchronized or layer.axis % x.rank != x.rank - 1 or x.rank == 3:
        return None
    names = ["gamma", "beta", "moving_mean", "moving_variance"]
    bound = ["None" if getattr(layer, n) is None else plan.bind(getattr(layer, n), f"{layer.name}_{n}") for n in names]
    source = plan.read(x, torch_layout=True)
    if plan.training and layer.trainable:
        function = plan.bind(batch_normalized, "batch_normalized")
        expression = f"{function}({source}, {', '.join(bound)}, {1 - layer.momentum!r}, {layer.epsilon!r})"
    else:
        function = plan.bind(F.batch_norm, "batch_norm")
        gamma, beta, mean, variance = bound
        expression = f"{function}({source}, {mean}, {variance}, {gamma}, {beta}, False, 0.0, {layer.epsilon!r})"
    return plan.line(expression, x.rank, torch_layout=x.rank > 2, fresh=True)


@emits(layers.LayerNormalization)
def emit_layer_normalization(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel over the last axis."""
    if layer.rms_scaling or layer.axis not in (-1, [-1], x.rank - 1) or x.shape[-1] is None:
        return None
    gamma = "None" if layer.gamma is None else plan.bind(layer.gamma, f"{layer.name}_gamma")
    beta = "None" if layer.beta is None else plan.bind(layer.beta, f"{layer.name}_beta")
    function = plan.bind(torch.layer_norm, "layer_norm")
    return plan.line(f"{function}({plan.read(x)}, ({x.shape[-1]},), {gamma}, {beta}, {layer.epsilon!r})", x.rank)


@emits(layers.Rescaling)
def emit_rescaling(plan: Plan, layer: Any, x: Value) -> Value | None:
    """A product and a sum, or one of them."""
    if not isinstance(layer.scale, (int, float)) or not isinstance(layer.offset, (int, float)):
        return None
    plus = f" + {layer.offset!r}" if layer.offset else ""
    return plan.line(f"{x} * {float(layer.scale)!r}{plus}", x.rank, x.torch_layout)

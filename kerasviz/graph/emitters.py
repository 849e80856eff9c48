"""How the common layers are written into a plan: each on torch's fused kernel, in the layout that costs nothing.

An emitter says in source what the layer's `call` says in Python; the tests hold the two against each other. It returns
None where it has nothing better than the call.
"""

from collections.abc import Callable
from typing import Any

from kerasviz import activations, layers
from kerasviz.graph.linear import linear, product_in_source
from kerasviz.graph.plan import EMITTERS, Plan, Value

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
    function = linear(x.rank, layer.kernel, layer.bias is not None)
    fresh = x.rank == 2  # oneDNN's output is a view of a matrix otherwise
    value = plan.line(product_in_source(plan, function, plan.read(x), kernel, bias), x.rank, fresh=fresh)
    return activated(plan, layer.activation, value, own=True)


@emits(layers.Flatten)
def emit_flatten(plan: Plan, layer: Any, x: Value) -> Value | None:
    """A view, where the channels are in order."""
    if layer.data_format != "channels_last" or x.rank < 2:
        return None
    if x.rank == 2:
        return plan.line(str(x), 2)
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
    drawn = plan.bind(layer.uniform_like, "uniform_like")
    scale = 1 / (1 - layer.rate)
    return plan.line(f"{x} * {drawn}({x}).ge_({layer.rate}).mul_({scale!r})", x.rank, x.torch_layout, fresh=False)


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


@emits(layers.Rescaling)
def emit_rescaling(plan: Plan, layer: Any, x: Value) -> Value | None:
    """A product and a sum, or one of them."""
    if not isinstance(layer.scale, (int, float)) or not isinstance(layer.offset, (int, float)):
        return None
    plus = f" + {layer.offset!r}" if layer.offset else ""
    return plan.line(f"{x} * {float(layer.scale)!r}{plus}", x.rank, x.torch_layout)


@emits(layers.PReLU)
def emit_prelu(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel where there is a slope for each feature of a vector."""
    if x.rank != 2 or layer.shared_axes:
        return None
    return plan.line(f"torch.prelu({x}, {plan.bind(layer.alpha, f'{layer.name}_alpha')})", 2)

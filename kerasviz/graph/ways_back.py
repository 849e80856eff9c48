"""How the gradients of the common layers are written into a descent; see `descent`.

A way back writes the layer's forward pass, and says how the gradient of what it makes goes on to what it was made of.
It returns None where autograd has to do that. The tests hold each against autograd.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from kerasviz import activations, layers, ops
from kerasviz.graph.descent import WAYS_BACK, Descent
from kerasviz.graph.linear import linear, product_in_source, products_back
from kerasviz.graph.plan import Value

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


class Bend(NamedTuple):
    """An activation.

    Attributes:
        forward: source of its value; None for a call of the activation itself.
        kernel: torch's kernel of its gradient.
        arguments: what that takes after the gradient and the value.
        of_output: whether that value is the output, and not the input.
    """

    forward: str | None
    kernel: str
    arguments: str = ""
    of_output: bool = False


BENDS: dict[Callable, Bend] = {
    activations.relu: Bend("torch.relu_({})", "threshold_backward", "0", of_output=True),
    activations.sigmoid: Bend("torch.sigmoid_({})", "sigmoid_backward", of_output=True),
    activations.tanh: Bend("torch.tanh_({})", "tanh_backward", of_output=True),
    activations.gelu: Bend(None, "gelu_backward"),
    activations.silu: Bend(None, "silu_backward"),
    activations.mish: Bend(None, "mish_backward"),
    activations.elu: Bend(None, "elu_backward", "1.0, 1.0, 1.0, False"),
    activations.selu: Bend(None, "elu_backward", f"{SELU_ALPHA}, {SELU_SCALE}, 1.0, False"),
    activations.leaky_relu: Bend(None, "leaky_relu_backward", "0.2, False"),
}
BEFORE_INPUT = {"elu_backward"}  # whose numbers come before the value


def has_way_back(*kinds: Any) -> Callable:
    """Register the function for these layer classes or functions."""

    def register(function: Callable) -> Callable:
        for kind in kinds:
            WAYS_BACK[kind] = WAYS_BACK[getattr(kind, "__wrapped__", kind)] = function
        return function

    return register


def kernel_named(descent: Descent, name: str) -> str:
    """The name under which a function of torch's that autograd uses can be called, by the shortest way."""
    overload = getattr(torch.ops.aten, name).default
    return descent.bind(getattr(overload, "_op", overload), name)


def bent(descent: Descent, activation: Callable, x: Value, in_place: bool) -> Value | None:
    """The activation of a value.

    Args:
        descent: to write to.
        activation: from `kerasviz.activations`.
        x: the value.
        in_place: whether nobody else reads it and its memory is free.
    """
    if activation is activations.linear:
        return x
    if activation is activations.softmax:
        return softened(descent, x)
    bend = BENDS.get(activation)
    if bend is None:
        return None
    if bend.forward is not None:
        call = bend.forward if in_place else bend.forward.replace("_(", "(")
        expression = call.format(x)
    else:
        expression = f"{descent.bind(activation, activation.__name__)}({x})"
        descent.keep(x)
    value = descent.line(expression, x.rank)
    value.shape = x.shape
    source = value if bend.of_output else x
    descent.keep(source)
    kernel = kernel_named(descent, bend.kernel)

    def back(gradient: str) -> None:
        if bend.kernel in BEFORE_INPUT:
            descent.give(x, f"{kernel}({gradient}, {bend.arguments}, {source})")
        elif bend.kernel == "gelu_backward":
            descent.give(x, f"{kernel}({gradient}, {source}, approximate='none')")
        else:
            after = f", {bend.arguments}" if bend.arguments else ""
            descent.give(x, f"{kernel}({gradient}, {source}{after})")

    back.start = x  # type: ignore[attr-defined]
    end = "sigmoid" if activation is activations.sigmoid else None
    return descent.follow(value, back, end) if x in descent.moving else value


def softened(descent: Descent, x: Value) -> Value:
    """Softmax over the last axis."""
    value = descent.line(f"torch.softmax({x}, -1)", x.rank)
    value.shape = x.shape
    descent.keep(value)

    def back(gradient: str) -> None:
        descent.give(x, f"torch._softmax_backward_data({gradient}, {value}, -1, {value}.dtype)")

    back.start = x  # type: ignore[attr-defined]
    return descent.follow(value, back, "softmax" if x.rank == 2 else None)


@has_way_back(layers.Dense)
def dense(descent: Descent, layer: Any, x: Value) -> Value | None:
    """Products with the kernel, forward and back."""
    if layer.lora_enabled or x.rank < 2 or (layer.activation not in BENDS and not is_plain(layer.activation)):
        return None
    kernel, bias = layer.kernel, layer.bias
    names = descent.bind(kernel, f"{layer.name}_kernel"), "None"
    if bias is not None:
        names = names[0], descent.bind(bias, f"{layer.name}_bias")
    function = linear(x.rank, kernel, bias is not None)
    value = descent.line(product_in_source(descent, function, str(x), *names), x.rank, fresh=True)
    value.shape = (*x.shape[:-1], layer.units)
    of_input, of_kernel = (None if f is None else descent.bind(f, "product") for f in products_back(x.rank, kernel))
    if kernel.requires_grad:
        descent.keep(x)

    def back(gradient: str) -> None:
        rows, inputs = gradient, str(x)
        if x.rank > 2:
            rows, inputs = f"{gradient}.reshape(-1, {layer.units})", f"{x}.reshape(-1, {kernel.shape[0]})"
        if bias is not None:
            descent.train(bias, f"{rows}.sum(0)")
        product = f"torch.mm({inputs}.t(), {rows})" if of_kernel is None else f"{of_kernel}({inputs}, {rows})"
        descent.train(kernel, product)
        descent.give_product(x, gradient, names[0], of_input)

    trains = kernel.requires_grad or (bias is not None and bias.requires_grad) or x in descent.moving
    if trains:
        descent.follow(value, back)
    made = bent(descent, layer.activation, value, in_place=True)
    if made is not None and made is not value:
        leave(descent, value)
    return made


def is_plain(activation: Callable) -> bool:
    """Whether it is none, or a softmax."""
    return activation is activations.linear or activation is activations.softmax


def leave(descent: Descent, value: Value) -> None:
    """Let go of a value inside a layer: at once, or when the way back has read it."""
    if value in descent.kept:
        descent.dead.add(value)
    else:
        descent.lines.append(f"del {value}")


@has_way_back(layers.Activation)
def activation(descent: Descent, layer: Any, x: Value) -> Value | None:
    """The activation, in place where nobody else reads its input."""
    if layer.activation is activations.linear:
        return same(descent, layer, x)
    return bent(descent, layer.activation, x, descent.alone(x) and x not in descent.kept)


@has_way_back(layers.ReLU)
def relu(descent: Descent, layer: Any, x: Value) -> Value | None:
    """relu, in place where nobody else reads its input."""
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        return None
    return bent(descent, activations.relu, x, descent.alone(x) and x not in descent.kept)


@has_way_back(layers.Softmax)
def softmax(descent: Descent, layer: Any, x: Value) -> Value | None:
    """Over the last axis."""
    return softened(descent, x) if layer.axis in (-1, x.rank - 1) else None


@has_way_back(layers.Identity)
def same(descent: Descent, layer: Any, x: Value) -> Value:
    """The value itself."""
    return descent.follow(descent.line(str(x), x.rank), lambda gradient: descent.pass_on(x, gradient))


@has_way_back(layers.Dropout)
def dropout(descent: Descent, layer: Any, x: Value) -> Value | None:
    """Random zeros, the same on the way back."""
    if layer.rate == 0:
        return same(descent, layer, x)
    if layer.noise_shape is not None or layer.seed is not None or layer.rate == 1:
        return None
    scale = 1 / (1 - layer.rate)
    drawn = descent.bind(layer.uniform_like, "uniform_like")
    kept = descent.line(f"{drawn}({x}).ge_({layer.rate}).mul_({scale!r})", x.rank)
    value = descent.line(f"{x} * {kept}", x.rank)
    descent.keep(kept)

    def back(gradient: str) -> None:
        descent.give(x, f"{gradient} * {kept}")
        descent.lines.append(f"del {kept}")

    return descent.follow(value, back)


@has_way_back(layers.Rescaling)
def rescaling(descent: Descent, layer: Any, x: Value) -> Value | None:
    """A product and a sum."""
    if not isinstance(layer.scale, (int, float)) or not isinstance(layer.offset, (int, float)):
        return None
    scale = float(layer.scale)
    value = descent.line(f"{x} * {scale!r}" + (f" + {layer.offset!r}" if layer.offset else ""), x.rank)
    return descent.follow(value, lambda gradient: descent.give(x, f"{gradient} * {scale!r}"))


@has_way_back(layers.Flatten, layers.Reshape)
def reshape(descent: Descent, layer: Any, x: Value) -> Value | None:
    """Other axes, the same numbers."""
    shape = layer.compute_output_shape(x.shape)
    known = all(isinstance(size, int) and size > 0 for size in (*x.shape[1:], *shape[1:]))
    if not known or getattr(layer, "data_format", "channels_last") != "channels_last":
        return None
    value = descent.line(f"{x}.reshape({places(shape)})", len(shape))
    return descent.follow(value, lambda gradient: descent.give(x, f"{gradient}.reshape({places(x.shape)})"))


def places(shape: tuple) -> str:
    """A shape whose batch axis fits itself."""
    return ", ".join(map(str, (-1, *shape[1:])))


@has_way_back(layers.Add)
def add(descent: Descent, layer: Any, xs: Any) -> Value | None:
    """The gradient goes on to each."""
    return total(descent, xs) if are_alike(xs) else None


@has_way_back(ops.add)
def add_two(descent: Descent, layer: Any, *xs: Any) -> Value | None:
    """The gradient goes on to both."""
    return total(descent, list(xs)) if are_alike(list(xs)) else None


def total(descent: Descent, xs: list[Value]) -> Value:
    """The sum."""
    value = descent.line(" + ".join(map(str, xs)), xs[0].rank, fresh=True)

    def back(gradient: str) -> None:
        for x in xs:
            descent.pass_on(x, gradient)

    return descent.follow(value, back)


@has_way_back(layers.Subtract)
def subtract(descent: Descent, layer: Any, xs: Any) -> Value | None:
    """To the second the gradient goes with its sign changed."""
    if not are_alike(xs) or len(xs) != 2:
        return None
    value = descent.line(f"{xs[0]} - {xs[1]}", xs[0].rank, fresh=True)

    def back(gradient: str) -> None:
        descent.give(xs[1], f"-{gradient}")
        descent.pass_on(xs[0], gradient)

    return descent.follow(value, back)


@has_way_back(layers.Multiply)
def multiply(descent: Descent, layer: Any, xs: Any) -> Value | None:
    """Each has the gradient times the other."""
    return product_of(descent, xs) if are_alike(xs) and len(xs) == 2 else None


@has_way_back(ops.multiply)
def multiply_two(descent: Descent, layer: Any, *xs: Any) -> Value | None:
    """Each has the gradient times the other."""
    return product_of(descent, list(xs)) if are_alike(list(xs)) else None


def product_of(descent: Descent, xs: list[Value]) -> Value:
    """The product of two."""
    value = descent.line(f"{xs[0]} * {xs[1]}", xs[0].rank)
    descent.keep(*xs)

    def back(gradient: str) -> None:
        for x, other in zip(xs, reversed(xs), strict=True):
            descent.give(x, f"{gradient} * {other}")

    return descent.follow(value, back)


@has_way_back(layers.Average)
def average(descent: Descent, layer: Any, xs: Any) -> Value | None:
    """Each has its share of the gradient."""
    if not are_alike(xs):
        return None
    value = descent.line(f"({' + '.join(map(str, xs))}) / {len(xs)}", xs[0].rank)

    def back(gradient: str) -> None:
        for x in xs:
            descent.give(x, f"{gradient} / {len(xs)}")

    return descent.follow(value, back)


@has_way_back(layers.Concatenate)
def concatenate(descent: Descent, layer: Any, xs: Any) -> Value | None:
    """Each has its part of the gradient."""
    if not isinstance(xs, list) or len({x.rank for x in xs}) != 1:
        return None
    rank = xs[0].rank
    axis = layer.axis % rank
    sizes = [x.shape[axis] for x in xs]
    if axis == 0 or not all(isinstance(size, int) for size in sizes):
        return None
    value = descent.line(f"torch.cat([{', '.join(map(str, xs))}], {axis})", rank, fresh=True)

    def back(gradient: str) -> None:
        start = 0
        for x, size in zip(xs, sizes, strict=True):
            descent.give(x, f"{gradient}.narrow({axis}, {start}, {size})")
            start += size  # type: ignore[operator]

    return descent.follow(value, back)


def are_alike(xs: Any) -> bool:
    """Whether they are several values of one shape: none is repeated along an axis."""
    return (
        isinstance(xs, list)
        and len(xs) >= 2
        and all(isinstance(x, Value) for x in xs)
        and len({x.shape for x in xs}) == 1
    )

"""Copies of a model's structure, with new weights."""

from collections.abc import Callable
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.graph.running import call_again, run_graph
from kerasviz.layers.input import Input, InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.models.functional import Functional
from kerasviz.models.model import Model
from kerasviz.models.sequential import Sequential
from kerasviz.tensors import KerasTensor, leaves, map_leaves


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Any] | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same structure with new layers and new weights.

    Args:
        model: the model; one with a `call` of its own is made anew from its config.
        input_tensors: symbols to start from; new ones by default.
        clone_function: makes the new layer from the old one; `from_config(get_config())` by default.
        call_function: calls the new layer or operation, as `call_function(layer, *args, **kwargs)`, where a graph is
            followed again.
        recursive: whether models inside are followed with the same functions, instead of cloned as one layer.

    Raises:
        Invalid: for options that the kind of model has no use for.
    """
    if kwargs:
        raise Invalid("clone_model", "the arguments of Keras", ", ".join(kwargs))
    copied = copier(clone_function, call_function if recursive else None, recursive)
    if isinstance(model, Sequential):
        refuse("call_function", call_function, "None for a Sequential model: it calls its layers one by one.")
        return cloned_sequential(model, input_tensors, copied)
    if isinstance(model, Functional):
        return cloned_functional(model, input_tensors, copied, call_function)
    if not isinstance(model, Model):
        raise Invalid("clone_model(model=...)", "a model", model)
    for name, value in {"input_tensors": input_tensors, "clone_function": clone_function}.items():
        refuse(name, value, f"None for {type(model).__name__}, which has a `call` of its own and no graph.")
    refuse("call_function", call_function, f"None for {type(model).__name__}, which has no graph.")
    return type(model).from_config(model.get_config())


def refuse(name: str, value: Any, expected: str) -> None:
    """Tell at once of an option that would have no effect.

    Raises:
        Invalid: unless the value is None.
    """
    if value is not None:
        raise Invalid(f"clone_model({name}=...)", expected, value)


def copier(
    clone_function: Callable[[Layer], Any] | None, call_function: Callable | None, recursive: bool
) -> Callable[[Any], Any]:
    """The function that makes the new layer from the old one."""

    def copied(layer: Any) -> Any:
        if recursive and isinstance(layer, Functional) and not isinstance(layer, Sequential):
            return clone_model(layer, None, clone_function, call_function, recursive)
        if recursive and isinstance(layer, Sequential):
            return clone_model(layer, None, clone_function, None, recursive)
        return layer.from_config(layer.get_config()) if clone_function is None else clone_function(layer)

    return copied


def cloned_sequential(model: Sequential, input_tensors: Any, copied: Callable[[Any], Any]) -> Sequential:
    """The same layers one after the other, from an input of the same shape or from the given symbol."""
    start: list[Any] = [copied_input(layer) for layer in model._stack if isinstance(layer, InputLayer)]
    if input_tensors is not None:
        symbols = list(leaves(input_tensors))
        if len(symbols) != 1 or not isinstance(symbols[0], KerasTensor):
            raise Invalid("clone_model(input_tensors=...)", "one symbol for a Sequential model", input_tensors)
        start = symbols
    return Sequential([*start, *(copied(layer) for layer in model.layers)], name=model.name)


def cloned_functional(
    model: Functional, input_tensors: Any, copied: Callable[[Any], Any], call_function: Callable | None
) -> Functional:
    """The same graph over new layers; a layer called twice is cloned once."""
    made: dict[int, Any] = {}

    def replaced(operation: Any) -> Any:
        if not isinstance(operation, Layer):
            return operation
        if id(operation) not in made:
            made[id(operation)] = copied(operation)
        return made[id(operation)]

    inputs = input_tensors if input_tensors is not None else map_leaves(_new_input(model), model.graph.inputs)
    symbols = list(leaves(inputs))
    count = len(model.graph.input_tensors)
    if len(symbols) != count or not all(isinstance(symbol, KerasTensor) for symbol in symbols):
        raise Invalid("clone_model(input_tensors=...)", f"{count} symbols, one for each input", input_tensors)

    def call(operation: Any, args: tuple, call_kwargs: dict[str, Any]) -> Any:
        if call_function is None:
            return call_again(operation, args, call_kwargs)
        return call_function(operation, *args, **call_kwargs)

    outputs = run_graph(model.graph, symbols, replaced, call)
    return Functional(inputs, outputs, name=model.name)


def copied_input(layer: InputLayer) -> InputLayer:
    """A new InputLayer of the same shape, dtype and name."""
    return InputLayer.from_config(layer.get_config())


def _new_input(model: Functional) -> Callable[[Any], Any]:
    def make(tensor: Any) -> Any:
        layer = model.graph.parent(tensor).operation
        return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=layer.name)

    return make

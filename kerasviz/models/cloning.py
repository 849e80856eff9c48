"""Copies of a model's structure, with new weights."""

from collections.abc import Callable
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.graph.running import run_graph
from kerasviz.layers.input import Input, InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.models.functional import Functional
from kerasviz.models.sequential import Sequential
from kerasviz.tensors import leaves, map_leaves


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
        model: a Functional or Sequential.
        input_tensors: symbols to start from; new ones by default.
        clone_function: makes the new layer from the old one; `from_config(get_config())` by default.
    """
    clone = clone_function or (lambda layer: layer.from_config(layer.get_config()))

    def copied(layer: Any) -> Any:
        if recursive and isinstance(layer, (Functional, Sequential)):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        return clone(layer)

    if isinstance(model, Sequential):
        start = [copied_input(layer) for layer in model._stack if isinstance(layer, InputLayer)]
        return Sequential([*start, *(copied(layer) for layer in model.layers)], name=model.name)
    if not isinstance(model, Functional):
        raise Invalid("clone_model(model=...)", "a Functional or Sequential model", model)
    made: dict[int, Any] = {}

    def replaced(operation: Any) -> Any:
        if not isinstance(operation, Layer):
            return operation
        if id(operation) not in made:
            made[id(operation)] = copied(operation)
        return made[id(operation)]

    inputs = input_tensors if input_tensors is not None else map_leaves(_new_input(model), model.graph.inputs)
    outputs = run_graph(model.graph, list(leaves(inputs)), replaced)
    return Functional(inputs, outputs, name=model.name)


def copied_input(layer: InputLayer) -> InputLayer:
    """A new InputLayer of the same shape, dtype and name."""
    return InputLayer.from_config(layer.get_config())


def _new_input(model: Functional) -> Callable[[Any], Any]:
    def make(tensor: Any) -> Any:
        layer = model.graph.parent(tensor).operation
        return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=layer.name)

    return make

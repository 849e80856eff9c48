"""From a document to a live model."""

from collections.abc import Callable
from typing import Any

from kerasviz.declare import Invalid, deserialize
from kerasviz.document.calls import arguments
from kerasviz.document.components import make_layer
from kerasviz.document.document import INPUT_KINDS, Document, Json, from_data
from kerasviz.document.inference import input_spec
from kerasviz.document.kinds import NESTED
from kerasviz.saving.budget import at, budget_of_config

Models = dict[str, Any]


def build(document: Document, *, name: str | None = None, like: Any = None) -> Any:
    """The Functional model that a document describes; its layers have the document's names.

    Args:
        document: without errors.
        name: of the model.
        like: an earlier model; weights of layers with the same name and shapes are taken over.

    Raises:
        Invalid: where the document cannot be built, or asks for more memory than half of this machine's; `where` names
            the layer.
    """
    from kerasviz.models import Functional

    with budget_of_config("model"):
        inputs, outputs = tensors(document)
        model = Functional(single(inputs), single(outputs), name=name)
    if like is not None:
        copy_weights(like, model)
    return model


def single(values: list[Any]) -> Any:
    """The only value, or the list of several."""
    return values[0] if len(values) == 1 else values


def tensors(document: Document) -> tuple[list[Any], list[Any]]:
    """The symbols at the model's ends."""
    if not document.output_tensors:
        raise Invalid("model", "at least one layer behind an Input", "none", "Add layers first.")
    needed = {source for call, _ in document.output_tensors for source in (call, *document.upstream(call))}
    layers: Models = {}
    values: dict[str, list[Any]] = {}
    for call in document.order:
        if call in needed:
            values[call] = called(document, call, layers, values)
    inputs = [values[call][0] for call in document.input_calls if call in needed]
    if not inputs:
        raise Invalid("model", "an Input before its layers", "none", "Add an Input and wire it to the first layer.")
    outputs = [output(document, values, call, index) for call, index in document.output_tensors]
    return inputs, outputs


def output(document: Document, values: dict[str, list[Any]], call: str, index: int) -> Any:
    """One output of a call."""
    if index >= len(values[call]):
        raise Invalid(f'output {index} of "{document.name_of(call)}"', f"one of its {len(values[call])} outputs", index)
    return values[call][index]


def called(document: Document, call: str, layers: Models, values: dict[str, list[Any]]) -> list[Any]:
    """The outputs of a call; its layer is made at its first."""
    from kerasviz.document.operations import function
    from kerasviz.tensors import KerasTensor, leaves, record_function

    data, layer = document.calls[call], document.layer_of(call)
    if layer["kind"] in INPUT_KINDS:
        return [new_input(layer)]
    given = [output(document, values, source, index) for source, index in data["inputs"]]
    if not given:
        where = f'{layer["kind"]} "{document.name_of(call)}"'
        raise Invalid(where, "an input", "none", "Wire another layer to it, or delete it.")
    args, kwargs = arguments(data, layer["kind"], given)
    args, kwargs = deserialize_args(args), deserialize_args(kwargs)
    if layer["kind"].startswith("ops."):
        made = record_function(function(layer["kind"]), tuple(args), kwargs, layer.get("name") or layer["id"])
    else:
        at(f'{layer["kind"]} "{document.name_of(call)}"')
        if layer["id"] not in layers:
            layers[layer["id"]] = new_layer(layer)
        made = layers[layer["id"]](*args, **kwargs)
    return [tensor for tensor in leaves(made) if isinstance(tensor, KerasTensor)]


def deserialize_args(value: Any) -> Any:
    """Arguments of a call in their own form."""
    if isinstance(value, dict) and "class_name" in value:
        return deserialize(value)
    if isinstance(value, dict):
        return {key: deserialize_args(part) for key, part in value.items()}
    return [deserialize_args(part) for part in value] if isinstance(value, list) else value


def new_input(layer: Json) -> Any:
    """The symbol of an Input."""
    from kerasviz.layers import Input

    shape, dtype = input_spec(layer["args"])
    return Input(batch_shape=shape, dtype=dtype, name=layer.get("name") or layer["id"])


def new_layer(layer: Json) -> Callable[..., Any]:
    """The layer that its data describe."""
    name = layer.get("name") or layer["id"]
    if layer["kind"] in NESTED:
        return nested(layer["kind"], from_data(layer["args"].get("document")), name)
    try:
        return make_layer(layer["kind"], layer["args"], name)
    except Invalid as error:
        where = f'{error.where} of "{name}"' if name not in error.where else error.where
        raise Invalid(where, error.expected, error.got, error.hint) from error


def nested(kind: str, document: Document, name: str) -> Any:
    """A model inside the model."""
    from kerasviz.models import Sequential

    if kind != "Sequential":
        return build(document, name=name)
    inputs = new_input(document.layer_of(document.order[0]))
    rest = [new_layer(document.layer_of(call)) for call in document.order[1:]]
    return Sequential([inputs, *rest], name=name)


def copy_weights(source: Any, target: Any) -> list[str]:
    """Take weights over between layers of the same name, where all shapes agree; returns those layers' names."""
    known = {layer.name: layer for layer in source.layers}
    copied = []
    for layer in target.layers:
        old = known.get(layer.name)
        if old is None or type(old) is not type(layer) or not layer.weights:
            continue
        if [tuple(w.shape) for w in old.weights] == [tuple(w.shape) for w in layer.weights]:
            for weight, value in zip(layer.weights, old.weights, strict=True):
                weight.assign(value.detach())
            copied.append(layer.name)
    return copied

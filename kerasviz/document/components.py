"""Layers made from their data without weights: to ask for shapes, and for the sizes of weights they would have."""

import json
from typing import Any

import torch

from kerasviz.declare import Invalid, did_you_mean, snake_case
from kerasviz.document.document import Json
from kerasviz.document.kinds import kind_names, layer_class
from kerasviz.tensors import unused_objects

KEPT = 4096
LAYERS_INSIDE = {"layer", "backward_layer", "cell", "cells", "layers"}  # arguments that are layers
WHOLE_LAYER = "a layer with all it needs"
_instances: dict[str, Any] = {}


def key_of(kind: str, args: Json) -> str:
    """What tells one component from another."""
    return f"{kind} {json.dumps(args, sort_keys=True, default=str)}"


def instance(kind: str, args: Json) -> Any:
    """A layer of the kind, to ask and not to call; equal ones are made once.

    Raises:
        Invalid: where the kind is unknown, or an argument is missing or does not fit.
    """
    key = key_of(kind, args)
    made = _instances.get(key)
    if made is None:
        if len(_instances) >= KEPT:
            _instances.clear()
        try:
            made = make(kind, args)
        except Invalid as error:
            made = error
        _instances[key] = made
    if isinstance(made, Invalid):
        raise made
    return made


def make(kind: str, args: Json) -> Any:
    """A new layer of the kind, to ask and not to use: it takes no automatic name, and nothing random.

    Raises:
        Invalid: where the kind is unknown, or an argument is missing or does not fit.
    """
    with unused_objects():
        return make_layer(kind, args, snake_case(kind))


def make_layer(kind: str, args: Json, name: str) -> Any:
    """A new layer of the kind.

    Raises:
        Invalid: where the kind is unknown, or an argument is missing or does not fit.
    """
    cls = layer_class(kind)
    if cls is None:
        raise Invalid(kind, "the kind of a layer", kind, did_you_mean(kind, kind_names()))
    missing = [n for n, a in cls.args.items() if a.required and n not in args]
    if missing:
        raise Invalid(f"{kind}({missing[0]}=...)", f"a value: {cls.args[missing[0]].doc or 'it has no default'}", None)
    unknown = [n for n in args if n not in cls.args]
    if unknown and not getattr(cls, "_handwritten", False):
        raise Invalid(kind, f"arguments among {', '.join(cls.args)}", unknown[0], did_you_mean(unknown[0], cls.args))
    for n in LAYERS_INSIDE.intersection(args):
        check_inside(kind, n, args[n])
    given = {n: value for n, value in args.items() if n != "name"}
    try:
        return cls.from_config({**given, "name": name})
    except Invalid:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Invalid(kind, "arguments that fit", args, str(error).split("\n")[0]) from error


def check_inside(kind: str, argument: str, value: Any) -> None:
    """Whether the layers inside another have what they need.

    Raises:
        Invalid: naming the argument of the outer layer.
    """
    for part in value if isinstance(value, list) else [value]:
        inner = part.get("class_name") if isinstance(part, dict) else part
        config = (part.get("config") or {}) if isinstance(part, dict) else {}
        cls = layer_class(inner) if isinstance(inner, str) else None
        if cls is None:
            continue
        missing = next((n for n, a in cls.args.items() if a.required and n not in config), None)
        if missing is not None:
            hint = f"{inner} needs `{missing}`. {cls.args[missing].doc or ''}".strip()
            raise Invalid(f"{kind}({argument}=...)", WHOLE_LAYER, f"{inner} without `{missing}`", hint)
        for name in LAYERS_INSIDE.intersection(config):
            check_inside(kind, argument, config[name])


def weight_sizes(layer: Any, kind: str, args: Json, shapes: Json) -> list[tuple[str, tuple[int, ...], bool]]:
    """Name, shape and whether it trains, of each weight that the layer would have; no weight is made.

    Args:
        layer: from `instance`; it is used up if it has not been built before, else another is made.
        kind: of the layer.
        args: its arguments.
        shapes: the arguments of `build`.
    """
    if not may_have_weights(layer):
        return []
    if layer.built or not tells_shape(layer):
        layer = make(kind, args)
    for part in layer._flatten_layers():
        part.__dict__["add_weight"] = Recorder(part)
    layer.build(**shapes)
    return [(v.name, tuple(v.shape), v.trainable and layer.trainable) for v in layer.weights]


def may_have_weights(layer: Any) -> bool:
    """Whether building could make a weight."""
    from kerasviz.layers.layer import Layer

    builds = type(layer).build is not Layer.build
    return builds or any(type(part).build is not Layer.build for part in layer._flatten_layers())


def tells_shape(layer: Any) -> bool:
    """Whether the layer knows its output's shape without being called."""
    from kerasviz.layers.layer import Layer

    return type(layer).compute_output_shape is not Layer.compute_output_shape


class Recorder:
    """Stands in for a layer's `add_weight`: makes arrays without memory."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(
        self,
        *args: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> Any:
        """A weight on torch's meta device."""
        from kerasviz.tensors import Variable, torch_dtype

        for value in args:
            name, shape = (value, shape) if isinstance(value, str) else (name, value)
        sizes = (shape,) if isinstance(shape, int) else tuple(shape if shape is not None else ())
        if not all(isinstance(size, int) and size >= 0 for size in sizes):
            where = f'{type(self.layer).__name__} "{self.layer.name}"'
            raise Invalid(where, "inputs whose sizes are known where weights depend on them", sizes)
        data = torch.empty(sizes, dtype=torch_dtype(dtype or self.layer.variable_dtype), device="meta")
        variable = torch.Tensor._make_subclass(Variable, data, False)
        trains = trainable and self.layer.trainable
        facts = {"_name": name or "variable", "path": name, "_trainable": trains, "_is_weight": trainable}
        facts |= {"autocast": True, "regularizer": None, "constraint": None}
        for fact, value in facts.items():
            setattr(variable, fact, value)
        self.layer.__dict__.setdefault("_added", []).append(variable)
        return variable

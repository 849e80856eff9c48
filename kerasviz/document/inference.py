"""Shapes, dtypes and parameter counts of a document, without a single weight.

What went wrong stays at its call: calls that do not depend on it keep exact shapes. After an edit only the changed
cone is inferred again.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.calls import arguments
from kerasviz.document.components import instance, key_of, weight_sizes
from kerasviz.document.document import INPUT_KINDS, Document, Json, from_data
from kerasviz.document.kinds import NESTED, input_limits
from kerasviz.saving.budget import budget_of_config
from kerasviz.tensors import unused_objects

Shape = tuple[int | None, ...]
Spec = tuple[Shape, str]  # shape and dtype
Weight = tuple[str, tuple[int, ...], bool]  # name, shape, whether it trains
KEPT = 8192
_outcomes: dict[tuple, "Outcome"] = {}


@dataclass(frozen=True)
class Outcome:
    """What a layer makes of its inputs."""

    outputs: tuple[Spec, ...] | None = None  # None where it failed
    weights: tuple[Weight, ...] = ()
    layer: Any = None  # to ask for arguments; None where it could not be made
    error: Invalid | None = None
    inner: Any = None  # of a nested model: the inference of its document

    @property
    def params(self) -> int:
        """How many numbers its weights hold."""
        return sum(math.prod(shape) for _, shape, _ in self.weights)

    @property
    def trainable(self) -> int:
        """How many of them train."""
        return sum(math.prod(shape) for _, shape, trains in self.weights if trains)


@dataclass(frozen=True)
class Inferred:
    """What is known of a call. `outcome` is None where an input is missing or failed before it."""

    inputs: tuple[Spec, ...] | None
    outcome: Outcome | None
    first: bool = True  # whether it is the first call of its layer: the one that owns the weights

    @property
    def shapes(self) -> list[Shape] | None:
        """One for each output; None where they are not known."""
        known = self.outcome is not None and self.outcome.outputs is not None
        return [shape for shape, _ in self.outcome.outputs] if known else None  # type: ignore[union-attr]

    @property
    def dtype(self) -> str | None:
        """Of the first output."""
        return self.outcome.outputs[0][1] if self.outcome and self.outcome.outputs else None

    @property
    def error(self) -> Invalid | None:
        """Why it failed itself."""
        return self.outcome.error if self.outcome else None

    @property
    def params(self) -> int:
        """Parameters that this call adds to the model."""
        return self.outcome.params if self.outcome and self.first else 0

    @property
    def trainable(self) -> int:
        """Those of them that train."""
        return self.outcome.trainable if self.outcome and self.first else 0

    @property
    def layer(self) -> Any:
        """The layer without weights, to ask for arguments."""
        return self.outcome.layer if self.outcome else None


@dataclass
class Inference:
    """What is known of every call of a document, kept up to date edit by edit."""

    calls: dict[str, Inferred] = field(default_factory=dict)
    document: Document = field(default_factory=Document)
    changed: set[str] = field(default_factory=set)  # by the last update

    def update(self, document: Document) -> dict[str, Inferred]:
        """Take up the document as it is now; only what an edit can have changed is inferred again."""
        with unused_objects():
            return self._updated(document)

    def _updated(self, document: Document) -> dict[str, Inferred]:
        before, last = self.calls, self.document
        now: dict[str, Inferred] = {}
        changed = set(before) - set(document.calls)
        seen: set[str] = set()
        for name in document.order:
            call = document.calls[name]
            layer = document.layers[call["layer"]]
            first = call["layer"] not in seen
            seen.add(call["layer"])
            known = before.get(name)
            same = known is not None and known.first == first and last.calls.get(name) is call
            same = same and last.layers.get(call["layer"]) is layer
            if not same or any(source in changed for source, _ in call["inputs"]):
                fresh = infer_call(call, layer, now, first)
                if known is None or not same or fresh.outcome is not known.outcome or fresh.inputs != known.inputs:
                    changed.add(name)
                known = fresh
            now[name] = known  # type: ignore[assignment]
        self.calls, self.document, self.changed = now, document, changed
        return now


def infer(document: Document) -> dict[str, Inferred]:
    """What is known of every call of a document."""
    return Inference().update(document)


def infer_call(call: Json, layer: Json, known: dict[str, Inferred], first: bool) -> Inferred:
    """What is known of one call, given its sources."""
    specs: list[Spec] = []
    for source, index in call["inputs"]:
        outcome = known[source].outcome
        if outcome is None or outcome.outputs is None:
            return Inferred(None, broken(layer), first)
        if index >= len(outcome.outputs):
            error = Invalid(f"{layer['kind']} input", f"one of the {len(outcome.outputs)} outputs of {source}", index)
            return Inferred(None, Outcome(error=error), first)
        specs.append(outcome.outputs[index])
    if len(specs) < min(input_limits(layer["kind"])[0], 1):
        return Inferred((), broken(layer), first)
    return Inferred(tuple(specs), outcome_of(layer["kind"], layer["args"], call, tuple(specs)), first)


def broken(layer: Json) -> Outcome | None:
    """What can be said of a call without its inputs: whether its arguments are good."""
    if layer["kind"] in INPUT_KINDS or layer["kind"] in NESTED or layer["kind"].startswith("ops."):
        return None
    try:
        return Outcome(layer=instance(layer["kind"], layer["args"]))
    except Invalid as error:
        return Outcome(error=error)


def outcome_of(kind: str, args: Json, call: Json, specs: tuple[Spec, ...]) -> Outcome:
    """What the layer makes of inputs of these shapes and dtypes; equal questions are answered once."""
    template = json.dumps([call.get("args"), call.get("kwargs")]) if "args" in call or "kwargs" in call else ""
    key = (key_of(kind, args), template, specs, floating())
    found = _outcomes.get(key)
    if found is None:
        if len(_outcomes) >= KEPT:
            _outcomes.clear()
        found = _outcomes[key] = fresh_outcome(kind, args, call, specs)
    return found


def floating() -> tuple:
    """The settings that inference depends on."""
    from kerasviz.tensors import dtype_policy, settings

    return settings.floatx(), settings.image_data_format(), dtype_policy().name


def fresh_outcome(kind: str, args: Json, call: Json, specs: tuple[Spec, ...]) -> Outcome:
    """As `outcome_of`, without looking whether it is known."""
    try:
        if kind in INPUT_KINDS:
            return Outcome((input_spec(args),))
        if kind in NESTED:
            return nested_outcome(args, specs)
        with budget_of_config(kind):
            if kind.startswith("ops."):
                return Outcome(operation_outputs(kind, call, specs))
            return layer_outcome(kind, args, call, specs)
    except Invalid as error:
        return Outcome(error=error)
    except RecursionError:
        return Outcome(error=Invalid(kind, "at most 60 levels of nesting", "more"))


def input_spec(args: Json) -> Spec:
    """Shape and dtype of an Input.

    Raises:
        Invalid: where its arguments do not say them.
    """
    from kerasviz.tensors import settings, standardize_dtype

    shape = args.get("batch_shape")
    if shape is None:
        given = args.get("shape")
        if given is None:
            raise Invalid("Input(shape=...)", "the shape of one sample, such as (28, 28, 1)", None)
        sizes = [given] if isinstance(given, int) and not isinstance(given, bool) else given
        shape = [args.get("batch_size"), *check_sizes(sizes)]
    if not check_sizes(shape):
        raise Invalid("Input(batch_shape=...)", "the size of the batch, or None, and the shape of one sample", shape)
    return tuple(shape), standardize_dtype(args.get("dtype") or settings.floatx())


def check_sizes(sizes: Any) -> list[int | None]:
    """The sizes, if they are a shape."""
    good = isinstance(sizes, (list, tuple)) and all(s is None or (type(s) is int and s >= 0) for s in sizes)
    if not good:
        raise Invalid("Input(shape=...)", "whole numbers, or None where any size will do", sizes)
    return list(sizes)


def layer_outcome(kind: str, args: Json, call: Json, specs: Sequence[Spec]) -> Outcome:
    """Of a plain layer."""
    from kerasviz.layers.calling import call_facts, shape_arguments
    from kerasviz.tensors import KerasTensor, leaves

    layer = instance(kind, args)
    symbols = [KerasTensor(shape, dtype, name="input") for shape, dtype in specs]
    given, named = arguments(call, kind, symbols)
    try:
        outputs = [out for out in leaves(layer.compute_output_spec(*given, **named)) if isinstance(out, KerasTensor)]
        facts = call_facts(type(layer))
        weights = weight_sizes(layer, kind, args, shape_arguments(facts.build_names, facts, tuple(given), named))
    except Invalid as error:
        return Outcome(layer=layer, error=error)
    except Exception as error:  # whatever a user's layer raises belongs to its node
        shapes = [shape for shape, _ in specs]
        told = Invalid(kind, "inputs that fit", shapes, str(error).split("\n")[0])
        return Outcome(layer=layer, error=told)
    return Outcome(tuple((tuple(out.shape), out.dtype) for out in outputs), tuple(weights), layer)


def nested_outcome(args: Json, specs: Sequence[Spec]) -> Outcome:
    """Of a model inside the model."""
    inner = from_data(args.get("document"))
    if len(inner.input_calls) != len(specs):
        raise Invalid("model inside", f"{len(inner.input_calls)} inputs", f"{len(specs)}")
    layers = dict(inner.layers)
    for name, (shape, dtype) in zip(inner.input_calls, specs, strict=True):
        layer = inner.layer_of(name)
        layers[layer["id"]] = {**layer, "args": {"batch_shape": list(shape), "dtype": dtype}}
    inner = Document(layers, inner.calls, inner.inputs, inner.outputs)
    known = infer(inner)
    weights = tuple(w for found in known.values() if found.outcome and found.first for w in found.outcome.weights)
    for name, found in known.items():
        if found.error is not None:
            return Outcome(weights=weights, error=found.error, inner=(inner, known))
        if found.shapes is None:
            return Outcome(weights=weights, error=Invalid(name, "inputs", None), inner=(inner, known))
    outputs = tuple(known[call].outcome.outputs[index] for call, index in inner.output_tensors)  # type: ignore
    return Outcome(outputs, weights, inner=(inner, known))


def operation_outputs(kind: str, call: Json, specs: Sequence[Spec]) -> tuple[Spec, ...]:
    """Of a function of `kerasviz.ops`."""
    from kerasviz.declare import deserialize
    from kerasviz.document.operations import function
    from kerasviz.tensors import KerasTensor, infer, leaves

    symbols = [KerasTensor(shape, dtype, name="input") for shape, dtype in specs]
    given, named = arguments(call, kind, symbols)
    try:
        outputs: Any = infer(function(kind), tuple(deserialize(given)), deserialize(named))
    except Invalid:
        raise
    except Exception as error:
        raise Invalid(kind, "shapes that fit", [s for s, _ in specs], str(error).split("\n")[0]) from error
    return tuple((tuple(out.shape), out.dtype) for out in leaves(outputs) if isinstance(out, KerasTensor))

"""The document: a model as plain JSON, which the editor edits, a project saves and code is written from."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.checks import (
    Json,
    Tensor,
    by_id,
    check_call,
    check_layer,
    check_outputs,
    check_plain,
    check_positions,
    checked,
)

VERSION = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # version -> to the next one
KEYS = ("version", "layers", "calls", "inputs", "outputs", "groups", "variables")


@dataclass(frozen=True)
class Document:
    """A model as data. Never changed in place: `patch.apply` makes the next one, which shares what stayed.

    Args:
        layers: id -> {"id", "kind", "name"?, "args"}, in the order they were made.
        calls: id -> {"id", "layer", "inputs", "args"?, "kwargs"?}: the nodes on the canvas.
        inputs: calls that are the model's inputs, in order.
        outputs: tensors that are the model's outputs; None for every sink.
        groups: nested models and repeats.
        variables: names and values that become constants in code.
        positions: call id -> [x, y] on the canvas; no part of the model.
        extra: keys of a file that this version does not know; kept.
    """

    layers: dict[str, Json] = field(default_factory=dict)
    calls: dict[str, Json] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[Tensor] | None = None
    groups: list[Json] = field(default_factory=list)
    variables: Json = field(default_factory=dict)
    positions: dict[str, list[float]] = field(default_factory=dict)
    extra: Json = field(default_factory=dict)

    def layer_of(self, call: str) -> Json:
        """The layer that a call calls."""
        return self.layers[self.calls[call]["layer"]]

    def kind_of(self, call: str) -> str:
        """The kind of the layer that a call calls."""
        return self.layer_of(call)["kind"]

    def name_of(self, call: str) -> str:
        """What people call a call: its layer's name, with the number of the call if it is shared."""
        layer = self.layer_of(call)
        name = layer.get("name") or layer["id"]
        return name if call == layer["id"] else f"{name}{call.removeprefix(layer['id'])}" if "#" in call else name

    def sources(self, call: str) -> list[str]:
        """The calls whose outputs a call takes, each once."""
        return list(dict.fromkeys(source for source, _ in self.calls[call]["inputs"]))

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        """For each call, the calls that take its outputs, each once."""
        table: dict[str, list[str]] = {call: [] for call in self.calls}
        for call in self.calls:
            for source in self.sources(call):
                table[source].append(call)
        return table

    @cached_property
    def calls_of(self) -> dict[str, list[str]]:
        """For each layer, its calls."""
        table: dict[str, list[str]] = {layer: [] for layer in self.layers}
        for call in self.calls.values():
            table[call["layer"]].append(call["id"])
        return table

    @cached_property
    def order(self) -> list[str]:
        """Calls in topological order, earlier made ones first."""
        waiting = {call: len(self.sources(call)) for call in self.calls}
        ready = [call for call, count in waiting.items() if count == 0]
        for call in ready:  # grows while it is read
            for target in self.consumers[call]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        return ready

    @property
    def sinks(self) -> list[str]:
        """Calls whose outputs nobody takes."""
        return [call for call in self.calls if not self.consumers[call]]

    @cached_property
    def output_tensors(self) -> list[Tensor]:
        """The model's outputs: as set, else every sink."""
        if self.outputs is not None:
            return self.outputs
        return [[call, 0] for call in self.sinks if self.kind_of(call) not in INPUT_KINDS or len(self.calls) == 1]

    @cached_property
    def input_calls(self) -> list[str]:
        """The model's inputs: as listed, then those that are not."""
        listed = [call for call in self.inputs if call in self.calls]
        return listed + [c for c in self.calls if self.kind_of(c) in INPUT_KINDS and c not in listed]

    def upstream(self, call: str) -> set[str]:
        """Every call that a call depends on."""
        return reach(call, self.sources)

    def downstream(self, call: str) -> set[str]:
        """Every call that depends on a call."""
        return reach(call, lambda node: self.consumers[node])

    def moved(self, positions: dict[str, list[float]]) -> "Document":
        """The same model elsewhere on the canvas."""
        return replace(self, positions=positions)


INPUT_KINDS = ("Input", "InputLayer")


def reach(start: str, step: Callable[[str], Iterable[str]]) -> set[str]:
    """All that can be reached from `start`, without it."""
    seen: set[str] = set()
    waiting = list(step(start))
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(step(node))
    return seen


def to_data(document: Document) -> Json:
    """The JSON form, without positions."""
    return {
        "version": VERSION,
        "layers": list(document.layers.values()),
        "calls": list(document.calls.values()),
        "inputs": document.inputs,
        "outputs": document.outputs,
        "groups": document.groups,
        "variables": document.variables,
        **document.extra,
    }


def from_data(data: Any, positions: Any = None) -> Document:
    """The document that JSON from anywhere describes; nothing of it is used before all is checked.

    Raises:
        Invalid: with the path of what is wrong.
    """
    data = migrated(data)
    checked("document", data, dict, "an object")
    document = Document(
        layers=by_id("document.layers", data.get("layers", []), check_layer),
        calls=by_id("document.calls", data.get("calls", []), check_call),
        inputs=list(checked("document.inputs", data.get("inputs", []), list, "a list of call ids")),
        outputs=check_outputs("document.outputs", data.get("outputs")),
        groups=list(checked("document.groups", data.get("groups", []), list, "a list of objects")),
        variables=dict(checked("document.variables", data.get("variables", {}), dict, "an object")),
        positions=check_positions("positions", positions or {}),
        extra={key: value for key, value in data.items() if key not in KEYS},
    )
    check_references(document)
    check_plain("document", data)
    return document


def migrated(data: Any) -> Any:
    """The data in the form of this version.

    Raises:
        Invalid: where it comes from a later one.
    """
    checked("document", data, dict, "an object")
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Invalid("document.version", f"a whole number from 1 to {VERSION}", version)
    if version > VERSION:
        hint = "It was saved by a later kerasviz: update to open it."
        raise Invalid("document.version", f"at most {VERSION}", version, hint)
    while version < VERSION:
        data = MIGRATIONS[version](data)
        version += 1
    return data


def check_references(document: Document) -> None:
    """Whatever is named exists, and nothing depends on itself."""
    for call in document.calls.values():
        check_call_references(document, call)
    for call in document.inputs:
        if not isinstance(call, str) or call not in document.calls:
            raise Invalid("document.inputs", "ids of calls", call)
    for call, _ in document.outputs or []:
        if call not in document.calls:
            raise Invalid("document.outputs", "tensors of calls", call)
    check_cycles(document)


def check_call_references(document: Document, call: Json) -> None:
    """The layer and the sources of a call exist."""
    where = f"call {call['id']}"
    if call["layer"] not in document.layers:
        raise Invalid(f"{where}: layer", "the id of a layer", call["layer"])
    for source, _ in call["inputs"]:
        if source not in document.calls:
            raise Invalid(f"{where}: inputs", "outputs of calls", source)


def check_cycles(document: Document) -> None:
    """No call depends on itself."""
    if len(document.order) < len(document.calls):
        inside = sorted(set(document.calls) - set(document.order))
        raise Invalid("document.calls", "a graph without cycles", inside, "Remove one of the wires between them.")


def write(document: Document) -> str:
    """A project file: document and positions, one layer or call a line, so that versions can be compared."""
    data = to_data(document)
    lines = ["{", ' "document": {']
    for key, value in data.items():
        comma = "" if key == list(data)[-1] else ","
        lines.append(f"  {json.dumps(key)}: {by_line(value)}{comma}")
    return "\n".join([*lines, " },", f' "positions": {by_line(document.positions)}', "}", ""])


def by_line(value: Any) -> str:
    """JSON with each item of a list or object on its own line."""
    if not value or not isinstance(value, (list, dict)):
        return json.dumps(value)
    if isinstance(value, dict):
        items = [f"{json.dumps(key)}: {json.dumps(part)}" for key, part in value.items()]
        return "{\n   " + ",\n   ".join(items) + "\n  }"
    return "[\n   " + ",\n   ".join(json.dumps(part) for part in value) + "\n  ]"


def read(text: str) -> Document:
    """The document of a project file.

    Raises:
        Invalid: with the path of what is wrong, or the place where it is no JSON.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid(f"document, line {error.lineno}", "JSON", error.msg) from error
    except RecursionError as error:
        raise Invalid("document", "at most 60 levels of nesting", "more") from error
    if isinstance(data, dict) and "document" in data:
        return from_data(data["document"], data.get("positions"))
    return from_data(data)

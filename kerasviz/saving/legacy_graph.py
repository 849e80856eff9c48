"""The graph of a model as Keras 1 and 2 wrote it: lists of [layer, call, output, arguments]."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.legacy_arguments import plain_name

CONSTANT = "_CONSTANT_VALUE"  # stands for a layer where an input is a number
TAKING_STATES = ("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional")


def translated_graph(
    config: Mapping[str, Any], layer: Callable[[Mapping[str, Any]], dict[str, Any]], before_3: bool, where: str
) -> dict[str, Any]:
    """The config of a Functional in the form of today.

    Args:
        config: with `layers`, `input_layers` and `output_layers`.
        layer: translates one layer.
        before_3: whether a list of one input or output means the one itself, as before Keras 3.
        where: for errors.

    Raises:
        Invalid: where calls are no calls of its layers.
    """
    entries = [layer(named(entry, where)) for entry in config["layers"]]
    graph = Graph(entries, config, where)
    made = {**config, "layers": [graph.with_calls(entry) for entry in entries]}
    if not before_3:
        return made
    return made | {key: one_alone(graph.places(config.get(key))) for key in ("input_layers", "output_layers")}


def one_alone(places: Any) -> Any:
    """Inputs or outputs; of a list of one, what is in it."""
    return places[0] if isinstance(places, list) and len(places) == 1 and isinstance(places[0], list) else places


def named(entry: Any, where: str) -> dict[str, Any]:
    """A layer with its name beside its class."""
    if not isinstance(entry, Mapping):
        raise Invalid(where, "the config of a layer", entry)
    config = entry.get("config")
    name = entry.get("name") or (config.get("name") if isinstance(config, Mapping) else None)
    return {**entry, "name": plain_name(name) if isinstance(name, str) else name}


class Graph:
    """The calls of one model. Those of a model inside count from 1 in old files: 0 is the model as it was made.

    Args:
        entries: translated layers.
        config: of the model, as it is in the file.
        where: for errors.
    """

    def __init__(self, entries: list[dict[str, Any]], config: Mapping[str, Any], where: str) -> None:
        self.where = where
        self.names = {str(entry["name"]) for entry in entries}
        last: dict[str, int] = {}
        for part in (*(entry.get("inbound_nodes") for entry in entries), config.get("output_layers")):
            for reference in self.references(part):
                name = plain_name(reference[0])
                last[name] = max(last.get(name, 0), reference[1])
        self.first: dict[str, int] = {}
        self.graphs = {entry["name"] for entry in entries if entry["class_name"] == "Functional"}
        for entry in entries:
            calls = entry.get("inbound_nodes") or []
            self.first[entry["name"]] = 1 if calls and last.get(entry["name"], 0) >= len(calls) else 0

    def references(self, value: Any) -> Iterator[list[Any]]:
        """Every place in the graph that a part of the config names."""
        waiting = [value]
        while waiting:
            value = waiting.pop()
            if self.is_reference(value):
                yield value
            if isinstance(value, Mapping):
                waiting.extend(value.values())
            elif isinstance(value, (list, tuple)):
                waiting.extend(value)

    def is_reference(self, value: Any) -> bool:
        """Whether a list is a place: a layer, a call, an output, and perhaps arguments."""
        if not isinstance(value, list) or len(value) not in (3, 4) or not isinstance(value[0], str):
            return False
        numbers = all(type(number) is int for number in value[1:3])
        return plain_name(value[0]) in self.names and numbers and isinstance(value[-1], (int, Mapping))

    def places(self, value: Any) -> Any:
        """Inputs or outputs, by layer, call and output. Calls of a Functional count from 1 there, today too."""
        if self.is_reference(value):
            name, call, index = self.history(value)
            return [name, call + (name in self.graphs), index]
        if isinstance(value, Mapping):
            return {key: self.places(part) for key, part in value.items()}
        if not isinstance(value, list) or not value or isinstance(value[0], str):
            raise Invalid(self.where, "outputs of its layers", value)
        return [self.places(part) for part in value]

    def history(self, reference: list[Any]) -> list[Any]:
        """A place in the numbers of today."""
        name, call, index = plain_name(reference[0]), *reference[1:3]
        return [name, call - self.first.get(name, 0), index]

    def with_calls(self, entry: dict[str, Any]) -> dict[str, Any]:
        """A layer with its calls in the form of today."""
        calls = entry.get("inbound_nodes") or []
        if not isinstance(calls, list):
            raise Invalid(f'calls of "{entry["name"]}" in {self.where}', "a list", calls)
        return {**entry, "inbound_nodes": [self.call(call, entry) for call in calls]}

    def call(self, call: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
        """One call: what is given by place, and what by name."""
        if isinstance(call, Mapping) and {"args", "kwargs"} <= set(call):
            return dict(call)
        given: dict[str, Any] = {}
        inputs = self.inputs(call, given)
        named = {name: self.argument(value) for name, value in given.items() if value is not None}
        if entry["class_name"] in TAKING_STATES and isinstance(inputs, list) and len(inputs) > 1:
            inputs, named["initial_state"] = inputs[0], inputs[1:]
        if "reordered" in entry:
            return entry["reordered"](inputs, named)
        return {"args": [inputs], "kwargs": named}

    def inputs(self, call: Any, named: dict[str, Any]) -> Any:
        """What a call is given by place; its other arguments are put into `named`."""
        if isinstance(call, Mapping):
            return {key: self.inputs(part, named) for key, part in call.items()}
        if not isinstance(call, list) or not call:
            raise Invalid(f"a call in {self.where}", "[layer, call, output, arguments]", call)
        if isinstance(call[0], str):
            if len(call) == 4 and isinstance(call[3], Mapping):
                named.update(call[3])
            return self.symbol(call)
        inputs = [self.inputs(part, named) for part in call]
        return inputs[0] if len(inputs) == 1 else inputs

    def symbol(self, reference: list[Any]) -> Any:
        """An input of a call: what another call made, or a number."""
        if reference[0] == CONSTANT and len(reference) >= 3:
            return reference[2]
        if not self.is_reference(reference):
            raise Invalid(f"a call in {self.where}", "an output of one of its layers", reference[:3])
        return {"class_name": "__keras_tensor__", "config": {"keras_history": self.history(reference)}}

    def argument(self, value: Any) -> Any:
        """An argument by name: what other calls made may be in it."""
        if self.is_reference(value):
            return self.symbol(value)
        if isinstance(value, list):
            if len(value) >= 3 and value[0] == CONSTANT:
                return value[2]
            return [self.argument(part) for part in value]
        if isinstance(value, Mapping):
            return {key: self.argument(part) for key, part in value.items()}
        return value

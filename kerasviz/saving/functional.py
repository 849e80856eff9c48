"""A graph of layers as Keras 3's functional config, and back."""

import heapq
from collections.abc import Mapping
from typing import Any

import torch

from kerasviz import ops
from kerasviz.declare import Invalid
from kerasviz.layers.input import InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.saving.config import deserialize_keras_object, scope, serialize_keras_object
from kerasviz.saving.functions import arguments, function_from_config, function_to_config, is_function
from kerasviz.saving.values import listed, symbol_facts
from kerasviz.tensors import FunctionOperation, KerasTensor, leaves, map_leaves, record_function

MEANT = "explicit"  # of a call: Keras writes `training: false` where nobody said so, and goes by the mode of the model


def functional_to_config(model: Any) -> dict[str, Any]:
    """Layers, their calls, inputs and outputs of a Functional model."""
    return GraphWriter(model).config()


class GraphWriter:
    """Writes a graph; calls are numbered per operation, and only those of this graph count."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.graph = model.graph
        self.calls: dict[int, list[Any]] = {}
        for node in sorted(self.graph.nodes, key=lambda node: node.index):
            self.calls.setdefault(id(node.operation), []).append(node)
        self.number = {id(node): n for nodes in self.calls.values() for n, node in enumerate(nodes)}

    def config(self) -> dict[str, Any]:
        """The whole."""
        policy = serialize_keras_object(self.model.dtype_policy)
        return {
            "name": self.model.name,
            "trainable": self.model.trainable,
            "dtype": policy,
            "layers": [self.entry(operation) for operation in self.graph.operations],
            "input_layers": map_leaves(self.history, self.graph.inputs),
            "output_layers": map_leaves(self.place, self.graph.outputs),
        }

    def place(self, tensor: KerasTensor) -> list[Any]:
        """Where an output comes from: Keras counts a graph's calls from 1 there, and from 0 in arguments."""
        name, call, index = self.history(tensor)
        return [name, call + counts_from_one(self.graph.place[id(tensor)][0].operation), index]

    def history(self, tensor: KerasTensor) -> list[Any]:
        """Where a symbol comes from: operation, number of the call, number of the output."""
        node, index = self.graph.place[id(tensor)]
        return [node.operation.name, self.number[id(node)], index]

    def entry(self, operation: Any) -> dict[str, Any]:
        """One operation with its calls."""
        nodes = self.calls[id(operation)]
        if isinstance(operation, FunctionOperation):
            config, args, kwargs = function_to_config(operation, nodes[0].args, nodes[0].kwargs)
            config["config"] = {name: self.plain(value) for name, value in config["config"].items()}
            return {**config, "name": operation.name, "inbound_nodes": [self.call(args, kwargs)]}
        config = serialize_keras_object(operation)
        calls = [] if isinstance(operation, InputLayer) else [self.call(node.args, node.kwargs) for node in nodes]
        return {**config, "name": operation.name, "inbound_nodes": calls}

    def call(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """What one call was given."""
        call: dict[str, Any] = {
            "args": [self.plain(value) for value in args],
            "kwargs": {name: self.plain(value) for name, value in kwargs.items() if not is_unsaid(name, value)},
        }
        return call | {MEANT: ["training"]} if kwargs.get("training") is False else call

    def plain(self, value: Any) -> Any:
        """An argument in JSON form; tuples are lists, as in Keras's files."""
        if isinstance(value, KerasTensor):
            return {"class_name": "__keras_tensor__", "config": symbol_facts(value, self.history(value))}
        if isinstance(value, (list, tuple)):
            return [self.plain(part) for part in value]
        if isinstance(value, dict):
            return {key: self.plain(part) for key, part in value.items()}
        return listed(serialize_keras_object(value))


def functional_from_config(config: Mapping[str, Any], custom_objects: Any = None, cls: Any = None) -> Any:
    """The model that `functional_to_config` described.

    Args:
        config: as in Keras 3's files.
        custom_objects: classes and functions that it may name.
        cls: the class to make; Functional by default.

    Raises:
        Invalid: where the config names what is not there, or its calls depend on each other.
    """
    if cls is None:
        import importlib

        cls = importlib.import_module("kerasviz.models").Functional
    with scope(custom_objects):
        reader = GraphReader(config)
        reader.run()
        inputs, outputs = reader.symbols(config["input_layers"]), reader.symbols(config["output_layers"])
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))


class GraphReader:
    """Makes the layers of a config and calls them, each call when all it needs is there."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.where = f"Functional `{config.get('name')}` of the file"
        self.entries = {}
        for entry in _list(config.get("layers"), self.where):
            name = entry.get("name") or (entry.get("config") or {}).get("name")
            if name in self.entries:
                raise Invalid(self.where, "a name of its own for every layer", f"`{name}` twice")
            self.entries[name] = entry
        self.made: dict[str, Any] = {}
        self.outputs: dict[tuple[str, int], list[Any]] = {}

    def run(self) -> None:
        """Make all layers, then all calls: of those whose inputs are there, the first in the file."""
        calls: list[tuple[str, int, Any]] = []
        for name, entry in self.entries.items():
            inbound = _list(entry.get("inbound_nodes", []), self.where)
            if not is_function(entry):
                self.made[name] = layer = deserialize_keras_object(entry)
                if isinstance(layer, InputLayer):
                    self.outputs[name, 0] = [layer._inbound_nodes[0].outputs]
            calls += [(name, index, call) for index, call in enumerate(inbound)]
        needs = [self.needs(name, index, call) - set(self.outputs) for name, index, call in calls]
        readers: dict[Any, list[int]] = {}
        for place, needed in enumerate(needs):
            for key in needed:
                readers.setdefault(key, []).append(place)
        ready = [place for place, needed in enumerate(needs) if not needed]
        done = 0
        while ready:
            name, index, call = calls[heapq.heappop(ready)]
            self.call(name, index, call)
            done += 1
            for place in readers.pop((name, index), ()):
                needs[place].discard((name, index))
                if not needs[place]:
                    heapq.heappush(ready, place)
        if done < len(calls):
            stuck = ", ".join(f"`{calls[place][0]}`" for place, needed in enumerate(needs) if needed)
            raise Invalid(self.where, "calls whose inputs are all in the file, none in a circle", stuck)

    def needs(self, name: str, index: int, call: Any) -> set[tuple[str, int]]:
        """The calls that must be made before this one."""
        if not isinstance(call, Mapping) or not {"args", "kwargs"} <= set(call):
            hint = "Files of Keras 2 have another form. Save the model again with Keras 3."
            raise Invalid(f"call of `{name}` in the file", "args and kwargs", call, hint)
        found = {(name, index - 1)} if index else set()
        waiting = [call["args"], call["kwargs"]]
        while waiting:
            value = waiting.pop()
            if isinstance(value, Mapping) and value.get("class_name") == "__keras_tensor__":
                found.add(self.key(value["config"]["keras_history"])[:2])
            elif isinstance(value, (Mapping, list)):
                waiting += value.values() if isinstance(value, Mapping) else value
        return found

    def call(self, name: str, index: int, call: Mapping[str, Any]) -> None:
        """Make one call; its inputs are there."""
        args, kwargs = self.value(call["args"]), self.value(call["kwargs"])
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise Invalid(f"call of `{name}` in the file", "a list of args and a dict of kwargs", call)
        if name in self.made:
            layer = self.made[name]
            if kwargs.get("training") is False and "training" not in (call.get(MEANT) or ()):
                del kwargs["training"]
            outputs = layer(*args, **_needless_left_out(args, kwargs))
        else:
            function, title, settings = function_from_config(self.entries[name])
            settings = {key: self.value(value) for key, value in settings.items()}
            outputs = called(function, title, args, kwargs, settings)
        self.outputs[name, index] = list(leaves(outputs))

    def value(self, value: Any) -> Any:
        """An argument, its symbols those of this graph."""
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("class_name") == "__keras_tensor__":
            return self.symbol(value["config"]["keras_history"])
        if "class_name" in value:
            return deserialize_keras_object(value)
        return {key: self.value(part) for key, part in value.items()}

    def key(self, history: Any) -> tuple[str, int, int]:
        """A place in the graph: operation, call, output."""
        if not isinstance(history, (list, tuple)) or len(history) != 3 or history[0] not in self.entries:
            raise Invalid(self.where, "a call of one of its layers", history)
        return history[0], int(history[1]), int(history[2])

    def symbol(self, history: Any) -> Any:
        """The symbol at a place in the graph."""
        name, call, index = self.key(history)
        outputs = self.outputs.get((name, call), [])
        if not 0 <= index < len(outputs):
            raise Invalid(self.where, f"an output that `{name}` has", list(history))
        return outputs[index]

    def symbols(self, places: Any) -> Any:
        """Symbols in the structure of inputs or outputs."""
        if isinstance(places, Mapping):
            return {key: self.symbols(place) for key, place in places.items()}
        if isinstance(places, (list, tuple)) and len(places) == 3 and isinstance(places[0], str):
            name, call, index = places
            return self.symbol([name, max(int(call) - counts_from_one(self.made.get(name)), 0), index])
        return [self.symbols(place) for place in places]


def counts_from_one(operation: Any) -> bool:
    """Whether it is a graph, whose first call is the one that made it."""
    return isinstance(operation, Layer) and "graph" in vars(operation)


def is_unsaid(name: str, value: Any) -> bool:
    """Whether an argument of a call says no more than its absence."""
    return value is None and name in ("training", "initial_state")


def called(function: Any, name: str, args: list, kwargs: dict[str, Any], settings: dict[str, Any]) -> Any:
    """A function on symbols, recorded under its name."""
    if function is ops.get_item and len(args) == 2 and isinstance(args[1], list):
        args = [args[0], tuple(args[1])]  # JSON has no tuples
    args, kwargs = arguments(function, args, kwargs, settings)
    return record_function(function, tuple(args), kwargs, name)


def _needless_left_out(args: list, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments without those that a call finds itself: a mask that its input carries, and None."""
    kept = {}
    for name, value in kwargs.items():
        carried = getattr(args[0] if args else None, "_keras_mask", None)
        if name == "mask" and (value is None or same_symbol(value, carried)):
            continue
        if is_unsaid(name, value):
            continue
        kept[name] = value
    return kept


def same_symbol(one: Any, other: Any, known: dict[tuple[int, int], bool] | None = None) -> bool:
    """Whether two symbols are the same function of the same symbols. `known` has what was found before."""
    if one is other:
        return True
    if not isinstance(one, KerasTensor) or not isinstance(other, KerasTensor):
        return type(one) is type(other) and not isinstance(one, KerasTensor) and one == other
    known = {} if known is None else known
    pair = id(one), id(other)
    if pair not in known:
        known[pair] = same_call(one, other, known)
    return known[pair]


def same_call(one: KerasTensor, other: KerasTensor, known: dict[tuple[int, int], bool]) -> bool:
    """Whether two symbols come from calls of the same function with the same arguments."""
    first, second = one.node, other.node
    if first is None or second is None or one.output_index != other.output_index:
        return False
    operations = first.operation, second.operation
    if not all(isinstance(operation, FunctionOperation) for operation in operations):
        return False
    if not same_function(*operations) or len(first.args) != len(second.args):
        return False
    return all(same_symbol(a, b, known) for a, b in zip(first.args, second.args, strict=True))


def same_function(one: FunctionOperation, other: FunctionOperation) -> bool:
    """Whether two operations compute the same; a mask's comparison may be torch's own or one of keras.ops."""
    names = {torch.ne: ops.not_equal}
    first, second = (names.get(operation.function, operation.function) for operation in (one, other))
    return first is second


def _list(value: Any, where: str) -> list:
    if not isinstance(value, list):
        raise Invalid(where, "a list", value)
    return value

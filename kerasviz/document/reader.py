"""From a live model to its document: every call, shared layers, nested models and raw functions."""

from typing import Any

from kerasviz.declare import Invalid, Maybe, PerAxis, serialize, snake_case
from kerasviz.declare.kinds import listed
from kerasviz.declare.registry import resolve
from kerasviz.document.calls import template_of
from kerasviz.document.document import Document, Json, to_data
from kerasviz.document.kinds import takes_list
from kerasviz.document.names import call_id, free_name, is_automatic
from kerasviz.document.operations import kind_of
from kerasviz.tensors import unused_objects


def from_model(model: Any) -> Document:
    """The document of a Functional or Sequential model.

    Raises:
        Invalid: where the model has no graph, or something in it cannot be written down.
    """
    from kerasviz.document.layout import layout

    graph = getattr(model, "graph", None)
    if graph is None:
        hint = "A subclassed model has no graph: call it on a `keras.Input` to get one."
        raise Invalid(
            f"document of `{getattr(model, 'name', model)}`", "a Functional or Sequential model", type(model), hint
        )
    reader = Reader()
    for node in graph.nodes:
        reader.read(node)
    outputs = [reader.tensors[id(tensor)] for tensor in graph.output_tensors]
    inputs = [reader.tensors[id(tensor)][0] for tensor in graph.input_tensors]
    document = Document(reader.layers, reader.calls, inputs, outputs)
    if plain_outputs(document):
        document = Document(reader.layers, reader.calls, inputs, None)
    return document.moved(layout(document))


def plain_outputs(document: Document) -> bool:
    """Whether the outputs are just what nobody takes, in that order."""
    return document.outputs == Document(document.layers, document.calls, document.inputs).output_tensors


class Reader:
    """Collects layers and calls."""

    def __init__(self) -> None:
        self.layers: dict[str, Json] = {}
        self.calls: dict[str, Json] = {}
        self.tensors: dict[int, list[Any]] = {}  # id of a symbol -> [call, index]
        self.ids: dict[int, str] = {}  # id of an operation -> layer id

    def read(self, node: Any) -> None:
        """One call."""
        operation = node.operation
        if id(operation) not in self.ids:
            layer = self.layer_data(operation)
            self.layers[layer["id"]] = layer
            self.ids[id(operation)] = layer["id"]
        layer_id = self.ids[id(operation)]
        call = call_id(layer_id, self.calls)
        self.calls[call] = {"id": call, "layer": layer_id, **self.call_data(node, self.layers[layer_id]["kind"])}
        for index, tensor in enumerate(node.output_tensors):
            self.tensors[id(tensor)] = [call, index]

    def call_data(self, node: Any, kind: str) -> Json:
        """Its inputs, and how they become arguments where that is not plain."""
        if not node.args and not node.kwargs:
            return {"inputs": []}
        inputs: list[list[Any]] = []
        places: list[int] = []

        def index_of(value: Any) -> int | None:
            if id(value) not in self.tensors:
                return None
            inputs.append(self.tensors[id(value)])
            places.append(id(value))
            return len(inputs) - 1

        args = template_of(list(node.args), index_of, serialize)
        kwargs = template_of(dict(node.kwargs), index_of, serialize)
        kwargs = {name: value for name, value in kwargs.items() if value is not None}
        data: Json = {"inputs": [list(tensor) for tensor in inputs]}
        if kwargs:
            data["kwargs"] = kwargs
        return data if is_plain(args, kind) else {**data, "args": args}

    def layer_data(self, operation: Any) -> Json:
        """A layer's or function's id, kind, name and arguments."""
        from kerasviz.layers.input import InputLayer
        from kerasviz.layers.layer import Layer

        taken = {*self.layers, *self.calls}
        if not isinstance(operation, Layer):
            kind = kind_of(operation)
            if kind is None:
                where = f"document of function `{operation.name}`"
                hint = "Put it into a Layer's `call`, or use `keras.ops`."
                raise Invalid(where, "a layer, or a function of `keras.ops`", operation, hint)
            return {"id": free_name(operation.name, taken), "kind": kind, "args": {}}
        identity = free_name(operation.name, taken)
        if isinstance(operation, InputLayer):
            return {"id": identity, "kind": "Input", "args": input_args(operation)}
        if getattr(operation, "graph", None) is not None:
            kind = "Sequential" if type(operation).__name__ == "Sequential" else "Functional"
            return {"id": identity, "kind": kind, "args": {"document": to_data(from_model(operation))}}
        return {"id": identity, "kind": kind_name(operation), "args": args_of(operation)}


def is_plain(args: list[Any], kind: str) -> bool:
    """Whether tensors go in as they do without a template: as one list, or one after another."""
    several = len(args) == 1 and isinstance(args[0], list) and takes_list(kind)
    flat = args[0] if several else args
    plain = all(isinstance(part, dict) and set(part) == {"input"} for part in flat)
    listed_right = several == (len(flat) > 1 and takes_list(kind))
    return plain and listed_right and [part["input"] for part in flat] == list(range(len(flat)))


def kind_name(layer: Any) -> str:
    """The kind of a layer; a class that is not ours becomes known by its name."""
    from kerasviz.document.kinds import CUSTOM, layer_class

    cls = type(layer)
    if layer_class(cls.__name__) is not cls:
        CUSTOM[cls.__name__] = cls
    return cls.__name__


def args_of(layer: Any) -> Json:
    """The arguments that are not the default, in JSON form."""
    config = layer.get_config()
    if "dtype" in config and layer.dtype_policy == default_policy():
        config.pop("dtype")
    kept: Json = {}
    for name, value in config.items():
        declared = type(layer).args.get(name)
        if name == "name" or (name == "trainable" and value is True):
            continue
        if declared is None and not type(layer)._handwritten:
            continue  # said for other readers of the config: it follows from the arguments
        value = shortest(declared, plain_json(value))
        if declared is None or declared.required or value != default_of(declared):
            kept[name] = value
    return without_derived(type(layer), kept)


def shortest(declared: Any, value: Any) -> Any:
    """One number for equal sizes along all axes."""
    kind = getattr(declared, "kind", None)
    kind = kind.inner if isinstance(kind, Maybe) else kind
    if isinstance(kind, PerAxis) and isinstance(value, list) and len(set(value)) == 1:
        return value[0]
    return value


def without_derived(cls: Any, args: Json) -> Json:
    """The arguments without those that the layer works out itself from None: strides of a pool, the data format."""
    for name in [n for n in args if n in cls.args and cls.args[n].default is None]:
        rest = {other: value for other, value in args.items() if other != name}
        try:
            with unused_objects():
                both = [cls.from_config({**given, "name": "a"}).get_config() for given in (rest, args)]
            same = plain_json(both[0]) == plain_json(both[1])
        except (ValueError, TypeError):
            continue
        args = rest if same else args
    return args


def default_of(declared: Any) -> Any:
    """The JSON form of an argument's default."""
    return shortest(declared, plain_json(declared.kind.to_config(declared.kind.parse(declared.default))))


def default_policy() -> Any:
    """The dtype policy that layers have without being told one."""
    from kerasviz.tensors import dtype_policy

    return dtype_policy()


def plain_json(value: Any) -> Any:
    """The JSON form with tuples as lists, and of components inside only what is not the default."""
    if isinstance(value, dict) and value.get("class_name") and isinstance(value.get("config"), dict):
        return minimal(value)
    if isinstance(value, dict):
        return {key: plain_json(part) for key, part in value.items()}
    return [plain_json(part) for part in value] if isinstance(value, (list, tuple)) else value


def minimal(config: Json) -> Any:
    """A component's config without its defaults; the bare name where nothing is left and a name is enough."""
    try:
        cls = resolve(config)
    except Invalid:
        return listed(config)
    args = {}
    for name, value in config["config"].items():
        declared = getattr(cls, "args", {}).get(name)
        value = shortest(declared, plain_json(value))
        if name == "name" and automatic_inside(str(value), cls.__name__):
            continue
        if (
            declared is None
            or declared.required
            or not (value == default_of(declared) or is_default_policy(name, value))
        ):
            args[name] = value
    by_name = str(config.get("module")) in ("keras.initializers", "keras.regularizers", "keras.constraints")
    if by_name and not args and not config.get("registered_name"):
        return snake_case(cls.__name__)
    return {**config, "config": args}


def automatic_inside(name: str, kind: str) -> bool:
    """Whether a wrapped layer has such a name by itself."""
    return is_automatic(name.removeprefix("forward_").removeprefix("backward_"), kind)


def is_default_policy(name: str, value: Any) -> bool:
    """Whether it is a dtype argument that says nothing new."""
    policy = default_policy().name
    given = value["config"].get("name") if isinstance(value, dict) and isinstance(value.get("config"), dict) else value
    return name == "dtype" and given == policy


def input_args(layer: Any) -> Json:
    """The arguments of an Input."""
    from kerasviz.tensors import settings

    batch, *shape = layer.batch_shape
    args: Json = {"shape": shape}
    if batch is not None:
        args["batch_size"] = batch
    if layer.dtype != settings.floatx():
        args["dtype"] = layer.dtype
    return args

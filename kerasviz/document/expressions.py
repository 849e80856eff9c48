"""Python for the layers of a document: only what is not the default, in the user's words."""

import re
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.declare.kinds import literal
from kerasviz.document.calls import arguments
from kerasviz.document.components import make
from kerasviz.document.document import INPUT_KINDS, Document, Json
from kerasviz.document.kinds import layer_class
from kerasviz.document.names import is_automatic

IMPORTED = ("constraints", "initializers", "layers", "ops", "regularizers")  # code names these without `keras.`
OPERATORS = {
    "ops.add": "+",
    "ops.subtract": "-",
    "ops.multiply": "*",
    "ops.true_divide": "/",
    "ops.divide": "/",
    "ops.floor_divide": "//",
    "ops.matmul": "@",
    "ops.power": "**",
}


def layer_source(layer: Json, *, names: bool = False) -> str:
    """The expression that makes a layer: `layers.Dense(10, activation="softmax")`.

    Args:
        layer: its data.
        names: give the name always, and not only where the user chose it.
    """
    kind, args = layer["kind"], layer["args"]
    cls = layer_class(kind)
    if cls is None:
        raise Invalid(f"code of `{layer['id']}`", "the kind of a layer", kind)
    make(kind, args)  # complains about what is missing or does not fit
    named = {} if kind in ("Input", "InputLayer") else name_argument(layer, names)
    parts = argument_sources(cls, args)
    parts += [f"name={text_source(value)}" for value in named.values()]
    home = "layers." if vars(public_layers()).get(kind) is cls else ""
    return f"{home}{kind}({', '.join(parts)})"


def public_layers() -> Any:
    """The module of public layers."""
    from kerasviz import layers

    return layers


def argument_sources(cls: Any, args: Json) -> list[str]:
    """Each argument as Python: required ones by position, others by name, in the order of the signature."""
    parts = []
    positional = True
    for name, declared in cls.args.items():
        positional = positional and declared.required and name in args
        if name in args and name != "name":
            text = argument_source(declared, args[name])
            parts.append(text if positional else f"{name}={text}")
    return parts


def argument_source(declared: Any, value: Any) -> str:
    """One value as Python."""
    parsed = declared.kind.parse(value)
    if nested_component(value):
        return component_source(value)
    return declared.kind.to_source(parsed)


def nested_component(value: Any) -> bool:
    """Whether the value is the config of a component."""
    return isinstance(value, dict) and isinstance(value.get("config"), dict) and "class_name" in value


def component_source(config: Json) -> str:
    """The expression that makes a component of one of the public namespaces from its config."""
    from kerasviz.declare.registry import public_name, resolve

    cls: Any = resolve(config)
    home = public_name(cls)
    parts = home[0].split(".") if home else []
    prefix = "".join(f"{part}." for part in (parts[1:] if parts[1:2] and parts[1] in IMPORTED else parts))
    if not hasattr(cls, "args"):
        return f"{prefix}{cls.__name__}"
    parts = argument_sources(cls, {name: v for name, v in config["config"].items() if name in cls.args})
    if isinstance(config["config"].get("name"), str):
        parts.append(f"name={text_source(config['config']['name'])}")
    return f"{prefix}{cls.__name__}({', '.join(parts)})"


def name_argument(layer: Json, names: bool) -> dict[str, str]:
    """The name, where the code has to give it."""
    name = layer.get("name") or layer["id"]
    return {"name": name} if names or not is_automatic(name, layer["kind"]) else {}


def input_source(layer: Json, *, names: bool = False) -> str:
    """The expression that makes an Input."""
    from kerasviz.document.inference import input_spec
    from kerasviz.tensors import settings

    (batch, *shape), dtype = input_spec(layer["args"])
    parts = [literal(tuple(shape))]
    parts += [f"batch_size={batch}"] if batch is not None else []
    parts += [f"dtype={literal(dtype)}"] if dtype != settings.floatx() else []
    parts += [f"name={text_source(name)}" for name in name_argument(layer, names).values()]
    return f"keras.Input({', '.join(parts)})"


class Reference(str):
    """The name of a variable, inside arguments."""

    __slots__ = ()


def text_source(text: str) -> str:
    """A string as a formatter writes it: in the quotes that need fewer escapes."""
    body = repr(text)
    if text.count('"') > text.count("'"):
        return body if body[0] == "'" else "'" + body[1:-1].replace("'", "\\'") + "'"
    if body[0] == '"':
        return body
    return '"' + body[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def call_source(document: Document, call: str, function: str, values: list[str]) -> str:
    """The expression that calls a layer or a function on variables."""
    kind = document.kind_of(call)
    args, kwargs = arguments(document.calls[call], kind, [Reference(value) for value in values])
    if kind in OPERATORS and len(args) == 2 and not kwargs and not any(isinstance(a, (list, dict)) for a in args):
        left, right = map(value_source, args)
        return f"{left} {OPERATORS[kind]} {right}"
    parts = [value_source(value) for value in args]
    parts += [f"{name}={value_source(value)}" for name, value in kwargs.items() if safe(name)]
    return f"{function}({', '.join(parts)})"


def value_source(value: Any) -> str:
    """A value inside the arguments of a call."""
    if isinstance(value, Reference):
        return str(value)
    if isinstance(value, dict) and nested_component(value):
        return component_source(value)
    if isinstance(value, list):
        return f"[{', '.join(map(value_source, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {value_source(part)}" for key, part in value.items()) + "}"
    return literal(value)


def safe(name: str) -> bool:
    """Whether a text may stand in code as a name.

    Raises:
        Invalid: where it may not.
    """
    if not name.isidentifier():
        raise Invalid("argument of a call", "a name", name)
    return True


def identifier(text: str, fallback: str = "x") -> str:
    """A variable's name from any text."""
    import builtins
    import keyword

    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    if not name or name[0].isdigit():
        name = f"{fallback}_{name}".strip("_")
    reserved = keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name)
    return f"{name}_" if reserved or name in MODULES else name


MODULES = ("keras", "kerasviz", "layers", "initializers", "regularizers", "constraints", "ops", "np", "model")


def is_input(document: Document, call: str) -> bool:
    """Whether a call is an Input."""
    return document.kind_of(call) in INPUT_KINDS

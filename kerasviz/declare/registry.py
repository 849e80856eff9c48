"""What a config may name: our public namespaces, and what the user registered. Nothing else resolves."""

import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from kerasviz.declare import sharing
from kerasviz.declare.errors import Invalid, did_you_mean

HOMES = {  # what configs may name, and which of our modules has it
    "keras": "kerasviz.models",
    "keras.activations": "kerasviz.activations",
    "keras.constraints": "kerasviz.constraints",
    "keras.dtype_policies": "kerasviz.tensors",
    "keras.initializers": "kerasviz.initializers",
    "keras.layers": "kerasviz.layers",
    "keras.losses": "kerasviz.losses",
    "keras.metrics": "kerasviz.metrics",
    "keras.models": "kerasviz.models",
    "keras.optimizers": "kerasviz.optimizers",
    "keras.optimizers.schedules": "kerasviz.optimizers.schedules",
    "keras.random": "kerasviz.tensors",
    "keras.regularizers": "kerasviz.regularizers",
    "keras.utils": "kerasviz.utils",
}
NOT_IN_CONFIGS = ("keras.callbacks",)  # they write files and send what they hear: no model is made of them
NAMESPACES: dict[str, list[Callable[[], Mapping[str, Any]]]] = {}  # "keras.layers" -> what gives its public names
REGISTERED: dict[str, Any] = {}  # "package>name" -> what the user registered
INNER_NAMES = {"GroupQueryAttention": "grouped_query_attention"}  # Keras's own class has another name than the public
_scopes = threading.local()


def register_namespace(module: str, names: Callable[[], Mapping[str, Any]]) -> None:
    """Let configs name the public members of `module`; `names` is called when one is looked up."""
    NAMESPACES.setdefault(module, []).append(names)


def names_of(module: str) -> dict[str, Any]:
    """The public names of one of our modules; none for any other module."""
    if module in HOMES and HOMES[module] not in sys.modules:
        import importlib

        importlib.import_module(HOMES[module])
    return {name: thing for names in NAMESPACES.get(module, ()) for name, thing in names().items()}


def snake_case(name: str) -> str:
    """`Conv2DTranspose` -> `conv2d_transpose`: the name that an instance starts from."""
    if name in INNER_NAMES:
        return INNER_NAMES[name]
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    return name.lower()


def register(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorator: let files name this class or function, as `package>name`."""

    def decorate(thing: Any) -> Any:
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise Invalid(f"register_keras_serializable on {thing.__name__}", "a class with `get_config`", thing)
        REGISTERED[f"{package}>{name or thing.__name__}"] = thing
        return thing

    return decorate


def registered_name(thing: Any) -> str:
    """The name under which `thing` was registered; its own where it was not."""
    for name, known in REGISTERED.items():
        if known is thing:
            return name
    return thing.__name__


def registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What was passed, is in scope, or was registered under `name`; None where nothing was."""
    for known in (custom_objects or {}, *reversed(getattr(_scopes, "stack", [])), REGISTERED):
        if name in known:
            return known[name]
    return None


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """Let configs read inside the `with` name these classes and functions."""
    stack = _scopes.__dict__.setdefault("stack", [])
    stack.append(dict(objects))
    try:
        yield
    finally:
        stack.pop()


def public_name(cls: Any) -> tuple[str, str] | None:
    """The public module and name of a class or function of ours; None for anybody else's."""
    name = getattr(cls, "__name__", None)
    for module in list(NAMESPACES):
        known = {n: thing for names in NAMESPACES[module] for n, thing in names().items()}
        if name is not None and known.get(name) is cls:
            return module, name
    return None


def serialize(thing: Any) -> Any:
    """The JSON form of a component, function or plain value, as Keras 3 writes it."""
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if isinstance(thing, (list, tuple)):
        return [serialize(part) for part in thing]
    if hasattr(thing, "get_config") and not isinstance(thing, type):
        cls = type(thing)
        module, name = public_name(cls) or (cls.__module__, cls.__name__)
        known = None if public_name(cls) else registered_name(cls)
        said = {"module": module, "class_name": name, "config": thing.get_config(), "registered_name": known}
        return said | sharing.number_of(thing)
    if isinstance(thing, Mapping):
        return {key: serialize(value) for key, value in thing.items()}
    if callable(thing) and hasattr(thing, "__name__"):
        name = registered_name(thing) or thing.__name__
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    raise Invalid("get_config", "a value with a JSON form, or an object with `get_config`", thing)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object that a config from `serialize` describes. Resolves in closed namespaces only."""
    if isinstance(config, (list, tuple)):
        return [deserialize(part, custom_objects) for part in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config:
        return {key: deserialize(value, custom_objects) for key, value in config.items()}
    cls = resolve(config, custom_objects)
    if config.get("class_name") == "function":
        return cls
    made = sharing.known(config) if sharing.SHARED in config else None
    if made is not None:
        return made
    with custom_object_scope(custom_objects) if custom_objects else nullcontext():
        made = cls.from_config(config.get("config") or {})
    sharing.keep(config, made)
    return made


def resolve(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function that a config names.

    Raises:
        Invalid: where the name is neither ours nor registered by the user.
    """
    name = str(config["class_name"])
    wanted = str(config.get("config")) if name == "function" else name
    said = config.get("registered_name")
    for alias in (None if name == said == "function" else said, wanted):
        found = registered_object(str(alias), custom_objects) if alias else None
        if found is not None:
            return found
    module = str(config.get("module") or "")
    everything: dict[str, Any] = {}
    found = None if module in NOT_IN_CONFIGS else names_of(module).get(wanted)
    if found is None:
        everything = {other: thing for known in HOMES for other, thing in names_of(known).items()}
        anywhere = module in ("", "builtins") or module.startswith("keras.src")
        found = everything.get(wanted) if anywhere else None
    if found is not None and (name == "function") is not isinstance(found, type):
        return found  # a class is no function: a call of it could do what its arguments say
    raise Invalid(
        f"config of `{wanted}`",
        "the name of a Keras component, or of one registered with `register_keras_serializable` or `custom_objects`",
        f"{module}.{wanted}" if module else wanted,
        did_you_mean(wanted, everything),
    )

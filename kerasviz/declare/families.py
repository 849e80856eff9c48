"""Families of objects that go by a name: `"relu"`, a config, a class, or the object itself."""

import inspect
from collections.abc import Mapping
from typing import Any

from kerasviz.declare.errors import Invalid, did_you_mean
from kerasviz.declare.registry import deserialize, public_name, register_namespace, registered_object, snake_case
from kerasviz.declare.registry import serialize as serialize_object

FAMILIES: dict[str, "Family"] = {}
HOMES = {
    "activation": "kerasviz.activations",
    "initializer": "kerasviz.initializers",
    "regularizer": "kerasviz.regularizers",
    "constraint": "kerasviz.constraints",
    "layer": "kerasviz.layers",
    "loss": "kerasviz.losses",
    "metric": "kerasviz.metrics",
    "optimizer": "kerasviz.optimizers",
    "schedule": "kerasviz.optimizers.schedules",
    "callback": "kerasviz.callbacks",
    "dtype_policy": "kerasviz.tensors",
}


def family(name: str) -> "Family":
    """The family of that name; its home is imported when it is first asked for."""
    if name not in FAMILIES:
        import importlib

        importlib.import_module(HOMES[name])
    return FAMILIES[name]


class Family:
    """One kind of named object, and the namespace in which its names live.

    Args:
        name: "activation", "initializer", ...
        module: the public module that configs name, such as "keras.initializers".
        namespace: `globals()` of that module; read when a name is looked up.
        base: the class of its members; None for functions.
        none: what None stands for, such as the linear activation.
    """

    def __init__(
        self, name: str, *, module: str, namespace: Mapping[str, Any], base: type | None = None, none: Any = None
    ) -> None:
        self.name = name
        self.none = none
        self.module = module
        self.namespace = namespace
        self.base = base
        self._members: dict[str, Any] = {}
        self._names: dict[str, Any] = {}
        self._size = -1
        FAMILIES[name] = self
        register_namespace(module, self.members)

    def members(self) -> dict[str, Any]:
        """Public names and what they stand for: classes of the family, and its own functions."""
        if len(self.namespace) != self._size:
            self._size = len(self.namespace)
            self._members = {name: thing for name, thing in self.namespace.items() if self._is_member(name, thing)}
            classes = {snake_case(n): thing for n, thing in self._members.items() if isinstance(thing, type)}
            self._names = classes | self._members
        return self._members

    def _is_member(self, name: str, thing: Any) -> bool:
        if name.startswith("_") or name in ("get", "serialize", "deserialize"):
            return False
        if isinstance(thing, type):
            return self.base is not None and issubclass(thing, self.base)
        home = str(self.namespace.get("__name__", ""))
        return inspect.isfunction(thing) and thing.__module__.startswith(home)

    def names(self) -> dict[str, Any]:
        """Every accepted name: public names, and the snake_case form of each class."""
        self.members()
        return self._names

    def get(self, identifier: Any, where: str = "") -> Any:
        """The object that `identifier` means.

        Args:
            identifier: None, a name, a config, a class or an object.
            where: for the error: class and argument.

        Raises:
            Invalid: where the name is not known.
        """
        if identifier is None:
            return self.none
        if isinstance(identifier, str):
            return self._named(identifier, where)
        if isinstance(identifier, Mapping):
            return self._configured(identifier, where)
        if isinstance(identifier, type):
            return identifier()
        if callable(identifier) or (self.base is not None and isinstance(identifier, self.base)):
            return identifier
        raise self._unknown(identifier, where)

    def _named(self, name: str, where: str) -> Any:
        found = registered_object(name)
        if found is None:
            names = self.names()
            found = names.get(name) or names.get(name.lower())
        if found is None:
            raise self._unknown(name, where)
        return found() if isinstance(found, type) else found

    def _configured(self, config: Mapping[str, Any], where: str) -> Any:
        if "class_name" not in config:
            raise Invalid(where or self.name, 'a config with "class_name"', dict(config))
        if not config.get("module") and not config.get("registered_name"):
            config = {**config, "module": self.module}
            name = str(config["class_name"])
            if name not in self.members() and name in self.names():
                config = {**config, "class_name": self.names()[name].__name__}
        return deserialize(config)

    def _unknown(self, value: Any, where: str) -> Invalid:
        article = "an" if self.name[0] in "aeiou" else "a"
        hint = did_you_mean(value, self.names()) if isinstance(value, str) else ""
        return Invalid(where or self.name, f"the name of {article} {self.name}, a config, or the object", value, hint)

    def serialize(self, thing: Any) -> Any:
        """The JSON form: a plain name for a function of ours, a config for an object."""
        if thing is None or isinstance(thing, (str, Mapping)):
            return thing
        if not isinstance(thing, type) and inspect.isfunction(thing) and public_name(thing):
            return thing.__name__
        return serialize_object(thing)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object that `serialize` wrote."""
        if isinstance(config, Mapping):
            return deserialize(config, custom_objects)
        if isinstance(config, str) and custom_objects and config in custom_objects:
            return custom_objects[config]
        return self.get(config)

    def source(self, thing: Any) -> str:
        """The Python that makes `thing`: its name where it has no arguments, else a call."""
        from kerasviz.declare.kinds import quoted

        if thing is None:
            return "None"
        if isinstance(thing, str):
            return quoted(thing)
        if inspect.isfunction(thing):
            return quoted(thing.__name__) if public_name(thing) else thing.__name__
        cls = type(thing)
        name = snake_case(cls.__name__)
        if hasattr(thing, "source"):
            plain = thing.source() == f"{cls.__name__}()"
            if plain and public_name(cls) and self.names().get(name) is cls:
                return quoted(name)
            return f"{self.module.removeprefix('keras.')}.{thing.source()}" if public_name(cls) else thing.source()
        return quoted(name)

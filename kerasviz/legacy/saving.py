"""Objects as configs in the form of Keras 1 and 2: a class without its module, a function by its name alone."""

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid, did_you_mean, registered_name, registered_object
from kerasviz.saving import values
from kerasviz.saving.budget import budget_of_config
from kerasviz.saving.config import scope

__all__ = ["deserialize_keras_object", "serialize_keras_object"]

INSIDE = "__passive_serialization__"  # marks an object that is an argument of another


def serialize_keras_object(instance: Any) -> Any:
    """What is left to say of an object: `class_name` and `config`, or the name of a function.

    Raises:
        Invalid: where it is neither a function nor has a config.
    """
    if instance is None:
        return None
    if not isinstance(instance, type) and hasattr(instance, "get_config"):
        config = {name: old_form(value) for name, value in instance.get_config().items()}
        return {"class_name": registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__") and not isinstance(instance, type):
        return registered_name(instance)
    raise Invalid("serialize_keras_object(instance=...)", "an object with `get_config`, or a function", instance)


def old_form(value: Any) -> Any:
    """An argument of a config: objects and functions in it are in this form too."""
    if isinstance(value, type) or not (hasattr(value, "get_config") or hasattr(value, "__name__")):
        return value
    made = serialize_keras_object(value)
    return {**made, INSIDE: True} if isinstance(made, Mapping) else made


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that a config in this form describes, or a name stands for.

    Args:
        identifier: `class_name` and `config`, a name, a function, or None.
        module_objects: classes and functions by the names that it may have.
        custom_objects: more of them, which come first.
        printable_module_name: what it is, for errors.

    Raises:
        Invalid: where it names what is not known, or is no config.
    """
    values.check_depth(identifier, "config")
    with scope(custom_objects), budget_of_config("config"):
        if isinstance(identifier, str):
            found = named(identifier, module_objects, printable_module_name)
            return found() if isinstance(found, type) else found
        if isinstance(identifier, Mapping):
            return described(identifier, module_objects, printable_module_name)
    if identifier is None or callable(identifier):
        return identifier
    where = "deserialize_keras_object(identifier=...)"
    raise Invalid(where, "a config with `class_name` and `config`, or a name", identifier)


def described(identifier: Mapping[str, Any], module_objects: Mapping[str, Any] | None, kind: str) -> Any:
    """The object that a config describes."""
    if not isinstance(identifier.get("class_name"), str) or not isinstance(identifier.get("config"), Mapping):
        raise Invalid("deserialize_keras_object(identifier=...)", "`class_name` and `config`", dict(identifier))
    found, config = named(identifier["class_name"], module_objects, kind), dict(identifier["config"])
    for name, value in config.items():
        if isinstance(value, Mapping) and value.get(INSIDE):
            config[name] = described(value, module_objects, "config_item")
    return found.from_config(config) if hasattr(found, "from_config") else found(**config)


def named(name: str, module_objects: Mapping[str, Any] | None, kind: str) -> Any:
    """A class or function by its name.

    Raises:
        Invalid: where nobody knows it.
    """
    found = registered_object(name)
    found = found if found is not None else (module_objects or {}).get(name)
    if found is None:
        hint = did_you_mean(name, module_objects or {}) or "Pass it in `custom_objects`."
        raise Invalid("deserialize_keras_object", f"the name of a known {kind}", name, hint)
    return found

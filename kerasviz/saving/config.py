"""Objects as JSON, in Keras 3's form, and back. Names resolve in our own namespaces and in what the user registered."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kerasviz.declare import Invalid, deserialize, register, registered_name, registered_object, sharing
from kerasviz.declare import custom_object_scope as opened_scope
from kerasviz.declare.registry import REGISTERED, serialize
from kerasviz.layers.layer import Layer
from kerasviz.saving import values
from kerasviz.saving.budget import budget_of_config

FUNCTIONAL = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}

INNER_MODULES = {
    "keras.src.models.": "keras.models",
    "keras.src.layers.": "keras.layers",
    "keras.src.activations.": "keras.activations",
    "keras.src.initializers.": "keras.initializers",
    "keras.src.regularizers.": "keras.regularizers",
    "keras.src.constraints.": "keras.constraints",
    "keras.src.losses.": "keras.losses",
    "keras.src.metrics.": "keras.metrics",
    "keras.src.callbacks.": "keras.callbacks",
    "keras.src.dtype_policies.": "keras",
    "keras.src.optimizers.schedules.": "keras.optimizers.schedules",
    "keras.src.optimizers.": "keras.optimizers",
    "keras.src.backend.torch.optimizers.": "keras.optimizers",
    "keras.src.backend.tensorflow.optimizer": "keras.optimizers",
    "keras.src.backend.jax.optimizer": "keras.optimizers",
}


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorator: let files name this class or function, as `package>name`."""
    return register(package, name)


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was registered; its own where it was not."""
    return registered_name(obj)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """What was registered under `name`, or is in scope; None where nothing was."""
    found = registered_object(name, custom_objects)
    return found if found is not None else (module_objects or {}).get(name)


def get_custom_objects() -> dict[str, Any]:
    """All that was registered, by name."""
    return REGISTERED


class CustomObjectScope(contextlib.AbstractContextManager):
    """Lets configs that are read inside the `with` name these classes and functions."""

    def __init__(self, custom_objects: Mapping[str, Any]) -> None:
        self.custom_objects = dict(custom_objects)

    def __enter__(self) -> "CustomObjectScope":
        self._scope = opened_scope(self.custom_objects)
        self._scope.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._scope.__exit__(*error)


custom_object_scope = CustomObjectScope


def with_public_modules(config: Any) -> Any:
    """The config with Keras's inner module names replaced by the public ones, by a fixed table."""
    if isinstance(config, list):
        return [with_public_modules(part) for part in config]
    if not isinstance(config, Mapping):
        return config
    made = {key: with_public_modules(value) for key, value in config.items()}
    module = made.get("module")
    if isinstance(module, str) and module.startswith("keras.src.") and "class_name" in made:
        known = next((public for inner, public in INNER_MODULES.items() if module.startswith(inner)), None)
        if known is not None:
            made["module"] = known
    return made


def serialize_keras_object(obj: Any) -> Any:
    """The JSON form of an object, function or value.

    Layers that are built add the shapes they were built with, compiled models what `compile` was told.
    """
    with sharing.writing() as outermost:
        config = _written(obj)
    return sharing.without_lonely(config) if outermost else config


def _written(obj: Any) -> Any:
    plain = values.serialize_value(obj, serialize_keras_object)
    if plain is not values.OTHER:
        return plain
    config = dict(serialize(obj))
    if type(obj).__name__ == "Functional" and config["module"] in ("keras", "keras.models"):
        config |= FUNCTIONAL
    config["config"] = values.listed(config["config"])
    if isinstance(obj, Layer):
        shapes = build_shapes(obj)
        if shapes:
            config["build_config"] = shapes
        compiled = getattr(obj, "get_compile_config", None)
        told = compiled() if compiled is not None else None
        if told:
            config["compile_config"] = values.listed(told)
    return config


def build_shapes(layer: Layer) -> dict[str, Any] | None:
    """The shapes a layer was built with, as Keras writes them."""
    shapes = layer.get_build_config() if layer.built else None
    if not shapes:
        return None
    shapes = values.listed(shapes)
    if type(layer).get_build_config is not Layer.get_build_config:
        return shapes  # its own `build_from_config` knows them
    return shapes if set(shapes) & {"input_shape", "shapes_dict"} else {"shapes_dict": shapes}


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: the JSON form.
        custom_objects: classes and functions that it may name, besides ours and the registered ones.
        safe_mode: whether code in the file is refused. It is data here either way.

    Raises:
        Invalid: where it names what is neither ours nor known, or does not fit.
    """
    values.check_depth(config, "config")
    with scope(custom_objects), budget_of_config("config"), sharing.reading(with_public_modules(config)) as numbered:
        return _made(numbered)


def _made(config: Any) -> Any:
    plain = values.deserialize_value(config, _made)
    if plain is not values.OTHER:
        return plain
    if "class_name" not in config:
        return {key: _made(value) for key, value in config.items()}
    name = config["class_name"]
    _refuse_code(config)
    try:
        made = deserialize(config)
        if isinstance(made, Layer):
            _finish(made, config)
    except Invalid:
        raise
    except Exception as error:
        raise Invalid(f"config of `{name}`", "arguments that make one", config.get("config"), str(error)) from error
    return made


def _finish(layer: Layer, config: Mapping[str, Any]) -> None:
    """Build and compile as the config says."""
    shapes = config.get("build_config")
    if isinstance(shapes, Mapping) and not layer.built:
        layer.build_from_config(read_shapes(shapes))
    compiled = config.get("compile_config")
    if compiled and hasattr(layer, "compile_from_config"):
        layer.compile_from_config(compiled)


def read_shapes(shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Shapes by argument, from either of Keras's forms."""
    inner = shapes.get("shapes_dict")
    return dict(inner) if isinstance(inner, Mapping) else dict(shapes)


def _refuse_code(config: Mapping[str, Any]) -> None:
    """Refuse a function that the file has as bytecode."""
    inner = config.get("config")
    function = inner.get("function") if isinstance(inner, Mapping) else None
    code = isinstance(function, Mapping) and function.get("class_name") == "__lambda__"
    if code or config["class_name"] == "__lambda__":
        hint = "Give the function a name, register it with `register_keras_serializable`, and save the model again."
        raise Invalid("Lambda in the file", "a layer that is data", "Python bytecode", hint)


@contextlib.contextmanager
def scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """The custom objects of one call, if there are any."""
    with opened_scope(custom_objects) if custom_objects else contextlib.nullcontext():
        yield

"""Functions that stand in a graph as configs: `keras.ops` by Keras's names, torch's by their own."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kerasviz import ops
from kerasviz.declare import Invalid, did_you_mean, snake_case
from kerasviz.saving.torch_functions import torch_function, torch_name
from kerasviz.tensors import FunctionOperation

ARRAYS = {"x", "x1", "x2", "xs", "condition", "operands", "indices", "key", "variable"}  # given in the call
IN_CALL = {"pad": {"constant_values"}}  # more that Keras gives in the call
PLACES = ("core", "math", "nn")  # Keras's modules of operations; the others are in `numpy`
SAME = {"abs": "absolute", "amax": "max", "amin": "min"}  # Keras has one class for both names
TORCH = "__torch_function__"


def is_function(config: Mapping[str, Any]) -> bool:
    """Whether the config is that of a function in a graph."""
    module = str(config.get("module") or "")
    return config.get("class_name") == TORCH or module.startswith(("keras.src.ops.", "keras.ops"))


def function_to_config(operation: FunctionOperation, args: tuple, kwargs: dict[str, Any]) -> tuple[dict, list, dict]:
    """The config of a function, and what it is called with: Keras keeps settings apart from arrays.

    Raises:
        Invalid: for a function that is neither ours nor torch's.
    """
    function = inspect.unwrap(operation.function)
    own = getattr(function, "__name__", "")
    if own not in ops.__all__ or inspect.unwrap(getattr(ops, own)) is not function:
        config = {"name": operation.name, "function": torch_name(operation.function, operation.name)}
        return {"module": "torch", "class_name": TORCH, "config": config, "registered_name": TORCH}, list(args), kwargs
    name = SAME.get(own, own)
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    settings: dict[str, Any] = {}
    given: list[Any] = []
    rest: dict[str, Any] = {}
    for parameter, value in bound.arguments.items():
        if signature.parameters[parameter].kind is inspect.Parameter.VAR_POSITIONAL:
            given.extend(value)
        elif parameter in ARRAYS:
            given.append(value)
        elif parameter in IN_CALL.get(name, ()):
            rest[parameter] = value
        else:
            settings[parameter] = value
    class_name = "".join(part.capitalize() for part in name.split("_"))
    config = {"module": module_of(name), "class_name": class_name, "config": {"name": operation.name, **settings}}
    return {**config, "registered_name": class_name}, given, rest


def module_of(name: str) -> str:
    """Where Keras keeps the class behind one of its functions."""
    found = next((place for place in PLACES if name in vars(getattr(ops, place))), "numpy")
    return f"keras.src.ops.{found}"


def function_from_config(config: Mapping[str, Any]) -> tuple[Callable, str, dict[str, Any]]:
    """The function that a config names, its name in the graph, and its settings.

    Raises:
        Invalid: for anything but `keras.ops` and torch's functions of tensors.
    """
    settings = dict(config.get("config") or {})
    name = str(settings.pop("name", config.get("name", "")))
    class_name = str(config["class_name"])
    if class_name == TORCH:
        return torch_function(str(settings.get("function"))), name, {}
    found = snake_case(class_name)
    if found not in ops.__all__:
        hint = did_you_mean(found, ops.__all__)
        got = f"{config.get('module')}.{class_name}"
        raise Invalid(f"function `{name}` of the file", "one of keras.ops", got, hint)
    return getattr(ops, found), name, settings

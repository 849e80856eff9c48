"""Functions that stand in a graph as configs: `keras.ops` by Keras's names, torch's by their own."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kerasviz.declare import Invalid, did_you_mean, registered_object, snake_case
from kerasviz.saving.function_classes import NAMED_IN_CALL, class_of, function_of, functions, given_in_call, module_of
from kerasviz.saving.torch_functions import check_numbers, torch_function, torch_name
from kerasviz.tensors import FunctionOperation

TORCH = "__torch_function__"
LOOPS = ("fori_loop", "while_loop")  # with functions of ours, a file could say that they go on for ever
SEVERAL, NAMED = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


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
    name = getattr(function, "__name__", "")
    if name not in functions() or inspect.unwrap(functions()[name]) is not function:
        config = {"name": operation.name, "function": torch_name(operation.function, operation.name)}
        return {"module": "torch", "class_name": TORCH, "config": config, "registered_name": TORCH}, list(args), kwargs
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    in_call = given_in_call(name, function)
    settings: dict[str, Any] = {"name": operation.name}
    rest: dict[str, Any] = {}
    for parameter, value in bound.arguments.items():
        if signature.parameters[parameter].kind is NAMED:
            (rest if name in NAMED_IN_CALL else settings).update(value)
        elif parameter not in in_call:
            settings[parameter] = value
    given: list[Any] = []
    for parameter in in_call:
        value = bound.arguments[parameter]
        given.extend(value if signature.parameters[parameter].kind is SEVERAL else [value])
    class_name = class_of(name)
    config = {"module": module_of(name), "class_name": class_name, "config": settings, "registered_name": class_name}
    return config, given, rest


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
    found = function_of(class_name)
    if found in LOOPS and not all(is_of_the_user(value) for value in settings.values() if isinstance(value, Mapping)):
        hint = "Its functions must be yours, and registered with `register_keras_serializable`."
        raise Invalid(f"function `{name}` of the file", "a loop that ends", f"keras.ops.{found}", hint)
    if found is None:
        hint = did_you_mean(snake_case(class_name), functions())
        got = f"{config.get('module')}.{class_name}"
        raise Invalid(f"function `{name}` of the file", "one of keras.ops", got, hint)
    return functions()[found], name, settings


def is_of_the_user(config: Mapping[str, Any]) -> bool:
    """Whether a function is one that the user registered."""
    names = (config.get("registered_name"), config.get("config"))
    return any(isinstance(name, str) and registered_object(name) is not None for name in names)


def arguments(function: Callable, args: list, kwargs: dict[str, Any], settings: dict[str, Any]) -> tuple[list, dict]:
    """What to call a function with that a file calls with `args` and `kwargs`, its settings apart.

    Raises:
        Invalid: where the file gives more, or an argument that there is not.
    """
    name = getattr(function, "__name__", "")
    if functions().get(name) is not function:
        check_numbers(name, [args, kwargs, settings])
        return args, kwargs | settings
    parameters = inspect.signature(function).parameters
    in_call = given_in_call(name, function)
    several = next((parameter for parameter in in_call if parameters[parameter].kind is SEVERAL), None)
    named = {**settings, **kwargs, **dict(zip(in_call, args, strict=False))}
    if several is not None:
        named[several] = args[in_call.index(several) :]
    unknown = [key for key in named if key not in parameters]
    if (len(args) > len(in_call) and several is None) or (unknown and not _takes_more(parameters)):
        got = unknown or f"{len(args)} arrays"
        raise Invalid(f"call of `{name}` in the file", f"arguments of keras.ops.{name}", got)
    by_place: list[Any] = []
    for parameter in parameters:
        if parameter == several:
            return [*by_place, *named.pop(parameter)], named
        if parameter not in named or (several is None and parameter not in in_call):
            break
        by_place.append(named.pop(parameter))
    return by_place, named


def _takes_more(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(parameter.kind is NAMED for parameter in parameters.values())

"""Values that are no JSON, as JSON: tuples, arrays, tensors, slices, dtypes, symbols."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import KerasTensor, torch_dtype

OTHER = object()  # not one of these values
LARGEST = 2**24  # numbers in an array that stands in a config
DTYPES = {  # of such an array; others can say how large one number is
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("float16", "float32", "float64", "complex64", "complex128"),
}
DEEPEST = 300  # lists and dicts inside each other


def listed(value: Any) -> Any:
    """The value with lists for tuples and plain dicts: as JSON gives it back."""
    if isinstance(value, Mapping):
        return {key: listed(part) for key, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


def serialize_value(value: Any, again: Callable[[Any], Any]) -> Any:
    """The JSON form of a plain value; `again` does what is inside. `OTHER` for an object or function."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return {"class_name": "__bytes__", "config": {"value": value.decode()}}
    if isinstance(value, tuple):
        return {"class_name": "__tuple__", "items": [again(part) for part in value]}
    if isinstance(value, list):
        return [again(part) for part in value]
    if isinstance(value, Mapping) and not hasattr(value, "get_config"):
        return {key: again(part) for key, part in value.items()}
    if isinstance(value, slice):
        parts = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": {name: again(part) for name, part in parts.items()}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    return serialize_array(value)


def serialize_array(value: Any) -> Any:
    """The JSON form of arrays, tensors, dtypes and symbols; `OTHER` for the rest."""
    if isinstance(value, KerasTensor):
        return {"class_name": "__keras_tensor__", "config": symbol_facts(value)}
    if isinstance(value, torch.Tensor):
        array = value.detach().cpu()
        return {"class_name": "__tensor__", "config": {"value": array.tolist(), "dtype": str(value.dtype)[6:]}}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
    if isinstance(value, torch.dtype):
        return str(value)[6:]
    if isinstance(value, torch.Size):
        return list(value)
    return OTHER


def symbol_facts(symbol: KerasTensor, history: list | None = None) -> dict[str, Any]:
    """What a config tells of a symbol."""
    if history is None:
        operation, node_index, tensor_index = symbol._keras_history
        history = [operation.name, node_index, tensor_index]
    return {"shape": list(symbol.shape), "dtype": symbol.dtype, "keras_history": history}


def deserialize_value(config: Any, again: Callable[[Any], Any]) -> Any:
    """The plain value that a config describes; `OTHER` for an object or function."""
    if isinstance(config, (list, tuple)):
        return [again(part) for part in config]
    if not isinstance(config, Mapping):
        return config
    name = config.get("class_name")
    read = READERS.get(name) if isinstance(name, str) else None
    if read is None:
        return OTHER
    try:
        return read(config, again)
    except Invalid:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RuntimeError) as error:
        raise Invalid(f"config of `{name}`", "a value of that kind", str(config)[:200]) from error


def _array(config: Mapping[str, Any], again: Callable) -> np.ndarray:
    inner = config["config"]
    if number_count(inner["value"]) > LARGEST:
        raise Invalid("array in a config", f"at most {LARGEST} numbers", "more")
    if inner["dtype"] not in DTYPES:
        raise Invalid("array in a config", "numbers", inner["dtype"])
    return np.array(inner["value"], dtype=inner["dtype"])


def _tensor(config: Mapping[str, Any], again: Callable) -> torch.Tensor:
    inner = config["config"]
    if number_count(inner["value"]) > LARGEST:
        raise Invalid("tensor in a config", f"at most {LARGEST} numbers", "more")
    return torch.tensor(inner["value"], dtype=torch_dtype(inner["dtype"]))


def number_count(value: Any) -> int:
    """How many numbers nested lists hold."""
    return sum(map(number_count, value)) if isinstance(value, list) else 1


def _slice(config: Mapping[str, Any], again: Callable) -> slice:
    inner = config["config"]
    return slice(*(again(inner[name]) for name in ("start", "stop", "step")))


def _symbol(config: Mapping[str, Any], again: Callable) -> KerasTensor:
    inner = config["config"]
    return KerasTensor(tuple(inner["shape"]), inner["dtype"])


READERS: dict[str, Callable[[Mapping[str, Any], Callable], Any]] = {
    "__tuple__": lambda config, again: tuple(again(part) for part in config["items"]),
    "__bytes__": lambda config, again: config["config"]["value"].encode(),
    "__ellipsis__": lambda config, again: Ellipsis,
    "__slice__": _slice,
    "__numpy__": _array,
    "__tensor__": _tensor,
    "__keras_tensor__": _symbol,
}


def check_depth(config: Any, where: str) -> None:
    """Refuse what is nested deeper than any model.

    Raises:
        Invalid: there, and for what holds itself.
    """
    level = [config]
    for _ in range(DEEPEST):
        inner = [part for part in level if isinstance(part, (Mapping, list, tuple))]
        if not inner:
            return
        level = [part for whole in inner for part in (whole.values() if isinstance(whole, Mapping) else whole)]
    raise Invalid(where, f"at most {DEEPEST} lists and dicts inside each other", "more")


def is_whole(value: Any) -> bool:
    """Whether a number has no fraction."""
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value) and value == int(value))

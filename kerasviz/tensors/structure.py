"""Nested lists, tuples and dicts of values: walk them and rebuild them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """The values in a nested structure, in order; dicts by sorted keys, as Keras has them."""
    if isinstance(structure, dict):
        for key in keys_in_order(structure):
            yield from leaves(structure[key])
    elif isinstance(structure, (list, tuple)) and not _is_size(structure):
        for value in structure:
            yield from leaves(value)
    else:
        yield structure


def map_leaves(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """The same structure with `function` of each value, and of the values at its place in `others`.

    It is called in the order of `leaves`.
    """
    if isinstance(structure, dict):
        made = dict.fromkeys(structure)
        for key in keys_in_order(structure):
            made[key] = map_leaves(function, structure[key], *(other[key] for other in others))
        return made if type(structure) is dict else type(structure)(made.items())
    if isinstance(structure, (list, tuple)) and not _is_size(structure):
        parts = [map_leaves(function, *values) for values in zip(structure, *others, strict=True)]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return function(structure, *others)


def keys_in_order(structure: dict[Any, Any]) -> Iterable[Any]:
    """Sorted keys, so that equal dicts are walked alike; as they were put in where they cannot be sorted."""
    if isinstance(structure, OrderedDict):
        return structure
    try:
        return sorted(structure)
    except TypeError:
        return structure


def _is_size(structure: Any) -> bool:
    return type(structure).__name__ == "Size"


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape: a tuple or list of sizes and None."""
    return isinstance(value, (tuple, list)) and all(size is None or isinstance(size, int) for size in value)

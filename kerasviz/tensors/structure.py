"""Nested lists, tuples and dicts of values: walk them and rebuild them."""

from collections.abc import Callable, Iterator
from typing import Any


def leaves(structure: Any) -> Iterator[Any]:
    """The values in a nested structure, in order; dicts by insertion."""
    if isinstance(structure, dict):
        for value in structure.values():
            yield from leaves(value)
    elif isinstance(structure, (list, tuple)) and not _is_size(structure):
        for value in structure:
            yield from leaves(value)
    else:
        yield structure


def map_leaves(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """The same structure with `function` of each value, and of the values at its place in `others`."""
    if isinstance(structure, dict):
        return type(structure)(
            (key, map_leaves(function, value, *(other[key] for other in others))) for key, value in structure.items()
        )
    if isinstance(structure, (list, tuple)) and not _is_size(structure):
        parts = [map_leaves(function, *values) for values in zip(structure, *others, strict=True)]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return function(structure, *others)


def _is_size(structure: Any) -> bool:
    return type(structure).__name__ == "Size"


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape: a tuple or list of sizes and None."""
    return isinstance(value, (tuple, list)) and all(size is None or isinstance(size, int) for size in value)

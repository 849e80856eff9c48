"""`keras.tree`: nested structures of values."""

from collections.abc import Callable
from typing import Any

from kerasviz.tensors.structure import leaves, map_leaves


def flatten(structure: Any) -> list[Any]:
    """The values, in order."""
    return list(leaves(structure))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The same structure with `func` of the values at each place."""
    return map_leaves(func, *structures)


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The flat values in the shape of `structure`."""
    values = iter(flat_sequence)
    return map_leaves(lambda _: next(values), structure)


__all__ = ["flatten", "is_nested", "map_structure", "pack_sequence_as"]

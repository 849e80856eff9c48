"""The groups of `.h5` files: a list of names tells what is in each, in order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from kerasviz.declare import Invalid
from kerasviz.saving.hdf5 import plain_attribute, undamaged

LAYERS, WEIGHTS, TOP = "layer_names", "weight_names", "top_level_model_weights"
WHOLE = "model_weights"  # where a whole model has the weights
MOST_NAMES = 1_000_000
LEFT_OUT = ("StateVar:0",)  # arrays that are no weights any more: states of random numbers


class Found(NamedTuple):
    """What a file has for one layer: its arrays in order, under their names."""

    name: str
    group: Any
    arrays: list[str]


def names_in(group: Any, name: str, where: str) -> list[str]:
    """A list of names, which may be cut into several attributes."""
    whole = plain_attribute(group, name, where)
    parts = [] if whole is None else [whole]
    while whole is None and (part := plain_attribute(group, f"{name}{len(parts)}", where)) is not None:
        parts.append(part)
        if len(parts) > MOST_NAMES:
            raise Invalid(f"{where}, attribute {name!r}", f"at most {MOST_NAMES} parts", "more")
    names = [text_of(one, f"{where}, attribute {name!r}") for part in parts for one in np.asarray(part).ravel()]
    if len(set(names)) < len(names):
        twice = next(one for index, one in enumerate(names) if one in names[:index])
        raise Invalid(f"{where}, attribute {name!r}", "each name once", f"{twice!r} twice")
    return names


def text_of(value: Any, where: str) -> str:
    """A name or a text as it stands in an attribute.

    Raises:
        Invalid: where it is no text.
    """
    if isinstance(value, bytes):
        with undamaged(where):
            return value.decode()
    if not isinstance(value, str):
        raise Invalid(where, "text", type(value).__name__)
    return str(value)


def has_member(group: Any, name: str, where: str) -> bool:
    """Whether a group has a member."""
    with undamaged(where):
        return name in group


def has_names(group: Any, where: str) -> bool:
    """Whether a group says which layers it has, in one list or in several."""
    with undamaged(where):
        return any(name in group.attrs for name in (LAYERS, f"{LAYERS}0"))


def has_legacy_weights(file: Any, where: str) -> bool:
    """Whether an open file has weights in this form, alone or in a whole model's."""
    if not isinstance(file, Mapping) or not hasattr(file, "attrs"):
        return False
    if has_names(file, where):
        return True
    return has_member(file, WHOLE, where) and has_names(member(file, WHOLE, where, "a group"), where)


def weights_group(file: Any, where: str) -> Any:
    """The group with all layers.

    Raises:
        Invalid: where there is none.
    """
    return file if has_names(file, where) else member(file, WHOLE, where, "a group")


def found_layers(group: Any, where: str) -> list[Found]:
    """What the file has, layer by layer; those without weights are left out."""
    found = []
    for name in names_in(group, LAYERS, where):
        inner, place = member(group, name, where, "a group"), f"{where}, {name}"
        arrays = [array for array in names_in(inner, WEIGHTS, place) if not array.endswith(LEFT_OUT)]
        if arrays:
            found.append(Found(name, inner, arrays))
    return found


def member(group: Any, path: str, where: str, kind: str) -> Any:
    """What is at a path in a group. The whole file is checked: it has no links.

    Raises:
        Invalid: where there is nothing, or what is there is of another kind.
    """
    with undamaged(where):
        item = group[path] if path and not path.startswith("/") and path in group else None
    if item is None or hasattr(item, "keys") is not (kind == "a group"):
        raise Invalid(where, f"{kind} `{path}`", "none" if item is None else "another kind")
    return item

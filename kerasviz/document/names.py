"""Ids of new layers and calls, named as Keras names layers."""

import re
from collections.abc import Container

from kerasviz.declare import snake_case
from kerasviz.document.document import Document


def taken_in(document: Document) -> set[str]:
    """Every id and name in use."""
    names = {layer["name"] for layer in document.layers.values() if layer.get("name")}
    return {*document.layers, *document.calls, *names}


def free_name(stem: str, taken: Container[str]) -> str:
    """`stem`, or `stem_1`, `stem_2`...: the first that is not taken."""
    if stem not in taken:
        return stem
    number = 1
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def layer_id(kind: str, taken: Container[str]) -> str:
    """An id for a new layer of a kind."""
    return free_name(snake_case(re.sub(r"\W+", "_", kind)).strip("_") or "layer", taken)


def call_id(layer: str, taken: Container[str]) -> str:
    """An id for one more call of a layer: its own id for the first, then `dense#2`, `dense#3`..."""
    if layer not in taken:
        return layer
    number = 2
    while f"{layer}#{number}" in taken:
        number += 1
    return f"{layer}#{number}"


def is_automatic(name: str, kind: str) -> bool:
    """Whether Keras would have given a layer of the kind such a name by itself."""
    stem = "input(_layer)?" if kind in ("Input", "InputLayer") else re.escape(snake_case(kind.removeprefix("ops.")))
    return re.fullmatch(rf"{stem}(_\d+)?", name) is not None

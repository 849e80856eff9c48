"""The names in `state_dict` of the layers of a model whose layers have names of their own, not those of attributes."""

import re
from collections.abc import Mapping
from typing import Any

NUMBER = re.compile(r"_\d+$")
SEED = "seed_generator.state"  # of random numbers, which a file may lack


def module_name(layer: Any, modules: Mapping[str, Any]) -> str:
    """The name of a layer among a model's modules: its own, without dots, and with `_` where another has that."""
    name = layer.name.replace(".", "_")
    while modules.get(name, layer) is not layer:
        name += "_"
    return name


def rename_by_place(model: Any, state_dict: dict[str, Any], prefix: str) -> None:
    """Give entries the names of a model's layers, where only the numbers differ that follow names given by us.

    A second model that is built as the first has the layers `dense_2` and `dense_3`, where the first has `dense` and
    `dense_1`. Nothing is renamed where the model has all the names, or where the layers are others.

    Args:
        model: to be loaded.
        state_dict: changed in place.
        prefix: of the model's entries.
    """
    own = model._own_seeds()
    parts = [key[len(prefix) :].partition(".") for key in state_dict if key.startswith(prefix)]
    theirs = list(dict.fromkeys(name for name, dot, _ in parts if dot and name not in own))
    if all(name in model._modules for name in theirs):
        return
    inner = {name: list(child.state_dict(keep_vars=True)) for name, child in model._modules.items()}
    full = [name for name, keys in inner.items() if keys]
    with_weights = [name for name in full if not all(key.endswith(SEED) for key in inner[name])]
    mine = next((found for found in (full, with_weights) if bare(found) == bare(theirs)), None)
    if mine is None:
        return
    names = dict(zip(theirs, mine, strict=True))
    entries = list(state_dict.items())
    state_dict.clear()
    state_dict.update((renamed(key, prefix, names), value) for key, value in entries)


def bare(names: list[str]) -> list[str]:
    """Names without their numbers."""
    return [NUMBER.sub("", name) for name in names]


def renamed(key: str, prefix: str, names: dict[str, str]) -> str:
    """A key with the other name of its layer."""
    name, dot, rest = key[len(prefix) :].partition(".")
    return f"{prefix}{names[name]}.{rest}" if key.startswith(prefix) and dot and name in names else key

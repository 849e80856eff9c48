"""Weights as Keras 1 and 2 keep them in HDF5 files: a group for each layer, in order, each with its arrays in order."""

import warnings
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np
import torch

from kerasviz.declare import Invalid
from kerasviz.layers.layer import Layer
from kerasviz.saving.hdf5 import Store, undamaged
from kerasviz.saving.legacy_arguments import plain_name
from kerasviz.saving.legacy_groups import (
    LAYERS,
    TOP,
    WEIGHTS,
    Found,
    found_layers,
    has_member,
    member,
    names_in,
    weights_group,
)
from kerasviz.saving.legacy_keras1 import Origin, arrays_of_today, origin_of
from kerasviz.saving.legacy_recurrent import converted

LARGEST_ATTRIBUTE = 64_512  # bytes; longer lists of names are cut into several attributes


def weights_of(layer: Layer) -> list[Any]:
    """The weights of a layer in the order of these files: trained ones first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def layers_with_weights(model: Any) -> list[Layer]:
    """The layers that have something in a file."""
    return [layer for layer in model.layers if weights_of(layer)]


def own_weights(model: Any) -> list[Any]:
    """Weights of the model that are in none of its layers, trained ones first."""
    inner = {id(weight) for layer in model.layers for weight in layer.weights}
    return [weight for weight in weights_of(model) if id(weight) not in inner]


class Plan:
    """What is to be put where; nothing is changed until all of it has been read.

    Args:
        where: for errors.
        skip_mismatch: whether what does not fit keeps what it has.
        origin: who wrote it.
    """

    def __init__(self, where: str, skip_mismatch: bool, origin: Origin) -> None:
        self.where = where
        self.skip_mismatch = skip_mismatch
        self.origin = origin
        self.values: list[tuple[Any, np.ndarray]] = []
        self.changed: list[Layer] = []

    def refuse(self, problem: Invalid) -> None:
        """Raise, or warn and go on."""
        if not self.skip_mismatch:
            raise problem
        warnings.warn(f"Kept what it had: {problem}", stacklevel=7)

    def add(self, thing: Layer, weights: list[Any], found: Found) -> None:
        """Take the arrays of one layer for its weights."""
        store, title = Store(found.group, f"{self.where}, {found.name}"), f'{type(thing).__name__} "{thing.name}"'
        for name in found.arrays:
            member(found.group, name, store.where, "an array")
        read = [store[name] for name in found.arrays]
        with undamaged(store.where):
            arrays = converted(thing, arrays_of_today(thing, read, self.origin))
        if len(arrays) != len(weights):
            self.refuse(Invalid(store.where, f"{len(weights)} arrays for {title}", len(arrays)))
            return
        self.changed.append(thing)
        for index, (weight, array) in enumerate(zip(weights, arrays, strict=True)):
            if tuple(weight.shape) == array.shape:
                self.values.append((weight, array))
            else:
                place = f"{store.where}/{found.arrays[index]}"
                self.refuse(Invalid(place, f"shape {tuple(weight.shape)} for {title}", array.shape))

    def carry_out(self) -> None:
        """Give the weights their values."""
        with torch.no_grad():
            for weight, array in self.values:
                weight.assign(array)
        for layer in self.changed:
            finish = getattr(layer, "finalize_state", None)
            if finish is not None:
                finish()


def plan_in_order(model: Any, group: Any, where: str, skip_mismatch: bool = False) -> Plan:
    """Weights for the layers of a model, the first for the first.

    Raises:
        Invalid: where their numbers or shapes differ.
    """
    found, layers = found_layers(group, where), layers_with_weights(model)
    if len(found) != len(layers):
        hint = "Build the model first." if not getattr(model, "built", True) else "by_name=True goes by their names."
        raise Invalid(where, f"{len(layers)} layers with weights", len(found), hint)
    plan = Plan(where, skip_mismatch, origin_of(group, where))
    for layer, one in zip(layers, found, strict=True):
        plan.add(layer, weights_of(layer), one)
    return with_top(plan, model, group)


def plan_by_name(model: Any, group: Any, where: str, skip_mismatch: bool = False) -> Plan:
    """Weights for those layers of a model whose names the file has.

    Raises:
        Invalid: where numbers or shapes of arrays differ.
    """
    layers: dict[str, list[Layer]] = {}
    for layer in layers_with_weights(model):
        layers.setdefault(layer.name, []).append(layer)
    plan = Plan(where, skip_mismatch, origin_of(group, where))
    for one in found_layers(group, where):
        for layer in layers.get(one.name) or layers.get(plain_name(one.name), ()):
            plan.add(layer, weights_of(layer), one)
    return with_top(plan, model, group)


def plan_of_whole(model: Any, group: Any, where: str) -> Plan:
    """Weights for the layers of a model that the same file describes: by name where all are there, else in order."""
    names = sorted(plain_name(one.name) for one in found_layers(group, where))
    same = names == sorted(layer.name for layer in layers_with_weights(model))
    return (plan_by_name if same else plan_in_order)(model, group, where)


def with_top(plan: Plan, model: Any, group: Any) -> Plan:
    """The plan, with the weights that are the model's own."""
    if not has_member(group, TOP, plan.where):
        return plan
    inner = member(group, TOP, plan.where, "a group")
    arrays = names_in(inner, WEIGHTS, f"{plan.where}, {TOP}")
    own = own_weights(model)
    if arrays or own:
        plan.add(model, own, Found(TOP, inner, arrays))
    return plan


def read_legacy_weights(
    model: Any, file: Any, where: str, skip_mismatch: bool, by_name: bool | None, skipped: Collection[Any] = ()
) -> None:
    """Give a model the weights of an open, checked file. Nothing changes unless all of them fit.

    Args:
        model: built.
        file: with weights by layer, or a whole model.
        where: for errors.
        skip_mismatch: whether weights that do not fit are left out.
        by_name: whether layers get what the file has under their names.
        skipped: must be empty.

    Raises:
        Invalid: where numbers or shapes differ.
    """
    if skipped:
        raise Invalid("load_weights(objects_to_skip=...)", "a `.weights.h5` file of Keras 3", where)
    plan = plan_by_name if by_name else plan_in_order
    plan(model, weights_group(file, where), where, skip_mismatch).carry_out()


# --- writing --------------------------------------------------------------------------------------------------------


def write_legacy_weights(model: Any, group: Any, versions: dict[str, str]) -> None:
    """Put the weights of a model into an open group."""
    write_names(group, LAYERS, [layer.name for layer in model.layers])
    for name, version in versions.items():
        group.attrs[name] = version
    for layer in sorted(model.layers, key=lambda layer: layer.name):
        write_arrays(group.create_group(layer.name), weights_of(layer))
    write_arrays(group.create_group(TOP), own_weights(model))


def write_arrays(group: Any, weights: Iterable[Any]) -> None:
    """Put arrays into a group, under the paths of the weights."""
    from kerasviz.tensors import convert_to_numpy

    names = []
    for path, weight in with_paths(weights):
        names.append(path)
        group[path] = convert_to_numpy(weight)
    write_names(group, WEIGHTS, names)


def with_paths(weights: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Weights with a path that each has for itself."""
    used: set[str] = set()
    for index, weight in enumerate(weights):
        path = (
            "/".join(part for part in str(weight.path).split("/") if part not in ("", ".", "..")) or f"weight_{index}"
        )
        while any(other == path or other.startswith(f"{path}/") or path.startswith(f"{other}/") for other in used):
            path = f"{path}_{index}"
        used.add(path)
        yield path, weight


def write_names(group: Any, name: str, names: list[str]) -> None:
    """Write a list of names, in as many attributes as its length needs.

    Raises:
        Invalid: for a name that is longer than one may have.
    """
    encoded = [one.encode() for one in names]
    widest = max(map(len, encoded), default=0)
    if widest > LARGEST_ATTRIBUTE:
        raise Invalid("saving to `.h5`", f"names of at most {LARGEST_ATTRIBUTE} bytes", widest)
    if widest * len(encoded) <= LARGEST_ATTRIBUTE:
        group.attrs[name] = np.array(encoded, dtype=f"S{max(widest, 1)}")
        return
    share = LARGEST_ATTRIBUTE // widest
    for number, start in enumerate(range(0, len(encoded), share)):
        group.attrs[f"{name}{number}"] = np.array(encoded[start : start + share], dtype=f"S{widest}")

"""Weights in Keras 3's HDF5 layout: a group per object, named after the attribute or the place in a list.

layers/dense/vars/0      layers/lstm/cell/vars/1      optimizer/vars/0
"""

import warnings
from collections.abc import Collection, Iterator
from typing import Any

from kerasviz.declare import Invalid, snake_case
from kerasviz.layers.layer import Layer
from kerasviz.layers.lora import Lora
from kerasviz.saving.hdf5 import Store, plain_member, undamaged

Path = tuple[str, ...]
UNUSED = 2  # variables of an optimizer without state: its counter, and its learning rate


def saved_objects(root: Any) -> Iterator[tuple[Path, Any]]:
    """Every object with variables, and where a file has them: each once, attributes in alphabetical order.

    Private attributes come last; a model's list of layers holds those that no attribute before it has named.
    """
    seen = {id(root)}
    waiting: list[tuple[Path, Any]] = [((), root)]
    while waiting:
        path, thing = waiting.pop()
        yield path, thing
        inner = []
        for name, child in members(thing):
            for place, part in placed(name, child):
                if id(part) not in seen:
                    seen.add(id(part))
                    inner.append(((*path, *place), part))
        waiting.extend(reversed(inner))


def members(thing: Any) -> list[tuple[str, Any]]:
    """Attributes that hold objects with variables, or lists of them."""
    found = dict(getattr(thing, "_modules", {}))
    found |= {name: value for name, value in vars(thing).items() if name not in ("_modules", "_parameters", "_buffers")}
    optimizer = getattr(thing, "optimizer", None) if hasattr(type(thing), "get_compile_config") else None
    if optimizer is not None and saves(optimizer):
        found["optimizer"] = optimizer
    if has_own_list(thing):
        own = {id(layer) for layer in thing.layers} | {id(part) for part in inner_parts(thing)}
        found = {name: value for name, value in found.items() if id(value) not in own and not name.startswith("_")}
    if has_own_list(thing) or hasattr(type(thing), "get_compile_config"):
        found["layers"] = list(thing.layers)
    return sorted(found.items(), key=lambda item: (item[0].startswith("_"), item[0]))


def has_own_list(thing: Any) -> bool:
    """Whether it is a Functional or Sequential: its layers stand in one list."""
    return isinstance(thing, Layer) and ("graph" in vars(thing) or "_stack" in vars(thing))


def inner_parts(thing: Any) -> list[Any]:
    """What a Sequential keeps besides its layers."""
    stack = vars(thing).get("_stack") or []
    return [part for part in (*stack, vars(thing).get("_functional")) if part is not None]


def placed(name: str, value: Any) -> Iterator[tuple[Path, Any]]:
    """Objects with variables in an attribute: itself, or those in a list, named after their class."""
    if saves(value):
        yield (name,), value
        return
    if not isinstance(value, (list, tuple, dict, set)):
        return
    used: dict[str, int] = {}
    for part in value.values() if isinstance(value, dict) else value:
        container = isinstance(part, (list, tuple, dict, set))
        if not container and not saves(part):
            continue
        kind = "container" if container else snake_case(type(part).__name__)
        number = used.get(kind, 0)
        used[kind] = number + 1
        title = kind if number == 0 else f"{kind}_{number}"
        for path, inner in placed(title, part):
            yield (name, *path), inner


def saves(value: Any) -> bool:
    """Whether it is an object with variables of its own."""
    return hasattr(type(value), "load_own_variables") and hasattr(value, "save_own_variables")


class Collected(dict[str, Any]):
    """The arrays of one object by name, as it saves them."""

    def __init__(self, thing: Any) -> None:
        super().__init__()
        thing.save_own_variables(self)

    def __setitem__(self, name: str, value: Any) -> None:
        import numpy as np

        super().__setitem__(str(name), np.asarray(value))


def write_weights(model: Any, file: Any) -> None:
    """Put a model's weights, and its optimizer's state, into an open HDF5 file."""
    for path, thing in saved_objects(model):
        group = file.require_group("/".join((*path, "vars")))
        if getattr(thing, "name", None):
            group.attrs["name"] = thing.name
        for name, array in Collected(thing).items():
            group[name] = array


def read_weights(model: Any, file: Any, where: str, skip_mismatch: bool = False, skipped: Collection[Any] = ()) -> None:
    """Give a model the weights in an open, checked HDF5 file. Nothing changes unless everything fits.

    Args:
        model: built as the one that was saved.
        file: an HDF5 file, or several as one.
        where: for errors.
        skip_mismatch: whether layers that do not fit keep what they have.
        skipped: layers to leave alone.

    Raises:
        Invalid: where its arrays do not fit.
    """
    ready_optimizer(model, file)
    fitting: list[tuple[Any, Store]] = []
    left_alone = {id(layer) for thing in skipped for layer in thing._flatten_layers()}
    for path, thing in saved_objects(model):
        if id(thing) in left_alone:
            continue
        place = "/".join((*path, "vars"))
        inner = (*path, "vars")
        with undamaged(where):
            group = file.group(inner) if hasattr(file, "group") else group_at(file, inner, where)
            store = Store(group, f"{where}, {place}")
            problem = misfit(thing, store)
        if problem is None:
            fitting.append((thing, store))
        elif is_optimizer(path) and len(store) <= UNUSED:
            continue  # saved before it was used
        elif is_optimizer(path):
            warnings.warn(f"The optimizer's state was not restored: {problem}", stacklevel=3)
        elif skip_mismatch:
            warnings.warn(f"Kept what it had: {problem}", stacklevel=3)
        else:
            raise problem
    for thing, store in fitting:
        thing.load_own_variables(store)


def ready_optimizer(model: Any, file: Any) -> None:
    """Make the optimizer's state, if the file has one to put in its place."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and saves(optimizer) and not optimizer.built and "optimizer" in file:
        optimizer.build(model.trainable_variables)


def is_optimizer(path: Path) -> bool:
    """Whether it is an optimizer's place: its state may be lost, weights may not."""
    return bool(path) and path[-1] == "optimizer"


def group_at(file: Any, path: Path, where: str) -> Any:
    """The group at a path; None where there is none."""
    group = file["/"]
    for name in path:
        if name not in group:
            return None
        group = plain_member(group, name, f"{where}, {name}")
        if not hasattr(group, "keys"):
            raise Invalid(f"{where}, {'/'.join(path)}", "a group", "an array")
    return group


def misfit(thing: Any, store: Store) -> Invalid | None:
    """What does not fit, told before anything is read; None where all does."""
    own = own_variables(thing)
    if own is None:
        return None
    title = f'{type(thing).__name__} "{getattr(thing, "name", "")}"'
    if len(own) != len(store):
        hint = "Build the model first." if not getattr(thing, "built", True) else ""
        names = f"{len(own)} arrays for {title}"
        return Invalid(store.where, names, len(store), hint)
    for index, variable in enumerate(own):
        if str(index) not in store or store.shape(str(index)) != tuple(variable.shape):
            got = store.shape(str(index)) if str(index) in store else store.keys()
            return Invalid(f"{store.where}/{index}", f"shape {tuple(variable.shape)} for {title}", got)
    return None


def own_variables(thing: Any) -> list[Any] | None:
    """The variables that the base class's `load_own_variables` fills; None where a class has one of its own."""
    if isinstance(thing, Layer):
        if type(thing).load_own_variables is Lora.load_own_variables:
            return thing._saved_variables()
        return thing._own_variables() if type(thing).load_own_variables is Layer.load_own_variables else None
    if type(thing).load_own_variables.__module__.startswith("kerasviz."):
        return list(thing.variables)
    return None

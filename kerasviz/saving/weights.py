"""Weights in Keras 3's HDF5 layout: a group per object, named after the attribute or the place in a list.

layers/dense/vars/0      layers/lstm/cell/vars/1      optimizer/vars/0
"""

import warnings
from collections.abc import Callable, Collection, Iterator, MutableMapping
from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid, snake_case
from kerasviz.layers.layer import Layer
from kerasviz.layers.lora import Lora
from kerasviz.saving.all_or_nothing import Arrays, put_back
from kerasviz.saving.hdf5 import Store, plain_member, undamaged
from kerasviz.tensors import SeedGenerator, convert_to_numpy

Path = tuple[str, ...]
UNUSED = 2  # variables of an optimizer without state: its counter, and its learning rate


def saved_objects(root: Any) -> Iterator[tuple[Path, Any]]:
    """Every object with variables, and where a file has them: each once, attributes in alphabetical order.

    Private attributes come last; a model's list of layers holds those that no attribute before it has named.
    """
    seen: set[int] = set()
    waiting: list[tuple[Path, Any]] = [((), root)]
    while waiting:
        path, thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield path, thing
        inner = [((*path, *place), part) for name, child in members(thing) for place, part in placed(name, child)]
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


class Sink(MutableMapping[str, Any]):
    """What `save_own_variables` is given: takes one array after the other, and keeps none.

    Args:
        put: writes an array under a name.
        where: for errors.
    """

    def __init__(self, put: Callable[[str, Any], None], where: str) -> None:
        self.put, self.where = put, where
        self.names: list[str] = []

    def __setitem__(self, name: Any, value: Any) -> None:
        import numpy as np

        name = str(name)
        array = convert_to_numpy(value) if isinstance(value, Tensor) else np.asarray(value)
        if name in self.names or not name or "/" in name or name == ".":
            raise Invalid(f"{self.where}, save_own_variables", "a new name without `/` for each array", name)
        if array.dtype.kind not in "fiub":
            raise Invalid(f"{self.where}/{name}", "an array of numbers", str(array.dtype))
        self.names.append(name)
        self.put(name, array)

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __delitem__(self, name: str) -> None:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def write_weights(model: Any, file: Any) -> None:
    """Put a model's weights, and its optimizer's state, into an open HDF5 file."""
    for path, thing in saved_objects(model):
        place = "/".join((*path, "vars"))
        group = file.require_group(place)
        if getattr(thing, "name", None):
            group.attrs["name"] = thing.name
        thing.save_own_variables(Sink(group.__setitem__, place))


def read_weights(model: Any, file: Any, where: str, skip_mismatch: bool = False, skipped: Collection[Any] = ()) -> None:
    """Give a model the weights in an open, checked HDF5 file. Nothing changes unless everything fits and can be read.

    Args:
        model: built as the one that was saved.
        file: an HDF5 file, or several as one.
        where: for errors.
        skip_mismatch: whether layers that do not fit keep what they have.
        skipped: layers to leave alone.

    Raises:
        Invalid: where its arrays do not fit, or are damaged.
    """
    ready_optimizer(model, file)
    fitting = []
    for path, thing, store in stores(model, file, where, skipped):
        if isinstance(thing, SeedGenerator) and not len(store):
            continue  # files of Keras have no such state
        with undamaged(where):
            problem = misfit(thing, store)
        if problem is None:
            fitting.append((thing, Arrays(store)))
        elif is_optimizer(path) and len(store) <= UNUSED:
            continue  # saved before it was used
        elif is_optimizer(path):
            warnings.warn(f"The optimizer's state was not restored: {problem}", stacklevel=3)
        elif skip_mismatch:
            warnings.warn(f"Kept what it had: {problem}", stacklevel=3)
        else:
            raise problem
    put_in_place(fitting, skip_mismatch)


def stores(model: Any, file: Any, where: str, skipped: Collection[Any]) -> Iterator[tuple[Path, Any, Store]]:
    """Every object that is to be loaded, its place, and what the file has there."""
    left_alone = {id(layer) for thing in skipped for layer in thing._flatten_layers()}
    for path, thing in saved_objects(model):
        if id(thing) not in left_alone:
            inner = (*path, "vars")
            with undamaged(where):
                group = file.group(inner) if hasattr(file, "group") else group_at(file, inner, where)
            yield path, thing, Store(group, f"{where}, {'/'.join(inner)}")


def put_in_place(fitting: list[tuple[Any, Arrays]], skip_mismatch: bool) -> None:
    """Load, first those whose own `load_own_variables` may refuse what it is given: all are put back then."""
    own_ways = [(thing, arrays) for thing, arrays in fitting if own_variables(thing) is None]
    with put_back([thing for thing, _ in own_ways]):
        for thing, arrays in own_ways:
            try:
                with put_back([thing]):
                    thing.load_own_variables(arrays)
            except ValueError as problem:
                if not skip_mismatch:
                    raise
                warnings.warn(f"Kept what it had: {problem}", stacklevel=4)
        for thing, arrays in fitting:
            if own_variables(thing) is not None:
                thing.load_own_variables(arrays)


def ready_optimizer(model: Any, file: Any) -> None:
    """Make the optimizer's state, if the file has one to put in its place."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and saves(optimizer) and not optimizer.built and "optimizer" in file:
        optimizer.build(model.trainable_variables)


def is_optimizer(path: Path) -> bool:
    """Whether it is an optimizer's place: its state may be lost, weights may not."""
    return path[-1:] == ("optimizer",)


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
    if isinstance(thing, SeedGenerator):
        return None
    if type(thing).load_own_variables.__module__.startswith("kerasviz."):
        return list(thing.variables)
    return None

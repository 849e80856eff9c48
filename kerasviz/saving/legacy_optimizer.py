"""The state of an optimizer in `.h5` files: a list of arrays, which each version of Keras ordered in its own way."""

import re
import warnings
from typing import Any

import numpy as np

from kerasviz.saving.hdf5 import Store
from kerasviz.saving.legacy_weights import found_layers, member, names_in, write_arrays

STATE = "optimizer_weights"
OURS = {  # what Keras 2 called the arrays of each weight
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "mg": "average_gradient",
    "momentum": "momentum",
    "velocity": "velocity",
    "velocity_hat": "velocity_hat",
    "average_gradient": "average_gradient",
    "u": "norm",
    "accumulator": "accumulator",
    "linear": "linear",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
    "accumulated_grad": "accumulated_grad",
    "accumulated_delta_var": "accumulated_delta_var",
}
ADAMAX = {"v": "norm"}
IN_ORDER = {  # where names tell nothing: the arrays of all weights, one kind after the other
    "RMSprop": ("velocity", "momentum", "average_gradient"),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "AdamW": ("momentum", "velocity", "velocity_hat"),
}
SORTED_BY_NAME = (2, 0, 5)  # the last Keras that put weights in the order of their names
PRODUCTS = ("momentum_cache", "m_schedule", "u_product", "variable")  # Nadam's product of momenta
FRESH = "The optimizer starts anew"

Entry = tuple[str, np.ndarray]


def restore_optimizer(model: Any, file: Any, version: str | None, where: str) -> None:
    """Give the model's optimizer the state in an open, checked file; where it does not fit, warn and leave it fresh."""
    optimizer = model.optimizer
    if STATE not in file or not hasattr(optimizer, "variables") or not hasattr(optimizer, "build"):
        return
    place = f"{where}, {STATE}"
    group = member(file, STATE, where, "a group")
    names = names_in(group, "weight_names", place)
    for name in names:
        member(group, name, place, "an array")
    store = Store(group, place)
    entries = [(name, store[name]) for name in names]
    if not entries:
        return
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    own = list(optimizer.variables)
    same = [array.shape for _, array in entries] == [tuple(variable.shape) for variable in own]
    if same and number_of(version) >= (3,):
        values = list(zip(own, [array for _, array in entries], strict=True))
    else:
        values = StateOfKeras2(optimizer, model, entries, version).values(file, where)
    for variable, array in values:
        variable.assign(array)


def number_of(version: str | None) -> tuple[int, ...]:
    """A version as numbers; of Keras 2 where none is known."""
    return tuple(int(part) for part in re.findall(r"\d+", version or "2.99")[:3]) or (2, 99)


class StateOfKeras2:
    """Finds out what each array of a list is.

    Args:
        optimizer: built.
        model: whose weights it changes.
        entries: names and arrays, in the order of the file.
        version: of the Keras that wrote them.
    """

    def __init__(self, optimizer: Any, model: Any, entries: list[Entry], version: str | None) -> None:
        self.optimizer = optimizer
        self.model = model
        self.version = number_of(version)
        self.weights = list(model.trainable_variables)
        self.shapes = [tuple(weight.shape) for weight in self.weights]
        self.scalars = [entry for entry in entries if not entry[1].shape]
        self.arrays = [entry for entry in entries if entry[1].shape]
        if () in self.shapes:  # a weight without axes: only names tell its arrays from counts
            counts = ("iter", "iteration", "iterations", "learning_rate", *PRODUCTS)
            self.scalars = [entry for entry in entries if last_of(entry[0]) in counts]
            self.arrays = [entry for entry in entries if last_of(entry[0]) not in counts]

    def values(self, file: Any, where: str) -> list[tuple[Any, np.ndarray]]:
        """Variables of the optimizer, and what they become; none, with a warning, where it does not fit."""
        slots: dict[str, list[Any]] = getattr(self.optimizer, "_slots", {})
        found = self.by_name() or self.by_order()
        if not slots and not self.arrays:
            return self.counts()
        made = []
        for name, own in slots.items():
            arrays = self.in_order(found.get(name, []), file, where)
            if arrays is None:
                got = f"{len(self.arrays)} arrays for {len(self.weights)} weights"
                warnings.warn(f"{FRESH}: {where} has no `{name}` for each weight, but {got}.", stacklevel=5)
                return []
            made += [(variable, array) for variable, array in zip(own, arrays, strict=True) if variable is not None]
        return made + self.counts()

    def by_name(self) -> dict[str, list[np.ndarray]]:
        """Arrays by what their names say they are; empty where one says nothing."""
        found: dict[str, list[np.ndarray]] = {}
        for name, array in self.arrays:
            kind = self.kind_of(name)
            if kind is None:
                return {}
            found.setdefault(kind, []).append(array)
        return found

    def kind_of(self, name: str) -> str | None:
        """What an array is: `Adam/dense/kernel/m:0` until 2.10, `Adam/m/dense/kernel:0` from 2.11 on."""
        ours = OURS | ADAMAX if type(self.optimizer).__name__ == "Adamax" else OURS
        parts = name.split(":")[0].split("/")
        for part in (parts[-1], *parts[1:2]):
            if re.sub(r"_\d+$", "", part) in ours and len(parts) > 2:
                return ours[re.sub(r"_\d+$", "", part)]
        return None

    def by_order(self) -> dict[str, list[np.ndarray]]:
        """Arrays by their place: one kind for all weights, then the next."""
        size = len(self.weights)
        if not size or len(self.arrays) % size:
            return {}
        arrays = [array for _, array in self.arrays]
        kinds = [arrays[start : start + size] for start in range(0, len(arrays), size)]
        kinds = [kind for kind in kinds if any(array.shape != (1,) for array in kind) or (1,) in self.shapes]
        slots = getattr(self.optimizer, "_slots", {})
        order = [name for name in IN_ORDER.get(type(self.optimizer).__name__, tuple(slots)) if name in slots]
        return dict(zip(order, kinds, strict=False))

    def in_order(self, arrays: list[np.ndarray], file: Any, where: str) -> list[np.ndarray] | None:
        """The arrays in the order of the weights, which may be that of their names in the file; None if neither."""
        names = self.names_of_weights(file, where)
        orders = [list(range(len(arrays))), sorted(range(len(names)), key=names.__getitem__)]
        for order in reversed(orders) if self.version <= SORTED_BY_NAME else orders:
            made = dict(zip(order, arrays, strict=False))
            if len(order) == len(arrays) and [made[index].shape for index in sorted(made)] == self.shapes:
                return [made[index] for index in sorted(made)]
        return None

    def names_of_weights(self, file: Any, where: str) -> list[str]:
        """What the file calls the trained weights, in the order of the model."""
        if "model_weights" not in file:
            return []
        found = {one.name: one.arrays for one in found_layers(file["model_weights"], f"{where}, model_weights")}
        return [
            name for layer in self.model.layers for name in found.get(layer.name, [])[: len(layer.trainable_weights)]
        ]

    def counts(self) -> list[tuple[Any, np.ndarray]]:
        """The counter of steps, and what else there is once for all weights."""
        made = []
        for index, (name, value) in enumerate(self.scalars):
            last = last_of(name)
            if last in ("iter", "iteration", "iterations") or (index == 0 and value.dtype.kind in "iu"):
                made.append((self.optimizer.iterations, value))
            product = getattr(self.optimizer, "_product", None)
            if product is not None and last in PRODUCTS:
                made.append((product, value))
        return made


def last_of(name: str) -> str:
    """The last part of a name, without numbers that a session added."""
    return re.sub(r"_\d+$", "", name.split(":")[0].split("/")[-1])


def write_optimizer(optimizer: Any, file: Any) -> None:
    """Put the state of an optimizer into an open file, as Keras 3 has it."""
    variables = list(getattr(optimizer, "variables", ()))
    if variables and hasattr(optimizer, "get_config"):
        write_arrays(file.create_group(STATE), variables)

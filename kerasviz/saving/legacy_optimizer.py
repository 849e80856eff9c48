"""The state of an optimizer in `.h5` files: a list of arrays, which each version of Keras ordered in its own way."""

import re
import warnings
from typing import Any

import numpy as np

from kerasviz.saving.hdf5 import Store
from kerasviz.saving.legacy_arguments import plain_name
from kerasviz.saving.legacy_groups import WHOLE, found_layers, has_member, member, names_in
from kerasviz.saving.legacy_weights import write_arrays

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
    "average": "average",
    "r": "row",
    "c": "column",
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
STEPS_OF_NADAM = 1000  # after which its momentum is the same at each step
SCALES = {"current_loss_scale": "_scale", "loss_scale": "_scale", "good_steps": "_step_counter"}
FRESH = "The optimizer starts anew"

Entry = tuple[str, np.ndarray]


def restore_optimizer(model: Any, file: Any, version: str | None, where: str) -> None:
    """Give the model's optimizer the state in an open, checked file; where it does not fit, warn and leave it fresh."""
    optimizer = model.optimizer
    if not hasattr(optimizer, "variables") or not hasattr(optimizer, "build") or not has_member(file, STATE, where):
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
    own, arrays = list(optimizer.variables), [array for _, array in entries]
    same = [array.shape for array in arrays] == [tuple(variable.shape) for variable in own]
    if not same or number_of(version) < (3,):
        known = {id(v): value for v, value in StateOfKeras2(optimizer, model, entries, version).values(file, where)}
        arrays = [known.get(id(variable), variable.detach()) for variable in own]
    optimizer.load_own_variables({str(index): array for index, array in enumerate(arrays)})


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
        self.outer = optimizer
        self.optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        self.model = model
        self.version = number_of(version)
        self.weights = list(model.trainable_variables)
        self.shapes = [tuple(weight.shape) for weight in self.weights]
        self.scalars = [entry for entry in entries if not entry[1].shape]
        self.arrays = [entry for entry in entries if entry[1].shape]
        if () in self.shapes:  # a weight without axes: only names tell its arrays from counts
            counts = ("iter", "iteration", "iterations", "learning_rate", *PRODUCTS, *SCALES)
            self.scalars = [entry for entry in entries if last_of(entry[0]) in counts]
            self.arrays = [entry for entry in entries if last_of(entry[0]) not in counts]

    def values(self, file: Any, where: str) -> list[tuple[Any, np.ndarray]]:
        """Variables of the optimizer, and what they become; none, with a warning, where it does not fit."""
        if not self.arrays:
            return self.counts()
        found = self.by_name() or self.by_order()
        made = []
        for name, own in self.slots().items():
            arrays = self.in_order(found.get(name, []), own, file, where)
            if arrays is None:
                got = f"{len(self.arrays)} arrays for {len(self.weights)} weights"
                warnings.warn(f"{FRESH}: {where} has no `{name}` for each weight, but {got}.", stacklevel=5)
                return []
            made += zip(own, arrays, strict=True)
        return made + self.counts()

    def slots(self) -> dict[str, list[Any]]:
        """The optimizer's arrays by kind, without those that stand for none."""
        kinds: dict[str, list[Any]] = dict(getattr(self.optimizer, "_slots", {}))
        averages = getattr(self.optimizer, "_averages", [])
        kinds |= {"average": averages} if averages else {}
        return {
            name: [
                variable
                for variable, shape in zip(own, self.shapes, strict=True)
                if variable is not None and (variable.ndim or not shape)
            ]
            for name, own in kinds.items()
        }

    def by_name(self) -> dict[str, list[np.ndarray]]:
        """Arrays by what their names say they are; empty where one says nothing."""
        for places in ((0, 1), (-1,)):  # `Adam/m/dense/kernel:0` from 2.11 on, `Adam/dense/kernel/m:0` before
            found: dict[str, list[np.ndarray]] = {}
            for name, array in self.arrays:
                found.setdefault(self.kind_of(name, places), []).append(array)
            if "" not in found:
                return found
        return {}

    def kind_of(self, name: str, places: tuple[int, ...]) -> str:
        """What an array is, by parts of its name; empty where they say nothing."""
        ours = OURS | ADAMAX if type(self.optimizer).__name__ == "Adamax" else OURS
        parts = [re.sub(r"_\d+$", "", part) for part in name.split(":")[0].split("/")]
        if len(parts) < 3:
            return ""
        return next((ours[parts[place]] for place in places if parts[place] in ours), "")

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

    def in_order(self, arrays: list[np.ndarray], own: list[Any], file: Any, where: str) -> list[np.ndarray] | None:
        """The arrays in the order of the weights, which may be that of their names in the file; None if neither."""
        names, shapes = self.names_of_weights(file, where), [tuple(variable.shape) for variable in own]
        orders = [list(range(len(arrays))), sorted(range(len(names)), key=names.__getitem__)]
        for order in reversed(orders) if self.version <= SORTED_BY_NAME else orders:
            made = dict(zip(order, arrays, strict=False))
            if len(order) == len(arrays) and [made[index].shape for index in sorted(made)] == shapes:
                return [made[index] for index in sorted(made)]
        return None

    def names_of_weights(self, file: Any, where: str) -> list[str]:
        """What the file calls the trained weights, in the order of the model."""
        if not has_member(file, WHOLE, where):
            return []
        group = member(file, WHOLE, where, "a group")
        found = {plain_name(one.name): one.arrays for one in found_layers(group, f"{where}, {WHOLE}")}
        return [
            name for layer in self.model.layers for name in found.get(layer.name, [])[: len(layer.trainable_weights)]
        ]

    def counts(self) -> list[tuple[Any, np.ndarray]]:
        """The counter of steps, and what else there is once for all weights."""
        made = []
        product, steps = getattr(self.optimizer, "_product", None), 0
        for index, (name, value) in enumerate(self.scalars):
            last = last_of(name)
            if last in ("iter", "iteration", "iterations") or (index == 0 and value.dtype.kind in "iu"):
                made.append((self.optimizer.iterations, value))
                steps = max(int(value), 0)
            if last in SCALES and hasattr(self.outer, SCALES[last]):
                made.append((getattr(self.outer, SCALES[last]), value))
            if product is not None and last in PRODUCTS:
                made.append((product, value))
                product = None
        if product is not None:
            made.append((product, np.asarray(self.product_after(steps))))
        return made

    def product_after(self, steps: int) -> float:
        """Nadam's product of momenta, which Keras 2 left out of its files from 2.11 on."""
        first = np.arange(1, min(steps, STEPS_OF_NADAM) + 1, dtype=float)
        return float(np.prod(self.optimizer.momentum_of(first))) * self.optimizer.beta_1 ** (steps - len(first))


def last_of(name: str) -> str:
    """The last part of a name, without numbers that a session added."""
    return re.sub(r"_\d+$", "", name.split(":")[0].split("/")[-1])


def write_optimizer(optimizer: Any, file: Any) -> None:
    """Put the state of an optimizer into an open file, as Keras 3 has it."""
    variables = list(getattr(optimizer, "variables", ()))
    if variables and hasattr(optimizer, "get_config"):
        write_arrays(file.create_group(STATE), variables)

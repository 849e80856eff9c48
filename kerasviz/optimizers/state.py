"""What an optimizer remembers of every weight."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from kerasviz.declare import Arg, Invalid, snake_case
from kerasviz.declare.registry import custom_object_scope
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.progress import OptimizerProgress
from kerasviz.optimizers.scalars import HostScalar, host_scalar
from kerasviz.optimizers.workspace import Workspace
from kerasviz.tensors import Variable, default_device, unique_name

IGNORED = ("is_legacy_optimizer", "jit_compile")  # arguments of older files that mean nothing any more

BLOCK = 2**16  # numbers of a weight that go through all kernels of a step together


class OptimizerState(OptimizerProgress):
    """The state of an optimizer, by Keras's names."""

    fuses_decay: ClassVar[bool] = False  # `update` takes `weight_decay` into account itself
    goes_over_more_than_once: bool = True  # whether `update` is several kernels, each over all numbers
    goes: Any = None  # on the device, whether the step at hand is to change anything; None: yes

    # --- construction ---------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Have no state yet."""
        self._rate = None
        self._trainable_variables: list[Any] = []
        self._state: list[Variable] = []  # all variables but the step count and the rate, in the order of files
        self._slots: dict[str, list[Any]] = {}  # None where a weight has no such array
        self._averages: list[Variable] = []
        self.averages_in_place = False  # whether weights and averages have changed places, as `SwapEMAWeights` does
        self._accumulators: list[Variable] = []
        self._undecayed: list[Any] = []  # variables and patterns of their names
        self._warned = False
        self.work = Workspace()

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Arguments of older files that mean nothing any more."""
        if named.pop("decay", None):
            warnings.warn("`decay` is ignored; pass a LearningRateSchedule as `learning_rate`.", stacklevel=4)
        if "lr" in named and "lr" not in self.args:
            raise TypeError(f"{type(self).__name__} has no argument `lr`. Did you mean `learning_rate`?")
        return {name: value for name, value in named.items() if name not in IGNORED}

    def check(self) -> None:
        """At most one way to clip; names for the scalars."""
        limits = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            raise Invalid(type(self).__name__, "at most one of `clipnorm`, `clipvalue` and `global_clipnorm`", given)
        plain = snake_case(type(self).__name__)
        self._is_auto_named = self.name is None or re.fullmatch(rf"{plain}(_\d+)?", self.name) is not None
        self.name = self.name or unique_name(plain)
        self._iterations = host_scalar(0, "int32", "iteration")
        for scalar in (self._iterations, self._rate):
            if isinstance(scalar, HostScalar):
                scalar.path = f"{self.name}/{scalar.name}"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """The optimizer that `get_config` described; `custom_objects` has classes of the user's by name."""
        with custom_object_scope(custom_objects or {}):
            return super().from_config(config)

    # --- state ----------------------------------------------------------------------------------------------------

    def slots(self) -> tuple[tuple[str, ...], ...]:
        """Names of the arrays kept for every weight, in blocks: files have a block for all weights, then the next."""
        return ()

    def slot_start(self, name: str) -> float:
        """What the arrays of this name start from."""
        return 0.0

    def build(self, variables: Iterable[Any]) -> None:
        """Make the state for these weights."""
        if self.built:
            return
        self._trainable_variables = variables = list(variables)
        if self.use_ema:
            self._averages = [self.add_variable_from_reference(v, "average") for v in variables]
        if self.gradient_accumulation_steps:
            self._accumulators = [self.add_variable_from_reference(v, "gradient_accumulator") for v in variables]
        for block in self.slots():
            for name in block:
                self._slots[name] = []
            for variable in variables:
                for name in block:
                    self._slots[name].append(self.make_slot(name, variable))
        self.make_scalars(variables)
        self.built = True
        self._plan()

    def make_slot(self, name: str, variable: Any) -> Variable | None:
        """Make the array of this name for one weight; None where that weight has none."""
        made = self.add_variable_from_reference(variable, name)
        start = self.slot_start(name)
        if start:
            made.fill_(start)
        return made

    def make_scalars(self, variables: list[Any]) -> None:
        """Make what is kept once for all weights; it comes last in files."""

    def _plan(self) -> None:
        """What a step needs to know of the weights, found out once."""
        variables = self._trainable_variables
        self._positions = {id(variable): index for index, variable in enumerate(variables)}
        self._constrained = [v for v in variables if getattr(v, "constraint", None) is not None]
        self._decays_inside = self.fuses_decay and all(self._use_weight_decay(v) for v in variables)
        self._decays: dict[float, list[Any]] = {}  # share taken off -> the weights it is taken off
        for variable in variables:
            share = self.decay_of(variable) if self._use_weight_decay(variable) else None
            if share is not None and not self._decays_inside:
                self._decays.setdefault(share, []).append(variable)
        places: dict[Any, list[int]] = {}
        for index, variable in enumerate(variables):
            places.setdefault((variable.device, variable.dtype), []).append(index)
        self._groups = list(places.values())
        self._blocks = self._cut_into_blocks()
        self._place = (variables[0].device, variables[0].dtype) if variables else (default_device(), torch.float32)
        order = [cls for cls in type(self).__mro__ if "update_step" in vars(cls) or "update" in vars(cls)]
        self._by_variable = "update" not in vars(order[0])  # a user's `update_step` is newer than our `update`

    def _cut_into_blocks(self) -> list[tuple[slice, list[Any], dict[str, list[Any]]]]:
        """Weights with their slots, few enough to stay in a processor's cache while they change; all on other devices.

        A block is never less than a weight.
        """
        variables = self._trainable_variables
        is_cut = self.goes_over_more_than_once and any(variable.device.type == "cpu" for variable in variables)
        starts, size = [0], 0
        for index, variable in enumerate(variables):
            if is_cut and size and size + variable.numel() > BLOCK:
                starts.append(index)
                size = 0
            size += variable.numel()
        parts = [slice(a, b) for a, b in zip(starts, [*starts[1:], len(variables)], strict=True)]
        return [(p, variables[p], {name: slots[p] for name, slots in self._slots.items()}) for p in parts]

    def _moved(self) -> None:
        """Follow the weights to another device or dtype."""
        for slots in (*self._slots.values(), self._averages, self._accumulators):
            for slot, variable in zip(slots, self._trainable_variables, strict=False):  # none, or one for each
                if slot is not None:
                    slot.data = slot.data.to(variable.device, variable.dtype if slot.is_floating_point() else None)
        self._plan()
        self._scalars_follow(self._place[0])

    def _scalars_follow(self, device: torch.device) -> None:
        """Have the counts where the weights are: a step that the device decides on mixes none."""
        for scalar in self.variables:
            if scalar.ndim == 0 and scalar.device != device and device.type != "meta":
                scalar.data = scalar.data.to(device)

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's own."""
        from kerasviz import initializers

        made = Variable(initializers.get(initializer), tuple(shape), dtype, trainable=False, name=name)
        made.path = f"{self.name}/{made.name}"
        self._state.append(made)
        return made

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the shape, dtype, device and order in memory of a weight."""
        value = torch.zeros_like(reference_variable, requires_grad=False)
        if initializer != "zeros":
            from kerasviz import initializers

            start = initializers.get(initializer)
            value.copy_(start(tuple(value.shape), dtype=value.dtype))
        path = getattr(reference_variable, "path", None) or f"variable_{len(self._state)}"
        made = Variable(value, trainable=False, name=f"{path.replace('/', '_')}_{name}")
        made.path = f"{self.name}/{made.name}"
        self._state.append(made)
        return made

    def add_optimizer_variables(self, trainable_variables: Sequence[Any], name: Any, initializer: Any = "zeros") -> Any:
        """Make a variable for every weight; with several names, a list for each."""
        names = [name] if isinstance(name, str) else list(name)
        starts = [initializer] * len(names) if isinstance(initializer, str) else list(initializer)
        made = [
            [self.add_variable_from_reference(variable, one, start) for variable in trainable_variables]
            for one, start in zip(names, starts, strict=True)
        ]
        return made[0] if isinstance(name, str) else tuple(made)

    @property
    def variables(self) -> list[Variable]:
        """The step count, the rate, and the arrays kept for the weights: what a file holds."""
        rate = [self._rate] if isinstance(self._rate, HostScalar) else []
        return [self._iterations, *rate, *self._state]

    # --- weight decay, averages, files ---------------------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Let `weight_decay` leave some weights alone. Call it before the optimizer is built.

        Args:
            var_list: the weights.
            var_names: regular expressions; weights whose name has a match.
        """
        if self.built:
            hint = "Make a new optimizer."
            raise Invalid(f"{self.name}.exclude_from_weight_decay", "an optimizer not built yet", "a built one", hint)
        self._undecayed = [*(var_list or ()), *(var_names or ())]

    def decay_of(self, variable: Any) -> float | None:
        """The share of this weight that is taken off per step, times the rate."""
        return self.weight_decay

    def _use_weight_decay(self, variable: Any) -> bool:
        name = getattr(variable, "name", None) or ""
        return not any(re.search(kept, name) if isinstance(kept, str) else kept is variable for kept in self._undecayed)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Put the moving averages in the place of the weights, at the end of training."""
        if self.use_ema and not self.averages_in_place:
            self._overwrite_with_averages()

    def _overwrite_with_averages(self) -> None:
        with torch.no_grad():
            kernels._foreach_copy_(self._trainable_variables, self._averages)

    def save_own_variables(self, store: Any) -> None:
        """Put the state into a store, by position."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the state from a store, as `save_own_variables` left it."""
        if len(store.keys()) != len(self.variables):
            have, want = len(store.keys()), len(self.variables)
            message = f"The file has {have} variables of {self.name}, which has {want}: its state is not loaded."
            warnings.warn(message, stacklevel=2)
            return
        for index, variable in enumerate(self.variables):
            variable.assign(store[str(index)])

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all of `variables`."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def assign(self, variable: Any, value: Any) -> None:
        """Put `value` into a variable."""
        with torch.no_grad():
            variable.copy_(value) if isinstance(value, Tensor) else variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add `value` to a variable."""
        with torch.no_grad():
            variable.add_(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract `value` from a variable."""
        with torch.no_grad():
            variable.sub_(value)

    def _is_default(self, a: Arg, value: Any) -> bool:
        return self._is_auto_named if a.name == "name" else super()._is_default(a, value)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Find the weights again after a copy: they are others now."""
        self.__dict__.update(state)
        if self.built:
            self._plan()

    def __repr__(self) -> str:
        return f"<{self.source()}>"

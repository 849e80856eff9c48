"""Optimizer: what changes weights against their gradients, and everything that all of them share.

An update works on lists of tensors at once, by one fused or foreach kernel per formula; Python does no work per weight.
The learning rate and the count of steps are decided by Python and kept on the host, so that no step waits for a device.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Component, Invalid, Kind, arg, snake_case
from kerasviz.optimizers.host import HostNumber
from kerasviz.optimizers.schedules import LearningRateSchedule
from kerasviz.tensors import Variable, convert_to_tensor, unique_name


class RateKind(Kind):
    """A learning rate: a number, a schedule, or a function that gives one."""

    input = "number"

    def parse(self, value: Any, where: str = "") -> Any:
        """A float, a schedule or a function."""
        if isinstance(value, Mapping):
            from kerasviz.declare import deserialize

            value = deserialize(value)
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Tensor)):
            return value
        number = value.item() if hasattr(value, "item") else value
        if isinstance(number, bool) or not isinstance(number, (int, float)) or number < 0:
            self.reject(where, "a number at least 0, a schedule, or a function that gives one", value)
        return float(number)

    def to_config(self, value: Any) -> Any:
        """The number, or the schedule's config."""
        from kerasviz.declare import serialize

        return serialize(value)

    def to_source(self, value: Any) -> str:
        """The number, or the schedule's source."""
        return f"optimizers.schedules.{value.source()}" if hasattr(value, "source") else repr(value)

    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"input": self.input, "step": "any", "min": 0, "max": None}

    def samples(self) -> list[Any]:
        """A number."""
        return [0.01]


LearningRate = Annotated[Any, RateKind()]


class Settings(Component):
    """The arguments that every optimizer takes."""

    weight_decay: float | None = arg(None, at_least=0, doc="Share of each weight, times the rate, taken off per step.")
    clipnorm: float | None = arg(None, above=0, group="clip", doc="Largest norm of one weight's gradient.")
    clipvalue: float | None = arg(None, above=0, group="clip", doc="Largest size of a number in a gradient.")
    global_clipnorm: float | None = arg(None, above=0, group="clip", doc="Largest norm of all gradients together.")
    use_ema: bool = arg(False, group="average", doc="Keep a running mean of the weights.")
    ema_momentum: float = arg(0.99, at_least=0, at_most=1, group="average", doc="Memory of that mean.")
    ema_overwrite_frequency: int | None = arg(
        None, at_least=1, group="average", doc="Steps after which the weights become the mean; None: at the end."
    )
    loss_scale_factor: float | None = arg(None, above=0, group="scale", doc="Factor of the loss, undone in gradients.")
    gradient_accumulation_steps: int | None = arg(
        None, at_least=2, group="scale", doc="Steps whose gradients are averaged into one update."
    )
    name: str | None = arg(None, group="base", doc="Unique name.")


class Optimizer(Settings):
    """Changes weights against their gradients.

    Subclasses write `update(parameters, gradients, rate)` on lists, or `update_step(gradient, variable, learning_rate)`
    on one weight as in Keras, and name their `slots`: an array of each per weight.
    """

    learning_rate: LearningRate = arg(doc="Size of a step: a number, or a schedule.", first=True)

    slots: tuple[str, ...] = ()
    interleaved = False  # whether saved slots go weight by weight, and not slot by slot

    def prepare(self) -> None:
        """No weights and no steps yet."""
        self.built = False
        self._step = 0
        self._rate: Any = 0.0
        self._variables: list[Variable] = []
        self._slots: dict[str, list[Variable]] = {}
        self._excluded: set[int] = set()
        self._excluded_names: tuple[str, ...] = ()
        self._numbers: dict[str, HostNumber] = {}

    def check(self) -> None:
        """At most one way to clip."""
        given = [n for n in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, n) is not None]
        if len(given) > 1:
            raise Invalid(f"{type(self).__name__}({given[1]}=...)", f"None, because {given[0]} is given", 1.0)
        if self.use_ema is False and self.ema_overwrite_frequency is not None:
            raise Invalid(f"{type(self).__name__}(ema_overwrite_frequency=...)", "None, because use_ema=False", 1)
        self.name = self.name or unique_name(snake_case(type(self).__name__))

    # --- numbers ----------------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:  # type: ignore[no-redef]
        """The rate of the next step, as a variable; assign to it, or set the attribute."""
        shown = self._number("learning_rate", torch.float32, self._set_rate)
        return shown.show(self.current_rate())

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._rate = RateKind().parse(value, f"{type(self).__name__}(learning_rate=...)")

    def _set_rate(self, value: float) -> None:
        if isinstance(self._rate, LearningRateSchedule):
            hint = "Give the optimizer a number as learning rate to change it by hand."
            raise Invalid(f"{type(self).__name__}.learning_rate", "a rate that no schedule decides", self._rate, hint)
        self._rate = float(value)

    def current_rate(self) -> float:
        """The learning rate of the next step, as a Python number."""
        rate = self._rate
        if type(rate) is float:
            return rate
        if isinstance(rate, LearningRateSchedule):
            return rate.rate(self._updates())
        return float(rate())

    @property
    def iterations(self) -> Any:
        """How many updates were made, as a variable."""
        return self._number("iteration", torch.int64, self._set_step).show(self._updates())

    @iterations.setter
    def iterations(self, value: Any) -> None:
        self._set_step(int(value))

    def _set_step(self, value: float) -> None:
        self._step = int(value) * (self.gradient_accumulation_steps or 1)

    def _updates(self) -> int:
        return self._step // (self.gradient_accumulation_steps or 1)

    def _number(self, name: str, dtype: torch.dtype, changed: Callable[[float], None]) -> HostNumber:
        if name not in self._numbers:
            self._numbers[name] = HostNumber.make(0, dtype, name, changed)
        return self._numbers[name]

    def get_config(self) -> dict[str, Any]:
        """Its arguments, with the rate that holds now."""
        cls = type(self)
        if cls._handwritten:
            return super().get_config()
        config = {n: a.kind.to_config(getattr(self, n)) for n, a in cls.args.items() if n != "learning_rate"}
        return {"learning_rate": RateKind().to_config(self._rate), **config}

    def source(self) -> str:
        """The Python that makes it."""
        cls = type(self)
        parts = [] if self._rate == cls.args["learning_rate"].default else [RateKind().to_source(self._rate)]
        for a in list(cls.args.values())[1:]:
            value = getattr(self, a.name)
            if a.name != "name" and not self._is_default(a, value):
                parts.append(f"{a.name}={a.kind.to_source(value)}")
        return f"{cls.__name__}({', '.join(parts)})"

    # --- state ------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def build(self, variables: Iterable[Variable]) -> None:
        """Make the state for these weights."""
        if self.built:
            return
        self._variables = list(variables)
        if self.use_ema:
            self._slots["average"] = [self.add_variable_from_reference(v, "average", v) for v in self._variables]
        if self.gradient_accumulation_steps:
            name = "gradient_accumulator"
            self._slots[name] = [self.add_variable_from_reference(v, name) for v in self._variables]
        for name in self.slots:
            self._slots[name] = [self.add_variable_from_reference(v, name, self.slot_start(name)) for v in self._variables]
        self._exclude()
        self.built = True

    def slot_start(self, name: str) -> float | Tensor:
        """What the arrays of a slot start from."""
        return 0.0

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = 0.0
    ) -> Variable:
        """An array of the shape, dtype and memory order of a weight."""
        data = torch.empty_like(reference_variable.detach(), memory_format=torch.preserve_format)
        if isinstance(initializer, Tensor):
            data.copy_(initializer.detach())
        else:
            data.fill_(float(initializer) if isinstance(initializer, (int, float)) else 0.0)
        path = getattr(reference_variable, "path", "variable").replace("/", "_")
        made = torch.Tensor._make_subclass(Variable, data, False)
        made.__dict__.update(_name=f"{path}_{name}", path=f"{self.name}/{path}_{name}", _trainable=False, autocast=False)
        return made

    @property
    def variables(self) -> list[Variable]:
        """Its state: the count, the rate, and the arrays in the order in which files have them."""
        found: list[Variable] = [self.iterations, self.learning_rate]
        for name in ("average", "gradient_accumulator"):
            found += self._slots.get(name, [])
        rows = [self._slots[name] for name in self.slots if name in self._slots]
        if self.interleaved and len(rows) > 1:
            found += [array for pair in zip(*rows[:2], strict=True) for array in pair]
            rows = rows[2:]
        return found + [array for row in rows for array in row]

    def save_own_variables(self, store: Any) -> None:
        """Write the state into `store`, by number."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read the state from `store`, by number."""
        own = self.variables
        if len(store.keys()) != len(own):
            hint = "Build the optimizer with the model's weights first." if not self.built else ""
            raise Invalid(f"{type(self).__name__}.load_own_variables", f"{len(own)} arrays", len(store.keys()), hint)
        for index, variable in enumerate(own):
            if variable.name == "learning_rate" and isinstance(self._rate, LearningRateSchedule):
                continue
            variable.assign(store[str(index)])

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Leave these weights out of the decay: by object, or by a part of their path."""
        self._excluded = {id(v) for v in var_list or ()}
        self._excluded_names = tuple(var_names or ())
        self._exclude()

    def _exclude(self) -> None:
        self._decayed = [
            v
            for v in self._variables
            if id(v) not in self._excluded and not any(n in getattr(v, "path", "") for n in self._excluded_names)
        ]

    # --- steps ------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Update the weights it was built with, against the gradients that `backward` left on them."""
        self.apply([v.grad for v in self._variables], None)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Update weights against gradients, given as pairs."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(list(gradients), list(variables))
        return self.iterations

    @torch.no_grad()
    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Update weights against gradients: those it was built with, or these."""
        if trainable_variables is not None:
            self.build(trainable_variables)
            grads = self._in_order(grads, trainable_variables)
        if len(grads) != len(self._variables):
            raise Invalid(f"{type(self).__name__}.apply", f"{len(self._variables)} gradients", f"{len(grads)}")
        self._apply(list(grads), trainable_variables is not None)

    def _in_order(self, grads: Sequence[Any], variables: Sequence[Any]) -> list[Any]:
        place = {id(v): index for index, v in enumerate(self._variables)}
        ordered: list[Any] = [None] * len(self._variables)
        for gradient, variable in zip(grads, variables, strict=True):
            if id(variable) not in place:
                name = getattr(variable, "path", variable)
                hint = "Make a new optimizer, or build it with all weights first."
                raise Invalid(f"{type(self).__name__}.apply", "weights it was built with", name, hint)
            ordered[place[id(variable)]] = None if gradient is None else convert_to_tensor(gradient)
        return ordered

    def _apply(self, gradients: list[Any], given: bool) -> None:
        index = None
        if None in [g if g is None else 0 for g in gradients]:
            index = [i for i, g in enumerate(gradients) if g is not None]
            if not index:
                raise Invalid(f"{type(self).__name__}.apply", "a gradient for at least one weight", "none",
                              "Does the loss depend on the weights?")
            gradients = [gradients[i] for i in index]
        parameters = self._chosen(self._variables, index)
        if given:
            gradients = [_like(g, p) for g, p in zip(gradients, parameters, strict=True)]
        if self.loss_scale_factor is not None:
            gradients = torch._foreach_mul(gradients, 1 / self.loss_scale_factor)
        if self.gradient_accumulation_steps is not None:
            waiting = self._chosen(self._slots["gradient_accumulator"], index)
            torch._foreach_add_(waiting, gradients)
            if (self._step + 1) % self.gradient_accumulation_steps:
                self._step += 1
                return
            gradients = torch._foreach_div(waiting, self.gradient_accumulation_steps)
            torch._foreach_zero_(waiting)
        gradients = self._clipped(gradients)
        rate = self.current_rate()
        if self.weight_decay:
            self._decay(parameters if index is not None else self._decayed, rate)
        self.update(parameters, gradients, rate, index)
        self._step += 1
        self._average(index)
        for variable in parameters:
            if getattr(variable, "constraint", None) is not None:
                variable.copy_(variable.constraint(variable))

    def _chosen(self, arrays: list[Any], index: list[int] | None) -> list[Any]:
        return arrays if index is None else [arrays[i] for i in index]

    def _decay(self, parameters: list[Any], rate: float) -> None:
        decayed = {id(v) for v in self._decayed}
        chosen = [p for p in parameters if id(p) in decayed] if parameters is not self._decayed else parameters
        if chosen:
            torch._foreach_mul_(chosen, 1 - rate * float(self.weight_decay or 0))

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            return [g.clamp(-self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is None and self.global_clipnorm is None:
            return gradients
        norms = torch._foreach_norm(gradients)
        if self.clipnorm is not None:
            return [g * (self.clipnorm / n.clamp(min=self.clipnorm)) for g, n in zip(gradients, norms, strict=True)]
        limit = float(self.global_clipnorm or 0)
        total = torch.linalg.vector_norm(torch.stack([n.float() for n in norms]))
        return torch._foreach_mul(gradients, limit / total.clamp(min=limit))

    def _average(self, index: list[int] | None) -> None:
        if not self.use_ema:
            return
        torch._foreach_lerp_(self._slots["average"], self._variables, 1 - self.ema_momentum)
        often = self.ema_overwrite_frequency
        if often and self._updates() % often == 0:
            torch._foreach_copy_(self._variables, self._slots["average"])

    @torch.no_grad()
    def finalize_variable_values(self, var_list: Any) -> None:
        """At the end of training, let the weights become their running means."""
        if self.use_ema and self.built:
            torch._foreach_copy_(self._variables, self._slots["average"])

    def update(self, parameters: list[Any], gradients: list[Tensor], rate: float, index: list[int] | None) -> None:
        """Change lists of weights. `index`: which of the weights they are; None for all."""
        for gradient, variable in zip(gradients, parameters, strict=True):
            self.update_step(gradient, variable, rate)

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Any) -> None:
        """Change one weight."""
        place = next(i for i, v in enumerate(self._variables) if v is variable)
        if type(self).update is Optimizer.update:
            raise NotImplementedError(f"{type(self).__name__} has no `update_step`.")
        self.update([variable], [gradient], float(learning_rate), [place])

    def scale_loss(self, loss: Tensor) -> Tensor:
        """The loss, scaled so that small gradients survive 16 bits."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def slot(self, name: str, index: list[int] | None) -> list[Any]:
        """The arrays of a slot for the chosen weights."""
        return self._chosen(self._slots[name], index)


def _like(gradient: Tensor, parameter: Tensor) -> Tensor:
    """The gradient in the parameter's memory order: fused kernels read both side by side."""
    if gradient.stride() == parameter.stride() and gradient.dtype == parameter.dtype:
        return gradient
    return torch.empty_like(parameter.detach(), memory_format=torch.preserve_format).copy_(gradient)

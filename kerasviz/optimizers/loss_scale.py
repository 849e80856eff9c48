"""Loss scaling: what lets small gradients survive float16."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Arg, Invalid, Kind, arg, family
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import HostScalar, Rate, host_scalar


class OptimizerKind(Kind):
    """An optimizer: its name, config or the object."""

    input = "named"

    def parse(self, value: Any, where: str = "") -> Any:
        if value is None:
            raise Invalid(where, "an optimizer", value)
        return family("optimizer").get(value, where)

    def to_config(self, value: Any) -> Any:
        return family("optimizer").serialize(value)

    def to_source(self, value: Any) -> str:
        return family("optimizer").source(value)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "family": "optimizer"}

    def samples(self) -> list[Any]:
        return ["sgd"]


class LossScaleArguments(Optimizer):
    """What loss scaling is told."""

    inner_optimizer: Annotated[Any, OptimizerKind()] = arg(doc="What changes the weights.")
    initial_scale: float = arg(2.0**15, above=0, doc="Scale at the start.")
    dynamic_growth_steps: int = arg(2000, at_least=1, doc="Good steps after which the scale doubles.")
    name: str | None = arg(
        None, group="base", after="dynamic_growth_steps", doc="Name of the optimizer, and of its variables."
    )
    learning_rate: Annotated[Any, Rate()] = arg(0.0, group="base", quiet=True, doc="Not used: the inner one's counts.")


class LossScaleOptimizer(LossScaleArguments):
    """Scales the loss, undoes that in the gradients, and leaves a step out where they are not finite.

    The scale doubles after `dynamic_growth_steps` good steps and halves after a bad one. Whether a step is good is read
    from the device: one wait per step.

    Source: Micikevicius et al., "Mixed Precision Training", 2018.
    """

    def check(self) -> None:
        """Make the scale."""
        if isinstance(self.inner_optimizer, LossScaleOptimizer):
            where = "LossScaleOptimizer(inner_optimizer=...)"
            raise Invalid(where, "an optimizer that does not scale yet", self.inner_optimizer)
        super().check()
        self._step_counter = host_scalar(0, "int32", "step_counter")
        self._scale = host_scalar(self.initial_scale, "float32", "dynamic_scale")
        for scalar in (self._step_counter, self._scale):
            scalar.path = f"{self.name}/{scalar.name}"
        self._is_ready = True

    def build(self, variables: Iterable[Any]) -> None:
        """Make the state for these weights."""
        if not self.built:
            self.inner_optimizer.build(variables)
            self._trainable_variables = self.inner_optimizer._trainable_variables
            self.built = True
            self._plan()

    @property
    def variables(self) -> list[Any]:
        """Its own state, then the inner one's."""
        own: list[Any] = [self._iterations, self._rate, self._step_counter, self._scale]
        return own + self.inner_optimizer.variables

    @property
    def iterations(self) -> Any:
        """How many updates the inner one has made."""
        return self.inner_optimizer.iterations

    @property
    def num_updates(self) -> int:
        """`iterations` as a Python number."""
        return self.inner_optimizer.num_updates

    @property
    def dynamic_scale(self) -> HostScalar:
        """The scale now."""
        return self._scale

    @property
    def learning_rate(self) -> Any:  # type: ignore[no-redef]
        """The inner one's rate."""
        return self.inner_optimizer.learning_rate if self.__dict__.get("_is_ready") else self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if self.__dict__.get("_is_ready"):
            self.inner_optimizer.learning_rate = value
        else:
            self._rate = host_scalar(0.0, "float32", "learning_rate")

    def rate(self) -> float:
        """The inner one's rate as a Python number."""
        return self.inner_optimizer.rate()

    def scale_loss(self, loss: Any) -> Any:
        """The loss to call `backward` on."""
        return loss * self._scale.host()

    def _step(self, gradients: list[Tensor], variables: list[Any]) -> None:
        with torch.no_grad():
            gradients = list(kernels._foreach_mul(gradients, 1.0 / self._scale.host()))
            good = are_finite(gradients)
        if good:
            mine = self._trainable_variables
            same = len(variables) == len(mine)
            self.inner_optimizer._step(gradients, self.inner_optimizer._trainable_variables if same else variables)
        count = self._step_counter.host() + 1
        if not good or count >= self.dynamic_growth_steps:
            self._scale.set(self._scale.host() * (2.0 if good else 0.5))
            count = 0
        self._step_counter.set(count)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Put the inner one's averages in the place of the weights."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def _is_default(self, a: Arg, value: Any) -> bool:
        return a.name == "learning_rate" or super()._is_default(a, value)

    def get_config(self) -> dict[str, Any]:
        """Its own arguments."""
        config = super().get_config()
        names = ("inner_optimizer", "initial_scale", "dynamic_growth_steps", "name")
        return {name: config[name] for name in names}


def are_finite(gradients: list[Tensor]) -> bool:
    """Whether all numbers are; yes on the meta device, which has none."""
    if not gradients or gradients[0].device.type == "meta":
        return True
    largest = kernels._foreach_norm(gradients, float("inf"))
    device = largest[0].device
    return bool(torch.stack([norm.to(device, torch.float32) for norm in largest]).isfinite().all())

"""Loss scaling: what lets small gradients survive float16."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.wrapping import NOT_TAKEN, OptimizerKind, Wrapping
from kerasviz.tensors import Variable


class LossScaleOptimizer(Wrapping):
    """Scales the loss, undoes that in the gradients, and leaves a step out where they are not finite.

    The scale doubles after `dynamic_growth_steps` good steps and halves after a bad one. All of it is decided on the
    device: a step waits for nothing. So it is the device that counts the steps of the inner optimizer.

    Source: Micikevicius et al., "Mixed Precision Training", 2018.
    """

    without = (*NOT_TAKEN, "loss_scale_factor")
    holds = "inner_optimizer"
    loss_scale_factor = None

    inner_optimizer: Annotated[Any, OptimizerKind()] = arg(doc="What changes the weights.")
    initial_scale: float = arg(2.0**15, above=0, doc="Scale at the start.")
    dynamic_growth_steps: int = arg(2000, at_least=1, doc="Good steps after which the scale doubles.")
    name: str | None = arg(
        None, group="base", after="dynamic_growth_steps", doc="Name of the optimizer, and of its variables."
    )

    def check(self) -> None:
        """Make the scale."""
        if isinstance(self.inner_optimizer, LossScaleOptimizer):
            where = "LossScaleOptimizer(inner_optimizer=...)"
            raise Invalid(where, "an optimizer that does not scale yet", self.inner_optimizer)
        super().check()
        self.inner_optimizer.count_on_device()
        self._step_counter = Variable(0, dtype="int32", trainable=False, name="step_counter")
        self._scale = Variable(self.initial_scale, dtype="float32", trainable=False, name="dynamic_scale")
        for scalar in (self._step_counter, self._scale):
            scalar.path = f"{self.name}/{scalar.name}"

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
        own: list[Any] = [self._iterations, self._rate]
        return [*own, self._step_counter, self._scale, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """How many updates the inner one has made."""
        return self.inner_optimizer.iterations

    @property
    def num_updates(self) -> int:
        """`iterations` as a Python number: it is read from the device."""
        return self.inner_optimizer.num_updates

    @property
    def dynamic_scale(self) -> Variable:
        """The scale now."""
        return self._scale

    @property
    def learning_rate(self) -> Any:  # type: ignore[no-redef]
        """The inner one's rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def rate(self) -> Any:
        """The inner one's rate, as its step takes it."""
        return self.inner_optimizer.rate()

    def scale_loss(self, loss: Any) -> Any:
        """The loss to call `backward` on."""
        return loss * self._scale.detach()

    def check_finite(self, grads: Sequence[Any]) -> Tensor:
        """Whether all numbers of all gradients are finite, as a tensor."""
        largest = [kernels.linalg.vector_norm(g, float("inf")) for g in grads if g is not None and g.numel()]
        if not largest:
            return torch.ones((), dtype=torch.bool, device=self._scale.device)
        device = self._scale.device
        return torch.stack([norm.to(device, torch.float32) for norm in largest]).isfinite().all()

    def _step(self, gradients: list[Tensor], variables: list[Any]) -> None:
        with torch.no_grad():
            self._follow_weights(variables)
            inverse = 1.0 / self._scale.detach()
            gradients = list(kernels._foreach_mul(gradients, inverse))
            goes = self.check_finite(gradients)
            inner = self.inner_optimizer
            mine = inner._trainable_variables
            inner.advance_where(goes, gradients, mine if len(variables) == len(mine) else variables)
            self._rescale(goes)

    def _rescale(self, goes: Tensor) -> None:
        """The next scale."""
        count = self._step_counter.detach() + 1
        grows = goes & (count >= self.dynamic_growth_steps)
        self._scale.mul_(torch.where(goes, torch.where(grows, 2.0, 1.0), 0.5))
        self._step_counter.copy_(torch.where(goes & ~grows, count, 0))

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Put the inner one's averages in the place of the weights."""
        self.inner_optimizer.finalize_variable_values(var_list)

"""Nadam."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_number, add_quotient, kernels, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import HostScalar, Rate, as_kept, host_scalar

FORGETTING = 0.96  # base of the schedule of the momentum


class Nadam(Optimizer):
    """Adam that looks ahead by its momentum, which grows in the course of training.

    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Memory of the gradient, at last.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, after="beta_1", doc="Memory of its square.")
    epsilon: float = arg(1e-7, at_least=0, after="beta_2", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def make_scalars(self, variables: list[Any]) -> None:
        """The product of the momenta of all steps so far."""
        dtype = str(variables[0].dtype).removeprefix("torch.") if variables else "float32"
        self._product: HostScalar = host_scalar(1.0, dtype, "variable")
        self._product.path = f"{self.name}/variable"
        self._state.append(self._product)

    def momentum_of(self, step: Any) -> Any:
        """The memory of the gradient at a step, from 1: it starts near half of `beta_1` and grows to it."""
        return self.beta_1 * (1.0 - 0.5 * FORGETTING**step)

    def product_now(self) -> Any:
        """The product of the momenta with that of this step."""
        before = self._product.detach() if self.counts_on_device else self._product.host()
        return before * self.momentum_of(self.updates() + 1)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        momentum, velocity = slots["momentum"], slots["velocity"]
        step = self.updates() + 1
        now, ahead = self.momentum_of(step), self.momentum_of(step + 1)
        product = self.product_now()
        start = (1.0 - self.beta_2**step) ** 0.5
        kernels._foreach_lerp_(momentum, gradients, 1.0 - self.beta_1)
        mean_square(velocity, gradients, self.beta_2)
        below = self.work.new("sqrt", velocity)
        add_number(below, self.epsilon * start)
        add_quotient(variables, momentum, below, -rate * start * ahead / (1.0 - product * ahead))
        add_quotient(variables, gradients, below, -rate * start * (1.0 - now) / (1.0 - product))

    def update_scalars(self) -> None:
        """The momentum of this step goes into the product."""
        if self.counts_on_device:
            self._product.copy_(self.product_now())
        else:
            self._product.set(as_kept(self.product_now(), self._product.dtype))

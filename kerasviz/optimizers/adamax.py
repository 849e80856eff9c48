"""Relatives of Adam: Adamax and Lion."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_quotient, add_scaled, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate


class Adamax(Optimizer):
    """Adam with the largest gradient so far, slowly forgotten, in the place of the root mean square.

    Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2014, section 7.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Memory of the gradient.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, after="beta_1", doc="Memory of its largest size.")
    epsilon: float = arg(1e-7, at_least=0, after="beta_2", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "norm"),)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        momentum, norm = slots["momentum"], slots["norm"]
        kernels._foreach_lerp_(momentum, gradients, 1.0 - self.beta_1)
        kernels._foreach_mul_(norm, self.beta_2)
        kernels._foreach_maximum_(norm, self.work.new("abs", gradients))
        self.work.clear()
        below = self.work.new("add", norm, self.epsilon)
        start = 1.0 - self.beta_1 ** (self.updates() + 1)
        add_quotient(variables, momentum, below, -rate / start)


class Lion(Optimizer):
    """Steps of one size in every number, by the sign of a mean of the gradient: half the memory of Adam.

    Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_1: float = arg(0.9, above=0, at_most=1, after="learning_rate", doc="Share of the memory in a step.")
    beta_2: float = arg(0.99, at_least=0, at_most=1, after="beta_1", doc="Memory of the gradient.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        momentum = slots["momentum"]
        signs = self.work.new("lerp", momentum, gradients, 1.0 - self.beta_1)
        kernels._foreach_sign_(signs)
        add_scaled(variables, signs, -rate)
        kernels._foreach_lerp_(momentum, gradients, 1.0 - self.beta_2)

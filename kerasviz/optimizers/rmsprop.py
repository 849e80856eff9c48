"""RMSprop."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_quotient, kernels, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate


class RMSprop(Optimizer):
    """Divides the gradient by the root of a running mean of its square.

    Source: Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    rho: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Memory of the squared gradient.")
    momentum: float = arg(0.0, at_least=0, at_most=1, after="rho", doc="Share of the last step kept.")
    epsilon: float = arg(1e-7, at_least=0, after="momentum", doc="Keeps the division finite.")
    centered: bool = arg(
        False, after="epsilon", doc="Whether to divide by the gradient's deviation: by its variance, not its square."
    )

    def slots(self) -> tuple[tuple[str, ...], ...]:
        wanted = (("velocity", True), ("momentum", self.momentum > 0), ("average_gradient", self.centered))
        return tuple((name,) for name, is_kept in wanted if is_kept)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        velocity = slots["velocity"]
        mean_square(velocity, gradients, self.rho)
        below = self.work.new("add", velocity, self.epsilon)
        if self.centered:
            average_gradient = slots["average_gradient"]
            kernels._foreach_lerp_(average_gradient, gradients, 1.0 - self.rho)
            kernels._foreach_addcmul_(below, average_gradient, average_gradient, value=-1.0)
        kernels._foreach_sqrt_(below)
        if self.momentum:
            momentum = slots["momentum"]
            kernels._foreach_mul_(momentum, self.momentum)
            add_quotient(momentum, gradients, below, rate)
            kernels._foreach_sub_(variables, momentum)
        else:
            add_quotient(variables, gradients, below, -rate)

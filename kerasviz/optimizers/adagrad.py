"""Adagrad and Adadelta: a rate for every number, by the gradients it has seen."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_quotient, add_scaled, kernels, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of its squares so far: rare features keep a large rate.

    Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning", 2011.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    initial_accumulator_value: float = arg(
        0.1, at_least=0, after="learning_rate", doc="What the sum of squares starts from."
    )
    epsilon: float = arg(1e-7, at_least=0, after="initial_accumulator_value", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator",),)

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        squares = slots["accumulator"]
        kernels._foreach_addcmul_(squares, gradients, gradients)
        below = kernels._foreach_add(squares, self.epsilon)
        kernels._foreach_sqrt_(below)
        add_quotient(variables, gradients, below, -rate)


class Adadelta(Optimizer):
    """Divides the gradient by the root of its mean square, times that of the steps: units are those of the weights.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    rho: float = arg(0.95, at_least=0, at_most=1, after="learning_rate", doc="Memory of squared gradients and steps.")
    epsilon: float = arg(1e-7, at_least=0, after="rho", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        squares, steps = slots["accumulated_grad"], slots["accumulated_delta_var"]
        mean_square(squares, gradients, self.rho)
        step = kernels._foreach_add(steps, self.epsilon)
        kernels._foreach_div_(step, kernels._foreach_add(squares, self.epsilon))
        kernels._foreach_sqrt_(step)
        kernels._foreach_mul_(step, gradients)
        kernels._foreach_mul_(steps, self.rho)
        kernels._foreach_addcmul_(steps, step, step, value=1.0 - self.rho)
        add_scaled(variables, step, -rate)

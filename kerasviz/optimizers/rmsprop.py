"""Steps divided by the recent size of the gradient."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.base import LearningRate, Optimizer


class RMSprop(Optimizer):
    """Divides each step by the root of a running mean of squared gradients.

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012; centered: A. Graves, "Generating Sequences with Recurrent
    Neural Networks", 2013.
    """

    learning_rate: LearningRate = arg(0.001, doc="Size of a step: a number, or a schedule.", first=True)
    rho: float = arg(0.9, at_least=0, at_most=1, doc="Memory of the squared gradient.")
    momentum: float = arg(0.0, at_least=0, at_most=1, doc="Share of the last step that is kept.")
    epsilon: float = arg(1e-7, at_least=0, doc="Keeps the division finite.")
    centered: bool = arg(False, doc="Divide by the deviation of the gradient, not by its size.")

    def check(self) -> None:
        """Arrays are kept for what is switched on."""
        super().check()
        self.slots = (
            "velocity",
            *(("momentum",) if self.momentum > 0 else ()),
            *(("average_gradient",) if self.centered else ()),
        )

    def update(self, parameters: list[Any], gradients: list[Tensor], rate: float, index: list[int] | None) -> None:
        """weight -= rate * gradient / sqrt(velocity + epsilon)."""
        squares = self.slot("velocity", index)
        torch._foreach_mul_(squares, self.rho)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - self.rho)
        below = squares
        if self.centered:
            means = self.slot("average_gradient", index)
            torch._foreach_lerp_(means, gradients, 1 - self.rho)
            below = torch._foreach_addcmul(squares, means, means, -1)
        below = torch._foreach_add(below, self.epsilon)
        torch._foreach_sqrt_(below)
        if self.momentum > 0:
            steps = self.slot("momentum", index)
            torch._foreach_mul_(steps, self.momentum)
            torch._foreach_addcdiv_(steps, gradients, below, rate)
            torch._foreach_sub_(parameters, steps)
        else:
            torch._foreach_addcdiv_(parameters, gradients, below, -rate)

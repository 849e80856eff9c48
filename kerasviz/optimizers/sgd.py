"""Plain steps against the gradient, with or without momentum."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.base import LearningRate, Optimizer


class SGD(Optimizer):
    """Steps against the gradient; momentum keeps a share of the steps before.

    Source: Sutskever, Martens, Dahl and Hinton, "On the Importance of Initialization and Momentum in Deep Learning",
    2013.
    """

    learning_rate: LearningRate = arg(0.01, doc="Size of a step: a number, or a schedule.", first=True)
    momentum: float = arg(0.0, at_least=0, at_most=1, doc="Share of the last step that is kept.")
    nesterov: bool = arg(False, doc="Take the gradient as if the kept share were taken already.")

    def check(self) -> None:
        """Without momentum there is nothing to remember."""
        super().check()
        self.slots = ("momentum",) if self.momentum else ()

    def update(self, parameters: list[Any], gradients: list[Tensor], rate: float, index: list[int] | None) -> None:
        """weight -= rate * gradient, or by the momentum."""
        if not self.momentum:
            torch._foreach_add_(parameters, gradients, alpha=-rate)
            return
        steps = self.slot("momentum", index)
        torch._foreach_mul_(steps, self.momentum)
        torch._foreach_add_(steps, gradients, alpha=-rate)
        if self.nesterov:
            torch._foreach_add_(parameters, steps, alpha=self.momentum)
            torch._foreach_add_(parameters, gradients, alpha=-rate)
        else:
            torch._foreach_add_(parameters, steps)

"""Gradient descent."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate
from kerasviz.optimizers.state import RATE_DOC


class SGD(Optimizer):
    """Goes down the gradient, with a momentum if wanted.

    momentum' = momentum * velocity - rate * gradient; the weight moves by velocity', or with `nesterov` by
    momentum * velocity' - rate * gradient.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.01, doc=RATE_DOC)
    momentum: float = arg(0.0, at_least=0, at_most=1, after="learning_rate", doc="Share of the last step kept.")
    nesterov: bool = arg(False, after="momentum", doc="Whether to look ahead by the momentum first.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),) if self.momentum else ()

    def update(self, variables: list[Any], gradients: list[Tensor], rate: float, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        if not self.momentum:
            kernels._foreach_add_(variables, gradients, alpha=-rate)
            return
        momentum = slots["momentum"]
        if not self.nesterov and variables[0].device.type in ("cpu", "cuda"):
            self._fused(variables, gradients, rate, momentum)
            return
        kernels._foreach_mul_(momentum, self.momentum)
        kernels._foreach_add_(momentum, gradients, alpha=-rate)
        if self.nesterov:
            kernels._foreach_add_(variables, gradients, alpha=-rate)
            kernels._foreach_add_(variables, momentum, alpha=self.momentum)
        else:
            kernels._foreach_add_(variables, momentum)

    def _fused(self, variables: list[Any], gradients: list[Tensor], rate: float, momentum: Any) -> None:
        """torch's kernel: velocity * momentum + (1 - dampening) * gradient, then the weight minus lr times that."""
        kernels._fused_sgd_(
            variables, gradients, momentum,
            weight_decay=0.0, momentum=self.momentum, lr=-1.0, dampening=1.0 + rate,
            nesterov=False, maximize=False, is_first_step=False,
        )  # fmt: skip

"""Gradient descent."""

from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_scaled, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import HostScalar, Rate

EXACT = (torch.float32, torch.float64)  # dtypes that torch's fused kernel is right for on the CPU

SMALL = 2**14  # numbers of a weight up to which the fused kernel takes less time than an addition: it is called quicker


class SGD(Optimizer):
    """Goes down the gradient, with a momentum if wanted.

    momentum' = momentum * velocity - rate * gradient; the weight moves by velocity', or with `nesterov` by
    momentum * velocity' - rate * gradient.

    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.01, doc=RATE_DOC)
    momentum: float = arg(0.0, at_least=0, at_most=1, after="learning_rate", doc="Share of the last step kept.")
    nesterov: bool = arg(False, after="momentum", doc="Whether to look ahead by the momentum first.")

    def check(self) -> None:
        """Looking ahead takes a kernel more."""
        super().check()
        self.goes_over_more_than_once = self.nesterov

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),) if self.momentum else ()

    def can_leave_out(self, device: torch.device) -> bool:
        """Where torch's fused kernel does the step, which takes the rate as a number."""
        weight = self._trainable_variables[0]
        return has_kernel(weight) and not self.nesterov and isinstance(self._rate, HostScalar)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        is_plain = has_kernel(variables[0]) and not isinstance(rate, Tensor)
        if self.momentum:
            self._update_with_momentum(variables, gradients, rate, slots["momentum"])
        elif self.goes is not None or (is_plain and variables[0].numel() < SMALL):
            self._fused(variables, gradients, [], lr=rate, momentum=0.0, dampening=0.0)
        else:
            add_scaled(variables, gradients, -rate)

    def _update_with_momentum(self, variables: list[Any], gradients: list[Tensor], rate: Any, momentum: Any) -> None:
        if has_kernel(variables[0]) and not isinstance(rate, Tensor):
            ahead = 0.0
            if self.nesterov:  # rate * gradient is the new velocity less momentum * the old
                ahead = self.momentum
                kernels._foreach_add_(variables, momentum, alpha=-ahead)
            kept = {"momentum": self.momentum, "dampening": 1.0 + rate}
            self._fused(variables, gradients, momentum, lr=-1.0 - ahead, **kept)
            return
        kernels._foreach_mul_(momentum, self.momentum)
        add_scaled(momentum, gradients, -rate)
        if self.nesterov:
            add_scaled(variables, gradients, -rate)
            kernels._foreach_add_(variables, momentum, alpha=self.momentum)
        else:
            kernels._foreach_add_(variables, momentum)

    def _fused(self, variables: list[Any], gradients: list[Tensor], velocities: list[Any], **factors: Any) -> None:
        """torch's kernel: velocity * momentum + (1 - dampening) * gradient, then the weight minus lr times that."""
        kernels._fused_sgd_(
            variables, gradients, velocities,
            weight_decay=0.0, nesterov=False, maximize=False, is_first_step=False,
            found_inf=None if self.goes is None else (~self.goes).float(), **factors,
        )  # fmt: skip


def has_kernel(weight: Tensor) -> bool:
    """Whether torch has a fused kernel for such weights."""
    return weight.device.type == "cuda" or (weight.device.type == "cpu" and weight.dtype in EXACT)

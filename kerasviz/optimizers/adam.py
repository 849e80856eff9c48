"""Adam and its kin: steps scaled by running means of the gradient and of its square."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.base import LearningRate, Optimizer

FUSED = ("cpu", "cuda", "mps", "xpu")  # devices with torch's fused kernel


class Adam(Optimizer):
    """Scales each step by running means of the gradient and of its square.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014, in the form just before section 2.1; for
    `amsgrad` Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", 2018.
    """

    learning_rate: LearningRate = arg(0.001, doc="Size of a step: a number, or a schedule.", first=True)
    beta_1: float = arg(0.9, at_least=0, at_most=1, doc="Memory of the gradient.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, doc="Memory of its square.")
    epsilon: float = arg(1e-7, at_least=0, doc="Keeps the division finite.")
    amsgrad: bool = arg(False, doc="Divide by the largest mean of squares so far.")
    slots = ("momentum", "velocity")
    interleaved = True

    def check(self) -> None:
        """AMSGrad keeps one array more."""
        super().check()
        if self.amsgrad:
            self.slots = ("momentum", "velocity", "velocity_hat")

    def update(self, parameters: list[Any], gradients: list[Tensor], rate: float, index: list[int] | None) -> None:
        """torch's fused kernel, with epsilon rescaled so that the formula is Keras's."""
        step = self._updates() + 1
        momenta, velocities = self.slot("momentum", index), self.slot("velocity", index)
        largest = self.slot("velocity_hat", index) if self.amsgrad else []
        root = (1 - self.beta_2**step) ** 0.5
        first = parameters[0]
        if first.device.type in FUSED and first.dtype in (torch.float32, torch.float64):
            count = self._count(step, first.device)
            torch._fused_adam_(
                parameters,
                gradients,
                momenta,
                velocities,
                largest,
                [count] * len(parameters),
                lr=rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                weight_decay=0.0,
                eps=self.epsilon / root,
                amsgrad=self.amsgrad,
                maximize=False,
                grad_scale=None,
                found_inf=None,
            )
            return
        torch._foreach_lerp_(momenta, gradients, 1 - self.beta_1)
        torch._foreach_mul_(velocities, self.beta_2)
        torch._foreach_addcmul_(velocities, gradients, gradients, 1 - self.beta_2)
        if self.amsgrad:
            torch._foreach_maximum_(largest, velocities)
        below = torch._foreach_sqrt(largest or velocities)
        torch._foreach_add_(below, self.epsilon)
        torch._foreach_addcdiv_(parameters, momenta, below, -rate * root / (1 - self.beta_1**step))

    def _count(self, step: int, device: torch.device) -> Tensor:
        """The step as the tensor that the fused kernel reads; the host writes it and reads nothing back."""
        count = self.__dict__.get("_count_tensor")
        if count is None or count.device != device:
            count = self.__dict__["_count_tensor"] = torch.zeros((), dtype=torch.float32, device=device)
        return count.fill_(step)


class AdamW(Adam):
    """Adam that takes a share of each weight off at every step, apart from the gradient.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2017.
    """

    weight_decay: float = arg(  # type: ignore[assignment]
        0.004, at_least=0, after="learning_rate", doc="Share of each weight, times the rate, taken off per step."
    )

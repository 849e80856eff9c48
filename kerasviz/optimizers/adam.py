"""Adam and AdamW."""

from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate
from kerasviz.optimizers.state import RATE_DOC

FUSED = ("cpu", "cuda", "mps", "xpu", "meta")  # devices with torch's fused kernel
LATE = 1e9  # a step so late that torch's own corrections for the start are 1: ours are in the rate


class Adam(Optimizer):
    """Scales each step by running means of the gradient and of its square.

    Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2014, in the form just before section 2.1.
    `amsgrad`: Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond", 2018.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Memory of the gradient.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, after="beta_1", doc="Memory of its square.")
    epsilon: float = arg(1e-7, at_least=0, after="beta_2", doc="Keeps the division finite.")
    amsgrad: bool = arg(False, after="epsilon", doc="Whether to divide by the largest mean square so far.")

    fuses_decay = True

    def slots(self) -> tuple[tuple[str, ...], ...]:
        block = ("momentum", "velocity")
        return (block, ("velocity_hat",)) if self.amsgrad else (block,)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: float, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        momentum, velocity, velocity_hat = slots["momentum"], slots["velocity"], slots.get("velocity_hat", [])
        step = self.num_updates + 1
        factor = (1.0 - self.beta_2**step) ** 0.5 / (1.0 - self.beta_1**step)
        decay = self.weight_decay if self._decays_inside and self.weight_decay else 0.0
        if variables[0].device.type in FUSED:
            kernel = kernels._fused_adamw_ if decay else kernels._fused_adam_
            late = self._late(variables[0].device)
            kernel(
                variables, gradients, momentum, velocity, velocity_hat, [late] * len(variables),
                lr=rate * factor, beta1=self.beta_1, beta2=self.beta_2, weight_decay=decay / factor,
                eps=self.epsilon, amsgrad=self.amsgrad, maximize=False,
            )  # fmt: skip
            return
        if decay:
            kernels._foreach_mul_(variables, 1.0 - decay * rate)
        kernels._foreach_lerp_(momentum, gradients, 1.0 - self.beta_1)
        kernels._foreach_mul_(velocity, self.beta_2)
        kernels._foreach_addcmul_(velocity, gradients, gradients, value=1.0 - self.beta_2)
        if self.amsgrad:
            kernels._foreach_maximum_(velocity_hat, velocity)
        below = kernels._foreach_sqrt(velocity_hat if self.amsgrad else velocity)
        kernels._foreach_add_(below, self.epsilon)
        kernels._foreach_addcdiv_(variables, momentum, below, value=-rate * factor)

    def _late(self, device: torch.device) -> Tensor:
        """The step that torch is told, on this device."""
        known = self.__dict__.setdefault("_late_steps", {})
        if device not in known:
            known[device] = torch.tensor(LATE, device=device)
        return known[device]


class AdamW(Adam):
    """Adam with weights that decay by themselves, not through the gradient.

    Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
    """

    weight_decay: float | None = arg(
        0.004, at_least=0, after="learning_rate", doc="Share of each weight taken off per step, times the rate."
    )

    def check(self) -> None:
        """It needs a decay."""
        if self.weight_decay is None:
            raise Invalid("AdamW(weight_decay=...)", "a number", None, "Adam has no decay by default.")
        super().check()

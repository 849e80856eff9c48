"""Adam and AdamW."""

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_number, add_quotient, kernels, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate

FUSED = ("cpu", "cuda", "mps", "xpu")  # devices with torch's fused kernel
LATE = 1e9  # a step so late that torch's own corrections for the start are 1: ours are in the rate
LATE_STEPS: dict[torch.device, Tensor] = {}  # the same, as the tensor that the kernel wants, by device


class Moments(NamedTuple):
    """What Adam's step needs to know besides its arrays."""

    beta_1: float
    beta_2: float
    epsilon: Any
    decay: float = 0.0  # share of the weights taken off per step, times the rate
    goes: Tensor | None = None  # whether the step changes anything; None: yes


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
    goes_over_more_than_once = False

    def slots(self) -> tuple[tuple[str, ...], ...]:
        block = ("momentum", "velocity")
        return (block, ("velocity_hat",)) if self.amsgrad else (block,)

    def can_leave_out(self, device: torch.device) -> bool:
        """Where torch's fused kernel does the step."""
        return device.type in FUSED

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        decay = self.weight_decay if self._decays_inside and self.weight_decay else 0.0
        moments = Moments(self.beta_1, self.beta_2, self.epsilon, decay, self.goes)
        arrays = slots["momentum"], slots["velocity"], slots.get("velocity_hat", [])
        step_by_moments(variables, gradients, arrays, rate, self.updates() + 1, moments)


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


def start_correction(step: Any, beta_1: float, beta_2: float) -> Any:
    """What makes up for means that started from zero, as a factor of the rate."""
    return (1.0 - beta_2**step) ** 0.5 / (1.0 - beta_1**step)


def step_by_moments(
    variables: list[Any],
    gradients: list[Tensor],
    arrays: tuple[Any, Any, Any],
    rate: Any,
    step: Any,
    moments: Moments,
) -> None:
    """Adam's step, on torch's fused kernel where there is one.

    Args:
        variables: the weights, of one device and dtype.
        gradients: one for each.
        arrays: momentum, velocity, and the largest velocity so far: an empty list where that is not kept.
        rate: a number, or a tensor where only the device knows it.
        step: the number of this step, from 1; or a tensor.
        moments: the rest.
    """
    factor = start_correction(step, moments.beta_1, moments.beta_2)
    if variables[0].device.type in FUSED and not isinstance(moments.epsilon, Tensor):
        step_by_fused_moments(variables, gradients, arrays, rate, factor, moments)
        return
    momentum, velocity, largest = arrays
    if moments.decay:
        kernels._foreach_mul_(variables, 1.0 - moments.decay * rate)
    kernels._foreach_lerp_(momentum, gradients, 1.0 - moments.beta_1)
    mean_square(velocity, gradients, moments.beta_2)
    if largest:
        kernels._foreach_maximum_(largest, velocity)
    below = kernels._foreach_sqrt(largest or velocity)
    add_number(below, moments.epsilon)
    add_quotient(variables, momentum, below, -rate * factor)


def step_by_fused_moments(
    variables: list[Any],
    gradients: list[Tensor],
    arrays: tuple[Any, Any, Any],
    rate: Any,
    factor: Any,
    moments: Moments,
) -> None:
    """Adam's step on torch's kernel, whose own corrections for the start are left out: `factor` is ours."""
    momentum, velocity, largest = arrays
    device = variables[0].device
    decay, scaled = moments.decay, rate * factor
    if isinstance(scaled, Tensor):
        scaled = scaled.to(torch.float32)
        if decay:  # the kernel takes it as a number
            rest: Any = 1.0 - decay * rate
            if moments.goes is not None:
                rest = torch.where(moments.goes, rest, 1.0)
            kernels._foreach_mul_(variables, rest)
            decay = 0.0
    kernel = kernels._fused_adamw_ if decay else kernels._fused_adam_
    kernel(
        variables, gradients, momentum, velocity, largest, [late_step(device)] * len(variables),
        lr=scaled, beta1=moments.beta_1, beta2=moments.beta_2, weight_decay=decay / factor if decay else 0.0,
        eps=moments.epsilon, amsgrad=bool(largest), maximize=False,
        found_inf=None if moments.goes is None else (~moments.goes).float(),
    )  # fmt: skip


def late_step(device: torch.device) -> Tensor:
    """The step that torch is told, on this device."""
    if device not in LATE_STEPS:
        LATE_STEPS[device] = torch.tensor(LATE, device=device)
    return LATE_STEPS[device]

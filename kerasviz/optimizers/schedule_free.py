"""AdamW without a schedule."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.arithmetic import least
from kerasviz.optimizers.kernels import add_number, add_quotient, go_towards, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate
from kerasviz.tensors import Variable


class ScheduleFreeAdamW(Optimizer):
    """Averages the places that AdamW goes through, in the stead of a rate that falls.

    The weights are the average at every moment, in training too; `momentum` is the place itself. So `beta_1`, which
    in the paper says how far from the average gradients are taken, changes nothing, as in Keras.

    Source: Defazio et al., "The Road Less Scheduled", 2024.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.0025, doc=RATE_DOC)
    beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Kept for files; it changes nothing.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, after="beta_1", doc="Memory of the squared gradient.")
    epsilon: float = arg(1e-8, at_least=0, after="beta_2", doc="Keeps the division finite.")
    warmup_steps: int = arg(0, at_least=0, after="epsilon", doc="Steps in which the rate rises from zero.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def make_slot(self, name: str, variable: Any) -> Variable | None:
        """The place starts where the weight is."""
        made = super().make_slot(name, variable)
        if name == "momentum" and made is not None:
            made.copy_(variable.detach())
        return made

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        places, velocity = slots["momentum"], slots["velocity"]
        step = self.updates() + 1
        if self.warmup_steps:
            rate = rate * least(step / self.warmup_steps, 1.0)
        start = (1.0 - self.beta_2**step) ** 0.5
        mean_square(velocity, gradients, self.beta_2)
        below = self.work.new("sqrt", velocity)
        add_number(below, self.epsilon * start)
        add_quotient(places, gradients, below, -rate * start)
        go_towards(variables, places, 1.0 / step)

"""The arguments that every optimizer takes."""

from typing import Annotated, Any

from kerasviz.declare import Component, arg
from kerasviz.optimizers.scalars import Rate

RATE_DOC = "Size of a step: a number, a schedule, or a function."


class OptimizerArguments(Component):
    """The arguments that every optimizer takes."""

    learning_rate: Annotated[Any, Rate()] = arg(doc=RATE_DOC)
    weight_decay: float | None = arg(None, at_least=0, doc="Share of each weight taken off per step, times the rate.")
    clipnorm: float | None = arg(None, at_least=0, group="gradients", doc="Longest that each gradient may be.")
    clipvalue: float | None = arg(None, at_least=0, group="gradients", doc="Largest number in a gradient.")
    global_clipnorm: float | None = arg(
        None, at_least=0, group="gradients", doc="Longest that all gradients together may be."
    )
    use_ema: bool = arg(False, group="average", doc="Whether a moving average of the weights is kept.")
    ema_momentum: float = arg(0.99, at_least=0, at_most=1, group="average", doc="Memory of that average.")
    ema_overwrite_frequency: int | None = arg(
        None, at_least=0, group="average", doc="Steps after which the average replaces the weights; None: at the end."
    )
    loss_scale_factor: float | None = arg(
        None, above=0, group="gradients", doc="The loss is multiplied by it and gradients divided: for float16."
    )
    gradient_accumulation_steps: int | None = arg(
        None, at_least=2, group="gradients", doc="Batches whose mean gradient makes one update."
    )
    name: str | None = arg(None, group="base", doc="Name of the optimizer, and of its variables.")

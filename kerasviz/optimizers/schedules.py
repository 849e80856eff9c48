"""Learning rates that change with the steps."""

import math
from typing import Any

import torch

from kerasviz.declare import Component, Family, Invalid, arg
from kerasviz.optimizers.arithmetic import ceil, choose, cos, floor, largest, least, log, nearly_whole, wide

INITIAL_DOC = "Rate at the start."


class LearningRateSchedule(Component):
    """A learning rate as a function of the step.

    Subclasses write `__call__(step)`, as in Keras; those below write `at(step)`, for Python numbers and for tensors.
    """

    def __call__(self, step: Any) -> Any:
        """The rate of a step, as a tensor on the step's device, which nothing is read from."""
        at = getattr(self, "at", None)
        if at is None:
            raise NotImplementedError(f"{type(self).__name__} needs a `__call__(self, step)`.")
        if isinstance(step, torch.Tensor):
            return torch.as_tensor(at(wide(step.detach())), device=step.device).to(torch.float32)
        return torch.tensor(float(at(float(step))))

    def __repr__(self) -> str:
        return f"<{self.source()}>"


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ^ (step / decay_steps)."""

    initial_learning_rate: float = arg(at_least=0, doc=INITIAL_DOC)
    decay_steps: int = arg(at_least=1, doc="Steps after which the rate has changed by `decay_rate`.")
    decay_rate: float = arg(at_least=0, doc="Factor per `decay_steps`.")
    staircase: bool = arg(False, doc="Whether it changes only every `decay_steps`.")
    name: str = arg("ExponentialDecay", doc="Name of the schedule.", group="base")

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        return self.initial_learning_rate * self.decay_rate ** portion(step, self.decay_steps, self.staircase)


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps)."""

    initial_learning_rate: float = arg(at_least=0, doc=INITIAL_DOC)
    decay_steps: int = arg(at_least=1, doc="Steps in which `decay_rate` is added to the divisor.")
    decay_rate: float = arg(at_least=0, doc="What is added to the divisor per `decay_steps`.")
    staircase: bool = arg(False, doc="Whether it changes only every `decay_steps`.")
    name: str = arg("InverseTimeDecay", doc="Name of the schedule.", group="base")

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        return self.initial_learning_rate / (1.0 + self.decay_rate * portion(step, self.decay_steps, self.staircase))


class PolynomialDecay(LearningRateSchedule):
    """From the initial to the end rate in `decay_steps`, along (1 - step / decay_steps) ^ power."""

    initial_learning_rate: float = arg(at_least=0, doc=INITIAL_DOC)
    decay_steps: int = arg(at_least=1, doc="Steps until the end rate.")
    end_learning_rate: float = arg(0.0001, at_least=0, doc="Rate at the end.")
    power: float = arg(1.0, doc="1 for a straight line.")
    cycle: bool = arg(False, doc="Whether to go on with longer and longer decays.")
    name: str = arg("PolynomialDecay", doc="Name of the schedule.", group="base")

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        span = self.decay_steps
        if self.cycle:
            span *= largest(ceil(step / span), 1)
            rest = 1.0 - step / span
        else:
            rest = 1.0 - least(step, span) / span
        return (self.initial_learning_rate - self.end_learning_rate) * rest**self.power + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to step boundaries[0], values[1] up to boundaries[1], and so on."""

    boundaries: list = arg(doc="Steps after which the rate changes, in rising order.")
    values: list = arg(doc="The rates; one more than boundaries.")
    name: str = arg("PiecewiseConstant", doc="Name of the schedule.", group="base")

    def check(self) -> None:
        """One value more than boundaries."""
        if len(self.boundaries) != len(self.values) - 1:
            expected = f"{len(self.boundaries) + 1} numbers, one more than boundaries"
            raise Invalid("PiecewiseConstantDecay(values=...)", expected, self.values)

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        rate = self.values[-1] + 0.0 * step
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1]), strict=True):
            rate = choose(step <= boundary, value, rate)
        return rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial rate to alpha times that; before it, a straight line up to `warmup_target`.

    Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    initial_learning_rate: float = arg(at_least=0, doc=INITIAL_DOC)
    decay_steps: int = arg(at_least=1, doc="Steps of the cosine.")
    alpha: float = arg(0.0, at_least=0, doc="Rate at the end, as a share of the highest.")
    name: str = arg("CosineDecay", doc="Name of the schedule.", group="base")
    warmup_target: float | None = arg(None, at_least=0, doc="Rate after the warm-up; None for no warm-up.")
    warmup_steps: int = arg(0, at_least=0, doc="Steps of the warm-up.")

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        if self.warmup_target is None:
            return self.initial_learning_rate * cosine(step / self.decay_steps, self.alpha)
        rise = (self.warmup_target - self.initial_learning_rate) / max(self.warmup_steps, 1)
        fall = self.warmup_target * cosine((step - self.warmup_steps) / self.decay_steps, self.alpha)
        return choose(step < self.warmup_steps, self.initial_learning_rate + rise * step, fall)


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines that start again, each `t_mul` times as long and `m_mul` times as high as the one before.

    Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    """

    initial_learning_rate: float = arg(at_least=0, doc=INITIAL_DOC)
    first_decay_steps: int = arg(at_least=1, doc="Steps of the first cosine.")
    t_mul: float = arg(2.0, above=0, doc="Factor of the length, from one cosine to the next.")
    m_mul: float = arg(1.0, at_least=0, doc="Factor of the height, from one cosine to the next.")
    alpha: float = arg(0.0, at_least=0, doc="Rate at the end of a cosine, as a share of its height.")
    name: str = arg("SGDRDecay", doc="Name of the schedule.", group="base")

    def at(self, step: Any) -> Any:
        """The rate of a step."""
        done = step / self.first_decay_steps  # in lengths of the first cosine
        if self.t_mul == 1.0:
            restarts = floor(done)
            done = done - restarts
        else:
            ratio = 1.0 - done * (1.0 - self.t_mul)  # not above 0 once cosines shorter and shorter have come to an end
            restarts = floor(nearly_whole(log(largest(ratio, 1e-300)) / math.log(self.t_mul)))
            restarts = choose(ratio > 0, restarts, 0)
            before = (1.0 - self.t_mul**restarts) / (1.0 - self.t_mul)
            done = (done - before) / self.t_mul**restarts
        return self.initial_learning_rate * cosine(largest(done, 0.0), self.alpha, self.m_mul**restarts)


def portion(step: Any, span: float, staircase: bool) -> Any:
    """How many spans have gone by; whole ones only on a staircase."""
    return floor(step / span) if staircase else step / span


def cosine(done: Any, alpha: float, height: Any = 1.0) -> Any:
    """Half a cosine from `height` down to `alpha`."""
    return (1.0 - alpha) * 0.5 * height * (1.0 + cos(math.pi * least(done, 1.0))) + alpha


FAMILY = Family("schedule", module="keras.optimizers.schedules", namespace=globals(), base=LearningRateSchedule)


def get(identifier: Any) -> Any:
    """The schedule that `identifier` means: a config, a class, or the object itself."""
    return FAMILY.get(identifier)


def serialize(learning_rate_schedule: Any) -> Any:
    """The config of a schedule."""
    return FAMILY.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The schedule that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)

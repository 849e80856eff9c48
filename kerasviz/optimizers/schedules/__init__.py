"""Learning rates that follow a plan: a number for each step."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Component, Data, Family, Invalid, arg


class LearningRateSchedule(Component):
    """A learning rate for each step. Subclasses write `rate(step)`, or `__call__(step)` as in Keras."""

    def rate(self, step: int) -> float:
        """The learning rate at a step, from 0."""
        if type(self).__call__ is LearningRateSchedule.__call__:
            raise NotImplementedError(f"{type(self).__name__} has no `rate`.")
        return float(self(step))

    def __call__(self, step: Any) -> Tensor:
        """The learning rate at a step, as a tensor."""
        return torch.tensor(self.rate(int(step)), dtype=torch.float32)


class ExponentialDecay(LearningRateSchedule):
    """Multiplies by `decay_rate` every `decay_steps` steps, gradually or at once."""

    initial_learning_rate: float = arg(doc="Where it starts.")
    decay_steps: int = arg(at_least=1, doc="Steps for one factor.")
    decay_rate: float = arg(doc="The factor.")
    staircase: bool = arg(False, doc="Whether to change only at whole multiples of decay_steps.")
    name: str = arg("ExponentialDecay", doc="For people.")

    def rate(self, step: int) -> float:
        """initial * decay_rate ** (step / decay_steps)."""
        passed = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(passed) if self.staircase else passed)


class InverseTimeDecay(LearningRateSchedule):
    """Divides by a number that grows with the steps, gradually or at once."""

    initial_learning_rate: float = arg(doc="Where it starts.")
    decay_steps: int = arg(at_least=1, doc="Steps for one unit.")
    decay_rate: float = arg(doc="What a unit adds to the divisor.")
    staircase: bool = arg(False, doc="Whether to change only at whole multiples of decay_steps.")
    name: str = arg("InverseTimeDecay", doc="For people.")

    def rate(self, step: int) -> float:
        """initial / (1 + decay_rate * step / decay_steps)."""
        passed = step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (math.floor(passed) if self.staircase else passed))


class PolynomialDecay(LearningRateSchedule):
    """Falls to `end_learning_rate` along a power of the steps that are left."""

    initial_learning_rate: float = arg(doc="Where it starts.")
    decay_steps: int = arg(at_least=1, doc="Steps until the end.")
    end_learning_rate: float = arg(0.0001, doc="Where it ends.")
    power: float = arg(1.0, doc="1 falls along a line.")
    cycle: bool = arg(False, doc="Whether to begin anew, more slowly, when the end is reached.")
    name: str = arg("PolynomialDecay", doc="For people.")

    def rate(self, step: int) -> float:
        """(initial - end) * (1 - step / decay_steps) ** power + end."""
        steps = float(self.decay_steps)
        if self.cycle:
            steps *= max(1, math.ceil(step / steps))
        left = 1 - min(step, steps) / steps
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to each boundary, and one after the last."""

    boundaries: Data = arg(doc="Steps after which the next rate holds, growing.")
    values: Data = arg(doc="Rates, one more than boundaries.")
    name: str = arg("PiecewiseConstant", doc="For people.")

    def check(self) -> None:
        """One value more than boundaries."""
        if len(self.boundaries) != len(self.values) - 1:
            raise Invalid(
                "PiecewiseConstantDecay(values=...)", f"{len(self.boundaries) + 1} rates", f"{len(self.values)}"
            )

    def rate(self, step: int) -> float:
        """The value of the piece that the step is in."""
        return float(self.values[sum(step > boundary for boundary in self.boundaries)])


class CosineDecay(LearningRateSchedule):
    """Rises along a line while it warms up, then falls along half a cosine.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016.
    """

    initial_learning_rate: float = arg(doc="Where it starts.")
    decay_steps: int = arg(at_least=1, doc="Steps of the fall.")
    alpha: float = arg(0.0, doc="Where it ends, as a share of where the fall begins.")
    name: str = arg("CosineDecay", doc="For people.")
    warmup_target: float | None = arg(None, doc="Where the rise ends; None for no rise.")
    warmup_steps: int = arg(0, at_least=0, doc="Steps of the rise.")

    def rate(self, step: int) -> float:
        """The line, then the cosine."""
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if step <= self.warmup_steps and self.warmup_steps:
                return top + (self.warmup_target - top) * min(step, self.warmup_steps) / self.warmup_steps
            top, step = self.warmup_target, step - self.warmup_steps
        share = min(step, self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * 0.5 * (1 + math.cos(math.pi * share)) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Falls along half a cosine, again and again, each time longer and from lower.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2016.
    """

    initial_learning_rate: float = arg(doc="Where it starts.")
    first_decay_steps: int = arg(at_least=1, doc="Steps of the first fall.")
    t_mul: float = arg(2.0, above=0, doc="How much longer each fall is.")
    m_mul: float = arg(1.0, doc="How much of the height each fall keeps.")
    alpha: float = arg(0.0, doc="Where a fall ends, as a share of where it begins.")
    name: str = arg("SGDRDecay", doc="For people.")

    def rate(self, step: int) -> float:
        """The cosine of the fall that the step is in."""
        length, height, left = float(self.first_decay_steps), 1.0, float(step)
        while left >= length:
            left, length, height = left - length, length * self.t_mul, height * self.m_mul
        share = left / length
        return self.initial_learning_rate * (
            (1 - self.alpha) * 0.5 * height * (1 + math.cos(math.pi * share)) + self.alpha
        )


FAMILY = Family("schedule", module="keras.optimizers.schedules", namespace=globals(), base=LearningRateSchedule)


def serialize(learning_rate_schedule: Any) -> Any:
    """The JSON form of a schedule."""
    return FAMILY.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The schedule that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)


Rate = float | LearningRateSchedule | Callable

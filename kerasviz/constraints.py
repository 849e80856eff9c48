"""Limits on weights, applied after each update."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Axis, Component, Family, arg
from kerasviz.tensors import convert_to_tensor, settings


class Constraint(Component):
    """Base of limits: called with a weight, gives the weight that is allowed."""

    def __call__(self, w: Tensor) -> Tensor:
        """`w`, moved to where it is allowed."""
        raise NotImplementedError(f"{type(self).__name__} needs a `__call__(self, w)`.")


def _norm(w: Tensor, axis: int | list[int]) -> Tensor:
    """Length of the vectors along `axis`, kept as axes of one."""
    return torch.sqrt(torch.square(w).sum(dim=axis, keepdim=True))


class MaxNorm(Constraint):
    """Shortens vectors that are longer than `max_value`.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """

    max_value: float = arg(2, at_least=0, doc="Longest allowed.")
    axis: Axis = arg(0, doc="Axes along which a vector lies: 0 for Dense, [0, 1, 2] for Conv2D.")

    def __call__(self, w: Tensor) -> Tensor:
        """`w`, moved to where it is allowed."""
        w = convert_to_tensor(w)
        norm = _norm(w, self.axis)
        return w * (norm.clamp(0, self.max_value) / (settings.epsilon() + norm))


class NonNeg(Constraint):
    """Sets negative values to zero."""

    def __call__(self, w: Tensor) -> Tensor:
        """`w`, moved to where it is allowed."""
        return torch.relu(convert_to_tensor(w))


class UnitNorm(Constraint):
    """Gives vectors the length one."""

    axis: Axis = arg(0, doc="Axes along which a vector lies: 0 for Dense, [0, 1, 2] for Conv2D.")

    def __call__(self, w: Tensor) -> Tensor:
        """`w`, moved to where it is allowed."""
        w = convert_to_tensor(w)
        return w / (settings.epsilon() + _norm(w, self.axis))


class MinMaxNorm(Constraint):
    """Moves the length of vectors between two limits, at `rate`."""

    min_value: float = arg(0.0, at_least=0, doc="Shortest allowed.")
    max_value: float = arg(1.0, at_least=0, doc="Longest allowed.")
    rate: float = arg(1.0, at_least=0, at_most=1, doc="Share of the way to the limit gone at each update.")
    axis: Axis = arg(0, doc="Axes along which a vector lies: 0 for Dense, [0, 1, 2] for Conv2D.")

    def __call__(self, w: Tensor) -> Tensor:
        """`w`, moved to where it is allowed."""
        w = convert_to_tensor(w)
        norm = _norm(w, self.axis)
        wanted = self.rate * norm.clamp(self.min_value, self.max_value) + (1 - self.rate) * norm
        return w * (wanted / (settings.epsilon() + norm))


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm

FAMILY = Family("constraint", module="keras.constraints", namespace=globals(), base=Constraint)


def get(identifier: Any) -> Any:
    """The constraint that `identifier` means: None, a name, a config, a class, or the object itself."""
    return FAMILY.get(identifier)


def serialize(constraint: Any) -> Any:
    """The config of a constraint."""
    return FAMILY.serialize(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The constraint that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)

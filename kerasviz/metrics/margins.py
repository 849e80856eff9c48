"""Metrics of margins: whether scores are clearly on the right side."""

from typing import Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.losses import divergence
from kerasviz.metrics.base import NAME_DOC
from kerasviz.metrics.mean import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """How far scores are from being of the target's sign and at least one away from zero.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("hinge", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return divergence.hinge(y_true, y_pred)


class SquaredHinge(MeanMetricWrapper):
    """The square of the hinge: large misses count for much more.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("squared_hinge", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return divergence.squared_hinge(y_true, y_pred)


class CategoricalHinge(MeanMetricWrapper):
    """How much the target's score falls short of the best other score plus one.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    _direction = "down"

    name: str | None = arg("categorical_hinge", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return divergence.categorical_hinge(y_true, y_pred)

"""Metrics of numbers: how far off they are."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.losses import regression as losses
from kerasviz.losses.reduction import check_shapes, divide_no_nan, pair
from kerasviz.metrics.base import NAME_DOC
from kerasviz.metrics.mean import Mean, MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """Mean of the squared errors.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("mean_squared_error", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.mean_squared_error(y_true, y_pred)


class RootMeanSquaredError(Mean):
    """Root of the mean of the squared errors: in the unit of the targets.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    _direction = "down"

    name: str | None = arg("root_mean_squared_error", doc=NAME_DOC, group="base")

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take a batch into account."""
        y_true, y_pred = pair(y_true, y_pred)
        try:
            error = y_true - y_pred
        except RuntimeError:
            check_shapes(f'{type(self).__name__} "{self.name}"', y_true, y_pred)
            raise
        self.add(torch.square(error), sample_weight)

    def result(self) -> Tensor:
        """The root of the mean so far."""
        return torch.sqrt(divide_no_nan(self.total.detach(), self.count.detach()))


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of the absolute errors.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("mean_absolute_error", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.mean_absolute_error(y_true, y_pred)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of the absolute errors in percent of the targets.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("mean_absolute_percentage_error", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.mean_absolute_percentage_error(y_true, y_pred)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of the squared errors of log(1 + value): for targets over several orders of magnitude.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("mean_squared_logarithmic_error", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.mean_squared_logarithmic_error(y_true, y_pred)


class LogCoshError(MeanMetricWrapper):
    """Mean of log(cosh(error)): a square near zero, a distance far from it.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("logcosh", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.log_cosh(y_true, y_pred)


class CosineSimilarity(MeanMetricWrapper):
    """The cosine of the angle between targets and predictions: 1 where they point the same way.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "up"

    name: str | None = arg("cosine_similarity", doc=NAME_DOC, group="base")
    axis: int = arg(-1, doc="Axis along which a vector lies.", after="dtype", quiet=True)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return losses.cosine(y_true, y_pred, self.axis)

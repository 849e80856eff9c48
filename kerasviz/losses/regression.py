"""Losses of numbers: how far off they are."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import arg
from kerasviz.losses.loss import NAME_DOC, MeanOfErrors, NamedLoss, by_last_axis
from kerasviz.losses.reduction import pair
from kerasviz.tensors import settings


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of (y_true - y_pred)^2."""
    y_true, y_pred = pair(y_true, y_pred)
    return by_last_axis(torch.square(y_true - y_pred))


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of |y_true - y_pred|."""
    y_true, y_pred = pair(y_true, y_pred)
    return by_last_axis((y_true - y_pred).abs())


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of 100 * |y_true - y_pred| / |y_true|, which is kept from zero."""
    return 100.0 * by_last_axis(relative_errors(*pair(y_true, y_pred)))


def relative_errors(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """|y_true - y_pred| / |y_true|."""
    return ((y_true - y_pred) / y_true.abs().clamp(min=settings.epsilon())).abs()


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of (log(1 + y_true) - log(1 + y_pred))^2; negative numbers count as zero."""
    return by_last_axis(squared_logarithms(*pair(y_true, y_pred)))


def squared_logarithms(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """(log(1 + y_true) - log(1 + y_pred))^2."""
    least = settings.epsilon()
    return torch.square(torch.log1p(y_pred.clamp(min=least)) - torch.log1p(y_true.clamp(min=least)))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Mean over the last axis of error^2 / 2 up to `delta`, and of delta * (|error| - delta / 2) beyond."""
    y_true, y_pred = pair(y_true, y_pred)
    if y_true.shape == y_pred.shape and delta > 0:
        return by_last_axis(F.huber_loss(y_pred, y_true, reduction="none", delta=delta))
    error = (y_pred - y_true).abs()
    return by_last_axis(torch.where(error <= delta, 0.5 * torch.square(error), delta * error - 0.5 * delta**2))


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of log(cosh(y_pred - y_true)): a square near zero, a distance far from it."""
    return by_last_axis(log_cosh_errors(*pair(y_true, y_pred)))


def log_cosh_errors(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """log(cosh(y_pred - y_true))."""
    error = y_pred - y_true
    return error + F.softplus(-2.0 * error) - math.log(2.0)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between vectors: -1 where they point the same way, 1 where they are opposed."""
    y_true, y_pred = pair(y_true, y_pred)
    return -cosine(y_true, y_pred, axis)


def cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between vectors along `axis`."""
    y_true, y_pred = pair(y_true, y_pred)
    return F.cosine_similarity(y_true, y_pred, axis, settings.epsilon())


class MeanSquaredError(NamedLoss):
    """Mean of the squared errors.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)
    """

    name: str | None = arg("mean_squared_error", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return mean_squared_error(y_true, y_pred)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return F.mse_loss(y_pred, y_true) if y_true.shape == y_pred.shape else None


class MeanAbsoluteError(NamedLoss):
    """Mean of the absolute errors.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)
    """

    name: str | None = arg("mean_absolute_error", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return mean_absolute_error(y_true, y_pred)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return F.l1_loss(y_pred, y_true) if y_true.shape == y_pred.shape else None


class MeanAbsolutePercentageError(NamedLoss):
    """Mean of the absolute errors in percent of the targets."""

    name: str | None = arg("mean_absolute_percentage_error", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return mean_absolute_percentage_error(y_true, y_pred)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return 100.0 * relative_errors(y_true, y_pred).mean() if y_true.shape == y_pred.shape else None


class MeanSquaredLogarithmicError(MeanOfErrors):
    """Mean of the squared errors of log(1 + value): for targets over several orders of magnitude."""

    name: str | None = arg("mean_squared_logarithmic_error", doc=NAME_DOC, group="base", after="reduction")

    def errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return squared_logarithms(y_true, y_pred)


class Huber(NamedLoss):
    """Squares small errors and takes large ones as they are.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)

    Source: P. J. Huber, "Robust Estimation of a Location Parameter", 1964.
    """

    delta: float = arg(1.0, at_least=0, doc="Error at which the two halves meet.")
    name: str | None = arg("huber_loss", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return huber(y_true, y_pred, self.delta)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        same = y_true.shape == y_pred.shape and self.delta > 0
        return F.huber_loss(y_pred, y_true, delta=self.delta) if same else None


class LogCosh(MeanOfErrors):
    """Mean of log(cosh(error)): a square near zero, a distance far from it, smooth all the way."""

    name: str | None = arg("log_cosh", doc=NAME_DOC, group="base", after="reduction")

    def errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return log_cosh_errors(y_true, y_pred)


class CosineSimilarity(NamedLoss):
    """Minus the cosine between targets and predictions: -1 where they point the same way."""

    axis: int = arg(-1, doc="Axis along which a vector lies.")
    name: str | None = arg("cosine_similarity", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return cosine_similarity(y_true, y_pred, self.axis)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        if y_true.shape != y_pred.shape:
            return None
        return -F.cosine_similarity(y_true, y_pred, self.axis, settings.epsilon()).mean()

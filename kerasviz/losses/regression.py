"""Losses between numbers."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import arg
from kerasviz.losses.base import FunctionalLoss, Reduction, pair
from kerasviz.tensors import convert_to_tensor, settings


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of squared differences over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    return torch.mean(torch.square(y_true - y_pred), dim=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the sizes of differences over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    return torch.mean(torch.abs(y_true - y_pred), dim=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the sizes of differences over the last axis, in per cent of the targets."""
    y_true, y_pred = pair(y_true, y_pred)
    share = (y_true - y_pred) / torch.clamp(torch.abs(y_true), min=settings.epsilon())
    return 100.0 * torch.mean(torch.abs(share), dim=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of squared differences of logarithms over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    least = settings.epsilon()
    return torch.mean(
        torch.square(torch.log1p(torch.clamp(y_pred, min=least)) - torch.log1p(torch.clamp(y_true, min=least))), dim=-1
    )


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Small differences squared and halved, large ones along a line; the mean over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    if delta > 0 and y_true.shape == y_pred.shape:
        return torch.mean(F.huber_loss(y_pred, y_true, reduction="none", delta=delta), dim=-1)
    size = torch.abs(y_pred - y_true)
    return torch.mean(torch.where(size <= delta, 0.5 * size * size, delta * size - 0.5 * delta * delta), dim=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of log(cosh(difference)) over the last axis: squares where small, sizes where large."""
    y_true, y_pred = pair(y_true, y_pred)
    difference = y_pred - y_true
    return torch.mean(difference + F.softplus(-2.0 * difference) - math.log(2.0), dim=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between targets and predictions."""
    y_true, y_pred = pair(y_true, y_pred)
    return -torch.sum(unit(y_true, axis) * unit(y_pred, axis), dim=axis)


def unit(x: Tensor, axis: int) -> Tensor:
    """Vectors of length one."""
    return x * torch.rsqrt(torch.clamp(torch.sum(torch.square(x), dim=axis, keepdim=True), min=1e-12))


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of `y_pred - y_true * log(y_pred)` over the last axis."""
    y_true = convert_to_tensor(y_true)
    y_true, y_pred = pair(y_true, y_pred)
    return torch.mean(y_pred - y_true * torch.log(y_pred + settings.epsilon()), dim=-1)


class MeanSquaredError(FunctionalLoss):
    """Squared differences."""

    function = mean_squared_error
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("mean_squared_error", doc="Name in the logs.")


class MeanAbsoluteError(FunctionalLoss):
    """Sizes of differences."""

    function = mean_absolute_error
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("mean_absolute_error", doc="Name in the logs.")


class MeanAbsolutePercentageError(FunctionalLoss):
    """Sizes of differences, in per cent of the targets."""

    function = mean_absolute_percentage_error
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("mean_absolute_percentage_error", doc="Name in the logs.")


class MeanSquaredLogarithmicError(FunctionalLoss):
    """Squared differences of logarithms."""

    function = mean_squared_logarithmic_error
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("mean_squared_logarithmic_error", doc="Name in the logs.")


class Huber(FunctionalLoss):
    """Squares small differences and takes large ones as they are.

    Source: P. J. Huber, "Robust Estimation of a Location Parameter", 1964.
    """

    function = huber
    delta: float = arg(1.0, first=True, doc="Difference at which the two halves meet.")
    name: str | None = arg("huber_loss", after="reduction", doc="Name in the logs.")


class LogCosh(FunctionalLoss):
    """The logarithm of the hyperbolic cosine of differences."""

    function = log_cosh
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("log_cosh", doc="Name in the logs.")


class CosineSimilarity(FunctionalLoss):
    """Minus the cosine of the angle between targets and predictions: -1 where they point the same way."""

    function = cosine_similarity
    axis: int = arg(-1, first=True, doc="Along which the vectors lie.")
    name: str | None = arg("cosine_similarity", after="reduction", doc="Name in the logs.")


class Poisson(FunctionalLoss):
    """How unlikely counts are under a Poisson distribution of the predicted mean, up to a constant."""

    function = poisson
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("poisson", doc="Name in the logs.")

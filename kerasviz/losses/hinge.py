"""Losses that ask for a margin between the classes."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.losses.base import FunctionalLoss, Reduction, pair
from kerasviz.tensors import convert_to_tensor


def signed(y_true: Tensor) -> Tensor:
    """Targets of 0 and 1 as -1 and 1; others as they are."""
    binary = torch.logical_or(y_true == 0, y_true == 1).all()
    return torch.where(binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of `max(1 - y_true * y_pred, 0)` over the last axis; targets are -1 and 1, or 0 and 1."""
    y_true, y_pred = pair(y_true, y_pred)
    return torch.mean(torch.clamp(1.0 - signed(y_true) * y_pred, min=0.0), dim=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of `max(1 - y_true * y_pred, 0) ** 2` over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    return torch.mean(torch.square(torch.clamp(1.0 - signed(y_true) * y_pred, min=0.0)), dim=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """`max(1 + largest wrong - right, 0)` over the last axis; targets are rows with one 1."""
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true).to(y_pred.dtype)
    right = torch.sum(y_true * y_pred, dim=-1)
    wrong = torch.amax((1.0 - y_true) * y_pred, dim=-1)
    return torch.clamp(wrong - right + 1.0, min=0.0)


class Hinge(FunctionalLoss):
    """What is missing to a margin of 1 on the right side."""

    function = hinge
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("hinge", doc="Name in the logs.")


class SquaredHinge(FunctionalLoss):
    """The square of what is missing to a margin of 1 on the right side."""

    function = squared_hinge
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("squared_hinge", doc="Name in the logs.")


class CategoricalHinge(FunctionalLoss):
    """What is missing to a margin of 1 between the right class and the best wrong one."""

    function = categorical_hinge
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("categorical_hinge", doc="Name in the logs.")

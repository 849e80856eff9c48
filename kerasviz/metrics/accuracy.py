"""Accuracies: how often predictions are right."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.losses.reduction import pair, same_rank
from kerasviz.metrics.base import NAME_DOC
from kerasviz.metrics.mean import MeanMetricWrapper
from kerasviz.tensors import convert_to_tensor, settings, torch_dtype


def as_float(right: Tensor) -> Tensor:
    """True as 1, False as 0, in the default float."""
    return right.to(torch_dtype(settings.floatx()))


def equal_values(y_true: Any, y_pred: Any) -> Tensor:
    """Where predictions equal targets."""
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true, y_pred.dtype).to(y_pred.device)
    y_true, y_pred = same_rank(y_true, y_pred)
    return y_true == y_pred


def above_threshold(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Where predictions are on the target's side of the threshold."""
    y_true, y_pred = pair(y_true, y_pred)
    return (y_pred > threshold) == y_true


def labels_and_best(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Whole-number targets and the most likely class, both without an axis of classes."""
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true)
    best = y_pred.argmax(dim=-1)
    if y_true.ndim == y_pred.ndim and y_true.ndim > 0 and y_true.shape[-1] == 1:
        y_true = y_true.squeeze(-1)
    if y_true.device != best.device:
        y_true = y_true.to(best.device)
    return y_true, best


def right_labels(y_true: Any, y_pred: Any) -> Tensor:
    """Where the most likely class is the label."""
    labels, best = labels_and_best(y_true, y_pred)
    return best == labels


def right_classes(y_true: Any, y_pred: Any) -> Tensor:
    """Where the most likely class is that of the one-hot target."""
    return right_labels(class_of(y_true), y_pred)


def class_of(values: Any, axis: int = -1) -> Tensor:
    """The number of the class that a one-hot target, or a prediction, means."""
    values = convert_to_tensor(values)
    return (values.to(torch.uint8) if values.dtype is torch.bool else values).argmax(dim=axis)


def among_best(labels: Any, y_pred: Any, k: int, from_sorted_ids: bool = False) -> Tensor:
    """Where the label is among the `k` most likely classes.

    Args:
        labels: (batch, *rest)
        y_pred: (batch, *rest, classes); with `from_sorted_ids` the classes' numbers, the most likely first.
    """
    y_pred = convert_to_tensor(y_pred)
    labels = convert_to_tensor(labels).to(y_pred.device)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels.squeeze(-1)
    num_classes = y_pred.shape[-1]
    if from_sorted_ids:
        return (y_pred[..., :k] == labels.unsqueeze(-1).to(y_pred.dtype)).any(dim=-1)
    if not y_pred.is_floating_point():
        y_pred = y_pred.to(torch_dtype(settings.floatx()))
    known = (labels >= 0) & (labels < num_classes)
    index = labels.long().clamp(0, num_classes - 1)
    of_label = y_pred.gather(-1, index.unsqueeze(-1))
    num_better = (y_pred > of_label).sum(dim=-1)
    return known & (num_better < k) & torch.isfinite(of_label.squeeze(-1))


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where predictions equal targets, else 0."""
    return as_float(equal_values(y_true, y_pred))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where predictions are on the target's side of the threshold, else 0."""
    return as_float(above_threshold(y_true, y_pred, threshold))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the most likely class is that of the one-hot target, else 0."""
    return as_float(right_classes(y_true, y_pred))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the most likely class is the label, else 0."""
    return as_float(right_labels(y_true, y_pred))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the class of the one-hot target is among the `k` most likely, else 0."""
    return as_float(among_best(class_of(y_true), y_pred, k))


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Tensor:
    """1 where the label is among the `k` most likely classes, else 0."""
    return as_float(among_best(y_true, y_pred, k, from_sorted_ids))


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    _direction = "up"

    name: str | None = arg("accuracy", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return equal_values(y_true, y_pred)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions are on the right side of a threshold.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    _direction = "up"

    name: str | None = arg("binary_accuracy", doc=NAME_DOC, group="base")
    threshold: float = arg(0.5, at_least=0, at_most=1, doc="What is above it counts as yes.", after="dtype")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return above_threshold(y_true, y_pred, self.threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the most likely class is that of a one-hot target.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    _direction = "up"

    name: str | None = arg("categorical_accuracy", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return right_classes(y_true, y_pred)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the most likely class is the label.

    Shapes:
        y_true: (batch, *rest) or (batch, *rest, 1)
        y_pred: (batch, *rest, classes)
    """

    _direction = "up"

    name: str | None = arg("sparse_categorical_accuracy", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return right_labels(y_true, y_pred)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of a one-hot target is among the `k` most likely.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    _direction = "up"

    k: int = arg(5, at_least=1, doc="How many of the most likely classes are looked at.")
    name: str | None = arg("top_k_categorical_accuracy", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return among_best(class_of(y_true), y_pred, self.k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the label is among the `k` most likely classes.

    Shapes:
        y_true: (batch, *rest) or (batch, *rest, 1)
        y_pred: (batch, *rest, classes)
    """

    _direction = "up"

    k: int = arg(5, at_least=1, doc="How many of the most likely classes are looked at.")
    name: str | None = arg("sparse_top_k_categorical_accuracy", doc=NAME_DOC, group="base")
    from_sorted_ids: bool = arg(
        False, doc="Whether predictions are the classes' numbers, the most likely first.", after="dtype", quiet=True
    )

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return among_best(y_true, y_pred, self.k, self.from_sorted_ids)

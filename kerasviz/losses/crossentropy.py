"""Losses between classes: how unlikely the true class is under the prediction."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, arg
from kerasviz.losses.base import FunctionalLoss, Reduction, pair, weighted
from kerasviz.tensors import convert_to_tensor, settings


def clipped(probabilities: Tensor) -> Tensor:
    """Probabilities kept away from 0 and 1, where the logarithm ends."""
    least = settings.epsilon()
    return torch.clamp(probabilities, least, 1.0 - least)


def log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    """Logarithms of class probabilities; those that do not sum to 1 are divided by their sum."""
    if from_logits:
        return torch.log_softmax(y_pred, dim=axis)
    return torch.log(clipped(y_pred / torch.sum(y_pred, dim=axis, keepdim=True)))


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Crossentropy between rows of class probabilities.

    Shapes:
        y_true, y_pred: (batch, *rest, classes), or classes at `axis`
        result: (batch, *rest)
    """
    y_pred = convert_to_tensor(y_pred)
    y_true = convert_to_tensor(y_true).to(y_pred.dtype)
    if y_true.shape != y_pred.shape:
        hint = "Use the sparse loss for class numbers." if y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1 else ""
        raise Invalid("categorical_crossentropy", f"targets of shape {tuple(y_pred.shape)}", tuple(y_true.shape), hint)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return -torch.sum(y_true * log_probabilities(y_pred, from_logits, axis), dim=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """Crossentropy between class numbers and rows of class probabilities.

    Shapes:
        y_true: (batch, *rest), or (batch, *rest, 1)
        y_pred: (batch, *rest, classes), or classes at `axis`
        result: (batch, *rest)
    """
    y_pred, y_true = convert_to_tensor(y_pred), convert_to_tensor(y_true)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true.squeeze(-1)
    if y_true.dtype is not torch.int64:
        y_true = y_true.long()
    logs = log_probabilities(y_pred, from_logits, axis)
    logs = logs if axis in (-1, logs.ndim - 1) else logs.movedim(axis, -1)
    if y_true.shape != logs.shape[:-1]:
        hint = "Use categorical_crossentropy for rows of probabilities." if y_true.shape == logs.shape else ""
        raise Invalid(
            "sparse_categorical_crossentropy", f"class numbers of shape {tuple(logs.shape[:-1])}", tuple(y_true.shape), hint
        )
    if ignore_class is not None:
        counts = y_true != ignore_class
        values = F.nll_loss(logs.flatten(0, -2), torch.where(counts, y_true, 0).flatten(), reduction="none")
        return torch.where(counts, values.view(y_true.shape), 0.0)
    if logs.ndim == 2:
        return F.nll_loss(logs, y_true, reduction="none")
    return F.nll_loss(logs.flatten(0, -2), y_true.flatten(), reduction="none").view(y_true.shape)


def binary_logs(y_true: Tensor, y_pred: Tensor, from_logits: bool) -> Tensor:
    """Crossentropy of each number: y_true 0 or 1, y_pred a probability or a logit."""
    if from_logits:
        return F.binary_cross_entropy_with_logits(y_pred, y_true, reduction="none")
    return F.binary_cross_entropy(clipped(y_pred), y_true, reduction="none")


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Crossentropy between yes and no, averaged over an axis.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        result: (batch, *rest)
    """
    y_true, y_pred = pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if y_true.shape != y_pred.shape:
        y_true = y_true.expand_as(y_pred)
    return torch.mean(binary_logs(y_true, y_pred, from_logits), dim=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary crossentropy in which easy samples count less."""
    y_true, y_pred = pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    probability = torch.sigmoid(y_pred) if from_logits else y_pred
    right = y_true * probability + (1 - y_true) * (1 - probability)
    values = torch.pow(1.0 - right, gamma) * binary_logs(y_true, probability, False)
    if apply_class_balancing:
        values = (y_true * alpha + (1 - y_true) * (1 - alpha)) * values
    return torch.mean(values, dim=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Categorical crossentropy in which easy samples count less."""
    y_true, y_pred = pair(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    probability = torch.softmax(y_pred, dim=axis) if from_logits else y_pred
    probability = clipped(probability / torch.sum(probability, dim=axis, keepdim=True))
    values = -y_true * torch.log(probability) * torch.pow(1.0 - probability, gamma) * alpha
    return torch.sum(values, dim=axis)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Sum of `y_true * log(y_true / y_pred)` over the last axis."""
    y_true, y_pred = pair(y_true, y_pred)
    least = settings.epsilon()
    y_true, y_pred = torch.clamp(y_true, least, 1), torch.clamp(y_pred, least, 1)
    return torch.sum(y_true * torch.log(y_true / y_pred), dim=-1)


class CategoricalCrossentropy(FunctionalLoss):
    """How unlikely the true classes, given as rows of probabilities, are under the prediction.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
        per sample: (batch, *rest)
    """

    function = categorical_crossentropy
    from_logits: bool = arg(False, first=True, doc="Whether predictions are logits, and not probabilities.")
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, first=True, doc="Share of the target spread evenly.")
    axis: int = arg(-1, first=True, doc="Where the classes are.")
    name: str | None = arg("categorical_crossentropy", after="reduction", doc="Name in the logs.")


class SparseCategoricalCrossentropy(FunctionalLoss):
    """How unlikely the true classes, given by number, are under the prediction.

    Shapes:
        y_true: (batch, *rest)
        y_pred: (batch, *rest, classes)
        per sample: (batch, *rest)
    """

    function = sparse_categorical_crossentropy
    from_logits: bool = arg(False, first=True, doc="Whether predictions are logits, and not probabilities.")
    ignore_class: int | None = arg(None, first=True, doc="A class number that does not count.")
    axis: int = arg(-1, after="reduction", doc="Where the classes are.")
    name: str | None = arg("sparse_categorical_crossentropy", after="axis", doc="Name in the logs.")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The function; samples of the ignored class get no weight."""
        values = sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.ignore_class, self.axis)
        return values

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch; the mean is over samples whose class is not ignored."""
        if self.ignore_class is None:
            return super().__call__(y_true, y_pred, sample_weight)
        y_true, y_pred = self._converted(y_true), self._converted(y_pred)
        values = self.call(y_true, y_pred)
        labels = y_true.squeeze(-1) if y_true.ndim == values.ndim + 1 else y_true
        mask = labels != self.ignore_class
        carried = getattr(y_pred, "_keras_mask", None)
        mask = mask if carried is None else mask & carried.bool()
        return weighted(values, self._weight(sample_weight), mask, self.reduction)


class BinaryCrossentropy(FunctionalLoss):
    """How unlikely yes or no is under the prediction.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)
    """

    function = binary_crossentropy
    from_logits: bool = arg(False, first=True, doc="Whether predictions are logits, and not probabilities.")
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, first=True, doc="Share by which 0 and 1 move inwards.")
    axis: int = arg(-1, first=True, doc="Axis over which the mean is taken.")
    name: str | None = arg("binary_crossentropy", after="reduction", doc="Name in the logs.")


class BinaryFocalCrossentropy(FunctionalLoss):
    """Binary crossentropy in which easy samples count less.

    Source: Lin, Goyal, Girshick, He and Dollar, "Focal Loss for Dense Object Detection", 2017.
    """

    function = binary_focal_crossentropy
    apply_class_balancing: bool = arg(False, first=True, doc="Whether to weigh the classes by alpha.")
    alpha: float = arg(0.25, first=True, doc="Weight of class 1; class 0 has the rest.")
    gamma: float = arg(2.0, first=True, doc="How much less easy samples count.")
    from_logits: bool = arg(False, first=True, doc="Whether predictions are logits, and not probabilities.")
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, first=True, doc="Share by which 0 and 1 move inwards.")
    axis: int = arg(-1, first=True, doc="Axis over which the mean is taken.")
    name: str | None = arg("binary_focal_crossentropy", after="reduction", doc="Name in the logs.")


class CategoricalFocalCrossentropy(FunctionalLoss):
    """Categorical crossentropy in which easy samples count less.

    Source: Lin, Goyal, Girshick, He and Dollar, "Focal Loss for Dense Object Detection", 2017.
    """

    function = categorical_focal_crossentropy
    alpha: float = arg(0.25, first=True, doc="Weight of the classes.")
    gamma: float = arg(2.0, first=True, doc="How much less easy samples count.")
    from_logits: bool = arg(False, first=True, doc="Whether predictions are logits, and not probabilities.")
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, first=True, doc="Share of the target spread evenly.")
    axis: int = arg(-1, first=True, doc="Where the classes are.")
    name: str | None = arg("categorical_focal_crossentropy", after="reduction", doc="Name in the logs.")


class KLDivergence(FunctionalLoss):
    """How much the predicted distribution differs from the true one."""

    function = kl_divergence
    reduction: Reduction = arg("sum_over_batch_size", first=True, doc="How the samples' numbers become one.")
    name: str | None = arg("kl_divergence", doc="Name in the logs.")

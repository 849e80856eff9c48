"""Crossentropies: how improbable the targets are, as the predictions see it."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, arg
from kerasviz.losses.loss import NAME_DOC, NamedLoss
from kerasviz.losses.reduction import pair, same_rank, tensors
from kerasviz.ops.crossentropies import (
    binary_loss,
    check_label_range,
    labels_of,
    log_probabilities,
    log_probability_of,
    probable,
    yes_or_no,
)
from kerasviz.tensors import convert_to_tensor

LOGITS_DOC = "Whether predictions are scores of any size (True) or probabilities (False)."
SMOOTHING_DOC = "Share of each target that is spread evenly over all classes."
AXIS_DOC = "Axis of the classes."


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Crossentropy of yes-or-no targets, averaged over `axis`."""
    y_true, y_pred = pair(y_true, y_pred)
    values = yes_or_no(smoothed_halves(y_true, label_smoothing), y_pred, from_logits, "none")
    return values.mean(dim=axis) if values.ndim else values


def smoothed_halves(y_true: Tensor, label_smoothing: float) -> Tensor:
    """Targets drawn towards one half."""
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true


def smoothed_classes(y_true: Tensor, label_smoothing: float, axis: int) -> Tensor:
    """Targets drawn towards all classes alike."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """Crossentropy of targets that give each class a probability, such as one-hot ones."""
    y_true, y_pred = tensors(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        hint = "Whole-number labels need SparseCategoricalCrossentropy."
        raise Invalid("categorical_crossentropy", f"targets of shape {tuple(y_pred.shape)}", tuple(y_true.shape), hint)
    y_true = smoothed_classes(y_true, label_smoothing, axis)
    return -(y_true * log_probabilities(y_pred, from_logits, axis)).sum(dim=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Tensor:
    """Crossentropy of targets that are the number of a class.

    Args:
        ignore_class: label of samples that count for nothing; the result's mask tells which.
    """
    y_pred = y_pred if isinstance(y_pred, Tensor) else convert_to_tensor(y_pred)
    labels = labels_of(y_true, y_pred, axis)
    if ignore_class is None:
        return -log_probability_of(labels, y_pred, from_logits, axis)
    valid = labels != ignore_class
    values = -log_probability_of(labels * valid, y_pred, from_logits, axis)
    values = torch.where(valid, values, 0.0)
    values._keras_mask = valid  # type: ignore[attr-defined]
    return values


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
    """Binary crossentropy times (1 - probability of the target)^gamma, averaged over `axis`."""
    settings = apply_class_balancing, alpha, gamma, from_logits, label_smoothing
    return focal_values(*pair(y_true, y_pred), *settings).mean(dim=axis)


def focal_values(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool,
    alpha: float,
    gamma: float,
    from_logits: bool,
    label_smoothing: float,
) -> Tensor:
    """Binary crossentropy times (1 - probability of the target)^gamma, of each value."""
    y_true = smoothed_halves(y_true, label_smoothing)
    if from_logits:
        y_pred = torch.sigmoid(y_pred)
    of_target = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = (1.0 - of_target) ** gamma * yes_or_no(y_true, y_pred, False, "none")
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return values


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Crossentropy times alpha * (1 - probability)^gamma, summed over the classes."""
    y_true, y_pred = tensors(y_true, y_pred)
    y_true = smoothed_classes(y_true, label_smoothing, axis)
    if from_logits:
        y_pred = torch.softmax(y_pred, dim=axis)
    probabilities = probable(y_pred / y_pred.sum(dim=axis, keepdim=True))
    share = convert_to_tensor(alpha, y_pred.dtype).to(y_pred.device) if isinstance(alpha, (list, tuple)) else alpha
    weight = share * (1.0 - probabilities) ** gamma
    return (-weight * y_true * torch.log(probabilities)).sum(dim=axis)


class BinaryCrossentropy(NamedLoss):
    """Crossentropy of yes-or-no targets.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)
    """

    from_logits: bool = arg(False, doc=LOGITS_DOC)
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, doc="How far targets are drawn towards one half.")
    axis: int = arg(-1, doc="Axis over which it is averaged.")
    name: str | None = arg("binary_crossentropy", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        if y_true.shape != y_pred.shape:
            y_true, y_pred = torch.broadcast_tensors(*same_rank(y_true, y_pred))
        if self.label_smoothing:
            y_true = smoothed_halves(y_true, self.label_smoothing)
        if self.from_logits:
            return F.binary_cross_entropy_with_logits(y_pred, y_true)
        return binary_loss(y_true, y_pred, "mean")


class CategoricalCrossentropy(NamedLoss):
    """Crossentropy of targets that give each class a probability, such as one-hot ones.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
        per sample: (batch, *rest)
    """

    from_logits: bool = arg(False, doc=LOGITS_DOC)
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, doc=SMOOTHING_DOC)
    axis: int = arg(-1, doc=AXIS_DOC)
    name: str | None = arg("categorical_crossentropy", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing, self.axis)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        if not self.from_logits or y_pred.ndim != 2 or y_true.shape != y_pred.shape or self.axis not in (1, -1):
            return None
        return F.cross_entropy(y_pred, smoothed_classes(y_true, self.label_smoothing, -1))


class SparseCategoricalCrossentropy(NamedLoss):
    """Crossentropy of targets that are the number of a class.

    Shapes:
        y_true: (batch, *rest) or (batch, *rest, 1)
        y_pred: (batch, *rest, classes)
        per sample: (batch, *rest)
    """

    takes_labels = True

    from_logits: bool = arg(False, doc=LOGITS_DOC)
    ignore_class: int | None = arg(None, doc="Label of samples that count for nothing, such as 255 or -1.")
    axis: int = arg(-1, doc=AXIS_DOC, after="reduction")
    name: str | None = arg("sparse_categorical_crossentropy", doc=NAME_DOC, group="base", after="axis")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits, self.ignore_class, self.axis)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        if self.ignore_class is not None or not self.from_logits or y_pred.ndim != 2 or self.axis not in (1, -1):
            return None
        labels = labels_of(y_true, y_pred, -1)
        try:
            return F.cross_entropy(y_pred, labels)
        except IndexError:  # on the host; a GPU cannot tell
            check_label_range("labels", labels, y_pred.shape[-1])
            raise


class BinaryFocalCrossentropy(NamedLoss):
    """Binary crossentropy that pays less heed to targets already well predicted.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    apply_class_balancing: bool = arg(False, doc="Whether `alpha` weighs the two classes.")
    alpha: float = arg(0.25, at_least=0, at_most=1, doc="Weight of class 1; class 0 has the rest.")
    gamma: float = arg(2.0, at_least=0, doc="How little what is well predicted counts; 0 is plain crossentropy.")
    from_logits: bool = arg(False, doc=LOGITS_DOC)
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, doc="How far targets are drawn towards one half.")
    axis: int = arg(-1, doc="Axis over which it is averaged.")
    name: str | None = arg("binary_focal_crossentropy", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return self._values(*pair(y_true, y_pred)).mean(dim=self.axis)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return self._values(y_true, y_pred).mean() if y_true.shape == y_pred.shape else None

    def _values(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        balance = self.apply_class_balancing, self.alpha, self.gamma
        return focal_values(y_true, y_pred, *balance, self.from_logits, self.label_smoothing)


class CategoricalFocalCrossentropy(NamedLoss):
    """Crossentropy that pays less heed to classes already well predicted.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    alpha: float | list = arg(0.25, doc="Weight of all classes, or of each.")
    gamma: float = arg(2.0, at_least=0, doc="How little what is well predicted counts; 0 is plain crossentropy.")
    from_logits: bool = arg(False, doc=LOGITS_DOC)
    label_smoothing: float = arg(0.0, at_least=0, at_most=1, doc=SMOOTHING_DOC)
    axis: int = arg(-1, doc=AXIS_DOC)
    name: str | None = arg("categorical_focal_crossentropy", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        weights = self.alpha, self.gamma
        return categorical_focal_crossentropy(
            y_true, y_pred, *weights, self.from_logits, self.label_smoothing, self.axis
        )

"""Crossentropies: how improbable the targets are, as the predictions see it. Losses use these too."""

from typing import Any

import torch
from torch import Tensor
from torch._C._nn import hardtanh  # without the wrapper, which takes half as long again
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import settings

MANY = 2048
NO_CLASS = -(2**62)  # torch leaves out labels of -100, if it is not told otherwise


def probable(probabilities: Tensor) -> Tensor:
    """Probabilities kept away from zero and one, so that logarithms are finite."""
    least = settings.epsilon()
    return hardtanh(probabilities, least, 1.0 - least)  # a clamp whose gradient is quicker


def log_probabilities(y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    """The logarithm of each class's probability; probabilities are made to sum to one first."""
    if from_logits:
        return F.log_softmax(y_pred, dim=axis)
    return torch.log(probable(y_pred / y_pred.sum(dim=axis, keepdim=True)))


def yes_or_no(y_true: Tensor, y_pred: Tensor, from_logits: bool, reduction: str) -> Tensor:
    """Crossentropy of each yes-or-no target, reduced as torch reduces."""
    if y_true.shape != y_pred.shape:
        y_true, y_pred = torch.broadcast_tensors(y_true, y_pred)
    if from_logits:
        return F.binary_cross_entropy_with_logits(y_pred, y_true, reduction=reduction)
    return binary_loss(y_true, y_pred, reduction)


def binary_loss(y_true: Tensor, y_pred: Tensor, reduction: str) -> Tensor:
    """Crossentropy of probabilities of yes, of the targets' shape, reduced as torch reduces."""
    least = settings.epsilon()
    y_pred = hardtanh(y_pred, least, 1.0 - least)  # `probable`
    if y_pred.numel() < MANY or y_pred.device.type != "cpu":
        return F.binary_cross_entropy(y_pred, y_true, reduction=reduction)
    values = -torch.lerp(torch.log1p(-y_pred), torch.log(y_pred), y_true)  # torch's kernel takes them one at a time
    return values.mean() if reduction == "mean" else values


def labels_of(y_true: Any, y_pred: Tensor, axis: int) -> Tensor:
    """Targets as whole numbers, without an axis of classes."""
    if not isinstance(y_true, Tensor):
        y_true = tensor(y_true).to(y_pred.device)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true.squeeze(-1)
    labels = y_true if y_true.dtype is torch.int64 else y_true.long()
    wanted = list(y_pred.shape)
    del wanted[axis]
    if list(labels.shape) != wanted:
        hint = "One-hot targets need CategoricalCrossentropy." if labels.shape == y_pred.shape else ""
        raise Invalid("sparse_categorical_crossentropy", f"labels of shape {tuple(wanted)}", tuple(y_true.shape), hint)
    return labels


def log_probability_of(labels: Tensor, y_pred: Tensor, from_logits: bool, axis: int) -> Tensor:
    """The logarithm of the probability of each label."""
    values = F.log_softmax(y_pred, dim=axis) if from_logits else y_pred
    try:
        chosen = values.gather(axis, labels.unsqueeze(axis)).squeeze(axis)
    except RuntimeError:  # on the host; a GPU cannot tell
        check_label_range("labels", labels, values.shape[axis])
        raise
    return chosen if from_logits else torch.log(probable(chosen / y_pred.sum(dim=axis)))


def check_label_range(where: str, labels: Tensor, classes: int) -> None:
    """Labels are whole numbers from 0, below the number of classes. Reads them.

    Raises:
        Invalid: with the label that is not.
    """
    if not labels.numel():
        return
    lowest, highest = (value.item() for value in torch.aminmax(labels))
    expected = f"labels from 0 to {classes - 1}, one for each of the {classes} outputs"
    if not (lowest >= 0 and highest < classes):
        wrong = highest if lowest >= 0 else lowest
        needed = f"The last layer needs {int(highest) + 1} outputs for these labels." if highest >= classes else ""
        starts_elsewhere = lowest < 0 or (lowest == 1 and highest == classes)
        hint = "Labels start at 0." if starts_elsewhere else needed or "Some labels are missing."
        raise Invalid(where, expected, wrong, hint)
    if labels.is_floating_point() and (fraction := labels[labels != labels.round()]).numel():
        raise Invalid(where, expected, fraction[0].item(), "For numbers that are no classes use loss='mse'.")


def _same_shape(target: Tensor, output: Tensor, name: str) -> None:
    if target.shape != output.shape:
        hint = "Whole-number labels need sparse_categorical_crossentropy." if name.startswith("cat") else ""
        raise Invalid(f"ops.{name}", f"targets of shape {tuple(output.shape)}", tuple(target.shape), hint)


@op
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Tensor:
    """Crossentropy of each yes-or-no target.

    Args:
        target: 1 for yes, 0 for no, or between.
        output: probabilities of yes, or scores of any size.
        from_logits: whether `output` is scores.

    Shapes:
        target, output, result: (*rest,)
    """
    output = floating(output)
    target = tensor(target).to(output.dtype)
    _same_shape(target, output, "binary_crossentropy")
    return yes_or_no(target, output, from_logits, "none")


@op
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Crossentropy of targets that give each class a probability, such as one-hot ones.

    Args:
        target: a probability for each class.
        output: probabilities, which are made to sum to one, or scores of any size.
        from_logits: whether `output` is scores.
        axis: of the classes.

    Shapes:
        target, output: (*rest, classes)
        result: (*rest,)
    """
    target, output = tensor(target), floating(output)
    _same_shape(target, output, "categorical_crossentropy")
    return -(target * log_probabilities(output, from_logits, axis)).sum(dim=axis)


@op
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Tensor:
    """Crossentropy of targets that are the number of a class.

    Args:
        target: class numbers, from 0.
        output: probabilities, which are made to sum to one, or scores of any size.
        from_logits: whether `output` is scores.
        axis: of the classes.

    Shapes:
        target: (*rest,) or (*rest, 1)
        output: (*rest, classes)
        result: (*rest,)
    """
    output = floating(output)
    labels = labels_of(target, output, axis)
    if not (from_logits and output.ndim == 2):
        return -log_probability_of(labels, output, from_logits, axis)
    try:  # torch's kernel for both steps
        return F.cross_entropy(output.movedim(axis, 1), labels, reduction="none", ignore_index=NO_CLASS)
    except IndexError:  # on the host; a GPU cannot tell
        check_label_range("labels", labels, output.shape[axis])
        raise


__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]

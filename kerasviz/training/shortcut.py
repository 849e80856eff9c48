"""Losses whose gradient is known, so that the backward pass begins there: crossentropy at the scores, squared error.

The formulas are the derivative of what the losses compute, the clipping included: where a probability is clipped, its
loss is flat. They save the dozen small kernels between scores and loss: a fifth of the step of a small model.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from kerasviz.ops.crossentropies import check_label_range
from kerasviz.tensors import settings

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
SOFTMAX = type(torch.softmax(torch.zeros(1, requires_grad=True), -1).grad_fn)
SIGMOID = type(torch.sigmoid(torch.zeros(1, requires_grad=True)).grad_fn)
LAST_AXIS = (1, 2**64 - 1)  # of two, as autograd keeps it

Formula = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # targets, probabilities -> loss, gradient at the scores


class Shortcut:
    """A loss whose backward pass can begin at the scores.

    Args:
        formula: the loss and its gradient at the scores.
        activation: the autograd node that makes probabilities of scores; None where the loss takes the scores.
        per_row: whether there is one target for each row, and not for each output.
    """

    def __init__(self, formula: Formula, activation: type | None, per_row: bool = False) -> None:
        self.formula = formula
        self.activation = activation
        self.per_row = per_row

    def fits(self, y: Any, y_pred: Any) -> bool:
        """Whether these predictions come straight from the activation, and nobody listens in between."""
        node = y_pred.grad_fn
        comes_straight = self.activation is None or (
            type(node) is self.activation
            and y_pred._backward_hooks is None
            and not y_pred.retains_grad
            and (self.activation is SIGMOID or node._saved_dim in LAST_AXIS)
        )
        return comes_straight and node is not None and self.suits(y, y_pred)

    def suits(self, y: Any, y_pred: Tensor) -> bool:
        """Whether the formula is for targets and predictions of these shapes."""
        return (
            y_pred.ndim == 2
            and y_pred.dtype is torch.float32
            and y.numel() == (len(y_pred) if self.per_row else y_pred.numel())
        )

    def loss_and_gradient(self, y: Any, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        """The formula, with targets as numbers like the predictions where they are no labels."""
        return self.formula(y if self.per_row or y.dtype is y_pred.dtype else y.to(y_pred.dtype), y_pred)

    def backward(self, y: Any, y_pred: Tensor) -> Tensor:
        """Leave gradients on the weights; returns the loss."""
        loss, gradient = self.loss_and_gradient(y, y_pred.detach())
        if self.activation is None:
            y_pred.backward(gradient)
            return loss
        scores: Any = y_pred.grad_fn
        node, index = scores.next_functions[0]
        torch.autograd.backward(GradientEdge(node, index), gradient)
        return loss


def shortcut_for(loss: Any) -> Shortcut | None:
    """The shortcut for a loss; None where there is none."""
    name = type(loss).__name__
    if not type(loss).__module__.startswith("kerasviz.losses"):
        return None
    plain = loss.reduction in MEANS and getattr(loss, "axis", -1) == -1
    plain = plain and getattr(loss, "dtype", None) in (None, "float32") and settings.floatx() == "float32"
    plain = plain and getattr(loss, "ignore_class", None) is None and not getattr(loss, "label_smoothing", 0)
    known = OF_SCORES if getattr(loss, "from_logits", True) else OF_PROBABILITIES
    return known.get(name) if plain else None


def labels_and_softmax(y: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Sparse categorical crossentropy.

    Shapes:
        y: (batch,) or (batch, 1)
        probabilities, gradient: (batch, classes)
    """
    index = (y if y.ndim == 2 else y.unsqueeze(-1)).long()
    try:
        chosen = probabilities.gather(1, index)
    except RuntimeError:  # on the host; a GPU cannot tell
        check_label_range("labels", y, probabilities.shape[1])
        raise
    kept = chosen.clamp(settings.epsilon(), 1 - settings.epsilon())
    weight = (kept == chosen) * (1 / len(y))
    gradient = (probabilities * weight).scatter_add_(1, index, -weight)
    return -kept.log().mean(), gradient


def rows_and_softmax(y: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Categorical crossentropy.

    Shapes:
        y, probabilities, gradient: (batch, classes)
    """
    kept = probabilities.clamp(settings.epsilon(), 1 - settings.epsilon())
    counted = y * (kept == probabilities)
    gradient = (probabilities * counted.sum(-1, keepdim=True)).sub_(counted).mul_(1 / len(y))
    return -(y * kept.log()).sum() / len(y), gradient


def flags_and_sigmoid(y: Tensor, probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Binary crossentropy.

    Shapes:
        y, probabilities, gradient: (batch, outputs)
    """
    y = y.reshape(probabilities.shape)
    kept = probabilities.clamp(settings.epsilon(), 1 - settings.epsilon())
    gradient = (probabilities - y).mul_((kept == probabilities) * (1 / y.numel()))
    return torch.nn.functional.binary_cross_entropy(kept, y), gradient


def labels_and_scores(y: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Sparse categorical crossentropy of logits.

    Shapes:
        y: (batch,) or (batch, 1)
        scores, gradient: (batch, classes)
    """
    index = (y if y.ndim == 2 else y.unsqueeze(-1)).long()
    log_probabilities = scores.log_softmax(-1)
    try:
        chosen = log_probabilities.gather(1, index)
    except RuntimeError:  # on the host; a GPU cannot tell
        check_label_range("labels", y, scores.shape[1])
        raise
    share = 1 / len(y)
    gradient = log_probabilities.exp_().mul_(share)
    return -chosen.mean(), gradient.scatter_add_(1, index, gradient.new_full((), -share).expand_as(index))


def rows_and_scores(y: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Categorical crossentropy of logits.

    Shapes:
        y, scores, gradient: (batch, classes)
    """
    log_probabilities = scores.log_softmax(-1)
    loss = -(y * log_probabilities).sum() / len(y)
    return loss, log_probabilities.exp_().mul_(y.sum(-1, keepdim=True)).sub_(y).mul_(1 / len(y))


def flags_and_scores(y: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Binary crossentropy of logits.

    Shapes:
        y, scores, gradient: (batch, outputs)
    """
    y = y.reshape(scores.shape)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, y)
    return loss, scores.sigmoid().sub_(y).mul_(1 / y.numel())


def numbers(y: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared error.

    Shapes:
        y, y_pred, gradient: (batch, outputs)
    """
    distance = y_pred - y.reshape(y_pred.shape)
    return distance.square().mean(), distance.mul_(2 / distance.numel())


OF_PROBABILITIES = {
    "SparseCategoricalCrossentropy": Shortcut(labels_and_softmax, SOFTMAX, per_row=True),
    "CategoricalCrossentropy": Shortcut(rows_and_softmax, SOFTMAX),
    "BinaryCrossentropy": Shortcut(flags_and_sigmoid, SIGMOID),
}
OF_SCORES = {
    "SparseCategoricalCrossentropy": Shortcut(labels_and_scores, None, per_row=True),
    "CategoricalCrossentropy": Shortcut(rows_and_scores, None),
    "BinaryCrossentropy": Shortcut(flags_and_scores, None),
    "MeanSquaredError": Shortcut(numbers, None),
}
ENDS = {SOFTMAX: "softmax", SIGMOID: "sigmoid"}

Objective = Callable[[Tensor, Any, Any], tuple[Tensor, Tensor]]  # outputs, targets, weights -> loss, gradient


def objective_for(loss_of: Any, ends_with: str | None) -> Objective | None:
    """The loss and its gradient where a descent begins; None where autograd has to see the loss.

    Args:
        loss_of: the loss of the only output.
        ends_with: the activation that makes the outputs, before which the gradient is wanted.
    """
    if not type(loss_of).__module__.startswith("kerasviz.losses") or getattr(loss_of, "fn", None) is not None:
        return None
    shortcut = shortcut_for(loss_of)
    if shortcut is not None and (shortcut.activation is not None) and ENDS[shortcut.activation] != ends_with:
        shortcut = None
    of_outputs = shortcut is not None and shortcut.activation is None

    def objective(y_pred: Tensor, y: Any, weight: Any) -> tuple[Tensor, Tensor]:
        if shortcut is not None and weight is None and shortcut.suits(y, y_pred):
            loss, gradient = shortcut.loss_and_gradient(y, y_pred)
            return loss, through(ends_with, gradient, y_pred) if of_outputs else gradient
        with torch.enable_grad():
            given = y_pred.detach().requires_grad_()
            loss = loss_of(y, given) if weight is None else loss_of(y, given, weight)
            (gradient,) = torch.autograd.grad(loss, given)
        return loss.detach(), through(ends_with, gradient, y_pred)

    return objective


def through(ends_with: str | None, gradient: Tensor, y_pred: Tensor) -> Tensor:
    """The gradient before the activation that made the outputs."""
    if ends_with == "softmax":
        return torch.ops.aten._softmax_backward_data(gradient, y_pred, -1, y_pred.dtype)
    if ends_with == "sigmoid":
        return torch.ops.aten.sigmoid_backward(gradient, y_pred)
    return gradient

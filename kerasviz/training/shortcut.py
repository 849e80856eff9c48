"""Crossentropy after softmax or sigmoid: the gradient at the scores is known, so the backward pass begins there.

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
        activation: the autograd node that makes probabilities of scores.
        per_row: whether there is one target for each row, and not for each output.
    """

    def __init__(self, formula: Formula, activation: type, per_row: bool = False) -> None:
        self.formula = formula
        self.activation = activation
        self.per_row = per_row

    def fits(self, y: Any, y_pred: Any) -> bool:
        """Whether these predictions come straight from the activation, and nobody listens in between."""
        node = y_pred.grad_fn
        return (
            type(node) is self.activation
            and y_pred.ndim == 2
            and y.numel() == (len(y_pred) if self.per_row else y_pred.numel())
            and y_pred.dtype is torch.float32
            and y_pred._backward_hooks is None
            and not y_pred.retains_grad
            and (self.activation is SIGMOID or node._saved_dim in LAST_AXIS)
        )

    def backward(self, y: Any, y_pred: Tensor) -> Tensor:
        """Leave gradients on the weights; returns the loss."""
        loss, gradient = self.formula(y, y_pred.detach())
        scores: Any = y_pred.grad_fn
        node, index = scores.next_functions[0]
        torch.autograd.backward(GradientEdge(node, index), gradient)
        return loss


def shortcut_for(loss: Any) -> Shortcut | None:
    """The shortcut for a loss; None where there is none."""
    name = type(loss).__name__
    if not type(loss).__module__.startswith("kerasviz.losses") or name not in KNOWN:
        return None
    plain = loss.reduction in MEANS and not loss.from_logits and loss.axis == -1
    plain = plain and getattr(loss, "dtype", None) in (None, "float32") and settings.floatx() == "float32"
    plain = plain and getattr(loss, "ignore_class", None) is None and not getattr(loss, "label_smoothing", 0)
    return KNOWN[name] if plain else None


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


KNOWN = {
    "SparseCategoricalCrossentropy": Shortcut(labels_and_softmax, SOFTMAX, per_row=True),
    "CategoricalCrossentropy": Shortcut(rows_and_softmax, SOFTMAX),
    "BinaryCrossentropy": Shortcut(flags_and_sigmoid, SIGMOID),
}

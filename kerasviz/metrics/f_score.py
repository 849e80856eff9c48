"""F scores: precision and recall as one number."""

from typing import Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.losses.reduction import divide_no_nan
from kerasviz.metrics.base import NAME_DOC, NamedMetric, state_dtype
from kerasviz.tensors import Variable, convert_to_tensor

AVERAGE_DOC = "How classes become one: all cases alike, the classes' mean, their mean by size; None for not at all."


class FScore(NamedMetric):
    """Base of the F scores: counts for each class."""

    _direction = "up"

    average: Literal["micro", "macro", "weighted", None] = arg(None, doc=AVERAGE_DOC)
    threshold: float | None = arg(
        None, above=0, at_most=1, doc="What is above it is a yes; None for the highest prediction of each sample."
    )
    beta: float  # declared by the one that lets you choose
    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable  # of the targets: how much there is of each class

    def _build(self, num_classes: int) -> None:
        shape = () if self.average == "micro" else (num_classes,)
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_weight(shape, name=name))

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Shapes:
            y_true, y_pred: (batch, classes); targets are 0 and 1.
            sample_weight: (batch,)
        """
        dtype = state_dtype(self)
        y_pred = convert_to_tensor(y_pred, dtype)
        y_true = convert_to_tensor(y_true, dtype).to(y_pred.device)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            shapes = tuple(y_true.shape), tuple(y_pred.shape)
            hint = "Targets are one-hot; whole-number labels need keras.utils.to_categorical."
            where = f'{type(self).__name__} "{self.name}"'
            raise Invalid(where, "targets and predictions (batch, classes)", shapes, hint)
        if not self._variables:
            self._build(y_pred.shape[-1])
        self.follow(y_pred)
        yes = self._yes(y_pred).to(dtype)
        weight = None if sample_weight is None else convert_to_tensor(sample_weight, dtype).to(y_pred.device)
        if weight is not None and weight.ndim == 1:
            weight = weight.unsqueeze(-1)
        self._add("true_positives", yes * y_true, weight)
        self._add("false_positives", yes * (1 - y_true), weight)
        self._add("false_negatives", (1 - yes) * y_true, weight)
        self._add("intermediate_weights", y_true, weight)

    def _yes(self, y_pred: Tensor) -> Tensor:
        if self.threshold is not None:
            return y_pred > self.threshold
        return (y_pred >= y_pred.amax(dim=-1, keepdim=True)) & (y_pred.abs() > 1e-9)

    def _add(self, name: str, counts: Tensor, weight: Tensor | None) -> None:
        if weight is not None:
            counts = counts * weight
        state = getattr(self, name)
        state.add_(counts.sum() if state.ndim == 0 else counts.sum(dim=0))

    def result(self) -> Tensor:
        """The score so far: one, or one for each class."""
        if not self._variables:
            return torch.zeros((), dtype=state_dtype(self))
        right, false_yes = self.true_positives.detach(), self.false_positives.detach()
        precision = divide_no_nan(right, right + false_yes)
        recall = divide_no_nan(right, right + self.false_negatives.detach())
        square = self.beta**2
        score = divide_no_nan((1 + square) * precision * recall, square * precision + recall)
        if self.average == "weighted":
            sizes = self.intermediate_weights.detach()
            return (score * divide_no_nan(sizes, sizes.sum())).sum()
        return score.mean() if self.average is not None else score


class FBetaScore(FScore):
    """The weighted harmonic mean of precision and recall.

    Shapes:
        y_true, y_pred: (batch, classes); targets are one-hot, or 0 and 1.
        result: (), or (classes,) with average None
    """

    beta: float = arg(1.0, above=0, doc="How much more recall counts than precision.", after="average")
    name: str | None = arg("fbeta_score", doc=NAME_DOC, group="base")


class F1Score(FScore):
    """The harmonic mean of precision and recall.

    Shapes:
        y_true, y_pred: (batch, classes); targets are one-hot, or 0 and 1.
        result: (), or (classes,) with average None
    """

    beta = 1.0

    name: str | None = arg("f1_score", doc=NAME_DOC, group="base")

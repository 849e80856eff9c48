"""Losses of distributions, of counts, of margins, of regions."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import arg
from kerasviz.losses.loss import NAME_DOC, MeanOfErrors, NamedLoss, by_last_axis
from kerasviz.losses.reduction import pair, tensors
from kerasviz.ops.crossentropies import labels_of
from kerasviz.tensors import convert_to_tensor, settings


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """Sum over the last axis of y_true * log(y_true / y_pred)."""
    return divergence(*tensors(y_true, y_pred)).sum(dim=-1)


def divergence(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """y_true * log(y_true / y_pred). torch's own kernel takes four times as long for many numbers."""
    least = settings.epsilon()
    y_true = y_true.clamp(least, 1.0)
    return y_true * torch.log(y_true / y_pred.clamp(least, 1.0))


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of y_pred - y_true * log(y_pred)."""
    y_true, y_pred = pair(y_true, y_pred)
    return by_last_axis(poisson_loss(y_true, y_pred, "none"))


def poisson_loss(y_true: Tensor, y_pred: Tensor, reduction: str) -> Tensor:
    """y_pred - y_true * log(y_pred), reduced as torch reduces."""
    return F.poisson_nll_loss(y_pred, y_true, log_input=False, eps=settings.epsilon(), reduction=reduction)


def signs(y_true: Tensor) -> Tensor:
    """Targets 0 and 1 as -1 and 1; other targets as they are."""
    is_binary = ((y_true == 0) | (y_true == 1)).all()
    return torch.where(is_binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of max(0, 1 - y_true * y_pred); targets are -1 and 1, or 0 and 1."""
    return by_last_axis(shortfall(*pair(y_true, y_pred)))


def shortfall(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """max(0, 1 - y_true * y_pred)."""
    return torch.relu(1.0 - signs(y_true) * y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean over the last axis of max(0, 1 - y_true * y_pred)^2; targets are -1 and 1, or 0 and 1."""
    return by_last_axis(torch.square(shortfall(*pair(y_true, y_pred))))


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """How much the target's score falls short of the best other score plus one."""
    y_true, y_pred = tensors(y_true, y_pred)
    of_target = (y_true * y_pred).sum(dim=-1)
    best_other = ((1.0 - y_true) * y_pred).amax(dim=-1)
    return (best_other - of_target + 1.0).clamp(min=0.0)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """One minus twice the overlap over the sum of both regions. `axis`: over which sums go; None for all."""
    y_true, y_pred = tensors(y_true, y_pred)
    overlap = (y_true * y_pred).sum(dim=axis)
    return 1.0 - 2.0 * overlap / (y_true.sum(dim=axis) + y_pred.sum(dim=axis) + settings.epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Tensor:
    """One minus overlap / (overlap + alpha * what is missed + beta * what is too much), as Keras computes it."""
    y_true, y_pred = tensors(y_true, y_pred)
    overlap, least = (y_true * y_pred).sum(dim=axis), settings.epsilon()
    missed = (y_true * (1.0 - y_pred)).sum(dim=axis)
    too_much = ((1.0 - y_true) * y_pred).sum(dim=axis)
    return 1.0 - overlap / (overlap + missed * alpha + too_much * beta + least)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 - probability of the label^q) / q: between crossentropy (q to 0) and absolute error (q = 1)."""
    y_pred = convert_to_tensor(y_pred)
    labels = labels_of(y_true, y_pred, -1)
    chosen = y_pred.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    possible = chosen > 0
    return (1.0 - torch.where(possible, chosen, 1.0) ** q * possible) / q  # at zero, a gradient of zero for infinity


class KLDivergence(NamedLoss):
    """How far the predicted distribution is from the target distribution.

    Shapes:
        y_true, y_pred: (batch, *rest, probabilities)
        per sample: (batch, *rest)
    """

    name: str | None = arg("kl_divergence", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return kl_divergence(y_true, y_pred)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        flat = y_pred.ndim == 2 and y_true.shape == y_pred.shape
        return divergence(y_true, y_pred).sum() / len(y_true) if flat else None


class Poisson(NamedLoss):
    """For targets that are counts: y_pred - y_true * log(y_pred)."""

    name: str | None = arg("poisson", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return poisson(y_true, y_pred)

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return poisson_loss(y_true, y_pred, "mean") if y_true.shape == y_pred.shape else None


class Hinge(MeanOfErrors):
    """Asks for scores of the target's sign and at least one away from zero."""

    name: str | None = arg("hinge", doc=NAME_DOC, group="base", after="reduction")

    def errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return shortfall(y_true, y_pred)


class SquaredHinge(MeanOfErrors):
    """The square of the hinge: large misses count for much more."""

    name: str | None = arg("squared_hinge", doc=NAME_DOC, group="base", after="reduction")

    def errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return torch.square(shortfall(y_true, y_pred))


class CategoricalHinge(NamedLoss):
    """Asks for the target's score to be at least one above the best other."""

    name: str | None = arg("categorical_hinge", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return categorical_hinge(y_true, y_pred)


class Dice(NamedLoss):
    """One minus the Dice coefficient of two regions: twice their overlap over the sum of their sizes."""

    axis: int | list[int] | None = arg(None, doc="Axes over which sums go; None for all.", after="reduction")
    name: str | None = arg("dice", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return dice(y_true, y_pred, self.axis)


class Tversky(NamedLoss):
    """One minus the Tversky index of two regions: the Dice loss with weights for the two ways to be wrong.

    Source: Salehi, Erdogmus, Gholipour, "Tversky loss function for image segmentation", 2017.
    """

    alpha: float = arg(0.5, at_least=0, doc="Weight of what predictions miss of the target.")
    beta: float = arg(0.5, at_least=0, doc="Weight of what they have beyond it.")
    axis: int | list[int] | None = arg(None, doc="Axes over which sums go; None for all.", after="reduction")
    name: str | None = arg("tversky", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return tversky(y_true, y_pred, self.alpha, self.beta, self.axis)


class CategoricalGeneralizedCrossEntropy(NamedLoss):
    """Crossentropy that forgives wrong labels: between crossentropy (q to 0) and absolute error (q = 1).

    Source: Zhang, Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels", 2018.
    """

    takes_labels = True

    q: float = arg(0.5, above=0, below=1, doc="How much wrong labels are forgiven.")
    name: str | None = arg("categorical_generalized_cross_entropy", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return categorical_generalized_cross_entropy(y_true, y_pred, self.q)

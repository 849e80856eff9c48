"""Losses that compare samples with one another, or sequences of unequal length."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, arg
from kerasviz.losses.loss import NAME_DOC, NamedLoss
from kerasviz.ops.ctc import alignment_loss
from kerasviz.tensors import convert_to_tensor

BLANK = 0  # the label that stands for no label


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Asks for embeddings of one class to be near, of two classes to be far apart; the worst pairs count most.

    Shapes:
        y_true: (batch,) or (batch, 1), class numbers
        y_pred: (batch, features), of length one
        ref_labels, ref_embeddings: (references,), (references, features); the batch itself by default
    """
    y_pred = convert_to_tensor(y_pred)
    labels = convert_to_tensor(y_true).to(y_pred.device).reshape(-1)
    if len(labels) != len(y_pred):
        raise Invalid("circle", f"a class number for each of {len(y_pred)} embeddings", tuple(labels.shape))
    others = y_pred if ref_embeddings is None else convert_to_tensor(ref_embeddings, y_pred.dtype)
    other_labels = labels if ref_labels is None else convert_to_tensor(ref_labels, labels.dtype).reshape(-1)
    similar = (y_pred @ others.t()).clamp(max=1.0)
    is_same = labels.unsqueeze(1) == other_labels.unsqueeze(0)
    is_other = ~is_same
    if remove_diagonal:
        is_same = is_same & ~torch.eye(len(labels), len(other_labels), dtype=torch.bool, device=y_pred.device)
    near = -gamma * (1.0 + margin - similar).clamp(min=0.0) * (similar - (1.0 - margin))
    far = gamma * (similar + margin).clamp(min=0.0) * (similar - margin)
    has_pairs = is_same.any(dim=1) & is_other.any(dim=1)
    values = F.softplus(log_sum(near, is_same, has_pairs) + log_sum(far, is_other, has_pairs))
    values = torch.where(has_pairs, values, 0.0)
    values._keras_mask = values.detach() > 0  # type: ignore[attr-defined]  # a mean is over samples that cost something
    return values


def log_sum(values: Tensor, chosen: Tensor, has_pairs: Tensor) -> Tensor:
    """log(sum(exp(value))) of the chosen values of each row; of all of them where the row does not count."""
    return torch.logsumexp(torch.where(chosen | ~has_pairs.unsqueeze(1), values, -torch.inf), dim=1)


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """How improbable the labels are, over all ways to align them with a longer sequence.

    Shapes:
        y_true: (batch, labels), 0 where a sequence has ended
        y_pred: (batch, time, classes), scores; class 0 is the blank
    """
    y_pred = convert_to_tensor(y_pred)
    labels = convert_to_tensor(y_true).to(y_pred.device).long()
    if y_pred.ndim != 3 or labels.ndim != 2 or len(labels) != len(y_pred):
        got = tuple(labels.shape), tuple(y_pred.shape)
        raise Invalid("ctc", "labels (batch, labels) and scores (batch, time, classes)", got)
    lengths = (labels != BLANK).sum(dim=1)
    times = torch.full((len(y_pred),), y_pred.shape[1], dtype=torch.int64, device=y_pred.device)
    return alignment_loss(labels, y_pred, lengths, times, BLANK)


class Circle(NamedLoss):
    """Asks for embeddings of one class to be near, of two classes to be far apart; the worst pairs count most.

    Shapes:
        y_true: (batch,) or (batch, 1), class numbers
        y_pred: (batch, features), of length one
        per sample: (batch,)

    Source: Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", 2020.
    """

    takes_labels = True

    gamma: float = arg(80.0, at_least=0, doc="How much more the worst pairs count.")
    margin: float = arg(0.4, at_least=0, at_most=1, doc="How far from its ideal a similarity may stay.")
    remove_diagonal: bool = arg(True, doc="Whether a sample is not compared with itself.")
    name: str | None = arg("circle", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        settings = {"gamma": self.gamma, "margin": self.margin, "remove_diagonal": self.remove_diagonal}
        return circle(y_true, y_pred, **settings)


class CTC(NamedLoss):
    """For sequences whose labels are known, but not when each occurs: speech, handwriting.

    Shapes:
        y_true: (batch, labels), 0 where a sequence has ended
        y_pred: (batch, time, classes), scores; class 0 is the blank
        per sample: (batch,)

    Source: Graves et al., "Connectionist Temporal Classification", 2006.
    """

    takes_labels = True

    name: str | None = arg("ctc", doc=NAME_DOC, group="base", after="reduction")

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return ctc(y_true, y_pred)

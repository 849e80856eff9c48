"""How targets and predictions go together: correlations and the explained share of the variance."""

from typing import Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Axis, Invalid, arg
from kerasviz.losses.reduction import pair
from kerasviz.metrics.base import NAME_DOC, NamedMetric, state_dtype
from kerasviz.metrics.mean import MeanMetricWrapper
from kerasviz.tensors import Variable, convert_to_tensor, settings


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Tensor:
    """How linear the relation of targets and predictions is: -1 to 1."""
    y_true, y_pred = pair(y_true, y_pred)
    off_true, off_pred = y_true - y_true.mean(dim=axis, keepdim=True), y_pred - y_pred.mean(dim=axis, keepdim=True)
    spread = torch.sqrt(off_true.square().sum(dim=axis)) * torch.sqrt(off_pred.square().sum(dim=axis))
    return (off_true * off_pred).sum(dim=axis) / spread


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Tensor:
    """How well predictions equal targets: the correlation, less for another mean or spread."""
    y_true, y_pred = pair(y_true, y_pred)
    mean_true, mean_pred = y_true.mean(dim=axis, keepdim=True), y_pred.mean(dim=axis, keepdim=True)
    off_true, off_pred = y_true - mean_true, y_pred - mean_pred
    together = (off_true * off_pred).mean(dim=axis)
    spread = off_true.square().mean(dim=axis) + off_pred.square().mean(dim=axis)
    apart = (mean_true - mean_pred).square().mean(dim=axis)
    return 2.0 * together / (spread + apart + settings.epsilon())


class PearsonCorrelation(MeanMetricWrapper):
    """How linear the relation of targets and predictions is, sample by sample: -1 to 1.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "up"

    name: str | None = arg("pearson_correlation", doc=NAME_DOC, group="base")
    axis: Axis = arg(-1, doc="Axes along which it is taken.", after="dtype")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return pearson_correlation(y_true, y_pred, self.axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """How well predictions equal targets, sample by sample: the correlation, less for another mean or spread.

    Shapes:
        y_true, y_pred: (batch, *rest, values)

    Source: L. I. Lin, "A Concordance Correlation Coefficient to Evaluate Reproducibility", 1989.
    """

    _direction = "up"

    name: str | None = arg("concordance_correlation", doc=NAME_DOC, group="base")
    axis: Axis = arg(-1, doc="Axes along which it is taken.", after="dtype")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return concordance_correlation(y_true, y_pred, self.axis)


class R2Score(NamedMetric):
    """The share of the targets' variance that predictions explain: 1 at best, below 0 where their mean would do better.

    Shapes:
        y_true, y_pred: (batch, outputs)
        result: (), or (outputs,) without aggregation
    """

    _direction = "up"
    counts_in_default_float = True
    squared_sum: Variable
    sum: Variable
    residual: Variable
    count: Variable

    class_aggregation: Literal["uniform_average", "variance_weighted_average", None] = arg(
        "uniform_average", doc="How outputs become one: their mean, their mean by variance; None for not at all."
    )
    num_regressors: int = arg(0, at_least=0, doc="Number of inputs of a linear model, for the adjusted score.")
    name: str | None = arg("r2_score", doc=NAME_DOC, group="base")

    def make_state(self) -> None:
        self.num_samples = self.add_weight(name="num_samples")

    def _build(self, num_outputs: int) -> None:
        for name in ("squared_sum", "sum", "residual", "count"):
            setattr(self, name, self.add_weight((num_outputs,), name=name))

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        dtype = state_dtype(self)
        y_pred = convert_to_tensor(y_pred, dtype)
        y_true = convert_to_tensor(y_true, dtype).to(y_pred.device)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            shapes = tuple(y_true.shape), tuple(y_pred.shape)
            raise Invalid(f'R2Score "{self.name}"', "targets and predictions (batch, outputs)", shapes)
        if len(self._variables) == 1:
            self._build(y_pred.shape[-1])
        self.follow(y_pred)
        weight = None if sample_weight is None else self._weights(sample_weight, y_true)
        weighted = y_true if weight is None else y_true * weight
        residual = torch.square(y_true - y_pred)
        self.sum.add_(weighted.sum(dim=0))
        self.squared_sum.add_((y_true * weighted).sum(dim=0))
        self.residual.add_((residual if weight is None else residual * weight).sum(dim=0))
        self.count.add_(y_true.shape[0] if weight is None else weight.sum(dim=0))
        self.num_samples.add_(y_true.numel())

    def _weights(self, sample_weight: Any, y_true: Tensor) -> Tensor:
        weight = convert_to_tensor(sample_weight, y_true.dtype).to(y_true.device)
        return weight.unsqueeze(-1) if weight.ndim == 1 else weight

    def result(self) -> Tensor:
        """The score so far."""
        if len(self._variables) == 1:
            return torch.zeros((), dtype=state_dtype(self))
        total, residual = self.sum.detach(), self.residual.detach()
        variance = self.squared_sum.detach() - total * (total / self.count.detach())
        scores = 1.0 - residual / variance
        scores = torch.where(torch.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = scores.mean()
        elif self.class_aggregation == "variance_weighted_average":
            scores = (scores * variance).sum() / variance.sum()
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores: Tensor) -> Tensor:
        """The score less what so many inputs explain by chance; as it is where there are too few samples."""
        samples = self.num_samples.detach()
        left = samples - self.num_regressors - 1.0
        adjusted = 1.0 - (1.0 - scores) * (samples - 1.0) / left
        return torch.where(left > 0, adjusted, scores)

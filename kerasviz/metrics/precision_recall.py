"""Counts of right and wrong yeses, and the precision and recall they make."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.declare.kinds import DataKind
from kerasviz.losses.reduction import divide_no_nan
from kerasviz.metrics.base import NAME_DOC
from kerasviz.metrics.confusion import LOWEST, CountingMetric, checked_thresholds

THRESHOLDS_DOC = "What predictions must be above to be a yes: a number, or several for as many results. 0.5 for None."
TOP_K_DOC = "Only the highest predictions of a sample are a yes, so many of them."
CLASS_DOC = "The only class looked at: its place on the last axis."


class ConditionCount(CountingMetric):
    """Base of the metrics that count one sort of case."""

    counted: str = ""

    thresholds: Annotated[Any, DataKind("numbers")] = arg(None, doc=THRESHOLDS_DOC)

    def check(self) -> None:
        given = self.thresholds
        values = checked_thresholds(0.5 if given is None else given, type(self).__name__)
        self.use_thresholds(values, given)
        super().check()

    def make_state(self) -> None:
        self.accumulator = self.add_weight((len(self.thresholds),), name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the cases of a batch."""
        import torch

        with torch.no_grad():
            cases = self.cases(y_true, y_pred, sample_weight)
            self.follow(cases.predicted)
            self.accumulator.add_(self._at.count(cases, [self.counted])[self.counted])

    def result(self) -> Tensor:
        """The count, or one for each threshold."""
        return one_or_all(self.accumulator.detach().clone())


class TruePositives(ConditionCount):
    """How many yeses are right."""

    counted = "true_positives"

    name: str | None = arg(None, doc=NAME_DOC, group="base")


class FalsePositives(ConditionCount):
    """How many yeses are wrong."""

    counted = "false_positives"

    name: str | None = arg(None, doc=NAME_DOC, group="base")


class TrueNegatives(ConditionCount):
    """How many noes are right."""

    counted = "true_negatives"

    name: str | None = arg(None, doc=NAME_DOC, group="base")


class FalseNegatives(ConditionCount):
    """How many noes are wrong."""

    counted = "false_negatives"

    name: str | None = arg(None, doc=NAME_DOC, group="base")


class RightShare(CountingMetric):
    """Base of precision and recall: the right yeses among others."""

    _direction = "up"

    thresholds: Annotated[Any, DataKind("numbers")] = arg(None, doc=THRESHOLDS_DOC)
    top_k: int | None = arg(None, at_least=1, doc=TOP_K_DOC)
    class_id: int | None = arg(None, at_least=0, doc=CLASS_DOC)

    def check(self) -> None:
        given = self.thresholds
        if given is None:
            values = [LOWEST if self.top_k is not None else 0.5]
        else:
            values = checked_thresholds(given, type(self).__name__)
        self.use_thresholds(values, given)
        super().check()

    def make_state(self) -> None:
        self.make_counts()

    def result(self) -> Tensor:
        """The share, or one for each threshold; zero where there is nothing to share."""
        right, other = (getattr(self, name).detach() for name in self.counts)
        return one_or_all(divide_no_nan(right, right + other))


class Precision(RightShare):
    """The share of yeses that are right.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    counts = ("true_positives", "false_positives")

    name: str | None = arg(None, doc=NAME_DOC, group="base")


class Recall(RightShare):
    """The share of true cases that are found.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    counts = ("true_positives", "false_negatives")

    name: str | None = arg(None, doc=NAME_DOC, group="base")


def one_or_all(values: Tensor) -> Tensor:
    """The only value, or all of several."""
    return values[0] if len(values) == 1 else values

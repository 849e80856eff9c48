"""Areas under curves, and the best point of a curve under a condition."""

from typing import Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.losses.reduction import divide_no_nan
from kerasviz.metrics.base import NAME_DOC, state_dtype
from kerasviz.metrics.confusion import Cases, CountingMetric
from kerasviz.metrics.precision_recall import CLASS_DOC
from kerasviz.tensors import convert_to_tensor, settings

MOST_THRESHOLDS = 1_000_000


def inner_thresholds(count: int) -> list[float]:
    """Evenly spaced thresholds between 0 and 1, so many with the two ends.

    Raises:
        Invalid: for more than any curve has.
    """
    if count > MOST_THRESHOLDS:
        raise Invalid("num_thresholds", f"at most {MOST_THRESHOLDS}", count)
    return [(index + 1) / (count - 1) for index in range(count - 2)]


class AUC(CountingMetric):
    """Area under the ROC or precision-recall curve, from counts at many thresholds.

    Shapes:
        y_true, y_pred: (batch, *rest), or (batch, labels)

    Source: Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves", 2006; Flach and Kull,
    "Precision-Recall-Gain Curves: PR Analysis Done Right", 2015.
    """

    _direction = "up"

    num_thresholds: int = arg(200, at_least=2, doc="How many thresholds, evenly spaced; more are more exact.")
    curve: Literal["ROC", "PR", "PRGAIN"] = arg(
        "ROC", doc="Which curve: of rates, of precision and recall, of their gains."
    )
    summation_method: Literal["interpolation", "minoring", "majoring"] = arg(
        "interpolation", doc="Height between two points: in the middle, the lower, the higher."
    )
    name: str | None = arg(None, doc=NAME_DOC, group="base")
    thresholds: list[float] | None = arg(
        None, doc="Thresholds of your own between 0 and 1, instead of evenly spaced ones.", after="dtype", quiet=True
    )
    multi_label: bool = arg(
        False, doc="Whether each label has an area of its own; their mean is the result.", after="thresholds"
    )
    num_labels: int | None = arg(
        None, at_least=1, doc="How many labels; learned from the first batch.", after="multi_label"
    )
    label_weights: list[float] | None = arg(None, doc="A weight for each label.", after="num_labels")
    from_logits: bool = arg(
        False, doc="Whether predictions are scores of any size (True) or probabilities (False).", after="label_weights"
    )

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Names of curves and methods in any case, as Keras takes them."""
        if isinstance(named.get("curve"), str):
            named["curve"] = {"pr": "PR", "roc": "ROC", "prgain": "PRGAIN"}.get(named["curve"].lower(), named["curve"])
        if isinstance(named.get("summation_method"), str):
            named["summation_method"] = named["summation_method"].lower()
        for name in ("thresholds", "label_weights"):
            if named.get(name) is not None and not isinstance(named[name], (list, tuple)):
                named[name] = convert_to_tensor(named[name]).tolist()
        return named

    def check(self) -> None:
        if self.num_labels is not None and not self.multi_label:
            raise Invalid("AUC(num_labels=...)", "None unless multi_label=True", self.num_labels)
        given = None if self.thresholds is None else sorted(self.thresholds)
        if given is not None:
            self.num_thresholds = len(given) + 2
        inner = inner_thresholds(self.num_thresholds) if given is None else given
        self.use_thresholds([-settings.epsilon(), *inner, 1.0 + settings.epsilon()], given)
        super().check()

    def make_state(self) -> None:
        if not self.multi_label:
            self.make_counts()
        elif self.num_labels is not None:
            self.make_counts(self.num_labels)

    def get_config(self) -> dict[str, Any]:
        """The arguments in JSON form; the thresholds where they were given."""
        config = super().get_config()
        if self._given_thresholds is None:
            config.pop("thresholds", None)
        return config

    def cases(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Cases:
        """The cases of a batch; with `multi_label`, by label."""
        cases = Cases(y_true, y_pred, sample_weight, state_dtype(self))
        if self.from_logits:
            cases.predicted = torch.sigmoid(cases.predicted)
        if self.multi_label and cases.predicted.ndim != 2:
            raise Invalid(f'AUC "{self.name}"', "predictions (batch, labels)", tuple(cases.predicted.shape))
        if self.multi_label:
            return cases
        if self.label_weights is not None:
            cases.weigh_labels(self._label_weights(cases.predicted))
        cases.flat()
        return cases

    def _label_weights(self, like: Tensor) -> Tensor:
        return convert_to_tensor(self.label_weights, like.dtype).to(like.device)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if not self._variables:
            self.make_counts(convert_to_tensor(y_pred).shape[-1])
        super().update_state(y_true, y_pred, sample_weight)

    def result(self) -> Tensor:
        """The area so far."""
        if not self._variables:
            return torch.zeros((), dtype=state_dtype(self))
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._points()
        heights = {"interpolation": lambda a, b: (a + b) / 2, "minoring": torch.minimum, "majoring": torch.maximum}
        return self._over_labels(((x[:-1] - x[1:]) * heights[self.summation_method](y[:-1], y[1:])).sum(dim=0))

    def _counted(self) -> list[Tensor]:
        return [getattr(self, name).detach() for name in self.counts]

    def _points(self) -> tuple[Tensor, Tensor]:
        right, false_yes, false_counted, missed = self._counted()
        recall = divide_no_nan(right, right + missed)
        if self.curve == "ROC":
            return divide_no_nan(false_yes, false_yes + false_counted), recall
        precision = divide_no_nan(right, right + false_yes)
        if self.curve == "PR":
            return recall, precision
        odds = divide_no_nan(right + missed, false_yes + false_counted)  # of a yes among all cases
        gain_of_recall = divide_no_nan(right - odds * missed, right).clamp(min=0.0)
        return gain_of_recall, 1.0 - odds * divide_no_nan(false_yes, right)

    def interpolate_pr_auc(self) -> Tensor:
        """The area under the precision-recall curve, right yeses between two thresholds growing as all yeses do.

        With right = slope * all + intercept, precision is right / all, whose integral has a logarithm.
        """
        right, false_yes, _, missed = self._counted()
        yes = right + false_yes
        steps, widths = right[:-1] - right[1:], yes[:-1] - yes[1:]
        slope = divide_no_nan(steps, widths.clamp(min=0.0))
        intercept = right[1:] - slope * yes[1:]
        both = (yes[:-1] > 0) & (yes[1:] > 0)
        ratio = torch.where(both, divide_no_nan(yes[:-1], yes[1:]), 1.0)
        areas = slope * (steps + intercept * torch.log(ratio))
        return self._over_labels(divide_no_nan(areas, right[1:] + missed[1:]).sum(dim=0))

    def _over_labels(self, areas: Tensor) -> Tensor:
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = self._label_weights(areas)
        return divide_no_nan((areas * weights).sum(), weights.sum())


class BestPoint(CountingMetric):
    """Base of the best value of one rate where another is at least a given one."""

    _direction = "up"

    num_thresholds: int = arg(200, at_least=1, doc="How many thresholds are tried, evenly spaced.")
    class_id: int | None = arg(None, at_least=0, doc=CLASS_DOC)

    def check(self) -> None:
        count = self.num_thresholds
        self.use_thresholds([0.5] if count == 1 else [0.0, *inner_thresholds(count), 1.0])
        super().check()

    def make_state(self) -> None:
        self.make_counts()

    def rates(self) -> tuple[Tensor, Tensor, float]:
        """The rate that is wanted, the rate with a condition, and the least it must be."""
        raise NotImplementedError

    def result(self) -> Tensor:
        """The best value so far; zero where no threshold meets the condition."""
        wanted, conditioned, least = self.rates()
        return torch.where(conditioned >= least, wanted, 0.0).amax()

    def _share(self, name: str, others: str) -> Tensor:
        counted = getattr(self, name).detach()
        return divide_no_nan(counted, counted + getattr(self, others).detach())

    def _sensitivity(self) -> Tensor:
        return self._share("true_positives", "false_negatives")

    def _specificity(self) -> Tensor:
        return self._share("true_negatives", "false_positives")

    def _precision(self) -> Tensor:
        return self._share("true_positives", "false_positives")


class SensitivityAtSpecificity(BestPoint):
    """The best share of true cases found, where at least a given share of false cases is recognised."""

    specificity: float = arg(at_least=0, at_most=1, doc="Least share of false cases recognised.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")

    def rates(self) -> tuple[Tensor, Tensor, float]:
        return self._sensitivity(), self._specificity(), self.specificity


class SpecificityAtSensitivity(BestPoint):
    """The best share of false cases recognised, where at least a given share of true cases is found."""

    sensitivity: float = arg(at_least=0, at_most=1, doc="Least share of true cases found.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")

    def rates(self) -> tuple[Tensor, Tensor, float]:
        return self._specificity(), self._sensitivity(), self.sensitivity


class PrecisionAtRecall(BestPoint):
    """The best precision, where recall is at least a given one."""

    recall: float = arg(at_least=0, at_most=1, doc="Least share of true cases found.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")

    def rates(self) -> tuple[Tensor, Tensor, float]:
        return self._precision(), self._sensitivity(), self.recall


class RecallAtPrecision(BestPoint):
    """The best recall, where precision is at least a given one."""

    precision: float = arg(at_least=0, at_most=1, doc="Least share of right yeses.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")

    def rates(self) -> tuple[Tensor, Tensor, float]:
        return self._sensitivity(), self._precision(), self.precision

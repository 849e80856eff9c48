"""Who is right and wrong, and how: counts of true and false positives and negatives at one or more thresholds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.losses.reduction import along_samples, same_rank
from kerasviz.metrics.base import NamedMetric, state_dtype
from kerasviz.tensors import convert_to_tensor

COUNTS: tuple[str, ...] = ("true_positives", "false_positives", "true_negatives", "false_negatives")
SIDES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # of two truths: what is, and what was predicted
    "true_positives": torch.logical_and,
    "false_positives": torch.lt,
    "true_negatives": lambda truth, yes: torch.logical_not(truth | yes),
    "false_negatives": torch.gt,
}
LOWEST = -1e10  # below every prediction: what is not among the best is never above a threshold


class Cases:
    """Targets, predictions and weights of the cases in a batch.

    Args:
        y_true: targets; 0 is no, all else yes.
        y_pred: predictions, of the same shape.
        sample_weight: a factor for each sample, or for each value.
        dtype: what is counted in.

    Shapes:
        truth, predicted, weight: (cases, labels); `weight` may be None.
    """

    def __init__(self, y_true: Any, y_pred: Any, sample_weight: Any, dtype: torch.dtype) -> None:
        y_pred = convert_to_tensor(y_pred)
        y_true = convert_to_tensor(y_true).to(device=y_pred.device)
        self.truth, self.predicted = same_rank(y_true, y_pred.to(dtype))
        if self.truth.shape != self.predicted.shape:
            where, shapes = "y_true", (tuple(self.truth.shape), tuple(self.predicted.shape))
            raise Invalid(where, f"targets in the shape of the predictions, {shapes[1]}", shapes[0])
        self.weight: Tensor | None = None
        if sample_weight is not None:
            weight = convert_to_tensor(sample_weight, dtype).to(y_pred.device)
            self.weight = self._over_values(weight)

    def _over_values(self, weight: Tensor) -> Tensor:
        shape = self.predicted.shape
        if weight.ndim == self.predicted.ndim + 1 and weight.shape[-1] == 1:
            weight = weight.squeeze(-1)
        return along_samples(weight, self.predicted).broadcast_to(shape)

    def yes(self) -> Tensor:
        """Where the truth is yes."""
        return self.truth if self.truth.dtype == torch.bool else self.truth != 0

    def keep_best(self, k: int) -> None:
        """Take all but the `k` highest predictions of each sample for a no."""
        best = self.predicted.topk(min(k, self.predicted.shape[-1]), dim=-1)
        lowest = torch.full_like(self.predicted, LOWEST)
        self.predicted = lowest.scatter(-1, best.indices, best.values)

    def keep_class(self, class_id: int) -> None:
        """Look at one class only."""
        self.truth, self.predicted = self.truth[..., class_id], self.predicted[..., class_id]
        self.weight = None if self.weight is None else self.weight[..., class_id]

    def weigh_labels(self, label_weights: Tensor) -> None:
        """Multiply the weights by those of the labels, on the last axis."""
        one = torch.ones_like(self.predicted) if self.weight is None else self.weight
        self.weight = one * label_weights

    def flat(self) -> None:
        """Forget which label a case belongs to."""
        self.truth, self.predicted = self.truth.reshape(-1), self.predicted.reshape(-1)
        self.weight = None if self.weight is None else self.weight.reshape(-1)


class Thresholds:
    """Thresholds in any order, and how to count at all of them in one pass over the cases.

    Args:
        values: what a prediction must be above to be a yes.
    """

    def __init__(self, values: Sequence[float]) -> None:
        self.values = [float(value) for value in values]
        self.order = np.argsort(self.values, kind="stable")
        self.are_sorted = bool((self.order == np.arange(len(self.values))).all())
        self._tensors: dict[Any, Tensor] = {}

    def _kept(self, name: str, like: Tensor) -> Tensor:
        """The sorted thresholds, or the places of the unsorted ones among them, on a device."""
        key = name, like.device, like.dtype
        if key not in self._tensors:
            places = np.argsort(self.order, kind="stable")
            values = np.sort(self.values)
            with torch.inference_mode(False):
                made = torch.tensor(values, dtype=like.dtype) if name == "values" else torch.tensor(places)
                self._tensors[key] = made.to(like.device)
        return self._tensors[key]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_tensors": {}}

    def num_passed(self, predicted: Tensor) -> Tensor:
        """How many thresholds each prediction is above."""
        return torch.searchsorted(self._kept("values", predicted), predicted.contiguous())

    def count(self, cases: Cases, wanted: Sequence[str]) -> dict[str, Tensor]:
        """The wanted ones of `COUNTS`.

        Shapes:
            each: (thresholds,), or (thresholds, labels) where the cases have an axis of labels.
        """
        if len(self.values) == 1:
            return {name: one.unsqueeze(0) for name, one in self._count_at_one(cases, wanted).items()}
        passed, weight, levels = self.num_passed(cases.predicted), cases.weight, len(self.values) + 1
        if weight is None:
            weight = cases.predicted.new_ones(()).expand(passed.shape)
        places = torch.add(passed, cases.yes(), alpha=levels)  # those of no, then those of yes
        empty = torch.zeros((2 * levels, *weight.shape[1:]), dtype=weight.dtype, device=weight.device)
        sides = empty.scatter_add_(0, places, weight).unflatten(0, (2, levels))
        above, below = sides.flip(1).cumsum(1).flip(1)[:, 1:], sides.cumsum(1)[:, :-1]
        found = (above[1], above[0], below[0], below[1])
        counts = dict(zip(COUNTS, found, strict=True))
        if not self.are_sorted:
            place = self._kept("places", cases.predicted)
            counts = {name: count[place] for name, count in counts.items()}
        return {name: counts[name] for name in wanted}

    def _count_at_one(self, cases: Cases, wanted: Sequence[str]) -> dict[str, Tensor]:
        truth, yes = cases.yes(), cases.predicted > self.values[0]
        counts = {}
        for name in wanted:
            both = SIDES[name](truth, yes)
            weighted = both if cases.weight is None else both * cases.weight
            counts[name] = weighted.sum(dim=0, dtype=cases.predicted.dtype)
        return counts


class CountingMetric(NamedMetric):
    """Base of metrics whose state is counts at thresholds.

    `thresholds` is the list in use after construction; the config has what was given.
    """

    counts_in_default_float = True
    counts: tuple[str, ...] = COUNTS  # its state, in this order
    top_k: int | None = None
    class_id: int | None = None

    def use_thresholds(self, values: Sequence[float], given: Any = None) -> None:
        """Count at `values`; `given` is what the config says."""
        self._given_thresholds = given
        self.thresholds = [float(value) for value in values]
        self._at = Thresholds(self.thresholds)

    def make_counts(self, *labels: int) -> None:
        """Make the state."""
        for name in self.counts:
            setattr(self, name, self.add_weight((len(self.thresholds), *labels), name=name))

    def cases(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Cases:
        """The cases of a batch, as they are counted."""
        cases = Cases(y_true, y_pred, sample_weight, state_dtype(self))
        if self.top_k is not None:
            cases.keep_best(self.top_k)
        if self.class_id is not None:
            cases.keep_class(self.class_id)
        cases.flat()
        return cases

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets: 0 is no, all else yes.
            y_pred: predictions, of the same shape.
            sample_weight: a factor for each sample, or for each value.
        """
        cases = self.cases(y_true, y_pred, sample_weight)
        self.follow(cases.predicted)
        for name, count in self._at.count(cases, self.counts).items():
            getattr(self, name).add_(count)

    def _with_given(self, values: dict[str, Any]) -> dict[str, Any]:
        """Arguments with the thresholds as they were given."""
        return values | {"thresholds": self._given_thresholds} if "thresholds" in type(self).args else values

    def get_config(self) -> dict[str, Any]:
        """The arguments in JSON form; the thresholds as they were given."""
        config = super().get_config()
        given = self._given_thresholds
        if "thresholds" in config:
            config["thresholds"] = list(given) if isinstance(given, (list, tuple)) else given
        return config

    def source(self) -> str:
        """The Python that makes it."""
        import copy

        plain = copy.copy(self)
        plain.__dict__.update(self._with_given({}))
        return NamedMetric.source(plain)


def checked_thresholds(values: Any, where: str) -> list[float]:
    """The thresholds as a list, all between 0 and 1."""
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    wrong = [value for value in values if value is None or not 0 <= value <= 1]
    if wrong or not values:
        raise Invalid(f"{where}(thresholds=...)", "numbers from 0 to 1", wrong or values)
    return values

"""The metrics that `compile` was told, resolved and named as Keras names them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.declare.families import family
from kerasviz.training.outputs import Outputs

BY_SHAPE = {  # what a general name means for yes-or-no, label and one-hot targets
    "accuracy": ("BinaryAccuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy"),
    "crossentropy": ("BinaryCrossentropy", "SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
}
GENERAL = {"accuracy": "accuracy", "acc": "accuracy", "crossentropy": "crossentropy", "ce": "crossentropy"}


def class_for(general: str, y_true: Tensor, y_pred: Tensor) -> str:
    """The metric that "accuracy" or "crossentropy" stands for, by the shapes of targets and predictions."""
    binary, sparse, one_hot = BY_SHAPE[general]
    if y_pred.shape[-1] == 1:
        return binary
    has_labels = y_true.ndim < y_pred.ndim or (y_true.shape[-1] == 1 and y_pred.shape[-1] > 1)
    return sparse if has_labels else one_hot


def resolve_metric(given: Any, y_true: Tensor, y_pred: Tensor) -> Any:
    """A metric object for a name, config, class, object, or function of (y_true, y_pred)."""
    where = "compile(metrics=...)"
    if isinstance(given, str) and given.lower() in GENERAL:
        metric = metric_class(class_for(GENERAL[given.lower()], y_true, y_pred))(name=given)
    else:
        metric = family("metric").get(given, where)
    if not hasattr(metric, "update_state"):
        metric = metric_for(metric, given if isinstance(given, str) else metric.__name__)
    if isinstance(given, str) and metric.name != given:
        metric.name = given  # the logs say what the user wrote
    return metric


def check_metrics(given: Any, where: str) -> None:
    """Resolve names and configs once, so that a wrong one is an error of `compile`.

    Raises:
        Invalid: naming what is no metric.
    """
    if isinstance(given, (list, tuple)):
        for one in given:
            check_metrics(one, where)
    elif isinstance(given, Mapping) and "class_name" not in given:
        check_metrics(list(given.values()), where)
    elif given is not None and not (isinstance(given, str) and given.lower() in GENERAL):
        family("metric").get(given, where)


def metric_class(name: str) -> Any:
    """A metric of ours by its class's name."""
    return family("metric").members()[name]


def metric_for(function: Any, name: str) -> Any:
    """The metric that averages a function: the class of ours that stands for it, else a mean of the user's."""
    from kerasviz.declare import snake_case

    if function.__module__.startswith("kerasviz."):
        for known, member in family("metric").members().items():
            if isinstance(member, type) and snake_case(known) == function.__name__:
                return member(name=name)
    return metric_class("MeanMetricWrapper")(function, name=name)


def is_one_metric(given: Any) -> bool:
    """Whether it is one metric, and not a list or dict of them."""
    return not isinstance(given, (list, tuple)) and not (isinstance(given, Mapping) and "class_name" not in given)


def per_output(given: Any, outputs: Outputs, where: str) -> list[list[Any]]:
    """The metrics of each output, as the user passed them."""
    if given is None:
        return [[] for _ in range(len(outputs))]
    if isinstance(given, str) or not isinstance(given, (list, tuple, Mapping)):
        raise Invalid(where, "a list or dict of metrics", given, f"Write [{given!r}].")
    if isinstance(given, Mapping) and "class_name" not in given:
        lists = outputs.by_name(given, where)
    elif len(outputs) == 1:
        flat = given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
        lists = [flat]
    else:
        lists = outputs.settings(given, where, is_one=lambda value: False)
    return [
        [] if one is None else [one] if is_one_metric(one) else [metric for metric in one if metric is not None]
        for one in lists
    ]


class CompiledMetrics:
    """All metrics of a model, as one.

    Args:
        outputs: the model's outputs.
        metrics: what `compile` was told to measure.
        weighted: what it was told to measure with sample weights.
        targets: a target per output, for the shapes.
        predictions: a prediction per output, for the shapes.
    """

    name = "compile_metrics"

    def __init__(self, outputs: Outputs, metrics: Any, weighted: Any, targets: list, predictions: list) -> None:
        self.outputs = outputs
        self.entries: list[tuple[str, int, Any, bool]] = []  # name in the logs, output, metric, whether weighted
        taken: dict[tuple[int, str], int] = {}
        plain = per_output(metrics, outputs, "compile(metrics=...)")
        weighing = per_output(weighted, outputs, "compile(weighted_metrics=...)")
        for index in range(len(outputs)):
            for ones, is_weighted in ((plain[index], False), (weighing[index], True)):
                for one in ones:
                    self._add(index, resolve_metric(one, targets[index], predictions[index]), is_weighted, taken)

    def _add(self, index: int, metric: Any, is_weighted: bool, taken: dict[tuple[int, str], int]) -> None:
        name = metric.name
        if is_weighted and (index, name) in taken:
            name = f"weighted_{name}"
        count = taken.get((index, name), 0)
        taken[index, name] = count + 1
        name = name if not count else f"{name}_{count}"
        self.entries.append((self.outputs.prefix(index) + name, index, metric, is_weighted))

    @property
    def metrics(self) -> list[Any]:
        """The metric objects."""
        return [metric for _, _, metric, _ in self.entries]

    @property
    def variables(self) -> list[Any]:
        """Their states."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def can_wait(self) -> bool:
        """Whether measuring several batches at once gives the same: so for metrics of ours, unknown for others."""
        return all(is_additive(metric) for metric in self.metrics)

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if not self.entries:
            return
        targets = self.outputs.targets(y_true)
        predictions = self.outputs.predictions(y_pred)
        weights = self.outputs.weights(sample_weight)
        for _, index, metric, is_weighted in self.entries:
            if targets[index] is None:
                continue
            weight = weights[index] if is_weighted else None
            mask = getattr(predictions[index], "_keras_mask", None)
            if mask is not None:
                weight = masked(weight, mask)
            try:
                metric.update_state(targets[index], predictions[index], sample_weight=weight)
            except Invalid as error:
                where = f"{error.where} of metric `{metric.name}`"
                raise Invalid(where, error.expected, error.got, error.hint) from error

    def result(self) -> dict[str, Tensor]:
        """Each metric's value by its name in the logs; metrics that have several give each its own."""
        values: dict[str, Any] = {}
        for name, _, metric, _ in self.entries:
            value = metric.result()
            values.update(value if isinstance(value, Mapping) else {name: value})
        return values

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()


def masked(weight: Tensor | None, mask: Tensor) -> Tensor:
    """The weight, zero where the mask is False."""
    mask = mask.to(torch.get_default_dtype())
    if weight is None:
        return mask
    return weight.reshape(weight.shape + (1,) * max(0, mask.ndim - weight.ndim)) * mask


def is_additive(metric: Any) -> bool:
    """Whether a metric sums over samples, so that batches can be joined before it sees them."""
    if not type(metric).__module__.startswith("kerasviz."):
        return False
    if not getattr(metric, "additive", True):
        return False
    function = getattr(metric, "_fn", None) or getattr(metric, "fn", None)
    return function is None or str(getattr(function, "__module__", "")).startswith("kerasviz.")

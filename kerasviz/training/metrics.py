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
        metric = metric_for(metric, given if isinstance(given, str) else name_of(metric))
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


def name_of(function: Any) -> str:
    """What the logs call a function or loss."""
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return name.strip("<>")  # of a lambda


def metric_for(function: Any, name: str) -> Any:
    """The metric that averages a function: the class of ours that stands for it, else a mean of the user's."""
    from kerasviz.declare import snake_case

    if function.__module__.startswith("kerasviz.") and hasattr(function, "__name__"):
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
    if isinstance(given, Mapping) and "class_name" not in given:
        lists = outputs.in_order(outputs.placed(given, where))
    elif len(outputs) == 1:
        lists = [given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given]
    else:
        lists = outputs.in_order(outputs.placed(given, where))
    return [
        [] if one is None else [one] if is_one_metric(one) else [metric for metric in one if metric is not None]
        for one in lists
    ]


class CompiledMetrics:
    """All metrics of a model, as one; those of each output are known once outputs and targets are.

    Args:
        metrics: what `compile` was told to measure.
        weighted: what it was told to measure with sample weights.

    Attributes:
        entries: name in the logs, place of the output, metric, and whether it is weighted, of each.
    """

    name = "compile_metrics"

    def __init__(self, metrics: Any, weighted: Any) -> None:
        for name, given in (("metrics", metrics), ("weighted_metrics", weighted)):
            where = f"compile({name}=...)"
            if given is not None and (isinstance(given, str) or not isinstance(given, (list, tuple, Mapping))):
                raise Invalid(where, "a list or dict of metrics", given, f"Write [{given!r}].")
            check_metrics(given, where)
        self.given = metrics, weighted
        self.built = False
        self.outputs: Any = None
        self.entries: list[tuple[str, int, Any, bool]] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return any(self.given)

    def match(self, outputs: Outputs, y: Any, y_pred: Any) -> None:
        """Learn which output each metric belongs to, and what "accuracy" means for it, from a batch."""
        targets, predictions = outputs.targets(y), outputs.predictions(y_pred)
        self.outputs, self.built = outputs, True
        taken: dict[str, int] = {}
        for given, name in zip(self.given, ("metrics", "weighted_metrics"), strict=True):
            for place, ones in enumerate(per_output(given, outputs, f"compile({name}=...)")):
                for one in ones:
                    metric = resolve_metric(one, targets[place], predictions[place])
                    self._add(place, metric, name == "weighted_metrics", taken)

    def _add(self, place: int, metric: Any, is_weighted: bool, taken: dict[str, int]) -> None:
        prefix = self.outputs.metric_prefix(place)
        name = prefix + metric.name
        if is_weighted and name in taken:
            name = f"{prefix}weighted_{metric.name}"
        count = taken.get(name, 0)
        taken[name] = count + 1
        self.entries.append((f"{name}_{count}" if count else name, place, metric, is_weighted))

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
    if hasattr(function, "reduction"):
        return False  # a loss is one number for a batch, however large
    return function is None or str(getattr(function, "__module__", "")).startswith("kerasviz.")

"""What callbacks that watch one value share: which way is better, and whether the value will be there."""

import math
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from kerasviz.callbacks.base import Callback, overridden
from kerasviz.declare import Invalid, did_you_mean

RISING = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2_score", "cosine_similarity", "specificity")
FALLING = ("loss", "error", "entropy", "mse", "mae", "mape", "msle", "hinge", "divergence", "poisson", "log_cosh")


class MonitorCallback(Callback):
    """Watches one value of the logs and knows whether it got better."""

    monitor: str
    mode: Literal["auto", "min", "max"]
    min_delta: float = 0
    best: float | None = None

    def direction(self) -> Literal["min", "max"]:
        """Whether less or more is better.

        Raises:
            Invalid: where `mode` is 'auto' and the name does not tell.
        """
        if self.mode == "auto":
            return direction_of(self.monitor, self._model, type(self).__name__)
        return self.mode

    def is_better(self, value: float, than: float | None) -> bool:
        """Whether `value` improves on `than` by more than `min_delta`."""
        direction = self.direction()  # at once: not in the second epoch, should nobody know
        if than is None:
            return not math.isnan(value)
        margin = abs(float(self.min_delta))
        return value + margin < than if direction == "min" else value - margin > than

    def get_monitor_value(self, logs: Mapping[str, Any] | None) -> float | None:
        """The watched value; None, with a warning, where the logs lack it."""
        value = (logs or {}).get(self.monitor)
        if value is None and not self._is_validation_pause():
            text = f"{type(self).__name__} watches `{self.monitor}`, which the logs of this epoch lack"
            warnings.warn(f"{text}. They have: {', '.join(logs or {})}.", stacklevel=2)
        return None if value is None else float(value)

    def _is_validation_pause(self) -> bool:
        """Whether the value is missing only because this epoch has no validation."""
        return self.monitor.startswith("val_") and (self.params or {}).get("validation_freq", 1) != 1

    def needs_monitor(self) -> bool:
        """Whether it cannot work without the value."""
        return True


def direction_of(monitor: str, model: Any = None, where: str = "monitor") -> Literal["min", "max"]:
    """Whether less or more of `monitor` is better, by the metric's own word or by its name."""
    name = monitor.removeprefix("val_")
    for metric in all_metrics(model):
        direction = getattr(metric, "_direction", None)
        if direction and (metric.name == name or name.endswith(f"_{metric.name}")):
            return "max" if direction == "up" else "min"
    if any(word in name for word in FALLING):
        return "min"
    if any(word in name for word in RISING):
        return "max"
    hint = "Pass mode='min' or mode='max'."
    raise Invalid(f"{where}(mode='auto')", "a metric known to rise or to fall", monitor, hint)


def all_metrics(model: Any) -> Iterable[Any]:
    """The model's metrics, those inside collections included."""
    for metric in getattr(model, "metrics", None) or ():
        yield from getattr(metric, "metrics", None) or (metric,)


def check_monitors(
    callbacks: Iterable[Any],
    has_validation: bool,
    names: Iterable[str] | None = None,
    model: Any = None,
    others: Iterable[Any] = (),
) -> None:
    """Reject callbacks that watch a value which this training cannot have, or of which nobody knows what is better.

    Args:
        callbacks: those of the training; one of the user's may add to the logs, then any value may be there.
        has_validation: whether values named `val_...` will be there.
        names: the logs without validation, where they are known before the first batch.
        model: whose metrics say whether more or less is better.
        others: callbacks that take part already.

    Raises:
        Invalid: naming the callback, the value, and what there is.
    """
    callbacks = list(callbacks)
    has_own = any(map(may_add, (*callbacks, *others)))
    known = None if names is None else {*names, "learning_rate"}
    for callback in callbacks:
        if not isinstance(callback, MonitorCallback) or not callback.needs_monitor():
            continue
        if not has_own:
            check_monitor(callback, has_validation, known)
        if known is not None and callback.mode == "auto":
            direction_of(callback.monitor, model, type(callback).__name__)


def may_add(callback: Any) -> bool:
    """Whether it is one of the user's that may add to the logs of an epoch."""
    return not type(callback).__module__.startswith("kerasviz.") and overridden(callback, "on_epoch_end") is not None


def check_monitor(callback: MonitorCallback, has_validation: bool, known: Collection[str] | None) -> None:
    """Reject a callback that watches a value which will not be there."""
    monitor, where = callback.monitor, f"{type(callback).__name__}(monitor=...)"
    if monitor.startswith("val_") and not has_validation:
        hint = f"Pass validation_data or validation_split, or monitor {monitor.removeprefix('val_')!r}."
        raise Invalid(where, "validation data, since it watches a validation value", monitor, hint)
    if known is not None and monitor.removeprefix("val_") not in known:
        raise Invalid(where, f"one of {', '.join(sorted(known))}", monitor, did_you_mean(monitor, known))

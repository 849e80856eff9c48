"""What a run remembers: the series, the history of its epochs, the best values, the markers."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasviz.runs.series import Level, Series


@dataclass(frozen=True)
class Marker:
    """Something that happened and is worth a mark on the curves. `epoch` is a number from 1."""

    kind: str
    text: str
    step: int
    epoch: int
    time: float = field(default_factory=time.time)


class Recorder:
    """Keeps what happens in a training. Only the training thread writes."""

    def __init__(self) -> None:
        self.series: dict[Level, Series] = {"batch": Series(), "epoch": Series(64)}
        self.history: dict[str, list[float]] = {}
        self.epochs: list[int] = []
        self.best: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, float] = {}
        self.markers: list[Marker] = []

    def mark(self, kind: str, text: str, step: int, epoch: int) -> Marker:
        """Add a marker."""
        marker = Marker(kind, text, step, epoch)
        self.markers.append(marker)
        return marker

    def batch(self, step: int, logs: Mapping[str, float], learning_rate: float | None) -> None:
        """The values at a batch."""
        self.logs = {**self.logs, **logs}
        self.series["batch"].append(step, with_rate(logs, learning_rate))

    def epoch(self, number: int, logs: Mapping[str, float], learning_rate: float | None, model: Any = None) -> bool:
        """The values at the end of an epoch. Returns whether it is the best so far."""
        self.logs = dict(logs)
        self.epochs.append(number)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        self.series["epoch"].append(number, with_rate(logs, learning_rate))
        better = [name for name, value in logs.items() if self._improves(name, value, number, model)]
        return self.watched(logs) in better

    def watched(self, logs: Mapping[str, float] | None = None) -> str:
        """The value that decides which epoch is best."""
        return "val_loss" if "val_loss" in (self.logs if logs is None else logs) else "loss"

    def _improves(self, name: str, value: float, number: int, model: Any) -> bool:
        rising = is_rising(name, model)
        if rising is None or math.isnan(value):
            return False
        best = self.best.get(name)
        if best is not None and not (value > best["value"] if rising else value < best["value"]):
            return False
        self.best = {**self.best, name: {"epoch": number, "value": value}}
        return True


def with_rate(logs: Mapping[str, float], learning_rate: float | None) -> dict[str, float]:
    """The values of a point of the curves."""
    return dict(logs) if learning_rate is None else {**logs, "learning_rate": learning_rate}


def is_rising(name: str, model: Any) -> bool | None:
    """Whether more is better; None where nobody knows."""
    from kerasviz.callbacks.monitor import direction_of

    if name == "learning_rate":
        return None
    try:
        return direction_of(name, model) == "max"
    except ValueError:
        return None


def numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """The logs as floats; of several values their mean. Reading them is what costs: tensors come from the device."""
    found = {}
    for name, value in dict(logs or {}).items():
        try:
            found[name] = float(value.mean() if getattr(value, "ndim", 0) else value)
        except (TypeError, ValueError):
            continue  # somebody's note, no number
    return found

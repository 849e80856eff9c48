"""How far a run is, how fast it goes, and when it will be done."""

from __future__ import annotations

import time
from collections import deque
from statistics import median
from typing import Any

RECENT = 50  # steps that the speed is measured over


class Meter:
    """A clock that the training thread touches once a batch.

    Args:
        epochs: epochs of the run.
        batches: batches of an epoch, where that is known before the first.
        batch_size: samples of a batch.
    """

    def __init__(self, epochs: int, batches: int | None = None, batch_size: int | None = None) -> None:
        self.epochs = epochs
        self.batches = batches
        self.batch_size = batch_size
        self.epoch = 0  # number of the current one, from 1
        self.batch = 0  # done in this epoch
        self.step = 0  # done in the run
        self._epoch_open = False
        self._steps: deque[float] = deque(maxlen=RECENT)
        self._validations: deque[float] = deque(maxlen=RECENT)
        self._validation_began = 0.0
        self._last = 0.0
        self._active = 0.0  # seconds of work before the clock last stopped
        self._resumed: float | None = None

    def start(self) -> None:
        """Let the clock run: at the beginning and after a pause."""
        self._resumed = self._last = time.perf_counter()

    def stop(self) -> None:
        """Stop the clock: at a pause and at the end."""
        if self._resumed is not None:
            self._active += time.perf_counter() - self._resumed
            self._resumed = None

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, counted from 0."""
        self.epoch, self.batch, self._epoch_open = epoch + 1, 0, True
        self._last = time.perf_counter()

    def end_batch(self, now: float) -> None:
        """A batch has been learned from."""
        self._steps.append(now - self._last)
        self._last = now
        self.batch += 1
        self.step += 1

    def begin_validation(self) -> None:
        """The epoch's validation begins; its batches are known now."""
        if self.batch:
            self.batches = self.batch
        self._validation_began = time.perf_counter()

    def end_validation(self) -> None:
        """The validation has ended."""
        self._validations.append(time.perf_counter() - self._validation_began)
        self._last = time.perf_counter()

    def end_epoch(self) -> None:
        """An epoch has ended, its validation included."""
        self.batches = self.batch or self.batches
        self._epoch_open = False

    @property
    def elapsed_seconds(self) -> float:
        """Seconds of work; pauses do not count."""
        running = time.perf_counter() - self._resumed if self._resumed is not None else 0.0
        return self._active + running

    @property
    def step_seconds(self) -> float | None:
        """Median of the recent steps."""
        recent = list(self._steps)
        return median(recent) if recent else None

    @property
    def eta_seconds(self) -> float | None:
        """Seconds to the end of the run, validation included; None while that cannot be known."""
        seconds, batches = self.step_seconds, self.batches
        if seconds is None or not batches:
            return None
        later = max(0, self.epochs - self.epoch)
        steps = later * batches + (max(0, batches - self.batch) if self._epoch_open else 0)
        validations = list(self._validations)
        validation = median(validations) * (later + self._epoch_open) if validations else 0.0
        return steps * seconds + validation

    def read(self) -> dict[str, Any]:
        """The figures that the page shows."""
        seconds = self.step_seconds
        speed = self.batch_size / seconds if seconds and self.batch_size else None
        return {
            "elapsed_seconds": self.elapsed_seconds,
            "eta_seconds": self.eta_seconds,
            "samples_per_second": speed,
            "step_ms": None if seconds is None else seconds * 1000,
        }

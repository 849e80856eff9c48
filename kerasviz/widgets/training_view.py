"""The training view: settings, the run and its commands, and the curves as they grow."""

from __future__ import annotations

import traitlets as t

from kerasviz.widgets.base import Widget, request, synced
from kerasviz.widgets.messages import Done, Points
from kerasviz.widgets.records import StopHow

STATES = [
    "idle", "preparing", "running", "validating", "pausing", "paused", "stopping", "stopped", "finished", "failed",
]  # fmt: skip


class TrainingView(Widget):
    """A training as it runs: progress, curves, and the commands that steer it."""

    settings = synced(t.Dict(), "How to train.", record="Settings")
    state = synced(t.Enum(STATES, "idle"), "What the run is doing.", record="RunState")
    epoch = synced(t.Int(0), "Number of the current epoch, from 1; 0 before the first.")
    epochs = synced(t.Int(0), "Number of epochs of the run.")
    batch = synced(t.Int(0), "Batches done in this epoch, or in its validation.")
    batches = synced(t.Int(None, allow_none=True), "Batches of an epoch, where that is known.")
    step = synced(t.Int(0), "Batches done in the whole run.")
    progress = synced(t.Dict(), "How far the run is, and how fast.", record="Progress")
    logs = synced(t.Dict(), "The last values of loss and metrics.", record="Record<string, number>")
    best = synced(t.Dict(), "The best value of each metric and its epoch.", record="Record<string, Best>")
    message = synced(t.Unicode(""), "What the last command did, or why it did nothing.")
    error = synced(t.Dict(None, allow_none=True), "Why the run failed.", record="RunError")

    @request
    def answer_run(self) -> Done:
        """Start training."""

    @request
    def answer_pause(self) -> Done:
        """Wait after this batch."""

    @request
    def answer_resume(self) -> Done:
        """Go on."""

    @request
    def answer_step(self) -> Done:
        """Train on one batch, then wait."""

    @request
    def answer_step_epoch(self) -> Done:
        """Train to the end of the epoch, then wait."""

    @request
    def answer_stop(self, how: StopHow = "now") -> Done:
        """Stop after this batch, after this epoch, or now and with the best weights."""

    @request
    def answer_set_learning_rate(self, value: float) -> Done:
        """Change the learning rate from the next batch on."""

    @request
    def answer_points(self, level: str, first: float, last: float) -> tuple[Points, list[bytes]]:
        """The points between two steps (or epochs), for a closer look. Buffers as in a series message."""

"""The training view: settings, the run and its commands, and the curves as they grow."""

from __future__ import annotations

import math
from typing import Any

import traitlets as t

from kerasviz.declare import Invalid
from kerasviz.runs import Run
from kerasviz.runs.series import thinned
from kerasviz.runs.states import STATES
from kerasviz.runs.stream import Stream, packed
from kerasviz.widgets import settings as how
from kerasviz.widgets.base import Widget, request, synced
from kerasviz.widgets.compiling import CompilingPanel
from kerasviz.widgets.data import Data
from kerasviz.widgets.messages import Done, Points
from kerasviz.widgets.records import StopHow
from kerasviz.widgets.running import Flusher, plain


class TrainingView(CompilingPanel):
    """A training as it runs: progress, curves, and the commands that steer it.

    Args:
        model: the model to train; or a `Run` to look at.
        x: inputs, as `fit` takes them.
        y: targets.
        validation_data: (x, y), or whatever `fit` takes.
    """

    state = synced(t.Enum(STATES, "idle"), "What the run is doing.", record="RunState")
    epoch = synced(t.Int(0), "Number of the current epoch, from 1; 0 before the first.")
    epochs = synced(t.Int(0), "Number of epochs of the run.")
    batch = synced(t.Int(0), "Batches done in this epoch.")
    batches = synced(t.Int(None, allow_none=True), "Batches of an epoch, where that is known.")
    step = synced(t.Int(0), "Batches done in the whole run.")
    progress = synced(t.Dict(), "How far the run is, and how fast.", record="Progress")
    logs = synced(t.Dict(), "The last values of loss and metrics.", record="Record<string, number>")
    best = synced(t.Dict(), "The best value of each metric and its epoch.", record="Record<string, Best>")
    message = synced(t.Unicode(""), "What the last command did, or why it did nothing.")
    error = synced(t.Dict(None, allow_none=True), "Why the run failed.", record="RunError")

    def __init__(
        self, model: Any = None, x: Any = None, y: Any = None, validation_data: Any = None, **traits: Any
    ) -> None:
        self._start_training(Data(x, y, validation_data), None if isinstance(model, Run) else model)
        Widget.__init__(self, **{"view": "training", "settings": how.defaults(self.data), **traits})
        if isinstance(model, Run):
            self.run = model

    def _start_training(self, data: Data, model: Any) -> None:
        self.data = data
        self._given_model = model
        self._stream: Stream | None = None
        self._flusher: Flusher | None = None
        self._markers_sent = 0
        self._start_compiling()

    # Training

    def start(
        self, epochs: int | None = None, batch_size: int | None = None, *, callbacks: Any = None, **options: Any
    ) -> Run:
        """Train in a thread; returns at once.

        Args:
            epochs: by default those of the settings.
            batch_size: by default that of the settings.
            callbacks: further ones, besides those of the panel.
            options: of `fit`, such as `class_weight`.

        Raises:
            Invalid: where model, data or settings do not fit; nothing has been started then.
        """
        given = {"epochs": epochs, "batch_size": batch_size}
        given |= {key: options.pop(key) for key in ("validation_split", "shuffle") if key in options}
        with self._lock:
            if self._is_live():
                raise Invalid("start", "no training under way", self.run.state, "Stop it first.")
            self.settings = {**self.settings, **{key: value for key, value in given.items() if value is not None}}
            self.run = self._make_run(callbacks, options)
            return self.run.start()

    def _step(self, command: str) -> str:
        """Go one step of the run under way; else begin one that waits after its first."""
        with self._lock:
            if self.run is None or self.run.ended:
                self.run = self._make_run(None, {})
        return getattr(self.run, command)()

    def _make_run(self, callbacks: Any, options: dict[str, Any]) -> Run:
        from kerasviz.callbacks import CallbackList, check_monitors

        model, settings = self._training_model(), how.checked(self.settings)
        self._compile(model)
        fit = self._fit_options(model, settings, options)
        events = model.training_events(**fit)  # every check is made here
        batches = self._num_batches(settings, fit)
        validates = fit.get("validation_data") is not None or bool(fit["validation_split"])
        told = {"verbose": 0, "epochs": settings["epochs"], "steps": batches, "do_validation": validates}
        several = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
        listed = CallbackList([*self._callback_objects(), *several], add_history=True, model=model, **told)
        check_monitors(listed, validates, model._log_names(), model)
        return Run(
            model,
            lambda: events,
            callbacks=listed,
            epochs=settings["epochs"],
            batches=batches,
            batch_size=settings["batch_size"],
            calls=self._calls_by_name(),
        )

    def _fit_options(self, model: Any, settings: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        if self.data.x is None:
            raise Invalid("start", "data to train on", None, "Make it with data: Studio(x, y).")
        x, y, validation = self.data.fitting(input_shape(model))
        chosen = {key: settings[key] for key in ("epochs", "batch_size", "validation_split", "shuffle")}
        if validation is not None:
            chosen["validation_split"] = 0.0
        return {"x": x, "y": y, "validation_data": validation, **chosen, **options}

    def _num_batches(self, settings: dict[str, Any], fit: dict[str, Any]) -> int | None:
        if not self.data.is_array:
            return fit.get("steps_per_epoch")
        samples = math.floor(len(self.data.x) * (1 - fit["validation_split"]))
        return fit.get("steps_per_epoch") or math.ceil(samples / settings["batch_size"])

    def _training_model(self) -> Any:
        if self._given_model is None:
            raise Invalid("start", "a model to train", None, "Make it with one: TrainingView(model, x, y).")
        return self._given_model

    def _callback_objects(self) -> list[Any]:
        return []

    def _calls_by_name(self) -> dict[str, str]:
        return {}

    # The run on the page

    @t.validate("run")
    def _check_run(self, proposal: Any) -> Any:
        if proposal.value is not None and not isinstance(proposal.value, Run):
            raise Invalid("run", "a Run or None", proposal.value)
        return proposal.value

    @t.observe("run")
    def _run_set(self, change: Any) -> None:
        with self._lock:
            if self._flusher is not None:
                self._flusher.leave()
            run = change.new
            self._stream = run.stream() if run is not None else None
            self._markers_sent = 0
            self.error = None
            self.flush()
            self._flusher = Flusher(self, run) if run is not None else None

    def flush(self) -> None:
        """Tell the page what is new."""
        super().flush()
        with self._lock:
            run = self.run
            if run is None or self._stream is None:
                return
            frames = list(self._stream.frames())
            with self.hold_sync():
                self._set_progress(run)
            for head, buffers in frames:
                self.send(head, buffers)
            self._send_markers(run)

    def _set_progress(self, run: Run) -> None:
        meter = run.meter
        self.epoch, self.epochs, self.batch, self.batches = meter.epoch, run.epochs, meter.batch, meter.batches
        self.step = meter.step
        self.progress = {name: plain(value) for name, value in run.progress.items()}
        self.logs = {name: plain(value) for name, value in run.logs.items()}
        self.best = run.best
        self.message = run.message
        self.error = run.error
        self.state = run.state

    def _send_markers(self, run: Run) -> None:
        for marker in run.events[self._markers_sent :]:
            where = {"run": run.name, "step": marker.step, "epoch": marker.epoch}
            self.send({"type": "marker", **where, "kind": marker.kind, "text": marker.text})
            self._markers_sent += 1

    def send_past(self) -> None:
        """A view has opened: send the curves so far."""
        super().send_past()
        with self._lock:
            if self.run is not None and self._stream is not None:
                for head, buffers in self._stream.snapshot():
                    self.send(head, buffers)
                self._markers_sent = 0
                self._send_markers(self.run)

    def to_svg(self, theme: str | None = None) -> str:
        """The curves as a drawing."""
        from kerasviz.widgets.curves import curves_svg

        return super().to_svg(theme) if self.run is None else curves_svg(self.run, theme or self.theme)

    def _done(self, message: str) -> Done:
        self.flush()
        self.message = message
        return {"message": message}

    def _known_run(self) -> Run:
        if self.run is None:
            raise Invalid("run", "a training", None, "Start one first.")
        return self.run

    @request
    def answer_run(self) -> Done:
        """Start training."""
        self.start()
        return {"message": "Training is being prepared."}

    @request
    def answer_pause(self) -> Done:
        """Wait after this batch."""
        return self._done(self._known_run().pause())

    @request
    def answer_resume(self) -> Done:
        """Go on."""
        return self._done(self._known_run().resume())

    @request
    def answer_step(self) -> Done:
        """Train on one batch, then wait; begins a run where none is under way."""
        return self._done(self._step("step"))

    @request
    def answer_step_epoch(self) -> Done:
        """Train to the end of the epoch, then wait; begins a run where none is under way."""
        return self._done(self._step("step_epoch"))

    @request
    def answer_stop(self, how: StopHow = "now") -> Done:
        """Stop after this batch, after this epoch, or now and with the best weights."""
        return self._done(self._known_run().stop(how))

    @request
    def answer_set_learning_rate(self, value: float) -> Done:
        """Change the learning rate from the next batch on."""
        self._known_run().learning_rate = value
        return self._done(f"Learning rate {value:g}.")

    @request
    def answer_points(self, level: str, first: float, last: float) -> tuple[Points, list[bytes]]:
        """The points between two steps (or epochs), for a closer look. Buffers as in a series message."""
        series = self._known_run().recorder.series
        if level not in series:
            raise Invalid("points(level=...)", "'batch' or 'epoch'", level)
        columns = thinned(*series[level].between(first, last))  # type: ignore[index]
        return {"names": list(columns[1]), "count": len(columns[0])}, packed(columns)


def input_shape(model: Any) -> tuple[int | None, ...] | None:
    """Of one sample, where the model has one input."""
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != 1:
        return None
    return tuple(inputs[0].shape[1:])

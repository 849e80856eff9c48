"""The training thread of a run: pulls events, notes them, hands them on, and obeys between two of them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from kerasviz.events import EpochBegin, EpochEnd, Event, TestBegin, TestEnd, TrainBatchEnd, TrainBegin, TrainEnd
from kerasviz.runs import failure, states
from kerasviz.runs.control import Control
from kerasviz.runs.keeping import BestWeights, RandomState
from kerasviz.runs.progress import Meter
from kerasviz.runs.recorder import Marker, Recorder, numbers

READ_SECONDS = 0.1  # between two readings of the batch logs


class Worker(Control):
    """Everything that happens in the thread. Commands only leave wishes, which are seen to between two events."""

    def __init__(
        self,
        model: Any,
        events: Callable[[], Iterable[Event]],
        callbacks: Any,
        meter: Meter,
        calls: Mapping[str, str],
        keep_best: bool,
        threads: int | None,
    ) -> None:
        super().__init__()
        self.model = model
        self.callbacks = callbacks
        self.meter = meter
        self.calls = dict(calls)
        self.threads = threads
        self.recorder = Recorder()
        self.exception: BaseException | None = None
        self.error: dict[str, Any] | None = None
        self._events = events
        self._best_weights = BestWeights(model) if keep_best else None
        self._next_read = 0.0
        self._read_step = -1
        self._has_nan = False
        self._pending_rate: float | None = None
        self._handlers: dict[type[Event], tuple[Callable[[Any], Any], ...]] = {}
        self._thread: threading.Thread | None = None

    def note(self, text: str, kind: str = "note") -> Marker:
        """Mark the curves at this step."""
        return self.recorder.mark(kind, text, self.meter.step, self.meter.epoch)

    def _work(self) -> None:
        try:
            self._set_threads()
            self.meter.start()
            with closing(iter_of(self._events())) as events:
                for event in events:
                    self._take(event)
                    if self.attention and not self._obey(event):
                        break
            self._finish()
        except BaseException as error:
            self._fail(error)

    def _set_threads(self) -> None:
        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)

    def _take(self, event: Event) -> None:
        """Note what an event says, and hand it on. A batch costs a few microseconds unless its logs are read."""
        kind = type(event)
        if kind is TrainBatchEnd:
            now = time.perf_counter()
            self.meter.end_batch(now)
            self.callbacks.handle(event)
            if now >= self._next_read or self._until == "batch":
                self._next_read = now + READ_SECONDS
                self._read(event)
        elif kind in BOOKKEEPING:
            BOOKKEEPING[kind](self, event)
        else:
            self.callbacks.handle(event)
        for function in self._handlers.get(kind, ()):
            self._tell(function, event)

    def _read(self, event: Event) -> None:
        self._read_step = self.meter.step
        logs = numbers(event.logs)
        self.recorder.batch(self.meter.step, logs, self._rate())
        self._watch(logs)

    def _watch(self, logs: Mapping[str, float]) -> None:
        """Tell once that a value is not a number."""
        wrong = [name for name, value in logs.items() if not math.isfinite(value)]
        if wrong and not self._has_nan:
            self._has_nan = True
            self.note(f"{wrong[0]} is not a number.", "nan")
            self._say(f"{wrong[0]} is not a number; a smaller learning rate may help.")

    def _tell(self, function: Callable[[Any], Any], event: Event) -> None:
        try:
            function(event)
        except Exception as error:
            self.note(f"{getattr(function, '__name__', 'A listener')} failed: {error}", "error")

    def _on_train_begin(self, event: Event) -> None:
        self._enter_phase("running")
        self.callbacks.handle(event)

    def _on_epoch_begin(self, event: Any) -> None:
        if self._state == "running":
            self._say("")  # what a command did is no news any more
        self.meter.begin_epoch(event.epoch)
        self.callbacks.handle(event)

    def _on_validation_begin(self, event: Event) -> None:
        self.meter.begin_validation()
        self._enter_phase("validating")
        self.callbacks.handle(event)

    def _on_validation_end(self, event: Event) -> None:
        self.callbacks.handle(event)
        self.meter.end_validation()
        self._enter_phase("running")

    def _on_epoch_end(self, event: Any) -> None:
        self.callbacks.handle(event)
        self.meter.end_epoch()
        logs = numbers(event.logs)
        is_best = self.recorder.epoch(event.epoch + 1, logs, self._rate(), self.model)
        name = self.recorder.watched(logs)
        if is_best and self._best_weights is not None:
            self._best_weights.keep(event.epoch + 1)
        if is_best:
            self.note(f"Best {name}: {logs[name]:.4g}", "best")
        self._watch(logs)

    def _on_train_end(self, event: Event) -> None:
        self.callbacks.handle(event)

    def _enter_phase(self, phase: states.State) -> None:
        with self._locked():
            self._phase = phase
            if self._state in ("preparing", "running", "validating"):
                self._enter(phase)

    def _obey(self, event: Event) -> bool:
        """Do what was asked for between two events. Returns whether to go on."""
        with self._locked():
            self.attention = False
        self._do_posted()
        is_step_done = self._is_step_done(event)
        if self._state == "pausing" or is_step_done:
            self._pause(event, is_step_done)
        if self._state != "stopping":
            self.attention = self.attention or self._until is not None
            return True
        self.attention = True
        return self.how == "epoch" and not isinstance(event, (EpochEnd, TrainEnd))

    def _is_step_done(self, event: Event) -> bool:
        waited_for = {"batch": TrainBatchEnd, "epoch": EpochEnd}.get(self._until or "")
        return waited_for is not None and isinstance(event, waited_for)

    def _pause(self, event: Event, is_step_done: bool) -> None:
        if isinstance(event, TrainBatchEnd) and self._read_step != self.meter.step:
            self._read(event)
        random_state = RandomState()
        with self._locked():
            if self._state == "stopping" or not (self._state == "pausing" or is_step_done):
                return  # another command came first
            self._enter("paused")
            self._say("Paused.")
        self.meter.stop()
        if not is_step_done:
            self.note("Paused", "pause")
        while self._wait_paused():
            self._do_posted()
        random_state.restore()
        if self._state != "stopping" and self._until is None:
            self.note("Resumed", "resume")
        self.meter.start()

    def _wait_paused(self) -> bool:
        """Sleep until something is to be done; returns whether the run is still paused."""
        with self._changed:
            while self._state == "paused" and not self._posted:
                self._changed.wait()
            return self._state == "paused"

    def _finish(self) -> None:
        """The events are over, or were left at a stop: end the training properly."""
        self._do_posted()
        if self._state == "stopping" and self.callbacks.in_training:
            self.callbacks.handle(TrainEnd(logs=dict(self.recorder.logs)))
        text = self._restore_best() if self.how == "best" else "Training has been stopped."
        if self._state != "stopping":
            is_early = self.meter.epoch < self.meter.epochs
            where = f"in epoch {self.meter.epoch} of {self.meter.epochs}"
            text = f"Training has ended early, {where}." if is_early else "Training has finished."
        self._end("stopped" if self._state == "stopping" else "finished", text)

    def _restore_best(self) -> str:
        epoch = self._best_weights.restore() if self._best_weights is not None else None
        if epoch is None:
            return "Stopped; no epoch had ended, the weights stay as they are."
        return f"Stopped; the weights of epoch {epoch} are back."

    def _end(self, state: states.State, text: str) -> None:
        self.meter.stop()
        with self._locked():
            stopped = self._state == "stopping"
            state = "stopped" if stopped and state == "finished" else state
            self._enter(state)
            if state == "stopped":
                self.note(text, "stop")
            self._say(text)
        self._do_posted()

    def _fail(self, error: BaseException) -> None:
        self.exception = error
        self.error = failure.described(error, self.calls)
        self.note(str(error) or type(error).__name__, "error")
        self.callbacks.close()
        self._end("failed", f"Training has failed: {error}")

    def _rate(self) -> float | None:
        optimizer = getattr(self.model, "optimizer", None)
        rate = getattr(optimizer, "learning_rate", None)
        return None if rate is None else float(rate)

    def _set_rate(self, value: float) -> None:
        before = self._rate()
        try:
            self.model.optimizer.learning_rate = value
            self.note(f"Learning rate {before:.3g} -> {value:.3g}", "learning_rate")
        except Exception as error:
            self.note(f"The learning rate stays: {error}", "error")
            self._say(str(error))
        self._pending_rate = None

    def _switch(self, callback: Any, on: bool, after: Any = None) -> None:
        """Switch a callback on, in the place of one that it goes on after, or off; training goes on if that fails."""
        present = any(callback is other for other in self.callbacks)
        if on == present:
            return
        name = f"{type(callback).__name__} {'on' if on else 'off'}"
        try:
            if not on:
                self.callbacks.remove(callback)
            else:
                self._check(callback)
                self.callbacks.append(callback) if after is None else self.callbacks.replace(after, callback)
        except Exception as error:
            self.note(f"{name} failed: {error}", "error")
            self._say(str(error))
            raise
        self.note(name, "callback")

    def _check(self, callback: Any) -> None:
        """Refuse a callback that watches what this training does not have; only its thread may ask for metrics."""
        from kerasviz.callbacks.monitor import check_monitors

        names = getattr(self.model, "_log_names", lambda: None)()
        validates = (self.callbacks.params or {}).get("do_validation", True)
        check_monitors([callback], validates, names, self.model, self.callbacks)

    def _is_training_thread(self) -> bool:
        return threading.current_thread() is self._thread


BOOKKEEPING: dict[type[Event], Callable[[Worker, Any], None]] = {
    TrainBegin: Worker._on_train_begin,
    EpochBegin: Worker._on_epoch_begin,
    TestBegin: Worker._on_validation_begin,
    TestEnd: Worker._on_validation_end,
    EpochEnd: Worker._on_epoch_end,
    TrainEnd: Worker._on_train_end,
}


def iter_of(events: Iterable[Event]) -> Any:
    """The events as a generator, which can be closed."""
    return events if hasattr(events, "close") and hasattr(events, "__next__") else generated(events)


def generated(events: Iterable[Event]) -> Iterator[Event]:
    """The events one by one."""
    yield from events

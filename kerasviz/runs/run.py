"""A training that can be paused, steered, watched and stopped while it runs in a thread of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Self

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.events import EpochBegin, EpochEnd, Event, TestBegin, TestEnd, TrainBatchEnd, TrainBegin, TrainEnd
from kerasviz.runs import states
from kerasviz.runs.progress import Meter
from kerasviz.runs.recorder import Marker
from kerasviz.runs.stream import Stream
from kerasviz.runs.theme import Theme
from kerasviz.runs.worker import Worker

EVENTS = {
    event.hook.removeprefix("on_"): event
    for event in (TrainBegin, TrainEnd, EpochBegin, EpochEnd, TestBegin, TestEnd, TrainBatchEnd)
}
ALIASES = {"batch_end": "train_batch_end", "validation_begin": "test_begin", "validation_end": "test_end"}
NUMBERS = itertools.count(1)


class Run(Worker):
    """Owns a training: pulls its events in a thread, hands them to callbacks, and remembers what they say.

    Args:
        model: the compiled model.
        events: makes the events, such as `lambda: model.training_events(x, y, epochs=5)`; called in the thread.
        callbacks: a `CallbackList`, or callbacks.
        epochs: number of epochs, for the progress.
        batches: batches of an epoch, where known.
        batch_size: samples of a batch, where known.
        calls: the call of a document for each layer's name, for errors.
        keep_best: whether the weights of the best epoch are kept, for `stop("best")`.
        threads: of torch, in the training thread; None leaves them.
    """

    def __init__(
        self,
        model: Any,
        events: Callable[[], Iterable[Event]],
        *,
        callbacks: Any = None,
        epochs: int = 1,
        batches: int | None = None,
        batch_size: int | None = None,
        calls: Mapping[str, str] | None = None,
        keep_best: bool = True,
        threads: int | None = None,
    ) -> None:
        self.name = f"run_{next(NUMBERS)}"
        self.epochs = epochs
        meter = Meter(epochs, batches, batch_size)
        super().__init__(model, events, as_list(callbacks, model), meter, calls or {}, keep_best, threads)

    def __repr__(self) -> str:
        """Name, state and place."""
        where = f"epoch {self.meter.epoch}/{self.epochs}, step {self.meter.step}"
        return f"<{type(self).__name__} {self.name}: {self._state}, {where}>"

    # What it says

    @property
    def history(self) -> dict[str, list[float]]:
        """Values by name, one for each finished epoch, as in `History.history`."""
        return {name: list(values) for name, values in self.recorder.history.items()}

    @property
    def events(self) -> list[Marker]:
        """What happened besides: pauses, changes of the learning rate, switched callbacks, the best epoch..."""
        return list(self.recorder.markers)

    @property
    def logs(self) -> dict[str, float]:
        """The last values read."""
        return dict(self.recorder.logs)

    @property
    def best(self) -> dict[str, dict[str, Any]]:
        """The best value of each metric, and the number of its epoch."""
        return dict(self.recorder.best)

    @property
    def epoch(self) -> int:
        """Number of the current epoch, from 1; 0 before the first."""
        return self.meter.epoch

    @property
    def step_count(self) -> int:
        """Batches learned from in the whole run."""
        return self.meter.step

    @property
    def progress(self) -> dict[str, Any]:
        """Elapsed and remaining seconds, samples a second, milliseconds a step, learning rate."""
        return {**self.meter.read(), "learning_rate": self.learning_rate}

    @property
    def learning_rate(self) -> float | None:
        """The optimizer's learning rate; a change works from the next batch on."""
        return self._rate() if self._pending_rate is None else self._pending_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
            raise Invalid("learning_rate", "a number at least 0", value)
        if self.ended or self._state == "idle":
            self.model.optimizer.learning_rate = value
            return
        self._pending_rate = float(value)
        self.post(lambda: self._set_rate(float(value)))
        self._say(f"Learning rate {value:g} from the next batch on.")

    lr = learning_rate

    def figure(self, theme: Theme = "light") -> Any:
        """The curves as a plotly figure, to explore and to keep."""
        from kerasviz.runs.figure import figure

        return figure(self, theme)

    def stream(self) -> Stream:
        """A reader of the curves for a page."""
        return Stream(self.name, self.recorder.series)

    # Listening

    def on(self, event: str, function: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `function(event)` in the training thread at each such event; "state" tells each new state.

        Returns what takes it off again. A function that fails is told of in `events` and does not end the training.
        """
        if event == "state":
            self._listeners.append(function)
            return lambda: self._listeners.remove(function) if function in self._listeners else None
        name = ALIASES.get(event, event)
        if name not in EVENTS:
            known = [*EVENTS, *ALIASES, "state"]
            raise Invalid("run.on(event=...)", f"one of {', '.join(known)}", event, did_you_mean(event, known))
        kind = EVENTS[name]
        self._handlers[kind] = (*self._handlers.get(kind, ()), function)

        def remove() -> None:
            self._handlers[kind] = tuple(f for f in self._handlers[kind] if f is not function)

        return remove

    def add_callback(self, callback: Any, after: Any = None) -> Future:
        """Let a callback take part from the next batch on.

        Args:
            callback: the callback.
            after: one of the same class that was taken off, whose state it goes on with.

        Returns:
            What has the exception, should it be unable to begin; the training goes on without it then.
        """
        return self.post(lambda: self._switch(callback, on=True, after=after))

    def remove_callback(self, callback: Any) -> Future:
        """Let a callback go before the next batch; returns what has the exception, should it be unable to close."""
        return self.post(lambda: self._switch(callback, on=False))

    # Beginning and end

    def start(self) -> Self:
        """Begin to train in a thread; returns at once."""
        with self._locked():
            if not self._command("start"):
                return self
            self._enter("preparing")
            self._say("Training is being prepared.")
            self._thread = threading.Thread(target=self._work, name=f"kerasviz {self.name}", daemon=True)
            self._thread.start()
        return self

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end. Returns whether it has come; a paused run does not end by itself."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self.ended

    def result(self, timeout: float | None = None) -> dict[str, list[float]]:
        """The history, after the end.

        Raises:
            TimeoutError: where the end did not come in time.
            Exception: what went wrong in the training thread.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"{states.SAYS[self._state]}; no result yet.")
        if self.exception is not None:
            raise self.exception
        return self.history


def as_list(callbacks: Any, model: Any) -> Any:
    """A `CallbackList`, as `fit` would make it."""
    from kerasviz.callbacks.lists import CallbackList

    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(callbacks, add_history=True, model=model)

"""Steering a training thread from any other: the states of a run, and the commands that change them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Literal

from kerasviz.declare import Invalid
from kerasviz.runs import states
from kerasviz.runs.states import Command, State

StopHow = Literal["now", "epoch", "best"]
HOWS = ("now", "epoch", "best")
STOPPING = {
    "now": "Stopping after this batch.",
    "epoch": "Stopping at the end of this epoch.",
    "best": "Stopping after this batch; the best weights come back.",
}


class Control:
    """State and commands. Every method may be called from any thread; each command says what it did.

    The training thread looks at `attention` between two events: a plain attribute, free while nobody wants anything.
    """

    def __init__(self) -> None:
        self.attention = False
        self.how: StopHow | None = None
        self.message = ""
        self._changed = threading.Condition(threading.RLock())
        self._state: State = "idle"
        self._phase: State = "preparing"  # what the training thread does, commands aside
        self._until: Literal["batch", "epoch"] | None = None
        self._posted: deque[tuple[Callable[[], Any], Future]] = deque()
        self._listeners: list[Callable[[State], None]] = []
        self._entered: deque[State] = deque()  # states that the listeners have not heard of

    @property
    def state(self) -> State:
        """What the run is doing."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether it is over, in one way or another."""
        return self._state in states.ENDED

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; listeners are told when it is free again, so that they may take locks of their own."""
        with self._changed:
            yield
        while self._entered:
            state = self._entered.popleft()
            for listener in tuple(self._listeners):
                listener(state)

    def _enter(self, state: State) -> None:
        """Change the state; the caller holds the lock."""
        if state == self._state:
            return
        assert state in states.FOLLOWS[self._state], f"{self._state} -> {state}"
        self._state = state
        self._entered.append(state)
        self._changed.notify_all()

    def _command(self, command: Command) -> bool:
        """Whether the command works in this state; the caller holds the lock."""
        if self._state in states.WORKS_IN[command]:
            return True
        self.message = states.refusal(command, self._state)
        return False

    def _say(self, message: str) -> str:
        self.message = message
        return message

    # Commands

    def pause(self) -> str:
        """Wait after this batch, with everything kept: resuming gives the numbers of a run that never paused."""
        with self._locked():
            if not self._command("pause"):
                return self.message
            self._until, self.attention = None, True
            self._enter("pausing")
            return self._say("Pausing after this batch.")

    def resume(self) -> str:
        """Go on."""
        with self._locked():
            if not self._command("resume"):
                return self.message
            self._until = None
            self._enter(self._phase)
            return self._say("Training goes on.")

    def step(self) -> str:
        """Train on one batch, then wait."""
        return self._go("step", "batch", "Training on one batch.")

    def step_epoch(self) -> str:
        """Train to the end of the epoch, then wait."""
        return self._go("step_epoch", "epoch", "Training to the end of the epoch.")

    def _go(self, command: Command, until: Literal["batch", "epoch"], message: str) -> str:
        with self._locked():
            if not self._command(command):
                return self.message
            self._until, self.attention = until, True
            is_new = self._state == "idle"
            if not is_new:
                self._enter(self._phase)
        if is_new:
            self.start()
        return self._say(message)

    def stop(self, how: StopHow = "now", *, restore_best: bool = False) -> str:
        """End the training.

        Args:
            how: "now": after this batch; "epoch": after this epoch; "best": now, and with the best epoch's weights.
            restore_best: the same as `how="best"`.
        """
        how = "best" if restore_best else how
        if how not in HOWS:
            raise Invalid("stop(how=...)", "'now', 'epoch' or 'best'", how)
        with self._locked():
            if not self._command("stop"):
                return self.message
            self.how, self.attention, self._until = how, True, None
            if self._state == "idle":
                self._enter("stopped")
                return self._say("Training was not started.")
            self._enter("stopping")
            return self._say(STOPPING[how])

    def start(self) -> Any:
        """Begin; the run says how."""
        raise NotImplementedError

    # Work for the training thread

    def between_batches(self, function: Callable[[], Any], timeout: float | None = None) -> Any:
        """What `function` returns when called while no batch is being worked on: weights do not change under it.

        Raises:
            TimeoutError: where no batch ended in time.
        """
        return self.post(function).result(timeout)

    def post(self, function: Callable[[], Any]) -> Future:
        """Have `function` called before the next batch; at once where no training thread is at work."""
        future: Future = Future()
        with self._changed:
            if self._state in states.LIVE and not self._is_training_thread():
                self._posted.append((function, future))
                self.attention = True
                self._changed.notify_all()
                return future
        run_into(function, future)
        return future

    def _is_training_thread(self) -> bool:
        return False

    def _do_posted(self) -> None:
        while self._posted:
            run_into(*self._posted.popleft())


def run_into(function: Callable[[], Any], future: Future) -> None:
    """Call a function, and put its result or its exception in a future."""
    try:
        future.set_result(function())
    except Exception as error:
        future.set_exception(error)

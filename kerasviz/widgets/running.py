"""What panels of a training share: the run, and the thread that tells the page about it now and then."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import traitlets as t

from kerasviz.runs import Run
from kerasviz.runs.states import ENDED
from kerasviz.widgets.base import Widget

FRAME_SECONDS = 0.1  # at most ten frames a second: the server drops messages beyond a thousand


class RunPanel(Widget):
    """A panel that looks at a run."""

    run = t.Any(None, allow_none=True, help="The run that the panel shows; a `Run` or None.")

    def flush(self) -> None:
        """Tell the page what is new; called at most ten times a second while the run goes on."""

    def _is_live(self) -> bool:
        return isinstance(self.run, Run) and self.run.state != "idle" and not self.run.ended


class Flusher:
    """Calls a panel's `flush` while a run goes on, and once at its end.

    Args:
        panel: the panel.
        run: the run.
    """

    def __init__(self, panel: RunPanel, run: Run) -> None:
        self.panel, self.run = panel, run
        self._wake = threading.Event()
        self._left = threading.Event()
        self._remove = run.on("state", self._state_changed)
        self.thread = threading.Thread(target=self._work, name=f"kerasviz page of {run.name}", daemon=True)
        self.thread.start()

    def leave(self) -> None:
        """Look at this run no more."""
        self._left.set()
        self._wake.set()

    def _state_changed(self, state: str) -> None:
        if state in ENDED:
            self._left.set()
            self._flush()  # in the training's own thread: whoever waited for its end finds the traits up to date
        self._wake.set()

    def _work(self) -> None:
        while not self._left.is_set():
            begin = time.monotonic()
            self._flush()
            if self.run.ended:
                break
            self._left.wait(max(0.0, FRAME_SECONDS - (time.monotonic() - begin)))  # no two frames closer
            if self.run.state in ("idle", "paused") and not self._wake.is_set():
                self._wake.wait()  # nothing is new before the state changes
            self._wake.clear()
        self._remove()

    def _flush(self) -> None:
        try:
            self.panel.flush()
        except Exception as error:  # a closed page must not end the thread that shows the end of the run
            self.panel.log.warning("%s", error)


def plain(value: Any) -> Any:
    """Numbers that JSON has no word for become null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The progress bar."""

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

from kerasviz.callbacks.base import Callback
from kerasviz.tensors import settings

WIDTH = 20
REFRESH_SECONDS = 0.1


class ProgbarLogger(Callback):
    """Shows how far training has come and how it goes, as Keras does.

    The logs are read at most ten times a second. Where the output is no screen, only finished lines are written.
    """

    def prepare(self) -> None:
        """Nothing is shown yet."""
        self.verbose = 1
        self.epochs: int | None = None
        self.target: int | None = None
        self._in_fit = self._live = False
        self._start = self._shown_at = 0.0
        self._first: int | None = 0  # batch that it saw first; None where that is to come
        self._seen = self._length = 0

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Learn how much there is to do."""
        self.params = params
        self.verbose = params.get("verbose", 1)
        self.epochs = params.get("epochs")
        self.target = params.get("steps")

    def on_train_begin(self, logs: Any = None) -> None:
        """Evaluations are validation now, and have no bar of their own."""
        self._in_fit = True
        if self.joins is not None:  # in the middle of an epoch, it may be
            self._reset((self.params or {}).get("steps"))
            self._first = None

    def on_train_end(self, logs: Any = None) -> None:
        """Evaluations have their own bar again."""
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start a bar."""
        self._reset((self.params or {}).get("steps"))
        if self.verbose and (self.epochs or 0) > 1:
            self._write(f"Epoch {epoch + 1}/{self.epochs}\n")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Show the batch, if it is time."""
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Finish the bar."""
        self._finish(logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Start a bar, outside of `fit`."""
        if not self._in_fit:
            self._reset((self.params or {}).get("steps"))

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Show the batch, outside of `fit`."""
        if not self._in_fit:
            self._advance(batch, logs)

    def on_test_end(self, logs: Any = None) -> None:
        """Finish the bar, outside of `fit`."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        """Start a bar."""
        if not self._in_fit:
            self._reset((self.params or {}).get("steps"))

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Show the batch."""
        if not self._in_fit:
            self._advance(batch, None)

    def on_predict_end(self, logs: Any = None) -> None:
        """Finish the bar."""
        if not self._in_fit:
            self._finish(None)

    def _reset(self, target: int | None) -> None:
        self.target = target
        self._start = time.perf_counter()
        self._shown_at = 0.0
        self._seen = self._length = self._first = 0
        self._live = self.verbose == 1 and settings.switch("interactive_logging") and is_screen(sys.stdout)

    def _advance(self, batch: int, logs: Any) -> None:
        self._seen = batch + 1
        if self._first is None:
            self._first = batch
        if not self._live:
            return
        now = time.perf_counter()
        if now - self._shown_at >= REFRESH_SECONDS:
            self._shown_at = now
            self._show(logs, now - self._start, done=False)

    def _finish(self, logs: Any) -> None:
        if not self.verbose:
            return
        self.target = self._seen  # an epoch may end early, or have no length
        self._show(logs, time.perf_counter() - self._start, done=True)

    def _show(self, logs: Any, seconds: float, done: bool) -> None:
        values = "".join(f" - {name}: {shown(value)}" for name, value in (logs or {}).items())
        per_step = seconds / max(self._seen - (self._first or 0), 1)
        if self.verbose == 2:
            line = f"{self._count()} - {duration(seconds)} - {step_time(per_step)}{values}"
        else:
            left = None if self.target is None else per_step * (self.target - self._seen)
            clock = duration(seconds if done or left is None else left)
            line = f"{self._bar()} {bold(clock)} {step_time(per_step)}{values}"
        padding = " " * (self._length - len(line))
        self._length = len(line)
        self._write(("\r" if self._live else "") + line + padding + ("\n" if done else ""))

    def _count(self) -> str:
        if self.target is None:
            return f"{self._seen:7d}/Unknown"
        return f"{self._seen:{len(str(self.target))}d}/{self.target}"

    def _bar(self) -> str:
        if self.target is None:
            return self._count()
        filled = WIDTH if not self.target else min(WIDTH, WIDTH * self._seen // self.target)
        if not self._live:
            return f"{self._count()} {'━' * filled}"
        return f"{bold(self._count())} \x1b[32m{'━' * filled}\x1b[0m\x1b[37m{'━' * (WIDTH - filled)}\x1b[0m"

    def _write(self, text: str) -> None:
        if not settings.switch("interactive_logging"):
            logging.getLogger("kerasviz").info(text.strip())
            return
        sys.stdout.write(text)
        sys.stdout.flush()


def is_screen(stream: Any) -> bool:
    """Whether a carriage return goes back to the start of the line: in a terminal and in a notebook."""
    return type(stream).__module__.startswith("ipykernel") or bool(getattr(stream, "isatty", bool)())


def bold(text: str) -> str:
    """The text in bold, on a screen."""
    return f"\x1b[1m{text}\x1b[0m" if is_screen(sys.stdout) else text


def shown(value: Any) -> str:
    """A value of the logs, short; of several values their mean."""
    number = float(value.mean() if getattr(value, "ndim", 0) else value)
    return f"{number:.4f}" if abs(number) > 1e-3 else f"{number:.4e}"


def duration(seconds: float) -> str:
    """Seconds as 12s, 3:05 or 1:02:03."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def step_time(seconds: float) -> str:
    """The time of a step, in the unit that suits it."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"

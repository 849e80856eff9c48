"""Progbar: how far a loop has come, and how it goes."""

import sys
import time
from collections.abc import Iterable
from typing import Any

from kerasviz.callbacks.progress import bold, duration, is_screen, step_time
from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_numpy


class Progbar:
    """A line that says how far a loop has come, and the values that it was told.

    Values are shown as means over the steps they stand for; those of `stateful_metrics`, and those that come with the
    last update, as they are.

    Args:
        target: steps in all; None where that is not known.
        width: characters of the bar.
        verbose: 0 shows nothing, 1 a bar, 2 one line at the end.
        interval: seconds between two looks, at least.
        stateful_metrics: names of values to show as they are; the others are averaged.
        stateless_metrics: names of values to average; the others are shown as they are.
        unit_name: what a step is called.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics and stateless_metrics:
            raise Invalid("Progbar(stateless_metrics=...)", "None beside stateful_metrics", list(stateless_metrics))
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = set(stateless_metrics) if stateless_metrics else None
        self._values: dict[str, tuple[float, float]] = {}  # sum, weight
        self._seen = self._length = 0
        self._shown_at = 0.0
        self._start = time.perf_counter()

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Say how far the loop is.

        Args:
            current: steps done.
            values: pairs (name, value).
            finalize: whether this is the last one; by default when `current` reaches the target.
        """
        done = finalize if finalize is not None else self.target is not None and current >= self.target
        weight = max(current - self._seen, 1)
        for name, value in values or ():
            self._take(name, value, weight, done)
        self._seen = current
        now = time.perf_counter()
        if self.verbose == 1 and (done or now - self._shown_at >= self.interval):
            self._shown_at = now
            self._write(self._bar(now - self._start, done), done)
        elif self.verbose == 2 and done and self.target is not None:
            self._write(self._line(now - self._start), done)

    def add(self, n: int, values: Any = None) -> None:
        """Say that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: Any, weight: float, done: bool) -> None:
        number = float(convert_to_numpy(value).mean())
        averaged = (
            name not in self.stateful_metrics if self.stateless_metrics is None else name in self.stateless_metrics
        )
        total, seen = self._values.get(name, (0.0, 0.0)) if averaged and not done else (0.0, 0.0)
        self._values[name] = (total + number * weight, seen + weight)

    def _averages(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in self.stateful_metrics

    def _facts(self) -> str:
        return "".join(f" - {name}: {shown(total / weight)}" for name, (total, weight) in self._values.items())

    def _pace(self, seconds: float) -> str:
        return step_time(seconds / max(self._seen, 1)).replace("/step", f"/{self.unit_name}")

    def _count(self) -> str:
        if self.target is None:
            return f"{self._seen:>7}/Unknown"
        return f"{self._seen:>{len(str(self.target))}}/{self.target}"

    def _line(self, seconds: float) -> str:
        return f"{self._count()} - {duration(seconds)} - {self._pace(seconds)}{self._facts()}"

    def _bar(self, seconds: float, done: bool) -> str:
        parts = [bold(self._count())]
        if self.target is not None:
            filled = min(self.width, self.width * self._seen // max(self.target, 1))
            parts.append(self._drawn(filled))
        left = 0.0 if self.target is None else seconds / max(self._seen, 1) * (self.target - self._seen)
        parts += [bold(duration(seconds if done or self.target is None else left)), self._pace(seconds)]
        return " ".join(parts) + self._facts()

    def _drawn(self, filled: int) -> str:
        if not is_screen(sys.stdout):
            return "━" * filled
        return f"\x1b[32m{'━' * filled}\x1b[0m\x1b[37m{'━' * (self.width - filled)}\x1b[0m"

    def _write(self, line: str, done: bool) -> None:
        padding = " " * (self._length - len(line))
        self._length = len(line)
        start = "\r" if self.verbose == 1 else ""
        sys.stdout.write(f"{start}{line}{padding}" + ("\n" if done else ""))
        sys.stdout.flush()


def shown(number: float) -> str:
    """A value, short: small and negative ones by powers of ten."""
    return f"{number:.4f}" if number > 1e-3 else f"{number:.4e}"

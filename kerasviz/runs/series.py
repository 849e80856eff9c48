"""Columns of numbers that grow while a training runs, and their thinning for a screen."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal

import numpy as np

Level = Literal["batch", "epoch"]
Columns = tuple[np.ndarray, dict[str, np.ndarray]]
LIMIT = 4000  # points of a series on the page


class Series:
    """Values by name over one x that grows. One thread appends, others read.

    A name that comes later has NaN before its first value.

    Args:
        capacity: points that fit before the buffers grow.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._lock = threading.Lock()
        self._x = np.empty(capacity, np.float64)
        self._columns: dict[str, np.ndarray] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many points there are."""
        return self._count

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order in which they came."""
        return tuple(self._columns)

    def append(self, x: float, values: Mapping[str, float]) -> None:
        """Add a point."""
        with self._lock:
            if self._count == len(self._x):
                self._grow()
            index = self._count
            self._x[index] = x
            for name, column in self._columns.items():
                column[index] = values.get(name, np.nan)
            for name in values:
                if name not in self._columns:
                    self._columns[name] = np.full(len(self._x), np.nan)
                    self._columns[name][index] = values[name]
            self._count = index + 1

    def _grow(self) -> None:
        self._x = np.concatenate([self._x, np.empty_like(self._x)])
        self._columns = {name: np.concatenate([c, np.full_like(c, np.nan)]) for name, c in self._columns.items()}

    def read(self, begin: int = 0, end: int | None = None) -> Columns:
        """A copy of the points from `begin` to `end`."""
        with self._lock:
            part = slice(begin, self._count if end is None else min(end, self._count))
            return self._x[part].copy(), {name: column[part].copy() for name, column in self._columns.items()}

    def between(self, first: float, last: float) -> Columns:
        """The points whose x lies between `first` and `last`, both included."""
        with self._lock:
            x = self._x[: self._count]
            begin, end = int(np.searchsorted(x, first, "left")), int(np.searchsorted(x, last, "right"))
        return self.read(begin, end)


def thinned(x: np.ndarray, columns: Mapping[str, np.ndarray], limit: int = LIMIT) -> Columns:
    """At most `limit` points that look the same: each stretch keeps its lowest and highest point of every column.

    First and last point stay too. NaN and infinities are kept where they begin.
    """
    if len(x) <= limit or not columns:
        return x, dict(columns)
    stretches = max(1, (limit - 2) // (4 * len(columns)))
    edges = np.linspace(0, len(x), stretches + 1).astype(int)
    kept = {0, len(x) - 1}
    for column in columns.values():
        kept.update(extremes(column, edges))
    index = np.fromiter(sorted(kept), int)
    return x[index], {name: column[index] for name, column in columns.items()}


def extremes(column: np.ndarray, edges: np.ndarray) -> Iterable[int]:
    """Where the stretches between `edges` have their lowest and highest value, and their first odd ones."""
    finite = np.isfinite(column)
    low, high = np.where(finite, column, np.inf), np.where(finite, column, -np.inf)
    for begin, end in pairwise(edges):
        yield begin + int(low[begin:end].argmin())
        yield begin + int(high[begin:end].argmax())
        if not finite[begin:end].all():
            yield begin + int((~finite[begin:end]).argmax())
            yield begin + int(finite[begin:end].argmax())

"""The curves of a run as numbered frames of binary columns, for a page that reads now and then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasviz.runs.series import LIMIT, Columns, Level, Series, thinned

Frame = tuple[dict[str, Any], list[bytes]]


class Stream:
    """One reader of a run's series: what is new since it last looked, thinned to what a screen can show.

    Args:
        run: the identity that frames carry.
        series: the series of each level.
        limit: points of a level on the page; beyond them a thinned whole is sent anew.
    """

    def __init__(self, run: str, series: dict[Level, Series], limit: int = LIMIT) -> None:
        self.run = run
        self.series = series
        self.limit = limit
        self.sequence = 0
        self._seen: dict[Level, int] = dict.fromkeys(series, 0)
        self._shown: dict[Level, int] = dict.fromkeys(series, 0)
        self._names: dict[Level, tuple[str, ...]] = dict.fromkeys(series, ())

    def frames(self) -> Iterator[Frame]:
        """What is new. A level with new names, or with too many points by now, comes whole."""
        for level, series in self.series.items():
            new = len(series) - self._seen[level]
            if new <= 0:
                continue
            whole = series.names != self._names[level] or self._shown[level] + new > self.limit
            yield self._whole(level) if whole else self._new(level)

    def snapshot(self) -> Iterator[Frame]:
        """Everything up to now, for a view that opens late."""
        for level, series in self.series.items():
            if len(series):
                yield self._whole(level)

    def _new(self, level: Level) -> Frame:
        columns = self.series[level].read(self._seen[level])
        self._seen[level] += len(columns[0])
        self._shown[level] += len(columns[0])
        return self._frame(level, columns, reset=False)

    def _whole(self, level: Level) -> Frame:
        x, columns = self.series[level].read()
        self._seen[level] = len(x)
        self._names[level] = tuple(columns)
        # half the limit, so that a growing series is not thinned again at each frame
        shown = thinned(x, columns, self.limit if len(x) <= self.limit else self.limit // 2)
        self._shown[level] = len(shown[0])
        return self._frame(level, shown, reset=True)

    def _frame(self, level: Level, columns: Columns, reset: bool) -> Frame:
        self.sequence += 1
        head = {"type": "series", "run": self.run, "sequence": self.sequence, "reset": reset, "level": level}
        return {**head, "names": list(columns[1]), "count": len(columns[0])}, packed(columns)


def packed(columns: Columns) -> list[bytes]:
    """The buffers of a frame: x as float64, then each column as float32."""
    x, values = columns
    return [x.astype("<f8").tobytes(), *(values[name].astype(np.float32).tobytes() for name in values)]

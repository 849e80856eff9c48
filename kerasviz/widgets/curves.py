"""The curves of a training as a still picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasviz.runs import Run
from kerasviz.runs.figure import families, step_of
from kerasviz.runs.series import thinned
from kerasviz.widgets.svg import box, drawing, text

WIDTH, HEIGHT, GAP = 380, 230, 16
POINTS = 400
Curve = tuple[str, str, np.ndarray, np.ndarray, int, bool]  # name, label, x, y, colour, dashed


def curves_svg(run: Run, theme: str = "auto", title: str = "") -> str:
    """The curves as a drawing: a chart for the loss and one for each metric, two in a row."""
    parts, width, height = curves_parts(run, title)
    return drawing(parts, width, height, title or "Curves of a training", theme)


def curves_parts(run: Run, title: str = "") -> tuple[list[str], float, float]:
    """What the drawing consists of, and its size."""
    names = [name for name in families([*run.history, *run.logs]) if name != "learning_rate"][:4]
    columns = min(2, max(1, len(names)))
    rows = math.ceil(len(names) / columns)
    width, height = columns * (WIDTH + GAP) + GAP, 40 + max(rows, 0) * (HEIGHT + GAP) + 8
    parts = [box(0, 0, width, height, "surface", 12), text(16, 25, title or heading(run), "quiet", 12)]
    for index, name in enumerate(names):
        x, y = GAP + index % columns * (WIDTH + GAP), 40 + index // columns * (HEIGHT + GAP)
        parts.append(f'<g transform="translate({x},{y})">{chart(run, name)}</g>')
    return parts, width, height


def heading(run: Run) -> str:
    """Where the run is."""
    state = {"finished": "Training has finished", "failed": "Training has failed"}.get(
        run.state, f"Training: {run.state}"
    )
    return f"{state} · epoch {run.epoch} of {run.epochs} · {run.meter.elapsed_seconds:.1f} s"


def curves_of(run: Run, name: str) -> list[Curve]:
    """The curves of a chart."""
    found: list[Curve] = []
    x, columns = run.recorder.series["batch"].read()
    if name in columns:
        x, columns = thinned(x, {name: columns[name]}, POINTS)
        found.append((name, "batches", x, columns[name], 0, False))
    x, columns = run.recorder.series["epoch"].read()
    ends = np.array([step_of(run, int(number)) for number in x], float)
    for place, (key, label) in enumerate(((name, "training"), (f"val_{name}", "validation"))):
        if key in columns:
            found.append((key, label, ends, columns[key], place, bool(place)))
    return found


def chart(run: Run, name: str) -> str:
    """A chart: axes, curves, and what they end at."""
    curves = curves_of(run, name)
    values = np.concatenate([y[np.isfinite(y)] for _, _, _, y, _, _ in curves]) if curves else np.zeros(0)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    last = max((float(x[-1]) for _, _, x, _, _, _ in curves if len(x)), default=1.0)
    frame = Frame(0.0, max(last, 1.0), low, high)
    parts = [box(0, 0, WIDTH, HEIGHT, "card", 8), text(14, 22, name.replace("_", " ").capitalize(), "text", 13, BOLD)]
    parts += frame.axes()
    parts += [frame.line(curve) for curve in curves]
    parts += legend(curves)
    return "".join(parts)


BOLD = ' font-weight="600"'


class Frame:
    """The plane of a chart: from values to places."""

    left, top, right, bottom = 48.0, 36.0, WIDTH - 14.0, HEIGHT - 30.0

    def __init__(self, first: float, last: float, low: float, high: float) -> None:
        room = (high - low) * 0.06 or max(abs(high), 1e-6) * 0.1
        self.first, self.last, self.low, self.high = first, last, low - room, high + room

    def x(self, value: Any) -> Any:
        """Where a step is."""
        return self.left + (value - self.first) / (self.last - self.first) * (self.right - self.left)

    def y(self, value: Any) -> Any:
        """Where a value is."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)

    def axes(self) -> list[str]:
        """Lines and numbers."""
        parts = []
        for tick in ticks(self.low, self.high):
            y = self.y(tick)
            parts.append(f'<path d="M{self.left},{y:.1f}H{self.right}" class="grid"/>')
            parts.append(text(self.left - 6, y + 3.5, f"{tick:.4g}", "quiet", 10, ' text-anchor="end"'))
        parts.append(f'<path d="M{self.left},{self.bottom}H{self.right}" class="axis"/>')
        for tick in ticks(self.first, self.last):
            content = text(self.x(tick), self.bottom + 15, f"{tick:.5g}", "quiet", 10, ' text-anchor="middle"')
            parts.append(content)
        return parts

    def line(self, curve: Curve) -> str:
        """A curve; it has gaps where there is no number."""
        _, label, x, y, colour, dashed = curve
        good = np.isfinite(y)
        xs, ys = self.x(x), self.y(np.where(good, y, 0))
        path, pen = "", "M"
        for u, v, is_good in zip(xs, ys, good, strict=True):
            path += f"{pen}{u:.1f},{v:.1f}" if is_good else ""
            pen = "L" if is_good else "M"
        faint = label == "batches"
        look = ' stroke-opacity="0.4" stroke-width="1.2"' if faint else ' stroke-width="2"'
        dots = (
            ""
            if faint
            else "".join(
                f'<circle cx="{u:.1f}" cy="{v:.1f}" r="2.6" class="d{colour}"/>'
                for u, v in zip(xs[good], ys[good], strict=True)
            )
        )
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        return f'<path d="{path}" class="s{colour}" fill="none" stroke-linejoin="round"{look}{dash}/>{dots}'


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers between two values."""
    step = (high - low) / count
    power = 10.0 ** math.floor(math.log10(step))
    step = min((f * power for f in (1, 2, 2.5, 5, 10) if f * power >= step * 0.99), default=step)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def legend(curves: list[Curve]) -> list[str]:
    """What the curves are and where they end."""
    parts, x = [], WIDTH - 14.0
    for _, label, _, y, colour, dashed in reversed(curves):
        finite = y[np.isfinite(y)]
        if label == "batches" or not len(finite):
            continue
        content = f"{label} {finite[-1]:.4g}"
        parts.append(text(x, 22, content, "quiet", 11, ' text-anchor="end"'))
        x -= len(content) * 6.1 + 6
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        parts.append(f'<path d="M{x - 18:.1f},18h18" class="s{colour}" stroke-width="2"{dash}/>')
        x -= 32
    return parts

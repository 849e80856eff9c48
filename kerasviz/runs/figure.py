"""The curves of a run as a plotly figure: a chart for each metric, training and validation together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasviz.declare import Invalid
from kerasviz.runs.series import thinned
from kerasviz.runs.theme import COLOURS, SERIES, Theme, template

if TYPE_CHECKING:
    from kerasviz.runs.run import Run


def families(names: Iterable[str]) -> list[str]:
    """The charts: loss first, then the metrics; `x` and `val_x` share one; the learning rate comes last."""
    bases = dict.fromkeys(name.removeprefix("val_") for name in names)
    return sorted(bases, key=lambda name: (name == "learning_rate", name != "loss", list(bases).index(name)))


def figure(run: Run, theme: Theme = "light") -> Any:
    """A chart for each metric over the steps; the values of epochs are points at their end."""
    from plotly.subplots import make_subplots

    if theme not in COLOURS:
        raise Invalid("figure(theme=...)", "'light' or 'dark'", theme)
    batch, epoch = run.recorder.series["batch"], run.recorder.series["epoch"]
    charts = families([*epoch.names, *batch.names]) or ["loss"]
    made = make_subplots(
        len(charts), 1, shared_xaxes=True, vertical_spacing=0.06, subplot_titles=[title(name) for name in charts]
    )
    for row, name in enumerate(charts, 1):
        add_chart(made, run, name, row, theme)
    made.update_layout(template=template(theme), height=120 + 210 * len(charts))
    made.update_annotations(font_size=13, x=0, xanchor="left")
    made.update_xaxes(title_text="step", row=len(charts), col=1)
    return made


def title(name: str) -> str:
    """The name as a heading."""
    return name.replace("_", " ").capitalize()


def add_chart(made: Any, run: Run, name: str, row: int, theme: Theme) -> None:
    """The curves of one metric, and a star at its best epoch."""
    import plotly.graph_objects as go

    colours = SERIES[theme]
    x, columns = run.recorder.series["batch"].read()
    if name in columns:
        x, columns = thinned(x, {name: columns[name]})
        line = {"color": colours[0], "width": 1.2}
        made.add_trace(line_of(go, "batches", x, columns[name], line, row, 0.45), row=row, col=1)
    per_epoch = {} if name == "learning_rate" else steps_of_epochs(run)
    for key, label, colour, dash in (
        (name, "training", colours[0], "solid"),
        (f"val_{name}", "validation", colours[1], "dash"),
    ):
        if key in per_epoch:
            line = {"color": colour, "width": 2, "dash": dash}
            made.add_trace(line_of(go, label, *per_epoch[key], line, row, 1.0, points=True), row=row, col=1)
        if key in run.best and key.startswith("val_"):
            made.add_trace(star(go, run, key, colour), row=row, col=1)


def star(go: Any, run: Run, key: str, colour: str) -> Any:
    """A star at the best epoch."""
    best = run.best[key]
    look = {"symbol": "star", "size": 12, "color": colour}
    text = f"best: epoch {best['epoch']}"
    place = {"x": [step_of(run, best["epoch"])], "y": [best["value"]]}
    return go.Scatter(**place, mode="markers", marker=look, name=text, showlegend=False)


def line_of(go: Any, label: str, x: Any, y: Any, line: dict, row: int, opacity: float, points: bool = False) -> Any:
    """A curve."""
    mode = "lines+markers" if points else "lines"
    return go.Scatter(
        x=x, y=y, mode=mode, name=label, line=line, opacity=opacity, legendgroup=label, showlegend=row == 1
    )


def steps_of_epochs(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The values of each epoch over the step at its end."""
    x, columns = run.recorder.series["epoch"].read()
    ends = np.array([step_of(run, int(number)) for number in x])
    return {name: (ends[np.isfinite(column)], column[np.isfinite(column)]) for name, column in columns.items()}


def step_of(run: Run, epoch: int) -> int:
    """The step at the end of an epoch."""
    return (epoch - (run.recorder.epochs[0] if run.recorder.epochs else 1) + 1) * (run.meter.batches or 1)

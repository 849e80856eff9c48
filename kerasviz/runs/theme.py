"""The look of our figures: one plotly template, light and dark, and the colours of the curves."""

from __future__ import annotations

from typing import Any, Literal

Theme = Literal["light", "dark"]
SERIES = {
    "light": ("#2563c9", "#d2601a", "#0f8a6d", "#9333ea", "#b7791f", "#be185d"),
    "dark": ("#6ba4ff", "#ff9a57", "#4fd1ae", "#c79bff", "#e8bd5b", "#ff8fc0"),
}
COLOURS = {
    "light": {"paper": "#ffffff", "text": "#1f2430", "quiet": "#667085", "grid": "#e6e8ee", "line": "#c9ced8"},
    "dark": {"paper": "#16181d", "text": "#e7e9ee", "quiet": "#9aa3b2", "grid": "#2a2e37", "line": "#414754"},
}
FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def template(theme: Theme = "light") -> Any:
    """The plotly template."""
    import plotly.graph_objects as go

    c = COLOURS[theme]
    axis = {
        "gridcolor": c["grid"],
        "linecolor": c["line"],
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": c["line"],
        "tickfont": {"color": c["quiet"], "size": 11},
        "title": {"font": {"color": c["quiet"], "size": 12}, "standoff": 8},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "colorway": list(SERIES[theme]),
            "font": {"family": FONT, "size": 12, "color": c["text"]},
            "title": {"font": {"size": 15}, "x": 0, "xref": "paper"},
            "paper_bgcolor": c["paper"],
            "plot_bgcolor": c["paper"],
            "xaxis": axis,
            "yaxis": axis,
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": c["paper"], "bordercolor": c["line"], "font": {"color": c["text"]}},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"},
            "margin": {"l": 56, "r": 20, "t": 56, "b": 44},
        }
    )

"""Drawings that stand alone: text in, SVG out, in light, dark or the reader's own colours."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

from kerasviz.runs.theme import COLOURS, FONT, SERIES

CODE = "ui-monospace, 'SF Mono', Menlo, Consolas, monospace"
FAMILIES = {  # colour of each category of layers, light and dark, as in js/src/theme.css
    "input": ("#566579", "#a3b3c9"),
    "core": ("#2f6fdb", "#6ba4ff"),
    "convolution": ("#7548cf", "#b394ff"),
    "pooling": ("#0b827d", "#4fcac3"),
    "recurrent": ("#b93a83", "#f08cc4"),
    "attention": ("#9a6a00", "#e6b84f"),
    "normalization": ("#4d7d1f", "#9bd06a"),
    "regularization": ("#bf5620", "#f59b66"),
    "activation": ("#1b7fa8", "#66c5ea"),
    "reshaping": ("#7b6751", "#cbb59b"),
    "merging": ("#4450a8", "#98a4ff"),
    "preprocessing": ("#3f7a5f", "#7fd0ab"),
    "other": ("#6b6b6b", "#b0b0b0"),
}
SURFACES = {"light": ("#f7f8fa", "#ffffff", "#eef1f6", "#c0362c"), "dark": ("#111317", "#1d2026", "#2a2e37", "#ff8f85")}


class Picture:
    """A drawing as an ordinary output of a cell: it stays when the notebook is closed."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_mimebundle_(self, **options: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/html": image(self.svg), "text/plain": "<a drawing>"}

    def save(self, path: str) -> None:
        """Write it to a file."""
        from pathlib import Path

        Path(path).write_text(self.svg, encoding="utf-8")


def image(svg: str, alt: str = "The last state of a kerasviz panel") -> str:
    """The drawing as an HTML image, which sanitizers leave alone."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'


def rules(theme: str) -> str:
    """The style sheet of a theme."""
    c = COLOURS[theme]  # type: ignore[index]
    surface, card, chip, wrong = SURFACES[theme]
    index = ("light", "dark").index(theme)
    lines = [
        f".surface{{fill:{surface}}}.card{{fill:{card};stroke:{c['line']}}}.chip{{fill:{chip}}}",
        f".text{{fill:{c['text']}}}.quiet{{fill:{c['quiet']}}}.edge{{stroke:{c['quiet']}}}.tip{{fill:{c['quiet']}}}",
        f".grid{{stroke:{c['grid']}}}.axis{{stroke:{c['line']}}}.wrong{{stroke:{wrong}}}.alarm{{fill:{wrong}}}",
        f".on{{fill:{card}}}",
    ]
    lines += [f".f-{name}{{fill:{both[index]}}}.i-{name}{{stroke:{both[index]}}}" for name, both in FAMILIES.items()]
    lines += [f".s{place}{{stroke:{colour}}}.d{place}{{fill:{colour}}}" for place, colour in enumerate(SERIES[theme])]  # type: ignore[index]
    return "".join(lines)


def sheet(theme: str) -> str:
    """The style of a drawing; `auto` follows what the reader prefers."""
    if theme in COLOURS:
        return rules(theme)
    return f"{rules('light')}@media(prefers-color-scheme:dark){{{rules('dark')}}}"


def drawing(parts: Iterable[str], width: float, height: float, label: str, theme: str) -> str:
    """A whole drawing."""
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}" font-size="12">'
    return "".join([head, f"<title>{escape(label)}</title><style>{sheet(theme)}</style>", *parts, "</svg>"])


def box(x: float, y: float, width: float, height: float, look: str, radius: float = 8, more: str = "") -> str:
    """A rounded rectangle."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} rx="{radius}" class="{look}"{more}/>'


def text(x: float, y: float, content: str, look: str = "text", size: float = 12, more: str = "") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{look}" font-size="{size}"{more}>{escape(content)}</text>'


def width_of(content: str, size: float = 12, code: bool = False) -> float:
    """About how wide a text is."""
    return len(content) * size * (0.61 if code else 0.55)


def shortened(content: str, width: float, size: float = 12) -> str:
    """The text, cut where it would not fit."""
    room = int(width / (size * 0.55))
    return content if len(content) <= room else content[: max(1, room - 1)].rstrip() + "…"


def chip(x: float, y: float, content: str, size: float = 10.5) -> str:
    """A shape or a count on a small rounded ground, centred at x, y."""
    width = width_of(content, size, code=True) + 12
    middle = f' text-anchor="middle" font-family="{CODE}"'
    ground = box(x - width / 2, y - 9, width, 18, "chip", 9)
    return ground + text(x, y + 3.6, content, "quiet", size, middle)


def number(value: float) -> str:
    """A count, short."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{value / (limit if unit != 'k' else 1e3):.3g}{unit}"
    return f"{value:,.0f}"


def empty(name: str, theme: str) -> str:
    """A drawing of nothing yet."""
    middle = ' text-anchor="middle"'
    parts = [
        box(0, 0, 480, 96, "surface", 12),
        text(240, 44, name, "text", 14, middle + ' font-weight="600"'),
        text(240, 66, "Nothing to show yet.", "quiet", 12, middle),
    ]
    return drawing(parts, 480, 96, name, theme)

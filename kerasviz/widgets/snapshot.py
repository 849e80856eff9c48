"""A model as a still picture: the graph as it is drawn in the editor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasviz.document.document import Document
from kerasviz.document.layout import layout
from kerasviz.document.placing import NODE_HEIGHT, NODE_WIDTH
from kerasviz.widgets.svg import box, chip, drawing, number, shortened, text

MARGIN = 32
TIMES = "\u00d7"
PLAIN = ("filters", "kernel_size", "units", "rate", "pool_size", "num_heads", "key_dim", "input_dim", "output_dim")
Place = tuple[float, float]


def graph_svg(
    document: Document, analysis: Mapping[str, Any], theme: str = "auto", direction: str = "down", title: str = ""
) -> str:
    """The graph as a drawing.

    Args:
        document: what is drawn, where it stands; without places it is laid out.
        analysis: shapes, counts and problems of its calls.
        theme: light, dark, or auto for the reader's own.
        direction: of the flow.
        title: said above; by default the number of parameters.
    """
    parts, width, height = graph_parts(document, analysis, direction, title)
    return drawing(parts, width, height, title or "A model as a graph of layers", theme)


def graph_parts(
    document: Document, analysis: Mapping[str, Any], direction: str = "down", title: str = ""
) -> tuple[list[str], float, float]:
    """What the drawing consists of, and its size."""
    places = placed(document, direction)
    if not places:
        return empty_parts(), 480, 120
    left, top = min(x for x, _ in places.values()) - MARGIN, min(y for _, y in places.values()) - MARGIN - 28
    moved = {call: (x - left, y - top) for call, (x, y) in places.items()}
    lanes = [lane_of(moved, source[0], call, direction) or 0.0 for call, source in wires(document)]
    width = max(x for x, _ in moved.values()) + NODE_WIDTH + MARGIN
    height = max(y for _, y in moved.values()) + NODE_HEIGHT + MARGIN + 28
    if direction == "right":
        height = max([height, *(lane + 28 for lane in lanes)])
    else:
        width = max([width, *(lane + 56 for lane in lanes)])
    calls = analysis.get("calls", {})
    parts = [box(0, 0, width, height, "surface", 12), text(16, 24, title or heading(document, analysis), "quiet", 12)]
    drawn = [edge(document, moved, calls, call, source, direction) for call, source in wires(document)]
    parts += [line for line, _ in drawn]
    parts += [node(document, call, moved[call], calls.get(call) or {}) for call in document.calls]
    parts += [label for _, label in drawn]
    parts += [ending(moved[call], calls.get(call) or {}, direction) for call in document.sinks]
    return parts, width, height


def placed(document: Document, direction: str) -> dict[str, Place]:
    """Where every call stands."""
    known = document.positions
    if not all(call in known for call in document.calls):
        known = {**layout(document, direction)}
    return {call: (known[call][0], known[call][1]) for call in document.calls if call in known}


def empty_parts() -> list[str]:
    """What an empty canvas says."""
    middle = ' text-anchor="middle"'
    return [
        box(0, 0, 480, 120, "surface", 12),
        text(240, 56, "An empty canvas", "text", 14, middle + ' font-weight="600"'),
        text(240, 78, "Add a layer to begin.", "quiet", 12, middle),
    ]


def heading(document: Document, analysis: Mapping[str, Any]) -> str:
    """What the graph is, in a few words."""
    count = len(document.calls)
    params = (analysis.get("totals") or {}).get("params", 0)
    return f"{count} {'layer' if count == 1 else 'layers'} · {number(params)} parameters"


def wires(document: Document) -> list[tuple[str, list]]:
    """Each wire: the call that takes a tensor, and the tensor."""
    return [(call["id"], source) for call in document.calls.values() for source in call["inputs"]]


def shape_text(shape: Any) -> str:
    """A shape without its batch."""
    if shape is None:
        return "?"
    return TIMES.join("?" if size is None else str(size) for size in list(shape)[1:]) or "scalar"


def ports(source: Place, target: Place, direction: str) -> tuple[Place, Place]:
    """Where a wire leaves and arrives."""
    if direction == "right":
        return (source[0] + NODE_WIDTH, source[1] + NODE_HEIGHT / 2), (target[0], target[1] + NODE_HEIGHT / 2)
    return (source[0] + NODE_WIDTH / 2, source[1] + NODE_HEIGHT), (target[0] + NODE_WIDTH / 2, target[1])


def edge(
    document: Document, places: Mapping[str, Place], calls: Mapping[str, Any], call: str, source: list, direction: str
) -> tuple[str, str]:
    """A wire, and its shape on it."""
    begin, end = ports(places[source[0]], places[call], direction)
    lane = lane_of(places, source[0], call, direction)
    path, (x, y) = curve(begin, end, direction) if lane is None else detour(begin, end, lane, direction)
    shapes = (calls.get(source[0]) or {}).get("shapes") or []
    shape = shapes[source[1]] if source[1] < len(shapes) else None
    line = f'<path d="{path}" class="edge" fill="none" stroke-width="1.6"/>{arrow(end, direction)}'
    return line, chip(x, y, shape_text(shape)) if shape is not None else ""


def lane_of(places: Mapping[str, Place], source: str, target: str, direction: str) -> float | None:
    """Where a wire passes the nodes between its ends; None where it can go straight."""
    along, across = (0, 1) if direction == "right" else (1, 0)
    extent = NODE_HEIGHT if direction == "right" else NODE_WIDTH
    low, high = places[source][along], places[target][along]
    between = [place for call, place in places.items() if call not in (source, target) and low < place[along] < high]
    middle = (places[source][across] + places[target][across]) / 2
    hit = [place[across] for place in between if abs(place[across] - middle) < extent + 8]
    return max(hit) + extent + 24 if hit else None


def turned(x: float, y: float, direction: str) -> str:
    """A point that is given across and along the flow."""
    return f"{y:.1f},{x:.1f}" if direction == "right" else f"{x:.1f},{y:.1f}"


def detour(begin: Place, end: Place, lane: float, direction: str) -> tuple[str, Place]:
    """The path of a wire round the nodes in its way, and its middle."""
    (x, y), (u, v) = (begin[::-1], end[::-1]) if direction == "right" else (begin, end)
    out, back, r = y + 12, v - 14, 10.0
    left = lane < x
    bend = r if left else -r
    points = [
        f"M{turned(x, y, direction)}Q{turned(x, out, direction)} {turned(x - bend, out, direction)}",
        f"L{turned(lane + bend, out, direction)}Q{turned(lane, out, direction)} {turned(lane, out + r, direction)}",
        f"L{turned(lane, back - r, direction)}Q{turned(lane, back, direction)} {turned(lane + bend, back, direction)}",
        f"L{turned(u - bend, back, direction)}Q{turned(u, back, direction)} {turned(u, v, direction)}",
    ]
    along = (out + back) / 2
    return "".join(points), (along, lane) if direction == "right" else (lane, along)


def curve(begin: Place, end: Place, direction: str) -> tuple[str, Place]:
    """The path of a wire, and its middle."""
    (x, y), (u, v) = begin, end
    if direction == "right":
        reach = max(24.0, abs(u - x) / 2)
        first, second = (x + reach, y), (u - reach, v)
    else:
        reach = max(20.0, abs(v - y) / 2)
        first, second = (x, y + reach), (u, v - reach)
    path = f"M{x:.1f},{y:.1f}C{first[0]:.1f},{first[1]:.1f} {second[0]:.1f},{second[1]:.1f} {u:.1f},{v:.1f}"
    return path, ((x + u) / 2, (y + v) / 2)


def arrow(end: Place, direction: str) -> str:
    """The tip of a wire."""
    x, y = end
    corners = ((x - 7, y - 4), (x - 7, y + 4)) if direction == "right" else ((x - 4, y - 7), (x + 4, y - 7))
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in (*corners, end))
    return f'<polygon points="{points}" class="tip"/>'


def node(document: Document, call: str, place: Place, known: Mapping[str, Any]) -> str:
    """A layer."""
    x, y = place
    kind = document.kind_of(call)
    wrong = any(problem.get("severity") == "error" for problem in known.get("problems", ()))
    count = known.get("params") or 0
    pill = number(count) if count else ""
    room = NODE_WIDTH - 46 - (len(pill) * 6.6 + 8 if pill else 0)
    parts = [
        box(x, y, NODE_WIDTH, NODE_HEIGHT, "card wrong" if wrong else "card", 8, ' stroke-width="1.4"' * wrong),
        stripe(x, y, category_of(kind)),
        icon(x + 20, y + NODE_HEIGHT / 2, category_of(kind)),
        text(x + 36, y + 28, shortened(kind, NODE_WIDTH - 60, 12.5), "text", 12.5, ' font-weight="600"'),
        text(x + 36, y + 46, shortened(details(document, call), room, 11), "quiet", 11),
    ]
    if pill:
        parts.append(text(x + NODE_WIDTH - 10, y + 46, pill, "quiet", 11, ' text-anchor="end"'))
    if wrong:
        parts.append(f'<circle cx="{x + NODE_WIDTH - 2:.1f}" cy="{y + 2:.1f}" r="8" class="alarm"/>')
        parts.append(text(x + NODE_WIDTH - 2, y + 6, "!", "on", 11, ' text-anchor="middle" font-weight="700"'))
    return "".join(parts)


def stripe(x: float, y: float, category: str) -> str:
    """The colour of the family, along the left side."""
    corner = "a3.5,3.5 0 0 0"
    path = f"M{x + 4:.1f},{y + 0.5:.1f}h-0.5{corner} -3,3.5v{NODE_HEIGHT - 8:.1f}{corner} 3,3.5h0.5z"
    return f'<path d="{path}" class="f-{category}"/>'


def details(document: Document, call: str) -> str:
    """A layer's arguments, short; else its name."""
    args = {name: value for name, value in document.layer_of(call)["args"].items() if name != "name"}
    shown = [worded(name, value, named=len(args) == 1) for name, value in args.items()]
    return " \u00b7 ".join(shown[:4]) or document.name_of(call)


def worded(name: str, value: Any, named: bool) -> str:
    """An argument in a few characters; its name is left out where everybody knows it."""
    word = name.replace("_", " ")
    if isinstance(value, bool):
        return word if value else f"no {word}"
    if isinstance(value, Mapping):
        return str(value.get("class_name", word))
    if isinstance(value, (list, tuple)):
        return TIMES.join("?" if part is None else str(part) for part in value)
    if isinstance(value, str):
        return value
    said = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{word} {said}" if named or name not in PLAIN else said


def ending(place: Place, known: Mapping[str, Any], direction: str) -> str:
    """The shape that comes out at the end."""
    shapes = known.get("shapes") or []
    if not shapes:
        return ""
    x, y = place
    content = shape_text(shapes[0])
    if direction == "right":
        return chip(x + NODE_WIDTH / 2, y + NODE_HEIGHT + 14, content)
    return chip(x + NODE_WIDTH / 2, y + NODE_HEIGHT + 16, content)


ICONS = {  # signs of the families on a field of 16 x 16, as in js/src/ui/icons.tsx
    "input": "M2.5 8h7M7 5l3 3-3 3M10 3h3.5v10H10",
    "core": "M4 4.2v.1M4 8v.1M4 11.8v.1M12 6v.1M12 10v.1M4 4.2 12 6M4 4.2 12 10M4 8l8-2M4 8l8 2M4 11.8 12 6"
    "M4 11.8l8-1.8",
    "convolution": "M2.5 2.5h11v11h-11zM2.5 9H9V2.5",
    "pooling": "M2.5 2.5h11v11h-11zM8 2.5v11M2.5 8h11",
    "recurrent": "M3 8a5 5 0 0 1 9-3M13 8a5 5 0 0 1-9 3M12.5 2.5V5H10M3.5 13.5V11H6",
    "attention": "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"
    "M8 6.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4z",
    "normalization": "M2 12.5c3.5 0 3-9 6-9s2.5 9 6 9M8 3.5v9",
    "regularization": "M4 4h.1M8 4h.1M12 4h.1M4 8h.1M12 8h.1M8 12h.1M12 12h.1M7 7l2 2M9 7 7 9M3 11l2 2M5 11l-2 2",
    "activation": "M2 11.5h5l6-8",
    "reshaping": "M2.5 5h5v6h-5zM9 8h4.5M11.5 6l2 2-2 2",
    "preprocessing": "M2 3.5h12M4 7h8M6 10.5h4M8 10.5v3",
    "merging": "M3.5 2.5c0 4 4.5 3 4.5 7v4M12.5 2.5c0 4-4.5 3-4.5 7M5.8 11.3 8 13.5l2.2-2.2",
    "other": "M8 2.5 13 5.3v5.4L8 13.5 3 10.7V5.3zM3 5.3l5 2.7 5-2.7M8 8v5.5",
}


def icon(x: float, y: float, category: str) -> str:
    """A small sign of the family, so that colour is not the only one."""
    return (
        f'<path d="{ICONS[category]}" transform="translate({x - 8:.1f},{y - 8:.1f})" class="i-{category}" fill="none" '
        'stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def category_of(kind: str) -> str:
    """The family of a kind of layer."""
    from kerasviz.widgets.offer import categories

    return categories().get(kind, "other")

"""Where nodes go on the canvas: near what they follow, never on another."""

from collections.abc import Iterable, Sequence

from kerasviz.document.document import Document

GRID = 8
NODE_WIDTH = 180
NODE_HEIGHT = 64
ROW_GAP = 40
COLUMN_GAP = 40

Place = list[float]


def snapped(x: float, y: float) -> Place:
    """The nearest point of the grid."""
    return [round(x / GRID) * GRID, round(y / GRID) * GRID]


def overlaps(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether nodes at the two places would touch."""
    return abs(a[0] - b[0]) < NODE_WIDTH + 16 and abs(a[1] - b[1]) < NODE_HEIGHT + 16


def free(taken: Iterable[Sequence[float]], x: float, y: float, aside: tuple[float, float] | None = None) -> Place:
    """The wanted place, or the first free one beside it."""
    step_x, step_y = aside or (NODE_WIDTH + COLUMN_GAP, 0)
    taken = list(taken)
    place = snapped(x, y)
    for _ in range(200):
        if not any(overlaps(place, other) for other in taken):
            break
        place = snapped(place[0] + step_x, place[1] + step_y)
    return place


def after(document: Document, call: str | None, direction: str = "down") -> Place:
    """The free place right after a call; beside everything where there is none."""
    taken = [place for name, place in document.positions.items() if name in document.calls]
    at = document.positions.get(call) if call else None
    if at is None:
        return free(taken, 0, 0)
    if direction == "right":
        return free(taken, at[0] + NODE_WIDTH + 2 * ROW_GAP, at[1], (0, NODE_HEIGHT + COLUMN_GAP))
    return free(taken, at[0], at[1] + NODE_HEIGHT + ROW_GAP)


def pushed(document: Document, start: str, direction: str = "down") -> dict[str, Place]:
    """Places that make room for one more node before `start`: it and what lies beyond, one step along the flow."""
    axis = 0 if direction == "right" else 1
    step = NODE_WIDTH + 2 * ROW_GAP if direction == "right" else NODE_HEIGHT + ROW_GAP
    at = document.positions.get(start)
    if at is None:
        return {}
    moved = {}
    for call in [start, *document.downstream(start)]:
        place = document.positions.get(call)
        if place is not None and place[axis] >= at[axis]:
            moved[call] = snapped(place[0] + (step if axis == 0 else 0), place[1] + (step if axis == 1 else 0))
    return moved

"""A layered layout: longest path for the rows, barycentres for their order, pooled averages for the places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from kerasviz.document.document import Document
from kerasviz.document.edits import command
from kerasviz.document.patch import Patch, patch
from kerasviz.document.placing import COLUMN_GAP, NODE_HEIGHT, NODE_WIDTH, ROW_GAP, snapped

LANE = 24  # the breadth of a long edge's place in a row
SWEEPS = 12


@dataclass(eq=False)
class Cell:
    """A node in its row, or the place where a long edge passes the row."""

    call: str | None
    row: int
    breadth: float
    above: list["Cell"] = field(default_factory=list)
    below: list["Cell"] = field(default_factory=list)
    centre: float = 0.0


@command
def arrange(document: Document, direction: str = "down", calls: Iterable[str] | None = None) -> Patch:
    """Place all calls, or the given ones about where they are, in rows along the flow."""
    places = layout(document, direction)
    chosen = [call for call in (places if calls is None else calls) if call in places]
    if calls is not None and chosen:
        places = shifted(places, document, chosen)
    changes = {call: places[call] for call in chosen if document.positions.get(call) != places[call]}
    return patch("Arrange", positions=changes)


def shifted(places: dict[str, list[float]], document: Document, chosen: Sequence[str]) -> dict[str, list[float]]:
    """The places moved so that the chosen calls stay about where they are."""
    known = [call for call in chosen if call in document.positions] or chosen
    dx, dy = (
        sum(document.positions.get(call, places[call])[axis] - places[call][axis] for call in known) / len(known)
        for axis in (0, 1)
    )
    return {call: snapped(places[call][0] + dx, places[call][1] + dy) for call in chosen}


def layout(document: Document, direction: str = "down") -> dict[str, list[float]]:
    """A place for every call: no two overlap, and edges point along the flow."""
    right = direction == "right"
    grid = ordered(rows_of_cells(document, NODE_HEIGHT if right else NODE_WIDTH))
    settle_all(grid)
    left = min((cell.centre - cell.breadth / 2 for row in grid for cell in row), default=0.0)
    step = (NODE_WIDTH + 2 * ROW_GAP) if right else (NODE_HEIGHT + ROW_GAP)
    places = {}
    for index, row in enumerate(grid):
        for cell in row:
            if cell.call is not None:
                across, along = cell.centre - cell.breadth / 2 - left, index * step
                places[cell.call] = snapped(along, across) if right else snapped(across, along)
    return places


def rows_of(document: Document) -> dict[str, int]:
    """The row of each call: one below its lowest source; sources as low as they can be."""
    rows: dict[str, int] = {}
    for call in document.order:
        rows[call] = max((rows[source] for source in document.sources(call)), default=-1) + 1
    for call in document.order:
        targets = document.consumers[call]
        if not document.sources(call) and targets:
            rows[call] = min(rows[target] for target in targets) - 1
    return rows


def rows_of_cells(document: Document, breadth: float) -> list[list[Cell]]:
    """The rows with their cells; an edge over several rows gets a cell in each."""
    rows = rows_of(document)
    grid: list[list[Cell]] = [[] for _ in range(max(rows.values(), default=-1) + 1)]

    def put(call: str | None, row: int, size: float) -> Cell:
        cell = Cell(call, row, size)
        grid[row].append(cell)
        return cell

    cells = {call: put(call, row, breadth) for call, row in rows.items()}
    for call, cell in cells.items():
        for source in document.sources(call):
            upper = cells[source]
            for row in range(upper.row + 1, cell.row):
                lane = put(None, row, LANE)
                join(upper, lane)
                upper = lane
            join(upper, cell)
    return grid


def join(upper: Cell, lower: Cell) -> None:
    """Make the two neighbours."""
    upper.below.append(lower)
    lower.above.append(upper)


def crossings(grid: list[list[Cell]]) -> int:
    """How many pairs of edges cross."""
    count = 0
    for row, following in pairwise(grid):
        places = {id(cell): index for index, cell in enumerate(following)}
        ends = [place for cell in row for place in sorted(places[id(lower)] for lower in cell.below)]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


def ordered(grid: list[list[Cell]]) -> list[list[Cell]]:
    """The rows in the order with the fewest crossings that sweeping up and down finds."""
    best = [list(row) for row in grid]
    fewest = crossings(grid) if sum(map(len, grid)) <= 3000 else 0
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for row in grid if down else grid[::-1]:
            sort_row(row, grid, down)
        count = crossings(grid)
        if count < fewest:
            fewest, best = count, [list(row) for row in grid]
    return best


def sort_row(row: list[Cell], grid: list[list[Cell]], down: bool) -> None:
    """Order a row by the average place of the neighbours on one side."""
    index = row[0].row + (-1 if down else 1) if row else -1
    places = {id(cell): place for place, cell in enumerate(grid[index])} if 0 <= index < len(grid) else {}

    def key(item: tuple[int, Cell]) -> float:
        near = [places[id(other)] for other in (item[1].above if down else item[1].below)]
        return sum(near) / len(near) if near else item[0]

    row[:] = [cell for _, cell in sorted(enumerate(row), key=key)]


def settle_all(grid: list[list[Cell]]) -> None:
    """Move the cells of all rows towards their neighbours."""
    for row in grid:
        settle(row, above=True, below=False)
    for _ in range(6):
        for row in reversed(grid):
            settle(row, above=False, below=True)
        for row in grid:
            settle(row, above=True, below=False)
    for _ in range(3):
        for row in grid:
            settle(row, above=True, below=True)


def settle(row: list[Cell], *, above: bool, below: bool) -> None:
    """Put the cells of a row as near to their neighbours as order and distance allow."""
    wanted, weights = [], []
    for cell in row:
        near = (cell.above if above else []) + (cell.below if below else [])
        pulls = [4.0 if cell.call is None and other.call is None else 1.0 for other in near]
        total = sum(pulls)
        centre = sum(o.centre * p for o, p in zip(near, pulls, strict=True)) / total if near else cell.centre
        wanted.append(centre)
        weights.append((0.6 if cell.call is None else 1.0) * max(0.05, len(near)))
    gaps = [(a.breadth + b.breadth) / 2 + COLUMN_GAP for a, b in pairwise(row)]
    for cell, centre in zip(row, spread(wanted, weights, gaps), strict=True):
        cell.centre = centre


def spread(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Places nearest to the wanted ones in the least squares that keep order and gaps.

    Source: Barlow, Bartholomew, Bremner, Brunk, "Statistical Inference under Order Restrictions", 1972
    (pool adjacent violators).
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[list[float]] = []  # weighted sum, weight, number of cells
    for value, weight, offset in zip(wanted, weights, offsets, strict=False):
        blocks.append([(value - offset) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    values = [total / weight for total, weight, count in blocks for _ in range(int(count))]
    return [value + offset for value, offset in zip(values, offsets, strict=False)]

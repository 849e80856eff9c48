"""How much of the input a place of a map sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasviz.document.document import INPUT_KINDS, Document
from kerasviz.document.inference import Inferred
from kerasviz.document.kinds import ELEMENTWISE_MERGES, POOLS, SHAPE_KEEPING

WINDOWED = (
    *(f"Conv{rank}D" for rank in (1, 2, 3)),
    *(f"{k}Conv{r}D" for k in ("Separable", "Depthwise") for r in (1, 2)),
)
WINDOWED += POOLS
SAME = (*SHAPE_KEEPING, *ELEMENTWISE_MERGES, "Concatenate", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")


@dataclass(frozen=True)
class ReceptiveField:
    """Along each axis of the map: how many places of the input one place sees, and how far its neighbour's are."""

    size: tuple[int, ...]
    stride: tuple[int, ...]


def receptive_fields(document: Document, known: dict[str, Inferred]) -> dict[str, ReceptiveField]:
    """The field of each call that has one: maps made from maps by windows.

    Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", 2019.
    """
    fields: dict[str, ReceptiveField] = {}
    for call in document.order:
        found = known.get(call)
        kind, shapes = document.kind_of(call), found.shapes if found else None
        if not shapes or not 3 <= len(shapes[0]) <= 5:
            continue
        before = [fields[source] for source in document.sources(call) if source in fields]
        if kind in INPUT_KINDS:
            ones = (1,) * (len(shapes[0]) - 2)
            fields[call] = ReceptiveField(ones, ones)
        elif before and kind in SAME:
            fields[call] = widest(before)
        elif before and kind in WINDOWED and found is not None:
            fields[call] = grown(before[0], found.layer)
    return fields


def widest(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """The field of a merge: as wide as its widest branch."""
    return ReceptiveField(
        *(
            tuple(map(max, *sizes)) if len(fields) > 1 else sizes[0]
            for sizes in zip(*((field.size, field.stride) for field in fields), strict=True)
        )
    )


def grown(field: ReceptiveField, layer: Any) -> ReceptiveField:
    """The field behind a window."""
    window = getattr(layer, "window", None) or layer.pool_size
    size = tuple(s + (w - 1) * step for s, w, step in zip(field.size, window, field.stride, strict=True))
    stride = tuple(step * s for step, s in zip(field.stride, layer.strides, strict=True))
    return ReceptiveField(size, stride)

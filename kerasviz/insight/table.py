"""The layer table: a row for each call of the graph, as records, text or Markdown."""

from collections.abc import Callable
from typing import Any

from kerasviz.document.document import Document, Json
from kerasviz.document.inference import Inferred, infer
from kerasviz.insight.cost import Cost, cost, summed
from kerasviz.insight.receptive_field import receptive_fields

COLUMNS: dict[str, tuple[str, Callable[[Json], str]]] = {
    "name": ("Name", lambda row: row["name"]),
    "kind": ("Type", lambda row: row["kind"]),
    "shape": ("Output shape", lambda row: shape_text(row["shape"])),
    "params": ("Params", lambda row: f"{row['params']:,}"),
    "macs": ("MACs", lambda row: f"{row['macs']:,}" if row["known"] else "?"),
    "memory": ("Memory", lambda row: memory_text(row["memory_bytes"])),
    "receptive_field": ("Sees", lambda row: "x".join(map(str, row["receptive_field"] or ()))),
    "connected_to": ("Connected to", lambda row: ", ".join(row["connected_to"])),
}
NUMBERS = ("params", "macs", "memory", "receptive_field")


def rows(document: Document, known: dict[str, Inferred] | None = None) -> Json:
    """The table: {"rows": [...], "totals": {...}}.

    Args:
        document: of the model.
        known: what is inferred of it, to save time.
    """
    known = known if known is not None else infer(document)
    spent = {call: cost(document.kind_of(call), known[call]) for call in document.order}
    seen = receptive_fields(document, known)
    made = [row(document, call, known[call], spent[call], seen.get(call)) for call in document.order]
    whole = summed(spent.values())
    params, trainable = (sum(one[name] for one in made) for name in ("params", "trainable"))
    totals = {
        "params": params,
        "trainable": trainable,
        "non_trainable": params - trainable,
        "macs": whole.macs,
        "flops": whole.flops,
        "parameter_bytes": whole.parameter_bytes,
        "activation_bytes": whole.activation_bytes,
        "memory_bytes": whole.parameter_bytes,
    }
    return {"rows": made, "totals": totals}


def row(document: Document, call: str, found: Inferred, spent: Cost, seen: Any) -> Json:
    """What there is to know of one call. Memory is of its outputs, for one sample."""
    shapes = found.shapes
    weights = (
        [{"name": n, "shape": list(s), "trainable": t} for n, s, t in found.outcome.weights] if found.outcome else []
    )
    return {
        "call": call,
        "name": document.name_of(call),
        "kind": document.kind_of(call),
        "input_shapes": [list(shape) for shape, _ in found.inputs or ()],
        "shape": list(shapes[0]) if shapes else None,
        "shapes": [list(shape) for shape in shapes or ()],
        "dtype": found.dtype or "",
        "params": found.params,
        "trainable": found.trainable,
        "weights": weights,
        "macs": spent.macs,
        "flops": spent.flops,
        "known": spent.known,
        "memory_bytes": spent.activation_bytes,
        "parameter_bytes": spent.parameter_bytes,
        "receptive_field": list(seen.size) if seen is not None else None,
        "connected_to": [document.name_of(source) for source in document.sources(call)],
        "shared": len(document.calls_of[document.calls[call]["layer"]]) > 1,
    }


def shape_text(shape: list[int | None] | None) -> str:
    """A shape without the batch: `28x28x1`; `?` where it is not known."""
    if shape is None:
        return "?"
    return "x".join("?" if n is None else str(n) for n in shape[1:]) or "1"


def memory_text(count: int) -> str:
    """Bytes for people."""
    amount, unit = float(count), "B"
    for larger in ("KB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"


def cells(table: Json, columns: list[str] | None) -> tuple[list[str], list[list[str]]]:
    """The chosen columns, without those that are empty."""
    names = columns or list(COLUMNS)
    names = [n for n in names if columns or any(COLUMNS[n][1](one) for one in table["rows"])]
    return names, [[COLUMNS[name][1](one) for name in names] for one in table["rows"]]


def to_text(table: Json, columns: list[str] | None = None) -> str:
    """The table for a terminal; numbers to the right."""
    names, lines = cells(table, columns)
    titles = [COLUMNS[name][0] for name in names]
    widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]

    def line(values: list[str]) -> str:
        parts = [v.rjust(w) if n in NUMBERS else v.ljust(w) for v, w, n in zip(values, widths, names, strict=True)]
        return "  ".join(parts).rstrip()

    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    return "\n".join([line(titles), rule, *map(line, lines), rule, totals_text(table["totals"])])


def totals_text(totals: Json) -> str:
    """The sums in a sentence."""
    params = f"{totals['params']:,} parameters ({memory_text(totals['parameter_bytes'])})"
    fixed = f", {totals['non_trainable']:,} of them not trainable" if totals["non_trainable"] else ""
    memory = memory_text(totals["activation_bytes"])
    return f"{params}{fixed}; {totals['macs']:,} MACs and {memory} of activations a sample"


def to_markdown(table: Json, columns: list[str] | None = None) -> str:
    """The table in Markdown."""
    names, lines = cells(table, columns)
    marks = ["---:" if name in NUMBERS else "---" for name in names]
    shown = [[COLUMNS[name][0] for name in names], marks, *[[v.replace("|", "\\|") for v in line] for line in lines]]
    return "\n".join([f"| {' | '.join(line)} |" for line in shown] + ["", totals_text(table["totals"])])

"""Layers for raw columns: those that learn from data before training, and those that read words or whole numbers."""

from collections.abc import Iterator
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.components import key_of, make
from kerasviz.document.document import Json
from kerasviz.document.facts import LOOKED_AT, Facts
from kerasviz.document.inference import Shape
from kerasviz.document.problems.base import Fix, Problem, View, rule
from kerasviz.document.problems.data import fed

LEARNERS = {  # kinds with `adapt` -> the argument that holds what was learned
    "Normalization": "mean",
    "Discretization": "bin_boundaries",
    "IntegerLookup": "vocabulary",
    "StringLookup": "vocabulary",
}
MOST = 1000  # numbers or words that still are an argument, and not a file of their own


@rule
def unlearned(view: View) -> Iterator[Problem]:
    """A layer that would have to learn from the data, and has not."""
    for call in view.calls(*LEARNERS):
        name, facts = LEARNERS[view.kind(call)], facts_before(view, call)
        if facts is None or view.known[call].error is not None or view.arg(call, name) is not None:
            continue
        harmless = view.kind(call) == "Normalization"
        what = "hands its numbers on as they are" if harmless else "cannot work"
        message = f"{view.name(call)} has learned nothing from the data yet: it {what}."
        hint = "Give it what it needs, or call `adapt(data)` on the layer of the model."
        fixes = [*learned_from_data(view, call, facts), view.accepting(call, "unlearned", "I call adapt myself")]
        severity = "warning" if harmless else "error"
        yield Problem("unlearned", severity, call, message, name, hint=hint, fixes=tuple(fixes))


def facts_before(view: View, call: str) -> Facts | None:
    """The facts of the data that comes right into a call."""
    return dict(fed(view)).get(view.source(call) or "")


def learned_from_data(view: View, call: str, facts: Facts) -> Iterator[Fix]:
    """Set what the layer learns from the data; nothing where it cannot, or it is too much."""
    kind, args = view.kind(call), view.document.layer_of(call)["args"]
    key = key_of(kind, args)
    if key not in facts.learned:
        facts.learned[key] = learned(kind, args, samples(kind, facts, view.inputs(call)))
    found = facts.learned[key]
    if found is not None:
        fix = view.setting(call, **found)
        yield Fix("Learn it from the data", fix.patch)


def samples(kind: str, facts: Facts, shapes: list[Shape] | None) -> Any:
    """The data to learn from, with the axes that the layer gets; of numbers, as many as tell enough."""
    if facts.array is None:
        return None
    rows = facts.array if "Lookup" in kind else facts.array[:LOOKED_AT]
    lacks_axis = shapes is not None and len(shapes[0]) == len(facts.shape) + 2
    return rows[..., None] if lacks_axis else rows


def learned(kind: str, args: Json, array: Any) -> Json | None:
    """The arguments that `adapt` finds."""
    if array is None:
        return None
    try:
        layer = make(kind, args)
        layer.adapt(array)
        found = said(kind, layer)
    except (Invalid, ValueError, TypeError):
        return None
    return found if all(size(value) <= MOST for value in found.values()) else None


def said(kind: str, layer: Any) -> Json:
    """What a layer has learned, as arguments."""
    if kind == "Normalization":
        return {name: shortened(getattr(layer, f"adapt_{name}").tolist()) for name in ("mean", "variance")}
    if kind == "Discretization":
        return {"bin_boundaries": shortened(layer.bin_boundaries), "num_bins": None}
    return {"vocabulary": list(layer.get_vocabulary(include_special_tokens=False))}


def shortened(value: Any) -> Any:
    """Six digits of each number."""
    return [shortened(part) for part in value] if isinstance(value, list) else float(f"{value:.6g}")


def size(value: Any) -> int:
    """How many numbers or words."""
    return sum(map(size, value)) if isinstance(value, list) else 1


@rule
def words_wanted(view: View) -> Iterator[Problem]:
    """A lookup of words behind an Input of numbers."""
    for call in view.calls("StringLookup"):
        start, specs = view.input_behind(call), view.known[call].inputs
        if start is None or not specs or specs[0][1] == "string" or view.arg(call, "invert"):
            continue
        message = f"{view.name(call)} expects words; {view.name(start)} is {specs[0][1]}."
        fixes = (view.setting(start, dtype="string"),)
        yield Problem(
            "numbers-for-words", "error", start, message, "dtype", "string", specs[0][1], "", (start, call), fixes
        )

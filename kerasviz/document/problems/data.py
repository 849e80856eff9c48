"""Inputs and the data that are fed to them."""

from collections.abc import Iterator

from kerasviz.document.edits import append
from kerasviz.document.facts import Facts
from kerasviz.document.kinds import NORMALIZATIONS, TRANSPARENT
from kerasviz.document.problems.base import Fix, Problem, View, rule

FLOATS = ("float32", "float64", "float16", "bfloat16")


def fed(view: View) -> Iterator[tuple[str, Facts]]:
    """Each Input with the facts of its data."""
    return zip(view.document.input_calls, view.context.inputs, strict=False)


@rule
def input_shapes(view: View) -> Iterator[Problem]:
    """An Input of another shape than the data."""
    for call, facts in fed(view):
        shape = view.shape(call)
        if shape is None:
            continue
        own = shape[1:]
        if len(own) == len(facts.shape) and all(a is None or a == b for a, b in zip(own, facts.shape, strict=True)):
            continue
        if (*facts.shape, 1) == own or (own == (1,) and facts.shape == ()):
            continue  # a missing last axis of 1 is added by training
        message = f"The data has shape {facts.shape}, {view.name(call)} expects {own}."
        fixes = (view.setting(call, shape=list(facts.shape)),)
        yield Problem("input-shape", "error", call, message, "shape", str(facts.shape), str(own), fixes=fixes)


@rule
def embedding_of_floats(view: View) -> Iterator[Problem]:
    """Row 13: an Embedding looks up whole numbers, as other lookups do."""
    for call in view.calls("Embedding", "ReversibleEmbedding", "IntegerLookup", "Hashing"):
        start = view.input_behind(call)
        specs = view.known[call].inputs
        if start is None or not specs or specs[0][1] not in FLOATS:
            continue
        message = f"{view.name(call)} expects whole numbers; {view.name(start)} is {specs[0][1]}."
        fixes = (view.setting(start, dtype="int32"),)
        yield Problem(
            "embedding-of-floats", "warning", start, message, "dtype", "int32", specs[0][1], "", (start, call), fixes
        )


@rule
def embedding_range(view: View) -> Iterator[Problem]:
    """Row 14: ids beyond the table of an Embedding, or beyond what is encoded."""
    facts = dict(fed(view))
    for call in view.calls("Embedding", "ReversibleEmbedding", "CategoryEncoding"):
        name = "num_tokens" if view.kind(call) == "CategoryEncoding" else "input_dim"
        start, size = view.input_behind(call), view.arg(call, name)
        high = facts[start].high if start in facts else None
        if high is None or not isinstance(size, int) or high < size:
            continue
        message = f"The data has id {high:g}, the table of {view.name(call)} has {size} rows."
        fixes = (view.setting(call, **{name: int(high) + 1}),)
        got = str(size)
        yield Problem("embedding-range", "error", call, message, name, f"at least {int(high) + 1}", got, fixes=fixes)


@rule
def unscaled(view: View) -> Iterator[Problem]:
    """Row 36: inputs with large numbers that nothing scales."""
    for call, facts in fed(view):
        if facts.high is None or facts.low is None or max(abs(facts.high), abs(facts.low)) <= 30:
            continue
        if not view.document.consumers[call] or all(scaled(view, target) for target in view.document.consumers[call]):
            continue
        message = f"The data goes from {facts.low:g} to {facts.high:g}; networks learn better from numbers near 1."
        is_bytes = facts.low >= 0 and facts.high <= 255 and facts.whole
        fixes = [rescaling(view, call, 1 / 255 if is_bytes else 1 / max(abs(facts.high), abs(facts.low)))]
        fixes.append(Fix("Insert BatchNormalization", append(view.document, "BatchNormalization", {}, after=call)))
        fixes.append(view.accepting(call, "unscaled-inputs", "Keep it"))
        got = f"{facts.low:g} to {facts.high:g}"
        yield Problem("unscaled-inputs", "warning", call, message, None, "about -1 to 1", got, fixes=tuple(fixes))


def rescaling(view: View, call: str, scale: float) -> Fix:
    """Put a Rescaling behind an Input."""
    label = "Insert Rescaling(1/255)" if scale == 1 / 255 else f"Insert Rescaling({scale:.3g})"
    return Fix(label, append(view.document, "Rescaling", {"scale": scale}, after=call))


def scaled(view: View, call: str) -> bool:
    """Whether a call scales what comes in, or takes ids."""
    kind = view.kind(call)
    if kind in TRANSPARENT:
        return all(scaled(view, target) for target in view.document.consumers[call])
    return kind in ("Rescaling", "Normalization", "Embedding", "Functional", *NORMALIZATIONS) or kind.startswith("ops.")


@rule
def not_numbers(view: View) -> Iterator[Problem]:
    """Row 36: NaN in the data makes every weight NaN."""
    arrays = [(call, facts, "inputs") for call, facts in fed(view)]
    outputs = [call for call, _ in view.document.output_tensors]
    arrays += [(call, facts, "targets") for call, facts in zip(outputs, view.context.targets, strict=False)]
    for call, facts, what in arrays:
        if facts.has_nan:
            hint = "Replace or drop them: `numpy.nan_to_num(x)`."
            message = f"The {what} hold NaN: one is enough to make every weight NaN."
            yield Problem("nan-in-data", "error", call, message, None, "numbers", "NaN", hint)

"""Tensors that do not fit the layer they reach: rank, map too small, unknown or wrong sizes."""

import math
from collections.abc import Iterator

from kerasviz.declare import Invalid
from kerasviz.declare.errors import shown
from kerasviz.document.edits import set_args
from kerasviz.document.kinds import CONVOLUTIONS, GLOBAL_POOLS, POOLS, RECURRENT, SHAPE_KEEPING, rank_of, ranked
from kerasviz.document.patch import Draft
from kerasviz.document.problems.base import Fix, Problem, Shape, View, explanation, fallback, words
from kerasviz.document.replace import replace_kind

AXES = {3: "time x features", 4: "height x width x channels", 5: "depth x height x width x channels"}
SPATIAL = ("UpSampling", "ZeroPadding", "Cropping", "SpatialDropout")


def needed_rank(kind: str) -> int | None:
    """How many axes a kind needs, the batch included; None where it takes several ranks."""
    if kind in (*CONVOLUTIONS, *POOLS, *GLOBAL_POOLS) or kind.startswith(SPATIAL):
        return (rank_of(kind) or 0) + 2
    if kind.startswith("ConvLSTM"):
        return (rank_of(kind) or 0) + 3
    return 3 if kind in RECURRENT else None


@explanation
def last_step_only(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 3: recurrent layers in a row, of which the first returns its last step only."""
    inputs = view.inputs(call)
    if needed_rank(view.kind(call)) != 3 or not inputs or len(inputs[0]) != 2:
        return
    first = view.before(call, SHAPE_KEEPING)
    if first is None or view.kind(first) not in RECURRENT:
        return
    steps = (view.inputs(first) or [(None, None, None)])[0][1]
    fixes = [returning_sequences(view, first)]
    fixes.append(view.inserting("RepeatVector", {"n": steps or 10}, call))
    message = f"{view.name(first)} returns only its last step; {view.name(call)} needs all of them."
    got = str(inputs[0])
    fixed = view.working(call, *fixes)
    yield Problem("last-step-only", "error", first, message, "return_sequences", "True", got, "", (first, call), fixed)


def returning_sequences(view: View, call: str) -> Fix:
    """Let a recurrent layer, or the one inside a Bidirectional, return every step."""
    args = view.document.layer_of(call)["args"]
    if "layer" not in args:
        return view.setting(call, return_sequences=True)
    inner = args["layer"]
    changed = {**inner, "config": {**inner["config"], "return_sequences": True}}
    label = f"Set return_sequences=True on {view.name(call)}"
    return Fix(label, {**set_args(view.document, call, {"layer": changed}), "coalesce": ""})


@explanation
def wrong_rank(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Rows 1 and 2: too few or too many axes."""
    rank, inputs = needed_rank(view.kind(call)), view.inputs(call)
    if rank is None or not inputs or len(inputs[0]) == rank:
        return
    kind, shape = view.kind(call), inputs[0]
    message = f"{kind} needs {AXES.get(rank, f'{rank} axes')}; it gets {words(shape)}."
    fixes = view.working(call, *rank_fixes(view, call, rank, shape))
    blame = (view.behind(call), call)
    expected = f"(batch, {', '.join(AXES.get(rank, '').split(' x '))})"
    yield Problem("wrong-rank", "error", call, message, None, expected, str(shape), "", blame, fixes)


def rank_fixes(view: View, call: str, rank: int, shape: Shape) -> Iterator[Fix]:
    """Ways to give a layer the axes it needs."""
    kind = view.kind(call)
    for target in reshapes(shape, rank):
        yield view.inserting("Reshape", {"target_shape": target}, call, label=f"Insert Reshape({tuple(target)})")
    if kind in GLOBAL_POOLS and len(shape) == 2:
        yield view.deleting(call)
    if rank_of(kind) and len(shape) - 2 in (1, 2, 3):
        other = ranked(kind, len(shape) - 2)
        yield Fix(f"Use {other}", replace_kind(view.document, call, other, sizes(view, call, len(shape) - 2)))
    if kind in CONVOLUTIONS and len(shape) == 2:
        args = {"units": view.arg(call, "filters", 32)}
        yield Fix("Use Dense", replace_kind(view.document, call, "Dense", args))
    if len(shape) == 2 and rank == 4 and kind in CONVOLUTIONS and shape[1]:
        yield series_fix(view, call, shape[1])


def series_fix(view: View, call: str, steps: int) -> Fix:
    """Take a vector as a series, under a convolution over time."""
    draft = Draft(view.document)
    other = ranked(view.kind(call), 1)
    draft.do(replace_kind(draft.document, call, other, sizes(view, call, 1)))
    draft.do(View(draft.document, view.known).inserting("Reshape", {"target_shape": [steps, 1]}, call).patch or {})
    label = f"Use {other} on a series of {steps}"
    return Fix(label, draft.patch(label))


def sizes(view: View, call: str, rank: int) -> dict[str, object]:
    """Sizes along each axis, for another number of axes."""
    found = {}
    for name in ("kernel_size", "pool_size", "strides", "size", "dilation_rate"):
        value = view.document.layer_of(call)["args"].get(name)
        if isinstance(value, list) and value:
            found[name] = value[0] if len(set(value)) == 1 else (value * 3)[:rank]
    return found


def reshapes(shape: Shape, rank: int) -> Iterator[list[int]]:
    """Shapes with the same numbers that have the rank."""
    known = shape[1:]
    if None in known or not known:
        return
    total = math.prod(n for n in known if n is not None)
    if rank == 4 and len(shape) == 2:
        for channels in (1, 3):
            side = math.isqrt(total // channels)
            if side * side * channels == total and side > 1:
                yield [side, side, channels]
    if rank == 4 and len(shape) == 3:
        yield [*known, 1]  # type: ignore[list-item]
    if rank == 3 and len(shape) == 2:
        yield [total, 1]
    if rank == 3 and len(shape) > 3:
        yield [known[0], total // known[0]]  # type: ignore[list-item, operator]
    if rank == 5 and len(shape) == 4:
        yield [*known, 1]  # type: ignore[list-item]


@explanation
def too_large(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 9: a kernel or pool larger than the map it slides over."""
    kind, inputs = view.kind(call), view.inputs(call)
    layer = view.known[call].layer
    if kind not in (*CONVOLUTIONS, *POOLS) or not inputs or layer is None or len(inputs[0]) != needed_rank(kind):
        return
    window = getattr(layer, "window", None) or getattr(layer, "pool_size", ())
    space = layer.space(inputs[0])
    if not any(size is not None and size < extent for size, extent in zip(space, window, strict=False)):
        return
    name = "pool_size" if kind in POOLS else "kernel_size"
    what = "window" if kind in POOLS else "kernel"
    history = shrinking(view, call)
    message = f"{by(space)} map, {by(window)} {what}: nothing left."
    message += f" The map shrinks here: {' > '.join(history)}." if len(history) > 1 else ""
    smallest = min(size for size in space if size is not None)
    fixes = [view.setting(call, padding="same")]
    fixes += [view.setting(call, **{name: smallest})] if smallest > 0 else []
    fixes += [view.deleting(pool) for pool in pools_before(view, call)[:1]] or []
    fixes += [view.deleting(call)]
    got, expected = by(space), f"a map of at least {by(window)}"
    fixed = (*view.working(call, *fixes[:-1]), fixes[-1])
    yield Problem(
        "kernel-too-large", "error", call, message, name, expected, got, error.hint, (view.behind(call), call), fixed
    )


def by(sizes: Shape) -> str:
    """5x5."""
    return "x".join("?" if size is None else str(size) for size in sizes)


def chain_before(view: View, call: str) -> list[str]:
    """The calls before, along first inputs, the nearest first."""
    found = []
    inputs = view.document.calls[call]["inputs"]
    while inputs:
        found.append(inputs[0][0])
        inputs = view.document.calls[inputs[0][0]]["inputs"]
    return found


def shrinking(view: View, call: str) -> list[str]:
    """The heights of the map on its way here."""
    heights = []
    for before in reversed(chain_before(view, call)):
        shape = view.shape(before)
        if shape is not None and len(shape) > 3 and (not heights or heights[-1] != str(shape[1])):
            heights.append(str(shape[1]))
    return heights


def pools_before(view: View, call: str) -> list[str]:
    """The pools before, the nearest first."""
    return [before for before in chain_before(view, call) if view.kind(before) in POOLS]


@explanation
def unknown_size(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 11: weights would depend on a size that is not known, mostly behind a Flatten."""
    inputs = view.inputs(call)
    if not inputs or not any(shape and shape[-1] is None for shape in inputs):
        return
    flatten = view.before(call, SHAPE_KEEPING)
    if flatten is None or view.kind(flatten) != "Flatten":
        message = f"The last axis of what reaches {view.name(call)} has no fixed size."
        yield Problem("unknown-size", "error", call, message, None, "a known size", str(inputs[0]), error.hint)
        return
    shape = (view.inputs(flatten) or [()])[0]
    message = f"Flatten of a {words(shape)} map has no fixed length, which {view.name(call)} needs."
    fixes = []
    if len(shape) in (3, 4, 5):
        kind = f"GlobalAveragePooling{len(shape) - 2}D"
        fixes.append(Fix(f"Use {kind}", replace_kind(view.document, flatten, kind)))
    blame = (flatten, call)
    fixed = view.working(call, *fixes)
    yield Problem(
        "unknown-size", "error", call, message, None, "a known size", str(inputs[0]), error.hint, blame, fixed
    )


@explanation
def reshape_size(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 12: a Reshape to another number of values."""
    target, inputs = view.arg(call, "target_shape"), view.inputs(call)
    if view.kind(call) != "Reshape" or not inputs or not isinstance(target, (list, tuple)) or None in inputs[0][1:]:
        return
    total = math.prod(n for n in inputs[0][1:] if n is not None)
    wanted = math.prod(n for n in target if isinstance(n, int))
    message = f"{total} values cannot form {' x '.join(map(str, target))}" + (
        f" = {wanted}." if -1 not in target else "."
    )
    fixes = view.working(
        call, *(view.setting(call, target_shape=shape) for shape in equal_products(list(target), total))
    )
    got = shown(target)
    yield Problem("reshape-size", "error", call, message, "target_shape", f"{total} values", got, "", (), fixes)


def equal_products(target: list[int], total: int) -> Iterator[list[int]]:
    """Shapes near the target that have the total: one size replaced, a square, or flat."""
    for index in range(len(target)):
        rest = math.prod(n for place, n in enumerate(target) if place != index and n > 0)
        if rest and total % rest == 0 and all(n > 0 for place, n in enumerate(target) if place != index):
            yield [*target[:index], total // rest, *target[index + 1 :]]
    side = math.isqrt(total)
    if side * side == total and len(target) > 1:
        yield [side, side, *[1] * (len(target) - 2)]
    yield [total, *[1] * (len(target) - 1)]


@fallback
def does_not_fit(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Any other error of a layer, in its own words."""
    message = f"{view.name(call)}: expected {error.expected}, got {shown(error.got, 80)}. {error.hint}".strip()
    sources = tuple(view.document.sources(call))
    yield Problem(
        "does-not-fit", "error", call, message, None, error.expected, shown(error.got), error.hint, (*sources, call)
    )

"""Tensors that are merged and do not agree, or agree only by broadcasting."""

import itertools
import math
from collections.abc import Iterator

from kerasviz.declare import Invalid
from kerasviz.declare.errors import shown
from kerasviz.document.kinds import ELEMENTWISE_MERGES, MERGES, SHAPE_KEEPING
from kerasviz.document.problems.base import Fix, Problem, Shape, View, explanation, rule, words
from kerasviz.document.problems.shapes import chain_before
from kerasviz.document.replace import replace_kind


@explanation
def unequal(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Rows 4, 6 and 7: branches that differ in channels, in size, or altogether."""
    kind, inputs = view.kind(call), view.inputs(call)
    if kind not in MERGES or kind == "Dot" or not inputs or len(inputs) < 2:
        return
    ranks = {len(shape) for shape in inputs}
    if len(ranks) > 1:
        yield different_ranks(view, call, inputs)
    elif kind != "Concatenate" and len({shape[:-1] for shape in inputs}) == 1:
        yield different_channels(view, call, inputs)
    else:
        yield different_sizes(view, call, inputs)


def branch(view: View, call: str, slot: int) -> str:
    """The call at the end of a branch."""
    return view.document.calls[call]["inputs"][slot][0]


def listed(view: View, call: str, inputs: list[Shape]) -> str:
    """Each branch with its shape."""
    return " vs ".join(f"{words(shape)} ({view.name(branch(view, call, slot))})" for slot, shape in enumerate(inputs))


def different_ranks(view: View, call: str, inputs: list[Shape]) -> Problem:
    """Branches with different numbers of axes."""
    message = f"{view.name(call)} gets tensors with different numbers of axes: {listed(view, call, inputs)}."
    slots = [slot for slot, shape in enumerate(inputs) if len(shape) > 2]
    fixes = []
    for kind in ("Flatten", "GlobalAveragePooling"):
        deep = slots[0]
        name = kind if kind == "Flatten" else f"{kind}{min(len(inputs[deep]) - 2, 3)}D"
        fixes.append(
            view.inserting(name, {}, call, deep, f"Insert {name} behind {view.name(branch(view, call, deep))}")
        )
    return problem(view, call, "ranks-differ", message, inputs, fixes)


def different_channels(view: View, call: str, inputs: list[Shape]) -> Problem:
    """Row 4: branches with different channels."""
    channels = [shape[-1] for shape in inputs]
    parts = " vs ".join(f"{n} ({view.name(branch(view, call, s))})" for s, n in enumerate(channels))
    message = f"The branches differ in channels: {parts}."
    known = [n for n in channels if n is not None]
    most = max(known, default=0)
    thin = channels.index(min(known, default=None))
    rank = len(inputs[0])
    kind, args = ("Dense", {"units": most}) if rank == 2 else (f"Conv{rank - 2}D", {"filters": most, "kernel_size": 1})
    what = f"Insert {kind}({most})" if rank == 2 else f"Insert 1x1 {kind}({most})"
    fixes = [view.inserting(kind, args, call, thin, f"{what} behind {view.name(branch(view, call, thin))}")]
    maker = making_channels(view, branch(view, call, thin))
    if maker is not None:
        name = "units" if view.kind(maker) == "Dense" else "filters"
        fixes.append(view.setting(maker, **{name: most}))
    fixes.append(Fix("Use Concatenate", replace_kind(view.document, call, "Concatenate")))
    return problem(view, call, "channels-differ", message, inputs, fixes)


def making_channels(view: View, call: str) -> str | None:
    """The layer that decides how many channels a branch has."""
    found: str | None = call
    while found is not None and view.kind(found) in SHAPE_KEEPING:
        found = view.source(found)
    if found is None:
        return None
    return found if view.kind(found) == "Dense" or "filters" in view.document.layer_of(found)["args"] else None


def different_sizes(view: View, call: str, inputs: list[Shape]) -> Problem:
    """Rows 6 and 7: branches with different sizes of map."""
    volumes = [math.prod(n or 0 for n in shape[1:-1]) for shape in inputs]
    small, large = volumes.index(min(volumes)), volumes.index(max(volumes))
    smaller = branch(view, call, small)
    shrinker = where_it_shrank(view, call, smaller, branch(view, call, large))
    message = f"{view.name(call)} gets maps of different size: {listed(view, call, inputs)}."
    if shrinker is not None:
        before = (view.inputs(shrinker) or [()])[0]
        message += f" {view.name(shrinker)} made {words(before)} into {words(view.shape(shrinker))}."
    fixes = list(size_fixes(view, call, inputs, small, large, shrinker))
    return problem(view, call, "sizes-differ", message, inputs, fixes, shrinker)


def where_it_shrank(view: View, call: str, smaller: str, larger: str) -> str | None:
    """The last layer that made the smaller branch smaller, after it parted from the other."""
    shared = {larger, *view.document.upstream(larger)}
    for before in [smaller, *chain_before(view, smaller)]:
        shape, given = view.shape(before), view.inputs(before)
        if before in shared and before != smaller:
            return None
        if shape and given and len(given[0]) == len(shape) and smaller_map(shape, given[0]):
            return before
    return None


def smaller_map(shape: Shape, before: Shape) -> bool:
    """Whether some axis of the map is smaller than before."""
    return any(a is not None and b is not None and a < b for a, b in zip(shape[1:-1], before[1:-1], strict=True))


def size_fixes(
    view: View, call: str, inputs: list[Shape], small: int, large: int, shrinker: str | None
) -> Iterator[Fix]:
    """Ways to make two maps equal: enlarge, pad, crop, or not shrink."""
    a, b = inputs[small][1:-1], inputs[large][1:-1]
    if not a or None in a or None in b or len(a) > 3:
        return
    rank = len(a)
    small_name, large_name = view.name(branch(view, call, small)), view.name(branch(view, call, large))
    ratios = [y // x if x else 0 for x, y in zip(a, b, strict=True)]  # type: ignore[operator]
    exact = all(x and y % x == 0 for x, y in zip(a, b, strict=True))  # type: ignore[operator]
    gaps = [max(y - x, 0) for x, y in zip(a, b, strict=True)]  # type: ignore[operator]
    if exact and max(ratios) > 1:
        size = ratios[0] if len(set(ratios)) == 1 else ratios
        yield view.inserting(
            f"UpSampling{rank}D", {"size": size}, call, small, f"Insert UpSampling{rank}D behind {small_name}"
        )
    if shrinker is not None and view.arg(shrinker, "padding") == "valid":
        args = {"padding": "same"} if max(ratios) <= 1 else {"padding": "same", "strides": 1}
        yield view.setting(shrinker, **args)
    pairs: list = [[gap // 2, gap - gap // 2] for gap in gaps]
    pairs = pairs[0] if rank == 1 else pairs
    yield view.inserting(f"ZeroPadding{rank}D", {"padding": pairs}, call, small, f"Pad {small_name}")
    yield view.inserting(f"Cropping{rank}D", {"cropping": pairs}, call, large, f"Crop {large_name}")


def problem(
    view: View, call: str, name: str, message: str, inputs: list[Shape], fixes: list[Fix], from_: str | None = None
) -> Problem:
    """The problem, with those of the fixes that work."""
    calls: list[str] = [*([from_] if from_ else []), *view.document.sources(call), call]
    blame = tuple(dict.fromkeys(calls))
    got = ", ".join(map(str, inputs))
    return Problem(name, "error", call, message, None, "equal shapes", got, "", blame, view.working(call, *fixes))


@explanation
def dot_axes(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 19: axes of a Dot that differ in size."""
    inputs = view.inputs(call)
    if view.kind(call) != "Dot" or not inputs or len(inputs) != 2:
        return
    pairs = itertools.product(range(len(inputs[0]) - 1, 0, -1), range(len(inputs[1]) - 1, 0, -1))
    equal = [[i, j] for i, j in pairs if inputs[0][i] is not None and inputs[0][i] == inputs[1][j]]
    fixes = view.working(call, *(view.setting(call, axes=axes) for axes in equal[:3]))
    message = f"The axes of {view.name(call)} differ in size: {listed(view, call, inputs)}."
    got = shown(view.arg(call, "axes"))
    yield Problem("dot-axes", "error", call, message, "axes", "axes of equal size", got, "", (), fixes)


@rule
def broadcast(view: View) -> Iterator[Problem]:
    """Row 5: a merge that fits only because axes of size 1 are spread."""
    for call in view.calls(*ELEMENTWISE_MERGES):
        inputs = view.inputs(call)
        if not inputs or view.shape(call) is None or len({len(shape) for shape in inputs}) > 1:
            continue
        if view.kind(call) == "Multiply" and any(set(shape[1:-1]) == {1} for shape in inputs):
            continue  # a gate per channel
        spread = [
            s
            for s, shape in enumerate(inputs)
            if any(n == 1 != m for n, m in zip(shape[1:], most(inputs), strict=True))
        ]
        if spread:
            thin = words(inputs[spread[0]])
            message = f"{view.name(call)} spreads {thin} over {'x'.join(map(str, most(inputs)))}. Is this intended?"
            keep = view.accepting(call, "broadcast-merge", "It is intended")
            got = ", ".join(map(str, inputs))
            blame = tuple(branch(view, call, slot) for slot in spread)
            yield Problem("broadcast-merge", "warning", call, message, None, "equal shapes", got, "", blame, (keep,))


def most(inputs: list[Shape]) -> list[int | None]:
    """The largest size along each axis, without the batch."""
    columns = zip(*(shape[1:] for shape in inputs), strict=True)
    return [max((n for n in column if n is not None), default=None) for column in columns]

"""Arguments that are missing, do not fit, or do not fit each other; names of layers."""

import math
import re
from collections.abc import Iterator

from kerasviz.declare import Invalid
from kerasviz.declare.errors import shown
from kerasviz.document.components import WHOLE_LAYER
from kerasviz.document.document import INPUT_KINDS
from kerasviz.document.edits import rename, reset_args
from kerasviz.document.kinds import layer_class
from kerasviz.document.names import free_name, taken_in
from kerasviz.document.patch import Draft
from kerasviz.document.problems.base import Fix, Problem, View, explanation, rule

NEAR = re.compile(r"Did you mean [`'](.+?)[`']\?")
SENSIBLE = {"filters": 32, "units": 64, "kernel_size": 3, "rate": 0.5, "input_dim": 10000, "output_dim": 64}
SENSIBLE |= {"num_heads": 4, "key_dim": 16, "n": 2, "scale": 1 / 255, "activation": "relu", "stddev": 0.1, "axes": -1}


def argument_of(error: Invalid) -> str | None:
    """The argument that an error is about: `filters` of `Conv2D(filters=...)`."""
    found = re.search(r"\((\w+)=\.\.\.\)", error.where)
    return found.group(1) if found else None


@explanation
def missing(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """A required argument has no value."""
    name, kind = argument_of(error), view.kind(call)
    if name is None or name in view.document.layer_of(call)["args"] or error.got is not None:
        return
    doc = getattr(getattr(layer_class(kind), "args", {}).get(name), "doc", "")
    fixes: list[Fix] = []
    if kind in INPUT_KINDS and name == "shape":
        facts = view.context.inputs
        index = view.document.input_calls.index(call)
        fixes = [view.setting(call, shape=list(facts[index].shape))] if index < len(facts) else []
        doc = "The shape of one sample, such as 28, 28, 1."
    elif name in SENSIBLE:
        fixes = [view.setting(call, **{name: SENSIBLE[name]})]
    message = f"{view.name(call)} needs `{name}`. {doc}".strip()
    yield Problem("missing-argument", "error", call, message, name, "a value", "none", error.hint, fixes=tuple(fixes))


@explanation
def missing_inside(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """A layer inside another lacks a required argument."""
    if error.expected == WHOLE_LAYER:
        message, got = f"{view.name(call)}: {error.hint}", str(error.got)
        yield Problem("missing-inside", "error", call, message, argument_of(error), error.expected, got)


@explanation
def groups(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 17: groups do not divide filters and channels."""
    args = view.document.layer_of(call)["args"]
    if "groups" not in args or not isinstance(args["groups"], int) or not isinstance(args.get("filters"), int):
        return
    inputs = view.inputs(call)
    channels = inputs[0][-1] if inputs else None
    common = math.gcd(args["filters"], channels) if channels else args["filters"]
    if args["groups"] > 0 and common % args["groups"] == 0:
        return
    divisors = [n for n in range(1, common + 1) if common % n == 0]
    near = sorted(divisors, key=lambda n: abs(n - args["groups"]))[:3]
    both = f"filters={args['filters']}" + (f" and {channels} input channels" if channels else "")
    message = f"groups={args['groups']} does not divide {both} evenly."
    fixes = tuple(view.setting(call, groups=n) for n in near)
    yield Problem(
        "groups", "error", call, message, "groups", f"a divisor of {common}", str(args["groups"]), fixes=fixes
    )


@explanation
def strides_and_dilation(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 18: strides and dilation exclude each other."""
    args = view.document.layer_of(call)["args"]
    if not all(largest(args.get(name, 1)) > 1 for name in ("strides", "dilation_rate")):
        return
    message = f"{view.name(call)} has strides and a dilation above 1; only one of them can be."
    fixes = (view.setting(call, dilation_rate=1), view.setting(call, strides=1))
    got = f"strides={args['strides']}, dilation_rate={args['dilation_rate']}"
    yield Problem("strides-dilation", "error", call, message, "dilation_rate", "one of them 1", got, fixes=fixes)


def largest(value: object) -> int:
    """The largest of sizes."""
    sizes = value if isinstance(value, (list, tuple)) else [value]
    return max((size for size in sizes if isinstance(size, int)), default=1)


@explanation
def unknown_kind(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """The kind is not known here."""
    kind = view.kind(call)
    if kind in INPUT_KINDS or kind.startswith("ops.") or "document" in view.document.layer_of(call)["args"]:
        return
    if layer_class(kind) is not None:
        return
    near = NEAR.search(error.hint)
    fixes = []
    if near:
        layer = {**view.document.layer_of(call), "kind": near.group(1)}
        fixes = [Fix(f"Make it {near.group(1)}", {"set": {"layers": {layer["id"]: layer}}, "label": "Set kind"})]
    fixes.append(view.deleting(call))
    message = f"There is no layer `{kind}`."
    hint = error.hint or "Register your own class with `register_keras_serializable`."
    yield Problem("unknown-kind", "error", call, message, None, "a kind of layer", kind, hint, fixes=tuple(fixes))


@explanation
def bad_argument(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Row 24 and others: a value that does not fit its argument."""
    name = argument_of(error)
    args = view.document.layer_of(call)["args"]
    unknown = error.expected.startswith("arguments among")
    if name is None and not unknown:
        return
    name = str(error.got) if unknown else name
    near = NEAR.search(error.hint)
    fixes: list[Fix] = []
    layer = view.document.layer_of(call)
    if unknown and near:
        renamed = {near.group(1) if key == name else key: value for key, value in args.items()}
        changed = {**layer, "args": renamed}
        fixes.append(
            Fix(f"Use `{near.group(1)}`", {"set": {"layers": {layer["id"]: changed}}, "label": "Rename argument"})
        )
    elif near and name in args:
        fixes.append(view.setting(call, **{str(name): near.group(1)}))
    if name in args:
        declared = getattr(layer_class(layer["kind"]), "args", {}).get(name)
        if declared is None or not declared.required:
            fixes.append(Fix(f"Reset {name}", reset_args(view.document, call, [str(name)])))
        elif name in SENSIBLE:
            fixes.append(view.setting(call, **{name: SENSIBLE[name]}))
    what = f"no argument `{name}`" if unknown else f"`{name}` has to be {error.expected}, not {shown(error.got, 60)}"
    message = f"{view.name(call)}: {what}. {error.hint}".strip()
    yield Problem(
        "bad-argument", "error", call, message, name, error.expected, shown(error.got), error.hint, (), tuple(fixes)
    )


@rule
def names(view: View) -> Iterator[Problem]:
    """Rows 20 and 21: names that are taken or not allowed."""
    seen: dict[str, str] = {}
    for layer in view.document.layers.values():
        name = layer.get("name") or layer["id"]
        calls = view.document.calls_of[layer["id"]]
        if not calls:
            continue
        if "/" in name or not name.strip():
            free = free_name(re.sub(r"[/\s]+", "_", name).strip("_") or "layer", taken_in(view.document))
            fix = Fix(f"Rename to {free}", rename(view.document, calls[0], free))
            message = f"A layer cannot be named `{name}`: names have no `/` and are not empty."
            yield Problem("bad-name", "error", calls[0], message, "name", "a name without `/`", name, fixes=(fix,))
        elif name in seen:
            yield duplicate(view, name, seen[name], layer["id"])
        seen.setdefault(name, layer["id"])


def duplicate(view: View, name: str, first: str, second: str) -> Problem:
    """Two layers have one name."""
    call = view.document.calls_of[second][0]
    free = free_name(name, taken_in(view.document) | {name})
    fixes = [Fix(f"Rename to {free}", rename(view.document, call, free))]
    layers = view.document.layers
    if layers[first]["kind"] == layers[second]["kind"] and layers[first]["args"] == layers[second]["args"]:
        fixes.append(shared(view, first, second))
    message = f"Two layers are named `{name}`."
    blame = (view.document.calls_of[first][0], call)
    return Problem(
        "duplicate-name", "error", call, message, "name", "a name of its own", name, blame=blame, fixes=tuple(fixes)
    )


def shared(view: View, first: str, second: str) -> Fix:
    """Make the second layer further calls of the first."""
    draft = Draft(view.document)
    calls = {call: {**view.document.calls[call], "layer": first} for call in view.document.calls_of[second]}
    draft.do({"set": {"calls": calls}, "label": ""})
    draft.do({"set": {"layers": {second: None}}, "label": ""})
    label = "Make it one shared layer"
    return Fix(label, draft.patch(label))

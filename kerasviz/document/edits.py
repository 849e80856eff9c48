"""Every change of a document by name: each command is a pure function (document, arguments) -> patch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.document.checks import Json, Tensor, check_outputs
from kerasviz.document.document import INPUT_KINDS, Document
from kerasviz.document.kinds import input_limits, starts_with
from kerasviz.document.names import call_id, layer_id, taken_in
from kerasviz.document.patch import Draft, Patch, patch
from kerasviz.document.placing import after as place_after
from kerasviz.document.placing import free, pushed, snapped

COMMANDS: dict[str, Callable[..., Patch]] = {}


def command(function: Callable[..., Patch]) -> Callable[..., Patch]:
    """Decorator: reach the function by its name through `run`."""
    COMMANDS[function.__name__] = function
    return function


def run(document: Document, name: str, /, **arguments: Any) -> Patch:
    """The patch that the named command makes."""
    from kerasviz.document import clipboard, layout, replace  # noqa: F401 - they add their commands

    if name not in COMMANDS:
        raise Invalid("command", "the name of a command", name, did_you_mean(name, COMMANDS))
    return COMMANDS[name](document, **arguments)


def present(document: Document, call: str) -> Json:
    """The call, if there is one of that id."""
    if call not in document.calls:
        raise Invalid("call", "the id of a call", call, did_you_mean(call, document.calls))
    return document.calls[call]


def only_sink(document: Document) -> str | None:
    """The one call whose output nobody takes; None where there are none or several."""
    return document.sinks[0] if len(document.sinks) == 1 else None


@command
def add(
    document: Document,
    kind: str,
    args: Json | None = None,
    *,
    after: str | Sequence[str | Tensor] | None = None,
    at: Sequence[float] | None = None,
    direction: str = "down",
    name: str | None = None,
) -> Patch:
    """Add a layer and call it on the outputs of `after`."""
    sources = [after] if isinstance(after, str) else list(after or [])
    inputs = [[source, 0] if isinstance(source, str) else list(source) for source in sources]
    for source, _ in inputs:
        present(document, source)
    new = layer_id(kind, taken_in(document))
    takes_none = input_limits(kind)[1] == 0
    layer = {"id": new, "kind": kind, **({"name": name} if name else {}), "args": dict(args or {})}
    place = snapped(*at) if at else place_below(document, [source for source, _ in inputs], direction)
    changes: Json = {"inputs": [*document.inputs, new]} if kind in INPUT_KINDS else {}
    return patch(
        f"Add {kind}",
        layers={new: layer},
        calls={new: {"id": new, "layer": new, "inputs": [] if takes_none else inputs}},
        positions={new: place},
        **changes,
    )


def place_below(document: Document, sources: Sequence[str], direction: str) -> list[float]:
    """A free place after the sources: below the lowest, in the middle between them."""
    known = [document.positions[source] for source in sources if source in document.positions]
    if len(known) < 2:
        return place_after(document, sources[0] if sources else None, direction)
    axis = 0 if direction == "right" else 1
    lowest = max(sources, key=lambda source: document.positions.get(source, [0, 0])[axis])
    place = place_after(document, lowest, direction)
    place[1 - axis] = sum(p[1 - axis] for p in known) / len(known)
    return free([p for c, p in document.positions.items() if c in document.calls], place[0], place[1])


@command
def insert(
    document: Document, kind: str, args: Json | None = None, *, target: str, slot: int = 0, direction: str = "down"
) -> Patch:
    """Put a new layer on the wire that goes into a slot of `target`."""
    call = present(document, target)
    if slot >= len(call["inputs"]):
        raise Invalid(f"insert before {target}", f"one of its {len(call['inputs'])} wires", slot)
    draft = Draft(document)
    at = document.positions.get(target)
    draft.do(patch("", positions=pushed(document, target, direction)))
    change = add(draft.document, kind, args, after=[call["inputs"][slot]], at=at, direction=direction)
    draft.do(change)
    draft.do(wire(draft.document, next(iter(change["set"]["calls"])), target, slot))
    return draft.patch(f"Insert {kind}")


@command
def append(document: Document, kind: str, args: Json | None = None, *, after: str, direction: str = "down") -> Patch:
    """Put a new layer behind a call; what took the call's output takes the new layer's."""
    targets = [
        (t, s) for t in document.consumers[after] for s, i in enumerate(document.calls[t]["inputs"]) if i[0] == after
    ]
    draft = Draft(document)
    at = document.positions.get(targets[0][0]) if len(targets) == 1 else None
    if at:
        draft.do(patch("", positions=pushed(document, targets[0][0], direction)))
    change = add(draft.document, kind, args, after=after, at=at, direction=direction)
    draft.do(change)
    new = next(iter(change["set"]["calls"]))
    for target, slot in targets:
        draft.do(wire(draft.document, [new, draft.document.calls[target]["inputs"][slot][1]], target, slot))
    if any(source == after for source, _ in document.outputs or []):
        outputs = [[new, 0] if tensor[0] == after else tensor for tensor in document.outputs or []]
        draft.do(patch("", outputs=outputs))
    return draft.patch(f"Add {kind}")


@command
def wire(document: Document, source: str | Tensor, target: str, slot: int | None = None) -> Patch:
    """Lead a tensor into a slot of a call: the given one, else the first free one, else the last."""
    tensor = [source, 0] if isinstance(source, str) else list(source)
    present(document, tensor[0])
    call = present(document, target)
    limit = input_limits(document.kind_of(target))[1]
    where = f"wire to {document.name_of(target)}"
    if limit == 0:
        raise Invalid(where, "a layer that takes tensors", document.kind_of(target))
    if tensor[0] == target or tensor[0] in document.downstream(target):
        raise Invalid(where, "a call that does not depend on it", tensor[0], "The wire would close a cycle.")
    inputs = [list(given) for given in call["inputs"]]
    full = limit is not None and len(inputs) >= limit
    repeated = len(inputs) == starts_with(document.kind_of(target)) == 2 and inputs[0] == inputs[1]
    free_slot = len(inputs) - 1 if full or repeated else len(inputs)  # attention that looks at itself looks elsewhere
    at = free_slot if slot is None else min(slot, len(inputs))
    inputs[at : at + 1] = [tensor]
    label = f"Connect {document.name_of(tensor[0])} to {document.name_of(target)}"
    return patch(label, calls={target: {**call, "inputs": inputs}})


@command
def unwire(document: Document, target: str, slot: int) -> Patch:
    """Remove the wire that goes into a slot of a call."""
    call = present(document, target)
    inputs = [tensor for index, tensor in enumerate(call["inputs"]) if index != slot]
    return patch("Disconnect", calls={target: {**call, "inputs": inputs}})


@command
def set_args(document: Document, calls: str | Iterable[str], args: Mapping[str, Any]) -> Patch:
    """Give arguments values; None takes one back to its default where None is its default, else sets None."""
    ids = [calls] if isinstance(calls, str) else list(calls)
    layers: Json = {}
    for call in ids:
        present(document, call)
        layer = document.layer_of(call)
        layers[layer["id"]] = {**layer, "args": without_defaults(layer["kind"], {**layer["args"], **args})}
    return patch(f"Set {', '.join(args)}", f"arg:{','.join(ids)}:{','.join(args)}", layers=layers)


def without_defaults(kind: str, args: Json) -> Json:
    """The arguments that are not the default, in the order of the signature."""
    from kerasviz.declare.kinds import listed
    from kerasviz.document.kinds import layer_class

    declared = getattr(layer_class(kind), "args", {})
    kept = {}
    for name in sorted(args, key=lambda n: list(declared).index(n) if n in declared else len(declared)):
        known = declared.get(name)
        if known is None or known.required or listed(args[name]) != listed(known.default):
            kept[name] = args[name]
    return kept


@command
def reset_args(document: Document, calls: str | Iterable[str], names: Iterable[str]) -> Patch:
    """Take arguments back to their defaults."""
    gone = set(names)
    layers: Json = {}
    for call in [calls] if isinstance(calls, str) else calls:
        present(document, call)
        layer = document.layer_of(call)
        layers[layer["id"]] = {**layer, "args": {n: v for n, v in layer["args"].items() if n not in gone}}
    return patch(f"Reset {', '.join(sorted(gone))}", layers=layers)


@command
def rename(document: Document, call: str, name: str) -> Patch:
    """Name the layer of a call; an empty name leaves it to Keras."""
    present(document, call)
    layer = {key: value for key, value in document.layer_of(call).items() if key != "name"}
    if name and name != layer["id"]:
        layer = {"id": layer["id"], "kind": layer["kind"], "name": name, **layer}
    return patch(f"Rename {document.name_of(call)}", f"name:{layer['id']}", layers={layer["id"]: layer})


@command
def delete(document: Document, calls: str | Iterable[str], *, heal: bool = True) -> Patch:
    """Remove calls; with `heal`, what followed them is wired to what came before."""
    gone = set([calls] if isinstance(calls, str) else calls) & set(document.calls)
    changed: Json = dict.fromkeys(sorted(gone))
    for call in document.calls.values():
        if call["id"] not in gone and any(source in gone for source, _ in call["inputs"]):
            inputs = [found for t in call["inputs"] for found in healed(document, gone, t, heal)]
            changed[call["id"]] = {**call, "inputs": inputs}
    layers = {document.calls[call]["layer"] for call in gone}
    unused = {layer: None for layer in sorted(layers) if set(document.calls_of[layer]) <= gone}
    changes: Json = {}
    if gone.intersection(document.inputs):
        changes["inputs"] = [call for call in document.inputs if call not in gone]
    if document.outputs is not None and any(source in gone for source, _ in document.outputs):
        outputs = [found for t in document.outputs for found in healed(document, gone, t, heal)]
        changes["outputs"] = outputs or None
    what = document.name_of(next(iter(gone))) if len(gone) == 1 else f"{len(gone)} layers"
    places = {call: None for call in sorted(gone) if call in document.positions}
    return patch(f"Delete {what}", layers=unused, calls=changed, positions=places, **changes)


def healed(document: Document, gone: set[str], tensor: Tensor, heal: bool) -> list[Tensor]:
    """What stands for a tensor once `gone` is removed: the single source before it, or nothing."""
    while tensor[0] in gone:
        inputs = document.calls[tensor[0]]["inputs"]
        if not heal or not inputs or any(other != inputs[0] for other in inputs):
            return []
        tensor = inputs[0]
    return [list(tensor)]


@command
def share(document: Document, call: str, *, after: str | None = None, direction: str = "down") -> Patch:
    """Call the layer of a call once more: its weights are shared."""
    layer = present(document, call)["layer"]
    new = call_id(layer, document.calls)
    at = document.positions.get(call, [0, 0])
    taken = [p for c, p in document.positions.items() if c in document.calls]
    place = free(taken, at[0] + 220, at[1]) if direction == "down" else free(taken, at[0], at[1] + 104, (0, 104))
    inputs = [[after, 0]] if after else []
    call_data = {"id": new, "layer": layer, "inputs": inputs}
    return patch(f"Share {document.name_of(call)}", calls={new: call_data}, positions={new: place})


@command
def move(document: Document, positions: Mapping[str, Sequence[float]]) -> Patch:
    """Put nodes elsewhere."""
    places = {call: list(place) for call, place in positions.items() if call in document.calls}
    return patch("Move", f"move:{','.join(places)}", positions=places)


@command
def set_outputs(document: Document, outputs: Sequence[str | Tensor] | None) -> Patch:
    """Say which tensors are the model's outputs; None: every sink."""
    tensors = None if outputs is None else [[t, 0] if isinstance(t, str) else list(t) for t in outputs]
    return patch("Set outputs", outputs=check_outputs("outputs", tensors))


@command
def set_inputs(document: Document, inputs: Sequence[str]) -> Patch:
    """Say in which order the inputs are passed."""
    return patch("Order inputs", inputs=[present(document, call)["id"] for call in inputs])


@command
def set_variables(document: Document, variables: Json) -> Patch:
    """Set the model's named values; None deletes one."""
    merged = {**document.variables, **variables}
    return patch("Set variables", variables={name: value for name, value in merged.items() if value is not None})


@command
def group(document: Document, calls: Iterable[str], name: str = "group") -> Patch:
    """Put calls into a named group."""
    from kerasviz.document.names import free_name

    members = [call for call in document.calls if call in set(calls)]
    new = free_name(name, {known["id"] for known in document.groups})
    return patch(f"Group {len(members)} layers", groups=[*document.groups, {"id": new, "name": name, "calls": members}])


@command
def ungroup(document: Document, group: str) -> Patch:
    """Dissolve a group; its calls stay."""
    return patch("Ungroup", groups=[known for known in document.groups if known.get("id") != group])


@command
def clear(document: Document) -> Patch:
    """Delete everything."""
    change = delete(document, list(document.calls))
    return {**change, "label": "Clear"}

"""Parts of a document as text, and back: copy, paste, duplicate."""

import json
from collections.abc import Iterable
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.checks import Json, by_id, check_call, check_layer, check_positions
from kerasviz.document.document import INPUT_KINDS, Document
from kerasviz.document.edits import command
from kerasviz.document.names import call_id, layer_id, taken_in
from kerasviz.document.patch import Patch, patch
from kerasviz.document.placing import overlaps, snapped


def copied(document: Document, calls: Iterable[str]) -> Json:
    """The calls with their layers and places; wires between them are kept, others are remembered."""
    chosen = set(calls)
    found = [call for name, call in document.calls.items() if name in chosen]
    layers = {call["layer"]: document.layers[call["layer"]] for call in found}
    places = {call["id"]: document.positions.get(call["id"], [0, 0]) for call in found}
    return {"kerasviz": 1, "layers": list(layers.values()), "calls": found, "positions": places}


def to_text(clip: Json) -> str:
    """The clip for the clipboard."""
    return json.dumps(clip, indent=1)


def from_text(text: str) -> Json:
    """The clip of a text.

    Raises:
        Invalid: where the text holds none.
    """
    try:
        clip = json.loads(text)
    except ValueError as error:
        raise Invalid("clipboard", "layers copied from the editor", text[:60]) from error
    return check_clip(clip)


def check_clip(clip: Any) -> Json:
    """The clip, if it is one."""
    if not isinstance(clip, dict) or clip.get("kerasviz") != 1:
        raise Invalid("clipboard", "layers copied from the editor", clip)
    layers = by_id("clipboard.layers", clip.get("layers"), check_layer)
    calls = by_id("clipboard.calls", clip.get("calls"), check_call)
    check_positions("clipboard.positions", clip.get("positions", {}))
    for call in calls.values():
        if call["layer"] not in layers:
            raise Invalid(f"clipboard, call {call['id']}: layer", "a layer of the clip", call["layer"])
    return clip


@command
def paste(
    document: Document, clip: Json | str, *, after: str | None = None, keep_incoming: bool = False, label: str = ""
) -> Patch:
    """Put copied calls in with new ids; wires between them stay.

    Args:
        document: the one to paste into.
        clip: from `copied`, or its text.
        after: the call to which a first unconnected call is wired.
        keep_incoming: keep wires from calls outside the clip that are still there.
        label: for the undo log.
    """
    clip = from_text(clip) if isinstance(clip, str) else check_clip(clip)
    layers, layer_ids = new_layers(document, clip)
    call_ids = new_calls(document, clip, layer_ids)
    shift = shift_for(document, clip)
    calls, positions = {}, {}
    for call in clip["calls"]:
        new = call_ids[call["id"]]
        inputs = [t for given in call["inputs"] for t in rewired(document, given, call_ids, keep_incoming)]
        calls[new] = {**call, "id": new, "layer": layer_ids[call["layer"]], "inputs": inputs}
        x, y = clip.get("positions", {}).get(call["id"], [0, 0])
        positions[new] = snapped(x + shift, y + shift)
    heads = [name for name, call in calls.items() if layers[call["layer"]]["kind"] in INPUT_KINDS]
    open_calls = [name for name, call in calls.items() if not call["inputs"] and name not in heads]
    if after in document.calls and open_calls:
        calls[open_calls[0]]["inputs"] = [[after, 0]]
    changes: Json = {"inputs": [*document.inputs, *heads]} if heads else {}
    text = label or ("Paste layer" if len(calls) == 1 else f"Paste {len(calls)} layers")
    return patch(text, layers=layers, calls=calls, positions=positions, **changes)


def new_layers(document: Document, clip: Json) -> tuple[dict[str, Json], dict[str, str]]:
    """The clip's layers under free ids, and old id -> new id."""
    taken = taken_in(document)
    layers, ids = {}, {}
    for layer in clip["layers"]:
        new = layer_id(layer["kind"], taken)
        taken.add(new)
        ids[layer["id"]] = new
        name = layer.get("name")
        layers[new] = {key: value for key, value in layer.items() if key != "name"} | {"id": new}
        if name and name not in taken:
            layers[new]["name"] = name
            taken.add(name)
    return layers, ids


def new_calls(document: Document, clip: Json, layer_ids: dict[str, str]) -> dict[str, str]:
    """Old call id -> a free one."""
    taken = set(document.calls)
    ids = {}
    for call in clip["calls"]:
        ids[call["id"]] = call_id(layer_ids[call["layer"]], taken)
        taken.add(ids[call["id"]])
    return ids


def rewired(document: Document, tensor: list, ids: dict[str, str], keep: bool) -> list[list]:
    """The tensor after pasting: of the new call, of the old one outside, or nothing."""
    source, index = tensor
    if source in ids:
        return [[ids[source], index]]
    return [[source, index]] if keep and source in document.calls else []


def shift_for(document: Document, clip: Json) -> int:
    """How far to move the clip so that it covers no node."""
    there = [place for call, place in document.positions.items() if call in document.calls]
    for shift in range(0, 800, 32):
        places = [(x + shift, y + shift) for x, y in clip.get("positions", {}).values()]
        if not any(overlaps(a, b) for a in places for b in there):
            return shift
    return 48


@command
def duplicate(document: Document, calls: Iterable[str], *, keep_incoming: bool = False) -> Patch:
    """Copy and paste in one."""
    chosen = list(calls)
    label = f"Duplicate {document.name_of(chosen[0])}" if len(chosen) == 1 else f"Duplicate {len(chosen)} layers"
    return paste(document, copied(document, chosen), keep_incoming=keep_incoming, label=label)

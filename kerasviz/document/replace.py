"""Another kind of layer in the same place: wires stay, and so do the arguments that both have."""

from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.document import Document, Json
from kerasviz.document.edits import command, present, without_defaults
from kerasviz.document.kinds import layer_class
from kerasviz.document.patch import Patch, patch

COUNTERPARTS = (("units", "filters"), ("pool_size", "size", "kernel_size"), ("rate", "stddev"))


@command
def replace_kind(document: Document, call: str, kind: str, args: Json | None = None) -> Patch:
    """Make the layer of a call one of another kind; arguments of the same meaning are kept."""
    present(document, call)
    layer = document.layer_of(call)
    kept = transferred(layer["args"], kind)
    changed = {**layer, "kind": kind, "args": without_defaults(kind, {**kept, **(args or {})})}
    return patch(f"Replace {document.name_of(call)} by {kind}", layers={layer["id"]: changed})


def transferred(args: Json, kind: str) -> Json:
    """The arguments that the other kind takes, under the names it has for them."""
    declared = getattr(layer_class(kind), "args", {})
    kept: dict[str, Any] = {}
    for name, value in args.items():
        family = next((names for names in COUNTERPARTS if name in names), (name,))
        target = name if name in declared else next((other for other in family if other in declared), None)
        if target is not None and fits(declared[target], value):
            kept.setdefault(target, value)
    return kept


def fits(argument: Any, value: Any) -> bool:
    """Whether the argument takes the value."""
    try:
        argument.kind.parse(value)
    except Invalid:
        return False
    return True

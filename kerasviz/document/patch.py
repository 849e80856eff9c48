"""Patches: the one form of a change of a document, and its way back."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.checks import Json, check_call, check_layer, check_outputs, check_position, checked
from kerasviz.document.document import Document, check_call_references, check_cycles, check_references

TABLES = ("layers", "calls", "positions")
WHOLE = ("inputs", "outputs", "groups", "variables")
Patch = Json


def patch(label: str, coalesce: str | None = None, **changes: Any) -> Patch:
    """A patch of what is set; empty tables are left out."""
    kept = {key: value for key, value in changes.items() if key not in TABLES or value}
    return {"set": kept, "label": label, **({"coalesce": coalesce} if coalesce else {})}


def apply(document: Document, change: Patch) -> tuple[Document, Patch]:
    """The document after a patch, and the patch that takes it back.

    Raises:
        Invalid: where the patch is not one, or would name what does not exist, or make a cycle.
    """
    check_patch(change)
    after = applied(document, change)
    check_result(document, after, change["set"])
    return after, inverse(document, change)


def applied(document: Document, change: Patch) -> Document:
    """The document after a patch that is known to be good."""
    given = change["set"]
    places = given.get("order", {})
    fields: Json = {key: given[key] for key in WHOLE if key in given}
    for key in TABLES:
        if key in given:
            fields[key] = changed(getattr(document, key), given[key], places.get(key))
    return replace(document, **fields)


def changed(table: dict[str, Any], changes: dict[str, Any], places: dict[str, int] | None) -> dict[str, Any]:
    """The table after changes; None deletes. `places` are the final indices of what is put back between others."""
    after = {**table, **changes}
    for key, value in changes.items():
        if value is None:
            del after[key]
    if not places:
        return after
    keys = [key for key in after if key not in places]
    for key, index in sorted(places.items(), key=lambda item: item[1]):
        if key in after:
            keys.insert(index, key)
    return {key: after[key] for key in keys}


def inverse(document: Document, change: Patch) -> Patch:
    """The patch that takes `change` back, given the document before it."""
    given = change["set"]
    back: Json = {key: getattr(document, key) for key in WHOLE if key in given}
    order: Json = {}
    for key in TABLES:
        if key in given:
            table = getattr(document, key)
            back[key] = {name: table.get(name) for name in given[key]}
            gone = [name for name, value in given[key].items() if value is None and name in table]
            if gone or key in given.get("order", {}):
                indices = {name: index for index, name in enumerate(table)}
                names = [*gone, *(name for name in given.get("order", {}).get(key, {}) if name in table)]
                order[key] = {name: indices[name] for name in names}
    if order:
        back["order"] = order
    return {**change, "set": back}


def check_patch(change: Any) -> None:
    """The patch has the right form."""
    checked("patch", change, dict, 'an object with "set" and "label"')
    given = checked("patch.set", change.get("set"), dict, "an object")
    checked("patch.label", change.get("label", ""), str, "a text")
    for key in given:
        if key not in (*TABLES, *WHOLE, "order"):
            raise Invalid("patch.set", f"some of {', '.join((*TABLES, *WHOLE))}", key)
    check_table(given, "layers", check_layer)
    check_table(given, "calls", check_call)
    check_table(given, "positions", check_position)
    checked("patch.set.inputs", given.get("inputs", []), list, "a list of call ids")
    check_outputs("patch.set.outputs", given.get("outputs"))
    checked("patch.set.groups", given.get("groups", []), list, "a list of objects")
    checked("patch.set.variables", given.get("variables", {}), dict, "an object")
    for key, places in checked("patch.set.order", given.get("order", {}), dict, "an object").items():
        where = f"patch.set.order.{key}"
        for index in checked(where, places, dict, "an object of id: index").values():
            checked(where, index, int, "whole numbers")


def check_table(given: Json, key: str, check: Callable[[str, Any], Any]) -> None:
    """Each entry of a table is None or of the right form, under its own id."""
    for name, value in checked(f"patch.set.{key}", given.get(key, {}), dict, "an object by id").items():
        where = f"patch.set.{key}.{name}"
        if value is None:
            continue
        check(where, value)
        if key != "positions" and value["id"] != name:
            raise Invalid(f"{where}.id", repr(name), value["id"])


def check_result(before: Document, after: Document, given: Json) -> None:
    """What the patch leads to is a document."""
    removed = any(value is None for key in ("layers", "calls") for value in given.get(key, {}).values())
    if removed or "inputs" in given or "outputs" in given:
        check_references(after)
        return
    for call in given.get("calls", {}).values():
        check_call_references(after, call)
    if any(call["inputs"] != before.calls.get(name, {}).get("inputs") for name, call in given.get("calls", {}).items()):
        check_cycles(after)


class Draft:
    """Several changes of a document on the way to one patch."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.changes: Json = {}

    def do(self, change: Patch) -> Document:
        """Take up one more change."""
        self.document = applied(self.document, change)
        for key, value in change["set"].items():
            if key in TABLES:
                self.changes[key] = {**self.changes.get(key, {}), **value}
            elif key != "order":
                self.changes[key] = value
        return self.document

    def patch(self, label: str, coalesce: str | None = None) -> Patch:
        """All changes as one patch."""
        return patch(label, coalesce, **self.changes)

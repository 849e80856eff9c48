"""What went wrong in a training, told so that a person finds the layer that it came from."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.declare.errors import shown


def described(error: BaseException, calls: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The error as a record.

    Args:
        error: what was raised.
        calls: the call of the document for each layer's name.
    """
    calls = calls or {}
    text = str(error) or type(error).__name__
    record = {"message": text, "where": type(error).__name__, "expected": "", "got": "", "hint": ""}
    if isinstance(error, Invalid):
        got = error.got if isinstance(error.got, str) else shown(error.got)
        record |= {"where": error.where, "expected": error.expected, "got": got, "hint": error.hint}
    name = layer_name(error, calls)
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    return {**record, "call": calls.get(name or ""), "traceback": "".join(lines)}


def layer_name(error: BaseException, names: Mapping[str, str]) -> str | None:
    """The layer that an error came from: named in its text, or at work in the innermost frame."""
    for quoted in re.findall(r'"([^"]+)"', f"{getattr(error, 'where', '')} {error}"):
        if quoted in names:
            return quoted
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = getattr(frame.f_locals.get("self"), "name", None)
        if isinstance(name, str) and name in names:
            found = name
    return found

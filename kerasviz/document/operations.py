"""Functions as nodes: a kind `ops.add` is `kerasviz.ops.add`. No other name resolves."""

from collections.abc import Callable
from typing import Any

from kerasviz.declare import Invalid, did_you_mean

PREFIX = "ops."


def function(kind: str) -> Callable[..., Any]:
    """The function of a kind such as `ops.add`."""
    from kerasviz import ops

    found: Any = ops
    for part in kind.removeprefix(PREFIX).split("."):
        known = vars(found)
        if part.startswith("_") or part not in known:
            raise Invalid(kind, "a function of `ops`", kind, did_you_mean(part, [n for n in known if n[0] != "_"]))
        found = known[part]
    home = getattr(found, "__module__", "") or ""
    if not callable(found) or not home.startswith("kerasviz."):
        raise Invalid(kind, "a function of `ops`", kind)
    return found


def kind_of(operation: Any) -> str | None:
    """The kind of a recorded function; None where it is not one of ours."""
    from kerasviz import ops

    wanted = getattr(operation, "function", None)
    name = getattr(wanted, "__name__", "")
    for candidate in (name, name.strip("_")):
        if getattr(ops, candidate, None) is wanted and wanted is not None:
            return PREFIX + candidate
    names = [n for n, known in vars(ops).items() if known is wanted and not n.startswith("_")]
    return PREFIX + names[0] if names else None

"""Names of Keras that are not here: asking for one says so, and why."""

from collections.abc import Callable, Mapping
from typing import Any

from kerasviz.declare.errors import did_you_mean


def absent(module: str, reasons: Mapping[str, str], known: Mapping[str, Any]) -> Callable[[str], Any]:
    """A `__getattr__` for a module of Keras's API.

    Args:
        module: its dotted name below `keras`.
        reasons: for each name of Keras that it does not have, why.
        known: what it has, for the near miss of a name that nobody has.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807  # the name that Python asks for
        if name in reasons:
            raise AttributeError(f"kerasviz.{module} has no `{name}` yet: {reasons[name]}.")
        public = [other for other in known if not other.startswith("_")]
        near = "" if name.startswith("_") else did_you_mean(name, public)
        raise AttributeError(f"kerasviz.{module} has no `{name}`.{' ' if near else ''}{near}")

    return __getattr__

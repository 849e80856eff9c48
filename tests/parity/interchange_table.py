"""The table of models that are exchanged with Keras; the modules of models fill it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .interchange_running import Exchanged

TABLE: dict[str, Exchanged] = {}


def exchanged(make: Any = None, **facts: Any) -> Any:
    """Decorator: put a maker in the table, under its own name."""

    def put(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
        name = make.__name__
        assert name not in TABLE, name
        TABLE[name] = Exchanged(name, make, **facts)
        return make

    return put if make is None else put(make)

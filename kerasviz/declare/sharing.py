"""Layers that a config has in several places are one layer again when it is read: Keras's `shared_object_id`."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SHARED = "shared_object_id"
_open = threading.local()


def may_be_shared(thing: Any) -> bool:
    """Whether it matters that two places have the same one: it has weights."""
    return hasattr(type(thing), "build_from_config")


def number_of(thing: Any) -> dict[str, int]:
    """What the config that is being written says of it: its number, by object."""
    numbers = getattr(_open, "written", None)
    if numbers is None or not may_be_shared(thing):
        return {}
    return {SHARED: numbers.setdefault(id(thing), len(numbers) + 1)}


@contextmanager
def writing() -> Iterator[bool]:
    """While a config is written; gives whether it is the outermost part of it."""
    if getattr(_open, "written", None) is not None:
        yield False
        return
    _open.written = {}
    try:
        yield True
    finally:
        _open.written = None


def without_lonely(config: Any) -> Any:
    """The config with numbers only where one stands twice."""
    counts: dict[Any, int] = {}
    for part in parts(config):
        counts[part.get(SHARED)] = counts.get(part.get(SHARED), 0) + 1
    for part in parts(config):
        if SHARED in part and counts[part[SHARED]] < 2:
            del part[SHARED]
    return config


@contextmanager
def reading(config: Any) -> Iterator[Any]:
    """While a config is read; gives it with a number at the first of each that are shared."""
    if getattr(_open, "read", None) is not None:
        yield config
        return
    _open.read = {}
    try:
        yield with_firsts(config)
    finally:
        _open.read = None


def known(config: Mapping[str, Any]) -> Any:
    """What was made of another place with the same number; None where there is none."""
    return (getattr(_open, "read", None) or {}).get(_key(config))


def keep(config: Mapping[str, Any], made: Any) -> None:
    """Remember what was made, where it has a number."""
    read = getattr(_open, "read", None)
    if read is not None and SHARED in config and may_be_shared(made):
        read[_key(config)] = made


def with_firsts(config: Any) -> Any:
    """A config of Keras, which numbers all but the first of the same: with a number there too."""
    numbered = {_title(part) for part in parts(config) if SHARED in part}
    firsts: dict[tuple[str, str, str], dict[str, Any]] = {}
    for part in parts(config) if numbered else ():
        if _title(part) in numbered and isinstance(part.get("config"), Mapping):
            first = firsts.setdefault((*_title(part), _said(part)), part)
            if SHARED in part:
                first.setdefault(SHARED, part[SHARED])
    return config


def parts(config: Any) -> Iterator[dict[str, Any]]:
    """The objects in a config, in the order in which they are made."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting += reversed(list(value.values()))
        elif isinstance(value, (list, tuple)):
            waiting += reversed(value)


def _key(config: Mapping[str, Any]) -> tuple[str, str]:
    return str(config.get("class_name")), str(config.get(SHARED))


def _title(config: Mapping[str, Any]) -> tuple[str, str]:
    inner = config.get("config")
    return str(config.get("class_name")), str(inner.get("name")) if isinstance(inner, Mapping) else ""


def _said(config: Mapping[str, Any]) -> str:
    """What two places of the same say alike."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): plain(part) for key, part in value.items() if key != SHARED}
        return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value

    return json.dumps(plain(config["config"]), sort_keys=True, default=str)

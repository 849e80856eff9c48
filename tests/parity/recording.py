"""The oracle's answers: computed by Keras, or replayed from `recorded/`, so that parity is tested without Keras too.

A record holds the answers of one test module, by test id: an index in JSON, and the numbers in one block.
"""

from __future__ import annotations

import importlib
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "recorded"
ARRAY, FLOAT = "$array", "$float"


def plain(value: Any) -> Any:
    """Anything the oracle returns, as lists, dicts, numpy arrays and plain values."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "detach"):
        value = value.detach()
        value = (value.float() if str(value.dtype).startswith(("torch.bfloat", "torch.float8")) else value).cpu()
        return value.resolve_conj().resolve_neg().numpy()
    if isinstance(value, np.generic):
        return np.asarray(value)
    if hasattr(value, "__array__"):
        return np.array(value)
    raise TypeError(f"A record holds arrays and plain values, not {type(value).__name__}.")


class Record:
    """The answers of one test module.

    Args:
        path: of its file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, Any] = {}
        if path.exists():
            with np.load(path, allow_pickle=False) as stored:
                index, block = json.loads(bytes(stored["index"])), bytes(stored["numbers"])
            self.answers = {key: _unpacked(value, block) for key, value in index.items()}

    def write(self) -> None:
        """Put the answers into the file, in the order of their keys, so that equal answers make equal files."""
        block = io.BytesIO()
        index = {key: _packed(self.answers[key], block) for key in sorted(self.answers)}
        self.path.parent.mkdir(exist_ok=True)
        np.savez_compressed(
            self.path,
            index=np.frombuffer(json.dumps(index, separators=(",", ":")).encode(), np.uint8),
            numbers=np.frombuffer(block.getvalue(), np.uint8),
        )

    def keep(self, keys: Iterable[str]) -> None:
        """Drop the answers of tests that are no more."""
        keys = set(keys)
        self.answers = {key: value for key, value in self.answers.items() if key.split("#")[0] in keys}


def _packed(value: Any, block: io.BytesIO) -> Any:
    if isinstance(value, np.ndarray):
        place = block.tell()
        block.write(np.ascontiguousarray(value).tobytes())
        return {ARRAY: [value.dtype.str, list(value.shape), place]}
    if isinstance(value, float) and not math.isfinite(value):
        return {FLOAT: str(value)}
    if isinstance(value, dict):
        return {key: _packed(item, block) for key, item in value.items()}
    return [_packed(item, block) for item in value] if isinstance(value, list) else value


def _unpacked(value: Any, block: bytes) -> Any:
    if isinstance(value, dict) and ARRAY in value:
        dtype, shape, place = value[ARRAY]
        return np.frombuffer(block, dtype, math.prod(shape), place).reshape(shape).copy()
    if isinstance(value, dict) and FLOAT in value:
        return float(value[FLOAT])
    if isinstance(value, dict):
        return {key: _unpacked(item, block) for key, item in value.items()}
    return [_unpacked(item, block) for item in value] if isinstance(value, list) else value


class Reference:
    """What one test calls: `reference(lambda keras: keras.ops.add(x, y))` is the oracle's answer.

    Args:
        record: of the test's module.
        key: the test's id within the module.
        mode: "replay", "live" or "record".
    """

    def __init__(self, record: Record, key: str, mode: str) -> None:
        self.record = record
        self.key = key
        self.mode = mode
        self.calls = 0

    def __call__(self, compute: Callable[[Any], Any]) -> Any:
        """The answer of `compute(keras)`; the numbers in it are numpy arrays, tuples are lists."""
        key = self.key if self.calls == 0 else f"{self.key}#{self.calls}"
        self.calls += 1
        if self.mode == "replay":
            if key not in self.record.answers:
                raise KeyError(f"`{key}` is not in {self.record.path.name}: run this module with `--oracle=record`.")
            return self.record.answers[key]
        answer = plain(compute(importlib.import_module("keras")))
        if self.mode == "record":
            self.record.answers[key] = answer
        return answer

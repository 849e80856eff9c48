"""Nests of numbers, text, tensors and arrays as files: JSON for the nest, npz for the arrays, nothing to execute."""

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid

DAMAGED = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RuntimeError, EOFError),
    *(MemoryError, zipfile.BadZipFile),
)
ABOUT = "about"


def write_nest(path: Any, nest: Any) -> None:
    """Write a file; it is on the disk when this returns.

    Raises:
        Invalid: where the nest holds something else than dicts, lists, tuples, numbers, text, None, tensors and arrays.
    """
    arrays: list[np.ndarray] = []
    text = json.dumps(encoded(nest, arrays)).encode()
    named = {str(index): array for index, array in enumerate(arrays)}
    with open(path, "wb") as file:
        np.savez(file, **{ABOUT: np.frombuffer(text, np.uint8)}, **named)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def read_nest(path: Any) -> Any:
    """Read a file of `write_nest`; tensors are on the CPU.

    Raises:
        Invalid: where it is damaged.
    """
    try:
        with open(path, "rb") as file:
            check_sizes(file)
            with np.load(file, allow_pickle=False) as arrays:
                return decoded(json.loads(bytes(arrays[ABOUT])), arrays)
    except DAMAGED as error:
        raise Invalid(f"reading {path}", "a whole file", str(error) or type(error).__name__) from error


def check_sizes(file: Any) -> None:
    """Refuse what unpacks to more than it is: `write_nest` packs nothing.

    Raises:
        ValueError: there.
    """
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        size = file.seek(0, os.SEEK_END)
    if sum(entry.file_size for entry in entries) > size or any(entry.compress_type for entry in entries):
        raise ValueError("it is packed, or its parts overlap")
    file.seek(0)


def encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    """A nest in JSON's types; its arrays, as bytes, are added to `arrays`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)) and type(value) in (int, float):
        return value
    if isinstance(value, Mapping):
        pairs = [[encoded(key, arrays), encoded(part, arrays)] for key, part in value.items()]
        plain = all(isinstance(key, str) and not key.startswith("$") for key in value)
        return dict(pairs) if plain else {"$dict": pairs}
    if isinstance(value, tuple):
        return {"$tuple": [encoded(part, arrays) for part in value]}
    if isinstance(value, list):
        return [encoded(part, arrays) for part in value]
    if isinstance(value, (np.generic, int, float)):
        return encoded(value.item() if isinstance(value, np.generic) else float(value), arrays)
    if isinstance(value, Tensor):
        flat = value.detach().cpu().contiguous().reshape(-1)
        arrays.append(flat.view(torch.uint8).numpy())
        return {"$tensor": [len(arrays) - 1, str(value.dtype).removeprefix("torch."), list(value.shape)]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        arrays.append(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
        return {"$array": [len(arrays) - 1, value.dtype.str, list(value.shape)]}
    raise Invalid("the state of a training", "dicts, lists, tuples, numbers, text, None, tensors and arrays", value)


def decoded(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The nest that `encoded` wrote."""
    if isinstance(value, list):
        return [decoded(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if "$tensor" in value:
        index, dtype, shape = value["$tensor"]
        kind = getattr(torch, dtype, None)
        if not isinstance(kind, torch.dtype):
            raise ValueError(f"no such dtype: {dtype}")
        data = arrays[str(index)]
        flat = torch.from_numpy(data).view(kind) if data.size else torch.empty(0, dtype=kind)
        return flat.reshape(shape)
    if "$array" in value:
        index, dtype, shape = value["$array"]
        return arrays[str(index)].view(np.dtype(dtype)).reshape(shape)
    if "$tuple" in value:
        return tuple(decoded(part, arrays) for part in value["$tuple"])
    if "$dict" in value:
        return {decoded(key, arrays): decoded(part, arrays) for key, part in value["$dict"]}
    return {key: decoded(part, arrays) for key, part in value.items()}


def move(part: Path, target: Path) -> None:
    """Let a file or folder that is written take its place; the place is on the disk when this returns."""
    os.replace(part, target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

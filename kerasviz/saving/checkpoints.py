"""A folder of checkpoints: folders with a model's files, named by their steps, with a file that tells their order."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.archive import CONFIG, WEIGHTS
from kerasviz.saving.files import flush, flush_folder, folder_in
from kerasviz.saving.folder import put_in_place

FACTS = "checkpoint.json"
LARGEST_FACTS = 4096  # bytes
PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # to open neither links nor what makes us wait


def checkpoints_in(folder: Any) -> list[Path]:
    """The checkpoints in a folder, in the order they were saved. Links, and folders without our file, are none."""
    try:
        with os.scandir(folder) as found:
            parts = [part.path for part in found if part.name.isdecimal() and part.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    ordered = sorted((order_of(Path(part)), part) for part in parts)
    return [Path(part) for order, part in ordered if order >= 0]


def order_of(checkpoint: Path) -> int:
    """How many were saved before it in this folder; -1 where it is no checkpoint."""
    try:
        with open(checkpoint / FACTS, "rb", opener=lambda name, flags: os.open(name, flags | PLAIN)) as file:
            order = json.loads(file.read(LARGEST_FACTS))["order"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return -1
    return order if type(order) is int else -1


def newest_in(path: Any) -> Any:
    """The newest checkpoint in a folder; the path as it is where that is something else."""
    if os.path.lexists(Path(path) / CONFIG):
        return path  # a model's folder
    found = checkpoints_in(path)
    return found[-1] if found else path


def weights_in(path: Any) -> Path:
    """The file of weights in a model's folder, a checkpoint, or the newest one of a folder.

    Raises:
        Invalid: where there is none, or a link.
    """
    weights = Path(newest_in(path)) / WEIGHTS
    if weights.is_symlink() or not weights.is_file():
        raise Invalid(str(path), f"a folder with {WEIGHTS}, or with checkpoints", "one without, or with a link")
    return weights


def write_checkpoint(folder: Any, step: int, files: Mapping[str, bytes], most: int | None = None) -> None:
    """Write a checkpoint: whole, or not at all. Then take away those before the last `most`.

    Args:
        folder: of the checkpoints; made where it is not there.
        step: its name; one of the same name is replaced.
        files: their contents, by their paths in the checkpoint.
        most: how many may stay; None for all.

    Raises:
        Invalid: where something else has its name.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    target, known = folder / str(step), checkpoints_in(folder)
    if os.path.lexists(target) and target not in known:
        hint = "Nothing is taken away that is no checkpoint. Pass another folder."
        raise Invalid(f"saving to {target}", "a new folder, or a checkpoint", "something else", hint)
    order = 1 + order_of(known[-1]) if known else 0
    with folder_in(folder) as beside:
        made = beside / "new"
        for name, content in {**files, FACTS: json.dumps({"step": step, "order": order}).encode()}.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content)
            flush(made / name)
        for place, _, _ in os.walk(made):
            flush_folder(Path(place))
        put_in_place(made, target)
        flush_folder(folder)
        for old in [] if most is None else checkpoints_in(folder)[:-most]:
            os.rename(old, beside / f"{old.name} of before")  # goes with this folder

"""Files that are written whole or not at all: beside their place first, on the disk for certain, then moved there."""

import contextlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid

ABANDONED_SECONDS = 86_400.0  # after which what a killed process left is taken away
WORKING = ".saving-"  # what the names of folders begin with in which something is being written
LONGEST_NAME = 150  # characters of the target's name in that of the file beside it


@contextlib.contextmanager
def replacing(target: Any, overwrite: bool = True) -> Iterator[Path]:
    """A path beside `target` to write to. It becomes `target` at the end; after an error `target` is as it was.

    A link stays, and what it points to is replaced.

    Raises:
        Invalid: where `target` is there and `overwrite` is False, or its folder is not.
    """
    target = checked_target(target, overwrite)
    if target.is_dir():
        raise Invalid(f"saving to {target}", "a file", "a folder")
    beside = name_beside(target)
    try:
        yield beside
        if target.exists():
            shutil.copymode(target, beside)
        flush(beside)
        os.replace(beside, target)
        flush_folder(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def checked_target(target: Any, overwrite: bool) -> Path:
    """Where to write, links followed.

    Raises:
        Invalid: where something is there that may not be replaced, or the folder is not there.
    """
    target = Path(target)
    if os.path.lexists(target) and not overwrite:
        raise Invalid(f"saving to {target}", "a new file", "one that is there", "Pass overwrite=True to replace it.")
    target = Path(os.path.realpath(target)) if target.is_symlink() else target
    if not target.absolute().parent.is_dir():
        raise Invalid(f"saving to {target}", "a folder that is there", str(target.parent), "Make the folder first.")
    return target


def name_beside(target: Path) -> Path:
    """A new name in the folder of `target`; what killed processes left there long ago is taken away."""
    start = f".{target.name[:LONGEST_NAME]}."
    for left in target.absolute().parent.glob(f"{start.translate(ESCAPED)}*.tmp"):
        with contextlib.suppress(OSError):
            if is_abandoned(left):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    return target.with_name(f"{start}{secrets.token_hex(6)}.tmp")


@contextlib.contextmanager
def folder_in(place: Path) -> Iterator[Path]:
    """A new folder to work in, which is taken away at the end; so is what killed processes left there long ago."""
    for left in place.glob(f"{WORKING}*"):
        if is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=WORKING) as made:
        yield Path(made)


def is_abandoned(path: Path) -> bool:
    """Whether a file was not touched for so long that no save can be at it any more."""
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_SECONDS
    except OSError:
        return False


ESCAPED = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]"})


def flush(path: Path) -> None:
    """Have what was written on the disk, and not only on its way there."""
    with open(path, "rb") as written:
        os.fsync(written.fileno())


def flush_folder(path: Path) -> None:
    """Have the names in a folder on the disk, where the system can."""
    with contextlib.suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

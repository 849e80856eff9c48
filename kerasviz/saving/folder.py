"""The `.keras` file unpacked: a folder with metadata.json, config.json, model.weights.h5 and assets.

A folder is written beside its place and changes places with the one that is there, in one step where the system can.
"""

import contextlib
import itertools
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from kerasviz.declare import Invalid
from kerasviz.saving.archive import CONFIG, METADATA, MOST_ENTRIES, WEIGHTS, open_hdf5
from kerasviz.saving.assets import FOLDER as ASSETS
from kerasviz.saving.files import checked_target, flush, flush_folder, name_beside
from kerasviz.saving.hdf5_writing import new_hdf5

OF_A_MODEL = {METADATA, CONFIG, WEIGHTS, ASSETS}
SWAP = {"linux": ("renameat2", -100), "darwin": ("renameatx_np", -2)}  # the function, and "from where we are"
SET_ASIDE = ".old"


@dataclass(frozen=True)
class Entry:
    """A file of a folder, told of as zipfile tells of those of an archive."""

    filename: str
    file_size: int

    def is_dir(self) -> bool:
        """False: only files are listed."""
        return False


class Folder:
    """A checked folder, read as `zipfile.ZipFile` reads an archive.

    Args:
        path: of the folder.
        where: for errors.
    """

    def __init__(self, path: Path, where: str) -> None:
        self.path, self.where = path, where
        self.entries = {entry.filename: entry for entry in self.walk()}
        for name in (CONFIG, WEIGHTS):
            if name not in self.entries:
                raise Invalid(where, f"a folder with {name}", sorted(self.entries)[:10])

    def walk(self) -> Iterator[Entry]:
        """Every file; none that is a link, or no plain file."""
        waiting, count = [self.path], 0
        while waiting:
            with os.scandir(waiting.pop()) as found:
                parts = list(itertools.islice(found, MOST_ENTRIES + 1))
            for part in parts:
                count += 1
                facts = part.stat(follow_symlinks=False)
                name = Path(part.path).relative_to(self.path).as_posix()
                if count > MOST_ENTRIES:
                    raise Invalid(self.where, f"at most {MOST_ENTRIES} entries", "more")
                if stat.S_ISDIR(facts.st_mode):
                    waiting.append(Path(part.path))
                elif stat.S_ISREG(facts.st_mode):
                    yield Entry(name, facts.st_size)
                else:
                    kind = "a link" if stat.S_ISLNK(facts.st_mode) else "a special file"
                    raise Invalid(f"{self.where}, entry {name!r}", "a plain file inside the folder", kind)

    def infolist(self) -> list[Entry]:
        """All files."""
        return list(self.entries.values())

    def getinfo(self, name: str) -> Entry:
        """What is known of a file."""
        return self.entries[name]

    def open(self, entry: Entry) -> IO[bytes]:
        """A file to read from; not one that has become a link since."""
        no_links = getattr(os, "O_NOFOLLOW", 0)
        path = self.path / entry.filename
        try:
            return open(path, "rb", opener=lambda name, flags: os.open(name, flags | no_links))
        except OSError as error:
            raise Invalid(f"{self.where}, {entry.filename}", "a file that can be read", str(error)) from error


@contextlib.contextmanager
def opened_folder(path: Any) -> Iterator[Any]:
    """A checked folder.

    Raises:
        Invalid: where it is not that of a model, or holds links.
    """
    try:
        folder = Folder(place_of(Path(path)), str(path))
    except OSError as error:
        raise Invalid(str(path), "a folder that can be read", str(error)) from error
    yield folder


@contextlib.contextmanager
def folder_weights(folder: Folder) -> Iterator[Any]:
    """The open HDF5 file of the weights."""
    with folder.open(folder.getinfo(WEIGHTS)) as source, open_hdf5(source, f"{folder.where}, {WEIGHTS}") as file:
        yield file


def is_folder(path: Any) -> bool:
    """Whether there is a folder, or one was on its way there when a save was cut off."""
    return place_of(Path(path)).is_dir()


def place_of(path: Path) -> Path:
    """The path; where nothing is there, that of the folder that a save has set aside and not replaced any more."""
    if os.path.lexists(path) or not path.name or not path.parent.is_dir():
        return path
    start = f".{path.name}."
    left = [p for p in path.parent.iterdir() if p.name.startswith(start) and p.name.endswith(SET_ASIDE)]
    return max(left, key=lambda p: p.stat().st_mtime, default=path)


def write_folder(
    target: Any,
    overwrite: bool,
    texts: Mapping[str, str],
    weights: Callable[[Any], None],
    assets: Mapping[str, bytes],
) -> None:
    """Write a model's folder.

    Args:
        target: where to.
        overwrite: whether a model's folder that is there may be replaced.
        texts: files of text by name.
        weights: a function that fills an open HDF5 file.
        assets: other files by their path inside the folder.

    Raises:
        Invalid: where something else is there.
    """
    target = checked_folder(target, overwrite)
    beside = name_beside(target)
    try:
        (beside / ASSETS).mkdir(parents=True)
        for name, text in texts.items():
            (beside / name).write_text(text, encoding="utf-8")
        with new_hdf5(beside / WEIGHTS) as file:
            weights(file)
        for name, content in assets.items():
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            (beside / name).write_bytes(content)
        for folder, _, names in os.walk(beside):
            for name in names:
                flush(Path(folder) / name)
            flush_folder(Path(folder))
        put_in_place(beside, target)
        flush_folder(target.absolute().parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def checked_folder(target: Any, overwrite: bool) -> Path:
    """Where to write.

    Raises:
        Invalid: where a file, or a folder with other things than a model's, is there.
    """
    target = checked_target(target, overwrite)
    if target.exists() and not target.is_dir():
        raise Invalid(f"saving to {target}", "a folder", "a file")
    if target.is_dir():
        others = sorted(set(os.listdir(target)) - OF_A_MODEL)
        if others:
            hint = "Nothing is taken away that is not a model's. Save to a new folder."
            raise Invalid(f"saving to {target}", "a new folder, or that of a model", f"one with {others[:5]}", hint)
    return target


def put_in_place(new: Path, target: Path) -> None:
    """Make `new` what `target` is, and `target` what `new` is; in two steps where the system has no single one."""
    if not target.exists():
        os.rename(new, target)
    elif not swapped(new, target):
        aside = new.with_suffix(SET_ASIDE)
        os.rename(target, aside)
        try:
            os.rename(new, target)
        except OSError:
            os.rename(aside, target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def swapped(one: Path, other: Path) -> bool:
    """Whether the system has let two folders change places."""
    import ctypes

    name, here = SWAP.get(sys.platform, ("", 0))
    try:
        rename = getattr(ctypes.CDLL(None, use_errno=True), name)
    except (AttributeError, OSError, TypeError):
        return False
    return rename(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(2)) == 0

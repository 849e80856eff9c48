"""Weights in several HDF5 files, and a JSON file that says which holds what: Keras's `.weights.json`.

The JSON file is written last, and names new files: a save that is cut off anywhere leaves the last one whole.
"""

import contextlib
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.archive import LARGEST_TEXT, open_hdf5
from kerasviz.saving.files import checked_target, is_abandoned, replacing
from kerasviz.saving.hdf5 import check_file
from kerasviz.saving.hdf5_writing import new_hdf5
from kerasviz.saving.weights import Sink, group_at, saved_objects

ENDING, SHARD_ENDING = ".weights.json", ".weights.h5"
USUAL_SIZE = 1.0  # gigabytes
PER_FILE, PER_GROUP, PER_ARRAY = 8192, 1024, 512  # bytes that HDF5 takes beside the numbers, at most
READABLE_SINCE = ("v108", "v108")  # version of HDF5; what is older takes more room


def write_shards(model: Any, filepath: Any, overwrite: bool, max_shard_size: float = USUAL_SIZE) -> None:
    """Write the weights to files of at most `max_shard_size` gigabytes each.

    Raises:
        Invalid: where the size is no positive number, or one array alone does not fit.
    """
    target = checked_target(filepath, overwrite)
    prefix = target.name.removesuffix(ENDING)
    mine = {name for name in shard_names(target) if name.startswith(f"{prefix}_")} | abandoned(target)
    try:
        with contextlib.ExitStack() as moves:  # the map was entered first, so it is moved last
            map_file = moves.enter_context(replacing(target, overwrite))
            with contextlib.closing(ShardWriter(target, max_shard_size, moves, mine)) as writer:
                for path, thing in saved_objects(model):
                    writer.write("/".join((*path, "vars")), thing)
            map_file.write_text(writer.map_text())
        usual = [f"{prefix}_{index:05d}{SHARD_ENDING}" for index in range(len(writer.names))]
        mine.update(usual)
        if usual != writer.names:
            with contextlib.suppress(OSError):  # the new names are as good
                settle(target, writer, usual)
    finally:
        with contextlib.suppress(OSError):
            remove(target, mine - set(shard_names(target)))


class ShardWriter:
    """Arrays into one file after another, as they come.

    Args:
        target: of the map.
        largest: gigabytes of one file.
        moves: where the files are moved to their places at the end.
        mine: takes their names, which nothing else has.
    """

    file: Any  # the one at hand
    group: Any  # of the object at hand, in it
    filled = 0  # bytes of the file, at most

    def __init__(self, target: Path, largest: float, moves: contextlib.ExitStack, mine: set[str]) -> None:
        if isinstance(largest, bool) or not isinstance(largest, (int, float)) or not 0 < largest < math.inf:
            raise Invalid("save_weights(max_shard_size=...)", "a number of gigabytes above 0", largest)
        self.target, self.moves, self.mine = target, moves, mine
        self.largest = int(largest * 1024**3)
        self.prefix = new_prefix(target)
        self.names: list[str] = []
        self.places: dict[str, list[str]] = {}
        self.total = 0
        self.file = self.group = None
        self.opened = contextlib.ExitStack()  # what is to be closed with the file at hand

    def write(self, place: str, thing: Any) -> None:
        """Put the arrays of an object at `place`."""
        name = getattr(thing, "name", None) or ""
        self.place, self.name, self.group = place, name, None
        self.cost = PER_GROUP * (place.count("/") + 1) + len(name)
        thing.save_own_variables(Sink(self.put, place))
        if self.group is None:
            self.make_room(0, "")

    def put(self, key: str, array: Any) -> None:
        """Write one array of the object at hand."""
        size = array.nbytes + PER_ARRAY
        self.make_room(size, key)
        self.group[key] = array
        self.filled, self.total = self.filled + size, self.total + array.nbytes

    def make_room(self, size: int, key: str) -> None:
        """Go on in a new file where this one is full, and have the group of the object at hand."""
        if PER_FILE + self.cost + size > self.largest:
            taken = f"{PER_FILE + self.cost + size} bytes for `{self.place}/{key}` and its place"
            raise Invalid("save_weights(max_shard_size=...)", "room for the largest array", taken)
        if self.file is None or self.filled + size + (self.cost if self.group is None else 0) > self.largest:
            self.begin()
        if self.group is None:
            file: Any = self.file
            self.group = file.require_group(self.place)
            if self.name:
                self.group.attrs["name"] = self.name
            self.places.setdefault(f"/{self.place}", []).append(self.names[-1])
            self.filled += self.cost

    def begin(self) -> None:
        """Go on in a new file."""
        self.close()
        self.group = None
        self.names.append(f"{self.prefix}_{len(self.names):05d}{SHARD_ENDING}")
        beside = self.moves.enter_context(replacing(self.target.with_name(self.names[-1]), overwrite=False))
        self.mine.add(self.names[-1])
        self.file = self.opened.enter_context(new_hdf5(beside, libver=READABLE_SINCE))
        self.filled = PER_FILE

    def close(self) -> None:
        """Finish the file at hand."""
        self.file = None
        self.opened.close()

    def map_text(self) -> str:
        """The map."""
        return json.dumps({"metadata": {"total_size": float(self.total)}, "weight_map": self.places}, indent=4)


def new_prefix(target: Path) -> str:
    """What the names of the files begin with: Keras's, or another where files of such names are there."""
    prefix = target.name.removesuffix(ENDING)
    numbered = re.compile(rf"{re.escape(prefix)}_\d{{5}}{re.escape(SHARD_ENDING)}")
    is_taken = any(numbered.fullmatch(path.name) for path in target.absolute().parent.iterdir())
    return f"{prefix}_{secrets.token_hex(4)}" if is_taken else prefix


def settle(target: Path, writer: ShardWriter, usual: list[str]) -> None:
    """Give the files of a map the names that Keras gives them. All of them are there under either at any moment."""
    for name, wanted in zip(writer.names, usual, strict=True):
        with replacing(target.with_name(wanted)) as beside:
            copy(target.with_name(name), beside)
    renamed = dict(zip(writer.names, usual, strict=True))
    writer.places = {place: [renamed[name] for name in names] for place, names in writer.places.items()}
    with replacing(target) as map_file:
        map_file.write_text(writer.map_text())


def abandoned(target: Path) -> set[str]:
    """Files that a save which was killed has left, with names that no map and nobody else uses."""
    prefix = re.escape(target.name.removesuffix(ENDING))
    numbered = re.compile(rf"{prefix}_[0-9a-f]{{8}}_\d{{5}}{re.escape(SHARD_ENDING)}")
    found = [path for path in target.absolute().parent.iterdir() if numbered.fullmatch(path.name)]
    return {path.name for path in found if is_abandoned(path)}


def copy(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the system has one name for each."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def remove(target: Path, names: set[str]) -> None:
    """Take away files beside a map."""
    for name in names:
        target.with_name(name).unlink(missing_ok=True)


def read_map(path: Path) -> dict[str, list[str]]:
    """Place -> names of the files that hold it.

    Raises:
        Invalid: where it is no such map, or names files elsewhere.
    """
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise Invalid(str(path), f"at most {LARGEST_TEXT} bytes", path.stat().st_size)
        found = json.loads(path.read_text())["weight_map"]
        found = {place: [names] if isinstance(names, str) else list(names) for place, names in found.items()}
    except FileNotFoundError:
        raise Invalid(str(path), "a file that is there", "none") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(str(path), "a map of weights", str(error)) from error
    for name in (name for names in found.values() for name in names):
        plain = isinstance(name, str) and name.endswith(SHARD_ENDING) and Path(name).name == name and "\\" not in name
        if not plain or os.path.islink(path.parent / name):
            raise Invalid(str(path), "files beside it", name)
    return found


def shard_names(path: Path) -> list[str]:
    """The files that a map names; none where it is no map."""
    with contextlib.suppress(Invalid):
        return sorted({name for names in read_map(path).values() for name in names})
    return []


class Shards:
    """Several files read as one."""

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        self.where = str(path)
        self.map = read_map(path)
        self.files: dict[str, Any] = {}
        for name in sorted({name for names in self.map.values() for name in names}):
            file = stack.enter_context(open_hdf5(path.parent / name, f"{path.parent / name}"))
            check_file(file, name)
            self.files[name] = file

    def __contains__(self, name: str) -> bool:
        return any(place.startswith(f"/{name}/") for place in self.map)

    def group(self, path: tuple[str, ...]) -> dict[str, Any] | None:
        """The arrays at a place, from whichever files."""
        arrays: dict[str, Any] = {}
        for name in self.map.get("/" + "/".join(path), ()):
            group = group_at(self.files[name], path, name)
            arrays |= {key: group[key] for key in group} if group is not None else {}
        return arrays


@contextlib.contextmanager
def opened_shards(filepath: Any) -> Iterator[Shards]:
    """The files of a map, open and checked."""
    with contextlib.ExitStack() as stack:
        yield Shards(Path(filepath), stack)

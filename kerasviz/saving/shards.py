"""Weights in several HDF5 files, and a JSON file that says which holds what: Keras's `.weights.json`."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.archive import LARGEST_TEXT, open_hdf5
from kerasviz.saving.files import replacing
from kerasviz.saving.hdf5 import check_file
from kerasviz.saving.weights import Collected, group_at, saved_objects

ENDING, SHARD_ENDING = ".weights.json", ".weights.h5"


def write_shards(model: Any, filepath: Any, overwrite: bool, max_shard_size: float) -> None:
    """Write the weights to files of at most `max_shard_size` gigabytes each.

    All files are written beside their places first, and moved there when the last is written.

    Raises:
        Invalid: where one array alone is larger.
    """
    target = Path(filepath)
    prefix = target.name.removesuffix(ENDING)
    old = shard_names(target) if target.exists() else []
    plan, total = shards_of(model, int(max_shard_size * 1024**3))
    places: dict[str, list[str]] = {}
    with contextlib.ExitStack() as moves:  # the map was entered first, so it is moved last
        map_file = moves.enter_context(replacing(target, overwrite))
        for number, groups in enumerate(plan):
            name = f"{prefix}_{number:05d}{SHARD_ENDING}"
            write_shard(moves.enter_context(replacing(target.with_name(name))), groups)
            for place, _, _ in groups:
                places.setdefault(f"/{place}", []).append(name)
        text = json.dumps({"metadata": {"total_size": float(total)}, "weight_map": places}, indent=4)
        map_file.write_text(text)
    for name in set(old) - {name for names in places.values() for name in names}:
        target.with_name(name).unlink(missing_ok=True)


def shards_of(model: Any, largest: int) -> tuple[list[list[tuple[str, str, dict[str, Any]]]], int]:
    """Arrays by file: (place, name of the object, arrays) each; and the bytes of all."""
    shards: list[list] = [[]]
    filled = total = 0
    for path, thing in saved_objects(model):
        place = "/".join((*path, "vars"))
        shards[-1].append((place, getattr(thing, "name", ""), {}))
        for name, array in Collected(thing).items():
            if array.nbytes > largest:
                size = f"{array.nbytes} bytes for `{place}/{name}`"
                raise Invalid("save_weights(max_shard_size=...)", "room for the largest array", size)
            if filled + array.nbytes > largest and filled:
                shards.append([(place, getattr(thing, "name", ""), {})])
                filled = 0
            shards[-1][-1][2][name] = array
            filled, total = filled + array.nbytes, total + array.nbytes
    return shards, total


def write_shard(path: Path, groups: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Write one file."""
    import h5py

    with h5py.File(path, "w") as file:
        for place, name, arrays in groups:
            group = file.require_group(place)
            if name:
                group.attrs["name"] = name
            for key, array in arrays.items():
                group[key] = array


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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid(str(path), "a map of weights", str(error)) from error
    for name in {name for names in found.values() for name in names}:
        plain = isinstance(name, str) and name.endswith(SHARD_ENDING) and Path(name).name == name and "\\" not in name
        if not plain or (path.parent / name).is_symlink():
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

"""HDF5 files read as plain data: no links that leave them, no arrays that are not in them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasviz.declare import Invalid

MOST_OBJECTS = 1_000_000
MOST_PER_STORED_BYTE = 1000  # what a filter may blow up; more is a trap
SMALL = 2**16  # bytes that are read whatever they are stored as


@contextlib.contextmanager
def undamaged(where: str) -> Iterator[None]:
    """Tell of what the HDF5 library trips over as damage to the file."""
    try:
        yield
    except Invalid:
        raise
    except (RuntimeError, KeyError, OSError, ValueError, TypeError, OverflowError) as error:
        raise Invalid(where, "an undamaged HDF5 file", str(error)) from error


def check_file(file: Any, where: str) -> int:
    """Walk every object once, and refuse what is no plain data. Returns the bytes of all arrays.

    Raises:
        Invalid: on links, virtual datasets, storage in other files, and arrays larger than what is stored.
    """
    with undamaged(where):
        return checked_size(file, where)


def checked_size(file: Any, where: str) -> int:
    """The bytes of all arrays of a file; the walk itself."""
    seen: set[Any] = set()
    total = 0
    waiting = [(file["/"], "/")]
    while waiting:
        group, path = waiting.pop()
        for name in group:
            inner = f"{path}{name}"
            item = plain_member(group, name, f"{where}, {inner}")
            address = h5_address(item)
            if address in seen:
                raise Invalid(f"{where}, {inner}", "an object of its own", "one that is in the file twice")
            seen.add(address)
            if len(seen) > MOST_OBJECTS:
                raise Invalid(where, f"at most {MOST_OBJECTS} objects", "more")
            if hasattr(item, "keys"):
                waiting.append((item, f"{inner}/"))
            else:
                total += check_dataset(item, f"{where}, {inner}")
    return total


def h5_address(item: Any) -> Any:
    """What tells one object of a file from another."""
    import h5py

    return getattr(h5py, "h5o").get_info(item.id).addr  # noqa: B009 - h5py's stubs leave it out


def plain_member(group: Any, name: str, where: str) -> Any:
    """A member that is in the file itself."""
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise Invalid(where, "an object in the file", type(link).__name__, "Links are not followed.")
    return group[name]


def check_dataset(dataset: Any, where: str) -> int:
    """Refuse an array whose numbers are not in the file. Returns its size in bytes."""
    if not hasattr(dataset, "is_virtual") or dataset.is_virtual:
        raise Invalid(where, "an array in the file", "a virtual dataset")
    if dataset.external:
        raise Invalid(where, "an array in the file", "one stored in another file")
    if dataset.shape is None or dataset.dtype.kind not in "fiubSOV":
        raise Invalid(where, "an array of numbers", str(dataset.dtype))
    size = int(np.prod(dataset.shape, dtype=object)) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    compressed = dataset.chunks is not None and dataset.id.get_create_plist().get_nfilters() > 0
    limit = stored * (MOST_PER_STORED_BYTE if compressed else 1)
    if size > max(limit, SMALL):
        raise Invalid(where, f"an array of at most the {stored} bytes that are stored", f"shape {dataset.shape}")
    return size


class Store:
    """The arrays of one group by name, read when asked for; what `load_own_variables` is given.

    Args:
        group: of the file; None where it has none.
        where: for errors.
    """

    def __init__(self, group: Any, where: str) -> None:
        self.group = group
        self.where = where

    def keys(self) -> list[str]:
        """Names of the arrays."""
        return [] if self.group is None else list(self.group)

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: str) -> bool:
        return name in self.keys()

    def items(self) -> list[tuple[str, np.ndarray]]:
        """Names and arrays."""
        return [(name, self[name]) for name in self.keys()]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array, without reading it."""
        return tuple(self.group[name].shape)

    def __getitem__(self, name: str) -> np.ndarray:
        if self.group is None or name not in self.group:
            raise Invalid(self.where, f"an array `{name}`", self.keys())
        with undamaged(f"{self.where}/{name}"):
            return self.read(self.group[name], name)

    def read(self, dataset: Any, name: str) -> np.ndarray:
        """The numbers of an array."""
        if not hasattr(dataset, "keys") and dataset.dtype.itemsize == 2 and dataset.attrs.get("dtype") == "bfloat16":
            return widened(dataset[()])
        if hasattr(dataset, "keys") or dataset.dtype.kind not in "fiub":
            raise Invalid(f"{self.where}/{name}", "an array of numbers", dataset)
        return dataset[()]


def widened(bits: np.ndarray) -> np.ndarray:
    """bfloat16 numbers, kept as two bytes each, as float32."""
    return (bits.view(np.uint16).astype(np.uint32) << 16).view(np.float32)

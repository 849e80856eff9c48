"""HDF5 files read as plain data: no links that leave them, no arrays that are not in them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasviz.declare import Invalid

MOST_OBJECTS = 1_000_000
MOST_PER_STORED_BYTE = 1000  # what a filter may blow up; more is a trap
MOST_PER_BYTE_OF_FILE = 100  # the same of all arrays together
ALL_ARE_FINE = 2**26  # bytes of all arrays that any file may have
LARGEST_NUMBER = 8  # bytes
SMALL = 2**16  # bytes that are read whatever they are stored as
FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}  # any other may load a library from a folder
TROUBLE = (  # what the HDF5 library and numpy raise over damaged files
    *(RuntimeError, KeyError, OSError, ValueError, TypeError, OverflowError),
    *(AttributeError, IndexError, MemoryError, AssertionError, SystemError),
)


@contextlib.contextmanager
def undamaged(where: str) -> Iterator[None]:
    """Tell of what the HDF5 library trips over as damage to the file."""
    try:
        yield
    except Invalid:
        raise
    except TROUBLE as error:
        raise Invalid(where, "an undamaged HDF5 file", str(error) or type(error).__name__) from error


def check_file(file: Any, where: str, on_disk: int | None = None) -> int:
    """Walk every object once, and refuse what is no plain data. Returns the bytes of all arrays.

    Args:
        file: open, nothing read yet.
        where: for errors.
        on_disk: bytes that hold the file, where it is packed; those of the file itself by default.

    Raises:
        Invalid: on links, virtual datasets, storage in other files, and arrays larger than what is stored.
    """
    with undamaged(where):
        return checked_size(file, where, on_disk)


def checked_size(file: Any, where: str, on_disk: int | None = None) -> int:
    """The bytes of all arrays of a file; the walk itself."""
    seen: set[Any] = set()
    total = stored = 0
    size_of_file = file.id.get_filesize()
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
                stored += item.id.get_storage_size()
                if stored > size_of_file:
                    raise Invalid(f"{where}, {inner}", f"arrays in the {size_of_file} bytes of the file", "more bytes")
    limit = MOST_PER_BYTE_OF_FILE * min(size_of_file, size_of_file if on_disk is None else on_disk)
    if total > max(limit, ALL_ARE_FINE):
        raise Invalid(where, f"arrays of at most {limit} bytes, {MOST_PER_BYTE_OF_FILE} for each of the file's", total)
    return total


def h5_address(item: Any) -> Any:
    """What tells one object of a file from another."""
    import h5py

    return getattr(h5py, "h5o").get_info(item.id).addr  # noqa: B009 - h5py's stubs leave it out


def plain_member(group: Any, name: str, where: str) -> Any:
    """A member that is in the file itself."""
    import h5py

    if "/" in name or name in ("", ".", ".."):
        raise Invalid(where, "a name in its group", name)
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
    check_texts(dataset.dtype, where)
    size = int(np.prod(dataset.shape, dtype=object)) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    limit = stored * (MOST_PER_STORED_BYTE if is_filtered(dataset, where) else 1)
    if size > max(limit, SMALL):
        raise Invalid(where, f"an array of at most the {stored} bytes that are stored", f"shape {dataset.shape}")
    return size


def check_texts(dtype: Any, where: str) -> None:
    """Refuse values of any length that are no texts: the HDF5 library reads some of them from where nothing is."""
    import h5py

    if dtype.kind == "O" and h5py.check_string_dtype(dtype) is None:
        raise Invalid(where, "an array of numbers or texts", "sequences of any length, or references")


def is_filtered(dataset: Any, where: str) -> bool:
    """Whether its numbers are stored compressed, or otherwise changed.

    Raises:
        Invalid: for a filter that HDF5 does not bring along: it would look for a library to load.
    """
    properties = dataset.id.get_create_plist()
    used = [properties.get_filter(index)[0] for index in range(properties.get_nfilters())]
    unknown = [number for number in used if number not in FILTERS]
    if unknown:
        raise Invalid(where, f"filters among {', '.join(FILTERS.values())}", f"filter {unknown[0]}")
    return bool(used)


def plain_attribute(item: Any, name: str, where: str, default: Any = None) -> Any:
    """An attribute of a group or array, `default` where there is none; never more than the file can hold.

    Raises:
        Invalid: where it is larger than the file, or damaged.
    """
    import h5py

    with undamaged(f"{where}, attribute {name!r}"):
        if name not in item.attrs:
            return default
        attribute = h5py.h5a.open(item.id, name.encode())
        check_texts(attribute.dtype, f"{where}, attribute {name!r}")
        size = int(np.prod(attribute.shape or (), dtype=object)) * attribute.dtype.itemsize
        limit = item.file.id.get_filesize()
        if size > limit:
            raise Invalid(f"{where}, attribute {name!r}", f"at most the {limit} bytes of the file", size)
        return item.attrs[name]


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
        array = self.group[name]
        if hasattr(array, "keys"):
            raise Invalid(f"{self.where}/{name}", "an array", "a group")
        return tuple(array.shape)

    def __getitem__(self, name: str) -> np.ndarray:
        if self.group is None or name not in self.group:
            raise Invalid(self.where, f"an array `{name}`", self.keys())
        with undamaged(f"{self.where}/{name}"):
            return self.read(self.group[name], name)

    def read(self, dataset: Any, name: str) -> np.ndarray:
        """The numbers of an array."""
        where = f"{self.where}/{name}"
        if not hasattr(dataset, "keys") and dataset.dtype.itemsize == 2:
            kept_as = plain_attribute(dataset, "dtype", where)
            if isinstance(kept_as, (str, bytes)) and kept_as in ("bfloat16", b"bfloat16"):
                return widened(dataset[()])
        plain = not hasattr(dataset, "keys") and dataset.dtype.kind in "fiub" and dataset.shape is not None
        if not plain or dataset.dtype.itemsize > LARGEST_NUMBER:
            raise Invalid(where, "an array of numbers", dataset)
        array = np.asarray(dataset[()])
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def widened(bits: np.ndarray) -> np.ndarray:
    """bfloat16 numbers, kept as two bytes each, as float32."""
    return (bits.view(np.uint16).astype(np.uint32) << 16).view(np.float32)

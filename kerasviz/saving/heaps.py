"""Where HDF5 files keep texts of any length: heaps of objects, each of which says how far it is to the next.

Source: The HDF Group, "HDF5 File Format Specification Version 3.0", section III.E, Disk Format: Global Heap.
"""

import contextlib
import mmap
import struct
from collections.abc import Iterator
from typing import Any

from kerasviz.declare import Invalid

SIGNATURE = b"GCOL\x01"  # with the version
SIZE_AT = 8  # where a heap says how many bytes it has
NUMBER_BYTES = 8  # of an address or a length in the file
HEAD = struct.Struct("<HHIQ")  # number of an object, how often it is used, nothing, bytes that it holds


def check_heaps(source: Any, number_bytes: tuple[int, int], where: str) -> None:
    """Refuse heaps in which an object is no step forward: the HDF5 library would read them without end.

    Args:
        source: path of the file, or the open file.
        number_bytes: of addresses and of lengths in it.
        where: for errors.

    Raises:
        Invalid: where there is one.
    """
    if number_bytes != (NUMBER_BYTES, NUMBER_BYTES):
        raise Invalid(where, f"addresses and lengths of {NUMBER_BYTES} bytes", number_bytes)
    with content_of(source) as content:
        place = content.find(SIGNATURE)
        while place >= 0:
            check_heap(content, place, where)
            place = content.find(SIGNATURE, place + 1)


@contextlib.contextmanager
def content_of(source: Any) -> Iterator[mmap.mmap]:
    """The bytes of a file, which are read where they are looked at."""
    with contextlib.ExitStack() as opened:
        file = source if hasattr(source, "fileno") else opened.enter_context(open(source, "rb"))
        yield opened.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def check_heap(content: mmap.mmap, start: int, where: str) -> None:
    """Go from object to object as the HDF5 library does."""
    place = start + SIZE_AT
    if place + NUMBER_BYTES > len(content):
        return
    end = start + int.from_bytes(content[place : place + NUMBER_BYTES], "little")
    place += NUMBER_BYTES
    while place + HEAD.size <= min(end, len(content)):
        number, _, _, held = HEAD.unpack_from(content, place)
        step = held if number == 0 else HEAD.size + -(-held // 8) * 8  # the rest of the heap is object 0
        if step < HEAD.size or step > end - place:
            raise Invalid(f"{where}, heap at byte {start}", f"objects within its {end - start} bytes", f"one of {held}")
        place += step

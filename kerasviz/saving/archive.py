"""The `.keras` file: a zip of metadata.json, config.json and model.weights.h5."""

import contextlib
import io
import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import IO, Any

from kerasviz.declare import Invalid
from kerasviz.saving.hdf5 import TROUBLE
from kerasviz.saving.hdf5_writing import hdf5_in
from kerasviz.saving.heaps import check_heaps

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
MOST_PER_BYTE = 100  # what may come out of a byte of the archive
ALWAYS_FINE = 2**26  # bytes that may come out of any archive
MOST_ENTRIES = 100_000
LARGEST_TEXT = 2**28
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)
FORMAT_VERSION = "3.15.1"  # of Keras's format; real Keras reads it


@contextlib.contextmanager
def opened(path: Any) -> Iterator[zipfile.ZipFile]:
    """A checked archive.

    Raises:
        Invalid: where it is no zip file, or holds what no model needs.
    """
    where = str(path)
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise Invalid(where, "a file that is there", "none") from None
    except (*DAMAGE, OverflowError, IndexError) as error:
        raise Invalid(where, "a `.keras` file: a zip archive", str(error)) from error
    with archive:
        check_entries(archive, where)
        yield archive


def check_entries(archive: zipfile.ZipFile, where: str) -> None:
    """Refuse paths that leave the archive, links, duplicates, and more than its size can hold."""
    names: set[str] = set()
    total = packed = 0
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise Invalid(where, f"at most {MOST_ENTRIES} entries", len(entries))
    for entry in entries:
        problem = fault(entry, names)
        if problem:
            raise Invalid(f"{where}, entry {entry.filename!r}", "a plain file inside the archive", problem)
        names.add(PurePosixPath(entry.filename).as_posix().casefold())
        total, packed = total + entry.file_size, packed + entry.compress_size
    if packed > size_of(archive):
        raise Invalid(where, f"entries of at most {size_of(archive)} bytes together", packed, "Some overlap.")
    if total > max(packed * MOST_PER_BYTE, ALWAYS_FINE):
        raise Invalid(where, f"at most {MOST_PER_BYTE} bytes for each of its {packed}", f"{total} bytes unpacked")
    spelled = {entry.filename for entry in entries}
    for name in (CONFIG, WEIGHTS):
        if name not in spelled:
            raise Invalid(where, f"a model archive with {name}", sorted(spelled)[:10])


def fault(entry: zipfile.ZipInfo, names: set[str]) -> str:
    """What is wrong with an entry, in words; empty where nothing is."""
    raw = entry.orig_filename
    path = PurePosixPath(raw)
    mode = entry.external_attr >> 16
    faults = {
        "an absolute path": path.is_absolute() or raw[1:2] == ":" or raw.startswith("\\"),
        "a path with `..`": ".." in path.parts or "\\" in raw or "\0" in raw,
        "a second entry of that name": path.as_posix().casefold() in names,
        "a link": stat.S_ISLNK(mode),
        "a special file": bool(mode) and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR),
        "an encrypted entry": bool(entry.flag_bits & 0x1),
        "an unusual compression": entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
    }
    return next((words for words, found in faults.items() if found), "")


def read_json(archive: zipfile.ZipFile, name: str, where: str) -> Any:
    """A JSON entry.

    Raises:
        Invalid: where it is too large, or no JSON.
    """
    entry = archive.getinfo(name)
    if entry.file_size > LARGEST_TEXT:
        raise Invalid(f"{where}, {name}", f"at most {LARGEST_TEXT} bytes", entry.file_size)
    text = io.BytesIO()
    with undamaged_entry(f"{where}, {name}"), archive.open(entry) as stream:
        copy_at_most(stream, text, entry.file_size, f"{where}, {name}")
    return parsed(text.getvalue(), f"{where}, {name}")


def parsed(text: Any, where: str) -> Any:
    """What JSON says.

    Raises:
        Invalid: where it is none, is nested too deep, or has a key twice: readers would differ.
    """
    try:
        return json.loads(text, object_pairs_hook=one_of_each)
    except Invalid as error:
        raise Invalid(where, error.expected, error.got) from error
    except (ValueError, RecursionError, TypeError) as error:
        raise Invalid(where, "JSON", str(error)) from error


def one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The pairs as a dict.

    Raises:
        Invalid: where a key comes twice.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise Invalid("JSON", "each key once", f"{twice!r} twice")
    return made


@contextlib.contextmanager
def undamaged_entry(where: str) -> Iterator[None]:
    """Tell of what unpacking trips over as damage to the archive."""
    try:
        yield
    except Invalid:
        raise
    except DAMAGE as error:
        raise Invalid(where, "an undamaged entry", str(error)) from error


@contextlib.contextmanager
def weights_file(archive: zipfile.ZipFile, where: str) -> Iterator[Any]:
    """The open HDF5 file of the weights."""
    entry = archive.getinfo(WEIGHTS)
    with tempfile.TemporaryFile() as copy:
        with undamaged_entry(f"{where}, {WEIGHTS}"), archive.open(entry) as stream:
            copy_at_most(stream, copy, entry.file_size, f"{where}, {WEIGHTS}")
        with open_hdf5(copy, f"{where}, {WEIGHTS}") as file:
            yield file


def copy_at_most(source: IO[bytes], target: IO[bytes], size: int, where: str) -> None:
    """Copy, and stop where more comes than was said."""
    left = size
    while chunk := source.read(2**20):
        left -= len(chunk)
        if left < 0:
            raise Invalid(where, f"{size} bytes, as the archive says", "more")
        target.write(chunk)
    target.seek(0)


def open_hdf5(source: Any, where: str) -> Any:
    """An HDF5 file to read from.

    Raises:
        Invalid: where it is none, or one that the HDF5 library would read without end.
    """
    import h5py

    try:
        file = h5py.File(source, "r")
    except FileNotFoundError:
        raise Invalid(where, "a file that is there", "none") from None
    except TROUBLE as error:
        raise Invalid(where, "an HDF5 file", str(error)) from error
    try:
        check_heaps(source, file.id.get_create_plist().get_sizes(), where)
    except BaseException:
        file.close()
        raise
    return file


def size_of(archive: zipfile.ZipFile) -> int:
    """The bytes of the archive's own file."""
    file: Any = archive.fp
    place = file.tell()
    size = file.seek(0, 2)
    file.seek(place)
    return size


def packed_size(archive: Any) -> int:
    """The bytes of all entries of an archive as they are packed, or of the files of a folder."""
    return sum(getattr(entry, "compress_size", entry.file_size) for entry in archive.infolist())


def texts_of(config: Any) -> dict[str, str]:
    """The files of text that tell of a model, by name."""
    import datetime

    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": FORMAT_VERSION, "date_saved": saved}
    return {METADATA: json.dumps(metadata), CONFIG: json.dumps(config)}


def write_archive(path: Any, texts: Mapping[str, str], weights: Any, assets: Mapping[str, bytes] | None = None) -> None:
    """Write a `.keras` file.

    Args:
        path: where to.
        texts: files of text by name.
        weights: a function that fills an open HDF5 file.
        assets: other files by their path inside the archive.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        with hdf5_in(file) as open_file:
            weights(open_file)
        file.seek(0)
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
            with archive.open(WEIGHTS, "w", force_zip64=True) as target:
                shutil.copyfileobj(file, target, 2**20)
            for name, content in (assets or {}).items():
                archive.writestr(name, content)

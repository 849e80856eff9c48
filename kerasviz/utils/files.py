"""get_file: a file from the network, checked, kept, and unpacked where nothing can leave its folder."""

import hashlib
import os
import shutil
import stat
import tarfile
import tempfile
import urllib.parse
import urllib.request
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid

CHUNK_BYTES = 2**20
HASHES = {32: "md5", 64: "sha256"}  # by the number of digits
TIMEOUT_SECONDS = 60


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file from the network, which is fetched if it is not kept already.

    An archive is unpacked into a folder, whose path is returned. Entries that would leave the folder, and links out of
    it, are refused.

    Args:
        fname: name of the file here; for an archive, of the folder. That of the origin by default.
        origin: where it comes from.
        untar: older word for `extract`.
        md5_hash: older word for `file_hash`.
        file_hash: digits of the md5 or sha256 of the file, which it must have.
        cache_subdir: folder inside `cache_dir`, or an absolute path.
        hash_algorithm: "md5", "sha256", or "auto": by the number of digits.
        extract: whether it is an archive, to be unpacked.
        archive_format: "tar", "zip", a list of them, None for none, or "auto" for both.
        cache_dir: where files are kept: `$KERAS_HOME`, or `~/.keras`, by default.
        force_download: whether to fetch it even if it is kept.

    Raises:
        Invalid: where the name is a path, or the file has another hash than it must.
        OSError: where it cannot be fetched.
    """
    if not origin:
        raise Invalid("get_file(origin=...)", "the address of a file", origin)
    name = checked_name(fname, origin)
    folder = cache_folder(cache_dir) / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    unpacks = extract or untar
    has_ending = fname is not None and "." in fname
    target = folder / (f"{name}_archive" if unpacks and not has_ending else name)
    wanted = file_hash or md5_hash
    algorithm = "md5" if md5_hash and not file_hash else hash_algorithm
    if force_download or not target.is_file() or (wanted and not has_hash(target, wanted, algorithm)):
        download(origin, target, wanted, algorithm)
    if not unpacks:
        return str(target)
    unpacked = folder / (f"{Path(name).stem}_extracted" if has_ending else name)
    formats = "tar" if untar and not extract else archive_format
    if force_download or not unpacked.is_dir():
        unpack(target, unpacked, formats)
    return str(unpacked)


def checked_name(fname: str | None, origin: str) -> str:
    """The name of the file here.

    Raises:
        Invalid: where it is a path, or the origin tells none.
    """
    name = fname if fname is not None else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise Invalid("get_file(fname=...)", "a name, as the origin ends in none", fname)
    if name in (".", "..") or any(sign in name for sign in ("/", "\\", "\0")) or os.path.isabs(name):
        raise Invalid("get_file(fname=...)", "a name, not a path", name, "Choose the folder with cache_dir.")
    return name


def cache_folder(cache_dir: Any) -> Path:
    """Where files are kept; a folder that can be written to."""
    kept = Path(cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    parent = next(path for path in (kept, *kept.parents) if path.exists())
    return kept if os.access(parent, os.W_OK) else Path(tempfile.gettempdir()) / ".keras"


def download(origin: str, target: Path, wanted: str | None, algorithm: str) -> None:
    """Fetch a file beside its place, check it, and move it there.

    Raises:
        Invalid: where it has another hash than it must.
        OSError: where it cannot be fetched.
    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".download-")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(origin, timeout=TIMEOUT_SECONDS) as source:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
        if wanted and not has_hash(beside, wanted, algorithm):
            hint = "The file was not kept."
            raise Invalid("get_file(file_hash=...)", f"a file with the hash {wanted}", digest(beside, wanted), hint)
        beside.chmod(0o644)
        beside.replace(target)
    except OSError as error:
        raise OSError(f"get_file: {origin} could not be fetched: {error}") from error
    finally:
        beside.unlink(missing_ok=True)


def has_hash(path: Path, wanted: str, algorithm: str = "auto") -> bool:
    """Whether a file has a hash."""
    return digest(path, wanted, algorithm) == wanted.lower()


def digest(path: Path, wanted: str, algorithm: str = "auto") -> str:
    """The hash of a file, as the one it is compared with was made."""
    name = HASHES.get(len(wanted), "sha256") if algorithm == "auto" else algorithm
    if name not in HASHES.values():
        raise Invalid("get_file(hash_algorithm=...)", "'md5', 'sha256' or 'auto'", algorithm)
    found = hashlib.new(name, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


# --- archives -------------------------------------------------------------------------------------------------------


def unpack(archive: Path, folder: Path, formats: Any = "auto") -> bool:
    """Unpack an archive beside its place and move it there; False, with a warning, where it is none.

    Raises:
        Invalid: where an entry would leave the folder.
    """
    names = ("tar", "zip") if formats == "auto" else (formats,) if isinstance(formats, str) else tuple(formats or ())
    wrong = [name for name in names if name not in ("tar", "zip")]
    if wrong:
        raise Invalid("get_file(archive_format=...)", "'tar', 'zip', a list of them, None or 'auto'", wrong[0])
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as temporary:
        inside = Path(temporary) / "inside"
        inside.mkdir()
        if "tar" in names and tarfile.is_tarfile(archive):
            unpack_tar(archive, inside)
        elif "zip" in names and zipfile.is_zipfile(archive):
            unpack_zip(archive, inside)
        else:
            warnings.warn(f"get_file: {archive.name} is no archive that can be unpacked.", stacklevel=3)
            return False
        if folder.is_dir():
            shutil.rmtree(folder)
        inside.replace(folder)
    return True


def unpack_tar(archive: Path, folder: Path) -> None:
    """Unpack a tar file, compressed or not."""
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        check_names((member.name for member in members), archive.name)
        for member in members:
            if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
                raise Invalid(f"{archive.name}, entry {member.name!r}", "a file, a folder or a link", "a device")
        try:
            tar.extractall(folder, filter="data")
        except tarfile.FilterError as error:
            raise Invalid(archive.name, "entries that stay in their folder", str(error)) from error


def unpack_zip(archive: Path, folder: Path) -> None:
    """Unpack a zip file."""
    with zipfile.ZipFile(archive) as file:
        entries = file.infolist()
        check_names((entry.orig_filename for entry in entries), archive.name)
        links = [entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
        if links:
            raise Invalid(f"{archive.name}, entry {links[0]!r}", "a file or a folder", "a link")
        file.extractall(folder)


def check_names(names: Iterable[str], where: str) -> None:
    """Refuse names that lead out of the folder.

    Raises:
        Invalid: naming the entry.
    """
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in parts or "\0" in name:
            raise Invalid(f"{where}, entry {name!r}", "a path inside the archive", "one that leaves it")

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from kerasviz.declare import Invalid
from kerasviz.utils import get_file

TEXT = b"hello"
MD5, SHA256 = hashlib.md5(TEXT).hexdigest(), hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def origin(tmp_path):
    """A folder with files, as an address."""
    folder = tmp_path / "origin"
    folder.mkdir()
    (folder / "plain.txt").write_bytes(TEXT)
    with zipfile.ZipFile(folder / "flowers.zip", "w") as file:
        file.writestr("flowers/a.txt", TEXT)
    add_tar(folder / "flowers.tar.gz", ("flowers/a.txt", None))
    return folder


def add_tar(path, *entries):
    """A tar file of (name, what it links to) entries."""
    with tarfile.open(path, "w:gz") as file:
        for name, link in entries:
            entry = tarfile.TarInfo(name)
            if link is not None:
                entry.type, entry.linkname = tarfile.SYMTYPE, link
                file.addfile(entry)
            else:
                entry.size = len(TEXT)
                file.addfile(entry, io.BytesIO(TEXT))


def got(origin, name, *args, **options):
    """The path of a file, in its cache."""
    cache = origin.parent / "cache"
    return Path(get_file(*args, origin=(origin / name).as_uri(), cache_dir=str(cache), **options)).relative_to(cache)


def test_file_is_fetched_once_and_kept(origin):
    assert got(origin, "plain.txt") == Path("datasets/plain.txt")
    (origin / "plain.txt").write_bytes(b"other")
    kept = origin.parent / "cache" / got(origin, "plain.txt")
    assert kept.read_bytes() == TEXT
    got(origin, "plain.txt", force_download=True)
    assert kept.read_bytes() == b"other"


def test_name_and_folder_are_chosen(origin):
    assert got(origin, "plain.txt", "mine.txt", cache_subdir="models") == Path("models/mine.txt")


@pytest.mark.parametrize("wanted", [MD5, SHA256, SHA256.upper()], ids=["md5", "sha256", "capitals"])
def test_file_with_the_wanted_hash_is_kept(origin, wanted):
    assert got(origin, "plain.txt", file_hash=wanted) == Path("datasets/plain.txt")


def test_file_with_another_hash_is_refused_and_not_kept(origin):
    with pytest.raises(Invalid, match="hash"):
        got(origin, "plain.txt", file_hash="0" * 32)
    assert not list((origin.parent / "cache" / "datasets").iterdir())


def test_kept_file_with_another_hash_is_fetched_again(origin):
    kept = origin.parent / "cache" / got(origin, "plain.txt")
    kept.write_bytes(b"damaged")
    got(origin, "plain.txt", md5_hash=MD5)
    assert kept.read_bytes() == TEXT


ARCHIVES = {
    "zip": ("flowers.zip", None, "flowers.zip"),
    "tar": ("flowers.tar.gz", None, "flowers.tar.gz"),
    "named": ("flowers.zip", "mine", "mine"),
    "named-file": ("flowers.zip", "mine.zip", "mine_extracted"),
}


@pytest.mark.parametrize(("name", "fname", "folder"), ARCHIVES.values(), ids=ARCHIVES)
def test_archive_is_unpacked_into_the_folder_that_keras_names(origin, name, fname, folder):
    path = got(origin, name, fname, extract=True)
    assert path == Path("datasets") / folder
    assert (origin.parent / "cache" / path / "flowers" / "a.txt").read_bytes() == TEXT


def test_untar_is_an_older_word_for_extract(origin):
    assert got(origin, "flowers.tar.gz", "mine", untar=True) == Path("datasets/mine")


def test_what_is_no_archive_is_told(origin):
    with pytest.warns(UserWarning, match="no archive"):
        got(origin, "plain.txt", extract=True)


EVIL = {
    "up": [("../evil.txt", None)],
    "absolute": [("/evil.txt", None)],
    "inside": [("flowers/../../evil.txt", None)],
    "link-out": [("flowers/link", "/etc/passwd")],
    "link-up": [("link", ".."), ("link/evil.txt", None)],
}


@pytest.mark.parametrize("entries", EVIL.values(), ids=EVIL)
def test_tar_that_leaves_its_folder_is_refused(origin, entries):
    add_tar(origin / "evil.tar.gz", *entries)
    with pytest.raises(Invalid):
        got(origin, "evil.tar.gz", extract=True)
    kept = origin.parent / "cache" / "datasets"
    assert [path.name for path in kept.iterdir()] == ["evil.tar.gz_archive"]
    assert not (origin.parent / "evil.txt").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "C:evil.txt", "a\\..\\..\\evil.txt"])
def test_zip_that_leaves_its_folder_is_refused(origin, name):
    with zipfile.ZipFile(origin / "evil.zip", "w") as file:
        file.writestr(name, TEXT)
    with pytest.raises(Invalid, match="leaves"):
        got(origin, "evil.zip", extract=True)


def test_zip_with_a_link_is_refused(origin):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(origin / "evil.zip", "w") as file:
        file.writestr(entry, "/etc/passwd")
    with pytest.raises(Invalid, match="link"):
        got(origin, "evil.zip", extract=True)


@pytest.mark.parametrize("fname", ["../b.txt", "a/b.txt", "/b.txt", "..", "a\\b"])
def test_name_that_is_a_path_is_refused(origin, fname):
    with pytest.raises(Invalid, match="fname"):
        got(origin, "plain.txt", fname)


def test_origin_without_a_name_or_a_file_is_told(origin):
    with pytest.raises(Invalid, match="origin"):
        get_file("a.txt")
    with pytest.raises(Invalid, match="fname"):
        get_file(origin="https://example.invalid/")
    with pytest.raises(OSError, match="could not be fetched"):
        got(origin, "missing.txt")

"""Files that layers keep beside their config and weights, such as vocabularies.

assets/<place of the layer>/<name>
"""

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from kerasviz.saving.archive import copy_at_most, undamaged_entry
from kerasviz.saving.weights import saved_objects

FOLDER = "assets"


def keepers(model: Any, method: str) -> Iterator[tuple[str, Any]]:
    """Every object with files of its own, and the folder they have in an archive."""
    for path, thing in saved_objects(model):
        if callable(getattr(type(thing), method, None)):
            yield "/".join((FOLDER, *path)), thing


def collect_assets(model: Any) -> dict[str, bytes]:
    """The files of all layers, by their path in an archive."""
    found = {}
    for place, thing in keepers(model, "save_assets"):
        with tempfile.TemporaryDirectory() as folder:
            thing.save_assets(folder)
            for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
                found[f"{place}/{file.relative_to(folder).as_posix()}"] = file.read_bytes()
    return found


def restore_assets(model: Any, archive: zipfile.ZipFile, where: str) -> None:
    """Give the layers of a model their files in a checked archive."""
    for place, thing in keepers(model, "load_assets"):
        own = [entry for entry in archive.infolist() if entry.filename.startswith(f"{place}/")]
        entries = [entry for entry in own if not entry.is_dir()]
        with tempfile.TemporaryDirectory() as folder:
            for entry in entries:
                target = Path(folder) / PurePosixPath(entry.filename).relative_to(place)
                target.parent.mkdir(parents=True, exist_ok=True)
                with (
                    undamaged_entry(f"{where}, {entry.filename}"),
                    archive.open(entry) as source,
                    target.open("wb") as file,
                ):
                    copy_at_most(source, file, entry.file_size, f"{where}, {entry.filename}")
            if entries:
                with undamaged_entry(f"{where}, {place}"):
                    thing.load_assets(folder)

"""What a file of weights or an archive points at outside itself is never opened, and what it says of itself is checked.

CVE-2026-1669: arrays of HDF5 that lie in other files. CVE-2025-9905: `.h5` models, for which Keras forgot `safe_mode`.
CVE-2025-12060: archives of `get_file` that leave their folder. CVE-2025-12058: vocabularies that are paths, in assets.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import KerasFileEditor, load_model
from kerasviz.utils import get_file
from tests.saving.hostile import (
    Bait,
    config_of,
    good_model,
    good_weights,
    hdf5_bytes,
    in_sequence,
    untouched,
    watched,
    write_keras_2,
    write_model,
)

Fill = Callable[[Any, Bait], None]


@pytest.fixture
def bait(tmp_path: Path) -> Bait:
    folder = tmp_path / "bait"
    folder.mkdir()
    return Bait(folder)


# --- arrays elsewhere -------------------------------------------------------------------------------------------------


def external(file: Any, bait: Bait) -> None:
    file.create_dataset("array", (3, 2), "f4", external=[(str(bait.text), 0, 24)])


def external_beside(file: Any, bait: Bait) -> None:
    file.create_dataset("array", (3, 2), "f4", external=[(bait.text.name, 0, 24)])


def external_in_parts(file: Any, bait: Bait) -> None:
    parts = [(str(bait.text), 0, 12), ("/dev/zero", 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("array", (3, 2), "f4", external=parts)


def external_growing(file: Any, bait: Bait) -> None:
    options = {"external": [(str(bait.text), 0, h5py.h5f.UNLIMITED)], "maxshape": (None, 2)}
    file.create_dataset("array", (3, 2), "f4", **options)


def external_link(file: Any, bait: Bait) -> None:
    file["array"] = h5py.ExternalLink(str(bait.hdf5), "/secret")


def external_group(file: Any, bait: Bait) -> None:
    del file["layers"]
    file["layers"] = h5py.ExternalLink(str(bait.hdf5), "/")
    file["array"] = np.zeros((3, 2), "f4")


def soft_link(file: Any, bait: Bait) -> None:
    file["array"] = h5py.SoftLink("/layers/dense/vars/1")


def virtual(file: Any, bait: Bait) -> None:
    layout = h5py.VirtualLayout(shape=(3, 2), dtype="float32")
    layout[:] = h5py.VirtualSource(str(bait.hdf5), "secret", shape=(3, 2))
    file.create_virtual_dataset("array", layout)


def reference(file: Any, bait: Bait) -> None:
    file.create_dataset("array", (3, 2), h5py.ref_dtype)


def filtered_by_a_plugin(file: Any, bait: Bait) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((3, 2))
    properties.set_filter(32004, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3))
    space = h5py.h5s.create_simple((3, 2))
    h5py.h5d.create(file.id, b"array", h5py.h5t.IEEE_F32LE, space, properties)


def linked_twice(file: Any, bait: Bait) -> None:
    file["array"] = np.zeros((3, 2), "f4")
    file["again"] = file["array"]


def in_a_circle(file: Any, bait: Bait) -> None:
    file["array"] = np.zeros((3, 2), "f4")
    file["layers/dense/layers"] = file["layers"]


ELSEWHERE: dict[str, Fill] = {
    "CVE-2026-1669-external": external,
    "CVE-2026-1669-external-beside": external_beside,
    "CVE-2026-1669-external-in-parts": external_in_parts,
    "CVE-2026-1669-external-growing": external_growing,
    "CVE-2026-1669-external-link": external_link,
    "CVE-2026-1669-external-group": external_group,
    "CVE-2026-1669-soft-link": soft_link,
    "CVE-2026-1669-virtual": virtual,
    "gadget-reference": reference,
    "gadget-filter-of-a-plugin": filtered_by_a_plugin,
    "gadget-linked-twice": linked_twice,
    "gadget-in-a-circle": in_a_circle,
}


def weights(fill: Fill, bait: Bait) -> Callable[[Any], None]:
    """The good weights, one array made so."""

    def make(file: Any) -> None:
        good_weights(file)
        del file["layers/dense/vars/0"]
        fill(file, bait)
        if isinstance(file.get("layers", getlink=True), h5py.HardLink):
            file.move("array", "layers/dense/vars/0")

    return make


def archive(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_model(folder / "model.keras", config_of(good_model()), make)
    return path, lambda: load_model(path)


def archive_of_weights(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_model(folder / "model.keras", config_of(good_model()), make)
    return path, lambda: model.load_weights(path)


def unpacked(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = folder / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config_of(good_model())))
    (path / "metadata.json").write_text("{}")
    (path / "model.weights.h5").write_bytes(hdf5_bytes(make))
    return path, lambda: load_model(path)


def only_weights(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = folder / "model.weights.h5"
    path.write_bytes(hdf5_bytes(make))
    return path, lambda: model.load_weights(path)


def skipping(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = folder / "model.weights.h5"
    path.write_bytes(hdf5_bytes(make))
    return path, lambda: model.load_weights(path, skip_mismatch=True)


def shards(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = folder / "several"
    path.mkdir()
    (path / "model_00000.weights.h5").write_bytes(hdf5_bytes(make))
    places = {f"/layers/{name}/vars": ["model_00000.weights.h5"] for name in ("dense", "dense_1")}
    (path / "model.weights.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return path, lambda: model.load_weights(path / "model.weights.json")


def editor(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = folder / "model.weights.h5"
    path.write_bytes(hdf5_bytes(make))
    return path, lambda: KerasFileEditor(path)


def editor_of_archives(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_model(folder / "model.keras", config_of(good_model()), make)
    return path, lambda: KerasFileEditor(path)


def keras_2(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_keras_2(folder / "model.h5", config_of(good_model()), make)
    return path, lambda: load_model(path)


def keras_2_weights(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_keras_2(folder / "model.hdf5", config_of(good_model()), make)
    return path, lambda: model.load_weights(path)


def keras_2_skipping(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_keras_2(folder / "model.h5", config_of(good_model()), make)
    return path, lambda: model.load_weights(path, skip_mismatch=True)


def keras_2_by_name(make: Any, folder: Path, model: Any) -> tuple[Path, Callable[[], Any]]:
    path = write_keras_2(folder / "model.h5", config_of(good_model()), make)
    return path, lambda: model.load_weights(path, by_name=True)


WAYS = {
    "keras": archive,
    "keras-weights": archive_of_weights,
    "folder": unpacked,
    "weights.h5": only_weights,
    "weights.h5-skipping": skipping,
    "weights.json": shards,
    "h5": keras_2,
    "h5-weights": keras_2_weights,
    "h5-skipping": keras_2_skipping,
    "h5-by-name": keras_2_by_name,
    "editor": editor,
    "editor-keras": editor_of_archives,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ELSEWHERE)
def test_arrays_elsewhere_are_refused_and_not_read(name: str, way: str, bait: Bait, tmp_path: Path) -> None:
    model = good_model()
    before = [weight.detach().clone() for weight in model.weights]
    path, load = WAYS[way](weights(ELSEWHERE[name], bait), tmp_path, model)
    with untouched(bait), watched(bait, path), pytest.raises(Invalid) as error:
        load()
    assert "array" in str(error.value) or "object" in str(error.value) or "filter" in str(error.value)
    for old, new in zip(before, model.weights, strict=True):
        torch.testing.assert_close(new.detach(), old, rtol=0, atol=0)


def test_the_same_files_with_arrays_of_their_own_load(bait: Bait, tmp_path: Path) -> None:
    for name, way in WAYS.items():
        folder = tmp_path / name
        folder.mkdir()
        path, load = way(good_weights, folder, good_model())
        with watched(bait, path):
            load()


# --- names of files in maps and folders -------------------------------------------------------------------------------

OUT = [
    "../bait/other.h5",
    "/etc/passwd",
    "..",
    "",
    ".",
    "a/b.weights.h5",
    "a\\b.weights.h5",
    "x.weights.h5\0",
    "other.h5",
]


@pytest.mark.parametrize("name", [*OUT, 3, None, ["x.weights.h5"], "link.weights.h5", "x" * 5000 + ".weights.h5"])
def test_a_map_of_weights_names_files_beside_it_only(name: Any, bait: Bait, tmp_path: Path) -> None:
    (tmp_path / "link.weights.h5").symlink_to(bait.hdf5)
    path = tmp_path / "model.weights.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": {"/layers/dense/vars": [name]}}))
    model = good_model()
    with untouched(bait), watched(bait, path), pytest.raises(Invalid):
        model.load_weights(path)


def test_a_save_over_a_hostile_map_takes_no_other_files_away(tmp_path: Path) -> None:
    other = tmp_path / "other_00000.weights.h5"
    other.write_bytes(b"of somebody else")
    path = tmp_path / "model.weights.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": {"/layers/dense/vars": [other.name]}}))
    good_model().save_weights(path)
    assert other.read_bytes() == b"of somebody else"


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "assets"])
def test_links_in_a_folder_are_refused(name: str, bait: Bait, tmp_path: Path) -> None:
    path, load = unpacked(good_weights, tmp_path, None)
    (path / name).unlink(missing_ok=True)
    (path / name).symlink_to(bait.folder if name == "assets" else bait.hdf5)
    with untouched(bait), watched(bait, path), pytest.raises(Invalid, match="a link"):
        load()


# --- CVE-2025-9905: the old form knows no difference ------------------------------------------------------------------


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize("ending", [".h5", ".hdf5", ".keras", ""])
def test_cve_2025_9905_code_in_an_h5_model_is_refused(ending: str, safe_mode: bool, bait: Bait, tmp_path: Path) -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}
    for function in (code, ["4wEAAAA=", None, None]):
        config = {"name": "x", "function": function, "function_type": "lambda"}
        model = in_sequence({"class_name": "Lambda", "config": config})
        path = tmp_path / f"model{ending}"
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(model)
            file.attrs["keras_version"] = "2.13.1"
            file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
        with watched(bait, path), pytest.raises(Invalid):
            load_model(path, safe_mode=safe_mode)


# --- CVE-2025-12058: files of vocabularies ----------------------------------------------------------------------------


def words_model() -> Any:
    words = layers.StringLookup(vocabulary=["a", "b"], name="words")
    return kerasviz.Sequential([kerasviz.Input((1,), dtype="string"), words])


@pytest.mark.parametrize("line", ["../../bait/secret.txt", "file:///etc/passwd", "http://127.0.0.1:9/x"])
def test_cve_2025_12058_lines_of_a_vocabulary_are_words(line: str, bait: Bait, tmp_path: Path) -> None:
    words_model().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    asset = next((name for name in kept if name.startswith("assets/")), None)
    config = json.loads(kept["config.json"])
    if asset is not None:
        kept[asset] = line.encode()
    else:
        config["config"]["layers"][1]["config"]["vocabulary"] = [line]
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, json.dumps(config) if name == "config.json" else content)
    with untouched(bait), watched(bait, tmp_path / "model.keras"):
        model = load_model(tmp_path / "model.keras")
    assert line in model.layers[0].get_vocabulary()


@pytest.mark.parametrize("name", ["assets/../../x", "/assets/x", "assets/layers/string_lookup/../../../x"])
def test_cve_2025_12058_assets_stay_in_the_archive(name: str, bait: Bait, tmp_path: Path) -> None:
    words_model().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras", "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "word")
    with watched(bait, tmp_path / "model.keras"), pytest.raises(Invalid, match="inside the archive"):
        load_model(tmp_path / "model.keras")
    assert not (tmp_path.parent / "x").exists()


# --- CVE-2025-12060: archives that are fetched ------------------------------------------------------------------------


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    entry.size = 4 if kind == tarfile.REGTYPE else 0
    return entry


LONG = "/".join(["d" * 240] * 16)  # links that are longer than the system's paths: what realpath stops at
TARS: dict[str, list[tarfile.TarInfo]] = {
    "CVE-2025-12060-up": [member("../evil")],
    "CVE-2025-12060-deep": [member("a/b/../../../evil")],
    "CVE-2025-12060-absolute": [member("/tmp/evil-of-kerasviz")],
    "CVE-2025-12060-link": [member("x", tarfile.SYMTYPE, "../.."), member("x/evil")],
    "CVE-2025-12060-hard-link": [member("x", tarfile.LNKTYPE, "../../evil")],
    "CVE-2025-12060-link-to-link": [
        member("a", tarfile.SYMTYPE, "."),
        member("a/b", tarfile.SYMTYPE, ".."),
        member("b/evil"),
    ],
    "CVE-2025-12060-absolute-link": [member("x", tarfile.SYMTYPE, "/etc/passwd")],
    "CVE-2025-4517-long-link": [
        member(LONG, tarfile.DIRTYPE),
        member("x", tarfile.SYMTYPE, LONG + "/" + "/".join([".."] * 20)),
        member("x/evil"),
    ],
    "gadget-device": [member("x", tarfile.CHRTYPE)],
    "gadget-pipe": [member("x", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("options", [{"extract": True}, {"untar": True}], ids=["extract", "untar"])
@pytest.mark.parametrize("name", TARS)
def test_cve_2025_12060_archives_do_not_leave_their_folder(name: str, options: Any, tmp_path: Path) -> None:
    origin = tmp_path / "origin.tar"
    with tarfile.open(origin, "w") as file:
        for entry in TARS[name]:
            file.addfile(entry, io.BytesIO(b"evil"))
    before = set(tmp_path.rglob("*"))
    cache = tmp_path / "cache"
    with pytest.raises(Invalid):
        get_file("data", origin.as_uri(), cache_dir=str(cache), **options)
    made = set(tmp_path.rglob("*")) - before
    assert all(path == cache or cache in path.parents for path in made)
    assert not [path for path in made if path.name in ("evil", "x")]
    assert not Path("/tmp/evil-of-kerasviz").exists()

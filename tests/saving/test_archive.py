"""A `.keras` file from anywhere is data: what is no plain model is refused, and a failed save loses nothing."""

import io
import json
import os
import stat
import zipfile

import h5py
import numpy as np
import pytest

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import load_model, model_from_json


def small_model():
    return kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2, name="dense")], name="small")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.keras"
    small_model().save(path)
    return path


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path, change, **more):
    """The file with its entries changed, and more added."""
    kept = entries(path)
    change(kept)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def with_config(path, change):
    """The file with its config changed."""

    def edit(kept):
        config = json.loads(kept["config.json"])
        kept["config.json"] = json.dumps(change(config) or config)

    return rewritten(path, edit)


def with_weights(path, make):
    """The file with weights that `make` writes."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        make(file)
    return rewritten(path, lambda kept: kept.update({"model.weights.h5": buffer.getvalue()}))


# --- the archive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil", "assets/../../evil", "..\\evil", "C:/evil", "assets/a\\..\\b"]
)
def test_paths_that_leave_the_archive_are_refused(saved, name):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "evil")
    with pytest.raises(Invalid, match="inside the archive"):
        load_model(saved)


def test_links_in_the_archive_are_refused(saved):
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(Invalid, match="a link"):
        load_model(saved)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["config.json", "CONFIG.JSON", "./config.json"])
def test_a_second_entry_of_a_name_is_refused(saved, name):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(Invalid, match="a second entry"):
        load_model(saved)


def test_what_unpacks_to_far_more_than_it_is_is_refused(saved):
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(2**27))
    with pytest.raises(Invalid, match="unpacked"):
        load_model(saved)


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_a_missing_entry_is_named(saved, missing):
    rewritten(saved, lambda kept: kept.pop(missing))
    with pytest.raises(Invalid, match=missing):
        load_model(saved)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken", b"\x89HDF\r\n\x1a\n"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="zip archive"):
        load_model(path)


def test_a_missing_file_is_told_so(tmp_path):
    with pytest.raises(Invalid, match="a file that is there"):
        load_model(tmp_path / "none.keras")


def test_a_truncated_file_is_refused(saved):
    saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(Invalid):
        load_model(saved)


def test_a_damaged_entry_is_refused(saved):
    content = bytearray(saved.read_bytes())
    place = content.find(b'"class_name"')
    content[place] ^= 0xFF
    saved.write_bytes(bytes(content))
    with pytest.raises(Invalid, match=r"config\.json"):
        load_model(saved)


@pytest.mark.parametrize("text", ["", "[1, 2", "[]", "3", '"text"', "{}", "[" * 100_000])
def test_a_config_that_is_no_model_is_refused(saved, text):
    rewritten(saved, lambda kept: kept.update({"config.json": text}))
    with pytest.raises(Invalid):
        load_model(saved)
    with pytest.raises(Invalid):
        model_from_json(text)


# --- names ------------------------------------------------------------------------------------------------------------

GADGETS = [
    ("os", "system"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("subprocess", "Popen"),
    ("torch", "load"),
    ("keras.models", "load_model"),
    ("keras.saving", "load_model"),
    ("kerasviz.saving", "load_model"),
    ("keras.utils", "get_file"),
    ("keras.config", "enable_unsafe_deserialization"),
    ("keras.src.saving.saving_lib", "load_model"),
    ("kerasviz.saving.api", "Path"),
    ("pickle", "loads"),
]


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_classes_outside_our_namespaces_do_not_resolve(saved, module, name, safe_mode):
    def change(config):
        config["config"]["layers"][1] |= {"module": module, "class_name": name, "config": {"filepath": "x"}}

    with_config(saved, change)
    with pytest.raises(Invalid, match=name):
        load_model(saved, safe_mode=safe_mode)


@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_functions_outside_our_namespaces_do_not_resolve(saved, module, name):
    function = {"module": module, "class_name": "function", "config": name, "registered_name": name}

    def change(config):
        config["config"]["layers"][1]["config"]["activation"] = function

    with_config(saved, change)
    with pytest.raises(Invalid, match=name):
        load_model(saved, safe_mode=False)


@pytest.mark.parametrize("safe_mode", [True, False])
def test_bytecode_is_refused(saved, safe_mode):
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}

    def change(config):
        config["config"]["layers"][1] = {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "l", "function": code},
            "registered_name": None,
        }

    with_config(saved, change)
    with pytest.raises(Invalid, match="bytecode"):
        load_model(saved, safe_mode=safe_mode)


@pytest.mark.parametrize("function", ["torch.load", "torch.save", "torch.hub.load", "torch.Tensor.apply_", "os.system"])
def test_torch_functions_that_are_not_of_tensors_do_not_resolve(tmp_path, function):
    import torch

    inputs = kerasviz.Input((3,), name="in")
    kerasviz.Model(inputs, torch.tanh(inputs)).save(tmp_path / "model.keras")

    def change(config):
        assert config["config"]["layers"][1]["config"]["function"] == "torch.tanh"
        config["config"]["layers"][1]["config"]["function"] = function

    with_config(tmp_path / "model.keras", change)
    with pytest.raises(Invalid, match="torch's functions of tensors"):
        load_model(tmp_path / "model.keras")


def test_functions_of_torch_come_back(tmp_path):
    import torch

    inputs = kerasviz.Input((3,), name="in")
    outputs = torch.nn.functional.gelu(torch.cat([inputs, inputs.square()], dim=1))
    model = kerasviz.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    x = torch.randn(2, 3)
    torch.testing.assert_close(load_model(tmp_path / "model.keras")(x), model(x))


def test_a_function_in_place_of_a_class_is_refused(saved):
    def change(config):
        config["config"]["layers"][1] |= {"module": "keras.layers", "class_name": "add", "config": {}}

    with_config(saved, change)
    with pytest.raises(Invalid):
        load_model(saved)


class Mine(layers.Layer):
    def call(self, inputs):
        return inputs * 2


def test_a_layer_of_the_users_needs_to_be_named_by_the_user(tmp_path):
    path = tmp_path / "model.keras"
    kerasviz.Sequential([kerasviz.Input((3,)), Mine()]).save(path)
    with pytest.raises(Invalid, match="custom_objects"):
        load_model(path)
    assert isinstance(load_model(path, custom_objects={"Mine": Mine}).layers[0], Mine)
    with kerasviz.saving.custom_object_scope({"Mine": Mine}):
        load_model(path)
    with kerasviz.saving.CustomObjectScope({"Mine": Mine}):
        load_model(path)
    with pytest.raises(Invalid):
        load_model(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config["config"]["layers"][1]["config"].update(units="many"),
        lambda config: config["config"]["layers"][1]["config"].update(units=-1),
        lambda config: config["config"]["layers"][1]["config"].update(kernel=3),
        lambda config: config["config"]["layers"][1]["config"].pop("units"),
        lambda config: config["config"].pop("layers"),
        lambda config: config["config"].update(layers=3),
        lambda config: config["config"]["layers"].append("layer"),
        lambda config: config.update(config=[]),
        lambda config: config.update(class_name=3),
    ],
)
def test_a_broken_config_is_an_invalid_file(saved, change):
    with_config(saved, lambda config: change(config) and None)
    with pytest.raises((Invalid, TypeError)):
        load_model(saved)


# --- weights ----------------------------------------------------------------------------------------------------------


def test_soft_and_external_links_are_refused(saved, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((3, 2), "float32")
    for link in (h5py.SoftLink("/elsewhere"), h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")):

        def make(file, link=link):
            file["layers/dense/vars/0"] = link
            file["layers/dense/vars/1"] = np.zeros(2, "float32")

        with_weights(saved, make)
        with pytest.raises(Invalid, match="Links are not followed"):
            load_model(saved)


def test_virtual_datasets_are_refused(saved, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros((3, 2), "float32")

    def make(file):
        layout = h5py.VirtualLayout(shape=(3, 2), dtype="float32")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", shape=(3, 2))
        file.create_virtual_dataset("layers/dense/vars/0", layout)
        file["layers/dense/vars/1"] = np.zeros(2, "float32")

    with_weights(saved, make)
    with pytest.raises(Invalid, match="a virtual dataset"):
        load_model(saved)


def test_storage_in_other_files_is_refused(saved, tmp_path):
    (tmp_path / "raw").write_bytes(bytes(24))

    def make(file):
        external = [(str(tmp_path / "raw"), 0, 24)]
        file.create_dataset("layers/dense/vars/0", (3, 2), "float32", external=external)
        file["layers/dense/vars/1"] = np.zeros(2, "float32")

    with_weights(saved, make)
    with pytest.raises(Invalid, match="stored in another file"):
        load_model(saved)


def test_arrays_larger_than_what_is_stored_are_refused(saved):
    def make(file):
        file.create_dataset("layers/dense/vars/0", (10**6, 10**6), "float32", chunks=(100, 100))
        file["layers/dense/vars/1"] = np.zeros(2, "float32")

    with_weights(saved, make)
    with pytest.raises(Invalid, match="bytes that are stored"):
        load_model(saved)


def test_hard_links_in_a_circle_are_refused(saved):
    def make(file):
        file.create_group("layers/dense/vars")
        file["layers/dense/again"] = file["layers"]

    with_weights(saved, make)
    with pytest.raises(Invalid, match="twice"):
        load_model(saved)


def test_objects_in_place_of_numbers_are_refused(saved):
    def make(file):
        file.create_dataset("layers/dense/vars/0", data=np.array([b"x"] * 6, "S1").reshape(3, 2))
        file["layers/dense/vars/1"] = np.zeros(2, "float32")

    with_weights(saved, make)
    with pytest.raises(Invalid, match="an array of numbers"):
        load_model(saved)


def test_a_config_larger_than_its_weights_allocates_nothing(saved):
    with_config(saved, lambda config: config["config"]["layers"][1]["config"].update(units=10**9))
    with pytest.raises(Invalid, match="do not belong together"):
        load_model(saved)


def test_many_layers_larger_than_their_weights_are_refused(saved, monkeypatch):
    monkeypatch.setattr("kerasviz.saving.budget.ALL_ARE_FINE", 2**20)

    def change(config):
        entry = config["config"]["layers"][1]
        for index in range(40):
            inner = {**entry["config"], "name": f"dense_{index}", "units": 200}
            config["config"]["layers"].append({**entry, "config": inner, "build_config": None})

    with_config(saved, change)
    with pytest.raises(Invalid, match="do not belong together"):
        load_model(saved)


def test_large_images_of_small_models_are_within_the_budget(tmp_path):
    inputs = kerasviz.Input((1200, 1200, 3))
    model = kerasviz.Model(inputs, kerasviz.ops.mean(inputs * 2.0, axis=(1, 2)))
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").output_shape == (None, 3)


def test_weights_of_another_shape_are_refused_with_both_shapes(saved):
    with_config(saved, lambda config: config["config"]["layers"][1]["config"].update(units=5))
    with pytest.raises(Invalid, match=r"expected shape \(3, 5\) for Dense \"dense\", got \(3, 2\)"):
        load_model(saved)


def test_missing_weights_are_refused(saved):
    with_weights(saved, lambda file: file.create_group("layers"))
    with pytest.raises(Invalid, match="2 arrays"):
        load_model(saved)


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_failed_save_leaves_the_last_good_file(saved, monkeypatch):
    before = saved.read_bytes()

    def fail(store):
        raise OSError("disk full")

    model = small_model()
    monkeypatch.setattr(model.layers[0], "save_own_variables", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_a_model_that_has_no_json_form_leaves_the_last_good_file(saved):
    before = saved.read_bytes()
    inputs = kerasviz.Input((3,))
    model = kerasviz.Model(inputs, layers.Dense(2, activation=lambda x: x)(inputs))
    model.layers[1].activation = object()
    with pytest.raises(Invalid):
        model.save(saved)
    assert saved.read_bytes() == before


def test_a_file_that_is_there_is_kept_with_overwrite_false(saved):
    with pytest.raises(Invalid, match="overwrite=True"):
        small_model().save(saved, overwrite=False)


@pytest.mark.parametrize("name", ["model", "model.h5.txt", "model.zip", "model.weights.h5"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(Invalid, match=r"`\.keras`"):
        small_model().save(tmp_path / name)


def test_a_missing_folder_is_told_so(tmp_path):
    with pytest.raises(Invalid, match="Make the folder first"):
        small_model().save(tmp_path / "none" / "model.keras")


def test_loading_reads_no_file_that_a_config_names(saved, tmp_path, monkeypatch):
    opened = []
    real = io.open

    def watched(file, *args, **kwargs):
        opened.append(str(file))
        return real(file, *args, **kwargs)

    (tmp_path / "vocabulary.txt").write_text("a\nb\n")

    def change(config):
        config["config"]["layers"][1]["config"]["vocabulary"] = str(tmp_path / "vocabulary.txt")

    with_config(saved, change)
    monkeypatch.setattr("builtins.open", watched)
    with pytest.raises(Invalid):
        load_model(saved)
    assert not any("vocabulary" in name for name in opened)

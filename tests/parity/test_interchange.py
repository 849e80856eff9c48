"""Whole models go to Keras and come from it: config, weights, optimizer, what `compile` was told, and a step more.

What Keras wrote is in the record byte by byte; what it makes of our files is in it as numbers and words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kerasviz

from .comparing import assert_close
from .interchange_configs import config_in, config_of, differences
from .interchange_models import TABLE
from .interchange_running import (
    digest,
    facts,
    layout,
    predictions,
    quietly,
    read_by,
    tails,
    told_apart,
    values,
    weights_in,
    word,
    written_by,
)
from .recording import Reference

ABSENT = {
    **dict.fromkeys(("Layer", "Wrapper"), "a base: models hold what is made of it"),
    **dict.fromkeys(("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup"), "Keras needs TensorFlow for it"),
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer"), "another library runs it"),
    "TorchModuleWrapper": "Keras writes it as a pickle, which no file may bring",
}
ALL = pytest.mark.parametrize("name", TABLE)
MADE: dict[str, Any] = {}


@pytest.fixture
def theirs(name: str, reference: Reference, tmp_path: Path) -> Any:
    """What Keras wrote for a case; the file lies in the folder of the test."""
    if name not in MADE:
        known = Reference(reference.record, f"test_keras_files_come_to_us[{name}]", reference.mode)
        MADE[name] = known(lambda keras: written_by(keras, TABLE[name], tmp_path))
    (tmp_path / "theirs.keras").write_bytes(MADE[name]["file"].tobytes())
    return MADE[name]


def loaded(name: str, path: Path) -> Any:
    return kerasviz.saving.load_model(path, custom_objects=TABLE[name].scope(kerasviz))


@ALL
@quietly
def test_keras_files_come_to_us(name: str, theirs: Any, tmp_path: Path) -> None:
    case, path = TABLE[name], tmp_path / "theirs.keras"
    model = loaded(name, path)
    assert_close(tails(facts(model)), theirs.get("again", tails(theirs["facts"])))
    assert list(differences(config_of(model), config_in(path))) == []
    assert_close(predictions(model, case.data(model)), theirs["outputs"], case.tolerance)
    if case.trains:
        assert_close(told_apart(case.step(model), theirs["stepped"]), theirs["stepped"], case.tolerance)


@ALL
@quietly
def test_our_files_go_to_keras(name: str, theirs: Any, reference: Reference, tmp_path: Path) -> None:
    case, path, weights = TABLE[name], tmp_path / "ours.keras", tmp_path / "ours.weights.h5"
    model = case.ready(kerasviz)
    model.save(path)
    model.save_weights(weights)
    found = reference(lambda keras: read_by(keras, case, (path, weights)))
    assert found["given"] == word(path), "what we write has changed: record again"
    assert found["loaded"] == digest(values(model.weights))
    if "refused" in found:
        assert case.lost, found["refused"]
        return
    assert_close(found["facts"], tails(facts(model)))
    assert found["config"] == []
    assert_close(predictions(model, case.data(model)), found["outputs"], case.tolerance)
    if case.trains:
        assert found["step"] <= case.tolerance


@ALL
@quietly
def test_what_we_write_is_what_keras_writes(name: str, theirs: Any, tmp_path: Path) -> None:
    model = TABLE[name].ready(kerasviz)
    model.save(tmp_path / "ours.keras")
    model.save_weights(tmp_path / "ours.weights.h5")
    ours = config_in(tmp_path / "ours.keras")
    assert list(differences(ours, config_in(tmp_path / "theirs.keras"))) == []
    assert layout(tmp_path / "ours.keras") == layout(tmp_path / "theirs.keras")
    assert list(differences(config_of(model), ours)) == theirs["json"]
    assert (layout(tmp_path / "ours.weights.h5") == layout(tmp_path / "ours.keras")) == theirs["layout"]


@ALL
@quietly
def test_weights_come_from_keras(name: str, theirs: Any, tmp_path: Path) -> None:
    model = TABLE[name].compiled_model(kerasviz)
    model.load_weights(weights_in(tmp_path / "theirs.keras", tmp_path / "theirs.weights.h5"))
    assert digest(values(model.weights)) == theirs["facts"]["values"]


@ALL
@quietly
def test_our_own_files_lose_nothing(name: str, tmp_path: Path) -> None:
    case, path = TABLE[name], tmp_path / "ours.keras"
    model = case.ready(kerasviz)
    model.save(path)
    again = loaded(name, path)
    assert tails(facts(again)) == tails(facts(model))
    assert again.to_json() == model.to_json()
    again.save(tmp_path / "again.keras")
    assert word(tmp_path / "again.keras") == word(path)
    assert_close(predictions(again, case.data(again)), predictions(model, case.data(model)), 0)
    if case.trains:
        assert_close(case.step(again), case.step(model), 1e-6)


@ALL
@quietly
def test_json_and_clones_say_the_same(name: str, theirs: Any, tmp_path: Path) -> None:
    case = TABLE[name]
    model = case.ready(kerasviz)
    text = json.dumps(config_in(tmp_path / "theirs.keras"))
    again = kerasviz.models.model_from_json(text, custom_objects=case.scope(kerasviz))
    assert list(differences(config_of(again), config_of(model))) == []


def classes_in(config: Any) -> set[str]:
    """The classes of layers that a config names."""
    if isinstance(config, list):
        return set().union(*map(classes_in, config))
    if not isinstance(config, dict):
        return set()
    found = set().union(*map(classes_in, config.values()))
    return found | {config["class_name"]} if config.get("module") == "keras.layers" else found


@quietly
def test_the_table_has_every_class_of_layer() -> None:
    of = kerasviz.layers
    public = {thing for thing in vars(of).values() if isinstance(thing, type) and issubclass(thing, of.Layer)}
    used = set().union(*(classes_in(config_of(case.compiled_model(kerasviz))) for case in TABLE.values()))
    missing = public - {getattr(of, name) for name in used}
    assert {layer.__name__ for layer in missing} == set(ABSENT)
    assert len(TABLE) >= 60

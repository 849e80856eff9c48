"""What a file says of calls and numbers, where Keras and we do not write the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz

from .interchange_running import config_in, differences
from .recording import Reference


def dropping(k: Any, **call: Any) -> Any:
    x = k.Input((50,), name="x")
    return k.Model(x, k.layers.Dropout(0.5)(x, **call), name="dropping")


def zeros(model: Any, training: bool | None) -> int:
    return int((model(torch.ones(4, 50), training=training) == 0).sum())


def test_keras_says_of_every_call_that_it_is_no_training(reference: Reference) -> None:
    calls = reference(lambda keras: json.loads(dropping(keras).to_json())["config"]["layers"][1]["inbound_nodes"])
    assert calls[0]["kwargs"] == {"training": False}
    config = json.loads(dropping(kerasviz).to_json())
    config["config"]["layers"][1]["inbound_nodes"] = calls
    model = kerasviz.saving.deserialize_keras_object(config)
    assert 60 < zeros(model, True) < 140
    assert zeros(model, False) == 0


@pytest.mark.parametrize("training", [False, True, None])
def test_a_mode_that_was_said_is_the_same_after_our_files(training: bool | None, tmp_path: Path) -> None:
    model = dropping(kerasviz, training=training)
    model.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    for mode in (False, True, None):
        assert (zeros(again, mode) > 0) == (zeros(model, mode) > 0)
    again.save(tmp_path / "again.keras")
    assert not list(differences(config_in(tmp_path / "again.keras"), config_in(tmp_path / "model.keras")))


def test_keras_opens_files_in_which_a_mode_was_said(reference: Reference, tmp_path: Path) -> None:
    dropping(kerasviz, training=False).save(tmp_path / "model.keras")
    found = reference(lambda keras: keras.saving.load_model(tmp_path / "model.keras").predict(np.ones((2, 50))))
    assert (found == 1).all()


def test_a_rate_is_as_exact_after_a_file_as_before(tmp_path: Path) -> None:
    model = kerasviz.Sequential([kerasviz.Input((3,)), kerasviz.layers.Dense(2)])
    model.compile(kerasviz.optimizers.Adam(0.003), "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    model.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    assert float(again.optimizer.learning_rate) == 0.003
    model.optimizer.learning_rate = 0.001
    model.save_weights(tmp_path / "model.weights.h5")
    again.load_weights(tmp_path / "model.weights.h5")
    assert float(again.optimizer.learning_rate) == pytest.approx(0.001)

"""Model files with optimizers in them: what one library wrote, the other reads."""

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .test_optimizers import OWN, plain, state

NAMES = [name for name in OWN if name != "Lamb"]  # Keras reads Lamb's config as a name


def trained(keras, name, x, y):
    """A small model, two steps on its way; its weights are drawn by numpy."""
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="first"), keras.layers.Dense(1, name="last")]
    )
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    model.compile(getattr(keras.optimizers, name)(0.05, name="mine"), "mse")
    for _ in range(2):
        model.train_on_batch(x, y)
    return model


def data():
    random = np.random.default_rng(1)
    return random.normal(size=(8, 4)).astype("float32"), random.normal(size=(8, 1)).astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_keras_goes_on_from_our_file(reference, name, tmp_path):
    path, (x, y) = tmp_path / "model.keras", data()
    model = trained(kerasviz, name, x, y)
    model.save(path)

    def goes_on(keras):
        again = keras.saving.load_model(path)
        config = plain(again.optimizer.get_config())
        before = [variable.numpy() + 0 for variable in again.optimizer.variables]
        again.train_on_batch(x, y)
        return [config, before, again.get_weights()]

    config, before, weights = reference(goes_on)
    assert plain(model.optimizer.get_config()) == config
    assert_close([variable.numpy() + 0 for variable in model.optimizer.variables], before, 0)
    model.train_on_batch(x, y)
    assert_close(model.get_weights(), weights, 2e-5)


@pytest.mark.parametrize("name", ["Nadam", "Adafactor", "Muon"])
def test_we_go_on_from_a_file_of_keras(reference, name, tmp_path):
    path, (x, y) = tmp_path / "model.keras", data()

    def saved(keras):
        model = trained(keras, name, x, y)
        model.save(path)
        known = state(model.optimizer)
        model.train_on_batch(x, y)
        return [np.frombuffer(path.read_bytes(), np.uint8), known[1], model.get_weights()]

    content, numbers, weights = reference(saved)
    path.write_bytes(content.tobytes())
    model = kerasviz.saving.load_model(path)
    assert_close(state(model.optimizer)[1], numbers, 0)
    model.train_on_batch(x, y)
    assert_close(model.get_weights(), weights, 2e-5)


def test_several_optimizers_come_back_from_a_file(tmp_path):
    path, (x, y) = tmp_path / "model.keras", data()
    model = trained(kerasviz, "SGD", x, y)
    chosen = kerasviz.optimizers.OptimizerMap("sgd", {".*first/.*": "nadam", ".*last/bias": "adafactor"})
    model.compile(kerasviz.optimizers.MultiOptimizer(chosen), "mse")
    model.train_on_batch(x, y)
    model.save(path)
    again = kerasviz.saving.load_model(path)
    for one in (model, again):
        one.train_on_batch(x, y)
    for mine, other in zip(model.weights, again.weights, strict=True):
        torch.testing.assert_close(mine.data, other.data, rtol=0, atol=0)

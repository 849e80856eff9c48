"""Initializers against Keras 3: configs, statistics, and values where nothing is drawn."""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
import torch

from kerasviz import initializers

CASES = [
    ("Zeros", {}),
    ("Ones", {}),
    ("Constant", {"value": 3.5}),
    ("RandomNormal", {"mean": 0.3, "stddev": 0.2, "seed": 1}),
    ("RandomUniform", {"minval": -0.3, "maxval": 0.7, "seed": 1}),
    ("TruncatedNormal", {"mean": -0.3, "stddev": 0.2, "seed": 1}),
    ("Orthogonal", {"gain": 1.5, "seed": 1}),
    *((name, {"seed": 1}) for name in ("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal")),
    ("LecunUniform", {"seed": 1, "input_axes": (0,), "output_axes": (1, 2)}),
    *(
        ("VarianceScaling", {"scale": 1.7, "mode": mode, "distribution": distribution, "seed": 1})
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "untruncated_normal", "uniform")
    ),
]
SHAPES = [(20, 30, 40), (200, 100), (3, 3, 40, 50), (20000,)]


def plain(config):
    return json.loads(json.dumps(config))


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mean_spread_and_limits_are_alike(name, options, shape):
    if name == "Orthogonal" and len(shape) < 2:
        shape = (100, 120)
    if options.get("output_axes") and len(shape) < 3:
        shape = (20, 30, 40)
    ours = getattr(initializers, name)(**options)(shape).numpy()
    theirs = getattr(keras.initializers, name)(**options)(shape).numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    spread = theirs.std()
    np.testing.assert_allclose(ours.std(), spread, rtol=0.03, atol=1e-7)
    np.testing.assert_allclose(ours.mean(), theirs.mean(), atol=max(spread * 0.05, 1e-7))
    if name != "Orthogonal":
        np.testing.assert_allclose(ours.max(), theirs.max(), rtol=0.35, atol=1e-7)
    assert np.abs(ours).max() <= np.abs(theirs).max() * 1.35


@pytest.mark.parametrize(("name", "options"), CASES)
def test_configs_equal_and_load_on_both_sides(name, options):
    ours, theirs = getattr(initializers, name)(**options), getattr(keras.initializers, name)(**options)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert plain(initializers.serialize(ours)) == plain(keras.initializers.serialize(theirs))
    assert plain(initializers.deserialize(keras.initializers.serialize(theirs)).get_config()) == plain(
        ours.get_config()
    )


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (3, 2, 5), (2, 3, 9)], ids=str)
def test_orthogonal_vectors_are_at_right_angles(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=3)(shape).reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix @ matrix.t() if rows <= columns else matrix.t() @ matrix
    torch.testing.assert_close(product, 4 * torch.eye(min(rows, columns)), atol=1e-5, rtol=0)


def test_identity_keeps_its_gain_in_the_config():
    assert initializers.Identity(2.0)((2, 3)).tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    assert initializers.Identity(2.0).get_config() == {"gain": 2.0}  # Keras 3.15 loses it


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("scaling", ["density", "spectrum"])
def test_stft_equals_with_a_window_of_numbers(side, scaling):
    window = np.array([1.0, 2, 3, 4, 3, 2])
    ours = initializers.STFT(side, window, scaling)((6, 1, 5)).numpy()
    theirs = keras.initializers.STFT(side, window, scaling)((6, 1, 5)).numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize("name", ["uniform", "normal", "zero", "one", "he_normal", "HeNormal", "OrthogonalInitializer"])
def test_names_mean_the_same_class(name):
    assert type(initializers.get(name)).__name__ == type(keras.initializers.get(name)).__name__

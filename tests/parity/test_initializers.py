"""Initializers against Keras 3: configs, statistics, and values where nothing is drawn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import initializers
from kerasviz.declare import Invalid

from .comparing import assert_close
from .op_cases import FLOATS, WHOLE, answers, assert_answers

RANDOM = {
    "RandomNormal": {"mean": 0.3, "stddev": 0.2},
    "RandomUniform": {"minval": -0.3, "maxval": 0.7},
    "TruncatedNormal": {"mean": -0.3, "stddev": 0.2},
    "Orthogonal": {"gain": 1.5},
    **{name: {} for name in ("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")},
}
SCALED = [
    {"scale": 1.7, "mode": mode, "distribution": distribution}
    for mode in ("fan_in", "fan_out", "fan_avg")
    for distribution in ("truncated_normal", "untruncated_normal", "uniform")
]
OF_FANS = ("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")
DRAWN: list[tuple[str, dict[str, Any]]] = [
    *((name, {"seed": 1} | options) for name, options in RANDOM.items()),
    *((name, {"seed": 1}) for name in ("RandomNormal", "RandomUniform", "TruncatedNormal", "Orthogonal")),
    *((name, {"seed": 1, "input_axes": (0,), "output_axes": (1, 2)}) for name in OF_FANS),
    *(("VarianceScaling", {"seed": 1} | options) for options in SCALED),
    ("VarianceScaling", {"seed": 1, "distribution": "normal"}),
    ("VarianceScaling", {"seed": 1, "input_axes": [0], "output_axes": [1, 2], "mode": "fan_avg"}),
]
FIXED: list[tuple[str, dict[str, Any]]] = [
    ("Zeros", {}),
    ("Ones", {}),
    ("Constant", {}),
    ("Constant", {"value": 3.5}),
    ("Identity", {}),
    ("Identity", {"gain": 2.0}),
]
WAVES: list[dict[str, Any]] = [
    {},
    {"side": "imag"},
    {"window": None},
    {"scaling": "spectrum"},
    {"scaling": None},
    {"periodic": True},
    *({"side": side, "window": "hamming", "scaling": "spectrum", "periodic": True} for side in ("real", "imag")),
]
CASES = [*DRAWN, *FIXED, *(("STFT", options) for options in WAVES)]
SHAPES = [(20, 30, 40), (200, 100), (3, 3, 40, 50), (20000,)]


def named(cases: list[tuple[str, dict[str, Any]]]) -> Any:
    ids = [f"{name}-{i}" for i, (name, _) in enumerate(cases)]
    return pytest.mark.parametrize(("name", "options"), cases, ids=ids)


def with_scipy(keras: Any) -> Any:
    """Keras takes windows by name from scipy; without it their answers stay as they were recorded."""
    pytest.importorskip("scipy")
    return keras


def plain(config: Any) -> Any:
    return json.loads(json.dumps(config))


def statistics(values: Any) -> dict[str, Any]:
    found = values.detach().numpy()
    figures = [float(of(found)) for of in (np.mean, np.std, np.max, np.min)]
    return {"shape": list(found.shape), "dtype": str(found.dtype), "figures": figures}


@named(DRAWN)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mean_spread_and_limits_are_alike(reference, name, options, shape):
    if name == "Orthogonal" and len(shape) < 2:
        shape = (100, 120)
    if options.get("output_axes") and len(shape) < 3:
        shape = (20, 30, 40)
    found = initializers.get({"class_name": name, "config": options})(shape)
    ours, theirs = (
        statistics(found),
        reference(lambda keras: statistics(getattr(keras.initializers, name)(**options)(shape))),
    )
    assert [ours["shape"], ours["dtype"]] == [theirs["shape"], theirs["dtype"]]
    mean, spread, largest, least = theirs["figures"]
    np.testing.assert_allclose(ours["figures"][0], mean, atol=max(spread * 0.05, 1e-7))
    np.testing.assert_allclose(ours["figures"][1], spread, rtol=0.03, atol=1e-7)
    if name != "Orthogonal":
        np.testing.assert_allclose(ours["figures"][2], largest, rtol=0.35, atol=1e-7)
    assert found.abs().max() <= max(abs(largest), abs(least)) * 1.35


@named(FIXED)
def test_values_equal_in_every_shape_and_dtype(reference, name, options):
    shapes = [(3, 3), (2, 4), (4, 2), (1, 1), (0, 3)]
    shapes += [] if name == "Identity" else [(), (1,), (2, 3, 4), (0,)]

    def of(shape: Any, dtype: Any) -> Any:
        return lambda keras: getattr(keras.initializers, name)(**options)(shape, dtype=dtype)

    calls = {f"float32 {shape}": of(shape, None) for shape in shapes}
    calls |= {f"{dtype} of two": of((2, 2), dtype) for dtype in (*FLOATS, *WHOLE)}
    expected = reference(lambda keras: answers(calls.items(), keras))
    taken = {label: value for label, value in expected.items() if not isinstance(value, str)}
    assert len(taken) > 7
    assert_answers(answers(((label, calls[label]) for label in taken), kerasviz), taken)


@pytest.mark.parametrize(
    "value", [[1.0, 2.0, 3.0], [[1.0], [2.0]], np.arange(6).reshape(2, 3)], ids=["row", "column", "whole"]
)
def test_a_constant_may_be_an_array(reference, value):
    expected = reference(lambda keras: keras.initializers.Constant(np.array(value, "float32"))((2, 3)))
    assert_close(initializers.Constant(value)((2, 3)) + torch.zeros(2, 3), np.broadcast_to(expected, (2, 3)))


@pytest.mark.parametrize("name", [name for name in RANDOM if name != "Orthogonal"])
def test_the_dtype_that_is_asked_for_is_that_of_keras(reference, name):
    def dtypes(keras: Any) -> Any:
        make = getattr(keras.initializers, name)
        return [str(make(seed=1)((2, 3), dtype=dtype).dtype).removeprefix("torch.") for dtype in (None, *FLOATS)]

    assert dtypes(kerasviz) == reference(dtypes)


@named([case for case in CASES if case[0] != "Identity"])
def test_configs_equal_and_load_on_both_sides(reference, name, options):
    written = plain(initializers.serialize(getattr(initializers, name)(**options)))

    def known(keras: Any) -> Any:
        module = with_scipy(keras).initializers if name == "STFT" else keras.initializers
        return [plain(module.serialize(one)) for one in (getattr(module, name)(**options), module.deserialize(written))]

    theirs, read = reference(known)
    assert written == theirs == read
    assert plain(initializers.serialize(initializers.deserialize(theirs))) == theirs


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
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
def test_stft_equals_with_a_window_of_numbers(reference, side, scaling):
    window = np.array([1.0, 2, 3, 4, 3, 2])
    expected = reference(lambda keras: keras.initializers.STFT(side, window, scaling)((6, 1, 5)))
    np.testing.assert_allclose(initializers.STFT(side, window, scaling)((6, 1, 5)).numpy(), expected, atol=2e-6)


@pytest.mark.parametrize("index", range(len(WAVES)))
def test_stft_equals_with_windows_by_name(reference, index):
    options = WAVES[index]
    expected = reference(lambda keras: with_scipy(keras).initializers.STFT(**options)((6, 1, 5)))
    np.testing.assert_allclose(initializers.STFT(**options)((6, 1, 5)).numpy(), expected, atol=2e-6)


NAMES = (
    "uniform",
    "normal",
    "zero",
    "one",
    "zeros",
    "ones",
    "he_normal",
    "HeNormal",
    "OrthogonalInitializer",
    "identity",
)
NAMES += ("orthogonal", "random_normal", "truncated_normal", "variance_scaling", "lecun_uniform")


@pytest.mark.parametrize("name", NAMES)
def test_names_mean_the_same_class(reference, name):
    expected = reference(lambda keras: type(keras.initializers.get(name)).__name__)
    assert type(initializers.get(name)).__name__ == expected


def test_wrong_shapes_are_refused():
    for initializer, shape in ((initializers.Identity(), (2, 3, 4)), (initializers.Orthogonal(), (3,))):
        with pytest.raises(Invalid, match="shape"):
            initializer(shape)

"""Activations against Keras 3 on torch."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
import torch

from kerasviz import activations

GRID = np.concatenate([np.linspace(-9, 9, 37), [-0.51, 0.49, 0.51, -1e-4, 1e-4]]).astype("float32").reshape(6, 7)
PLAIN = [
    *[
        "linear",
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "celu",
        "selu",
        "gelu",
        "silu",
        "swish",
        "hard_silu",
        "hard_swish",
        "mish",
        "sigmoid",
        "hard_sigmoid",
    ],
    *[
        "log_sigmoid",
        "sparse_sigmoid",
        "tanh",
        "hard_tanh",
        "tanh_shrink",
        "hard_shrink",
        "soft_shrink",
        "softplus",
        "softsign",
    ],
    *["squareplus", "sparse_plus", "exponential", "softmax", "log_softmax"],
]
WITH_ARGUMENTS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0, "threshold": 0.7, "negative_slope": 0.3}),
    ("relu", {"threshold": -1.0}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {"threshold": 2.0}),
    ("soft_shrink", {"threshold": 2.0}),
    ("squareplus", {"b": 1.0}),
    ("threshold", {"threshold": 1.2, "default_value": -3.0}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": (0, 1)}),
    ("log_softmax", {"axis": 0}),
    ("sparsemax", {"axis": 0}),
    ("glu", {"axis": 0}),
]


def value_and_gradient(function, options):
    x = torch.tensor(GRID, requires_grad=True)
    y = function(x, **options)
    mixture = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    (gradient,) = torch.autograd.grad((y * mixture).sum(), x)
    return y.detach().numpy(), gradient.numpy()


@pytest.mark.parametrize(("name", "options"), [*((name, {}) for name in PLAIN), *WITH_ARGUMENTS])
def test_values_and_gradients_equal(name, options):
    expected = value_and_gradient(getattr(keras.activations, name), options)
    found = value_and_gradient(getattr(activations, name), options)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("name", PLAIN)
def test_names_serialize_alike(name):
    assert activations.serialize(activations.get(name)) == keras.activations.serialize(keras.activations.get(name))


def test_none_is_linear():
    assert activations.get(None) is activations.linear


def test_arrays_and_lists_are_taken():
    assert activations.relu([-1.0, 2.0]).tolist() == [0.0, 2.0]
    assert activations.softmax(np.zeros((1, 2))).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_sums_to_one_along_its_axis(
    axis,
):  # Keras 3.15 on torch does not, along the last axis of several rows
    y = activations.sparsemax(torch.tensor(GRID), axis=axis)
    torch.testing.assert_close(y.sum(dim=axis), torch.ones_like(y.sum(dim=axis)))
    assert (y == 0).any()

"""Regularizers and constraints against Keras 3."""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
import torch

from kerasviz import constraints, regularizers

W = np.random.default_rng(1).normal(size=(4, 5)).astype("float32")
REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.4, "axis": [0, 1]}),
]


def plain(config):
    return json.loads(json.dumps(config), parse_float=lambda digits: float(f"{float(digits):.6g}"))


@pytest.mark.parametrize(("name", "options"), REGULARIZERS)
def test_penalties_equal(name, options):
    ours, theirs = getattr(regularizers, name)(**options), getattr(keras.regularizers, name)(**options)
    np.testing.assert_allclose(ours(torch.tensor(W)).item(), float(theirs(torch.tensor(W))), rtol=1e-5)
    assert plain(regularizers.serialize(ours)) == plain(keras.regularizers.serialize(theirs))


@pytest.mark.parametrize(("name", "options"), CONSTRAINTS)
def test_constrained_weights_equal(name, options):
    ours, theirs = getattr(constraints, name)(**options), getattr(keras.constraints, name)(**options)
    np.testing.assert_allclose(ours(torch.tensor(W)).numpy(), theirs(torch.tensor(W)).numpy(), rtol=1e-5, atol=1e-6)
    assert plain(constraints.serialize(ours)) == plain(keras.constraints.serialize(theirs))


@pytest.mark.parametrize("name", ["l1", "l2", "l1l2", "L1L2"])
def test_regularizers_by_name_equal(name):
    assert plain(regularizers.get(name).get_config()) == plain(keras.regularizers.get(name).get_config())

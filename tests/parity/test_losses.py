"""Losses against Keras: values, gradients, reductions, weights, masks, configs."""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras as oracle
import numpy as np
import pytest
import torch

import kerasviz as keras

RANDOM = np.random.default_rng(0)
VALUES = (RANDOM.normal(size=(6, 4)).astype("float32"), RANDOM.normal(size=(6, 4)).astype("float32"))
COUNTS = (RANDOM.poisson(3, (6, 4)).astype("float32"), RANDOM.random((6, 4)).astype("float32") + 0.5)
ROWS = (np.eye(4, dtype="float32")[RANDOM.integers(0, 4, 6)], RANDOM.dirichlet(np.ones(4), 6).astype("float32"))
NUMBERS = (RANDOM.integers(0, 4, 6), ROWS[1])
LOGITS = (NUMBERS[0], VALUES[1])
YES = (RANDOM.integers(0, 2, (6, 4)).astype("float32"), RANDOM.random((6, 4)).astype("float32"))
UNIT = (RANDOM.integers(0, 2, 6), VALUES[1] / np.linalg.norm(VALUES[1], axis=1, keepdims=True))
SPEECH = (np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]]), RANDOM.normal(size=(3, 7, 5)).astype("float32"))
MAPS = (RANDOM.integers(0, 4, (2, 3, 5)), RANDOM.dirichlet(np.ones(4), (2, 3, 5)).astype("float32"))

CASES = [
    ("MeanSquaredError", {}, VALUES),
    ("MeanAbsoluteError", {}, VALUES),
    ("MeanAbsolutePercentageError", {}, VALUES),
    ("MeanSquaredLogarithmicError", {}, COUNTS),
    ("Huber", {"delta": 0.3}, VALUES),
    ("LogCosh", {}, VALUES),
    ("CosineSimilarity", {"axis": -1}, VALUES),
    ("Poisson", {}, COUNTS),
    ("Hinge", {}, (np.sign(VALUES[0]), VALUES[1])),
    ("SquaredHinge", {}, YES),
    ("CategoricalHinge", {}, (ROWS[0], VALUES[1])),
    ("KLDivergence", {}, (ROWS[1][::-1].copy(), ROWS[1])),
    ("BinaryCrossentropy", {}, YES),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, (YES[0], VALUES[1])),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5}, YES),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, (YES[0], VALUES[1])),
    ("CategoricalCrossentropy", {}, ROWS),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, (ROWS[0], VALUES[1])),
    ("CategoricalFocalCrossentropy", {"alpha": 0.3, "gamma": 1.5}, ROWS),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, (ROWS[0], VALUES[1])),
    ("CategoricalHinge", {}, ROWS),
    ("BinaryCrossentropy", {"axis": 0}, YES),
    ("CategoricalCrossentropy", {"axis": 0}, ROWS),
    ("CategoricalFocalCrossentropy", {"axis": 0}, ROWS),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4]}, ROWS),
    ("CosineSimilarity", {"axis": 0}, VALUES),
    ("Huber", {"delta": 3.0}, VALUES),
    ("Hinge", {}, YES),
    ("Dice", {"axis": 1}, YES),
    ("Tversky", {"alpha": 0.3, "beta": 0.8, "axis": 1}, YES),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, NUMBERS),
    ("Circle", {"gamma": 10.0, "margin": 0.2}, UNIT),
    ("Circle", {"gamma": 5.0, "remove_diagonal": False}, UNIT),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, NUMBERS),
    ("SparseCategoricalCrossentropy", {}, NUMBERS),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, LOGITS),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, (NUMBERS[0][:, None], VALUES[1])),
]
IDS = [f"{name}-{arguments}" for name, arguments, _ in CASES]


def both(name, arguments, data, **call):
    """Value and gradient of ours and of the oracle's."""
    found = []
    for module in (keras, oracle):
        y_pred = torch.tensor(data[1], requires_grad=True)
        value = getattr(module.losses, name)(**arguments)(torch.tensor(data[0]), y_pred, **call)
        value.sum().backward()
        found.append((value.detach(), y_pred.grad))
    return found


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize(("name", "arguments", "data"), CASES, ids=IDS)
def test_values_and_gradients_equal(name, arguments, data, reduction):
    ours, theirs = both(name, {**arguments, "reduction": reduction}, data)
    torch.testing.assert_close(ours[0], theirs[0], rtol=2e-5, atol=1e-6)
    torch.testing.assert_close(ours[1], theirs[1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"])
@pytest.mark.parametrize(("name", "arguments", "data"), CASES, ids=IDS)
def test_sample_weights_count_the_same(name, arguments, data, reduction):
    weight = torch.tensor([0.0, 1.0, 2.0, 0.5, 1.0, 3.0][: 4 if arguments.get("axis") == 0 else 6])
    ours, theirs = both(name, {**arguments, "reduction": reduction}, data, sample_weight=weight)
    torch.testing.assert_close(ours[0], theirs[0], rtol=2e-5, atol=1e-6)
    torch.testing.assert_close(ours[1], theirs[1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "arguments", "data"), CASES, ids=IDS)
def test_configs_equal_and_load_on_both_sides(name, arguments, data):
    ours = getattr(keras.losses, name)(**arguments)
    theirs = getattr(oracle.losses, name)(**arguments)
    config = json.loads(json.dumps(theirs.get_config()))
    mine = json.loads(json.dumps(ours.get_config()))
    assert {n: mine[n] for n in config if n != "dtype"} == {n: v for n, v in config.items() if n != "dtype"}
    assert getattr(keras.losses, name).from_config(config).name == theirs.name
    if name != "CategoricalGeneralizedCrossEntropy":  # Keras cannot read its own config of it
        assert oracle.losses.deserialize(keras.losses.serialize(ours)).name == ours.name


@pytest.mark.parametrize("weighted", [False, True])
def test_masked_places_do_not_count(weighted):
    mask = torch.tensor(RANDOM.integers(0, 2, (2, 3, 5)), dtype=torch.bool)
    found = []
    for module in (keras, oracle):
        y_pred = torch.tensor(MAPS[1])
        y_pred._keras_mask = mask
        weight = torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(0)) if weighted else None
        found.append(module.losses.SparseCategoricalCrossentropy()(torch.tensor(MAPS[0]), y_pred, sample_weight=weight))
    torch.testing.assert_close(found[0], found[1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mse", "mae", "mape", "msle", "kld", "bce", "huber", "categorical_crossentropy"])
def test_short_names_mean_the_same_function(name):
    data = ROWS
    ours = keras.losses.get(name)(torch.tensor(data[0]), torch.tensor(data[1]))
    theirs = oracle.losses.get(name)(torch.tensor(data[0]), torch.tensor(data[1]))
    torch.testing.assert_close(ours, theirs, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "arguments"), [("Dice", {}), ("Tversky", {"alpha": 0.2}), ("CTC", {})])
def test_losses_of_whole_batches_and_sequences_equal(name, arguments):
    ours, theirs = both(name, arguments, SPEECH if name == "CTC" else YES)
    torch.testing.assert_close(ours[0], theirs[0], rtol=2e-5, atol=1e-6)
    torch.testing.assert_close(ours[1], theirs[1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("axis", [1, -1])
def test_sparse_crossentropy_of_maps_equals_along_each_axis(axis, from_logits):
    y_pred = np.moveaxis(MAPS[1], -1, axis).copy()
    y_true = MAPS[0]
    values = [
        module.losses.SparseCategoricalCrossentropy(from_logits, axis=axis, reduction="none")(
            torch.tensor(y_true), torch.tensor(y_pred)
        )
        for module in (keras, oracle)
    ]
    torch.testing.assert_close(*values, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((6, 4), (6, 4, 1)), ((6,), (6,))], ids=str)
@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "BinaryCrossentropy", "Poisson"])
def test_an_axis_of_one_may_be_left_out_or_added(name, shapes):
    of_targets, of_predictions = shapes
    data = RANDOM.random(of_targets).astype("float32"), RANDOM.random(of_predictions).astype("float32")
    ours, theirs = both(name, {}, data)
    torch.testing.assert_close(ours[0], theirs[0], rtol=2e-5, atol=1e-6)
    torch.testing.assert_close(ours[1], theirs[1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
def test_masks_count_the_same_in_every_reduction(reduction, weighted):
    mask = torch.tensor([[True, True, False], [True, False, False]])
    found = []
    for module in (keras, oracle):
        y_pred = torch.tensor(VALUES[1].reshape(2, 3, 4))
        y_pred._keras_mask = mask
        weight = torch.tensor([[1.0, 2.0, 3.0], [0.5, 1.0, 1.0]]) if weighted else None
        loss = module.losses.MeanSquaredError(reduction=reduction)
        found.append(loss(torch.tensor(VALUES[0].reshape(2, 3, 4)), y_pred, sample_weight=weight))
    torch.testing.assert_close(*found, rtol=2e-5, atol=1e-6)

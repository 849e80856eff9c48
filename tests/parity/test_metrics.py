"""Metrics against Keras: state and result after two batches, weights, masks, configs, functions."""

import json
import os
from itertools import repeat

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras as oracle
import numpy as np
import pytest
import torch

import kerasviz as keras

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)


def numbers(*shape):
    return RANDOM.random(shape).astype("float32")


def shares(*shape):
    values = numbers(*shape) + 0.05
    return values / values.sum(-1, keepdims=True)


def one_hot(classes, *shape):
    return np.eye(classes, dtype="float32")[RANDOM.integers(0, classes, shape)]


def labels(classes, *shape):
    return RANDOM.integers(0, classes, shape)


def yes_or_no(*shape):
    return (numbers(*shape) > 0.5).astype("float32")


NUMBERS = [
    (numbers(6, 3), numbers(6, 3)),
    (numbers(6), numbers(6)),
    (numbers(6, 4, 3), numbers(6, 4, 3)),
    (numbers(1, 3), numbers(1, 3)),
]
OTHER_RANK = [(numbers(6), numbers(6, 1)), (numbers(6, 1), numbers(6)), (numbers(6, 4, 1), numbers(6, 4))]
ROWS = [
    (one_hot(5, 6), shares(6, 5)),
    (one_hot(5, 6, 4), shares(6, 4, 5)),
    (one_hot(2, 3), shares(3, 2)),
    (one_hot(5, 6).astype("int32"), shares(6, 5)),
]
LABELS = [
    (labels(5, 6), shares(6, 5)),
    (labels(5, 6, 1), shares(6, 5)),
    (labels(5, 6, 4), shares(6, 4, 5)),
    (labels(5, 6, 4, 1), shares(6, 4, 5)),
    (labels(5, 6).astype("float32"), shares(6, 5)),
]
EQUAL = [
    (labels(3, 6), labels(3, 6)),
    (labels(3, 6, 1), labels(3, 6)),
    (labels(3, 6), labels(3, 6, 1)),
    (labels(3, 6, 4).astype("float32"), labels(3, 6, 4)),
]
SIGNS = [(np.sign(numbers(6, 3) - 0.5), numbers(6, 3) * 2 - 1), (yes_or_no(6, 3), numbers(6, 3) * 2 - 1)]
YES = [
    (yes_or_no(20), numbers(20)),
    (yes_or_no(8, 5).astype("int32"), numbers(8, 5)),
    (yes_or_no(20, 1), numbers(20)),
    (yes_or_no(20), numbers(20, 1)),
    (yes_or_no(12, 3, 2), numbers(12, 3, 2)),
    (np.array([0, 1, 1, 0, 1.0]), np.array([0, 1, 0.5, 0.5, 0.25], "float32")),
    (yes_or_no(20), (numbers(20) * 8).round() / 8),
]
SEVERAL = [(yes_or_no(9, 4), numbers(9, 4))]
CLASSES = [(one_hot(4, 12), shares(12, 4)), (one_hot(3, 5), numbers(5, 3)), (yes_or_no(7, 3), numbers(7, 3))]
MAPS = [(labels(3, 30), labels(3, 30)), (labels(3, 4, 5), labels(3, 4, 5))]
MAPS_OF_SHARES = [(labels(3, 4, 5), shares(4, 5, 3))]
ONE_HOT_MAPS = [(one_hot(3, 4, 5), shares(4, 5, 3)), (one_hot(3, 12), shares(12, 3))]
OUTPUTS = [(numbers(10, 1), numbers(10, 1)), (numbers(10, 3), numbers(10, 3))]

AT = [
    {},
    {"thresholds": 0.3},
    {"thresholds": [0.2, 0.5, 0.9]},
    {"thresholds": [0.7, 0.1]},
    {"thresholds": [0.0, 0.5, 1]},
]
BEST = [{"top_k": 2}, {"top_k": 1, "class_id": 1}, {"class_id": 1}, {"thresholds": 0.3, "top_k": 2}]
METHODS = [{"summation_method": name} for name in ("minoring", "majoring")]
CURVES = [{}, {"num_thresholds": 5}, {"thresholds": [0.2, 0.35, 0.9]}, {"from_logits": True}, {"num_thresholds": 2}]
BY_LABEL = [{}, {"num_labels": 4}, {"label_weights": [1.0, 2.0, 0.0, 3.0]}, {"thresholds": [0.1, 0.5]}]
POINTS = [{}, {"num_thresholds": 1}, {"num_thresholds": 7}]
RATES = {
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
}
AVERAGES = [{"average": name} for name in (None, "micro", "macro", "weighted")]
FLOAT = {"dtype": "float32"}  # with whole numbers, Keras loses weights below one

CASES = [
    *((name, {}, NUMBERS + OTHER_RANK) for name in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError")),
    *((name, {}, NUMBERS) for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError")),
    ("CosineSimilarity", {}, NUMBERS),
    ("CosineSimilarity", {"axis": 0}, NUMBERS[:1]),
    ("Poisson", {}, NUMBERS),
    ("KLDivergence", {}, ROWS),
    ("Accuracy", {}, EQUAL),
    ("BinaryAccuracy", {}, YES),
    ("BinaryAccuracy", {"threshold": 0.3}, YES),
    ("CategoricalAccuracy", {}, ROWS),
    ("SparseCategoricalAccuracy", {}, LABELS),
    *(("TopKCategoricalAccuracy", kw, ROWS) for kw in ({}, {"k": 1}, {"k": 3})),
    *(("SparseTopKCategoricalAccuracy", kw, LABELS) for kw in ({}, {"k": 1}, {"k": 3})),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, [(labels(5, 6), labels(5, 6, 4))]),
    *(("BinaryCrossentropy", kw, YES) for kw in ({}, {"from_logits": True}, {"label_smoothing": 0.1})),
    *(("CategoricalCrossentropy", kw, ROWS) for kw in ({}, {"from_logits": True}, {"label_smoothing": 0.1})),
    *(("SparseCategoricalCrossentropy", kw, LABELS) for kw in ({}, {"from_logits": True}, {"ignore_class": 1})),
    ("Hinge", {}, SIGNS),
    ("SquaredHinge", {}, SIGNS),
    ("CategoricalHinge", {}, ROWS),
    *((f"{a}{b}", kw, YES) for a in ("True", "False") for b in ("Positives", "Negatives") for kw in AT),
    *((name, kw, YES) for name in ("Precision", "Recall") for kw in AT),
    *((name, kw, CLASSES) for name in ("Precision", "Recall") for kw in BEST),
    *(("AUC", {"curve": c} | kw, YES) for c in ("ROC", "PR", "PRGAIN") for kw in CURVES),
    *(("AUC", {"curve": c, "num_thresholds": 9} | m, YES) for c in ("ROC", "PR", "PRGAIN") for m in METHODS),
    *(("AUC", {"curve": c, "multi_label": True} | kw, SEVERAL) for c in ("ROC", "PR") for kw in BY_LABEL),
    ("AUC", {"label_weights": [1.0, 2.0, 0.0, 3.0]}, SEVERAL),
    *((name, {rate: at} | kw, YES) for name, rate in RATES.items() for at in (0.4, 0.8) for kw in POINTS),
    *((name, {rate: 0.5, "class_id": 1}, CLASSES) for name, rate in RATES.items()),
    *(("FBetaScore", kw | {"beta": 2.0, "threshold": t}, CLASSES) for kw in AVERAGES for t in (None, 0.4)),
    *(("FBetaScore", kw | {"beta": 0.5}, CLASSES) for kw in AVERAGES),
    *(("F1Score", kw | {"threshold": t}, CLASSES) for kw in AVERAGES for t in (None, 0.4)),
    *(("IoU", {"num_classes": 3, "target_class_ids": [0, 2]} | FLOAT | kw, MAPS) for kw in ({}, {"ignore_class": 1})),
    ("IoU", {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": False} | FLOAT, MAPS_OF_SHARES),
    *(("MeanIoU", {"num_classes": 4} | FLOAT | kw, MAPS) for kw in ({}, {"ignore_class": 1}, {"ignore_class": -1})),
    ("MeanIoU", {"num_classes": 3, "sparse_y_true": False, "sparse_y_pred": False} | FLOAT, ONE_HOT_MAPS),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1]} | FLOAT, ONE_HOT_MAPS),
    *(("OneHotMeanIoU", {"num_classes": 3} | FLOAT | kw, ONE_HOT_MAPS) for kw in ({}, {"ignore_class": 1})),
    *(("BinaryIoU", {"target_class_ids": ids, "threshold": 0.3} | FLOAT, YES) for ids in ([0], [1], [0, 1])),
    *(("R2Score", {"class_aggregation": name, "num_regressors": count}, OUTPUTS)
      for name in (None, "uniform_average", "variance_weighted_average") for count in (0, 2)),
    *((name, {}, NUMBERS[:1] + NUMBERS[2:]) for name in ("PearsonCorrelation", "ConcordanceCorrelation")),
]  # fmt: skip
IDS = [f"{name}-{arguments}" for name, arguments, _ in CASES]


def array(value):
    return value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def measured(module, name, arguments, y_true, y_pred, weight=None, mask=None):
    """Result and state after two batches that are alike."""
    metric = getattr(module.metrics, name)(**arguments)
    for _ in range(2):
        predicted = torch.tensor(y_pred)
        if mask is not None:
            predicted._keras_mask = torch.tensor(mask)
        metric.update_state(torch.tensor(y_true), predicted, None if weight is None else torch.tensor(weight))
    return {"result": array(metric.result())} | {v.name: array(v) for v in metric.variables}


def is_same(name, arguments, *batch):
    """Whether Keras takes the batch; if it does, both measure the same."""
    try:
        theirs = measured(oracle, name, arguments, *batch)
    except (RuntimeError, ValueError):
        return False
    ours = measured(keras, name, arguments, *batch)
    assert list(ours) == list(theirs)
    for part, value in ours.items():
        assert value.shape == theirs[part].shape, part
        np.testing.assert_allclose(value, theirs[part], rtol=1e-4, atol=3e-5, err_msg=part)
    return True


@pytest.mark.parametrize(("name", "arguments", "batches"), CASES, ids=IDS)
def test_state_and_result_equal(name, arguments, batches):
    compared = [is_same(name, arguments, *batch) for batch in batches]
    assert any(compared)


def weight_shapes(name, y_pred):
    """What weights may be: one for each sample, in a column, for each but the last axis, for each value."""
    if name in ("FBetaScore", "F1Score"):
        return {(len(y_pred),)}
    return {(len(y_pred),), (len(y_pred), 1), y_pred.shape[:-1] or (len(y_pred),), y_pred.shape}


SAMPLES = [case for case in CASES if case[1].get("axis") != 0]  # each sample has a value
MEANS = [case for case in SAMPLES if issubclass(getattr(keras.metrics, case[0]), keras.metrics.Mean)]


@pytest.mark.parametrize(("name", "arguments", "batches"), SAMPLES, ids=[f"{c[0]}-{c[1]}" for c in SAMPLES])
def test_weighted_state_and_result_equal(name, arguments, batches):
    compared = [
        is_same(name, arguments, *batch, numbers(*s)) for batch in batches for s in weight_shapes(name, batch[1])
    ]
    assert any(compared)


@pytest.mark.parametrize(("name", "arguments", "batches"), MEANS, ids=[f"{c[0]}-{c[1]}" for c in MEANS])
def test_mask_counts_where_there_are_weights(name, arguments, batches):
    sizes = [len(y_pred) for _, y_pred in batches]
    masks = [RANDOM.random(size) > 0.4 for size in sizes]
    weights = [numbers(size) for size in sizes]
    compared = map(is_same, repeat(name), repeat(arguments), *zip(*batches, strict=True), weights, masks)
    assert any(list(compared))


SHAPES = [((6,), (6,)), ((6, 3), (6,)), ((6, 3), (6, 1)), ((6, 3), (6, 3)), ((6, 4, 3), (6, 4)), ((), ()), ((6, 3), ())]


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(("shape", "weight"), SHAPES)
def test_mean_and_sum_of_values(name, shape, weight):
    values, weights = numbers(*shape), numbers(*weight)
    for given in (None, weights):
        found = []
        for module in (keras, oracle):
            metric = getattr(module.metrics, name)()
            metric.update_state(values, sample_weight=given)
            metric.update_state(values * 2)
            found.append([array(metric.result()), *(array(v) for v in metric.variables)])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


FUNCTIONS = [
    ("binary_accuracy", {"threshold": 0.3}, (yes_or_no(6, 3), numbers(6, 3))),
    ("categorical_accuracy", {}, ROWS[1]),
    ("sparse_categorical_accuracy", {}, LABELS[1]),
    ("top_k_categorical_accuracy", {"k": 2}, ROWS[0]),
    ("sparse_top_k_categorical_accuracy", {"k": 2}, LABELS[0]),
    ("pearson_correlation", {}, NUMBERS[0]),
    ("concordance_correlation", {"axis": 0}, NUMBERS[0]),
    ("mean_squared_error", {}, NUMBERS[0]),
    ("kl_divergence", {}, ROWS[0]),
    ("log_cosh", {}, NUMBERS[0]),
]


@pytest.mark.parametrize(("name", "arguments", "batch"), FUNCTIONS, ids=[f[0] for f in FUNCTIONS])
def test_functions_give_the_same_values_per_sample(name, arguments, batch):
    tensors = [torch.tensor(part) for part in batch]
    ours, theirs = (array(getattr(m.metrics, name)(*tensors, **arguments)) for m in (keras, oracle))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def plain(config):
    return json.loads(json.dumps(config, default=lambda value: np.asarray(value).tolist()))


KEPT = [case for case in CASES if "label_weights" not in case[1] and case[0] != "CosineSimilarity"]


@pytest.mark.parametrize(("name", "arguments", "batches"), KEPT, ids=[f"{c[0]}-{c[1]}" for c in KEPT])
def test_configs_equal_and_each_reads_the_other(name, arguments, batches):
    named = arguments | {"name": "measured"}
    theirs, ours = (getattr(module.metrics, name)(**named) for module in (oracle, keras))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert plain(keras.metrics.serialize(ours)) == plain(oracle.metrics.serialize(theirs))
    read = keras.metrics.deserialize(plain(oracle.metrics.serialize(theirs)))
    assert plain(read.get_config()) == plain(ours.get_config())
    back = oracle.metrics.deserialize(plain(keras.metrics.serialize(ours)))
    assert plain(back.get_config()) == plain(theirs.get_config())


@pytest.mark.parametrize(
    "name", sorted(name for name in oracle.src.metrics.ALL_OBJECTS_DICT if name.lower() != "metric")
)
def test_every_name_of_keras_is_known(name):
    known = keras.metrics.FAMILY.names()
    found = known.get(name) or known.get(name.lower())
    assert found.__name__ == oracle.src.metrics.ALL_OBJECTS_DICT[name].__name__


@pytest.mark.parametrize("name", sorted({name for name, *_ in CASES} | {"Mean", "Sum"}))
def test_direction_and_variables_equal(name):
    arguments = next((arguments for other, arguments, _ in CASES if other == name), {})
    theirs, ours = (getattr(module.metrics, name)(**arguments) for module in (oracle, keras))
    assert ours._direction == getattr(theirs, "_direction", None)
    assert [facts(v) for v in ours.variables] == [facts(v) for v in theirs.variables]


def facts(variable):
    return variable.name, tuple(variable.shape), str(variable.dtype).removeprefix("torch.")


@pytest.mark.parametrize("metric", ["accuracy", "mse", "AUC", "top_k_categorical_accuracy"])
def test_state_without_a_metric_of_its_own(metric):
    y_true, y_pred = (yes_or_no(8, 1), numbers(8, 1)) if metric != "top_k_categorical_accuracy" else ROWS[0]
    found = []
    for module in (keras, oracle):
        one = module.metrics.get(metric)
        start = one.stateless_reset_state()
        state = one.stateless_update_state(start, torch.tensor(y_true), torch.tensor(y_pred))
        found.append([array(one.stateless_result(state)), *map(array, state), *(array(v) for v in one.variables)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)

"""Metrics against Keras: state and result after batches, weights, masks, dtypes, configs, functions."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .metric_cases import LABELS, METRICS, NUMBERS, ROWS, YES
from .op_cases import FLOATS, WHOLE, answers, assert_answers

pytestmark = pytest.mark.filterwarnings("ignore:More independent predictors:UserWarning")  # of R2Score, reset

EACH = pytest.mark.parametrize("case", METRICS)
FIRST = [next(case for case in METRICS if METRICS[case][0] == name) for name in {of[0]: 0 for of in METRICS.values()}]


def make(keras: Any, case: str, **more: Any) -> Any:
    name, arguments, _ = METRICS[case]
    return getattr(keras.metrics, name)(**arguments | more)


def numbers_of(metric: Any) -> list[Any]:
    return [[variable.name, torch.as_tensor(variable.numpy() + 0)] for variable in metric.variables]


def measured(
    metric: Any, y_true: Any, y_pred: Any, weight: Any = None, mask: Any = None, dtype: Any = None
) -> dict[str, Any]:
    """Results and state after two batches, and after they are forgotten; results in a dtype of their own."""
    results, y_true, y_pred = [], torch.as_tensor(y_true), torch.as_tensor(y_pred)
    for predicted in (y_pred, y_pred.roll(1, 0)):
        if mask is not None:
            predicted = predicted.clone()
            predicted._keras_mask = torch.as_tensor(mask)  # type: ignore[attr-defined]
        metric.update_state(y_true, predicted, None if weight is None else torch.as_tensor(weight))
        results.append(torch.as_tensor(metric.result() + 0).to(dtype))  # Keras gives the state itself
    state = numbers_of(metric)
    metric.reset_state()
    return {
        "results": results,
        "state": state,
        "reset": [torch.as_tensor(metric.result()).to(dtype), numbers_of(metric)],
    }


def compare(reference: Any, calls: dict[str, Any], tolerance: float = 2e-5, more: Any = ()) -> None:
    """Each call measures what Keras measures, where Keras takes it."""
    expected = reference(lambda keras: answers(calls.items(), keras))
    taken = {label: value for label, value in expected.items() if not isinstance(value, str)}
    assert taken
    ours = answers(((label, call) for label, call in calls.items() if label in taken), kerasviz)
    assert_answers(ours, taken, tolerance, more)


@EACH
def test_state_and_result_equal(reference, case):
    batches = METRICS[case][2]
    calls = {f"{p.shape}": lambda keras, t=t, p=p: measured(make(keras, case), t, p) for t, p in batches}
    compare(reference, calls)


def weights(case: str, shape: tuple[int, ...]) -> np.ndarray:
    """Multiples of an eighth: their sums are exact, in whichever order."""
    random = np.random.default_rng([zlib.crc32(case.encode()), *shape])
    return (random.integers(0, 9, shape) / 8).astype("float32")


def weight_shapes(name: str, y_pred: np.ndarray) -> set[tuple[int, ...]]:
    """What weights may be: one for each sample, in a column, for each but the last axis, for each value."""
    if name in ("FBetaScore", "F1Score"):
        return {(len(y_pred),)}
    return {(len(y_pred),), (len(y_pred), 1), y_pred.shape[:-1] or (len(y_pred),), y_pred.shape}


SAMPLES = [case for case in METRICS if METRICS[case][1].get("axis", -1) == -1]  # each sample has a value
MEANS = [case for case in SAMPLES if issubclass(getattr(kerasviz.metrics, METRICS[case][0]), kerasviz.metrics.Mean)]


WEIGHTED = [case for case in SAMPLES if "IoU" not in case or "dtype" in METRICS[case][1]]  # no whole numbers, in Keras


@pytest.mark.parametrize("case", WEIGHTED)
def test_weighted_state_and_result_equal(reference, case):
    name, _, batches = METRICS[case]
    calls = {
        f"{p.shape} by {shape}": lambda keras, t=t, p=p, shape=shape: measured(
            make(keras, case), t, p, weights(case, shape)
        )
        for t, p in batches
        for shape in sorted(weight_shapes(name, p))
    }
    compare(reference, calls, more=["(5,) by (5,)"] if "PRGAIN" in case else ())  # zero but for rounding


@pytest.mark.parametrize("case", MEANS)
def test_masked_places_do_not_count(reference, case):
    def of(y_true, y_pred, weighted):
        weight, mask = weights(case, y_pred.shape[:1]), weights("mask", y_pred.shape[:1]) > 0.4
        return lambda keras: measured(make(keras, case), y_true, y_pred, weight if weighted else None, mask)

    calls = {
        f"{t.shape} {p.shape} {'weighted' if weighted else 'plain'}": of(t, p, weighted)
        for t, p in METRICS[case][2]
        for weighted in (False, True)
    }
    compare(reference, calls)


@pytest.mark.parametrize("case", FIRST)
def test_dtypes_of_data_and_of_the_metric_measure_the_same(reference, case):
    y_true, y_pred = map(torch.as_tensor, METRICS[case][2][0])

    def of(predicted, target=None, dtype="float32"):
        predicted = y_pred if predicted is None else y_pred.to(getattr(torch, predicted))
        truth = y_true if target is None else y_true.to(getattr(torch, target))
        metric = {} if dtype is None else {"dtype": dtype}
        results = None if dtype is None else torch.float32  # Keras gives several in this dtype
        return lambda keras: measured(make(keras, case, **metric), truth, predicted, dtype=results)

    calls = {f"{dtype} metric": of(None, None, dtype) for dtype in ("float16", "bfloat16", "float64")}
    if y_pred.is_floating_point():
        calls |= {f"{dtype} predictions": of(dtype) for dtype in FLOATS}
        calls |= {f"{dtype} both": of(dtype, dtype if y_true.is_floating_point() else None) for dtype in FLOATS}
    if (y_true == y_true.round()).all() and not (y_true < 0).any():
        targets = WHOLE if y_true.numel() and y_true.max() < 2 else WHOLE[1:]
        calls |= {f"float32 {dtype} targets": of(None, dtype) for dtype in targets}
    rough = METRICS[case][0] in ("LogCoshError", "ConcordanceCorrelation")  # in Keras, which computes in 16 bits
    compare(reference, calls, more=[label for label in calls if rough and label.startswith("bfloat16")])


SHAPES = [
    ((6,), (6,)),
    ((6, 3), (6,)),
    ((6, 3), (6, 1)),
    ((6, 3), (6, 3)),
    ((6, 4, 3), (6, 4)),
    ((), ()),
    ((6, 3), ()),
    ((0,), (0,)),
    ((1,), (1,)),
]


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(("shape", "weight"), SHAPES, ids=str)
def test_mean_and_sum_of_values(reference, name, shape, weight):
    values, given = weights("values", shape), weights("weights", weight)

    def found(keras: Any, weight: Any, dtype: str | None, of: str) -> Any:
        metric = getattr(keras.metrics, name)(name="mine", dtype=dtype)
        metric.update_state(values.astype(of), sample_weight=weight)
        metric.update_state((values * 2).astype(of))
        return [torch.as_tensor(metric.result()).float(), numbers_of(metric)]

    calls = {
        f"{dtype or 'float32'} {of} {label}": lambda keras, w=w, dtype=dtype, of=of: found(keras, w, dtype, of)
        for dtype in (None, "float64", "float16")
        for of in ("float32", "float64", "int32")
        for label, w in {"plain": None, "weighted": given}.items()
    }
    compare(reference, calls)


FUNCTIONS = [
    ("binary_accuracy", {"threshold": 0.3}, YES[1]),
    ("binary_accuracy", {}, YES[2]),
    ("categorical_accuracy", {}, ROWS[1]),
    ("sparse_categorical_accuracy", {}, LABELS[1]),
    ("sparse_categorical_accuracy", {}, LABELS[4]),
    ("top_k_categorical_accuracy", {"k": 2}, ROWS[0]),
    ("sparse_top_k_categorical_accuracy", {"k": 2}, LABELS[0]),
    ("sparse_top_k_categorical_accuracy", {"k": 1, "from_sorted_ids": True}, (LABELS[0][0], np.argsort(-LABELS[0][1]))),
    ("pearson_correlation", {}, NUMBERS[0]),
    ("pearson_correlation", {"axis": 0}, NUMBERS[0]),
    ("concordance_correlation", {}, NUMBERS[0]),
    ("concordance_correlation", {"axis": 0}, NUMBERS[0]),
]


@pytest.mark.parametrize("index", range(len(FUNCTIONS)), ids=[name for name, *_ in FUNCTIONS])
def test_functions_give_the_same_values_per_sample(reference, index):
    name, arguments, batch = FUNCTIONS[index]
    y_true, y_pred = map(torch.as_tensor, batch)
    floats = FLOATS if y_pred.is_floating_point() else ("float32",)

    def of(dtype):
        return lambda keras: getattr(keras.metrics, name)(y_true, y_pred.to(getattr(torch, dtype)), **arguments)

    calls = {dtype: of(dtype) for dtype in floats}
    calls["arrays"] = lambda keras: getattr(keras.metrics, name)(*batch, **arguments)
    compare(reference, calls)


def plain(config: Any) -> Any:
    return json.loads(json.dumps(config, default=lambda value: np.asarray(value).tolist()))


KEPT = [case for case in METRICS if "label_weights" not in METRICS[case][1] and METRICS[case][0] != "CosineSimilarity"]


@pytest.mark.parametrize("case", KEPT)
def test_configs_equal_and_each_reads_the_other(reference, case):
    ours = make(kerasviz, case, name="measured")
    written = plain(kerasviz.metrics.serialize(ours))

    def known(keras: Any) -> Any:
        theirs = make(keras, case, name="measured")
        return [plain(keras.metrics.serialize(one)) for one in (theirs, keras.metrics.deserialize(written))]

    theirs, read = reference(known)
    assert written == theirs == read
    again = kerasviz.metrics.deserialize(theirs)
    assert plain(kerasviz.metrics.serialize(again)) == theirs


def test_every_name_of_keras_is_known(reference):
    names = reference(lambda keras: {name: cls.__name__ for name, cls in keras.src.metrics.ALL_OBJECTS_DICT.items()})
    known = kerasviz.metrics.FAMILY.names()
    found = {name: (known.get(name) or known.get(name.lower())).__name__ for name in names if name.lower() != "metric"}
    assert found == {name: meant for name, meant in names.items() if name.lower() != "metric"}


@pytest.mark.parametrize("case", FIRST)
def test_direction_and_variables_equal(reference, case):
    def known(keras: Any) -> Any:
        metric = make(keras, case)
        return [getattr(metric, "_direction", None), [facts(variable) for variable in metric.variables]]

    assert plain(known(kerasviz)) == reference(known)


def facts(variable: Any) -> list[Any]:
    return [variable.name, list(variable.shape), str(variable.dtype).removeprefix("torch.")]


@pytest.mark.parametrize("metric", ["accuracy", "mse", "AUC", "top_k_categorical_accuracy"])
def test_state_without_a_metric_of_its_own(reference, metric):
    y_true, y_pred = map(torch.as_tensor, ROWS[0] if metric.startswith("top") else YES[1])

    def found(keras: Any) -> Any:
        one = keras.metrics.get(metric)
        state = one.stateless_update_state(one.stateless_reset_state(), y_true, y_pred)
        return [one.stateless_result(state), state, numbers_of(one)]

    ours, theirs = found(kerasviz), reference(found)
    assert_close([ours[:2], [v for _, v in ours[2]]], [theirs[:2], [v for _, v in theirs[2]]])


def logarithm(y_true: Any, y_pred: Any, base: float = 1.0) -> Any:
    return (y_true * base - y_pred) ** 2


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_any_function_becomes_a_metric(reference, weighted):
    y_true, y_pred = map(torch.as_tensor, NUMBERS[2])

    def found(keras: Any) -> Any:
        metric = keras.metrics.MeanMetricWrapper(logarithm, name="mine", dtype="float32", base=2.0)
        return measured(metric, y_true, y_pred, weights("any", (6,)) if weighted else None)

    assert_close(found(kerasviz), reference(found))


@pytest.mark.parametrize("name", ["OneHotIoU", "IoU", "MeanIoU", "OneHotMeanIoU"])
def test_overlaps_find_classes_on_any_axis(name):
    """Keras's `axis` works for the last one only."""
    random = np.random.default_rng(5)
    y_true, y_pred = random.random((4, 5, 3)), random.random((4, 5, 3))
    chosen = {} if "Mean" in name else {"target_class_ids": [0, 2]}
    sparse = {} if "Hot" in name else {"sparse_y_true": False, "sparse_y_pred": False}
    metric = getattr(kerasviz.metrics, name)
    last, middle = metric(3, **chosen, **sparse), metric(3, **chosen, **sparse, axis=1)
    last.update_state(y_true, y_pred)
    middle.update_state(np.moveaxis(y_true, -1, 1), np.moveaxis(y_pred, -1, 1))
    assert last.result() == middle.result() > 0

"""Losses against Keras: values and gradients in every reduction, with weights and masks, shapes, dtypes, configs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .loss_cases import CLASSES, LOSSES, batch, outcome, shape_of, source, uniform
from .op_cases import answers, assert_answers

pytestmark = pytest.mark.filterwarnings("ignore:In loss categorical:SyntaxWarning")  # one class

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
EACH = pytest.mark.parametrize("case", LOSSES)


def make(keras: Any, case: str, **more: Any) -> Any:
    name, arguments, _ = LOSSES[case]
    return getattr(keras.losses, name)(**arguments | more)


def compare(reference: Any, calls: dict[str, Any], tolerance: float = 1e-5, more: Any = ()) -> None:
    """`calls` are functions of the module, by label."""
    expected = reference(lambda keras: answers(calls.items(), keras))
    assert_answers(answers(calls.items(), kerasviz), expected, tolerance, more)


def weights_of(case: str) -> dict[str, Any]:
    """None, one for all, a weight for each sample, in a row and in a column; and for each value of the loss."""
    count = CLASSES if LOSSES[case][1].get("axis") == 0 else shape_of(LOSSES[case][2])[0]
    row = np.array([0.0, 1.0, 2.0, 0.5, 1.0, 3.0], "float32")[:count]
    return {"plain": None, "one": 2.0, "row": row, "column": row[:, None], "whole": np.arange(count)}


@EACH
def test_values_and_gradients_equal_in_every_reduction(reference, case):
    data = batch(LOSSES[case][2], shape_of(LOSSES[case][2]))

    def of(reduction, weight):
        return lambda keras: outcome(make(keras, case, reduction=reduction), *data, weight)

    calls = {f"{r} {label}": of(r, weight) for r in REDUCTIONS for label, weight in weights_of(case).items()}
    masked = "ignore_class" in LOSSES[case][1] or case.startswith("circle")
    compare(reference, calls, 2e-5, [label for label in calls if masked and label.endswith("one")])  # refused by Keras


SHAPES = {
    "one": (1, 1),
    "row": (1, 4),
    "odd": (7, 3),
    "deep": (2, 3, 4),
    "deeper": (2, 1, 3, 4),
    "empty": (0, 4),
    "none": (2, 0, 4),
}
OF_CHANNELS = {"row", "deep", "deeper", "empty", "none"}  # of four classes


REFUSED = {"categorical hinge": ("empty", "none"), "sparse": "deeper", "sparse ignoring": "deeper"}  # by Keras


@EACH
def test_shapes_of_every_sort_give_the_same(reference, case):
    _, arguments, sort = LOSSES[case]

    def of(reduction, shape):
        return lambda keras: outcome(make(keras, case, reduction=reduction), *batch(sort, shape))

    fitting = {
        "speech": {"one": (1, 6, 3), "short": (2, 3, 4), "empty": (0, 6, 3)},
        "unit": {label: SHAPES[label] for label in ("one", "row", "odd")},
        "labels": {label: shape for label, shape in SHAPES.items() if label != "one"},
        "scores": {label: shape for label, shape in SHAPES.items() if label != "one"},  # torch warns
    }.get(sort, {label: shape for label, shape in SHAPES.items() if label in OF_CHANNELS or "alpha" not in arguments})
    reductions = ("sum_over_batch_size", "sum", "none")
    if arguments.get("axis") == 0:
        fitting.pop("row")
    calls = {f"{label} {r}": of(r, shape) for label, shape in fitting.items() for r in reductions}
    compare(reference, calls, more=[label for label in calls if label.startswith(REFUSED.get(case, "-"))])


@pytest.mark.parametrize("axis", [1, 2, -2])
@pytest.mark.parametrize("case", [case for case in LOSSES if case.endswith("axis 0")] + ["sparse", "sparse logits"])
def test_axes_of_maps_give_the_same(reference, case, axis):
    name, arguments, sort = LOSSES[case]
    y_true, y_pred = batch(sort, (2, 3, 5, CLASSES))
    data = np.moveaxis(y_true, -1, axis) if y_true.ndim == 4 else y_true, np.moveaxis(y_pred, -1, axis)
    calls = {
        r: lambda keras, r=r: outcome(getattr(keras.losses, name)(**arguments | {"axis": axis, "reduction": r}), *data)
        for r in ("none", "sum_over_batch_size")
    }
    compare(reference, calls, more=calls if case == "sparse" else ())  # whose gradient Keras refuses
    if case == "sparse":
        expected = reference(
            lambda keras: keras.losses.sparse_categorical_crossentropy(*map(torch.tensor, data), axis=axis)
        )
        assert_close(kerasviz.losses.sparse_categorical_crossentropy(*map(torch.tensor, data), axis=axis), expected)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("case", [case for case in LOSSES if "axis" not in LOSSES[case][1] and case != "ctc"])
def test_masked_places_count_the_same(reference, case, weighted):
    sort = LOSSES[case][2]
    shape = (6, CLASSES) if sort == "unit" else (2, 3, CLASSES)
    mask = np.array([True, True, False, True, False, False]).reshape(shape[:-1])
    weight = uniform(source(1), shape[:-1]) if weighted else None
    data = batch(sort, shape)
    calls = {
        f"{r} {label}": lambda keras, r=r, m=m: outcome(make(keras, case, reduction=r), *data, weight, mask=m)
        for r in REDUCTIONS
        for label, m in {"some": mask, "none": mask & False, "all": mask | True}.items()
    }
    compare(reference, calls, 2e-5)


DTYPES = ("float16", "bfloat16", "float64", "float32")
OF_TARGETS = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float64")
FIRST = [next(case for case in LOSSES if LOSSES[case][0] == name) for name in {of[0]: 0 for of in LOSSES.values()}]
FIRST[FIRST.index("circle")] = "circle gamma"  # eighty times a similarity is too coarse in 16 bits
LISTS = {"sparse", "generalized", "circle gamma", "ctc"}  # of labels Keras does not take


@pytest.mark.parametrize("case", FIRST)
def test_dtypes_of_data_and_of_the_loss_give_the_same(reference, case):
    sort = LOSSES[case][2]
    y_true, y_pred = map(torch.as_tensor, batch(sort, shape_of(sort)))

    def of(dtype, predicted, target=None):
        truth = y_true if target is None else y_true.to(getattr(torch, target))
        reduction = "sum" if dtype == "float64" else "sum_over_batch_size"  # Keras's means are of 32 bits at most
        loss = {"dtype": dtype, "reduction": reduction}
        return lambda keras: outcome(make(keras, case, **loss), truth, y_pred.to(getattr(torch, predicted)))

    calls = {f"{dtype} predictions": of(None, dtype) for dtype in DTYPES}
    calls |= {f"{dtype} loss": of(dtype, "float32") for dtype in DTYPES}
    calls |= {f"{dtype} both": of(dtype, dtype, dtype if y_true.is_floating_point() else None) for dtype in DTYPES}
    whole = y_true if not y_true.is_floating_point() or (y_true == y_true.round()).all() else None
    targets = OF_TARGETS if whole is not None and (whole >= 0).all() and (whole < 2).all() else OF_TARGETS[1:]
    calls |= {f"float32 {target} targets": of(None, "float32", target) for target in targets if whole is not None}
    compare(reference, calls)


@pytest.mark.parametrize("case", FIRST)
def test_arrays_and_lists_are_taken(reference, case):
    sort = LOSSES[case][2]
    y_true, y_pred = batch(sort, shape_of(sort))
    weight = [1.0, 0.5, 2.0, 0.0, 1.0, 3.0][: len(y_pred)]
    calls = {
        "arrays": lambda keras: make(keras, case)(y_true, y_pred),
        "wide": lambda keras: make(keras, case)(y_true, y_pred.astype("float64"), np.array(weight)),
        "lists": lambda keras: make(keras, case)(y_true.tolist(), y_pred.tolist(), weight),
    }
    compare(reference, calls, 2e-5, more=["lists"] if case in LISTS else ())


FORGETFUL = {"Huber", "CosineSimilarity", "SparseCategoricalCrossentropy"}  # Keras's config has not all arguments


def plain(config: Any) -> Any:
    """Without the dtype, which Keras leaves out."""
    config["config"].pop("dtype", None)
    return json.loads(json.dumps(config, sort_keys=True))


@EACH
def test_configs_equal_and_are_read_both_ways(reference, case):
    name = LOSSES[case][0]
    more = {"name": "mine", "reduction": "sum", "dtype": "float64"}
    ours = {label: make(kerasviz, case, **given) for label, given in {"plain": {}, "all": more}.items()}
    written = {label: plain(kerasviz.losses.serialize(loss)) for label, loss in ours.items()}

    def known(keras: Any) -> Any:
        theirs = {label: make(keras, case, **given) for label, given in {"plain": {}, "all": more}.items()}
        config = {label: plain(keras.losses.serialize(loss)) for label, loss in theirs.items()}
        if name == "CategoricalGeneralizedCrossEntropy":  # Keras cannot read its own config of it
            return [config, {}]
        read = {label: keras.losses.deserialize(one) for label, one in written.items()}
        return [config, {label: plain(keras.losses.serialize(loss)) for label, loss in read.items()}]

    theirs, read = reference(known)
    again = {label: plain(kerasviz.losses.serialize(kerasviz.losses.deserialize(one))) for label, one in theirs.items()}
    if name in FORGETFUL:
        for label, config in theirs.items():
            for one in (written, again):
                one[label]["config"] = {key: one[label]["config"][key] for key in config["config"]}
    assert written == again == theirs
    assert read == (theirs if read else {})


@pytest.mark.parametrize(
    "shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((6, 4), (6, 4, 1)), ((6,), (6,)), ((), ())], ids=str
)
@pytest.mark.parametrize("case", ["mse", "mae", "mape", "msle", "huber", "log cosh", "binary", "poisson"])
def test_an_axis_of_one_may_be_left_out_or_added(reference, case, shapes):
    random = source(2)
    data = [uniform(random, shape) for shape in shapes]
    compare(
        reference, {str(r): lambda keras, r=r: outcome(make(keras, case, reduction=r), *data) for r in REDUCTIONS}, 2e-5
    )


def test_losses_of_nested_outputs_equal(reference):
    def value(keras: Any) -> Any:
        class Both(keras.losses.Loss):
            def call(self, y_true, y_pred):
                return (y_true["a"] - y_pred["a"]) ** 2 + (y_true["b"] - y_pred["b"]) ** 2

        y_true, y_pred = (
            {name: torch.tensor(part) for name, part in zip("ab", batch("values", seed=s), strict=True)} for s in (0, 1)
        )
        return [Both(reduction=r)(y_true, y_pred) for r in REDUCTIONS]

    assert_close(value(kerasviz), reference(value))


def test_every_name_means_the_same(reference):
    unknown = {
        "logcosh",
        "Loss",
        "deserialize",
        "get",
        "serialize",
        "CategoricalGeneralizedCrossEntropy",
        "categorical_generalized_cross_entropy",
    }
    names = sorted(set(kerasviz.losses.__all__) - unknown)

    def meant(keras: Any) -> Any:
        return {name: described(keras.losses.get(name)) for name in names}

    assert meant(kerasviz) == reference(meant)


def described(loss: Any) -> str:
    return loss.__name__ if hasattr(loss, "__name__") else f"{type(loss).__name__} {loss.name}"

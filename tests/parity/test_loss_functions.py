"""Functions of losses against Keras: values and gradients over dtypes, extremes, arguments of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kerasviz

from .loss_cases import LOSSES, batch, outcome, shape_of, source
from .op_cases import FLOATS, WHOLE, answers, assert_answers

FUNCTIONS = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "huber": "huber",
    "log": "log_cosh",
    "cosine": "cosine_similarity",
    "poisson": "poisson",
    "hinge": "hinge",
    "squared": "squared_hinge",
    "kl": "kl_divergence",
    "sparse": "sparse_categorical_crossentropy",
    "generalized": "categorical_generalized_cross_entropy",
    "dice": "dice",
    "tversky": "tversky",
    "circle": "circle",
    "ctc": "ctc",
    "binary": "binary_crossentropy",
    "binary focal": "binary_focal_crossentropy",
    "categorical": "categorical_crossentropy",
    "categorical focal": "categorical_focal_crossentropy",
    "categorical hinge": "categorical_hinge",
}
CASES = list(LOSSES)
ALWAYS_32_BITS = {
    "MeanSquaredLogarithmicError",
    "Hinge",
    "SquaredHinge",
    "CategoricalHinge",
    "Circle",
    "CTC",
}  # in Keras
TOO_COARSE = {"circle", "circle diagonal"}  # in 16 bits: they take the exponential of large numbers


def function_of(case: str) -> tuple[str, dict[str, Any]]:
    """Its name, and the arguments of the case."""
    words = case.split(" ")
    name = FUNCTIONS.get(" ".join(words[:2])) or FUNCTIONS[words[0]]
    arguments = dict(LOSSES[case][1])
    return name, ({"q": 0.5} | arguments) if name.startswith("categorical_gen") else arguments


def call(case: str, *data: Any) -> Any:
    """The function of one library, its value and its gradient."""
    name, arguments = function_of(case)
    return lambda keras: outcome(lambda *given: getattr(keras.losses, name)(*given[:2], **arguments), *data)


def in_32_bits(call: Any) -> Any:
    """What is compared where Keras's value is not of the dtype of predictions."""
    return lambda keras: {part: value.float() for part, value in call(keras).items()}


def compare(reference: Any, calls: dict[str, Any], tolerance: float = 1e-5, more: Any = ()) -> None:
    expected = reference(lambda keras: answers(calls.items(), keras))
    assert_answers(answers(calls.items(), kerasviz), expected, tolerance, more)


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_equal_in_every_dtype(reference, case):
    sort = LOSSES[case][2]
    y_true, y_pred = map(torch.as_tensor, batch(sort, shape_of(sort)))
    floats = FLOATS[2:] if case in TOO_COARSE else FLOATS
    truths = {dtype: y_true.to(getattr(torch, dtype)) if y_true.is_floating_point() else y_true for dtype in floats}
    calls = {dtype: call(case, truths[dtype], y_pred.to(getattr(torch, dtype))) for dtype in floats}
    calls |= {f"{dtype} predictions": call(case, y_true, y_pred.to(getattr(torch, dtype))) for dtype in floats}
    if (y_true == y_true.round()).all():
        for dtype in WHOLE:
            if not (y_true < 0).any() or dtype not in ("bool", "uint8"):
                calls[f"float32 {dtype} targets"] = call(case, y_true.to(getattr(torch, dtype)), y_pred)
    if LOSSES[case][0] in ALWAYS_32_BITS or "alphas" in case:
        calls = {label: in_32_bits(one) for label, one in calls.items()}
    compare(reference, calls)


EXTREMES = {
    "values": np.array([[0.0, 1e-9, 1e9, -1e9], [0.0, 0.0, 0.0, 0.0]], "float32"),
    "counts": np.array([[0.0, 1e-9, 1e9, 1.0], [0.0, 0.0, 0.0, 0.0]], "float32"),
    "shares": np.array([[0.0, 1e-9, 1.0, 0.5], [1.0, 0.0, 0.0, 0.0]], "float32"),
    "scores": np.array([[0.0, 1e-9, 200.0, -200.0], [0.0, 0.0, 0.0, 0.0]], "float32"),
}
OF_EXTREMES = {
    **dict.fromkeys(("rows", "labels", "yes"), "shares"),
    **dict.fromkeys(("scored labels", "scored yes", "signs"), "scores"),
}


WITHOUT_GRADIENT = {"cosine", "generalized", "hinge"}  # Keras's is no number, or that of a corner


@pytest.mark.parametrize("case", [case for case in CASES if LOSSES[case][2] not in ("unit", "speech")])
def test_extreme_predictions_cost_the_same(reference, case):
    sort = LOSSES[case][2]
    y_pred = EXTREMES[OF_EXTREMES.get(sort, sort)]
    targets = {f"seed {seed}": batch(sort, (2, 4), seed)[0] for seed in range(3)}
    targets["themselves"] = y_pred if batch(sort)[0].ndim == 2 else np.array([2, 0])
    calls = {label: call(case, y_true, y_pred) for label, y_true in targets.items()}
    if case.split()[0] in WITHOUT_GRADIENT:
        calls = {label: lambda keras, one=one: one(keras)["value"] for label, one in calls.items()}
    compare(reference, calls)


@pytest.mark.parametrize(
    "given", [{}, {"ref_labels": [0, 1, 1], "ref_embeddings": 3}, {"remove_diagonal": False}], ids=len
)
def test_circle_compares_with_references(reference, given):
    y_true, y_pred = batch("unit")
    arguments = dict(given)
    if "ref_embeddings" in given:
        embeddings = source(5).normal(size=(3, 4)).astype("float32")
        arguments = {
            "ref_labels": np.array(given["ref_labels"]),
            "ref_embeddings": embeddings,
            "remove_diagonal": False,
        }
    compare(
        reference,
        {
            f"gamma {gamma} margin {margin}": lambda keras, g=gamma, m=margin: outcome(
                lambda t, p, *_: keras.losses.circle(t, p, gamma=g, margin=m, **arguments), y_true, y_pred
            )
            for gamma, margin in ((80, 0.4), (8, 0.1))
        },
        2e-5,
    )


METRICS = [name for name in FUNCTIONS.values() if hasattr(kerasviz.metrics, name)]


@pytest.mark.parametrize("name", METRICS)
def test_functions_have_a_place_among_the_metrics_too(name):
    assert getattr(kerasviz.metrics, name) is getattr(kerasviz.losses, name)


def test_the_same_functions_are_among_the_metrics(reference):
    names = sorted(FUNCTIONS.values())
    assert reference(lambda keras: [name for name in names if hasattr(keras.metrics, name)]) == sorted(METRICS)

"""Masks, sample weights and class weights against Keras: alone and together, in losses and in metrics."""

from __future__ import annotations

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import called, filled, fitted

ROWS, TIMES = 36, 6
RNG = np.random.default_rng(11)
WORDS = RNG.integers(1, 9, (ROWS, TIMES))
for _row in range(ROWS):
    WORDS[_row, RNG.integers(2, TIMES + 1) :] = 0
SERIES = RNG.normal(size=(ROWS, TIMES, 3)).astype("float32")
LABELS = RNG.integers(0, 3, ROWS)
TIMED = RNG.integers(0, 3, (ROWS, TIMES))
NUMBERS = RNG.normal(size=(ROWS, 1)).astype("float32")
TIMED_NUMBERS = RNG.normal(size=(ROWS, TIMES, 1)).astype("float32")
W = RNG.uniform(0.2, 2.0, ROWS).astype("float32")
TIMED_W = RNG.uniform(0.2, 2.0, (ROWS, TIMES)).astype("float32")
HALF_W = (np.arange(TIMES) < 3).astype("float32") * np.ones((ROWS, 1), "float32")
CLASSES = {0: 0.5, 1: 1.0, 2: 3.0}
SPARSE = "sparse_categorical_crossentropy"


def tagger(k, units=3, activation="softmax", mask=True):
    """An output for each moment, with the mask of the words."""
    words = k.layers.Input((TIMES,), dtype="int32")
    hidden = k.layers.Embedding(9, 4, mask_zero=mask)(words)
    return k.Model(words, k.layers.Dense(units, activation)(hidden)), WORDS


def classifier(k, units=3, activation="softmax", mask=True):
    """One output, of what is not masked."""
    words = k.layers.Input((TIMES,), dtype="int32")
    hidden = k.layers.Embedding(9, 4, mask_zero=mask)(words)
    return k.Model(words, k.layers.Dense(units, activation)(k.layers.LSTM(4)(hidden))), WORDS


def masking(k, units=3, activation="softmax", mask=True):
    inputs = k.layers.Input((TIMES, 3))
    hidden = k.layers.Masking(0.0)(inputs) if mask else inputs
    series = SERIES * (WORDS != 0)[..., None]
    return k.Model(inputs, k.layers.Dense(units, activation)(k.layers.GRU(4, return_sequences=True)(hidden))), series


def stack(k, units=3, activation="softmax", mask=True):
    layers = [k.layers.Embedding(9, 4, mask_zero=mask), k.layers.LSTM(4, return_sequences=True)]
    return k.Sequential([k.layers.Input((TIMES,), dtype="int32"), *layers, k.layers.Dense(units, activation)]), WORDS


def pair(k, units=3, activation="softmax", mask=True):
    words = k.layers.Input((TIMES,), dtype="int32")
    hidden = k.layers.Embedding(9, 4, mask_zero=mask)(words)
    moments = k.layers.Dense(3, "softmax", name="moments")(hidden)
    whole = k.layers.Dense(1, name="whole")(k.layers.LSTM(3)(hidden))
    return k.Model(words, {"moments": moments, "whole": whole}), WORDS


def own_step(k, units=3, activation="softmax", mask=True):
    class Own(k.Model):
        def train_step(self, data):
            return super().train_step(data)

        def test_step(self, data):
            return super().test_step(data)

    words = k.layers.Input((TIMES,), dtype="int32")
    hidden = k.layers.Embedding(9, 4, mask_zero=mask)(words)
    return Own(words, k.layers.Dense(units, activation)(hidden)), WORDS


def own_loss(k):
    return lambda y, y_pred: k.ops.mean(k.ops.square(y - y_pred), axis=-1)


def whole_loss(k):
    return lambda y, y_pred: k.ops.mean(k.ops.abs(y - y_pred))


ACC = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
MAE = {"metrics": ["mae"], "weighted_metrics": ["mae", "mse"]}
LINEAR = {"units": 1, "activation": None}
BOTH = {"moments": TIMED, "whole": NUMBERS}
BOTH_LOSSES = {"loss": {"moments": SPARSE, "whole": "mse"}}
CASES = {
    "mask": (tagger, {}, TIMED, {"loss": SPARSE, **ACC}, {}),
    "mask, column": (tagger, {}, TIMED[..., None], {"loss": SPARSE, **ACC}, {}),
    "mask, numbers": (tagger, LINEAR, TIMED_NUMBERS, {"loss": "mse", **MAE}, {}),
    "mask, one-hot": (tagger, {}, np.eye(3, dtype="float32")[TIMED], {"loss": "categorical_crossentropy", **ACC}, {}),
    "mask, sum": (tagger, LINEAR, TIMED_NUMBERS, {"loss": lambda k: k.losses.MeanSquaredError(reduction="sum")}, {}),
    "mask, weighted mean": (
        tagger,
        LINEAR,
        TIMED_NUMBERS,
        {"loss": lambda k: k.losses.MeanSquaredError(reduction="mean_with_sample_weight")},
        {"sample_weight": TIMED_W},
    ),
    "mask, function": (tagger, LINEAR, TIMED_NUMBERS, {"loss": own_loss}, {}),
    "mask, function, weights": (tagger, LINEAR, TIMED_NUMBERS, {"loss": own_loss}, {"sample_weight": TIMED_W}),
    "mask, whole function": (tagger, LINEAR, TIMED_NUMBERS, {"loss": whole_loss}, {}),
    "function": (tagger, LINEAR | {"mask": False}, TIMED_NUMBERS, {"loss": own_loss}, {"sample_weight": TIMED_W}),
    "whole function, weights": (
        tagger,
        LINEAR | {"mask": False},
        TIMED_NUMBERS,
        {"loss": whole_loss},
        {"sample_weight": W},
    ),
    "mask, temporal weights": (tagger, {}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": TIMED_W}),
    "temporal weights": (tagger, {"mask": False}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": TIMED_W}),
    "weights that are zero": (tagger, {"mask": False}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": HALF_W}),
    "temporal weights, numbers": (
        tagger,
        LINEAR | {"mask": False},
        TIMED_NUMBERS,
        {"loss": "mse", **MAE},
        {"sample_weight": TIMED_W},
    ),
    "mask in a sequence": (stack, {}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": TIMED_W}),
    "mask of values": (masking, {}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": TIMED_W}),
    "mask that ends": (classifier, {}, LABELS, {"loss": SPARSE, **ACC}, {"sample_weight": W}),
    "classes": (classifier, {}, LABELS, {"loss": SPARSE, **ACC}, {"class_weight": CLASSES}),
    "some classes": (classifier, {}, LABELS, {"loss": SPARSE, **ACC}, {"class_weight": {2: 5.0}}),
    "classes of one-hot": (
        classifier,
        {},
        np.eye(3, dtype="float32")[LABELS],
        {"loss": "categorical_crossentropy", **ACC},
        {"class_weight": CLASSES},
    ),
    "two outputs, one masked": (pair, {}, BOTH, BOTH_LOSSES, {}),
    "two outputs, weights": (
        pair,
        {},
        BOTH,
        BOTH_LOSSES | {"weighted_metrics": {"moments": ["acc"], "whole": ["mae"]}},
        {"sample_weight": {"moments": TIMED_W, "whole": W}},
    ),
    "own step, mask": (own_step, {}, TIMED, {"loss": SPARSE, **ACC}, {"sample_weight": TIMED_W}),
    "own step, temporal weights": (
        own_step,
        {"mask": False},
        TIMED,
        {"loss": SPARSE, **ACC},
        {"sample_weight": TIMED_W},
    ),
}


def answer(k, make, options, y, compiled, data):
    model, x = make(k, **options)
    filled(model)
    compiled = {name: value(k) if callable(value) else value for name, value in compiled.items()}
    model.compile(k.optimizers.SGD(0.05), **compiled)
    size = ROWS if {"sample_weight", "class_weight"} & set(data) else 16  # Keras changes weights of masked outputs
    rows = {name: value[:12] for name, value in y.items()} if isinstance(y, dict) else y[:12]
    history = fitted(model, x, y, **data, epochs=2, batch_size=size, validation_data=(x[:12], rows))
    weight = {name: value for name, value in data.items() if name == "sample_weight"}
    return {
        "history": history,
        "evaluate": called(model, "evaluate", x, y, **weight, verbose=0, batch_size=size, return_dict=True),
        "weights": model.get_weights(),
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_masks_and_weights_equal_keras(reference, case):
    assert_close(answer(kerasviz, *case), reference(lambda keras: answer(keras, *case)), dtypes=False)

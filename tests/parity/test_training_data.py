"""Trainings on each kind of data with the same options, against Keras: histories, values and predictions.

Keras has no class weights for loaders and generators, and with workers it hands out the batches of a PyDataset from
another one on: there its answer for the same batches of a PyDataset without workers is the measure.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import filled

ROWS, CLASSES, SIZE = 42, 3, 8
RNG = np.random.default_rng(8)
X = RNG.normal(size=(ROWS, 6)).astype("float32")
Y = RNG.integers(0, CLASSES, ROWS).astype("int64")
W = RNG.uniform(0.2, 2.0, ROWS).astype("float32")
VALID = (X[5:24], Y[5:24], W[5:24])
HEAVY = {0: 0.5, 1: 3.0, 2: 1.5}


def classifier(k, named=False):
    first = second = k.layers.Input((6,), name="a")
    if named:
        first, second = k.layers.Input((2,), name="a"), k.layers.Input((4,), name="b")
    x = k.layers.Concatenate()([first, second]) if named else first
    model = k.Model({"a": first, "b": second} if named else first, k.layers.Dense(CLASSES, "softmax")(x))
    filled(model)
    loss = "sparse_categorical_crossentropy"
    model.compile(k.optimizers.SGD(0.1), loss, metrics=["accuracy"], weighted_metrics=[loss])
    return model


def array(k, parts):
    return parts


def tensor(k, parts):
    import torch

    return tuple(map(torch.tensor, parts))


def frame(k, parts):
    import pandas

    names = [f"column {number}" for number in range(parts[0].shape[1])]
    return (pandas.DataFrame(parts[0], columns=names), *map(pandas.Series, parts[1:]))


def float64(k, parts):
    return (parts[0].astype("float64"), *parts[1:])


def named(k, parts):
    return ({"a": parts[0][:, :2], "b": parts[0][:, 2:]}, *parts[1:])


def numbered(k, parts, **workers):
    class Numbered(k.utils.PyDataset):
        def __len__(self):
            return -(-len(parts[0]) // SIZE)

        def __getitem__(self, index):
            return tuple(part[index * SIZE : index * SIZE + SIZE] for part in parts)

    return (Numbered(**workers),)


def loader(k, parts):
    import torch

    return (torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensor(k, parts)), batch_size=SIZE),)


def endless(k, parts):
    def forever():
        while True:
            for start in range(0, len(parts[0]), SIZE):
                yield tuple(part[start : start + SIZE] for part in parts)

    return (forever(),)


WHOLE = {"arrays": array, "tensors": tensor, "frames": frame, "float64": float64, "dicts": named}
BATCHES = {
    "numbered": numbered,
    "threads": functools.partial(numbered, workers=2),
    "loader": loader,
    "endless": endless,
}
KINDS = {**WHOLE, **BATCHES}
OPTIONS = {
    "weights": ({}, True),
    "classes": ({"class_weight": HEAVY, "steps_per_epoch": 6}, False),
    "steps": ({"steps_per_epoch": 3, "epochs": 4}, False),
    "later": ({"initial_epoch": 2, "epochs": 5}, True),
    "validation": ({"validation_freq": 2, "epochs": 4, "validation": True}, True),
    "validation steps": ({"validation_steps": 2, "validation": True}, False),
    "split": ({"validation_split": 0.3, "validation_batch_size": 5}, True),
}


def kind_for(k, kind, options=()):
    """What makes the data, for Keras in a kind that it can read."""
    is_unknown = kind == "threads" or (kind in ("loader", "endless") and "class_weight" in options)
    return KINDS["numbered" if is_unknown and k is not kerasviz else kind]


def options_of(k, kind, options):
    """Arguments of `fit` for the kind: data without end needs steps."""
    options = {"epochs": 3, "verbose": 0, "shuffle": False, **options}
    is_endless = kind == "endless"
    if options.pop("validation", False):  # of a generator without end Keras loses a batch between two validations
        data = kind_for(k, "loader" if is_endless else kind)(k, VALID)
        options["validation_data"] = data if kind in WHOLE else data[0]
    if kind in WHOLE:
        options |= {"batch_size": SIZE}
    if is_endless:
        options.setdefault("steps_per_epoch", 5)
    return options


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_equals_keras(reference, kind, case):
    given, has_weights = case
    if "validation_split" in given and kind not in WHOLE:
        with pytest.raises(ValueError, match="validation_split"):
            classifier(kerasviz).fit(*KINDS[kind](kerasviz, (X, Y)), **options_of(kerasviz, kind, given))
        return

    def run(k):
        model = classifier(k, kind == "dicts")
        data = kind_for(k, kind, given)(k, (X, Y, W) if has_weights else (X, Y))
        x, y, weights = (*data, None, None)[:3]
        history = model.fit(x, y, sample_weight=weights, **options_of(k, kind, given))
        return {"values": history.history, "epoch": history.epoch, "weights": model.get_weights()}

    assert_close(run(kerasviz), reference(run), dtypes=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_predictions_equal_keras(reference, kind):
    steps = {"steps": 4} if kind == "endless" else {}
    size = {"batch_size": SIZE} if kind in WHOLE else {}

    def run(k):
        model = classifier(k, kind == "dicts")
        x, y, weights = (*kind_for(k, kind)(k, (X, Y, W)), None, None)[:3]
        values = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True, **steps, **size)
        x = kind_for(k, kind)(k, (X,))[0]
        return {"values": values, "predictions": model.predict(x, verbose=0, **steps, **size)}

    assert_close(run(kerasviz), reference(run), dtypes=False)

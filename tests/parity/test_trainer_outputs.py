"""Models of several outputs against Keras: every form of losses, weights, metrics and targets that it takes."""

from __future__ import annotations

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import called, filled, fitted

ROWS = 40
RNG = np.random.default_rng(3)
X = RNG.normal(size=(ROWS, 6)).astype("float32")
LABELS = RNG.integers(0, 4, ROWS)
FIRST = (X @ RNG.normal(size=(6, 1))).astype("float32")
SECOND = (X @ RNG.normal(size=(6, 1))).astype("float32")
W1, W2 = RNG.uniform(0.2, 2.0, (2, ROWS)).astype("float32")
SPARSE = "sparse_categorical_crossentropy"


def nest(form, label, number, extra):
    """Three things in the form of the outputs."""
    return {
        "list": [label, number],
        "tuple": (label, number),
        "dict": {"label": label, "number": number},
        "other names": {"zz": label, "aa": number},
        "unsorted": {"number": number, "label": label},
        "three": [label, number, extra],
        "numbers": [number, extra],
        "numbers in a dict": {"number": number, "extra": extra},
        "nested": {"first": label, "rest": [number, extra]},
        "nested list": [label, [number, extra]],
        "nested dict": {"group": {"label": label, "number": number}, "extra": extra},
        "list of one": [label],
        "dict of one": {"label": label},
        "single": label,
    }[form]


def graph(k, form):
    layers = k.layers
    inputs = layers.Input((6,), name="features")
    hidden = layers.Dense(8, "tanh")(inputs)
    heads = [layers.Dense(4, "softmax", name="label"), layers.Dense(1, name="number"), layers.Dense(1, name="extra")]
    return k.Model(inputs, nest(form, *(head(hidden) for head in heads)))


def subclass(k, form):
    class Heads(k.Model):
        def __init__(self):
            super().__init__()
            layers = k.layers
            self.hidden = layers.Dense(8, "tanh")
            self.label, self.number, self.extra = layers.Dense(4, "softmax"), layers.Dense(1), layers.Dense(1)

        def call(self, inputs):
            hidden = self.hidden(inputs)
            return nest(form, self.label(hidden), self.number(hidden), self.extra(hidden))

    model = Heads()
    model(X[:2])
    return model


def answer(k, make, form, options, sample_weight=None, y=None, weights=None):
    """What training and evaluation say of a model."""
    model = make(k, form)
    filled(model)
    options = {name: value(k) if callable(value) else value for name, value in options.items()}
    model.compile("sgd", **options)
    y = nest(form, LABELS, FIRST, SECOND) if y is None else y
    weighted = {"sample_weight": sample_weight, "verbose": 0}
    history = fitted(model, X, y, sample_weight=sample_weight, epochs=2)
    values = called(model, "evaluate", X, y, **weighted)
    return {
        "history": history,
        "values": np.float64(values),
        "order": list(called(model, "evaluate", X, y, **weighted, return_dict=True)),
        "metrics": list(model.metrics_names),
        "weights": [np.abs(value).sum() for value in model.get_weights()],
        "batch": np.float64(called(model, "train_on_batch", X[:8], first_rows(y), return_dict=False)),
    }


def first_rows(y):
    if isinstance(y, dict):
        return {key: first_rows(value) for key, value in y.items()}
    return type(y)(map(first_rows, y)) if isinstance(y, (list, tuple)) else None if y is None else y[:8]


TWO = {"loss": [SPARSE, "mse"]}
NAMED = {"loss": {"label": SPARSE, "number": "mse"}}
NESTED = {"loss": {"first": SPARSE, "rest": ["mse", "mae"]}}
LISTED = {"loss": [SPARSE, ["mse", "mae"]]}
GROUPED = {"loss": {"group": {"label": SPARSE, "number": "mse"}, "extra": "mae"}}
OTHER = {"loss": {"zz": SPARSE, "aa": "mse"}}
CASES = {
    "lists": ("list", TWO),
    "tuples": ("tuple", {"loss": (SPARSE, "mse"), "metrics": [["acc"], ["mae"]]}),
    "list by layer names": ("list", NAMED | {"metrics": {"label": ["acc"], "number": ["mae"]}}),
    "list, y by names": ("list", TWO, None, {"label": LABELS, "number": FIRST}),
    "list, all by names": ("list", NAMED, None, {"label": LABELS, "number": FIRST}),
    "dict, losses in a list": ("dict", TWO),
    "dict": ("dict", NAMED | {"metrics": {"label": ["acc"], "number": ["mae", "mse"]}}),
    "dict of other names": ("other names", OTHER | {"metrics": {"zz": ["acc"], "aa": ["mae"]}}),
    "dict in another order": ("unsorted", NAMED | {"metrics": {"label": ["acc"], "number": ["mae"]}}),
    "one loss for some": ("dict", {"loss": {"label": SPARSE}}, None, {"label": LABELS}),
    "targets without a loss": ("dict", {"loss": {"label": SPARSE}}),
    "None among losses": ("list", {"loss": [SPARSE, None], "metrics": [["acc"], ["mae"]]}),
    "None in a dict of losses": ("dict", {"loss": {"label": SPARSE, "number": None}}),
    "one loss for all": ("numbers", {"loss": "mse"}),
    "one loss object for all": ("numbers", {"loss": lambda k: k.losses.MeanSquaredError()}),
    "one loss for a dict": ("numbers in a dict", {"loss": "mse"}),
    "three of which one has no loss": (
        "three",
        {"loss": [SPARSE, None, "mse"], "metrics": [["acc"], ["mse"], ["mae"]]},
    ),
    "factors": ("list", TWO | {"loss_weights": [1.0, 0.25]}),
    "factors by names": ("list", TWO | {"loss_weights": {"label": 0.5, "number": 2.0}}),
    "factor None": ("list", TWO | {"loss_weights": [0.5, None]}),
    "whole factors": ("list", TWO | {"loss_weights": [1, 2]}),
    "factor zero": ("list", TWO | {"loss_weights": [0.0, 1.0]}),
    "factor of one": ("single", {"loss": SPARSE, "loss_weights": 0.5}),
    "factor of one in a list": ("single", {"loss": SPARSE, "loss_weights": [0.5]}),
    "a metric each": ("numbers", {"loss": "mse", "metrics": ["mae", "mse"]}),
    "metrics None": ("list", TWO | {"metrics": [None, ["mae"]]}),
    "metrics as names": ("list", TWO | {"metrics": {"label": "acc", "number": "mae"}}),
    "metrics of some": ("list", TWO | {"metrics": {"number": ["mae", "mse"]}}),
    "metrics None in a dict": ("list", TWO | {"metrics": {"label": None, "number": ["mae"]}}),
    "weighted": (
        "list",
        TWO | {"metrics": [["acc"], ["mae"]], "weighted_metrics": [["acc"], ["mae"]]},
        [W1, W2],
    ),
    "weights for all": ("list", TWO | {"weighted_metrics": [["acc"], ["mae"]]}, W1),
    "weights by names": (
        "dict",
        NAMED | {"weighted_metrics": {"label": ["acc"], "number": ["mae"]}},
        {"label": W1, "number": W2},
    ),
    "nested": ("nested", NESTED),
    "nested metrics": ("nested", NESTED | {"metrics": {"first": ["acc"], "rest": [["mae"], ["mse"]]}}),
    "nested factors": ("nested", NESTED | {"loss_weights": {"first": 0.5, "rest": [1.0, 2.0]}}),
    "nested None": ("nested", {"loss": {"first": SPARSE, "rest": [None, "mae"]}}),
    "nested weights": ("nested", NESTED, {"first": W1, "rest": [W2, W1]}),
    "nested list": ("nested list", LISTED | {"metrics": [["acc"], [["mae"], ["mse"]]]}),
    "nested list, flat losses": ("nested list", {"loss": [SPARSE, "mse", "mae"]}),
    "nested list, factors": ("nested list", LISTED | {"loss_weights": [0.5, [1.0, 2.0]]}),
    "nested dict": (
        "nested dict",
        GROUPED | {"metrics": {"group": {"label": ["acc"], "number": ["mae"]}, "extra": ["mse"]}},
    ),
    "list of one": ("list of one", {"loss": [SPARSE], "metrics": [["acc"]]}),
    "list of one, flat": ("list of one", {"loss": SPARSE, "metrics": ["acc"]}, None, LABELS),
    "dict of one": ("dict of one", {"loss": {"label": SPARSE}, "metrics": {"label": ["acc"]}}),
    "dict of one, flat": ("dict of one", {"loss": SPARSE, "metrics": ["acc"]}),
    "single, by name": ("single", {"loss": {"label": SPARSE}, "metrics": {"label": ["acc"]}}),
    "single, y in a list": ("single", {"loss": SPARSE}, None, [LABELS]),
    "single, all in lists": ("single", {"loss": [SPARSE], "metrics": [["acc"]]}),
    "sum": ("list", {"loss": lambda k: [k.losses.SparseCategoricalCrossentropy(reduction="sum"), "mse"]}),
    "a metric twice": ("list", TWO | {"metrics": [["acc", "acc"], ["mae"]]}),
    "metric objects": (
        "list",
        TWO | {"metrics": lambda k: [[k.metrics.SparseTopKCategoricalAccuracy(2, name="top2")], ["mae"]]},
    ),
}
SUBCLASSED = {
    "lists": ("list", TWO | {"metrics": [["acc"], ["mae"]]}),
    "tuples": ("tuple", TWO),
    "None": ("list", {"loss": [SPARSE, None], "metrics": [["acc"], None]}),
    "dict": ("dict", NAMED | {"metrics": {"label": ["acc"], "number": ["mae"]}}),
    "dict in another order": ("unsorted", NAMED | {"metrics": {"label": ["acc"]}}),
    "dict, all in lists": ("dict", TWO | {"metrics": [["acc"], ["mae"]]}),
    "nested": ("nested", NESTED | {"metrics": {"first": ["acc"], "rest": [["mae"], ["mse"]]}}),
    "nested list": ("nested list", LISTED | {"metrics": [["acc"], [["mae"], ["mse"]]]}),
    "nested dict": (
        "nested dict",
        GROUPED | {"metrics": {"group": {"label": ["acc"], "number": ["mae"]}, "extra": ["mse"]}},
    ),
    "list of one": ("list of one", {"loss": [SPARSE], "metrics": [["acc"]]}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_graph_of_several_outputs_equals_keras(reference, case):
    assert_close(
        answer(kerasviz, graph, *case), reference(lambda keras: answer(keras, graph, *case)), 1e-5, dtypes=False
    )


@pytest.mark.parametrize("case", SUBCLASSED.values(), ids=SUBCLASSED)
def test_a_subclass_with_several_outputs_equals_keras(reference, case):
    ours = answer(kerasviz, subclass, *case)
    assert_close(ours, reference(lambda keras: answer(keras, subclass, *case)), 1e-5, dtypes=False)

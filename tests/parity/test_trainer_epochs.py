"""How many steps, epochs and validations a training has, against Keras; and trainings one after the other."""

from __future__ import annotations

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import called, filled, fitted

ROWS = 44
RNG = np.random.default_rng(5)
X = RNG.normal(size=(ROWS, 5)).astype("float32")
Y = (X @ RNG.normal(size=(5, 1))).astype("float32")
W = RNG.uniform(0.2, 2.0, ROWS).astype("float32")
VALID = (X[:18], Y[:18])


def regressor(k, optimizer=None, **compiled):
    model = k.Sequential([k.layers.Input((5,)), k.layers.Dense(6, "tanh"), k.layers.Dense(1)])
    filled(model)
    model.compile(optimizer or k.optimizers.SGD(0.05), **{"loss": "mse", "metrics": ["mae"], **compiled})
    return model


def batches(size=8, rounds=1, weights=False):
    for _ in range(rounds):
        for start in range(0, ROWS, size):
            rows = slice(start, start + size)
            yield (X[rows], Y[rows], W[rows]) if weights else (X[rows], Y[rows])


def endless(size=8):
    while True:
        yield from batches(size)


def py_dataset(k, data=(X, Y), size=8):
    class Numbered(k.utils.PyDataset):
        def __len__(self):
            return -(-len(data[0]) // size)

        def __getitem__(self, index):
            rows = slice(index * size, index * size + size)
            return tuple(part[rows] for part in data)

    return Numbered()


def loader(data=(X, Y), size=8):
    import torch

    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*map(torch.tensor, data)), batch_size=size)


ARRAYS = {
    "frequency": {"validation_data": VALID, "validation_freq": 2, "epochs": 5},
    "epochs with a validation": {"validation_data": VALID, "validation_freq": [1, 4], "epochs": 5},
    "never": {"validation_data": VALID, "validation_freq": 7},
    "initial epoch": {"initial_epoch": 2, "epochs": 5},
    "initial epoch and frequency": {"initial_epoch": 1, "epochs": 4, "validation_data": VALID, "validation_freq": 2},
    "nothing to do": {"initial_epoch": 3, "epochs": 3},
    "validation batch": {"validation_data": VALID, "validation_batch_size": 5},
    "validation steps": {"validation_data": VALID, "validation_batch_size": 4, "validation_steps": 3},
    "validation steps beyond": {"validation_data": VALID, "validation_batch_size": 9, "validation_steps": 2},
    "split": {"validation_split": 0.25},
    "split and batch": {"validation_split": 0.4, "validation_batch_size": 3, "validation_steps": 2},
    "split with weights": {"validation_split": 0.25, "sample_weight": W},
    "weights in validation": {"validation_data": (*VALID, W[:18])},
    "validation as a list": {"validation_data": list(VALID)},
    "steps of all": {"steps_per_epoch": 3},
    "steps of some": {"steps_per_epoch": 2},
    "a batch of all": {"batch_size": 100},
    "batches of one": {"batch_size": 1, "epochs": 1},
}
SOURCES = {
    "generator": (lambda k: batches(rounds=1), {"epochs": 1}),
    "generator of all epochs": (lambda k: batches(rounds=3), {"steps_per_epoch": 6}),
    "endless": (lambda k: endless(), {"steps_per_epoch": 4}),
    "endless, weights": (lambda k: batches(rounds=3, weights=True), {"steps_per_epoch": 6}),
    "numbered": (lambda k: py_dataset(k), {}),
    "numbered, weights": (lambda k: py_dataset(k, (X, Y, W)), {}),
    "numbered, steps": (lambda k: py_dataset(k), {"steps_per_epoch": 4}),
    "numbered, validation": (
        lambda k: py_dataset(k),
        {"validation_data": lambda k: py_dataset(k, VALID, 5), "validation_steps": 2},
    ),
    "loader": (lambda k: loader(), {}),
    "loader, weights": (lambda k: loader((X, Y, W)), {}),
    "loader, validation": (lambda k: loader(), {"validation_data": lambda k: loader(VALID, 5)}),
    "loader, validation arrays": (lambda k: loader(), {"validation_data": VALID, "validation_batch_size": 7}),
}


def trained(k, model, data, options):
    options = {name: value(k) if callable(value) else value for name, value in options.items()}
    options = {"validation_data": None, "sample_weight": None, **options}
    history = model.fit(*data, **{"verbose": 0, "shuffle": False, "epochs": 3, **options})
    return {"names": list(history.history), "values": history.history, "epoch": history.epoch}, model.get_weights()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ARRAYS.values(), ids=ARRAYS)
def test_epochs_and_validations_equal_keras(reference, case):
    options = {"batch_size": 16, **case}

    def run(k):
        return trained(k, regressor(k), (X, Y), options)

    assert_close(run(kerasviz), reference(run), dtypes=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SOURCES.values(), ids=SOURCES)
def test_epochs_of_sources_equal_keras(reference, case):
    def run(k):
        return trained(k, regressor(k), (case[0](k),), case[1])

    assert_close(run(kerasviz), reference(run), dtypes=False)


EVALUATED = {
    "arrays": (lambda k: (X, Y), {"batch_size": 10}),
    "steps": (lambda k: (X, Y), {"batch_size": 10, "steps": 2}),
    "weights": (lambda k: (X, Y), {"batch_size": 10, "sample_weight": W}),
    "a batch of all": (lambda k: (X, Y), {"batch_size": 1000}),
    "numbered": (lambda k: (py_dataset(k),), {}),
    "numbered, steps": (lambda k: (py_dataset(k),), {"steps": 3}),
    "endless": (lambda k: (endless(),), {"steps": 4}),
    "generator": (lambda k: (batches(weights=True),), {}),
    "loader": (lambda k: (loader((X, Y, W)),), {}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", EVALUATED.values(), ids=EVALUATED)
def test_values_of_evaluate_equal_keras(reference, case):
    def run(k):
        model = regressor(k, weighted_metrics=["mse"])
        values = model.evaluate(*case[0](k), verbose=0, return_dict=True, **case[1])
        return values, np.asarray(model.evaluate(*case[0](k), verbose=0, **case[1]))

    assert_close(run(kerasviz), reference(run), dtypes=False)


PREDICTED = {
    "uneven": (lambda k: X[:37], {"batch_size": 16}),
    "one row": (lambda k: X[:1], {}),
    "steps": (lambda k: X, {"batch_size": 8, "steps": 3}),
    "numbered": (lambda k: py_dataset(k), {}),
    "loader": (lambda k: loader((X,)), {}),
    "endless": (lambda k: endless(), {"steps": 2}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["one", "list", "dict", "nested"])
@pytest.mark.parametrize("case", PREDICTED.values(), ids=PREDICTED)
def test_predictions_equal_keras(reference, case, form):
    def run(k):
        inputs = k.layers.Input((5,))
        first, second = k.layers.Dense(2, name="b")(inputs), k.layers.Dense(3, name="a")(inputs)
        forms = {"one": first, "list": [first, second], "dict": {"b": first, "a": second}}
        forms["nested"] = {"x": [first, second], "w": first}
        model = k.Model(inputs, forms[form])
        filled(model)
        batch = model.predict_on_batch(X[:3])
        return called(model, "predict", case[0](k), verbose=0, **case[1]), batch

    assert_close(run(kerasviz), reference(run))


def test_trainings_one_after_the_other_equal_keras(reference):
    def run(k):
        model = regressor(k, k.optimizers.Adam(0.01))
        answers: list = [fitted(model, X, Y, epochs=2)]
        answers.append(called(model, "evaluate", X, Y, verbose=0, return_dict=True))
        answers.append(fitted(model, X[:20], Y[:20], epochs=4, initial_epoch=2))
        answers.append(called(model, "train_on_batch", X[:8], Y[:8], return_dict=True))
        answers.append(fitted(model, X, Y, validation_data=VALID))
        model.compile(k.optimizers.SGD(0.1), "mae", metrics=["mse"])
        answers.append(fitted(model, X, Y))
        answers.append(int(model.optimizer.iterations))
        return answers, model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_recompiling_with_the_same_optimizer_keeps_its_state_as_in_keras(reference):
    def run(k):
        model = regressor(k, k.optimizers.Adam(0.01))
        fitted(model, X, Y)
        model.compile(model.optimizer, "mae", metrics=["mse"])  # Keras keeps old metrics where none are told
        return fitted(model, X, Y), int(model.optimizer.iterations), model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_a_layer_frozen_between_two_trainings_equals_keras(reference):
    def run(k):
        model = regressor(k, k.optimizers.Adam(0.01))
        answers: list = [fitted(model, X, Y)]
        model.layers[0].trainable = False
        model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
        answers.append(fitted(model, X, Y))
        answers.append(len(model.trainable_variables))
        model.layers[0].trainable = True
        model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
        answers.append(fitted(model, X, Y))
        return answers, model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_two_models_that_share_a_layer_trained_in_turn_equal_keras(reference):
    def run(k):
        shared = k.layers.Dense(4, "tanh")
        inputs = k.layers.Input((5,))
        one = k.Model(inputs, k.layers.Dense(1)(shared(inputs)))
        other = k.Model(inputs, k.layers.Dense(2)(shared(inputs)))
        filled(one), filled(other)
        one.compile(k.optimizers.Adam(0.01), "mse")
        other.compile(k.optimizers.SGD(0.1, momentum=0.9), "mae")
        answers = []
        for _ in range(2):
            answers.append(fitted(one, X, Y, epochs=1))
            answers.append(fitted(other, X, np.concatenate([Y, -Y], -1), epochs=1))
        return answers, one.get_weights(), other.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_evaluating_and_predicting_in_a_callback_equals_keras(reference):
    def run(k):
        seen = []

        class Look(k.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append(self.model.evaluate(X[:9], Y[:9], verbose=0, return_dict=True))
                seen.append(self.model.predict(X[:2], verbose=0))

            def on_train_batch_end(self, batch, logs=None):
                if batch == 1:
                    seen.append(self.model.predict_on_batch(X[:2]))

        model = regressor(k, k.optimizers.Adam(0.01))
        history = fitted(model, X, Y, callbacks=[Look()], validation_data=VALID)
        return history, seen, model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_single_batches_with_weights_equal_keras(reference):
    def run(k):
        model = regressor(k, k.optimizers.Adam(0.01), weighted_metrics=["mse"])
        answers = []
        for start in range(0, 32, 8):
            rows = slice(start, start + 8)
            answers.append(model.train_on_batch(X[rows], Y[rows], sample_weight=W[rows], return_dict=True))
            answers.append(model.test_on_batch(X[rows], Y[rows], sample_weight=W[rows], return_dict=True))
        return answers, np.asarray(model.test_on_batch(X[:8], Y[:8])), model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_single_batches_with_class_weights_equal_keras(reference):
    labels = RNG.integers(0, 2, (ROWS, 1))

    def run(k):
        model = regressor(k, loss="binary_crossentropy", metrics=None)
        given = {"class_weight": {0: 1.0, 1: 4.0}, "return_dict": True}
        return [model.train_on_batch(X[:9], labels[:9] * 1.0, **given) for _ in range(3)], model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
@pytest.mark.parametrize("scaled", [True, False], ids=["scaled", "plain"])
def test_policies_equal_keras(reference, policy, scaled):
    def run(k):
        layers = [k.layers.Dense(6, "tanh", dtype=policy), k.layers.Dense(1, dtype=policy)]
        model = k.Sequential([k.layers.Input((5,)), *layers])
        filled(model)
        model.compile(k.optimizers.SGD(0.05), "mse", auto_scale_loss=scaled)
        return fitted(model, X, Y), type(model.optimizer).__name__

    assert_close(run(kerasviz), reference(run), 1e-5 if policy == "float64" else 2e-2, dtypes=False)

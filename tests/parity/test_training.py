"""Training against Keras: histories, evaluation, callbacks, single batches, signatures."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .models import assert_same_history, called, fitted, made
from .recording import plain

ROWS = 90
RNG = np.random.default_rng(3)
X = RNG.normal(size=(ROWS, 6)).astype("float32")
LABELS = RNG.integers(0, 4, ROWS)
ONE_HOT = np.eye(4, dtype="float32")[LABELS]
NUMBERS = (X @ RNG.normal(size=(6, 1))).astype("float32")
YES_NO = (NUMBERS[:, 0] > 0).astype("float32")
WEIGHTS = RNG.uniform(0.2, 2.0, ROWS).astype("float32")
IMAGES = RNG.uniform(size=(ROWS, 8, 8, 1)).astype("float32")


def classifier(k, units=4, activation="softmax", **dense):
    return k.Sequential([k.layers.Input((6,)), k.layers.Dense(8, "tanh", **dense), k.layers.Dense(units, activation)])


def two_headed(k, outputs=list):
    inputs = k.layers.Input((6,), name="features")
    hidden = k.layers.Dense(8, "tanh")(inputs)
    label = k.layers.Dense(4, "softmax", name="label")(hidden)
    number = k.layers.Dense(1, name="number")(hidden)
    return k.Model(inputs, [label, number] if outputs is list else {"label": label, "number": number})


def convolutional(k):
    layers = k.layers
    stack = [
        layers.Input((8, 8, 1)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(4, "softmax"),
    ]
    return k.Sequential(stack)


def masked(k):
    layers = k.layers
    return k.Sequential([layers.Input((5,)), layers.Embedding(9, 6, mask_zero=True), layers.Dense(4, "softmax")])


def compiled(keras, make, *args, options=None, **kwargs):
    """A model with weights drawn by numpy, and what it is compiled with."""
    model = made(keras, make, **(options or {}))
    model.compile(*args, **kwargs)
    return model


CASES = {
    "labels": (classifier, {}, LABELS, "sparse_categorical_crossentropy", ["accuracy"]),
    "labels as a column": (classifier, {}, LABELS[:, None], "sparse_categorical_crossentropy", ["accuracy"]),
    "one-hot": (classifier, {}, ONE_HOT, "categorical_crossentropy", ["accuracy", "mse"]),
    "yes or no": (classifier, {"units": 1, "activation": "sigmoid"}, YES_NO, "binary_crossentropy", ["accuracy"]),
    "numbers": (classifier, {"units": 1, "activation": None}, NUMBERS, "mse", ["mae"]),
    "flat numbers": (classifier, {"units": 1, "activation": None}, NUMBERS[:, 0], "mae", ["mse"]),
    "float64 and names": (classifier, {"units": 1, "activation": None}, NUMBERS.astype("float64"), "huber", ["mae"]),
    "penalty": (
        classifier,
        {"kernel_regularizer": "l2", "activity_regularizer": "l1"},
        LABELS,
        "sparse_categorical_crossentropy",
        ["acc"],
    ),
}
SPARSE = "sparse_categorical_crossentropy"


def assert_trains_alike(reference, run, tolerance=2e-4):
    """`run` is a function of the library that gives one history, or several."""
    assert_same_history(plain(run(kerasviz)), reference(run), tolerance)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_history_of_fit_equals_keras(reference, case, optimizer):
    make, options, y, loss, metrics = case

    def run(keras):
        return fitted(compiled(keras, make, optimizer, loss, metrics=metrics, options=options), X, y)

    assert_trains_alike(reference, run)


def test_history_with_validation_split_equals_keras(reference):
    def run(keras):
        return fitted(
            compiled(keras, classifier, "adam", SPARSE, metrics=["accuracy"]), X, LABELS, validation_split=0.3
        )

    assert_trains_alike(reference, run)


def test_history_with_weighted_validation_data_and_frequency_equals_keras(reference):
    def run(keras):
        model = compiled(keras, classifier, "adam", SPARSE, weighted_metrics=["accuracy"])
        validation = {"validation_data": (X[:40], LABELS[:40], WEIGHTS[:40])}
        first = fitted(model, X, LABELS, **validation, validation_freq=2, epochs=4, initial_epoch=1)
        return [first, fitted(model, X, LABELS, **validation, validation_steps=1, validation_batch_size=10)]

    assert_trains_alike(reference, run)


def test_history_with_sample_weights_equals_keras(reference):
    def run(keras):
        metrics = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy", "mse"]}
        model = compiled(keras, classifier, "adam", "categorical_crossentropy", **metrics)
        return fitted(model, X, ONE_HOT, sample_weight=WEIGHTS)

    assert_trains_alike(reference, run)


@pytest.mark.parametrize("y", [LABELS, LABELS[:, None], ONE_HOT], ids=["labels", "column", "one-hot"])
def test_history_with_class_weights_equals_keras(reference, y):
    loss = "categorical_crossentropy" if y is ONE_HOT else SPARSE

    def run(keras):
        model = compiled(keras, classifier, "adam", loss, metrics=["accuracy"])
        return fitted(model, X, y, class_weight={0: 1.0, 1: 3.0, 2: 0.5, 3: 1.0})

    assert_trains_alike(reference, run)


def test_history_of_a_convolutional_model_equals_keras(reference):
    def run(keras):
        model = compiled(keras, convolutional, "adam", SPARSE, metrics=["accuracy"])
        return fitted(model, IMAGES, LABELS, validation_split=0.2)

    assert_trains_alike(reference, run, 3e-3)


def test_history_of_a_masked_model_equals_keras(reference):
    random = np.random.default_rng(4)
    tokens, targets = random.integers(0, 9, (ROWS, 5)), random.integers(0, 4, (ROWS, 5))

    def run(keras):
        return fitted(compiled(keras, masked, "adam", SPARSE, metrics=["accuracy"]), tokens, targets)

    assert_trains_alike(reference, run)


def test_uint8_images_train_as_in_keras(reference):
    images = (IMAGES * 255).astype("uint8")

    def run(keras):
        return fitted(compiled(keras, convolutional, "sgd", SPARSE), images, LABELS, epochs=1)

    assert_trains_alike(reference, run, 3e-3)


MULTIPLE = {
    "lists": (list, [SPARSE, "mse"], [["accuracy"], ["mae", "mse"]], None),
    "weighted": (list, [SPARSE, "mse"], [["accuracy"], ["mae"]], [1.0, 0.25]),
    "dicts": (
        dict,
        {"label": SPARSE, "number": "mse"},
        {"label": ["accuracy"], "number": ["mae"]},
        {"label": 0.5, "number": 2.0},
    ),
}


@pytest.mark.parametrize("case", MULTIPLE.values(), ids=MULTIPLE)
def test_history_of_several_outputs_equals_keras(reference, case):
    outputs, loss, metrics, weights = case
    y = [LABELS, NUMBERS] if outputs is list else {"label": LABELS, "number": NUMBERS}

    def run(keras):
        arguments = {"metrics": metrics, "loss_weights": weights, "options": {"outputs": outputs}}
        return fitted(compiled(keras, two_headed, "adam", loss, **arguments), X, y, validation_split=0.2)

    assert_trains_alike(reference, run)


def test_values_of_evaluate_have_keras_order(reference):
    def run(keras):
        options = {"metrics": [["accuracy"], ["mae"]], "weighted_metrics": [["accuracy"], ["mae"]]}
        model = compiled(keras, two_headed, "sgd", [SPARSE, "mse"], **options)
        values = called(model, "evaluate", X, [LABELS, NUMBERS], verbose=0)
        return [values, list(called(model, "evaluate", X, [LABELS, NUMBERS], verbose=0, return_dict=True))]

    ours, theirs = run(kerasviz), reference(run)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
    assert ours[1] == theirs[1]


def test_evaluate_with_weights_equals_keras(reference):
    def run(keras):
        model = compiled(keras, classifier, "sgd", SPARSE, metrics=["accuracy"])
        return called(model, "evaluate", X, LABELS, sample_weight=WEIGHTS, batch_size=7, verbose=0)

    np.testing.assert_allclose(run(kerasviz), reference(run), rtol=1e-4)


@pytest.mark.parametrize("outputs", [list, dict])
def test_predict_equals_keras(reference, outputs):
    def run(keras):
        found = called(made(keras, two_headed, outputs), "predict", X, batch_size=32, verbose=0)
        return [type(found).__name__, found]

    assert_close(run(kerasviz), reference(run))


def test_single_batches_equal_keras(reference):
    def run(keras):
        model, halves = compiled(keras, classifier, "sgd", SPARSE, metrics=["accuracy"]), (slice(0, 30), slice(30, 90))
        found = [called(model, "train_on_batch", X[of], LABELS[of], sample_weight=WEIGHTS[of]) for of in halves]
        tested = called(model, "test_on_batch", X[:20], LABELS[:20], return_dict=True)
        numbers = [np.asarray(value, "float64") for value in (*found, list(tested.values()))]
        return [numbers, list(tested), np.asarray(called(model, "predict_on_batch", X[:5]))]

    assert_close(run(kerasviz), reference(run), 1e-4)


NAMES = {
    "general": ["accuracy", "categorical_crossentropy"],
    "short": ["acc", "mse", "MSE"],
    "class": ["MeanSquaredError"],
    "function": ["categorical_accuracy"],
    "twice": ["accuracy", "accuracy"],
    "nested": [["accuracy"]],
    "by output": {"dense_1": ["acc"]},
}


@pytest.mark.parametrize("metrics", NAMES.values(), ids=NAMES)
def test_metrics_are_named_as_in_keras(reference, metrics):
    def make(k):
        inputs = k.layers.Input((6,))
        return k.Model(inputs, k.layers.Dense(4, "softmax", name="dense_1")(inputs))

    def run(keras):
        return fitted(compiled(keras, make, "sgd", "categorical_crossentropy", metrics=metrics), X, ONE_HOT, epochs=1)

    assert_trains_alike(reference, run)


class Heard:
    def __init__(self, base):
        class Recorder(base):
            def __init__(self, heard):
                super().__init__()
                self.heard = heard

        def hook(name):
            def call(self, *args, logs=None):
                at = [value for value in args if isinstance(value, int)]
                logs = args[-1] if len(args) > len(at) else logs
                self.heard.append([name, at, sorted(logs or {})])

            return call

        for name in dir(base):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
                setattr(Recorder, name, hook(name))
        self.heard = []
        self.callback = Recorder(self.heard)


def test_callbacks_hear_what_keras_tells(reference):
    def run(keras):
        model = compiled(keras, classifier, "sgd", SPARSE, metrics=["accuracy"])
        told = Heard(keras.callbacks.Callback)
        options = {"callbacks": [told.callback], "verbose": 0, "batch_size": 40}
        model.fit(X, LABELS, epochs=2, validation_split=0.2, **options)
        model.evaluate(X, LABELS, **options)
        model.predict(X, **options)
        return told.heard

    assert run(kerasviz) == reference(run)


@pytest.mark.parametrize("steps", [2, 4, 6, 9])
def test_epochs_of_a_number_of_steps_go_on_where_the_last_stopped_as_in_keras(reference, steps):
    def run(keras):
        return fitted(compiled(keras, classifier, "sgd", SPARSE), X, LABELS, steps_per_epoch=steps, epochs=4)

    assert_trains_alike(reference, run)


STOPPING = {
    "patience": {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
    "rising": {"monitor": "val_accuracy", "patience": 1},
    "min_delta": {"monitor": "loss", "min_delta": 0.05, "patience": 1},
    "baseline": {"monitor": "val_loss", "baseline": 0.1, "patience": 3, "restore_best_weights": True},
    "late": {"monitor": "val_loss", "start_from_epoch": 4, "mode": "max"},
}


@pytest.mark.parametrize("options", STOPPING.values(), ids=STOPPING)
def test_early_stopping_stops_where_keras_does(reference, options):
    def run(keras):
        model = compiled(keras, classifier, "rmsprop", SPARSE, metrics=["accuracy"])
        model.optimizer.learning_rate = 0.05
        stop = keras.callbacks.EarlyStopping(**options)
        rest = {"epochs": 25, "verbose": 0, "shuffle": False, "validation_split": 0.4, "batch_size": 16}
        history = model.fit(X, LABELS, callbacks=[stop], **rest)
        places = [len(history.epoch), stop.stopped_epoch, stop.best_epoch, stop.wait]
        return [[int(place) for place in places], model.get_weights()]

    ours, theirs = run(kerasviz), reference(run)
    assert ours[0] == theirs[0]
    for one, other in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=5e-2, atol=5e-3)


def test_plateau_lowers_the_rate_where_keras_does(reference):
    def run(keras):
        model = compiled(keras, classifier, "sgd", SPARSE)
        model.optimizer.learning_rate = 0.5
        options = {"factor": 0.5, "patience": 1, "min_delta": 0.02, "cooldown": 1, "min_lr": 0.02}
        lower = keras.callbacks.ReduceLROnPlateau("loss", **options)
        history = model.fit(X, LABELS, epochs=15, verbose=0, shuffle=False, callbacks=[lower], batch_size=16)
        return [float(rate) for rate in history.history["learning_rate"]]

    rates = run(kerasviz)
    np.testing.assert_allclose(rates, reference(run), rtol=1e-6)
    assert rates[-1] < 0.5


def test_csv_logger_writes_keras_file(reference, tmp_path):
    def run(keras):
        path = tmp_path / f"{keras.__name__}.csv"
        model = compiled(keras, classifier, "sgd", SPARSE, metrics=["accuracy"])
        callbacks = [keras.callbacks.CSVLogger(str(path), separator=";")]
        model.fit(X, LABELS, epochs=2, verbose=0, shuffle=False, validation_split=0.2, callbacks=callbacks)
        return [line.split(";") for line in path.read_text().splitlines()]

    ours, theirs = run(kerasviz), reference(run)
    assert ours[0] == theirs[0]
    np.testing.assert_allclose(np.array(ours[1:], float), np.array(theirs[1:], float), rtol=1e-4)


def parameters(function):
    """Names and defaults, without those that stand for any."""
    found = inspect.signature(function).parameters.values()
    return [[p.name, repr(p.default)] for p in found if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "CSVLogger", "History"])
def test_callbacks_have_keras_signature(reference, name):
    ours = parameters(getattr(kerasviz.callbacks, name))
    assert ours == reference(lambda keras: parameters(getattr(keras.callbacks, name)))


@pytest.mark.parametrize("name", ["compile", "fit", "predict", "train_on_batch", "test_on_batch", "compute_loss"])
def test_methods_have_keras_signature(reference, name):
    ours = parameters(getattr(kerasviz.Model, name))
    assert ours == reference(lambda keras: parameters(getattr(keras.Model, name)))


def custom(keras):
    """A class of models with a training step in Keras's style."""

    class Custom(keras.Model):
        def train_step(self, data):
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            variables = list(self.trainable_weights)
            gradients = [v.value.grad for v in variables]
            with torch.no_grad():
                self.optimizer.apply(gradients, variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    return Custom


def test_custom_train_step_in_keras_style_equals_keras(reference):
    def make(k):
        inputs = k.layers.Input((6,))
        return custom(k)(inputs, k.layers.Dense(1)(k.layers.Dense(8, "tanh")(inputs)))

    assert_trains_alike(
        reference, lambda keras: fitted(compiled(keras, make, "adam", "mse", metrics=["mae"]), X, NUMBERS)
    )


def test_running_means_of_weights_take_their_place_at_the_end_as_in_keras(reference):
    def run(keras):
        optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
        model = compiled(keras, classifier, optimizer, SPARSE)
        model.fit(X, LABELS, epochs=2, batch_size=16, shuffle=False, verbose=0)
        return model.get_weights()

    assert_close(run(kerasviz), reference(run), 1e-4)

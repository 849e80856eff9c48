import warnings

import keras
import numpy as np
import pytest

import kerasviz

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


def pair(make, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = make(keras, *args, **kwargs)
    ours = make(kerasviz, *args, **kwargs)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


def both(pair, method, *args, **kwargs):
    theirs, ours = pair
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(theirs, method)(*args, **kwargs)
    return expected, getattr(ours, method)(*args, **kwargs)


def assert_same_history(pair, *args, tolerance=2e-4, **kwargs):
    options = {"verbose": 0, "shuffle": False, "epochs": 3, "batch_size": 16, **kwargs}
    expected, got = both(pair, "fit", *args, **options)
    assert list(got.history) == list(expected.history)
    assert got.epoch == expected.epoch
    for name, values in expected.history.items():
        np.testing.assert_allclose(got.history[name], values, rtol=tolerance, atol=tolerance, err_msg=name)


def compile_both(pair, *args, **kwargs):
    for model in pair:
        model.compile(*args, **kwargs)
    return pair


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


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_history_of_fit_equals_keras(case, optimizer):
    make, options, y, loss, metrics = case
    models = compile_both(pair(make, **options), optimizer, loss, metrics=metrics)
    assert_same_history(models, X, y)


def test_history_with_validation_split_equals_keras():
    models = compile_both(pair(classifier), "adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert_same_history(models, X, LABELS, validation_split=0.3)


def test_history_with_weighted_validation_data_and_frequency_equals_keras():
    models = compile_both(pair(classifier), "adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    data = (X[:40], LABELS[:40], WEIGHTS[:40])
    assert_same_history(models, X, LABELS, validation_data=data, validation_freq=2, epochs=4, initial_epoch=1)
    assert_same_history(models, X, LABELS, validation_data=data, validation_steps=1, validation_batch_size=10)


def test_history_with_sample_weights_equals_keras():
    metrics = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy", "mse"]}
    models = compile_both(pair(classifier), "adam", "categorical_crossentropy", **metrics)
    assert_same_history(models, X, ONE_HOT, sample_weight=WEIGHTS)


@pytest.mark.parametrize("y", [LABELS, LABELS[:, None], ONE_HOT], ids=["labels", "column", "one-hot"])
def test_history_with_class_weights_equals_keras(y):
    loss = "categorical_crossentropy" if y is ONE_HOT else "sparse_categorical_crossentropy"
    models = compile_both(pair(classifier), "adam", loss, metrics=["accuracy"])
    assert_same_history(models, X, y, class_weight={0: 1.0, 1: 3.0, 2: 0.5, 3: 1.0})


def test_history_of_a_convolutional_model_equals_keras():
    models = compile_both(pair(convolutional), "adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert_same_history(models, IMAGES, LABELS, validation_split=0.2, tolerance=3e-3)


def test_history_of_a_masked_model_equals_keras():
    tokens = RNG.integers(0, 9, (ROWS, 5))
    targets = RNG.integers(0, 4, (ROWS, 5))
    models = compile_both(pair(masked), "adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert_same_history(models, tokens, targets)


def test_uint8_images_train_as_in_keras():
    images = (IMAGES * 255).astype("uint8")
    models = compile_both(pair(convolutional), "sgd", "sparse_categorical_crossentropy")
    assert_same_history(models, images, LABELS, epochs=1, tolerance=3e-3)


MULTIPLE = {
    "lists": (list, ["sparse_categorical_crossentropy", "mse"], [["accuracy"], ["mae", "mse"]], None),
    "weighted": (list, ["sparse_categorical_crossentropy", "mse"], [["accuracy"], ["mae"]], [1.0, 0.25]),
    "dicts": (
        dict,
        {"label": "sparse_categorical_crossentropy", "number": "mse"},
        {"label": ["accuracy"], "number": ["mae"]},
        {"label": 0.5, "number": 2.0},
    ),
}


@pytest.mark.parametrize("case", MULTIPLE.values(), ids=MULTIPLE)
def test_history_of_several_outputs_equals_keras(case):
    outputs, loss, metrics, weights = case
    models = compile_both(pair(two_headed, outputs), "adam", loss, metrics=metrics, loss_weights=weights)
    y = [LABELS, NUMBERS] if outputs is list else {"label": LABELS, "number": NUMBERS}
    assert_same_history(models, X, y, validation_split=0.2)


def test_values_of_evaluate_have_keras_order():
    options = {"metrics": [["accuracy"], ["mae"]], "weighted_metrics": [["accuracy"], ["mae"]]}
    models = compile_both(pair(two_headed), "sgd", ["sparse_categorical_crossentropy", "mse"], **options)
    expected, got = both(models, "evaluate", X, [LABELS, NUMBERS], verbose=0)
    np.testing.assert_allclose(got, expected, rtol=1e-4)
    expected, got = both(models, "evaluate", X, [LABELS, NUMBERS], verbose=0, return_dict=True)
    assert list(got) == list(expected)


def test_evaluate_with_weights_equals_keras():
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    expected, got = both(models, "evaluate", X, LABELS, sample_weight=WEIGHTS, batch_size=7, verbose=0)
    np.testing.assert_allclose(got, expected, rtol=1e-4)


@pytest.mark.parametrize("outputs", [list, dict])
def test_predict_equals_keras(outputs):
    expected, got = both(pair(two_headed, outputs), "predict", X, batch_size=32, verbose=0)
    assert type(got) is type(expected)
    if outputs is dict:
        expected, got = expected.values(), got.values()
    for one, other in zip(expected, got, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


def test_single_batches_equal_keras():
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for rows in (slice(0, 30), slice(30, 90)):
        expected, got = both(models, "train_on_batch", X[rows], LABELS[rows], sample_weight=WEIGHTS[rows])
        np.testing.assert_allclose(got, expected, rtol=1e-4)
    expected, got = both(models, "test_on_batch", X[:20], LABELS[:20], return_dict=True)
    assert list(got) == list(expected)
    np.testing.assert_allclose(list(got.values()), list(expected.values()), rtol=1e-4)
    expected, got = both(models, "predict_on_batch", X[:5])
    np.testing.assert_allclose(got, expected, rtol=1e-5)


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
def test_metrics_are_named_as_in_keras(metrics):
    def make(k):
        inputs = k.layers.Input((6,))
        return k.Model(inputs, k.layers.Dense(4, "softmax", name="dense_1")(inputs))

    models = compile_both(pair(make), "sgd", "categorical_crossentropy", metrics=metrics)
    assert_same_history(models, X, ONE_HOT, epochs=1)


class Heard:
    def __init__(self, base):
        class Recorder(base):
            def __init__(self, heard):
                super().__init__()
                self.heard = heard

        def hook(name):
            def call(self, *args, logs=None):
                at = tuple(value for value in args if isinstance(value, int))
                logs = args[-1] if len(args) > len(at) else logs
                self.heard.append((name, at, sorted(logs or {})))

            return call

        for name in dir(base):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
                setattr(Recorder, name, hook(name))
        self.heard = []
        self.callback = Recorder(self.heard)


def test_callbacks_hear_what_keras_tells():
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    heard = []
    for model, k in zip(models, (keras, kerasviz), strict=True):
        told = Heard(k.callbacks.Callback)
        options = {"callbacks": [told.callback], "verbose": 0, "batch_size": 40}
        model.fit(X, LABELS, epochs=2, validation_split=0.2, **options)
        model.evaluate(X, LABELS, **options)
        model.predict(X, **options)
        heard.append(told.heard)
    assert heard[1] == heard[0]


@pytest.mark.parametrize("steps", [2, 4, 6, 9])
def test_epochs_of_a_number_of_steps_go_on_where_the_last_stopped_as_in_keras(steps):
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy")
    assert_same_history(models, X, LABELS, steps_per_epoch=steps, epochs=4)


STOPPING = {
    "patience": {"monitor": "val_loss", "patience": 2, "restore_best_weights": True},
    "rising": {"monitor": "val_accuracy", "patience": 1},
    "min_delta": {"monitor": "loss", "min_delta": 0.05, "patience": 1},
    "baseline": {"monitor": "val_loss", "baseline": 0.1, "patience": 3, "restore_best_weights": True},
    "late": {"monitor": "val_loss", "start_from_epoch": 4, "mode": "max"},
}


@pytest.mark.parametrize("options", STOPPING.values(), ids=STOPPING)
def test_early_stopping_stops_where_keras_does(options):
    theirs, ours = compile_both(pair(classifier), "rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    lengths, weights = [], []
    for model, k in ((theirs, keras), (ours, kerasviz)):
        model.optimizer.learning_rate = 0.05
        stop = k.callbacks.EarlyStopping(**options)
        fitted = model.fit(
            X, LABELS, epochs=25, verbose=0, shuffle=False, validation_split=0.4, callbacks=[stop], batch_size=16
        )
        lengths.append((len(fitted.epoch), stop.stopped_epoch, stop.best_epoch, stop.wait))
        weights.append(model.get_weights())
    assert lengths[1] == lengths[0]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(other, one, rtol=5e-2, atol=5e-3)


def test_plateau_lowers_the_rate_where_keras_does():
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy")
    rates = []
    for model, k in zip(models, (keras, kerasviz), strict=True):
        model.optimizer.learning_rate = 0.5
        lower = k.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.02, cooldown=1, min_lr=0.02)
        fitted = model.fit(X, LABELS, epochs=15, verbose=0, shuffle=False, callbacks=[lower], batch_size=16)
        rates.append(fitted.history["learning_rate"])
    np.testing.assert_allclose(rates[1], rates[0], rtol=1e-6)
    assert rates[1][-1] < 0.5


def test_csv_logger_writes_keras_file(tmp_path):
    models = compile_both(pair(classifier), "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    texts = []
    for model, k in zip(models, (keras, kerasviz), strict=True):
        path = tmp_path / f"{k.__name__}.csv"
        callbacks = [k.callbacks.CSVLogger(str(path), separator=";")]
        model.fit(X, LABELS, epochs=2, verbose=0, shuffle=False, validation_split=0.2, callbacks=callbacks)
        texts.append([line.split(";") for line in path.read_text().splitlines()])
    assert texts[1][0] == texts[0][0]
    np.testing.assert_allclose(np.array(texts[1][1:], float), np.array(texts[0][1:], float), rtol=1e-4)


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "CSVLogger", "History"])
def test_callbacks_have_keras_signature(name):
    import inspect

    expected = inspect.signature(getattr(keras.callbacks, name)).parameters.values()
    got = inspect.signature(getattr(kerasviz.callbacks, name)).parameters.values()
    named = [(p.name, p.default) for p in expected if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    assert [(p.name, p.default) for p in got] == named


@pytest.mark.parametrize("name", ["compile", "fit", "predict", "train_on_batch", "test_on_batch", "compute_loss"])
def test_methods_have_keras_signature(name):
    import inspect

    expected = inspect.signature(getattr(keras.Model, name)).parameters.values()
    got = inspect.signature(getattr(kerasviz.Model, name)).parameters.values()
    assert [(p.name, p.default) for p in got] == [(p.name, p.default) for p in expected]


def test_custom_train_step_in_keras_style_equals_keras():
    import torch

    def model_class(k):
        class Custom(k.Model):
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

    def make(k):
        inputs = k.layers.Input((6,))
        return model_class(k)(inputs, k.layers.Dense(1)(k.layers.Dense(8, "tanh")(inputs)))

    models = compile_both(pair(make), "adam", "mse", metrics=["mae"])
    assert_same_history(models, X, NUMBERS)


def test_running_means_of_weights_take_their_place_at_the_end_as_in_keras():
    theirs, ours = pair(classifier)
    for k, model in ((keras, theirs), (kerasviz, ours)):
        optimizer = k.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        model.fit(X, LABELS, epochs=2, batch_size=16, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)

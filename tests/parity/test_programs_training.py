"""Programs that compile and fit: models in parts, metrics, losses, learning rates and data of one's own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import filled, fitted
from .programs import Programs, drawn, refusals, regressor, sequential

X, Y = drawn(32, 4), drawn(32, 1)
CLASSES = np.arange(32) % 3
program = Programs()

# --- models in their parts ------------------------------------------------------------------------------------------


@program
def several_inputs_and_outputs(keras):
    layers = keras.layers
    lengths = {"title": None, "body": None, "tags": 5}
    title, body, tags = (keras.Input((length,), name=name) for name, length in lengths.items())
    words = [layers.LSTM(4)(layers.Embedding(20, 4)(title)), layers.LSTM(3)(layers.Embedding(20, 4)(body))]
    joined = layers.concatenate([*words, tags])
    outputs = {"priority": layers.Dense(1, name="priority")(joined), "place": layers.Dense(3, name="place")(joined)}
    model = keras.Model({"title": title, "body": body, "tags": tags}, outputs)
    filled(model)
    losses = keras.losses.BinaryCrossentropy(True), keras.losses.CategoricalCrossentropy(True)
    weights = {"priority": 1.0, "place": 0.2}
    model.compile("rmsprop", dict(zip(weights, losses, strict=True)), loss_weights=weights, metrics={"place": ["acc"]})
    tokens = np.arange(320).reshape(32, 10) % 20
    x = {"title": tokens[:, :4], "body": tokens, "tags": drawn(32, 5)}
    return fitted(model, x, {"priority": Y > 0, "place": np.eye(3)[CLASSES]})


@program
def fine_tuning(keras):
    base = sequential(keras, keras.layers.Dense(3), keras.layers.BatchNormalization())
    base.trainable = False
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(base(inputs)))
    filled(model)
    told = []
    for trainable in (False, True):
        base.trainable = trainable
        model.compile(keras.optimizers.SGD(1e-2), "mse")
        counts = [len(model.trainable_weights), len(model.non_trainable_weights)]
        told.append([counts, fitted(model, X, Y), base.layers[-1].get_weights()[2:]])
    return told


@program
def one_layer_that_stays_as_it_is(keras):
    layers = [keras.layers.Dense(3), keras.layers.BatchNormalization(name="still"), keras.layers.Dense(1)]
    model = sequential(keras, *layers)
    model.get_layer("still").trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    fitted(model, X, Y)
    return [np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]


@program
def penalties_of_outputs(keras):
    penalties = [keras.layers.Dense(3, activity_regularizer="l1"), keras.layers.ActivityRegularization(l2=0.1)]
    model = sequential(keras, *penalties, keras.layers.Dense(1))
    model.compile("sgd", "mse")
    return [fitted(model, X, Y), len(model.losses)]


@program
def a_layer_that_adds_the_loss(keras):
    class Endpoint(keras.layers.Layer):
        def call(self, logits, targets=None):
            if targets is not None:
                self.add_loss(keras.losses.BinaryCrossentropy(from_logits=True)(targets, logits))
            return keras.ops.softmax(logits)

    inputs, targets = keras.Input((4,), name="inputs"), keras.Input((2,), name="targets")
    model = keras.Model([inputs, targets], Endpoint()(keras.layers.Dense(2)(inputs), targets))
    filled(model)
    model.compile("adam")
    return fitted(model, [X, (drawn(32, 2) > 0).astype("float32")])


@program
def words_of_differing_number(keras):
    layers = keras.layers
    read = [layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.LSTM(3, return_sequences=True))]
    model = sequential(keras, *read, layers.GRU(2), layers.Dense(1, "sigmoid"), inputs=(None,))
    model.compile("adam", "binary_crossentropy", metrics=["AUC"])
    return fitted(model, np.arange(224).reshape(32, 7) % 9, Y > 0, validation_split=0.25)


# --- losses and metrics ---------------------------------------------------------------------------------------------


@program
def metrics_of_ones_own(keras):
    class Positives(keras.metrics.Metric):
        def __init__(self, name="positives", **options):
            super().__init__(name=name, **options)
            self.count = self.add_weight(name="count", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.count.assign_add(keras.ops.sum(keras.ops.cast(y_pred > 0, "float32")))

        def result(self):
            return self.count

        def reset_state(self):
            self.count.assign(0.0)

    def bias(y_true, y_pred):
        return keras.ops.mean(y_true - y_pred)

    return fitted(regressor(keras, metrics=[Positives(), bias]), X, Y)


@program
def metrics_by_hand(keras):
    mean, error = keras.metrics.Mean(), keras.metrics.MeanSquaredError()
    mean.update_state([1.0, 2.0, 3.0])
    mean(5.0)
    error.update_state([[0.0], [1.0]], [[1.0], [1.0]])
    told = [float(mean.result()), float(error.result()), mean.name, [value.name for value in mean.variables]]
    mean.reset_state()
    return [*told, float(mean.result())]


@program
def a_function_as_the_loss(keras):
    def distance(y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    return fitted(regressor(keras, loss=distance, metrics=["mae"]), X, Y, sample_weight=np.arange(32))


@program
def a_loss_of_ones_own_in_a_file(keras):
    class Scaled(keras.losses.Loss):
        def __init__(self, factor=2.0, **options):
            super().__init__(**options)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * keras.ops.mean(keras.ops.square(y_true - y_pred), -1)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        regressor(keras, loss=Scaled(3.0)).save(path)
        model = keras.models.load_model(path, custom_objects={"Scaled": Scaled})
    return [model.loss.factor, model.evaluate(X, Y, verbose=0)]


@program
def classes_that_weigh_more(keras):
    model = sequential(keras, keras.layers.Dense(3, activation="softmax"))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9)
    metric = keras.metrics.SparseTopKCategoricalAccuracy(2)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=[metric])
    history = fitted(model, X, CLASSES, class_weight={0: 1, 1: 2, 2: 3})
    return [history, float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))]


@program
def what_evaluating_gives(keras):
    model = regressor(keras, metrics=["mae"])
    return [model.evaluate(X, Y, verbose=0), model.metrics_names, [metric.name for metric in model.metrics]]


# --- rates, data and epochs -----------------------------------------------------------------------------------------


@program
def a_learning_rate_set_by_hand(keras):
    optimizer = regressor(keras, keras.optimizers.SGD(0.1)).optimizer
    optimizer.learning_rate.assign(0.02)
    told = [float(keras.ops.convert_to_numpy(optimizer.learning_rate))]
    optimizer.learning_rate = 0.05
    return [*told, float(keras.ops.convert_to_numpy(optimizer.learning_rate))]


@program
def gradients_of_several_batches(keras):
    model = regressor(keras, keras.optimizers.AdamW(gradient_accumulation_steps=2, use_ema=True))
    history = fitted(model, X, Y, batch_size=8)
    return [history, model.get_weights(), len(model.optimizer.variables)]


@program
def batches_of_ones_own(keras):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            rows = slice(8 * index, 8 * index + 8)
            return X[rows], Y[rows]

    model = regressor(keras, metrics=["mae"])
    history = fitted(model, Batches(workers=1), batch_size=None, validation_data=Batches())
    return [history, model.evaluate(Batches(), verbose=0, return_dict=True)]


@program
def answers_by_name(keras):
    inputs = keras.Input((4,), name="x")
    model = keras.Model({"x": inputs}, {"y": keras.layers.Dense(2)(inputs), "z": keras.layers.Dense(1)(inputs)})
    filled(model)
    return model.predict({"x": X}, verbose=0)


@program
def how_a_model_was_compiled(keras):
    model = regressor(keras, keras.optimizers.Adam(0.01), metrics=["mae"])
    config = model.get_compile_config()
    return [sorted(config), config["loss"], config["metrics"]]


@program
def data_that_does_not_fit(keras):
    model, uncompiled = regressor(keras), sequential(keras, keras.layers.Dense(1))
    return refusals(
        lambda: model.fit(X, Y[:10], verbose=0),
        lambda: model.fit(X[:, :2], Y, verbose=0),
        lambda: model.predict(np.ones((3, 7)), verbose=0),
        lambda: model.evaluate(X, verbose=0),
        lambda: uncompiled.fit(X, Y, verbose=0),
        lambda: model.fit(X, Y, verbose=0),
    )


@pytest.mark.parametrize("run", program.values(), ids=program)
def test_program_gives_what_keras_gives(reference, run):
    assert_close(run(kerasviz), reference(run), 2e-4)

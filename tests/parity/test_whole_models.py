"""Whole models against Keras: with the same weights, equal outputs and an equal training.

No bias stands before a BatchNormalization: its gradient is zero but for rounding, and Adam makes whole steps of that.
"""

import copy

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import assert_same_history, called, filled, fitted, made
from .recording import plain

ROWS, CLASSES = 40, 3
RNG = np.random.default_rng(11)
LABELS = RNG.integers(0, CLASSES, ROWS)
NUMBERS = RNG.normal(size=(ROWS, 1)).astype("float32")
VECTORS = RNG.normal(size=(ROWS, 6)).astype("float32")
SERIES = RNG.normal(size=(ROWS, 7, 4)).astype("float32")
IMAGES = RNG.uniform(size=(ROWS, 9, 8, 3)).astype("float32")
VOLUMES = RNG.uniform(size=(ROWS, 5, 6, 4, 2)).astype("float32")
TOKENS = RNG.integers(1, 9, (ROWS, 7))
TOKENS[np.arange(7) >= RNG.integers(2, 8, ROWS)[:, None]] = 0  # sequences of 2 to 7, filled up
WEIGHTS = RNG.uniform(0.2, 2.0, ROWS).astype("float32")
SPARSE = "sparse_categorical_crossentropy"


def mlp(k, policy=None):
    layers = k.layers
    inputs = layers.Input((6,))
    x = layers.Dense(16, "relu", dtype=policy)(inputs)
    x = layers.Dense(8, dtype=policy)(x)
    x = layers.LeakyReLU(0.1, dtype=policy)(x)
    x = layers.LayerNormalization(dtype=policy)(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def penalised(k):
    layers = k.layers
    inputs = layers.Input((6,))
    hidden = {"kernel_regularizer": k.regularizers.L1L2(1e-3, 1e-2), "activity_regularizer": "l2"}
    x = layers.Dense(8, "tanh", **hidden, kernel_constraint=k.constraints.MaxNorm(0.8))(inputs)
    x = layers.Dense(8, "gelu", bias_regularizer="l1", kernel_constraint="unit_norm", bias_constraint="non_neg")(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax", kernel_regularizer="orthogonal_regularizer")(x))


def convolutional(k, policy=None):
    layers = k.layers
    stack = [
        layers.Input((9, 8, 3)),
        layers.Rescaling(2.0, -1.0),
        layers.Conv2D(6, 3, padding="same", use_bias=False, dtype=policy),
        layers.BatchNormalization(momentum=0.9, dtype=policy),
        layers.ReLU(dtype=policy),
        layers.MaxPooling2D(2, padding="same", dtype=policy),
        layers.Conv2D(8, 3, padding="valid", activation="relu", dtype=policy),
        layers.AveragePooling2D(2, dtype=policy),
        layers.Flatten(dtype=policy),
        layers.Dense(CLASSES, "softmax"),
    ]
    return k.Sequential(stack)


def strided(k):
    layers = k.layers
    inputs = layers.Input((9, 8, 3))
    x = layers.ZeroPadding2D(((1, 0), (2, 1)))(inputs)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="elu")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Conv2D(4, (2, 3), dilation_rate=2, groups=2, use_bias=False)(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.UpSampling2D((1, 2))(x)
    x = layers.GlobalMaxPooling2D()(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def lstm_reader(k):
    layers = k.layers
    stack = [layers.Input((7,), dtype="int32"), layers.Embedding(9, 5, mask_zero=True)]
    stack += [layers.LSTM(6, return_sequences=True), layers.LSTM(4), layers.Dense(CLASSES, "softmax")]
    return k.Sequential(stack)


def gru_reader(k):
    layers = k.layers
    stack = [layers.Input((7,), dtype="int32"), layers.Embedding(9, 5, mask_zero=True)]
    stack += [layers.GRU(6, return_sequences=True), layers.GRU(4, reset_after=False), layers.Dense(CLASSES, "softmax")]
    return k.Sequential(stack)


def bidirectional(k):
    layers = k.layers
    inputs = layers.Input((7,), dtype="int32")
    x = layers.Embedding(9, 5, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(4), merge_mode="ave")(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def attentive(k):
    layers = k.layers
    inputs = layers.Input((7,), dtype="int32")
    x = layers.Embedding(9, 8, mask_zero=True)(inputs)
    attended = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, attended]))
    fed = layers.Dense(8)(layers.Dense(16, "gelu")(x))
    x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, fed]))
    x = layers.GlobalAveragePooling1D()(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def residual(k):
    layers = k.layers
    inputs = layers.Input((9, 8, 3))
    stem = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    left = layers.Conv2D(4, 3, padding="same")(stem)
    right = layers.Conv2D(4, 1, activation="sigmoid")(stem)
    added = layers.Add()([stem, left])
    gated = layers.Multiply()([left, right])
    mean = layers.Average()([stem, gated])
    x = layers.Concatenate()([added, gated, mean, layers.Maximum()([left, right])])
    x = layers.Activation("relu")(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(layers.GlobalAveragePooling2D()(x)))


def causal(k):
    layers = k.layers
    inputs = layers.Input((7, 4))
    x = layers.Conv1D(6, 3, padding="causal", activation="relu")(inputs)
    x = layers.Conv1D(6, 2, padding="causal", dilation_rate=2, activation="tanh")(x)
    x = layers.MaxPooling1D(2, 1)(x)
    x = layers.AveragePooling1D(2, padding="same")(x)
    x = layers.Reshape((-1,))(x)
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def volumetric(k):
    layers = k.layers
    stack = [layers.Input((5, 6, 4, 2)), layers.Conv3D(4, 2, activation="relu"), layers.MaxPooling3D(2, padding="same")]
    stack += [
        layers.Conv3D(3, 2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.GlobalAveragePooling3D(),
    ]
    return k.Sequential([*stack, layers.Dense(CLASSES, "softmax")])


def shared(k):
    layers = k.layers
    inputs = layers.Input((7, 4))
    twice = layers.Dense(4, "tanh")
    recurrent = layers.LSTM(4, return_sequences=True)
    x = twice(recurrent(twice(inputs)))
    x = layers.Softmax(axis=1)(recurrent(x))
    return k.Model(inputs, layers.Dense(CLASSES, "softmax")(layers.Flatten()(x)))


def nested(k):
    layers = k.layers
    inner_inputs = layers.Input((6,))
    inner = k.Model(inner_inputs, layers.BatchNormalization()(layers.Dense(6, "relu")(inner_inputs)), name="inner")
    head = k.Sequential([layers.Input((6,)), layers.Dense(4, "tanh"), layers.Dense(CLASSES, "softmax")], name="head")
    inputs = layers.Input((6,))
    x = layers.Add()([inner(inputs), inner(inner(inputs))])
    return k.Model(inputs, head(x * 0.5 + inputs))


MODELS = {
    "mlp": (mlp, VECTORS),
    "penalised": (penalised, VECTORS),
    "convolutional": (convolutional, IMAGES),
    "strided": (strided, IMAGES),
    "lstm reader": (lstm_reader, TOKENS),
    "gru reader": (gru_reader, TOKENS),
    "bidirectional": (bidirectional, TOKENS),
    "attentive": (attentive, TOKENS),
    "residual": (residual, IMAGES),
    "causal": (causal, SERIES),
    "volumetric": (volumetric, VOLUMES),
    "shared": (shared, SERIES),
    "nested": (nested, VECTORS),
}
OPTIMIZERS = {
    "SGD": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    "Adam": {"learning_rate": 0.01},
    "AdamW": {"learning_rate": 0.01, "weight_decay": 0.05},
    "RMSprop": {"learning_rate": 0.005},
}


def history(keras, make, x, y, optimizer, *args, loss=SPARSE, compiled=None, **options):
    """Two epochs of a new model, and the model."""
    model = made(keras, make, *args)
    kept = copy.deepcopy(compiled or {"metrics": ["accuracy"]})
    model.compile(getattr(keras.optimizers, optimizer)(**OPTIMIZERS[optimizer]), loss, **kept)
    return fitted(model, x, y, epochs=2, batch_size=8, **options), model


def assert_trains_alike(reference, run, tolerance=1e-4):
    assert_same_history(plain(run(kerasviz)), reference(run), tolerance)


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_outputs_equal_keras(reference, case):
    make, x = case

    def run(keras):
        model = made(keras, make)
        shapes = [list(weight.shape) for weight in model.weights]
        return [called(model, "predict", x, verbose=0), shapes, int(model.count_params())]

    assert_close(run(kerasviz), reference(run))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_training_equals_keras(reference, case, optimizer):
    make, x = case
    assert_trains_alike(reference, lambda keras: history(keras, make, x, LABELS, optimizer, validation_split=0.2)[0])


@pytest.mark.parametrize(
    "options", [{"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}}, {"sample_weight": WEIGHTS}], ids=["class", "sample"]
)
@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_weighted_training_equals_keras(reference, case, options):
    make, x = case
    compiled = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy", SPARSE]}
    assert_trains_alike(
        reference, lambda keras: history(keras, make, x, LABELS, "Adam", compiled=compiled, **options)[0]
    )


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_weights_after_training_equal_keras(reference, case):
    make, x = case

    def run(keras):
        return history(keras, make, x, LABELS, "SGD")[1].get_weights()

    for ours, theirs in zip(run(kerasviz), reference(run), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def many(k, as_dict):
    layers = k.layers
    left, right = layers.Input((6,), name="left"), layers.Input((7, 4), name="right")
    hidden = layers.Concatenate()([layers.Dense(4, "relu")(left), layers.GRU(4)(right)])
    label = layers.Dense(CLASSES, "softmax", name="label")(hidden)
    number = layers.Dense(1, name="number")(hidden)
    if as_dict:
        return k.Model({"left": left, "right": right}, {"label": label, "number": number})
    return k.Model([left, right], [label, number])


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("as_dict", [False, True], ids=["lists", "dicts"])
def test_several_inputs_and_outputs_equal_keras(reference, as_dict, weighted):
    x = {"left": VECTORS, "right": SERIES} if as_dict else [VECTORS, SERIES]
    y = {"label": LABELS, "number": NUMBERS} if as_dict else [LABELS, NUMBERS]
    loss = {"label": SPARSE, "number": "huber"} if as_dict else [SPARSE, "huber"]
    metrics = {"label": ["accuracy"], "number": ["mae"]} if as_dict else [["accuracy"], ["mae"]]
    weights = {"label": WEIGHTS, "number": WEIGHTS[::-1]} if as_dict else [WEIGHTS, WEIGHTS[::-1]]
    compiled = {"metrics": metrics, "loss_weights": {"label": 0.7, "number": 2.0} if as_dict else [0.7, 2.0]}
    options = {"sample_weight": weights} if weighted else {}

    def run(keras):
        return history(keras, many, x, y, "Adam", as_dict, loss=loss, compiled=compiled, **options)[0]

    assert_trains_alike(reference, run)


@pytest.mark.parametrize(("make", "x"), [(mlp, VECTORS), (convolutional, IMAGES)], ids=["mlp", "convolutional"])
def test_mixed_bfloat16_trains_as_in_keras(reference, make, x):
    def run(keras):
        predicted = called(made(keras, make, "mixed_bfloat16"), "predict", x, verbose=0)
        return [predicted, history(keras, make, x, LABELS, "SGD", "mixed_bfloat16", compiled={"metrics": []})[0]]

    ours, theirs = plain(run(kerasviz)), reference(run)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=0.05, atol=0.02)
    assert ours[1]["values"]["loss"][1] < ours[1]["values"]["loss"][0]
    assert_same_history(ours[1], theirs[1], 0.03)


@pytest.mark.parametrize("case", MODELS.values(), ids=MODELS)
def test_code_written_for_keras_runs_on_ours(reference, case):
    """The config of Keras's model makes ours, and the other way round, with equal outputs."""
    make, x = case
    ours = made(kerasviz, make)
    written = ours.to_json()

    def run(keras):
        again = keras.models.model_from_json(written)
        filled(again)
        return [made(keras, make).to_json(), called(again, "predict", x, verbose=0)]

    theirs, read_by_keras = reference(run)
    again = kerasviz.models.model_from_json(theirs)
    filled(again)
    expected = ours.predict(x, verbose=0)
    np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(read_by_keras, expected, rtol=1e-5, atol=1e-5)

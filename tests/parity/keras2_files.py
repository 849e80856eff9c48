"""Files that Keras 2 wrote, with what it predicts and how it goes on: `recorded/keras2_files.npz`.

Written with TensorFlow 2.15 and its Keras, in an environment of their own:

    pip install tensorflow-cpu==2.15.1 "numpy<2"
    python tests/parity/keras2_files.py tests/parity/recorded/keras2_files.npz

Tests read the record only; they need neither.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Build = Callable[[Any, Any], Any]
CASES: dict[str, Build] = {}


def case(build: Build) -> Build:
    """Put a model into the table, under the name of its function."""
    CASES[build.__name__] = build
    return build


# --- kinds of models --------------------------------------------------------------------------------------------------


@case
def sequential(tf: Any, k: Any) -> Any:
    return k.Sequential([k.layers.Dense(4, "relu", input_shape=(3,)), k.layers.Dropout(0.3), k.layers.Dense(2)])


@case
def sequential_with_input(tf: Any, k: Any) -> Any:
    return k.Sequential([k.Input((3,)), k.layers.Dense(2, "softmax")], name="with_input")


@case
def sequential_built_late(tf: Any, k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(3, "selu"), k.layers.Dense(2)])
    model.build((None, 3))
    model(np.zeros((1, 3), "f4"))
    return model


@case
def functional(tf: Any, k: Any) -> Any:
    one, other = k.Input((3,), name="one"), k.Input((2,), name="other")
    x = k.layers.Concatenate()([k.layers.Dense(3)(one), other])
    return k.Model([one, other], [k.layers.Dense(2, name="first")(x), k.layers.Dense(1, name="second")(x)])


@case
def named_inputs(tf: Any, k: Any) -> Any:
    one, other = k.Input((3,), name="one"), k.Input((2,), name="other")
    return k.Model({"one": one, "other": other}, {"out": k.layers.Dense(2)(k.layers.concatenate([other, one]))})


@case
def shared(tf: Any, k: Any) -> Any:
    one, other = k.Input((3,)), k.Input((3,))
    layer = k.layers.Dense(3, "tanh", name="twice")
    return k.Model([one, other], layer(k.layers.add([layer(one), layer(other)])))


@case
def nested(tf: Any, k: Any) -> Any:
    deep = k.Sequential([k.layers.Dense(3, input_shape=(3,)), k.layers.BatchNormalization()], name="deep")
    inside = k.Input((3,))
    graph = k.Model(inside, [deep(inside), k.layers.Dense(2)(inside)], name="graph")
    inputs = k.Input((3,))
    first, second = graph(inputs)
    again, _ = graph(first)
    return k.Model(inputs, [again, k.layers.Dense(1)(second), deep(again)])


@case
def nested_last(tf: Any, k: Any) -> Any:
    inner = k.Sequential([k.layers.Dense(2, input_shape=(3,))], name="inner")
    inputs = k.Input((3,))
    return k.Model(inputs, [inner(inputs), inner(k.layers.ReLU()(inputs))])


@case
def nested_in_sequential(tf: Any, k: Any) -> Any:
    inside = k.Input((3,))
    graph = k.Model(inside, k.layers.add([inside, k.layers.Dense(3)(inside)]))
    return k.Sequential([graph, k.Sequential([k.layers.Dense(2)])])


@case
def frozen(tf: Any, k: Any) -> Any:
    inner = k.Sequential([k.layers.Dense(3, input_shape=(3,)), k.layers.BatchNormalization(), k.layers.Dense(2)])
    inner.layers[0].trainable = False
    outer = k.Sequential([inner, k.layers.BatchNormalization(trainable=False), k.layers.Dense(2)])
    outer.layers[2].trainable = False
    return outer


@case
def names_with_slashes(tf: Any, k: Any) -> Any:
    inputs = k.Input((3,), name="in/put")
    return k.Model(inputs, k.layers.Dense(2, name="block/one/dense")(k.layers.Dense(2, name="block/one")(inputs)))


# --- layers -----------------------------------------------------------------------------------------------------------


@case
def recurrent(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 3))
    x = k.layers.LSTM(3, return_sequences=True, recurrent_activation="sigmoid")(inputs)
    x = k.layers.GRU(3, return_sequences=True)(x)
    x = k.layers.GRU(3, return_sequences=True, reset_after=False, name="before")(x)
    x, state = k.layers.SimpleRNN(3, return_sequences=True, return_state=True, go_backwards=True)(x)
    return k.Model(inputs, [x, k.layers.LSTM(3, unroll=True, unit_forget_bias=False)(x, initial_state=[state, state])])


@case
def bidirectional(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 3))
    x = k.layers.Bidirectional(k.layers.LSTM(2, return_sequences=True), merge_mode="sum", name="both")(inputs)
    back = k.layers.GRU(2, go_backwards=True, name="back")
    return k.Model(inputs, k.layers.Bidirectional(k.layers.GRU(2, name="forth"), backward_layer=back)(x))


@case
def bidirectional_states(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 3))
    x, *states = k.layers.Bidirectional(k.layers.GRU(2, return_sequences=True, return_state=True))(inputs)
    return k.Model(inputs, k.layers.Bidirectional(k.layers.GRU(2))(x, initial_state=states))


@case
def cells(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 3))
    x = k.layers.RNN([k.layers.LSTMCell(2), k.layers.GRUCell(3)], return_sequences=True)(inputs)
    return k.Model(inputs, k.layers.RNN(k.layers.SimpleRNNCell(2))(x))


@case
def over_time(tf: Any, k: Any) -> Any:
    inputs = k.Input((3, 5, 5, 1))
    x = k.layers.ConvLSTM2D(2, 3, recurrent_activation="sigmoid", return_sequences=True)(inputs)
    return k.Model(
        inputs, k.layers.TimeDistributed(k.layers.Flatten())(k.layers.TimeDistributed(k.layers.Conv2D(2, 2))(x))
    )


@case
def tokens(tf: Any, k: Any) -> Any:
    inputs = k.Input((5,), dtype="int32")
    x = k.layers.Embedding(7, 4, mask_zero=True, input_length=5)(inputs)
    return k.Model(inputs, k.layers.LSTM(3)(k.layers.SpatialDropout1D(0.2)(x)))


@case
def images(tf: Any, k: Any) -> Any:
    inputs = k.Input((8, 8, 2))
    x = k.layers.Conv2D(3, 3, padding="same", activation="elu", kernel_regularizer=k.regularizers.l2(0.01))(inputs)
    x = k.layers.BatchNormalization(momentum=0.9)(k.layers.DepthwiseConv2D(3, depth_multiplier=2)(x))
    x = k.layers.Conv2DTranspose(3, 3, strides=2, padding="same")(k.layers.SeparableConv2D(4, 3)(x))
    x = k.layers.MaxPooling2D()(k.layers.UpSampling2D(interpolation="bilinear")(x))
    x = k.layers.AveragePooling2D(2, 1)(k.layers.ZeroPadding2D((1, 2))(k.layers.Cropping2D(1)(x)))
    return k.Model(
        inputs, k.layers.concatenate([k.layers.GlobalMaxPool2D()(x), k.layers.GlobalAvgPool2D(keepdims=False)(x)])
    )


@case
def series(tf: Any, k: Any) -> Any:
    inputs = k.Input((9, 2))
    x = k.layers.Conv1D(4, 2, padding="causal", dilation_rate=2)(inputs)
    x = k.layers.SeparableConv1D(4, 2)(k.layers.Conv1DTranspose(4, 2)(x))
    x = k.layers.MaxPooling1D(2)(k.layers.LayerNormalization()(x))
    x = k.layers.UpSampling1D()(k.layers.ZeroPadding1D()(k.layers.Cropping1D()(x)))
    return k.Model(inputs, k.layers.Flatten()(k.layers.AveragePooling1D(2)(x)))


@case
def volumes(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 4, 4, 1))
    x = k.layers.MaxPooling3D()(k.layers.Conv3D(2, 2, padding="same")(inputs))
    return k.Model(inputs, k.layers.GlobalAveragePooling3D()(k.layers.Conv3DTranspose(2, 2)(x)))


@case
def activations(tf: Any, k: Any) -> Any:
    layers = [k.layers.Dense(6, k.activations.swish, input_shape=(3,)), k.layers.LeakyReLU(0.2), k.layers.PReLU()]
    layers += [k.layers.ELU(0.5), k.layers.ReLU(6.0, 0.1, 0.05), k.layers.Dense(6, "gelu"), k.layers.Activation("tanh")]
    return k.Sequential([*layers, k.layers.ThresholdedReLU(0.05), k.layers.Dense(3), k.layers.Softmax()])


@case
def attention(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 3))
    x = k.layers.MultiHeadAttention(2, 2)(inputs, inputs)
    x = k.layers.Attention(use_scale=True)([x, inputs])
    return k.Model(inputs, k.layers.AdditiveAttention()([x, inputs, x]))


@case
def merging(tf: Any, k: Any) -> Any:
    a, b = k.Input((3,)), k.Input((3,))
    kinds = (k.layers.Add, k.layers.Subtract, k.layers.Multiply, k.layers.Average, k.layers.Maximum, k.layers.Minimum)
    return k.Model([a, b], [*(kind()([a, b]) for kind in kinds), k.layers.Dot(1, normalize=True)([a, b])])


@case
def shapes(tf: Any, k: Any) -> Any:
    layers = [k.layers.Reshape((2, 3), input_shape=(6,)), k.layers.Permute((2, 1)), k.layers.Masking(0.5)]
    layers += [k.layers.Flatten(), k.layers.RepeatVector(2), k.layers.ActivityRegularization(0.1)]
    return k.Sequential(
        [*layers, k.layers.GaussianNoise(0.1), k.layers.GaussianDropout(0.1), k.layers.AlphaDropout(0.1)]
    )


@case
def normalizations(tf: Any, k: Any) -> Any:
    inputs = k.Input((4, 6))
    x = k.layers.LayerNormalization(axis=[2])(k.layers.GroupNormalization(2)(inputs))
    x = k.layers.BatchNormalization(axis=1, renorm=False, center=False)(k.layers.UnitNormalization()(x))
    return k.Model(inputs, k.layers.BatchNormalization(scale=False, fused=False)(x))


@case
def preprocessing(tf: Any, k: Any) -> Any:
    inputs = k.Input((3,))
    numbers = k.layers.Normalization()
    numbers.adapt(np.arange(12, dtype="f4").reshape(4, 3))
    bins = k.layers.Discretization([-0.5, 0.5])
    x = k.layers.Rescaling(2.0, 0.1)(numbers(inputs))
    return k.Model(inputs, [x, bins(x), k.layers.CategoryEncoding(4, "multi_hot")(k.layers.ReLU()(inputs))])


@case
def initializers(tf: Any, k: Any) -> Any:
    i, r, c = k.initializers, k.regularizers, k.constraints
    first = k.layers.Dense(3, kernel_initializer=i.VarianceScaling(2.0, "fan_out"), bias_initializer=i.Constant(0.5))
    old = tf.compat.v1.keras.initializers
    second = k.layers.Dense(3, kernel_initializer=old.RandomNormal(0.1), kernel_regularizer=r.L1L2(0.1, 0.2))
    third = k.layers.Dense(
        3, kernel_initializer=i.Orthogonal(), kernel_constraint=c.MaxNorm(2), activity_regularizer="l2"
    )
    return k.Sequential([k.Input((3,)), first, second, third, k.layers.Dense(2, bias_constraint=c.UnitNorm())])


@case
def mixed_precision(tf: Any, k: Any) -> Any:
    policy = k.mixed_precision.Policy("mixed_bfloat16")
    layers = [k.layers.Dense(3, dtype=policy, input_shape=(3,)), k.layers.Dense(2, dtype="float32")]
    return k.Sequential([*layers, k.layers.Dense(2, dtype="float64")])


# --- pieces of TensorFlow ---------------------------------------------------------------------------------------------


@case
def operators(tf: Any, k: Any) -> Any:
    a, b = k.Input((3,)), k.Input((3,))
    x = (a + b) * 2.0 - 1.0 / (1.0 + tf.exp(-a)) + a**2.0
    return k.Model([a, b], [x, -x, abs(b) / 2.0, 3.0 - b, tf.maximum(a, b), tf.nn.relu(a), tf.sqrt(tf.square(b))])


@case
def functions(tf: Any, k: Any) -> Any:
    a = k.Input((4, 3))
    x = tf.concat([a, tf.nn.softmax(a, axis=1)], axis=-1)
    y = tf.transpose(tf.reshape(x, (-1, 6, 4)), perm=[0, 2, 1])
    z = tf.squeeze(tf.expand_dims(tf.reduce_mean(y, axis=1, keepdims=True), 1), axis=2)
    return k.Model(
        a, [y, z, tf.reduce_sum(a, axis=[1, 2]), tf.matmul(tf.transpose(a, [0, 2, 1]), y), tf.stack([a, a], axis=1)]
    )


@case
def more_functions(tf: Any, k: Any) -> Any:
    a = k.Input((4, 3))
    logic = tf.logical_or(tf.logical_and(a > 0.2, a <= 0.8), tf.logical_not(a >= 0.0))
    chosen = tf.where(logic, a, 0.5)
    outputs = [chosen, tf.cast(logic, tf.float32), tf.clip_by_value(a, 0.0, 1.0), a // 0.3, a % 0.4, tf.nn.gelu(a)]
    outputs += [tf.nn.leaky_relu(a), tf.nn.leaky_relu(a, 0.3), tf.math.l2_normalize(a, axis=1), tf.nn.log_softmax(a)]
    outputs += [
        tf.tile(a, [1, 2, 1]),
        tf.repeat(a, 2, axis=1),
        tf.pad(a, [[0, 0], [1, 0], [0, 2]], constant_values=3.0),
    ]
    outputs += [tf.gather(a, [2, 0], axis=1), tf.reverse(a, [1]), tf.roll(a, 1, 1), tf.split(a, 2, axis=1)[1]]
    outputs += [tf.one_hot(tf.cast(abs(a), "int32"), 3), tf.cumsum(a, 1), tf.math.reduce_std(a, 2), tf.math.asinh(a)]
    return k.Model(a, [*outputs, tf.unstack(a, axis=1)[2], tf.cast(tf.argmax(a, -1), "float32"), tf.math.sign(a)])


@case
def slices(tf: Any, k: Any) -> Any:
    a = k.Input((4, 3))
    return k.Model(a, [a[:, 0], a[:, 1:3, -1], a[..., ::2], a[:, tf.newaxis, 1:]])


# --- what is compiled -------------------------------------------------------------------------------------------------


def small(k: Any) -> Any:
    layers = [k.layers.Dense(3, "tanh", input_shape=(3,), name="z"), k.layers.BatchNormalization(name="y")]
    return k.Sequential([*layers, k.layers.Dense(2, name="b"), k.layers.Dense(2, name="a")])


def compiled(name: str, optimizer: Callable[[Any], Any], **options: Any) -> None:
    """Put a model that is compiled so into the table."""

    def build(tf: Any, k: Any) -> Any:
        model = small(k)
        made = {key: value(k) if callable(value) else value for key, value in options.items()}
        model.compile(optimizer(k.optimizers), **({"loss": "mse"} | made))
        return model

    CASES[name] = build


compiled("adam", lambda o: o.Adam(0.01))
compiled("adam_amsgrad", lambda o: o.Adam(0.01, amsgrad=True, clipnorm=1.0))
compiled("adamw", lambda o: o.AdamW(0.01, weight_decay=0.01))
compiled("adamax", lambda o: o.Adamax(0.01))
compiled("nadam", lambda o: o.Nadam(0.01))
compiled("sgd", lambda o: o.SGD(0.01))
compiled("sgd_momentum", lambda o: o.SGD(0.01, momentum=0.9, nesterov=True))
compiled("rmsprop", lambda o: o.RMSprop(0.01, momentum=0.5, centered=True))
compiled("adagrad", lambda o: o.Adagrad(0.01))
compiled("adadelta", lambda o: o.Adadelta(0.5))
compiled("ftrl", lambda o: o.Ftrl(0.01))
compiled("adafactor", lambda o: o.Adafactor(0.01))
compiled("lion", lambda o: o.Lion(0.001))
compiled("schedule", lambda o: o.Adam(o.schedules.ExponentialDecay(0.01, 2, 0.5)))
compiled("legacy_adam", lambda o: o.legacy.Adam(0.01, decay=0.1))
compiled("legacy_amsgrad", lambda o: o.legacy.Adam(0.01, amsgrad=True))
compiled("legacy_adamax", lambda o: o.legacy.Adamax(0.01))
compiled("legacy_nadam", lambda o: o.legacy.Nadam(0.01))
compiled("legacy_sgd", lambda o: o.legacy.SGD(0.01, momentum=0.9))
compiled("legacy_rmsprop", lambda o: o.legacy.RMSprop(0.01, momentum=0.5, centered=True))
compiled("legacy_adagrad", lambda o: o.legacy.Adagrad(0.01))
compiled("legacy_adadelta", lambda o: o.legacy.Adadelta(0.5))
compiled("legacy_ftrl", lambda o: o.legacy.Ftrl(0.01))
compiled("scaled", lambda o: importlib.import_module("keras").mixed_precision.LossScaleOptimizer(o.Adam(0.01)))
compiled(
    "scaled_legacy", lambda o: importlib.import_module("keras").mixed_precision.LossScaleOptimizer(o.legacy.Adam(0.01))
)
compiled("ema", lambda o: o.Adam(0.01, use_ema=True, ema_momentum=0.9))
compiled(
    "told_much",
    lambda o: o.Adam(0.01),
    loss=lambda k: k.losses.Huber(0.5, reduction="sum_over_batch_size"),
    metrics=lambda k: ["mae", k.metrics.RootMeanSquaredError("root"), k.metrics.mean_squared_logarithmic_error],
    weighted_metrics=lambda k: [k.metrics.MeanSquaredError()],
    run_eagerly=True,
    steps_per_execution=1,
)


@case
def compiled_per_output(tf: Any, k: Any) -> Any:
    model = functional(tf, k)
    losses = {"first": "mse", "second": k.losses.MeanAbsoluteError()}
    model.compile(
        "rmsprop", losses, metrics={"first": ["mae"], "second": "mse"}, loss_weights={"first": 0.3, "second": 2}
    )
    return model


@case
def compiled_classes(tf: Any, k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(2, "softmax", input_shape=(3,))])
    model.compile("sgd", k.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=["accuracy", k.metrics.AUC(8)])
    return model


# --- refused ----------------------------------------------------------------------------------------------------------


@case
def refused_lambda(tf: Any, k: Any) -> Any:
    return k.Sequential([k.layers.Lambda(lambda x: x * 2, input_shape=(3,)), k.layers.Dense(2)])


@case
def refused_operation(tf: Any, k: Any) -> Any:
    a = k.Input((4,))
    return k.Model(a, tf.math.bessel_i0(a))


# --- recording --------------------------------------------------------------------------------------------------------


def data(shape: Any, dtype: str, rng: np.random.Generator) -> np.ndarray:
    """Numbers for one input or target of that shape."""
    size = (4, *(3 if length is None else length for length in shape[1:]))
    return rng.integers(0, 5, size).astype(dtype) if "int" in dtype else rng.normal(size=size).astype("f4")


def leaves(value: Any) -> list[Any]:
    """The parts of a list or dict, or the value alone."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


def recorded(name: str, tf: Any, k: Any) -> dict[str, np.ndarray]:
    """What is kept of one case."""
    k.backend.clear_session()
    k.utils.set_random_seed(1)
    rng = np.random.default_rng(7)
    model = CASES[name](tf, k)
    for weight in model.weights if name != "preprocessing" else ():
        weight.assign(rng.uniform(0.1, 0.9, weight.shape))
    xs = [data(part.shape, part.dtype.name, rng) for part in leaves(model.inputs)]
    given = dict(zip(model.input_names, xs, strict=True)) if isinstance(model._nested_inputs, dict) else xs
    targets = [np.abs(data(part.shape, "f4", rng)) for part in leaves(model.outputs)]
    if name == "compiled_classes":
        targets = [np.eye(2, dtype="f4")[rng.integers(0, 2, 4)]]
    given, target = (given, targets) if len(xs) > 1 or isinstance(given, dict) else (xs[0], targets)
    target = target if len(target) > 1 else target[0]
    kept: dict[str, Any] = {f"x{index}": x for index, x in enumerate(xs)}
    if model.optimizer is not None:
        for _ in range(3):
            model.train_on_batch(given, target)
        kept |= {f"y{index}": y for index, y in enumerate(targets)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        model.save(path)
        kept["file"] = np.frombuffer(path.read_bytes(), np.uint8)
    kept |= {f"out{index}": np.asarray(out, "f4") for index, out in enumerate(leaves(model.predict(given, verbose=0)))}
    if model.optimizer is not None:
        kept["told"] = np.asarray(leaves(model.evaluate(given, target, verbose=0)), "f4")
        for _ in range(2):
            model.train_on_batch(given, target)
        kept |= {f"after{index}": np.asarray(weight) for index, weight in enumerate(model.get_weights())}
    return {f"{name}/{key}": value for key, value in kept.items()}


def main() -> None:
    """Write the record."""
    tf, k = importlib.import_module("tensorflow"), importlib.import_module("keras")
    made: dict[str, np.ndarray] = {}
    for name in CASES:
        made |= recorded(name, tf, k)
    np.savez_compressed(sys.argv[1], **made)  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    main()

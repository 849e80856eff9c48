"""Programs with layers of one's own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import fitted
from .programs import Programs, drawn, sequential

X, Y = drawn(16, 4), drawn(16, 1)
program = Programs()


@program
def a_transformer_in_a_file(keras):
    layers, ops = keras.layers, keras.ops

    @keras.saving.register_keras_serializable("programs")
    class Block(layers.Layer):
        def __init__(self, heads, features, rate=0.1, **options):
            super().__init__(**options)
            self.heads, self.features, self.rate = heads, features, rate
            self.attend = layers.MultiHeadAttention(heads, features)
            self.widen = keras.Sequential([layers.Dense(2 * features, "relu"), layers.Dense(features)])
            self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]
            self.drop = layers.Dropout(rate)

        def build(self, input_shape):
            self.attend.build(input_shape, input_shape)
            for part in (self.widen, *self.norms):
                part.build(input_shape)

        def call(self, inputs, training=False):
            attended = self.drop(self.attend(inputs, inputs), training=training)
            middle = self.norms[0](inputs + attended)
            return self.norms[1](middle + self.drop(self.widen(middle), training=training))

        def get_config(self):
            return {**super().get_config(), "heads": self.heads, "features": self.features, "rate": self.rate}

    @keras.saving.register_keras_serializable("programs")
    class Placed(layers.Layer):
        def __init__(self, length, words, features, **options):
            super().__init__(**options)
            self.arguments = {"length": length, "words": words, "features": features}
            self.words, self.places = layers.Embedding(words, features), layers.Embedding(length, features)

        def build(self, input_shape):
            self.words.build(input_shape)
            self.places.build(input_shape)

        def call(self, inputs):
            return self.words(inputs) + self.places(ops.arange(0, ops.shape(inputs)[-1], 1))

        def get_config(self):
            return {**super().get_config(), **self.arguments}

    pooled = layers.GlobalAveragePooling1D()
    model = sequential(keras, Placed(6, 10, 4), Block(2, 4, 0.0), pooled, layers.Dense(2, "softmax"), inputs=(6,))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    words = np.arange(96).reshape(16, 6) % 10
    history = fitted(model, words, np.arange(16) % 2, validation_split=0.25)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    return [history, model.count_params(), loaded.predict(words[:3], verbose=0)]


@program
def recurrent_cells_of_ones_own(keras):
    class Minimal(keras.layers.Layer):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
            self.again = self.add_weight(shape=(self.units, self.units), initializer="uniform", name="again")

        def call(self, inputs, states):
            state = inputs @ self.kernel + states[0] @ self.again
            return state, [state]

    model = sequential(keras, keras.layers.RNN([Minimal(4), Minimal(3)]), inputs=(None, 4))
    return [model(drawn(2, 6, 4)), model.count_params()]


@program
def weights_of_every_form(keras):
    class Weights(keras.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 2), initializer="ones", name="w", trainable=True)
            self.b = self.add_weight((2,), name="b")
            self.c = self.add_weight(name="c", shape=(), dtype="int32", initializer="zeros", trainable=False)

        def call(self, inputs):
            return inputs @ self.w

    layer = Weights()
    outputs = layer(X)
    listed = [[weight.name, list(weight.shape), weight.trainable] for weight in layer.weights]
    return [outputs, listed, layer.count_params()]


@program
def a_layer_that_counts(keras):
    class Counter(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, inputs):
            self.count.assign_add(1.0)
            return inputs * self.count

    model = sequential(keras, Counter(), keras.layers.Dense(1))
    model.compile("sgd", "mse")
    return [fitted(model, X, Y, batch_size=4), keras.ops.convert_to_numpy(model.layers[0].count)]


@program
def a_layer_that_is_told_of_training(keras):
    class Told(keras.layers.Layer):
        def call(self, inputs, training=None, mask=None):
            return inputs + (1.0 if training else 0.0)

    layer = Told()
    return [layer(X, training=True), layer(X, training=False), layer(X)]


@program
def a_layer_with_named_inputs(keras):
    class Weighed(keras.layers.Layer):
        def call(self, one, other=None, scale=1.0):
            return one * scale + (0 if other is None else other)

    one, other = keras.Input((4,)), keras.Input((4,))
    return keras.Model([one, other], Weighed()(one, other=other, scale=2.0)).predict([X, X + 1], verbose=0)


@program
def a_layer_with_a_condition(keras):
    class Moved(keras.layers.Layer):
        def call(self, inputs):
            return keras.ops.cond(keras.ops.sum(inputs) > 0, lambda: inputs + 1, lambda: inputs - 1)

    return [Moved()(np.ones((2, 2))), Moved()(-np.ones((2, 2)))]


@program
def layers_that_draw_or_learn_from_data(keras):
    normalize = keras.layers.Normalization()
    normalize.adapt(X)
    dropped = keras.layers.Dropout(0.5, seed=3)(np.ones((1, 6), "float32"), training=True)
    return [normalize(X), list(normalize.mean.shape), dropped]


@program
def types_of_numbers(keras):
    policy = keras.DTypePolicy("mixed_bfloat16")
    layers = [keras.layers.Dense(2, dtype=dtype) for dtype in ("float16", "mixed_float16", policy, None)]
    model = sequential(keras, layers[2], keras.layers.Dense(1, dtype="float32"))
    return [
        [[layer.compute_dtype, layer.variable_dtype] for layer in layers],
        model.outputs[0].dtype,
        model.predict(X, verbose=0),
    ]


@pytest.mark.parametrize("run", program.values(), ids=program)
def test_program_gives_what_keras_gives(reference, run):
    assert_close(run(kerasviz), reference(run), 2e-4)

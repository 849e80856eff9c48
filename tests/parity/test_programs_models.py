"""Programs that make models from parts, and get them back from files."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close
from .models import filled, fitted
from .programs import Programs, drawn, refusals, refused, sequential

X, Y = drawn(16, 4), drawn(16, 1)
IMAGES = drawn(4, 8, 8, 1)
program = Programs()


def small(keras):
    return sequential(keras, keras.layers.Dense(3, "tanh"), keras.layers.Dense(1))


# --- models ---------------------------------------------------------------------------------------------------------


@program
def features_of_every_layer(keras):
    layers = keras.layers
    convolve = [layers.Conv2D(2, 3, activation="relu", name="first"), layers.Conv2D(2, 3, name="second")]
    model = sequential(keras, *convolve, layers.GlobalMaxPooling2D(), inputs=(8, 8, 1))
    every = keras.Model(model.inputs, [layer.output for layer in model.layers])
    last = keras.Model(model.inputs, model.get_layer("second").output)
    return [every.predict(IMAGES, verbose=0), last.predict(IMAGES, verbose=0)]


@program
def operations_on_symbols(keras):
    inputs = keras.Input((4, 3))
    moved = inputs[:, 0] + keras.ops.mean(inputs, axis=1) * 2 - 1
    model = keras.Model(inputs, keras.ops.concatenate([moved, moved], -1) / 2)
    return [model.predict(drawn(2, 4, 3), verbose=0), model.output.shape, model.output.dtype]


@program
def states_from_one_network_to_another(keras):
    layers = keras.layers
    source, target = keras.Input((None, 4)), keras.Input((None, 4))
    _, *states = layers.LSTM(3, return_state=True)(source)
    model = keras.Model(
        [source, target], layers.Dense(2)(layers.LSTM(3, return_sequences=True)(target, initial_state=states))
    )
    filled(model)
    model.compile("adam", "mse")
    history = fitted(model, [drawn(4, 5, 4), drawn(4, 6, 4)], drawn(4, 6, 2))
    return [history, model.predict([drawn(2, 5, 4), drawn(2, 3, 4)], verbose=0)]


@program
def the_same_layers_at_every_moment(keras):
    layers = keras.layers
    timed = [layers.TimeDistributed(layers.Conv2D(2, 3)), layers.TimeDistributed(layers.Flatten())]
    model = sequential(keras, *timed, layers.LSTM(3), layers.Dense(1), inputs=(3, 6, 6, 1))
    model.compile("adam", "mse")
    return [fitted(model, drawn(4, 3, 6, 6, 1), drawn(4, 1)), model.output_shape]


@program
def a_model_within_a_model(keras):
    inner = keras.Sequential([keras.layers.Dense(3, name="a"), keras.layers.Dense(2, name="b")], name="inner")
    inputs = keras.Input((4,), name="inputs")
    model = keras.Model(inputs, keras.layers.Dense(1, name="c")(inner(inputs)))
    return [[weight.path for weight in model.weights], [layer.name for layer in model.layers], inner.input_shape]


@program
def layers_in_lists_and_dicts(keras):
    class Listed(keras.Model):
        def __init__(self):
            super().__init__()
            self.steps = [keras.layers.Dense(3) for _ in range(3)]
            self.named = {"last": keras.layers.Dense(2)}

        def call(self, inputs):
            for step in self.steps:
                inputs = step(inputs)
            return self.named["last"](inputs)

    model = Listed()
    model(X)
    filled(model)
    return [model(X), len(model.weights), len(model.layers), model.count_params()]


@program
def a_graph_as_a_class(keras):
    class Sized(keras.Model):
        def __init__(self, units, **options):
            inputs = keras.Input((4,))
            super().__init__(inputs, keras.layers.Dense(units)(inputs), **options)
            self.units = units

        def get_config(self):
            return {"units": self.units, "name": self.name}

    model = Sized.from_config(Sized(3, name="sized").get_config())
    return [model.output_shape, model.name]


@program
def layers_taken_off_and_put_on(keras):
    model = keras.Sequential()
    for layer in (keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)):
        model.add(layer)
    model.pop()
    model.add(keras.layers.Dense(5))
    return [model.output_shape, model.count_params(), len(model.layers)]


@program
def weights_as_arrays(keras):
    model = sequential(keras, keras.layers.Dense(3), keras.layers.BatchNormalization())
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.trainable = False
    counts = [len(model.trainable_weights), len(model.non_trainable_weights)]
    return [model.get_weights(), [variable.name for variable in model.variables], counts]


@program
def arithmetic_of_variables(keras):
    variable = keras.Variable(np.ones((2, 2), "float32"), name="v")
    variable.assign(variable * 2)
    with keras.name_scope("outer"):
        path = keras.Variable(1.0, name="inner").path
    return [variable + 2, variable @ variable, 1 - variable, keras.ops.sum(variable), path]


# --- files ----------------------------------------------------------------------------------------------------------


@program
def a_model_saved_and_trained_further(keras):
    model = small(keras)
    model.compile("adam", "mse")
    told = [fitted(model, X, Y)]
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    told.append(fitted(loaded, X, Y))
    copies = keras.models.clone_model(model), keras.models.model_from_json(model.to_json())
    return [told, len(loaded.optimizer.variables), [copy.count_params() for copy in copies]]


@program
def weights_in_a_file(keras):
    model, other = small(keras), small(keras)
    wider = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dense(1)])
    other.set_weights([weight * 0 for weight in other.get_weights()])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        other.load_weights(path)
        return [other.get_weights(), refused(lambda: wider.load_weights(path))]


@program
def a_registered_activation(keras):
    @keras.saving.register_keras_serializable("programs")
    def doubled(inputs):
        return inputs * 2

    model = sequential(keras, keras.layers.Dense(2, activation=doubled))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        loaded = keras.models.load_model(Path(folder) / "model.keras")
    return [loaded.layers[0].activation is doubled, loaded.predict(X, verbose=0)]


@program
def copies_with_other_names(keras):
    def renamed(layer):
        return layer.__class__.from_config({**layer.get_config(), "name": f"{layer.name}_copy"})

    layers = [keras.layers.Dense(3, name="a"), keras.layers.Dense(1, name="b")]
    model = keras.models.clone_model(sequential(keras, *layers), clone_function=renamed)
    return [[layer.name for layer in model.layers], model.output_shape]


@program
def a_model_from_its_config(keras):
    model = sequential(keras, keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2)))
    again = keras.Sequential.from_config(model.get_config())
    return [json.loads(model.to_json())["class_name"], again.layers[0].kernel_regularizer.get_config()]


@program
def what_is_refused(keras):
    model = small(keras)
    return refusals(
        lambda: model(np.ones((2, 5))),
        lambda: keras.layers.Dense(-1),
        lambda: keras.optimizers.get("nope"),
        lambda: keras.layers.Conv2D(2, 3)(np.ones((2, 3))),
        lambda: model.get_layer("nope"),
        lambda: model.quantize("nope"),
        lambda: keras.layers.Dense(2)(X),
    )


@pytest.mark.parametrize("run", program.values(), ids=program)
def test_program_gives_what_keras_gives(reference, run):
    assert_close(run(kerasviz), reference(run), 2e-4)

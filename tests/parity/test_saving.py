"""Keras opens our files, and we open Keras's: same predictions, same weights, same optimizer state.

What Keras wrote is in the record, byte by byte; what it makes of our files is in it as numbers.
"""

import json
import zipfile

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.layers.wrappers import TimeDistributed

from .comparing import assert_close

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
]


def image_model(k, dropout=0.3):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((12, 12, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", padding="same", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.UpSampling2D(),
            layers.ZeroPadding2D(1),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(6, activation="gelu", kernel_constraint="max_norm"),
            layers.LayerNormalization(),
            layers.LeakyReLU(),
            layers.Dense(3, activation="softmax"),
        ],
        name="images",
    )


def text_model(k):
    layers = k.layers
    words = k.Input((7,), dtype="int32", name="words")
    x = layers.Embedding(20, 6, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.GRU(5, reset_after=True)(x)
    return k.Model(words, layers.Dense(2, activation="softmax")(x), name="texts")


def branching_model(k):
    layers = k.layers
    a, b = k.Input((4, 5), name="a"), k.Input((5,), name="b")
    both = layers.Bidirectional(layers.LSTM(3, dropout=0.1), merge_mode="sum")(a)
    looked = layers.MultiHeadAttention(2, 3, dropout=0.1)(a, a, use_causal_mask=True)
    stacked = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])(looked)
    shared = layers.Dense(4)
    inner = k.Sequential([k.Input((5,)), layers.Dense(4), layers.BatchNormalization()], name="inner")
    added = layers.Add()([shared(b), shared(b * 2.0), inner(b)])
    merged = layers.Concatenate()([both, added, stacked, layers.Multiply()([inner(b), added])])
    outputs = [layers.Dense(1, name="one")(merged), layers.Dense(2, name="two")(k.ops.relu(merged))]
    return k.Model({"a": a, "b": b}, outputs, name="branches")


def stateful_outputs_model(k):
    layers = k.layers
    x, h, c = k.Input((6, 3)), k.Input((4,)), k.Input((4,))
    y, h_last, c_last = layers.LSTM(4, return_state=True, return_sequences=True)(x, initial_state=[h, c])
    pooled = layers.GlobalAveragePooling1D()(y)
    return k.Model([x, h, c], [pooled, h_last, c_last], name="states")


def nested_model(k):
    layers = k.layers

    def block(width, name):
        x = k.Input((width,))
        y = layers.Dense(width, activation="relu")(x)
        return k.Model(x, layers.Add()([x, y]), name=name)

    inputs = k.Input((4,), name="in")
    first, second = block(4, "first"), block(4, "second")
    return k.Model(inputs, layers.Dense(2)(second(first(first(inputs)))), name="nested")


def ops_model(k):
    ops = k.ops
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    parts = [
        ops.concatenate([a, b], axis=-1),
        ops.softmax(a),
        (a - b) / 2.0 + 3.0 * b,
        a[:, 1:3],
        ops.expand_dims(ops.mean(a, axis=1), -1),
        ops.reshape(ops.transpose(ops.reshape(a, (-1, 2, 2)), (0, 2, 1)), (-1, 4)),
        ops.where(a > 0, a, b),
        ops.clip(a, 0.0, 1.0),
        ops.expand_dims(ops.einsum("bi,bi->b", a, b), -1),
        -(ops.abs(a) ** 2),
        ops.split(b, 2, axis=1)[1],
        a + np.arange(4, dtype="float32"),
    ]
    return k.Model([a, b], k.layers.Concatenate()(parts), name="operations")


MODELS = {
    "images": (image_model, [(12, 12, 1)]),
    "branches": (branching_model, {"a": (4, 5), "b": (5,)}),
    "states": (stateful_outputs_model, [(6, 3), (4,), (4,)]),
    "nested": (nested_model, [(4,)]),
    "operations": (ops_model, [(4,), (4,)]),
    "texts": (text_model, ["words"]),
}


def inputs_for(shapes):
    random = np.random.default_rng(0)

    def one(shape):
        if shape == "words":
            return random.integers(0, 20, size=(5, 7)).astype("int32")
        return random.normal(size=(5, *shape)).astype("float32")

    if isinstance(shapes, dict):
        return {name: one(shape) for name, shape in shapes.items()}
    made = [one(shape) for shape in shapes]
    return made[0] if len(made) == 1 else made


def tensors(value):
    if isinstance(value, dict):
        return {name: tensors(part) for name, part in value.items()}
    return [tensors(part) for part in value] if isinstance(value, list) else torch.tensor(value)


def outputs_of(model, inputs):
    values = model(tensors(inputs), training=False)
    return [v.detach().numpy() for v in (values if isinstance(values, (list, tuple)) else [values])]


def scramble(model):
    random = np.random.default_rng(5)
    model.set_weights([random.uniform(0.1, 0.6, size=w.shape).astype("float32") for w in model.get_weights()])


def assert_same(one, other, inputs):
    assert_near(outputs_of(one, inputs), outputs_of(other, inputs))


def assert_near(ours, theirs):
    assert_close(ours, theirs, 1e-4)


def names_of(model):
    return [layer.name for layer in model.layers]


def content(path):
    return np.frombuffer(path.read_bytes(), np.uint8)


def written(path, known):
    """A file that Keras wrote, put at a path of ours."""
    path.write_bytes(known.tobytes())
    return path


@pytest.mark.parametrize("name", MODELS)
def test_we_open_keras_files_with_equal_predictions(reference, name, tmp_path):
    make, shapes = MODELS[name]

    def saved(keras):
        model, path = make(keras), tmp_path / "theirs.keras"
        scramble(model)
        model.save(path)
        return [content(path), names_of(model), outputs_of(model, inputs_for(shapes))]

    known, names, outputs = reference(saved)
    ours = kerasviz.saving.load_model(written(tmp_path / "model.keras", known))
    assert_near(outputs_of(ours, inputs_for(shapes)), outputs)
    assert names_of(ours) == names


@pytest.mark.parametrize("name", MODELS)
def test_keras_opens_our_files_with_equal_predictions(reference, name, tmp_path):
    make, shapes = MODELS[name]
    ours = make(kerasviz)
    scramble(ours)
    ours.save(tmp_path / "model.keras")

    def read(keras):
        model = keras.saving.load_model(tmp_path / "model.keras")
        return [names_of(model) == names_of(ours), kinds_of(model), outputs_of(model, inputs_for(shapes))]

    has_same_names, kinds, outputs = reference(read)
    assert_near(outputs_of(ours, inputs_for(shapes)), outputs)
    assert kinds_of(ours) == kinds
    assert has_same_names  # automatic ones depend on what was made before, so that they are not in the record


def kinds_of(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("name", MODELS)
def test_our_own_files_come_back_equal(name, tmp_path):
    make, shapes = MODELS[name]
    ours = make(kerasviz)
    scramble(ours)
    ours.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    assert_same(ours, again, inputs_for(shapes))
    assert names_of(again) == names_of(ours)
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", MODELS)
def test_weights_files_have_keras_layout(reference, name, tmp_path):
    make, _ = MODELS[name]
    ours = make(kerasviz)
    scramble(ours)
    ours.save_weights(tmp_path / "ours.weights.h5")

    def rewritten(keras):
        theirs = make(keras)
        theirs.load_weights(tmp_path / "ours.weights.h5")
        theirs.save_weights(tmp_path / "theirs.weights.h5")
        return [content(tmp_path / "theirs.weights.h5"), theirs.get_weights()]

    known, weights = reference(rewritten)
    path = written(tmp_path / "known.weights.h5", known)
    assert arrays(tmp_path / "ours.weights.h5") == arrays(path)
    back = make(kerasviz)
    back.load_weights(path)
    assert_close(ours.get_weights(), weights, 0)
    assert_close(back.get_weights(), weights, 0)


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()].tolist()}) if hasattr(item, "shape") else None)
    return {name: numbers for name, numbers in found.items() if "/seed_generator/" not in name}  # Keras keeps none


@pytest.mark.parametrize("name", MODELS)
def test_json_goes_both_ways(reference, name):
    make, shapes = MODELS[name]
    ours = make(kerasviz)
    scramble(ours)
    config = ours.to_json()

    def read(keras):
        theirs = keras.models.model_from_json(config)
        scramble(theirs)
        return [theirs.to_json(), outputs_of(theirs, inputs_for(shapes))]

    theirs, outputs = reference(read)
    assert_near(outputs_of(ours, inputs_for(shapes)), outputs)
    back = kerasviz.saving.model_from_json(theirs)
    scramble(back)
    assert_same(ours, back, inputs_for(shapes))


def test_a_mask_that_an_embedding_makes_needs_no_node_of_its_own(reference, tmp_path):
    def saved(keras):
        text_model(keras).save(tmp_path / "theirs.keras")
        return content(tmp_path / "theirs.keras")

    ours = kerasviz.saving.load_model(written(tmp_path / "model.keras", reference(saved)))
    assert [type(op).__name__ for op in ours.operations] == [
        "InputLayer",
        "Embedding",
        "Bidirectional",
        "GRU",
        "Dense",
    ]


OPTIMIZERS = [
    ("Adam", {"learning_rate": 0.01}),
    ("AdamW", {"weight_decay": 0.01}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("RMSprop", {"centered": True}),
]
OF_EACH = pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS, ids=[name for name, _ in OPTIMIZERS])


def trained(k, optimizer, options, dropout=0.0):
    model = image_model(k, dropout)
    scramble(model)
    chosen = getattr(k.optimizers, optimizer)(**options)
    model.compile(chosen, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = inputs_for([(12, 12, 1)]), np.arange(5) % 3
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    return model


def state(optimizer):
    return [np.asarray(v.numpy() if hasattr(v, "numpy") else v) for v in optimizer.variables]


def evaluated(model):
    x, y = inputs_for([(12, 12, 1)]), np.arange(5) % 3
    return [float(value) for value in model.evaluate(x, y, verbose=0)]


@OF_EACH
def test_optimizer_state_and_compile_arguments_come_from_keras(reference, optimizer, options, tmp_path):
    def saved(keras):
        theirs = trained(keras, optimizer, options)
        theirs.save(tmp_path / "theirs.keras")
        return [content(tmp_path / "theirs.keras"), state(theirs.optimizer), evaluated(theirs)]

    known, numbers, values = reference(saved)
    ours = kerasviz.saving.load_model(written(tmp_path / "model.keras", known))
    assert type(ours.optimizer).__name__ == optimizer
    for a, b in zip(state(ours.optimizer), numbers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(evaluated(ours), values, rtol=1e-4)


@OF_EACH
def test_optimizer_state_and_compile_arguments_go_to_keras(reference, optimizer, options, tmp_path):
    ours = trained(kerasviz, optimizer, options)
    ours.save(tmp_path / "model.keras")

    def read(keras):
        theirs = keras.saving.load_model(tmp_path / "model.keras")
        pairs = zip(state(ours.optimizer), state(theirs.optimizer), strict=True)
        return [state(theirs.optimizer), all(np.allclose(a, b, rtol=1e-6) for a, b in pairs), evaluated(theirs)]

    numbers, is_the_same, values = reference(read)
    assert is_the_same
    for a, b in zip(state(ours.optimizer), numbers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-4)  # on another machine than that of the record
    np.testing.assert_allclose(evaluated(ours), values, rtol=1e-4)


def test_the_archive_has_keras_entries(tmp_path):
    nested_model(kerasviz).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert set(archive.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}
        assert set(json.loads(archive.read("metadata.json"))) == {"keras_version", "date_saved"}


def inner_layer(k):
    """A layer with layers in attributes of every kind."""
    dense = k.layers.Dense

    class Inner(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.parts = {"x": dense(3, name="other"), "y": dense(3)}
            self._hidden = dense(3)
            self.nested = [[dense(3)], [dense(3)]]
            self.alias = self.zeta = dense(3)

        def build(self, shape):
            for layer in self.all():
                layer.build(shape)
            self.gain = self.add_weight(shape=(3,), initializer="ones", name="gain")

        def all(self):
            return [*self.parts.values(), self._hidden, self.nested[0][0], self.nested[1][0], self.zeta]

        def call(self, inputs):
            for layer in self.all():
                inputs = layer(inputs)
            return inputs * self.gain

    return Inner


def subclass(k):
    """The same model for either package."""
    dense, lstm, inner = k.layers.Dense, k.layers.LSTM, inner_layer(k)

    class Outer(k.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.first = dense(units)
            self.blocks = [dense(3), lstm(2, return_sequences=True)]
            self.named = {"x": dense(3)}
            self._last = lstm(2)
            self.inner = inner()
            self.zeta = dense(3)

        def call(self, inputs, training=None):
            for layer in (self.first, *self.blocks, self.named["x"], self.inner, self.zeta, self._last):
                inputs = layer(inputs)
            return inputs

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Outer


Ours = subclass(kerasviz)


def test_subclassed_models_have_keras_places_in_the_file(reference, tmp_path):
    x = inputs_for([(6, 3)])
    ours = Ours()
    ours(x)
    scramble(ours)
    ours.save_weights(tmp_path / "ours.weights.h5")

    def rewritten(keras):
        theirs = subclass(keras)()
        theirs(x)
        theirs.load_weights(tmp_path / "ours.weights.h5")
        theirs.save_weights(tmp_path / "theirs.weights.h5")
        return [content(tmp_path / "theirs.weights.h5"), outputs_of(theirs, x)]

    known, outputs = reference(rewritten)
    path = written(tmp_path / "known.weights.h5", known)
    assert_near(outputs_of(ours, x), outputs)
    assert arrays(tmp_path / "ours.weights.h5") == arrays(path)
    again = Ours()
    again(x)
    again.load_weights(path)
    assert_same(ours, again, x)


def test_a_subclassed_model_comes_back_with_custom_objects(tmp_path):
    x = inputs_for([(6, 3)])
    ours = Ours(units=5)
    ours(x)
    ours.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras", custom_objects={"Outer": Ours})
    assert_same(ours, again, x)


def test_weights_in_bfloat16_go_both_ways(reference, tmp_path):
    def half(k):
        return k.Sequential([k.Input((3,)), k.layers.Dense(2, dtype="bfloat16")])

    def floats(weights):
        return [torch.as_tensor(getattr(w, "value", w)).detach().float() for w in weights]

    ours = half(kerasviz)
    ours.set_weights([np.arange(6).reshape(3, 2) / 7, np.arange(2) / 3])
    ours.save_weights(tmp_path / "ours.weights.h5")

    def rewritten(keras):
        theirs = half(keras)
        theirs.load_weights(tmp_path / "ours.weights.h5")
        theirs.save_weights(tmp_path / "theirs.weights.h5")
        return [content(tmp_path / "theirs.weights.h5"), floats(theirs.weights)]

    known, weights = reference(rewritten)
    assert_close(floats(ours.weights), weights, 0)
    again = half(kerasviz)
    again.load_weights(written(tmp_path / "known.weights.h5", known))
    assert_close(floats(again.weights), weights, 0)


def test_layers_at_every_moment_go_both_ways(reference, tmp_path):
    def model(k, wrap):
        made = k.Sequential([k.Input((4, 3)), wrap(k.layers.Dense(2)), k.layers.Flatten()], name="moments")
        scramble(made)
        return made

    x = inputs_for([(4, 3)])
    mine = model(kerasviz, TimeDistributed)
    mine.save_weights(tmp_path / "ours.weights.h5")

    def saved(keras):
        theirs = model(keras, keras.layers.TimeDistributed)
        theirs.save(tmp_path / "theirs.keras")
        first = outputs_of(theirs, x)
        theirs.load_weights(tmp_path / "ours.weights.h5")
        return [content(tmp_path / "theirs.keras"), first, outputs_of(theirs, x)]

    known, outputs, read = reference(saved)
    objects = {"TimeDistributed": TimeDistributed}
    ours = kerasviz.saving.load_model(written(tmp_path / "model.keras", known), custom_objects=objects)
    assert_near(outputs_of(ours, x), outputs)
    assert_near(outputs_of(mine, x), read)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_weights_in_several_files_go_both_ways(reference, tmp_path):
    def model(k):
        made = k.Sequential([k.Input((64,)), *[k.layers.Dense(64) for _ in range(3)]])
        made.set_weights([np.full(w.shape, place / 8, "float32") for place, w in enumerate(made.get_weights())])
        return made

    ours, back = model(kerasviz), model(kerasviz)
    ours.save_weights(tmp_path / "ours.weights.json", max_shard_size=32 * 2**-20)

    def rewritten(keras):
        theirs = model(keras)
        theirs.load_weights(tmp_path / "ours.weights.json")
        theirs.save_weights(tmp_path / "theirs.weights.json", max_shard_size=20 * 2**-20)
        files = sorted(tmp_path.glob("theirs*"))
        return [{path.name: content(path) for path in files}, theirs.get_weights()]

    files, weights = reference(rewritten)
    for name, known in files.items():
        written(tmp_path / name, known)
    assert len(files) > 2
    back.set_weights([w * 0 for w in back.get_weights()])
    back.load_weights(tmp_path / "theirs.weights.json")
    assert_close(ours.get_weights(), weights, 0)
    assert_close(back.get_weights(), weights, 0)


@OF_EACH
def test_training_goes_on_as_if_never_saved(optimizer, options, tmp_path):
    ours = trained(kerasviz, optimizer, options, dropout=0.3)
    ours.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    x, y = inputs_for([(12, 12, 1)]), np.arange(5) % 3
    for model in (ours, again):
        kerasviz.utils.set_random_seed(0)  # what dropout draws is not in the file
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(ours.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)  # the rate is a float32 in the file


@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")  # of Keras: neither was trained
def test_compile_arguments_of_every_form_go_both_ways(reference, tmp_path):
    def compiled(k):
        x = k.Input((3,), name="x")
        model = k.Model(x, {"one": k.layers.Dense(1, name="one")(x), "two": k.layers.Dense(2, name="two")(x)})
        scramble(model)
        rate = k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
        model.compile(
            k.optimizers.SGD(rate, momentum=0.5, clipnorm=1.0),
            loss={"one": "mse", "two": k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)},
            loss_weights={"one": 1.0, "two": 0.5},
            metrics={"one": ["mae"], "two": [k.metrics.CategoricalAccuracy(name="right"), "categorical_crossentropy"]},
        )
        return model

    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    y = {"one": np.ones((6, 1), "float32"), "two": np.eye(2, dtype="float32")[np.arange(6) % 2]}

    def values(model):
        return {name: float(value) for name, value in model.evaluate(x, y, verbose=0, return_dict=True).items()}

    ours = compiled(kerasviz)
    ours.save(tmp_path / "ours.keras")

    def known_to(keras):
        theirs = compiled(keras)
        theirs.save(tmp_path / "theirs.keras")
        read = keras.saving.load_model(tmp_path / "ours.keras")
        return [content(tmp_path / "theirs.keras"), values(theirs), values(read)]

    known, wanted, read_by_keras = reference(known_to)
    read_by_us = values(kerasviz.saving.load_model(written(tmp_path / "theirs.keras", known)))
    for found in (values(ours), read_by_keras, read_by_us):
        assert_close(found, wanted)

"""Torch's own way to keep weights: `state_dict`, `torch.save`, `torch.load` and `load_state_dict`."""

import contextlib

import numpy as np
import pytest
import torch
from torch import nn

import kerasviz
from kerasviz import Input, Model, Sequential, layers
from kerasviz.tensors import convert_to_numpy


def plain():
    return Sequential(
        [Input((6,)), layers.Dense(4, "relu"), layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(2)]
    )


def convolving():
    return Sequential(
        [
            Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same"),
            layers.SeparableConv2D(3, 2),
            layers.GroupNormalization(1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


def shared():
    dense = layers.Dense(4)
    a, b = Input((4,)), Input((4,))
    return Model([a, b], layers.Dense(1)(layers.Add()([dense(a), dense(b)])))


def nested():
    inputs = Input((5, 3))
    inner = Sequential(
        [layers.Dense(4), Sequential([layers.Dense(3), layers.Dropout(0.2)]), layers.LayerNormalization()]
    )
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inner(inputs))
    return Model(inputs, layers.GRU(2)(x))


def attending():
    tokens = Input((5,), dtype="int32")
    x = layers.Embedding(10, 8)(tokens)
    return Model(tokens, layers.MultiHeadAttention(2, 4)(x, x))


class Own(Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(4)
        self.blocks = [layers.Dense(4) for _ in range(2)]
        self.ends = {"a": layers.Dense(2)}
        self.torch_part = nn.Linear(4, 4)

    def call(self, inputs):
        x = self.torch_part(self.first(inputs))
        for block in self.blocks:
            x = block(x)
        return self.ends["a"](x)


def own():
    model = Own()
    model.build((None, 6))
    return model


def of_torch():
    return Sequential([Input((6,)), nn.Linear(6, 4), nn.BatchNorm1d(4), layers.Dense(2)])


def adapted():
    inputs = Input((6,))
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(1).normal(size=(20, 6)))
    return Model(inputs, layers.Dense(2)(normalization(inputs)))


def half():
    return Sequential([Input((6,)), layers.Dense(4, dtype="mixed_bfloat16"), layers.Dense(2, dtype="bfloat16")])


MODELS = {
    "plain": plain,
    "convolving": convolving,
    "shared": shared,
    "nested": nested,
    "attending": attending,
    "own": own,
    "of torch": of_torch,
    "adapted": adapted,
    "half": half,
}


def changed(model):
    """The model with other numbers everywhere."""
    random = np.random.default_rng(3)
    for variable in model.variables:
        if variable.is_floating_point():
            variable.assign(random.uniform(0.1, 1.0, variable.shape))
    return model


def values(model):
    return [convert_to_numpy(v) for v in model.state_dict().values()]


def assert_same(one, two):
    for a, b in zip(values(one), values(two), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_built_equally_takes_all(name, tmp_path):
    first, second = changed(MODELS[name]()), MODELS[name]()
    torch.save(first.state_dict(), tmp_path / "a.pt")
    answer = second.load_state_dict(torch.load(tmp_path / "a.pt", weights_only=True), strict=True)
    assert not answer.missing_keys
    assert not answer.unexpected_keys
    assert_same(first, second)


@pytest.mark.parametrize("name", MODELS)
def test_what_is_kept_is_plain_tensors(name):
    for value in changed(MODELS[name]()).state_dict().values():
        assert type(value) is torch.Tensor
        assert not value.requires_grad


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("of torch", "own")])
def test_a_model_that_is_loaded_from_a_file_has_the_same_names(name, tmp_path):
    model = changed(MODELS[name]())
    model.save(tmp_path / "a.keras")
    again = kerasviz.saving.load_model(tmp_path / "a.keras")
    assert list(again.state_dict()) == list(model.state_dict())
    again.load_state_dict(model.state_dict(), strict=True)


def test_names_are_those_of_layers_or_attributes_and_of_weights():
    inputs = Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2), name="both")(inputs)
    inner = Sequential([layers.Dense(2, name="a"), layers.BatchNormalization(name="b")], name="inner")
    assert set(Model(inputs, inner(x)).state_dict()) == {
        *(f"both.{way}_layer.cell.{name}" for way in ("forward", "backward") for name in CELL),
        *("inner.a.kernel", "inner.a.bias", "inner.b.gamma", "inner.b.beta"),
        *("inner.b.moving_mean", "inner.b.moving_variance"),
    }
    assert list(own().state_dict()) == [
        *("first.kernel", "first.bias", "blocks_0.kernel", "blocks_0.bias", "blocks_1.kernel", "blocks_1.bias"),
        *("ends_a.kernel", "ends_a.bias", "torch_part.weight", "torch_part.bias"),
    ]


@pytest.mark.parametrize("make", ["Sequential", "Model"])
def test_names_that_differ_only_in_dots_stay_apart(make):
    inputs, first, second = Input((3,)), layers.Dense(3, name="a.b"), layers.Dense(3, name="a_b")
    model = Sequential([inputs, first, second]) if make == "Sequential" else Model(inputs, second(first(inputs)))
    assert list(model.state_dict()) == ["a_b.kernel", "a_b.bias", "a_b_.kernel", "a_b_.bias"]
    assert len(list(model.parameters())) == len(model.weights)
    if make == "Sequential":
        model.pop()
        assert list(model.state_dict()) == ["a_b.kernel", "a_b.bias"]


CELL = ("kernel", "recurrent_kernel", "bias", "seed_generator.state")


@pytest.mark.parametrize("name", ["plain", "nested"])
def test_models_inside_others_take_what_equal_ones_had(name):
    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = MODELS[name]()

    first, second = Holder(), Holder()
    changed(first.part)
    second.load_state_dict(first.state_dict(), strict=True)
    assert_same(first.part, second.part)


def test_names_that_users_gave_are_not_taken_for_numbers():
    def made(*names):
        return Sequential([Input((3,)), *(layers.Dense(3, name=name) for name in names)])

    first, second = changed(made("block_1", "block_2")), made("block_2", "block_1")
    second.load_state_dict(first.state_dict(), strict=True)
    for name in ("block_1", "block_2"):
        np.testing.assert_array_equal(first.get_layer(name).get_weights()[0], second.get_layer(name).get_weights()[0])


@pytest.mark.parametrize("strict", [True, False])
def test_other_models_are_told_apart(strict):
    first = Sequential([Input((6,)), layers.Dense(4), layers.Dense(2)])
    second = Sequential([Input((6,)), layers.Dense(4), layers.LayerNormalization()])
    before = values(second)
    with pytest.raises(RuntimeError, match="Unexpected key") if strict else contextlib.nullcontext():
        second.load_state_dict(first.state_dict(), strict=strict)
    for one, two in zip(before, values(second), strict=True):
        np.testing.assert_array_equal(one, two)


def test_other_shapes_are_told():
    first = Sequential([Input((6,)), layers.Dense(4)])
    with pytest.raises(RuntimeError, match="size mismatch"):
        Sequential([Input((6,)), layers.Dense(5)]).load_state_dict(first.state_dict())


def test_states_without_those_of_random_numbers_fit():
    first, second = changed(plain()), plain()
    state = {name: value for name, value in first.state_dict().items() if not name.endswith(".state")}
    second.load_state_dict(state, strict=True)
    np.testing.assert_array_equal(first.layers[0].get_weights()[0], second.layers[0].get_weights()[0])


def test_loading_is_seen_by_what_was_prepared(tmp_path):
    first, second = changed(plain()), plain()
    x = np.random.default_rng(1).normal(size=(5, 6)).astype("float32")
    second.compile("sgd", "mse")
    second.predict(x, verbose=0)
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(second.predict(x, verbose=0), first.predict(x, verbose=0))


def test_torchs_own_layers_take_the_tensors():
    model = changed(
        Sequential(
            [
                Input((8, 8, 3)),
                layers.Conv2D(4, 3, activation="relu"),
                layers.BatchNormalization(axis=-1, epsilon=1e-5),
                layers.Flatten(),
                layers.Dense(5),
                layers.LayerNormalization(epsilon=1e-5),
                layers.Dense(2),
            ]
        )
    )
    plain_torch = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.ReLU(),
        nn.BatchNorm2d(4),
        Last(),
        nn.Flatten(),
        nn.Linear(144, 5),
        nn.LayerNorm(5),
        nn.Linear(5, 2),
    )
    conv, normalization, _, dense, layer_norm, last = ([*layer.state_dict().values()] for layer in model.layers)
    taken = {
        "0.weight": conv[0].permute(3, 2, 0, 1),
        "0.bias": conv[1],
        **dict(zip(("2.weight", "2.bias", "2.running_mean", "2.running_var"), normalization, strict=True)),
        "2.num_batches_tracked": torch.tensor(0),
        "5.weight": dense[0].T,
        "5.bias": dense[1],
        "6.weight": layer_norm[0],
        "6.bias": layer_norm[1],
        "7.weight": last[0].T,
        "7.bias": last[1],
    }
    plain_torch.load_state_dict(taken, strict=True)
    x = torch.randn(2, 8, 8, 3)
    with torch.no_grad():
        torch.testing.assert_close(plain_torch.eval()(x.movedim(-1, 1)), model(x))


class Last(nn.Module):
    def forward(self, x):
        return x.movedim(1, -1)


def test_a_sequential_of_torch_with_our_layers_takes_the_tensors():
    model = changed(Sequential([Input((6,)), layers.Dense(4, "relu"), layers.Dense(2)]))
    made = nn.Sequential(layers.Dense(4, "relu"), layers.Dense(2))
    made(torch.zeros(1, 6))
    state = model.state_dict()
    numbers = {name: str(index) for index, name in enumerate(dict.fromkeys(key.split(".")[0] for key in state))}
    made.load_state_dict({f"{numbers[key.split('.')[0]]}.{key.split('.')[1]}": value for key, value in state.items()})
    x = torch.randn(3, 6)
    torch.testing.assert_close(made(x), model(x))

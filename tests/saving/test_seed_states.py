"""Random numbers of layers go on after a file as if it had never been written: their states are kept in every form."""

import io

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid

SERIES = (5, 4)


def dense_model(layer):
    return kerasviz.Sequential([kerasviz.Input(SERIES), layer, layers.Dense(2)])


def attending(attention):
    inputs = kerasviz.Input(SERIES)
    given = [inputs, inputs] if isinstance(attention, layers.Attention) else inputs
    outputs = attention(given) if isinstance(given, list) else attention(inputs, inputs)
    return kerasviz.Model(inputs, layers.Dense(2)(outputs))


DRAWING = {
    "Dropout": lambda seed=None: dense_model(layers.Dropout(0.5, seed=seed)),
    "SpatialDropout1D": lambda seed=None: dense_model(layers.SpatialDropout1D(0.5, seed=seed)),
    "GaussianNoise": lambda seed=None: dense_model(layers.GaussianNoise(0.5, seed=seed)),
    "GaussianDropout": lambda seed=None: dense_model(layers.GaussianDropout(0.5, seed=seed)),
    "AlphaDropout": lambda seed=None: dense_model(layers.AlphaDropout(0.5, seed=seed)),
    "SimpleRNN": lambda seed=None: dense_model(layers.SimpleRNN(3, dropout=0.5, seed=seed)),
    "LSTM": lambda seed=None: dense_model(layers.LSTM(3, dropout=0.5, recurrent_dropout=0.5, seed=seed)),
    "GRU": lambda seed=None: dense_model(layers.GRU(3, recurrent_dropout=0.5, seed=seed)),
    "Bidirectional": lambda seed=None: dense_model(layers.Bidirectional(layers.LSTM(3, dropout=0.5, seed=seed))),
    "TimeDistributed": lambda seed=None: dense_model(layers.TimeDistributed(layers.Dropout(0.5, seed=seed))),
    "Attention": lambda seed=None: attending(layers.Attention(dropout=0.5, seed=seed)),
    "AdditiveAttention": lambda seed=None: attending(layers.AdditiveAttention(dropout=0.5, seed=seed)),
    "MultiHeadAttention": lambda seed=None: attending(layers.MultiHeadAttention(2, 3, dropout=0.5, seed=seed)),
    "GroupQueryAttention": lambda seed=None: attending(layers.GroupQueryAttention(2, 2, 1, dropout=0.5, seed=seed)),
}


def through_keras(model, path):
    model.save(path / "a.keras")
    return kerasviz.saving.load_model(path / "a.keras")


def through_folder(model, path):
    model.save(path / "a", zipped=False)
    return kerasviz.saving.load_model(path / "a")


def through_weights(ending):
    def there_and_back(model, path):
        model.save_weights(path / f"a{ending}")
        other = kerasviz.models.clone_model(model)
        other.load_weights(path / f"a{ending}")
        return other

    return there_and_back


def through_state_dict(model, path):
    memory = io.BytesIO()
    torch.save(model.state_dict(), memory)
    memory.seek(0)
    other = kerasviz.models.clone_model(model)
    other.load_state_dict(torch.load(memory, weights_only=True), strict=True)
    return other


FORMS = {
    "keras": through_keras,
    "folder": through_folder,
    "weights.h5": through_weights(".weights.h5"),
    "weights.json": through_weights(".weights.json"),
    "safetensors": through_weights(".safetensors"),
    "state_dict": through_state_dict,
}


def noisy(model, times=1):
    x = torch.ones(3, *SERIES)
    return [model(x, training=True).detach() for _ in range(times)]


def states(model):
    return [v.tolist() for v in model.variables if v.name == "seed_generator_state"]


@pytest.mark.parametrize("seed", [None, 3], ids=["unseeded", "seeded"])
@pytest.mark.parametrize("name", DRAWING)
def test_numbers_go_on_after_a_file(name, seed, tmp_path):
    model = DRAWING[name](seed)
    noisy(model, times=3)
    other = through_keras(model, tmp_path)
    for one, two in zip(noisy(model, 3), noisy(other, 3), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["Dropout", "LSTM", "Bidirectional", "MultiHeadAttention"])
def test_every_form_keeps_them(name, form, tmp_path):
    model = DRAWING[name]()
    noisy(model, times=2)
    other = FORMS[form](model, tmp_path)
    assert states(other) == states(model) != []
    for one, two in zip(noisy(model, 2), noisy(other, 2), strict=True):
        assert torch.equal(one, two)


def test_a_training_goes_on_with_the_numbers_that_it_would_have_drawn(tmp_path):
    x, y = np.ones((12, *SERIES), "float32"), np.ones((12, SERIES[0], 2), "float32")
    model = DRAWING["Dropout"]()
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    other = through_keras(model, tmp_path)
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    other.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert states(other) == states(model)


@pytest.mark.parametrize("name", DRAWING)
def test_states_are_variables_but_no_weights(name):
    model = DRAWING[name]()
    weights = {id(v) for v in model.weights}
    drawn = [v for v in model.variables if v.name == "seed_generator_state"]
    assert drawn
    assert not weights & {id(v) for v in drawn}
    assert {id(v) for v in drawn} <= {id(v) for v in model.non_trainable_variables}


def test_what_never_draws_has_no_state():
    model = kerasviz.Sequential([kerasviz.Input((4,)), layers.Dropout(0), layers.GaussianNoise(0), layers.Dense(2)])
    assert states(model) == []


def test_torch_decides_where_they_begin():
    torch.manual_seed(7)
    one = DRAWING["Dropout"]()
    torch.manual_seed(7)
    other = DRAWING["Dropout"]()
    assert states(one) == states(other)
    assert torch.equal(noisy(one)[0], noisy(other)[0])


def test_files_without_states_leave_them_as_they_are(tmp_path):
    model = DRAWING["LSTM"]()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        del file["layers/lstm/cell/seed_generator/vars/0"]
    other = kerasviz.models.clone_model(model)
    before = states(other)
    other.load_weights(tmp_path / "a.weights.h5")
    assert states(other) == before
    entries = {name: value for name, value in model.state_dict().items() if "seed_generator" not in name}
    other.load_state_dict(entries, strict=True)
    assert states(other) == before


def test_whole_numbers_without_a_sign_are_read(tmp_path):
    model = DRAWING["Dropout"]()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        del file["layers/dropout/seed_generator/vars/0"]
        file["layers/dropout/seed_generator/vars/0"] = np.array([2**32 - 1, 5], "uint32")
    model.load_weights(tmp_path / "a.weights.h5")
    assert states(model) == [[-1, 5]]


@pytest.mark.parametrize("state", [np.zeros(3, "int32"), np.zeros(2, "float32"), np.zeros((), "int32")], ids=str)
def test_states_that_are_none_change_nothing(tmp_path, state):
    model = DRAWING["Dropout"]()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        del file["layers/dropout/seed_generator/vars/0"]
        file["layers/dropout/seed_generator/vars/0"] = state
    other = DRAWING["Dropout"]()
    before, drawn = other.get_weights(), states(other)
    with pytest.raises(Invalid, match="two whole numbers"):
        other.load_weights(tmp_path / "a.weights.h5")
    assert states(other) == drawn
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", DRAWING)
def test_shapes_are_found_without_drawing(name):
    model = DRAWING[name]()
    before = states(model)
    model.compute_output_shape((None, *SERIES))
    assert states(model) == before


def test_drawing_runs_on_meta():
    layer = layers.Dropout(0.5)
    assert layer(torch.ones(2, 3, device="meta"), training=True).device.type == "meta"

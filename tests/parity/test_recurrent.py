"""The recurrent layers against Keras: outputs, states and gradients to 1e-5."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
import torch

from kerasviz.layers.bidirectional import Bidirectional
from kerasviz.layers.gru import GRU, GRUCell
from kerasviz.layers.lstm import LSTM, LSTMCell
from kerasviz.layers.recurrent import RNN, StackedRNNCells
from kerasviz.layers.simple_rnn import SimpleRNN, SimpleRNNCell

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras

OURS = {
    "LSTM": LSTM,
    "GRU": GRU,
    "SimpleRNN": SimpleRNN,
    "LSTMCell": LSTMCell,
    "GRUCell": GRUCell,
    "SimpleRNNCell": SimpleRNNCell,
}
BATCH, TIME, FEATURES, UNITS = 4, 6, 3, 5
MASKS = {
    "none": None,
    "right": [[1, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0], [1] * 6, [1, 1, 1, 0, 0, 0]],
    "left": [[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1], [1] * 6, [0, 1, 1, 1, 1, 1]],
    "gaps": [[0, 1, 0, 1, 1, 0], [1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 0, 1], [1, 1, 0, 0, 0, 1]],
    "empty row": [[0] * 6, [1, 0, 1, 0, 1, 0], [1] * 6, [0, 0, 0, 0, 0, 1]],
}
LAYERS = [
    ("LSTM", {}),
    ("LSTM", {"use_bias": False}),
    ("LSTM", {"activation": "relu", "recurrent_activation": "hard_sigmoid"}),
    ("GRU", {}),
    ("GRU", {"use_bias": False}),
    ("GRU", {"reset_after": False}),
    ("GRU", {"activation": "relu"}),
    ("SimpleRNN", {}),
]
FORMS = [
    {},
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"return_sequences": True, "return_state": True, "zero_output_for_mask": True},
]


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def run(layer, sequences, mask, initial_state=None):
    """Outputs, and the gradients of a fixed weighting of them."""
    inputs = torch.tensor(sequences, requires_grad=True)
    states = None if initial_state is None else [torch.tensor(s, requires_grad=True) for s in initial_state]
    given = {} if mask is None else {"mask": torch.tensor(mask, dtype=torch.bool)}
    if states is not None:
        given["initial_state"] = states
    outputs = listed(layer(inputs, **given))
    weights = np.random.default_rng(7)
    loss = sum((o * torch.tensor(weights.normal(size=tuple(o.shape)).astype("float32"))).sum() for o in outputs)
    wanted = [inputs, *(states or []), *[getattr(w, "value", w) for w in layer.trainable_weights]]
    gradients = torch.autograd.grad(loss, wanted)
    return [o.detach().numpy() for o in outputs], [g.numpy() for g in gradients]


def twins(ours, theirs, shape=(BATCH, TIME, FEATURES)):
    """Both built, with the same weights."""
    random = np.random.default_rng(3)
    ours.build(shape)
    theirs.build(shape)
    weights = [random.normal(scale=0.5, size=w.shape).astype("float32") for w in theirs.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


def check_same(ours, theirs, mask=None, initial_state=None):
    sequences = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    ours, theirs = twins(ours, theirs)
    got, gradients = run(ours, sequences, mask, initial_state)
    wanted, wanted_gradients = run(theirs, sequences, mask, initial_state)
    assert len(got) == len(wanted)
    for a, b in zip(got + gradients, wanted + wanted_gradients, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("name", "options"), LAYERS, ids=str)
def test_outputs_states_and_gradients_equal_keras(name, options, form, mask):
    options = options | form
    check_same(OURS[name](UNITS, **options), getattr(keras.layers, name)(UNITS, **options), MASKS[mask])


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_initial_states_are_used_as_keras_uses_them(name, mask):
    options = {"return_sequences": True, "return_state": True}
    count = 2 if name == "LSTM" else 1
    states = [np.random.default_rng(i).normal(size=(BATCH, UNITS)).astype("float32") for i in range(count)]
    check_same(OURS[name](UNITS, **options), getattr(keras.layers, name)(UNITS, **options), MASKS[mask], states)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_rnn_of_a_cell_equals_keras(name, mask):
    ours = RNN(OURS[f"{name}Cell"](UNITS), return_sequences=True, return_state=True)
    theirs = keras.layers.RNN(getattr(keras.layers, f"{name}Cell")(UNITS), return_sequences=True, return_state=True)
    check_same(ours, theirs, MASKS[mask])


def test_stacked_cells_equal_keras():
    ours = RNN([LSTMCell(4), GRUCell(3)], return_sequences=True)
    theirs = keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)], return_sequences=True)
    assert isinstance(ours.cell, StackedRNNCells)
    check_same(ours, theirs, MASKS["gaps"])


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_equals_keras(merge_mode, return_sequences, mask, name):
    options = {"return_sequences": return_sequences, "return_state": merge_mode == "sum"}
    ours = Bidirectional(OURS[name](UNITS, **options), merge_mode=merge_mode)
    theirs = keras.layers.Bidirectional(getattr(keras.layers, name)(UNITS, **options), merge_mode=merge_mode)
    check_same(ours, theirs, MASKS[mask])


def test_a_backward_layer_of_another_kind_equals_keras():
    ours = Bidirectional(LSTM(4), backward_layer=GRU(3, go_backwards=True))
    theirs = keras.layers.Bidirectional(keras.layers.LSTM(4), backward_layer=keras.layers.GRU(3, go_backwards=True))
    check_same(ours, theirs, MASKS["right"])


def test_bidirectional_splits_its_initial_state_as_keras_does():
    states = [np.random.default_rng(i).normal(size=(BATCH, UNITS)).astype("float32") for i in range(4)]
    check_same(Bidirectional(LSTM(UNITS)), keras.layers.Bidirectional(keras.layers.LSTM(UNITS)), None, states)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_a_stateful_layer_goes_on_where_keras_does(name):
    ours = OURS[name](UNITS, stateful=True)
    theirs = getattr(keras.layers, name)(UNITS, stateful=True)
    ours, theirs = twins(ours, theirs)
    sequences = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    for _ in range(3):
        np.testing.assert_allclose(ours(sequences).detach(), theirs(sequences).detach(), atol=1e-5)
    ours.reset_state()
    theirs.reset_state()
    np.testing.assert_allclose(ours(sequences).detach(), theirs(sequences).detach(), atol=1e-5)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("reset_after", [True, False])
def test_dropout_masks_act_where_they_act_in_keras(name, reset_after):
    """Keras's own masks, put in place of ours: the arithmetic around them is the same."""
    options = {"reset_after": reset_after} if name == "GRU" else {}
    theirs = getattr(keras.layers, f"{name}Cell")(UNITS, dropout=0.5, recurrent_dropout=0.5, **options)
    ours = OURS[f"{name}Cell"](UNITS, dropout=0.5, recurrent_dropout=0.5, **options)
    ours, theirs = twins(ours, theirs, (BATCH, FEATURES))
    random = np.random.default_rng(1)
    inputs = torch.tensor(random.normal(size=(BATCH, FEATURES)).astype("float32"))
    states = [torch.tensor(random.normal(size=(BATCH, UNITS)).astype("float32")) for _ in range(1 + (name == "LSTM"))]
    wanted, _ = theirs(inputs, states, training=True)
    keeps = listed_masks(theirs.get_recurrent_dropout_mask(states[0]))
    keeps += listed_masks(theirs.get_dropout_mask(inputs))
    ours.keep_mask = lambda *given: keeps.pop(0)
    got, _ = ours(inputs, states, training=True)
    np.testing.assert_allclose(got.detach(), wanted.detach(), atol=1e-5)
    assert not keeps


def listed_masks(masks):
    return [masks] if isinstance(masks, torch.Tensor) else list(masks)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
def test_weights_have_keras_names_shapes_and_order(name):
    ours = OURS[name](UNITS)
    theirs = getattr(keras.layers, name)(UNITS)
    ours.build((None, TIME, FEATURES))
    theirs.build((None, TIME, FEATURES))
    assert [(w.path.split("/")[-2:], tuple(w.shape)) for w in ours.weights] == [
        (w.path.split("/")[-2:], tuple(w.shape)) for w in theirs.weights
    ]


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell"])
def test_keras_reads_our_config_and_we_read_its(name):
    theirs = getattr(keras.layers, name)(UNITS, activation="relu", dropout=0.2, kernel_regularizer="l2")
    ours = OURS[name].from_config(theirs.get_config())
    again = getattr(keras.layers, name).from_config(ours.get_config())
    assert again.get_config() == theirs.get_config()


@pytest.mark.parametrize("merge_mode", ["concat", None])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_output_shapes_equal_keras(name, merge_mode):
    for form in FORMS:
        shape = (None, None, FEATURES)
        theirs = getattr(keras.layers, name)(UNITS, **form)
        ours = OURS[name](UNITS, **form)
        assert flat(ours.compute_output_shape(shape)) == flat(theirs.compute_output_shape(shape))
        if "go_backwards" in form:
            continue  # Keras cannot turn such a layer round
        ours = Bidirectional(ours, merge_mode=merge_mode)
        theirs = keras.layers.Bidirectional(theirs, merge_mode=merge_mode)
        assert flat(ours.compute_output_shape(shape)) == flat(theirs.compute_output_shape(shape))


def flat(shapes):
    """A list of shapes, whatever holds them."""
    several = any(isinstance(part, (list, tuple)) for part in shapes)
    return [tuple(shape) for shape in shapes] if several else [shapes]

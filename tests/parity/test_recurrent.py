"""The recurrent layers against Keras: outputs, states and gradients."""

import numpy as np
import pytest
import torch

from kerasviz import layers

from .comparing import assert_close
from .running import assert_same, drawn, flat, run, tensors_of, with_weights


class Ours:
    layers = layers


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


X = drawn(BATCH, TIME, FEATURES)
IDS = ["LSTM", "LSTM-no-bias", "LSTM-relu", "GRU", "GRU-no-bias", "GRU-reset-before", "GRU-relu", "SimpleRNN"]
FORM_IDS = ["last", "sequences", "state", "backwards", "zeros"]
every_mask = pytest.mark.parametrize("mask", MASKS)
every_kind = pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN"])
every_form = pytest.mark.parametrize("form", FORMS, ids=FORM_IDS)
every_layer = pytest.mark.parametrize(("name", "options"), LAYERS, ids=IDS)


def masked(mask):
    return {} if MASKS[mask] is None else {"mask": np.array(MASKS[mask], dtype=bool)}


def made(module, name, **options):
    return getattr(module.layers, name)(UNITS, **options, name="it")


def check(reference, answer):
    assert_same(answer(Ours), reference(answer))


@every_mask
@every_form
@every_layer
def test_outputs_states_and_gradients_equal_keras(reference, name, options, form, mask):
    check(reference, lambda module: run(made(module, name, **options, **form), X, **masked(mask)))


@every_mask
@every_kind
def test_initial_states_are_used_as_keras_uses_them(reference, name, mask):
    states = [drawn(BATCH, UNITS, seed=i) for i in range(2 if name == "LSTM" else 1)]

    def answer(module):
        layer = made(module, name, return_sequences=True, return_state=True)
        layer.build(X.shape)
        return run(layer, X, initial_state=states, **masked(mask))

    check(reference, answer)


@every_mask
@every_kind
def test_rnn_of_a_cell_equals_keras(reference, name, mask):
    def answer(module):
        cell = getattr(module.layers, f"{name}Cell")(UNITS, name="cell")
        return run(module.layers.RNN(cell, return_sequences=True, return_state=True, name="it"), X, **masked(mask))

    check(reference, answer)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@every_mask
@pytest.mark.parametrize("return_sequences", [True, False], ids=["sequences", "last"])
@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_equals_keras(reference, merge_mode, return_sequences, mask, name):
    options = {"return_sequences": return_sequences, "return_state": merge_mode == "sum"}

    def answer(module):
        inner = getattr(module.layers, name)(UNITS, **options, name="inner")
        return run(module.layers.Bidirectional(inner, merge_mode=merge_mode, name="it"), X, **masked(mask))

    check(reference, answer)


def test_bidirectional_splits_its_initial_state_as_keras_does(reference):
    states = [drawn(BATCH, UNITS, seed=i) for i in range(4)]

    def answer(module):
        layer = module.layers.Bidirectional(module.layers.LSTM(UNITS, name="inner"), name="it")
        layer.build(X.shape)
        return run(layer, X, initial_state=states)

    check(reference, answer)


@every_kind
def test_a_stateful_layer_goes_on_where_keras_does(reference, name):
    def answer(module):
        layer = with_weights(made(module, name, stateful=True), X.shape)
        outputs = [layer(tensors_of(X)).detach() for _ in range(3)]
        layer.reset_state()
        return [*outputs, layer(tensors_of(X))]

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("size", [0, 1])
@every_kind
def test_small_batches_equal_keras(reference, name, size):
    check(reference, lambda module: run(made(module, name, return_state=True), X[:size]))


@every_kind
@pytest.mark.parametrize("reset_after", [True, False], ids=["after", "before"])
def test_dropout_masks_act_where_they_act_in_keras(reference, name, reset_after):
    """The masks are given: the arithmetic around them is the same."""
    options = {"dropout": 0.5, "recurrent_dropout": 0.5, "name": "it"}
    options |= {"reset_after": reset_after} if name == "GRU" else {}
    inputs, states = drawn(BATCH, FEATURES), [drawn(BATCH, UNITS, seed=i) for i in range(1 + (name == "LSTM"))]
    count = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[name]
    source = np.random.default_rng(1)
    of_state, of_inputs = (
        [2 * (source.random(shape) > 0.5).astype("float32") for _ in range(count)]
        for shape in (states[0].shape, inputs.shape)
    )

    def theirs(keras):
        cell = with_weights(getattr(keras.layers, f"{name}Cell")(UNITS, **options), inputs.shape)
        several = count > 1
        cell.get_dropout_mask = lambda _: tensors_of(of_inputs if several else of_inputs[0])
        cell.get_recurrent_dropout_mask = lambda _: tensors_of(of_state if several else of_state[0])
        return cell(*tensors_of([inputs, states]), training=True)[0]

    cell = with_weights(getattr(layers, f"{name}Cell")(UNITS, **options), inputs.shape)
    keeps = tensors_of([*of_inputs, *of_state])
    cell.keep_mask = lambda *given: keeps.pop(0)
    assert_close(cell(*tensors_of([inputs, states]), training=True)[0], reference(theirs))
    assert not keeps


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SimpleRNN", "LSTMCell", "GRUCell", "SimpleRNNCell"])
def test_configs_equal_keras(reference, name):
    def config(module):
        return made(module, name, activation="relu", dropout=0.2, kernel_regularizer="l2").get_config()

    ours, expected = config(Ours), reference(config)
    assert {key: value for key, value in ours.items() if key in expected} == expected
    assert set(ours) - set(expected) <= {"seed"}  # which Keras forgets for SimpleRNN


@every_form
@pytest.mark.parametrize("merge_mode", ["alone", "concat", None])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_output_shapes_equal_keras(reference, name, merge_mode, form):
    if merge_mode != "alone" and "go_backwards" in form:
        form = {key: value for key, value in form.items() if key != "go_backwards"}  # Keras cannot turn such a layer

    def answer(module):
        layer = made(module, name, **form)
        if merge_mode != "alone":
            layer = module.layers.Bidirectional(layer, merge_mode=merge_mode)
        shapes = layer.compute_output_shape((None, None, FEATURES))
        several = any(isinstance(part, (list, tuple)) for part in shapes)
        return [list(shape) for shape in shapes] if several else [list(shapes)]

    assert answer(Ours) == reference(answer)


@every_kind
def test_16_bits_are_near_keras(reference, name):
    def answer(module):
        layer = made(module, name, return_state=True, dtype="mixed_bfloat16")
        outputs = flat(with_weights(layer, X.shape)(tensors_of(X)))
        return [[output.float(), str(output.dtype)] for output in outputs]

    ours, expected = answer(Ours), reference(answer)
    assert {one[1] for one in ours} == {other[1] for other in expected} == {str(torch.bfloat16)}
    assert_close([one[0] for one in ours], [other[0] for other in expected], 5e-2)

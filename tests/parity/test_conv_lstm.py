"""The ConvLSTM layers against Keras: outputs, states, gradients, shapes and configs."""

import numpy as np
import pytest
import torch

from kerasviz import layers
from kerasviz.layers.conv_lstm import ConvLSTM2DCell
from kerasviz.tensors import KerasTensor

from .comparing import assert_close
from .running import assert_same, drawn, flat, run, tensors_of, with_weights


class Ours:
    layers = layers


ALL = {"return_sequences": True, "return_state": True}
INPUTS = {1: drawn(2, 3, 6, 2), 2: drawn(2, 3, 5, 6, 2), 3: drawn(2, 2, 4, 5, 3, 2)}
OPTIONS = {
    "plain": {},
    "sequences": {"return_sequences": True},
    "states": ALL,
    "same": {"padding": "same", **ALL},
    "same-strides": {"padding": "same", "strides": 2, **ALL},
    "strides": {"strides": 2, **ALL},
    "dilation": {"dilation_rate": 2, "kernel_size": 2, **ALL},
    "dilation-same": {"dilation_rate": 2, "padding": "same", **ALL},
    "even-kernel": {"kernel_size": 2, "padding": "same", **ALL},
    "activations": {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    "softmax": {"activation": "softmax", "padding": "same", **ALL},
    "no-bias": {"use_bias": False},
    "no-forget-bias": {"unit_forget_bias": False},
    "backwards": {"go_backwards": True, **ALL},
    "unrolled": {"unroll": True},
    "dropout": {"dropout": 0.5, "recurrent_dropout": 0.5, "seed": 1},
}
FORMATS = ["channels_last", "channels_first"]


def made(module, rank, options, **more):
    given = {"filters": 2, "kernel_size": 3, "name": "it", **options, **more}
    return getattr(module.layers, f"ConvLSTM{rank}D")(**given)


def inputs_in(rank, data_format):
    return INPUTS[rank] if data_format == "channels_last" else np.moveaxis(INPUTS[rank], -1, 2).copy()


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_outputs_states_and_gradients_equal_keras(reference, rank, option, data_format):
    x = inputs_in(rank, data_format)

    def answer(module):
        return run(made(module, rank, OPTIONS[option], data_format=data_format), x)

    assert_same(answer(Ours), reference(answer))


MASKS = {
    "right": [[1, 1, 0], [1, 0, 0]],
    "left": [[0, 1, 1], [0, 0, 1]],
    "gaps": [[1, 0, 1], [0, 1, 0]],
    "empty": [[0, 0, 0], [1, 1, 1]],
}


@pytest.mark.parametrize("options", [{}, ALL, {"zero_output_for_mask": True, **ALL}, {"go_backwards": True, **ALL}])
@pytest.mark.parametrize("mask", MASKS)
def test_masked_moments_are_passed_over_as_by_keras(reference, mask, options):
    def answer(module):
        return run(made(module, 2, options), INPUTS[2], mask=np.array(MASKS[mask], dtype=bool))

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("rank", [1, 2])
def test_initial_states_are_used_as_by_keras(reference, rank):
    space = [size - 2 for size in INPUTS[rank].shape[2:-1]]
    states = [drawn(2, *space, 2, seed=i) for i in range(2)]

    def answer(module):
        layer = with_weights(made(module, rank, ALL), INPUTS[rank].shape)
        return flat(layer(*tensors_of([INPUTS[rank]]), initial_state=tensors_of(states)))

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_small_batches_equal_keras(reference, rank, size):
    def answer(module):
        return run(made(module, rank, ALL), INPUTS[rank][:size])

    assert_same(answer(Ours), reference(answer))


def test_a_stateful_layer_goes_on_where_keras_does(reference):
    def answer(module):
        layer = with_weights(made(module, 2, {}, stateful=True), INPUTS[2].shape)
        outputs = [layer(*tensors_of([INPUTS[2]])).detach() for _ in range(3)]
        layer.reset_state()
        return [*outputs, layer(*tensors_of([INPUTS[2]]))]

    assert_close(answer(Ours), reference(answer))


def test_bidirectional_equals_keras(reference):
    def answer(module):
        inner = made(module, 2, {"return_sequences": True})
        return run(module.layers.Bidirectional(inner, name="it"), INPUTS[2])["outputs"]

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("option", OPTIONS)
def test_symbols_equal_keras(reference, option):
    shape = (None, None, 7, 8, 2)

    def answer(module, symbol):
        layer = made(module, 2, OPTIONS[option])
        shapes = layer.compute_output_shape(shape)
        outputs = layer(symbol(shape))
        several = "return_state" in OPTIONS[option]
        shapes = [list(s) for s in shapes] if several else [list(shapes)]
        return [shapes, [[list(o.shape), o.dtype] for o in (outputs if several else [outputs])]]

    expected = reference(lambda keras: answer(keras, keras.KerasTensor))
    assert_close(answer(Ours, KerasTensor), expected)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_configs_equal_keras(reference, rank, option):
    expected = reference(lambda keras: made(keras, rank, OPTIONS[option]).get_config())
    assert listed(made(Ours, rank, OPTIONS[option]).get_config()) == expected


def listed(value):
    if isinstance(value, dict):
        return {name: listed(part) for name, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


def test_dropout_masks_act_where_they_act_in_keras(reference):
    """The masks are given: the arithmetic around them is the same."""
    x, states = drawn(2, 5, 6, 2), [drawn(2, 3, 4, 2, seed=i) for i in range(2)]
    source = np.random.default_rng(9)
    of_inputs = [(source.random(x.shape) > 0.5).astype("float32") * 2 for _ in range(4)]
    of_states = [(source.random(states[0].shape) > 0.5).astype("float32") * 2 for _ in range(4)]

    def theirs(keras):
        layer = keras.layers.ConvLSTM2D(2, 3, dropout=0.5, recurrent_dropout=0.5)
        cell = with_weights(layer.cell, x.shape)
        cell.get_dropout_mask = lambda _: tensors_of(of_inputs)
        cell.get_recurrent_dropout_mask = lambda _: tensors_of(of_states)
        return flat(cell(*tensors_of([x, states]), training=True))

    cell = with_weights(ConvLSTM2DCell(2, 3, dropout=0.5, recurrent_dropout=0.5), x.shape)
    masks = tensors_of([*of_inputs, *of_states])
    cell.keep_mask = lambda *given: masks.pop(0)
    assert_close(flat(cell(*tensors_of([x, states]), training=True)), reference(theirs))
    assert not masks


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_16_bits_are_near_keras(reference, rank):
    def answer(module):
        layer = with_weights(made(module, rank, ALL, dtype="mixed_bfloat16"), INPUTS[rank].shape)
        outputs = flat(layer(*tensors_of([INPUTS[rank]])))
        return [[o.float(), str(o.dtype)] for o in outputs]

    ours, expected = answer(Ours), reference(answer)
    assert [one[1] for one in ours] == [other[1] for other in expected] == [str(torch.bfloat16)] * 3
    assert_close([one[0] for one in ours], [other[0] for other in expected], 5e-2)

"""Layers around other layers and functions against Keras: outputs, gradients, states, configs."""

import numpy as np
import pytest
import torch

from kerasviz import activations, layers, ops
from kerasviz.tensors import KerasTensor

from .comparing import assert_close
from .running import assert_same, described, drawn, flat, gradients, run, tensors_of, with_weights

VECTOR, SERIES, IMAGE, FILM = drawn(3, 4), drawn(2, 5, 4), drawn(2, 5, 6, 2), drawn(2, 3, 5, 6, 2)
TOKENS = np.array([[1, 2, 0], [4, 3, 3]], dtype="int32")


class Ours:
    layers = layers
    activations = activations
    ops = ops


def listed(value):
    if isinstance(value, dict):
        return {name: listed(part) for name, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


# --- SpectralNormalization ------------------------------------------------------------------------------------------

INNER = {
    "dense": (lambda m: m.layers.Dense(3, "tanh", name="inner"), VECTOR),
    "conv": (lambda m: m.layers.Conv2D(3, 2, name="inner"), IMAGE),
    "embedding": (lambda m: m.layers.Embedding(5, 3, name="inner"), TOKENS),
}


def spectral(module, inner, **options):
    return module.layers.SpectralNormalization(INNER[inner][0](module), name="it", **options)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize("inner", ["dense", "conv"])
def test_spectral_normalization_equals_keras(reference, inner, iterations):
    x = INNER[inner][1]

    def answer(module):
        layer = with_weights(spectral(module, inner, power_iterations=iterations), x.shape)
        inputs = tensors_of(x)
        outputs, states = [layer(inputs)], []
        for _ in range(3):
            outputs.append(layer(inputs, training=True))
            states.append([np.array(w) for w in layer.get_weights()])
        found = gradients(outputs[-1:], [inputs, *[getattr(w, "value", w) for w in layer.trainable_weights]])
        outputs.append(layer(inputs))
        return {"outputs": outputs, "states": states, "gradients": found, "weights": described(layer)}

    assert_same(answer(Ours), reference(answer))


def test_spectral_normalization_of_a_zero_kernel_equals_keras(reference):
    def answer(module):
        layer = module.layers.SpectralNormalization(module.layers.Dense(3, kernel_initializer="zeros"))
        layer.build(VECTOR.shape)
        vector = layer.get_weights()[1]
        outputs = layer(tensors_of(VECTOR), training=True)
        return [outputs, bool((layer.get_weights()[1] == vector).all())]

    assert_close(answer(Ours), reference(answer))


def test_spectral_normalization_of_an_embedding_normalizes_its_rows():
    layer = with_weights(spectral(Ours, "embedding"), TOKENS.shape)
    for _ in range(30):
        layer.layer(torch.tensor(TOKENS))
        vector, kernel = layer.normalized_weights()
        layer.set_weights([kernel.numpy(), vector.numpy()])
    assert abs(float(torch.linalg.matrix_norm(layer.layer.embeddings.detach(), 2)) - 1) < 1e-4


@pytest.mark.parametrize("inner", ["dense", "conv"])
def test_configs_of_spectral_normalization_equal_keras(reference, inner):
    def config(module):
        return spectral(module, inner, power_iterations=2).get_config()

    assert listed(config(Ours)) == reference(config)


# --- Lambda ---------------------------------------------------------------------------------------------------------


def scaled(x, factor=2.0):
    return x * factor


def moded(x, training=None):
    return x + 1 if training else x


def masked(x, mask=None):
    return x if mask is None else x * 2


def kept_mask(inputs, mask=None):
    return mask


def own_shape(input_shape):
    return (*input_shape[:-1], 8)


def doubled(x):
    return torch.cat([x, x], -1) if isinstance(x, torch.Tensor) else x


LAMBDAS = {
    "plain": {"function": scaled},
    "arguments": {"function": scaled, "arguments": {"factor": 3.0}},
    "training": {"function": moded},
    "mask": {"function": masked, "mask": kept_mask},
    "shape": {"function": scaled, "output_shape": (5, 4)},
    "shape-function": {"function": doubled, "output_shape": own_shape},
}


@pytest.mark.parametrize("training", [None, False, True], ids=["", "inference", "training"])
@pytest.mark.parametrize("case", LAMBDAS)
def test_lambda_equals_keras(reference, case, training):
    def answer(module):
        layer = module.layers.Lambda(**LAMBDAS[case], name="it")
        given = {} if training is None else {"training": training}
        return layer(tensors_of(SERIES), **given)

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("case", LAMBDAS)
def test_lambda_has_keras_config_and_shape(reference, case):
    def answer(module):
        layer = module.layers.Lambda(**LAMBDAS[case], name="it")
        return [layer.get_config(), list(layer.compute_output_shape((None, 5, 4)))]

    assert listed(answer(Ours)) == reference(answer)


@pytest.mark.parametrize("name", ["square", "relu"])
def test_our_own_functions_have_keras_config(reference, name):
    def config(module):
        function = getattr(module.ops if name == "square" else module.activations, name)
        return module.layers.Lambda(function, name="it").get_config()

    assert listed(config(Ours)) == reference(config)


# --- TimeDistributed ------------------------------------------------------------------------------------------------

MOMENT = {
    "dense": (lambda m: m.layers.Dense(3, name="inner"), SERIES),
    "conv": (lambda m: m.layers.Conv2D(3, 2, name="inner"), FILM),
    "flatten": (lambda m: m.layers.Flatten(name="inner"), FILM),
    "batch-norm": (lambda m: m.layers.BatchNormalization(name="inner"), SERIES),
    "lstm": (lambda m: m.layers.LSTM(3, name="inner"), drawn(2, 3, 4, 2)),
}


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", MOMENT)
def test_time_distributed_equals_keras(reference, case, training):
    make, x = MOMENT[case]

    def answer(module):
        layer = with_weights(module.layers.TimeDistributed(make(module), name="it"), x.shape)
        inputs = tensors_of(x)
        outputs = layer(inputs, training=training)
        found = gradients([outputs], [inputs, *[getattr(w, "value", w) for w in layer.trainable_weights]])
        state = [np.array(w) for w in layer.get_weights()]
        return {"outputs": [outputs], "gradients": found, "weights": described(layer), "state": state}

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("size", [0, 1])
def test_time_distributed_on_small_batches_equals_keras(reference, size):
    def answer(module):
        return run(module.layers.TimeDistributed(module.layers.Dense(3, name="inner"), name="it"), SERIES[:size])

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("inner", ["Dense", "LSTM"])
def test_time_distributed_passes_over_masks_as_keras_does(reference, inner):
    mask = np.array([[1, 1, 0], [1, 0, 1]], dtype=bool)
    x = drawn(2, 3, 4, 2)

    def answer(module):
        layer = module.layers.TimeDistributed(getattr(module.layers, inner)(3, name="inner"), name="it")
        return with_weights(layer, x.shape)(tensors_of(x), mask=torch.tensor(mask) if inner == "Dense" else None)

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("case", MOMENT)
def test_time_distributed_has_keras_shapes_and_config(reference, case):
    make, x = MOMENT[case]

    def answer(module):
        layer = module.layers.TimeDistributed(make(module), name="it")
        return [layer.get_config(), list(layer.compute_output_shape((None, *x.shape[1:])))]

    ours, expected = listed(answer(Ours)), reference(answer)
    assert ours == expected


# --- recurrent layers around cells ----------------------------------------------------------------------------------

CELLS = {
    "lstm": lambda m: m.layers.LSTMCell(3, name="inner"),
    "gru": lambda m: m.layers.GRUCell(3, reset_after=False, name="inner"),
    "two": lambda m: [m.layers.LSTMCell(4, name="one"), m.layers.GRUCell(3, name="two")],
    "three": lambda m: [m.layers.SimpleRNNCell(n, name=f"cell{n}") for n in (4, 3, 2)],
    "stacked": lambda m: m.layers.StackedRNNCells(
        [m.layers.LSTMCell(n, name=f"cell{n}") for n in (4, 3)], name="inner"
    ),
}
RNN_OPTIONS = {
    "plain": {},
    "sequences": {"return_sequences": True},
    "backwards": {"go_backwards": True, "return_sequences": True},
    "unrolled": {"unroll": True},
    "zeros": {"zero_output_for_mask": True, "return_sequences": True},
}
GAPS = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1]], dtype=bool)


@pytest.mark.parametrize("mask", [False, True], ids=["", "mask"])
@pytest.mark.parametrize("option", RNN_OPTIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_rnn_of_any_cell_equals_keras(reference, cell, option, mask):
    def answer(module):
        layer = module.layers.RNN(CELLS[cell](module), **RNN_OPTIONS[option], name="it")
        found = run(layer, SERIES, **({"mask": GAPS} if mask else {}))
        return {**found, "weights": [[name.split("/")[-1], *rest] for name, *rest in found["weights"]]}

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("cell", CELLS)
def test_rnn_gives_keras_states(reference, cell):
    def answer(module):
        layer = module.layers.RNN(CELLS[cell](module), return_state=True, name="it")
        return flat(with_weights(layer, SERIES.shape)(tensors_of(SERIES)))

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_stateful_rnn_goes_on_where_keras_does(reference, cell):
    def answer(module):
        layer = with_weights(module.layers.RNN(CELLS[cell](module), stateful=True), SERIES.shape)
        outputs = [layer(tensors_of(SERIES)).detach() for _ in range(3)]
        layer.reset_state()
        return [*outputs, layer(tensors_of(SERIES))]

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("cell", CELLS)
def test_configs_of_rnn_equal_keras(reference, cell):
    def config(module):
        return module.layers.RNN(CELLS[cell](module), return_state=True, name="it").get_config()

    assert without_automatic_names(listed(config(Ours))) == without_automatic_names(reference(config))


def without_automatic_names(config):
    if isinstance(config, dict):
        kept = {k: without_automatic_names(v) for k, v in config.items()}
        return kept | ({"name": None} if str(kept.get("name", "")).startswith("stacked_rnn_cells") else {})
    return [without_automatic_names(part) for part in config] if isinstance(config, list) else config


# --- Bidirectional --------------------------------------------------------------------------------------------------

TWO_WAYS = {
    "concat": {},
    "sum": {"merge_mode": "sum"},
    "mul": {"merge_mode": "mul"},
    "ave": {"merge_mode": "ave"},
    "none": {"merge_mode": None},
}


@pytest.mark.parametrize("inner", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("sequences", [False, True], ids=["", "sequences"])
@pytest.mark.parametrize("mode", TWO_WAYS)
def test_bidirectional_equals_keras(reference, mode, sequences, inner):
    def answer(module):
        one = getattr(module.layers, inner)(3, return_sequences=sequences, name="inner")
        return run(module.layers.Bidirectional(one, **TWO_WAYS[mode], name="it"), SERIES)

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("mode", TWO_WAYS)
def test_bidirectional_with_a_backward_layer_of_its_own_equals_keras(reference, mode):
    def answer(module):
        one, other = module.layers.LSTM(3, name="ahead"), module.layers.GRU(3, go_backwards=True, name="back")
        layer = module.layers.Bidirectional(one, backward_layer=other, **TWO_WAYS[mode], name="it")
        return run(layer, SERIES, mask=GAPS)

    assert_same(answer(Ours), reference(answer))


def test_a_stateful_bidirectional_goes_on_where_keras_does(reference):
    def answer(module):
        layer = module.layers.Bidirectional(module.layers.LSTM(3, stateful=True, name="inner"), name="it")
        layer = with_weights(layer, SERIES.shape)
        outputs = [layer(tensors_of(SERIES)).detach() for _ in range(2)]
        layer.reset_state()
        return [*outputs, layer(tensors_of(SERIES))]

    assert_close(answer(Ours), reference(answer))


@pytest.mark.parametrize("mode", TWO_WAYS)
def test_configs_and_shapes_of_bidirectional_equal_keras(reference, mode):
    def answer(module):
        one = module.layers.LSTM(3, return_state=True, return_sequences=True, name="inner")
        layer = module.layers.Bidirectional(one, **TWO_WAYS[mode], name="it")
        config = layer.get_config()
        symbols = layer((KerasTensor if module is Ours else module.KerasTensor)((None, 5, 4)))
        return [config, [list(symbol.shape) for symbol in flat(symbols)]]

    ours, expected = listed(answer(Ours)), reference(answer)
    assert ours == expected


# --- files: one model with all of them, both ways ---------------------------------------------------------------------


def everything(module, models):
    """A model with many of the layers that have weights in a particular order or place."""
    tokens = module.layers.Input((6,), dtype="int32", name="tokens")
    film = module.layers.Input((3, 6, 6, 2), name="film")
    embedding = module.layers.ReversibleEmbedding(5, 4, tie_weights=False, mask_zero=True, name="embedding")
    x = embedding(tokens)
    x = module.layers.MultiHeadAttention(2, 3, use_gate=True, name="multi")(x, x)
    x = module.layers.GroupQueryAttention(3, 4, 2, use_gate=True, name="group")(x, x)
    x = module.layers.Attention(use_scale=True, score_mode="concat", name="attention")([x, x])
    x = module.layers.AdditiveAttention(name="additive")([x, x])
    scores = embedding(x, reverse=True)
    cells = [module.layers.LSTMCell(3, name="one"), module.layers.GRUCell(2, name="two")]
    x = module.layers.RNN(cells, return_sequences=True, name="rnn")(x)
    x = module.layers.Bidirectional(module.layers.GRU(2, name="gru"), name="both_ways")(x)
    x = module.layers.SpectralNormalization(module.layers.Dense(3, name="inner"), name="spectral")(x)
    y = module.layers.TimeDistributed(module.layers.Conv2D(2, 3, name="conv"), name="each")(film)
    y = module.layers.ConvLSTM2D(2, 3, name="conv_lstm")(y)
    y = module.layers.EinsumDense("abcd,de->abce", (None, None, 3), bias_axes="e", name="einsum")(y)
    model = models.Model([tokens, film], [scores, x, y], name="model")
    model.layers[-1].enable_lora(2)
    source = np.random.default_rng(4)
    model.set_weights([source.normal(scale=0.4, size=w.shape).astype("float32") for w in model.get_weights()])
    return model


INPUTS = [np.array([[1, 2, 4, 0, 0, 3], [4, 3, 3, 1, 0, 0]], dtype="int32"), drawn(2, 3, 6, 6, 2)]
QUIETLY = pytest.mark.filterwarnings("ignore:.*destroy the mask information", "ignore:.*Layer 'query'")


@QUIETLY
def test_a_file_of_ours_is_read_by_keras(reference, tmp_path):
    from kerasviz import models

    ours = everything(Ours, models)
    ours.save(tmp_path / "ours.keras")

    def answer(keras):
        return keras.saving.load_model(tmp_path / "ours.keras")([tensors_of(x) for x in INPUTS])

    assert_close(ours([tensors_of(x) for x in INPUTS]), reference(answer))


@QUIETLY
def test_a_file_of_keras_is_read_here(reference, tmp_path):
    from kerasviz import models

    def answer(keras):
        theirs = everything(keras, keras)
        theirs.save(tmp_path / "theirs.keras")
        stored = np.frombuffer((tmp_path / "theirs.keras").read_bytes(), np.uint8)
        return {"file": stored, "outputs": theirs([tensors_of(x) for x in INPUTS])}

    expected = reference(answer)
    (tmp_path / "again.keras").write_bytes(expected["file"].tobytes())
    ours = models.load_model(tmp_path / "again.keras")
    assert_close(ours([tensors_of(x) for x in INPUTS]), expected["outputs"])

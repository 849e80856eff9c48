"""The attention layers against Keras: outputs, scores, gradients, shapes and configs."""

import numpy as np
import pytest

from kerasviz import layers
from kerasviz.tensors import KerasTensor

from .comparing import assert_close
from .running import assert_same, drawn, run

QUERY, VALUE, KEY = drawn(2, 5, 4), drawn(2, 3, 6), drawn(2, 3, 7)
SELF = drawn(2, 5, 4, seed=1)
GRID = drawn(2, 3, 4, 5)
SCORES = {"return_attention_scores": True}


def boolean(rows):
    return np.array(rows, dtype=bool)


QUERY_MASK = boolean([[1, 1, 1, 0, 0], [1, 1, 0, 1, 1]])
VALUE_MASK = boolean([[1, 1, 0], [0, 1, 1]])
PLACES = np.random.default_rng(5).integers(0, 2, size=(2, 5, 3)).astype(bool)
MASKS = {
    "none": {},
    "query": {"query_mask": QUERY_MASK},
    "value": {"value_mask": VALUE_MASK},
    "empty-value": {"value_mask": boolean([[1, 1, 0], [0, 0, 0]])},
    "key": {"key_mask": boolean([[1, 0, 1], [0, 1, 1]])},
    "places": {"attention_mask": PLACES},
    "causal": {"use_causal_mask": True},
    "causal-value": {"use_causal_mask": True, "value_mask": VALUE_MASK},
    "all": {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK, "attention_mask": PLACES, "use_causal_mask": True},
}
MULTI = {
    "plain": {},
    "no-bias": {"use_bias": False},
    "value-dim": {"value_dim": 5},
    "output-7": {"output_shape": 7},
    "output-2x3": {"output_shape": (2, 3)},
    "gate": {"use_gate": True},
    "gate-value-dim": {"use_gate": True, "value_dim": 5},
    "dropout": {"dropout": 0.3},
    "seeded": {"dropout": 0.3, "seed": 1},
    "window": {"sliding_window": 2},
}
GROUPED = {
    "plain": {},
    "no-bias": {"use_bias": False},
    "gate": {"use_gate": True},
    "dropout": {"dropout": 0.3},
    "seeded": {"dropout": 0.3, "seed": 1},
    "window": {"sliding_window": 2},
}
KINDS = [("MultiHeadAttention", (2, 3), name) for name in MULTI] + [
    *(("GroupQueryAttention", (3, 4, 2), name) for name in GROUPED),
    ("GroupQueryAttention", (3, 2, 2), "plain"),
    ("GroupQueryAttention", (3, 3, 1), "plain"),
]


def made(module, kind, sizes, option):
    options = (MULTI if kind == "MultiHeadAttention" else GROUPED)[option]
    return getattr(module.layers, kind)(*sizes, **options, name="it")


class Ours:
    layers = layers


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(("kind", "sizes", "option"), KINDS, ids=lambda v: str(v).replace(", ", "x"))
def test_heads_gather_what_keras_gathers(reference, kind, sizes, option, mask, scores):
    call = MASKS[mask] | (SCORES if scores else {})
    expected = reference(lambda keras: run(made(keras, kind, sizes, option), QUERY, VALUE, **call))
    assert_same(run(made(Ours, kind, sizes, option), QUERY, VALUE, **call), expected)


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize(("kind", "sizes"), [("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (3, 4, 2))])
def test_keys_of_their_own_equal_keras(reference, kind, sizes, scores):
    call = SCORES if scores else {}
    expected = reference(lambda keras: run(made(keras, kind, sizes, "plain"), QUERY, VALUE, KEY, **call))
    assert_same(run(made(Ours, kind, sizes, "plain"), QUERY, VALUE, KEY, **call), expected)


@pytest.mark.parametrize("causal", [False, True], ids=["", "causal"])
@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize(("kind", "sizes"), [("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (3, 4, 2))])
def test_a_sliding_window_equals_keras(reference, kind, sizes, window, causal):
    def answer(module):
        layer = getattr(module.layers, kind)(*sizes, sliding_window=window, name="it")
        return run(layer, SELF, SELF, use_causal_mask=causal)

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize("axes", [None, 1, 2, (1, 2), (2,)], ids=str)
def test_attention_over_chosen_axes_equals_keras(reference, axes, scores):
    def answer(module):
        layer = module.layers.MultiHeadAttention(2, 3, attention_axes=axes, name="it")
        return run(layer, GRID, GRID, **(SCORES if scores else {}))

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize(("kind", "sizes"), [("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (3, 4, 2))])
def test_small_batches_equal_keras(reference, kind, sizes, size):
    def answer(module):
        return run(made(module, kind, sizes, "plain"), QUERY[:size], VALUE[:size], use_causal_mask=True)

    assert_same(answer(Ours), reference(answer))


# --- without projections --------------------------------------------------------------------------------------------

PLAIN_VALUE, PLAIN_KEY = drawn(2, 3, 4), drawn(2, 3, 4, seed=2)
WIDE = drawn(2, 3, 5)
PLAIN = {
    "dot": ("Attention", {}),
    "dot-scaled": ("Attention", {"use_scale": True}),
    "concat": ("Attention", {"score_mode": "concat"}),
    "concat-scaled": ("Attention", {"score_mode": "concat", "use_scale": True}),
    "dot-dropout": ("Attention", {"dropout": 0.4, "seed": 1}),
    "additive": ("AdditiveAttention", {}),
    "additive-plain": ("AdditiveAttention", {"use_scale": False}),
    "additive-dropout": ("AdditiveAttention", {"dropout": 0.4, "seed": 1}),
}
PLAIN_MASKS = {
    "none": {},
    "query": {"mask": [QUERY_MASK, None]},
    "value": {"mask": [None, VALUE_MASK]},
    "both": {"mask": [QUERY_MASK, VALUE_MASK]},
    "empty": {"mask": [None, boolean([[1, 1, 0], [0, 0, 0]])]},
    "three": {"mask": [QUERY_MASK, VALUE_MASK, VALUE_MASK]},
    "causal": {"use_causal_mask": True},
    "causal-both": {"use_causal_mask": True, "mask": [QUERY_MASK, VALUE_MASK]},
}


def plain(module, option):
    kind, options = PLAIN[option]
    return getattr(module.layers, kind)(**options, name="it")


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize("mask", PLAIN_MASKS)
@pytest.mark.parametrize("option", PLAIN)
def test_plain_attention_equals_keras(reference, option, mask, scores):
    call = PLAIN_MASKS[mask] | (SCORES if scores else {})

    def answer(module):
        return run(plain(module, option), [QUERY, PLAIN_VALUE], **call)

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("option", ["dot-scaled", "concat", "additive"])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_plain_attention_with_keys_of_their_own_equals_keras(reference, option, size):
    inputs = [QUERY[:size], WIDE[:size], PLAIN_KEY[:size]]

    def answer(module):
        return run(plain(module, option), inputs)

    assert_same(answer(Ours), reference(answer))


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float16"])
@pytest.mark.parametrize("mask", ["none", "causal"])  # Keras gives NaN where a mask leaves nothing in float16
@pytest.mark.parametrize("option", ["dot-scaled", "concat", "additive"])
def test_plain_attention_in_16_bits_is_near_keras(reference, option, mask, dtype):
    kind, options = PLAIN[option]

    def answer(module):
        layer = getattr(module.layers, kind)(**options, name="it", dtype=dtype)
        return run(layer, [QUERY, PLAIN_VALUE], **PLAIN_MASKS[mask])["outputs"]

    assert_close(answer(Ours), reference(answer), 5e-2)


# --- shapes, configs, masks that come with the inputs ---------------------------------------------------------------


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize(("kind", "sizes", "option"), KINDS, ids=lambda v: str(v).replace(", ", "x"))
def test_symbols_equal_keras(reference, kind, sizes, option, scores):
    width = 6 if kind == "MultiHeadAttention" else 4  # Keras wants equal ones of the other, though it projects them
    shapes = (None, 3 if scores else None, 4), (None, 3, width)  # and counts the query's places twice in the scores

    def answer(module, symbol):
        layer = made(module, kind, sizes, option)
        called = layer(*map(symbol, shapes), return_attention_scores=scores)
        shape = list(layer.compute_output_shape(*shapes))
        return [shape, [[list(o.shape), o.dtype] for o in (called if scores else [called])]]

    expected = reference(lambda keras: answer(keras, keras.KerasTensor))
    assert_close(answer(Ours, KerasTensor), expected)


@pytest.mark.parametrize("scores", [False, True], ids=["", "scores"])
@pytest.mark.parametrize("option", PLAIN)
def test_symbols_of_plain_attention_equal_keras(reference, option, scores):
    shapes = [(None, None, 4), (None, 3, 5), (None, 3, 4)]

    def answer(module, symbol):
        layer = plain(module, option)
        called = layer([symbol(shape) for shape in shapes], return_attention_scores=scores)
        shape = list(layer.compute_output_shape(shapes))
        return [shape, [[list(o.shape), o.dtype] for o in (called if scores else [called])]]

    expected = reference(lambda keras: answer(keras, keras.KerasTensor))
    assert_close(answer(Ours, KerasTensor), expected)


@pytest.mark.parametrize(("kind", "sizes", "option"), KINDS, ids=lambda v: str(v).replace(", ", "x"))
def test_configs_equal_keras(reference, kind, sizes, option):
    expected = reference(lambda keras: made(keras, kind, sizes, option).get_config())
    assert_close(plain_config(made(Ours, kind, sizes, option).get_config()), expected)


@pytest.mark.parametrize("option", PLAIN)
def test_configs_of_plain_attention_equal_keras(reference, option):
    expected = reference(lambda keras: plain(keras, option).get_config())
    assert_close(plain_config(plain(Ours, option).get_config()), expected)


def plain_config(config):
    """Tuples as lists, as a record has them."""
    if isinstance(config, dict):
        return {name: plain_config(value) for name, value in config.items()}
    return [plain_config(part) for part in config] if isinstance(config, (list, tuple)) else config


TOKENS = np.array([[3, 1, 0, 0, 2], [2, 2, 2, 0, 0]], dtype="int32")


@pytest.mark.filterwarnings("ignore:Layer 'query'")
@pytest.mark.filterwarnings("ignore:.*Layer .*destroy the mask information")
@pytest.mark.parametrize("causal", [False, True], ids=["", "causal"])
@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"])
def test_masks_of_embeddings_are_seen_as_by_keras(reference, kind, causal):
    def answer(module, models, tensor):
        symbol = module.layers.Input((5,), dtype="int32")
        embedding = module.layers.Embedding(5, 4, mask_zero=True, name="embedding")
        x = embedding(symbol)
        sizes = {"MultiHeadAttention": (2, 3), "GroupQueryAttention": (3, 4, 2)}.get(kind, ())
        layer = getattr(module.layers, kind)(*sizes, name="it")
        y = layer(x, x, use_causal_mask=causal) if sizes else layer([x, x], use_causal_mask=causal)
        pooled = module.layers.GlobalAveragePooling1D(name="pool")(y)
        model = models.Model(symbol, [y, pooled])
        source = np.random.default_rng(2)
        model.set_weights([source.normal(scale=0.5, size=w.shape).astype("float32") for w in model.get_weights()])
        return model(tensor(TOKENS))

    from kerasviz import models
    from kerasviz.tensors import convert_to_tensor

    expected = reference(lambda keras: answer(keras, keras, keras.ops.convert_to_tensor))
    assert_close(answer(Ours, models, convert_to_tensor), expected)


@pytest.mark.parametrize("kind", ["MultiHeadAttention", "GroupQueryAttention"])
def test_penalties_on_outputs_are_keras(reference, kind):
    sizes = {"MultiHeadAttention": (2, 3), "GroupQueryAttention": (3, 4, 2)}[kind]

    def answer(module):
        layer = getattr(module.layers, kind)(*sizes, activity_regularizer="l2", kernel_regularizer="l1", name="it")
        run(layer, SELF, SELF)
        return sorted(float(loss.detach()) for loss in layer.losses)

    assert_close(answer(Ours), reference(answer))

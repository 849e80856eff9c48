"""MultiHeadAttention against Keras: outputs, scores and gradients to 1e-5."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
import torch

from kerasviz.layers.attention import MultiHeadAttention

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras

random = np.random.default_rng(0)
QUERY = random.normal(size=(2, 5, 4)).astype("float32")
VALUE = random.normal(size=(2, 3, 6)).astype("float32")
KEY = random.normal(size=(2, 3, 7)).astype("float32")
SELF = random.normal(size=(2, 5, 4)).astype("float32")
GRID = random.normal(size=(2, 3, 4, 5)).astype("float32")


def boolean(rows):
    return torch.tensor(rows, dtype=torch.bool)


MASKS = {
    "none": {},
    "query": {"query_mask": boolean([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])},
    "value": {"value_mask": boolean([[1, 1, 0], [0, 1, 1]])},
    "empty value": {"value_mask": boolean([[1, 1, 0], [0, 0, 0]])},
    "key": {"key_mask": boolean([[1, 0, 1], [0, 1, 1]])},
    "attention": {"attention_mask": torch.tensor(random.integers(0, 2, size=(2, 5, 3)))},
    "causal": {"use_causal_mask": True},
    "causal and value": {"use_causal_mask": True, "value_mask": boolean([[1, 1, 0], [0, 1, 1]])},
}
OPTIONS = [
    {},
    {"use_bias": False},
    {"value_dim": 5},
    {"output_shape": 7},
    {"output_shape": (2, 3)},
    {"use_gate": True},
    {"use_gate": True, "value_dim": 5},
    {"dropout": 0.3},
]


def twins(options, *shapes):
    ours, theirs = MultiHeadAttention(2, 3, **options), keras.layers.MultiHeadAttention(2, 3, **options)
    ours.build(*shapes)
    theirs.build(*shapes)
    source = np.random.default_rng(1)
    weights = [source.normal(scale=0.4, size=w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return ours, theirs


def run(layer, inputs, given):
    tensors = [torch.tensor(value, requires_grad=True) for value in inputs]
    outputs = layer(*tensors, **given)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    source = np.random.default_rng(2)
    loss = sum((o * torch.tensor(source.normal(size=tuple(o.shape)).astype("float32"))).sum() for o in outputs)
    wanted = [*tensors, *[getattr(w, "value", w) for w in layer.trainable_weights]]
    return outputs + list(torch.autograd.grad(loss, wanted))


def check_same(options, inputs, given):
    ours, theirs = twins(options, *[value.shape for value in inputs])
    for a, b in zip(run(ours, inputs, given), run(theirs, inputs, given), strict=True):
        np.testing.assert_allclose(a.detach(), b.detach(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_outputs_scores_and_gradients_equal_keras(options, mask, scores):
    check_same(options, [QUERY, VALUE], MASKS[mask] | ({"return_attention_scores": True} if scores else {}))


@pytest.mark.parametrize("scores", [False, True])
def test_keys_of_their_own_equal_keras(scores):
    check_same({}, [QUERY, VALUE, KEY], {"return_attention_scores": scores})


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("causal", [False, True])
def test_a_sliding_window_equals_keras(window, causal):
    check_same({"sliding_window": window}, [SELF, SELF], {"use_causal_mask": causal})


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("axes", [None, 1, 2, (1, 2), (2,)])
def test_attention_over_chosen_axes_equals_keras(axes, scores):
    check_same({"attention_axes": axes}, [GRID, GRID], {"return_attention_scores": scores})


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_weights_have_keras_names_shapes_and_order(options):
    ours, theirs = twins(options, QUERY.shape, VALUE.shape)
    described = [(w.path.split("/")[-2:], tuple(w.shape)) for w in ours.weights]
    assert described == [(w.path.split("/")[-2:], tuple(w.shape)) for w in theirs.weights]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_keras_reads_our_config_and_we_read_its(options):
    theirs = keras.layers.MultiHeadAttention(2, 3, **options)
    ours = MultiHeadAttention.from_config(theirs.get_config())
    assert keras.layers.MultiHeadAttention.from_config(ours.get_config()).get_config() == theirs.get_config()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_output_shapes_equal_keras(options):
    shapes = (None, None, 4), (None, 3, 6)
    theirs = keras.layers.MultiHeadAttention(2, 3, **options)
    assert MultiHeadAttention(2, 3, **options).compute_output_shape(*shapes) == theirs.compute_output_shape(*shapes)

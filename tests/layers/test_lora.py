"""Low-rank adaptation of Dense, EinsumDense and the embeddings."""

import copy
import pickle

import numpy as np
import pytest
import torch

from kerasviz import layers, models, saving
from kerasviz.declare import Invalid

X = torch.randn(3, 4)
TOKENS = torch.tensor([[1, 2], [0, 3]])
MADE = {
    "Dense": (lambda **more: layers.Dense(2, **more), X),
    "EinsumDense": (lambda **more: layers.EinsumDense("ab,bc->ac", 2, bias_axes="c", **more), X),
    "EinsumDense-other": (lambda **more: layers.EinsumDense("ab,cb->ac", 2, **more), X),
    "Embedding": (lambda **more: layers.Embedding(5, 3, **more), TOKENS),
}
every_layer = pytest.mark.parametrize(("make", "inputs"), MADE.values(), ids=MADE)


def enabled(make, inputs, **more):
    """A layer tuned already a little."""
    layer = make()
    layer(inputs)
    layer.enable_lora(2, b_initializer="glorot_uniform", **more)
    return layer


def large(layer):
    return getattr(layer, layer.large)


@every_layer
def test_a_layer_goes_on_as_it_was(make, inputs):
    layer = make()
    before = [layer(inputs) for _ in range(8)][-1]
    layer.enable_lora(2)
    torch.testing.assert_close(layer(inputs), before)


@every_layer
def test_a_layer_called_often_before_sees_what_is_added(make, inputs):
    layer = make()
    before = [layer(inputs) for _ in range(8)][-1]
    layer.enable_lora(2, b_initializer="ones")
    assert not torch.allclose(layer(inputs), before)


@every_layer
def test_only_the_small_arrays_and_the_bias_are_trained(make, inputs):
    layer = enabled(make, inputs)
    names = [v.name for v in layer.trainable_variables if v.name != "bias"]
    assert names == [f"lora_{layer.large}_a", f"lora_{layer.large}_b"]
    layer(inputs).sum().backward()
    assert layer.frozen.grad is None
    assert all(v.grad is not None for v in layer.trainable_variables)


@every_layer
def test_the_array_reads_as_the_sum(make, inputs):
    layer = enabled(make, inputs, lora_alpha=6)
    a, b = layer.small
    torch.testing.assert_close(large(layer), layer.frozen + 3 * (a @ b))
    merged = make()
    merged(inputs)
    merged.load_own_variables(saved(layer))
    torch.testing.assert_close(merged(inputs), layer(inputs))


def saved(layer):
    store = {}
    layer.save_own_variables(store)
    return store


@every_layer
def test_a_loaded_layer_has_the_sum_and_nothing_to_add(make, inputs):
    layer, other = enabled(make, inputs), enabled(make, inputs)
    other.load_own_variables(saved(layer))
    torch.testing.assert_close(other(inputs), layer(inputs))
    assert all(not v.detach().any() for v in other.small)


@every_layer
def test_copies_go_on_being_tuned(make, inputs):
    layer = enabled(make, inputs)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert twin.lora_enabled
        torch.testing.assert_close(twin(inputs), layer(inputs))


@every_layer
def test_an_argument_enables_it_at_build(make, inputs):
    layer = make(lora_rank=2, lora_alpha=6)
    layer(inputs)
    assert layer.lora_enabled
    assert (layer.get_config()["lora_rank"], layer.get_config()["lora_alpha"]) == (2, 6)
    assert "lora_rank=2, lora_alpha=6" in layer.source()


@every_layer
def test_it_is_refused_in_words_where_it_cannot_be(make, inputs):
    layer = make()
    with pytest.raises(Invalid, match="a built layer"):
        layer.enable_lora(2)
    layer(inputs)
    with pytest.raises(Invalid, match="at least 1"):
        layer.enable_lora(0)
    layer.enable_lora(2)
    with pytest.raises(Invalid, match="not tuned so yet"):
        layer.enable_lora(2)
    held = make(**{f"{layer.large}_constraint": "non_neg"})
    held(inputs)
    with pytest.raises(Invalid, match=f"without {layer.large}_constraint"):
        held.enable_lora(2)


@every_layer
def test_quantization_is_refused_in_words(make, inputs):
    layer = make()
    layer(inputs)
    for call in (lambda: layer.quantize("int8"), lambda: layer.quantized_build((2, 3), "int8"), layer.quantized_call):
        with pytest.raises(Invalid, match="quantization is not available"):
            call()


def test_a_model_sees_what_is_added():
    symbol = layers.Input((4,))
    dense = layers.Dense(2)
    model = models.Model(symbol, dense(symbol))
    before = model(X)
    dense.enable_lora(2, b_initializer="ones")
    assert not torch.allclose(model(X), before)
    torch.testing.assert_close(model(X), dense(X))


def test_training_moves_the_small_arrays_alone():
    model = models.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].enable_lora(1)
    model.compile("sgd", "mse")
    kernel = model.layers[0].frozen.detach().clone()
    b = model.layers[0].lora_kernel_b.detach().clone()
    model.fit(np.ones((8, 4), "float32"), np.ones((8, 1), "float32"), verbose=0)
    assert torch.equal(model.layers[0].frozen, kernel)
    assert not torch.equal(model.layers[0].lora_kernel_b, b)


def test_a_tuned_model_is_saved_as_the_sum(tmp_path):
    model = models.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].enable_lora(1, b_initializer="ones")
    saving.save_model(model, tmp_path / "model.keras")
    again = saving.load_model(tmp_path / "model.keras")
    assert again.layers[0].lora_enabled
    torch.testing.assert_close(again(X), model(X))


@pytest.mark.parametrize("name", ["query_dense", "value_dense", "output_dense"])
def test_projections_of_attention_can_be_tuned(name):
    layer = layers.MultiHeadAttention(2, 3)
    x = torch.randn(2, 5, 4)
    before = layer(x, x)
    projection = getattr(layer, name)
    projection.enable_lora(2)
    torch.testing.assert_close(layer(x, x), before)
    assert [v.name for v in projection.trainable_variables] == ["bias", "lora_kernel_a", "lora_kernel_b"]


@every_layer
def test_mixed_precision_computes_in_16_bits(make, inputs):
    layer = enabled(lambda: make(dtype="mixed_bfloat16"), inputs)
    assert layer(inputs).dtype == torch.bfloat16
    assert all(v.dtype == torch.float32 for v in layer.weights)

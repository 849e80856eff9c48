import numpy as np
import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid


def test_vectors_are_refused():
    with pytest.raises(Invalid, match=r"inputs \(batch, \*rest, features\), got \(3,\)"):
        layers.Dense(2).build((3,))


def test_unknown_features_are_refused():
    with pytest.raises(Invalid, match="a known number of features"):
        layers.Dense(2).build((None, None))


def test_other_features_than_built_for_are_refused():
    layer = layers.Dense(2, name="d")
    layer(torch.rand(1, 3))
    with pytest.raises(Invalid, match=r'Dense "d": expected size 3'):
        layer(torch.rand(1, 4))


def test_whole_numbers_are_taken():
    assert layers.Dense(2)(torch.ones(1, 3, dtype=torch.int64)).dtype == torch.float32


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_policy_decides_what_is_computed_in(policy):
    layer = layers.Dense(2, dtype=policy)
    assert layer(torch.rand(1, 3)).dtype == getattr(torch, layer.compute_dtype)
    assert layer.kernel.dtype == getattr(torch, layer.variable_dtype)


@pytest.mark.parametrize("equation", ["ab,bc", "ab->a", "ab,bc,cd->ad", "ab,bc->", "ab,xc->ac"])
def test_equations_have_two_operands_and_an_output(equation):
    with pytest.raises(Invalid, match="EinsumDense"):
        layers.EinsumDense(equation, 3).build((None, 4))


def test_bias_axes_are_axes_of_the_output():
    with pytest.raises(Invalid, match="letters of the output"):
        layers.EinsumDense("ab,bc->ac", 3, bias_axes="b")


def test_embedding_starts_from_given_rows_and_keeps_them_out_of_the_config():
    rows = np.arange(6.0).reshape(3, 2)
    layer = layers.Embedding(3, 2, weights=[rows])
    assert layer(torch.tensor([[2, 0]])).tolist() == [[[4.0, 5.0], [0.0, 1.0]]]
    assert "weights" not in layer.get_config()
    assert layer.source() == "Embedding(3, 2)"
    assert [w.name for w in layer.weights] == ["embeddings"]


def test_embedding_does_not_round_large_numbers_in_16_bits():
    layer = layers.Embedding(5000, 1, dtype="mixed_bfloat16")
    layer.build()
    layer.set_weights([np.arange(5000.0).reshape(5000, 1)])
    found = layer(torch.tensor([[4099.0]]))
    assert found.dtype == torch.bfloat16
    assert found.item() == torch.tensor(4099.0).bfloat16().item()


def test_embedding_masks_zeros():
    layer = layers.Embedding(3, 2, mask_zero=True)
    assert layer(torch.tensor([[1, 0]]))._keras_mask.tolist() == [[True, False]]
    assert layers.Embedding(3, 2).compute_mask(torch.tensor([[1, 0]])) is None


def test_input_length_of_older_code_warns():
    with pytest.warns(UserWarning, match="input_length"):
        layers.Embedding(3, 2, input_length=4)


def test_masking_marks_moments_with_one_value():
    y = layers.Masking(2.0)(torch.tensor([[[2.0, 2.0], [2.0, 1.0]]]))
    assert y.tolist() == [[[0.0, 0.0], [2.0, 1.0]]]
    assert y._keras_mask.tolist() == [[False, True]]


def test_rescaling_brings_bytes_into_floats():
    y = layers.Rescaling(1 / 255)(torch.full((1, 2), 255, dtype=torch.uint8))
    assert y.tolist() == [[1.0, 1.0]]


def test_rescaling_reads_the_config_of_an_array_that_keras_writes():
    scale = {"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float64"}}
    assert layers.Rescaling(scale).get_config()["scale"] == [1.0, 2.0]


def test_activity_regularization_adds_its_penalty():
    layer = layers.ActivityRegularization(0.1, 0.01)
    layer(torch.tensor([[-2.0, 1.0]]))
    assert [round(loss.item(), 6) for loss in layer.losses] == [0.35]
    assert layer.source() == "ActivityRegularization(l1=0.1, l2=0.01)"

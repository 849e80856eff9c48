"""What MultiHeadAttention promises beyond equal numbers."""

import pytest
import torch

from kerasviz.declare import Invalid
from kerasviz.layers.attention import MultiHeadAttention
from kerasviz.layers.attention_masks import attention_mask_of
from kerasviz.tensors import KerasTensor


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((None, 5), (None, 5)), "query"),
        (((None, 5, 4), (None, 4)), "value"),
        (((3, 5, 4), (2, 5, 4)), "batch size 3"),
        (((2, 5, 4), (2, 3, 4), (2, 4, 4)), "one key for each value"),
    ],
)
def test_shapes_that_do_not_fit_are_refused_in_words(shapes, words):
    with pytest.raises(Invalid, match=words):
        MultiHeadAttention(2, 3).compute_output_shape(*shapes)


def test_attention_over_batch_or_features_is_refused():
    with pytest.raises(Invalid, match="attention_axes between 1 and 1"):
        MultiHeadAttention(2, 3, attention_axes=2).compute_output_shape((2, 5, 4), (2, 5, 4))


def test_symbols_have_the_shapes_of_output_and_scores():
    query, value = KerasTensor((None, 5, 4)), KerasTensor((None, 3, 6))
    outputs = MultiHeadAttention(2, 3)(query, value, return_attention_scores=True)
    assert [o.shape for o in outputs] == [(None, 5, 4), (None, 2, 5, 3)]


def test_a_place_sees_nothing_later_under_a_causal_mask():
    layer = MultiHeadAttention(2, 3)
    inputs = torch.randn(1, 5, 4)
    changed = inputs.clone()
    changed[:, 3:] += 1
    before, after = (layer(x, x, use_causal_mask=True) for x in (inputs, changed))
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("seed", [None, 1])
def test_dropout_acts_in_training_only(seed):
    layer = MultiHeadAttention(2, 3, dropout=0.5, seed=seed)
    inputs = torch.randn(2, 5, 4)
    assert torch.equal(layer(inputs, inputs), layer(inputs, inputs))
    assert not torch.equal(layer(inputs, inputs, training=True), layer(inputs, inputs, training=True))


def test_no_mask_is_made_where_none_is_needed():
    assert attention_mask_of(None, None, None, (5, 5), False, None, torch.device("cpu")) is None


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3), (2, 4, 5, 3)])
def test_masks_with_and_without_batch_and_heads_are_accepted(shape):
    mask = attention_mask_of(torch.ones(shape), None, None, (5, 3), False, None, torch.device("cpu"))
    assert mask.ndim == 4
    assert mask.shape[-2:] == (5, 3)


def test_half_precision_runs_with_a_mask():
    layer = MultiHeadAttention(2, 3, dtype="mixed_float16")
    inputs = torch.randn(1, 5, 4)
    outputs = layer(inputs, inputs, value_mask=torch.tensor([[True, True, False, False, False]]))
    assert outputs.dtype == torch.float16
    assert outputs.isfinite().all()


def test_the_source_shows_what_was_given():
    assert MultiHeadAttention(2, 3).source() == "MultiHeadAttention(2, 3)"
    assert MultiHeadAttention(2, 3, value_dim=4).source() == "MultiHeadAttention(2, 3, value_dim=4)"

import pytest
import torch

from kerasviz import layers, models
from kerasviz.declare import Invalid


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
def test_unequal_shapes_are_refused_with_what_to_do(name):
    layer = getattr(layers, name)(name="m")
    with pytest.raises(Invalid, match=r'"m": expected inputs of one shape.*1x1 Conv2D') as caught:
        layer.compute_output_shape([(None, 28, 28, 32), (None, 28, 28, 16)])
    assert caught.value.got == [(None, 28, 28, 32), (None, 28, 28, 16)]


def test_one_tensor_instead_of_a_list_is_refused():
    with pytest.raises(Invalid, match=r"layer\(\[a, b\]\)"):
        layers.Add()(torch.ones(2, 3))


def test_batches_of_unequal_size_are_refused():
    with pytest.raises(Invalid, match="one shape"):
        layers.Add()([torch.ones(2, 3), torch.ones(4, 3)])


def test_concatenation_says_which_axis_differs():
    with pytest.raises(Invalid, match="one size of axis 1"):
        layers.Concatenate().compute_output_shape([(None, 28, 28, 3), (None, 14, 28, 3)])


def test_unknown_sizes_stay_unknown_or_are_found_in_another_input():
    assert layers.Add().compute_output_shape([(None, None, 3), (None, 4, 3)]) == (None, 4, 3)
    assert layers.Concatenate(axis=1).compute_output_shape([(None, None, 3), (None, 4, 3)]) == (None, None, 3)


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
def test_function_form_is_the_layer(name):
    x, y = torch.rand(2, 3), torch.rand(2, 3)
    assert torch.equal(getattr(layers, name.lower())([x, y]), getattr(layers, name)()([x, y]))


def test_concatenate_and_dot_as_functions():
    x, y = torch.rand(2, 3), torch.rand(2, 3)
    assert layers.concatenate([x, y], axis=0).shape == (4, 3)
    torch.testing.assert_close(layers.dot([x, y], axes=1), (x * y).sum(dim=1, keepdim=True))


MASKS = [torch.tensor([[True, False, True]]), torch.tensor([[True, True, False]])]


@pytest.mark.parametrize(
    ("layer", "masks", "expected"),
    [
        (layers.Add(), MASKS, [[True, True, True]]),
        (layers.Add(), [MASKS[0], None], None),
        (layers.Concatenate(axis=1), MASKS, [[True, False, True, True, True, False]]),
        (layers.Concatenate(axis=1), [MASKS[0], None], [[True, False, True, True, True, True]]),
        (layers.Concatenate(), MASKS, [[True, True, True]]),
        (layers.Dot(1), MASKS, None),
    ],
)
def test_masks_are_merged_as_in_keras(layer, masks, expected):
    inputs = [torch.rand(1, 3, 2), torch.rand(1, 3, 2)]
    mask = layer.compute_mask(inputs, masks)
    assert (mask if mask is None else mask.tolist()) == expected


def test_dot_of_unequal_sizes_is_refused():
    with pytest.raises(Invalid, match="equal sizes along the axes 1 and 1"):
        layers.Dot(1).compute_output_shape([(None, 3), (None, 4)])


@pytest.mark.parametrize("kind", [layers.Multiply, layers.Maximum, layers.Minimum])
def test_masked_values_do_not_count_in_models_either(kind):
    tokens = [torch.tensor([[1, 2, 0, 0]]), torch.tensor([[3, 0, 1, 0]])]
    embedding, merge = layers.Embedding(4, 2, mask_zero=True), kind()
    symbols = [layers.Input((4,), dtype="int32"), layers.Input((4,), dtype="int32")]
    model = models.Model(symbols, merge([embedding(symbol) for symbol in symbols]))
    found, parts = model(tokens), [embedding(token) for token in tokens]
    assert (found == merge(parts)).all()
    assert (found[0, 1] == parts[0][0, 1]).all()
    assert (found[0, 2] == parts[1][0, 2]).all()

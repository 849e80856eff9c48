import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid


def test_flatten_of_an_unknown_axis_is_unknown():
    assert layers.Flatten().compute_output_shape((None, None, 3)) == (None, None)


def test_flatten_takes_an_empty_batch():
    assert layers.Flatten()(torch.zeros(0, 2, 3)).shape == (0, 6)


@pytest.mark.parametrize(
    ("shape", "target", "expected"),
    [((None, 4, 6), (-1, 2), (None, 12, 2)), ((None, 4, None), (-1, 2), (None, None, 2)), ((3, 8), (2, 4), (3, 2, 4))],
)
def test_reshape_finds_what_is_left(shape, target, expected):
    assert layers.Reshape(target).compute_output_shape(shape) == expected


@pytest.mark.parametrize(("shape", "target"), [((None, 4, 6), (5, 5)), ((None, 4, 6), (-1, 7))])
def test_reshape_that_does_not_fit_says_how_many_values_there_are(shape, target):
    with pytest.raises(Invalid, match="The input has 24 per sample"):
        layers.Reshape(target).compute_output_shape(shape)


@pytest.mark.parametrize("dims", [(0, 1), (1, 1), (2, 3)])
def test_permute_needs_each_axis_once(dims):
    with pytest.raises(Invalid, match="each of 1 to 2 once"):
        layers.Permute(dims)


def test_permute_repeat_and_crop_are_views():
    x = torch.rand(2, 5, 6)
    for layer in (layers.Permute((2, 1)), layers.Cropping1D(1)):
        assert layer(x).untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def test_cropping_more_than_there_is_is_refused():
    with pytest.raises(Invalid, match="time above 4"):
        layers.Cropping1D(2).compute_output_shape((None, 3, 1))


@pytest.mark.parametrize("padding", [-1, (1, 2, 3), "1", ((1, 2), (3,))])
def test_edges_are_numbers_or_pairs(padding):
    with pytest.raises(Invalid, match=r"2 pairs \(before, after\)"):
        layers.ZeroPadding2D(padding)


@pytest.mark.parametrize("padding", [1, (2, 3), ((0, 1), (2, 0))])
def test_padding_says_itself_in_code(padding):
    layer = layers.ZeroPadding2D(padding)
    again = eval(layer.source(), {"ZeroPadding2D": layers.ZeroPadding2D})
    assert again.padding == layer.padding

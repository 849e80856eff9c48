"""TimeDistributed: one layer at every moment."""

import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.layers.wrappers import TimeDistributed


def test_every_moment_goes_through_the_layer():
    inner = layers.Dense(2)
    layer = TimeDistributed(inner)
    inputs = torch.randn(3, 4, 5)
    outputs = layer(inputs)
    for moment in range(4):
        torch.testing.assert_close(outputs[:, moment], inner(inputs[:, moment]))


def test_images_in_time_keep_their_axes():
    layer = TimeDistributed(layers.Conv2D(2, 3))
    assert layer.compute_output_shape((None, 4, 8, 8, 3)) == (None, 4, 6, 6, 2)
    assert layer(torch.randn(2, 4, 8, 8, 3)).shape == (2, 4, 6, 6, 2)


def test_inputs_without_time_are_refused():
    with pytest.raises(Invalid, match="at least 3 axes"):
        TimeDistributed(layers.Dense(2)).compute_output_shape((None, 3))


class Masked(layers.Layer):
    supports_masking = True

    def call(self, inputs, mask=None):
        return inputs * mask[:, None]

    def compute_output_shape(self, input_shape):
        return input_shape


def test_the_layer_inside_sees_the_mask_of_its_moment():
    inputs, mask = torch.ones(2, 3, 1), torch.tensor([[True, False, True], [False, False, True]])
    assert torch.equal(TimeDistributed(Masked())(inputs, mask=mask)[..., 0], mask.float())


def test_statistics_move_once_a_moment():
    inner = layers.BatchNormalization(momentum=0.5)
    layer = TimeDistributed(inner)
    layer(torch.ones(4, 3, 2), training=True)
    torch.testing.assert_close(inner.moving_mean.detach(), torch.full((2,), 0.875))


def test_its_config_makes_an_equal_layer():
    layer = TimeDistributed(layers.Dense(2, name="inner"), name="outer")
    assert TimeDistributed.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("wrap", [layers.TimeDistributed, layers.SpectralNormalization], ids=lambda cls: cls.__name__)
def test_a_frozen_layer_stays_frozen_inside_another(wrap):
    layer = wrap(layers.Dense(2, trainable=False))
    layer.build((2, 3, 4))
    assert layer.trainable
    assert not layer.trainable_weights
    layer.trainable = True  # that sets all inside
    assert len(layer.trainable_weights) == 2


def test_projections_start_apart_without_a_seed():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((2, 3, 4), (2, 3, 4))
    query, key = layer.get_weights()[0], layer.get_weights()[2]
    assert (query != key).any()

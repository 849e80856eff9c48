"""What the ConvLSTM layers promise beyond equal numbers."""

import pytest
import torch

from kerasviz.declare import Invalid
from kerasviz.layers import RNN, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D
from kerasviz.layers.conv_lstm import ConvLSTM2DCell


@pytest.mark.parametrize("cls", [ConvLSTM1D, ConvLSTM2D, ConvLSTM3D])
def test_a_conv_lstm_is_an_rnn(cls):
    layer = cls(2, 3)
    assert isinstance(layer, RNN)
    assert "cell" not in layer.get_config()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((None, 5, 5, 2), r"inputs \(batch, time, height, width, channels\)"),
        ((None, 4, 2, 5, 3), "height at least 3"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_in_words(shape, words):
    with pytest.raises(Invalid, match=words):
        ConvLSTM2D(2, 3).compute_output_shape(shape)
    with pytest.raises(Invalid, match=words):
        ConvLSTM2D(2, 3)(torch.zeros([2 if n is None else n for n in shape]))


def test_strides_and_dilation_exclude_each_other():
    with pytest.raises(Invalid, match="strides"):
        ConvLSTM2D(2, 3, strides=2, dilation_rate=2)


def test_inputs_are_convolved_once_for_all_moments(monkeypatch):
    calls = []
    convolved = ConvLSTM2DCell.convolved
    monkeypatch.setattr(ConvLSTM2DCell, "convolved", lambda *given: calls.append(1) or convolved(*given))
    ConvLSTM2D(2, 3)(torch.zeros(2, 5, 6, 6, 1))
    assert len(calls) == 1


def test_space_of_any_size_is_taken():
    layer = ConvLSTM2D(2, 3)
    assert layer.compute_output_shape((None, None, None, None, 1)) == (None, None, None, 2)
    layer.build((None, None, None, None, 1))
    assert layer(torch.zeros(2, 3, 6, 5, 1)).shape == (2, 4, 3, 2)
    assert layer(torch.zeros(2, 3, 8, 5, 1)).shape == (2, 6, 3, 2)


def test_a_seed_makes_the_same_dropout_again():
    x = torch.rand(2, 3, 6, 6, 1)
    layers = [ConvLSTM2D(2, 3, dropout=0.5, recurrent_dropout=0.5, seed=1) for _ in range(2)]
    layers[0](x)
    layers[1](x)
    layers[1].set_weights(layers[0].get_weights())
    torch.testing.assert_close(*(layer(x, training=True) for layer in layers))

"""What SpectralNormalization promises beyond equal numbers."""

import pytest
import torch

from kerasviz import layers, models
from kerasviz.declare import Invalid


def test_the_kernel_stretches_nothing_after_some_steps():
    layer = layers.SpectralNormalization(layers.Dense(5), power_iterations=20)
    layer(torch.randn(2, 4), training=True)
    assert float(torch.linalg.matrix_norm(layer.layer.kernel.detach(), 2)) == pytest.approx(1, abs=1e-3)


def test_a_layer_called_twice_in_one_step_still_goes_back():
    layer = layers.SpectralNormalization(layers.Dense(4))
    x = torch.randn(2, 4, requires_grad=True)
    layer(layer(x, training=True), training=True).sum().backward()
    assert layer.layer.kernel.grad is not None


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(Invalid, match="a kernel or embeddings"):
        layers.SpectralNormalization(layers.ReLU())(torch.zeros(2, 3))


def test_no_steps_are_refused():
    with pytest.raises(Invalid, match="at least 1"):
        layers.SpectralNormalization(layers.Dense(2), power_iterations=0)


def test_a_model_normalizes_in_training_only():
    symbol = layers.Input((4,))
    layer = layers.SpectralNormalization(layers.Dense(3))
    model = models.Model(symbol, layer(symbol))
    before = layer.layer.kernel.detach().clone()
    model(torch.randn(2, 4))
    assert torch.equal(layer.layer.kernel, before)
    model(torch.randn(2, 4), training=True)
    assert not torch.equal(layer.layer.kernel, before)

import math

import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid


def test_frozen_batch_normalization_uses_and_keeps_its_running_means():
    layer = layers.BatchNormalization(trainable=False)
    x = torch.rand(4, 3) + 5
    torch.testing.assert_close(layer(x, training=True), x / (1 + 1e-3) ** 0.5)
    assert layer.moving_mean.tolist() == [0, 0, 0]


def test_freezing_later_counts_too():
    layer = layers.BatchNormalization()
    layer(torch.rand(4, 3), training=True)
    before = layer.moving_mean.clone()
    layer.trainable = False
    layer(torch.rand(4, 3), training=True)
    torch.testing.assert_close(layer.moving_mean.data, before.data)


def test_moving_variance_is_the_biased_one():
    x = torch.rand(5, 3)
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True)
    torch.testing.assert_close(layer.moving_variance.data, x.var(dim=0, correction=0), rtol=1e-4, atol=1e-5)


def test_running_means_stay_out_of_the_gradient():
    layer = layers.BatchNormalization()
    layer(torch.rand(4, 3), training=True).sum().backward()
    assert [v.name for v in layer.trainable_variables] == ["gamma", "beta"]
    assert not layer.moving_mean.requires_grad
    assert layer.moving_mean.grad is None


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize(
    "make",
    [
        layers.BatchNormalization,
        layers.LayerNormalization,
        layers.RMSNormalization,
        layers.UnitNormalization,
        lambda **options: layers.GroupNormalization(2, **options),
        lambda **options: layers.LayerNormalization(axis=1, **options),
    ],
)
def test_16_bit_inputs_are_normalized_in_32_bits(policy, make):
    x = torch.randn(4, 6, 8)
    half = make(dtype=policy)
    whole = make()
    found = half(x, **({"training": True} if isinstance(half, layers.BatchNormalization) else {}))
    expected = whole(x, **({"training": True} if isinstance(half, layers.BatchNormalization) else {}))
    assert found.dtype == getattr(torch, policy.removeprefix("mixed_"))
    assert all(v.dtype == torch.float32 for v in half.weights)
    torch.testing.assert_close(found.float(), expected, atol=0.05, rtol=0.02)


@pytest.mark.parametrize("axis", [3, -4])
def test_axis_that_is_not_there_is_refused(axis):
    with pytest.raises(Invalid, match=rf"inputs with axis {axis}, got \(None, 4, 3\)"):
        layers.BatchNormalization(axis=axis).build((None, 4, 3))


def test_groups_must_divide_the_channels():
    with pytest.raises(Invalid, match="Set groups to a divisor of 3"):
        layers.GroupNormalization(groups=2).compute_output_shape((None, 4, 3))


def test_layer_normalization_over_a_middle_axis():  # Keras 3.15 on torch cannot
    x = torch.rand(2, 4, 5)
    y = layers.LayerNormalization(axis=1)(x)
    torch.testing.assert_close(y.mean(dim=1), torch.zeros(2, 5), atol=1e-5, rtol=0)


def test_renorm_clipping_without_renorm_is_refused():
    with pytest.raises(Invalid, match="Set renorm=True"):
        layers.BatchNormalization(renorm_clipping={"rmax": 2.0})


@pytest.mark.parametrize("space", [(5,), (5, 5), (1, 1), (5, 5, 5)], ids=["1D", "2D", "one place", "3D"])
@pytest.mark.parametrize("planned", [False, True], ids=["layer", "model"])
def test_groups_of_channels_train_on_data_as_a_first_layer(space, planned):
    layer = layers.GroupNormalization(2)
    inputs = layers.Input((*space, 4))
    call = kerasviz.Model(inputs, layer(inputs)) if planned else layer
    x = torch.arange(3.0 * math.prod(space) * 4).reshape(3, *space, 4).sin()
    layer.build(x.shape)
    for _ in range(20):  # memory was written where there was none: not every time a crash
        layer.gamma.grad = None
        call(x).square().sum().backward()
    means = layer(x).detach().square().sum(dim=tuple(range(len(space) + 1))) * 2
    torch.testing.assert_close(layer.gamma.grad, means, rtol=1e-4, atol=1e-4)

import copy
import pickle

import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid

NOISES = [
    lambda **options: layers.Dropout(0.4, **options),
    lambda **options: layers.AlphaDropout(0.4, **options),
    lambda **options: layers.GaussianDropout(0.4, **options),
    lambda **options: layers.GaussianNoise(0.4, **options),
    lambda **options: layers.SpatialDropout1D(0.4, **options),
]


@pytest.mark.parametrize("make", NOISES)
def test_seed_gives_the_same_numbers_in_each_run_and_new_ones_in_each_call(make):
    x = torch.ones(8, 5, 40)
    first, second = make(seed=3), make(seed=3)
    once = first(x, training=True)
    assert torch.equal(once, second(x, training=True))
    assert not torch.equal(once, first(x, training=True))
    assert not torch.equal(once, make(seed=4)(x, training=True))


@pytest.mark.parametrize("make", NOISES)
def test_without_a_seed_torch_decides_where_it_begins(make):
    x = torch.ones(8, 5, 40)
    torch.manual_seed(5)
    one, other = make(), make()
    torch.manual_seed(5)
    again = make()
    first = one(x, training=True)
    assert torch.equal(first, again(x, training=True))
    assert not torch.equal(first, one(x, training=True))
    assert not torch.equal(first, other(x, training=True))


@pytest.mark.parametrize("make", NOISES)
def test_seeded_layers_copy_and_pickle(make):
    layer = make(seed=3)
    layer(torch.ones(2, 3, 4), training=True)
    copies = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    expected = layer(torch.ones(2, 3, 4), training=True)
    for same in copies:
        assert same.get_config() == layer.get_config()
        assert torch.equal(same(torch.ones(2, 3, 4), training=True), expected)


@pytest.mark.parametrize("make", NOISES[:4])
def test_mean_and_outputs_outside_training_stay(make):
    x = torch.ones(200, 500)
    layer = make(seed=1)
    if not isinstance(layer, layers.AlphaDropout):
        assert abs(layer(x, training=True).mean().item() - 1) < 0.01
    assert layer(x) is x


def test_alpha_dropout_keeps_mean_and_variance():
    y = layers.AlphaDropout(0.3, seed=1)(torch.randn(500, 500), training=True)
    assert abs(y.mean().item()) < 0.01
    assert abs(y.var().item() - 1) < 0.02


def test_share_of_dropped_values_is_the_rate():
    y = layers.Dropout(0.3, seed=1)(torch.ones(500, 500), training=True)
    assert abs((y == 0).float().mean().item() - 0.3) < 0.01
    torch.testing.assert_close(y[y > 0], torch.full_like(y[y > 0], 1 / 0.7))


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("rate", [0.1, 0.6])
def test_rates_are_kept_with_and_without_a_seed(rate, seed):
    torch.manual_seed(5)
    options = {"rate": rate, "seed": seed}
    values, channels = torch.ones(400, 500), {rank: torch.ones(400, *[1] * rank, 500) for rank in (1, 2, 3)}
    outputs = [layers.Dropout(**options)(values, training=True)]
    outputs += [getattr(layers, f"SpatialDropout{r}D")(**options)(x, training=True) for r, x in channels.items()]
    for y in outputs:
        assert abs((y == 0).float().mean().item() - rate) < 0.01
        assert abs(y.mean().item() - 1) < 0.01
    lowest = layers.AlphaDropout(**options)(values, training=True)
    assert abs((lowest == lowest.min()).float().mean().item() - rate) < 0.01


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("rate", [0.1, 0.6])
def test_noise_has_the_spread_it_was_given(rate, seed):
    torch.manual_seed(5)
    x = torch.full((400, 500), 3.0)
    added = layers.GaussianNoise(rate, seed=seed)(x, training=True) - x
    multiplied = layers.GaussianDropout(rate, seed=seed)(x, training=True) / x
    assert abs(added.mean().item()) < 0.01
    assert abs(added.std().item() - rate) < 0.01
    assert abs(multiplied.mean().item() - 1) < 0.01
    assert abs(multiplied.std().item() - (rate / (1 - rate)) ** 0.5) < 0.02
    assert abs(added.flatten().square().square().mean().item() / added.var().item() ** 2 - 3) < 0.1  # a normal's tails


def test_spatial_dropout_drops_whole_channels():
    y = layers.SpatialDropout2D(0.5, seed=2)(torch.ones(8, 4, 5, 20), training=True)
    assert torch.equal(y.amin(dim=(1, 2)), y.amax(dim=(1, 2)))
    first = layers.SpatialDropout2D(0.5, data_format="channels_first", seed=2)(torch.ones(8, 20, 4, 5), training=True)
    assert torch.equal(first.amin(dim=(2, 3)), first.amax(dim=(2, 3)))


def test_noise_shape_shares_decisions_along_an_axis():
    y = layers.Dropout(0.5, noise_shape=(None, 1, None), seed=1)(torch.ones(4, 6, 50), training=True)
    assert torch.equal(y.amin(dim=1), y.amax(dim=1))


def test_noise_shape_of_another_rank_is_refused():
    with pytest.raises(Invalid, match="inputs with 2 axes"):
        layers.Dropout(0.5, noise_shape=(None, 1))(torch.ones(2, 3, 4), training=True)


@pytest.mark.parametrize("cls", [layers.Dropout, layers.AlphaDropout])
def test_rate_1_gives_zeros_that_gradients_flow_through(cls):
    x = torch.tensor([[1.0, torch.inf]], requires_grad=True)
    y = cls(1.0)(x, training=True)
    y.sum().backward()
    assert y.tolist() == x.grad.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_rate_is_a_share(rate):
    with pytest.raises(Invalid, match="at least 0 and at most 1"):
        layers.Dropout(rate)

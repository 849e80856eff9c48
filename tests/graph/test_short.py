"""A layer called by itself finds a short way after a few calls; it must be right whatever happens to the layer."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn.modules.module import register_module_forward_hook

from kerasviz import Sequential, layers, regularizers
from kerasviz.declare import Invalid


def warm(layer, x, **options):
    """Called until it has its short way."""
    for _ in range(5):
        outputs = layer(x, **options)
    return outputs


def has_short_way(layer):
    ways = layer.__dict__["_ways"]
    return ways.version >= 0 and ways.closed < 0


@pytest.mark.parametrize(
    "layer", [layers.Dense(3, "gelu"), layers.LayerNormalization(), layers.Softmax(), layers.BatchNormalization()]
)
def test_numbers_stay_the_same_on_the_short_way(layer):
    x = torch.rand(4, 6)
    first = layer(x)
    torch.testing.assert_close(warm(layer, x), first, rtol=1e-6, atol=1e-6)
    assert has_short_way(layer)


def test_new_weights_count():
    layer, x = layers.Dense(3), torch.rand(4, 6)
    warm(layer, x)
    layer.kernel.assign(torch.zeros(6, 3))
    assert not layer(x).any()
    layer.bias = layer.add_weight(name="bias", shape=(3,), initializer="ones")
    assert (layer(x) == 1).all()


def test_other_batch_sizes_and_shapes_count():
    layer = layers.Dense(3)
    warm(layer, torch.rand(4, 6))
    assert layer(torch.rand(9, 6)).shape == (9, 3)
    assert layer(torch.rand(2, 5, 6)).shape == (2, 5, 3)
    with pytest.raises(Invalid, match="size 6"):
        layer(torch.rand(4, 7))


def test_mode_counts():
    layer, x = layers.Dropout(0.5), torch.ones(50, 50)
    assert (warm(layer, x) == 1).all()
    assert (warm(layer, x, training=True) == 0).any()
    assert (layer(x) == 1).all()
    assert (layer(x, training=False) == 1).all()


def test_mode_of_the_model_around_counts():
    class Model(layers.Layer):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.5)

        def call(self, x):
            return self.drop(x)

    model, x = Model(), torch.ones(50, 50)
    for _ in range(6):
        assert (model(x) == 1).all()
        assert (model(x, training=True) == 0).any()


def test_hooks_run():
    layer, x, seen = layers.Dense(3), torch.rand(4, 6), []
    warm(layer, x)
    handle = layer.register_forward_hook(lambda *_: seen.append("own"))
    layer(x)
    handle.remove()
    handle = register_module_forward_hook(lambda *_: seen.append("global"))
    layer(x)
    handle.remove()
    layer(x)
    assert seen == ["own", "global"]


def test_masks_and_penalties_are_kept():
    layer, x = layers.Dense(3), torch.rand(4, 5, 6)
    warm(layer, x)
    masked = x.clone()
    masked._keras_mask = torch.ones(4, 5, dtype=torch.bool)
    assert layer(masked)._keras_mask is masked._keras_mask
    layer.activity_regularizer = regularizers.L2()
    layer(x)
    assert len(layer.losses) == 1


def test_dtypes_are_cast_as_before():
    layer, x = layers.Dense(3), torch.rand(4, 6)
    warm(layer, x)
    assert layer(x.double()).dtype == torch.float32
    layer.dtype_policy = "mixed_bfloat16"
    assert layer(x).dtype == torch.bfloat16


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))], ids=["copy", "pickle"]
)
def test_a_copy_goes_its_own_way(copied):
    layer, x = layers.Dense(3), torch.rand(4, 6)
    warm(layer, x)
    twin = copied(layer)
    twin.kernel.assign(torch.zeros(6, 3))
    assert not twin(x).any()
    assert layer(x).any()


@pytest.mark.parametrize(
    "make", [lambda: layers.Dense(3), lambda: Sequential([layers.Dense(4, "tanh"), layers.Dense(3)])]
)
def test_functional_call_computes_with_the_given_weights(make):
    thing, x = make(), torch.rand(5, 6)
    before = warm(thing, x)
    zeros = {name: torch.zeros_like(value) for name, value in thing.state_dict().items()}
    assert not functional_call(thing, zeros, (x,)).any()
    weights = {name: value.detach() for name, value in thing.state_dict().items()}
    of_weights = grad(lambda given: functional_call(thing, given, (x,)).sum())(weights)
    thing(x).sum().backward()
    for name, variable in thing.named_parameters():
        torch.testing.assert_close(of_weights[name], variable.grad)
    rows = vmap(lambda row: functional_call(thing, weights, (row[None],))[0])(x)
    torch.testing.assert_close(rows, before)
    torch.testing.assert_close(thing(x), before)


def test_parametrized_weights_count():
    layer, x = layers.Dense(3), torch.rand(4, 6)
    warm(layer, x)

    class Zeros(nn.Module):
        def forward(self, weight):
            return weight * 0

    nn.utils.parametrize.register_parametrization(layer, "kernel", Zeros())
    assert not warm(layer, x).any()


def test_shapes_that_keep_changing_cost_no_compilation_each():
    layer = layers.LayerNormalization()
    layer(torch.rand(2, 3, 6))
    for length in range(1, 200):
        layer(torch.rand(2, length, 6))
    assert layer.__dict__["_ways"].attempts <= 31


def test_a_gradient_of_a_plain_sum_is_as_quick_as_any():
    layer, x = layers.Dense(256), torch.rand(256, 256, requires_grad=True)
    layer(x).sum().backward()
    torch.testing.assert_close(layer.kernel.grad, x.detach().sum(0)[:, None].expand(256, 256), rtol=1e-4, atol=1e-3)


def test_a_shared_batch_normalization_trains():
    layer = layers.BatchNormalization()
    x, y = torch.rand(5, 3, requires_grad=True), torch.rand(5, 3)
    (layer(x, training=True) * y + layer(y, training=True) * x).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_running_variance_is_the_biased_one(rows):
    layer, x = layers.BatchNormalization(momentum=0.5), torch.rand(rows, 3)
    layer(x, training=True)
    torch.testing.assert_close(layer.moving_variance.detach(), 0.5 + 0.5 * x.var(0, correction=0), rtol=1e-5, atol=1e-6)


def test_a_refused_batch_leaves_the_running_variance_alone():
    layer, x = layers.BatchNormalization(), torch.rand(4, 3)
    layer(x, training=True)
    before = layer.moving_variance.clone()
    with pytest.raises(Invalid):
        layer(torch.rand(4, 5), training=True)
    assert torch.equal(layer.moving_variance, before)

"""torch.func sees through layers and models of any size: what is written by hand steps back."""

import pytest
import torch

import kerasviz as keras
from kerasviz import layers
from kerasviz.ops.onednn import ENOUGH_PRODUCTS

ROWS, FEATURES = 64, 256


def model():
    inputs = keras.Input((FEATURES,))
    return keras.Model(inputs, layers.Dense(FEATURES)(inputs))


SEES = {
    "Dense": (lambda: layers.Dense(FEATURES), (ROWS, FEATURES)),
    "Model": (model, (ROWS, FEATURES)),
    "EinsumDense": (lambda: layers.EinsumDense("abc,cd->abd", (None, FEATURES), bias_axes="d"), (4, 16, FEATURES)),
    "GRU": (lambda: layers.GRU(4, return_sequences=True), (3, 5, 4)),
}


@pytest.fixture(params=SEES)
def seen(request):
    make, shape = SEES[request.param]
    module, x = make(), torch.randn(shape)
    module(x)
    return module, x


def test_these_are_large_enough_to_be_written_by_hand():
    assert ROWS * FEATURES * FEATURES > ENOUGH_PRODUCTS


def test_grad_is_that_of_backward(seen):
    module, x = seen
    weights = dict(module.named_parameters())
    found = torch.func.grad(lambda ws: torch.func.functional_call(module, ws, (x,)).square().mean())(weights)
    module(x).square().mean().backward()
    for name, weight in weights.items():
        torch.testing.assert_close(found[name], weight.grad, rtol=1e-4, atol=1e-6)


def test_vmap_is_a_loop_over_calls(seen):
    module, x = seen
    two = torch.stack([x, 2 * x])
    with torch.no_grad():
        together, apart = torch.vmap(module)(two), torch.stack([module(x), module(2 * x)])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")  # torch's own, when jvp is first used
def test_jvp_is_the_difference_along_a_way(seen):
    module, x = seen
    way = torch.randn_like(x)
    _, found = torch.func.jvp(module, (x,), (way,))
    with torch.no_grad():
        expected = (module(x + way / 64) - module(x - way / 64)) * 32
    torch.testing.assert_close(found, expected, rtol=1e-2, atol=1e-2)

"""A training step is put together once, and anew when anything that it depends on changes."""

import copy

import numpy as np
import pytest
import torch

import kerasviz as keras
from kerasviz import layers
from kerasviz.training import step as steps

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def compiled():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


@pytest.fixture
def made(monkeypatch):
    calls, train_step = [], steps.train_step

    def counting(*arguments):
        calls.append(1)
        return train_step(*arguments)

    monkeypatch.setattr(steps, "train_step", counting)
    return calls


def test_calls_and_epochs_use_one_step(made):
    model = compiled()
    for _ in range(3):
        model.train_on_batch(X, Y)
    model.fit(X, Y, epochs=3, verbose=0)
    model.fit(X, Y, epochs=2, verbose=0, shuffle=False)
    assert len(made) == 1


CHANGES = {
    "another optimizer": lambda model: setattr(model, "optimizer", keras.optimizers.SGD(0.1)),
    "a frozen layer": lambda model: setattr(model.layers[0], "trainable", False),
    "a weight frozen in torch": lambda model: model.layers[0].kernel.requires_grad_(False),
    "a hook of a layer": lambda model: model.layers[0].register_forward_hook(lambda *_: None),
    "a hook of a weight": lambda model: model.layers[0].kernel.register_hook(lambda gradient: gradient),
    "another activation": lambda model: setattr(model.layers[0], "activation", keras.activations.tanh),
    "compile": lambda model: model.compile("sgd", "mae"),
    "eager layers": lambda model: setattr(model._compiled, "run_eagerly", True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_a_new_step(made, change):
    model = compiled()
    model.train_on_batch(X, Y)
    CHANGES[change](model)
    model.train_on_batch(X, Y)
    assert len(made) == 2


def test_a_weight_frozen_in_torch_stays_as_it_is():
    model = compiled()
    model.train_on_batch(X, Y)
    kernel = model.layers[0].kernel
    kernel.requires_grad_(False)
    before = kernel.numpy()
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(kernel.numpy(), before)


def test_a_global_hook_is_called():
    model, heard = compiled(), []
    model.train_on_batch(X, Y)
    handle = torch.nn.modules.module.register_module_forward_hook(lambda module, *_: heard.append(type(module)))
    try:
        model.train_on_batch(X, Y)
    finally:
        handle.remove()
    assert layers.Dense in heard


def test_layers_metrics_and_weights_are_seen_once_they_are_there():
    class Grows(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(2)

        def call(self, x):
            return self.first(x)

    model = Grows()
    model(X)
    assert len(model.weights) == 2
    model.second = layers.Dense(2)
    model.second.build((None, 2))
    assert len(model.weights) == 4
    model.seen = keras.metrics.Mean()
    assert model.seen in model.metrics
    del model.seen
    assert not model.metrics
    model.several = [keras.metrics.Mean()]
    assert len(model.metrics) == 1
    model.several.append(keras.metrics.Mean())
    assert len(model.metrics) == 2
    del model.several
    del model.second
    assert len(model.weights) == 2
    model.plain = torch.nn.ModuleList([layers.Dense(2)])
    model.plain[0].build((None, 2))
    assert len(model.weights) == 4
    model.plain.append(layers.Dense(1))
    model.plain[1].build((None, 2))
    assert len(model.weights) == 6


def test_copies_have_steps_and_layers_of_their_own():
    model = compiled()
    model.train_on_batch(X, Y)
    other = copy.deepcopy(model)
    before = model.get_weights()
    other.train_on_batch(X, Y)
    for one, same in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not {id(v) for v in model.weights} & {id(v) for v in other.weights}
    shallow = copy.copy(model.layers[0])
    assert next(iter(shallow._flatten_layers())) is shallow


def test_values_of_calls_are_those_of_their_batch():
    model = compiled()
    first = model.train_on_batch(X[:8], Y[:8])
    fresh = compiled()
    fresh.set_weights(model.get_weights())
    second, expected = model.train_on_batch(X[8:], Y[8:]), fresh.test_on_batch(X[8:], Y[8:])
    assert second == pytest.approx(expected, rel=1e-5)
    assert first != second

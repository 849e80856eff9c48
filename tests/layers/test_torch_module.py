"""Torch modules among layers."""

import pytest
import torch

import kerasviz as keras
from kerasviz import layers


def test_torch_module_in_a_graph_is_trained_and_in_the_state_dict():
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(layers.TorchModuleWrapper(module, name="torch")(inputs)))
    assert model.output_shape == (None, 2)
    assert [v.path for v in model.trainable_variables[:2]] == ["torch/weight", "torch/bias"]
    assert "torch.module.0.weight" in model.state_dict()
    model(torch.ones(2, 4)).sum().backward()
    assert module[0].weight.grad is not None


def test_sequential_wraps_a_torch_module_by_itself():
    model = keras.Sequential([keras.Input((4,)), torch.nn.Linear(4, 3)])
    assert model(torch.ones(2, 4)).shape == (2, 3)


def test_batch_norm_of_torch_follows_the_mode():
    layer = layers.TorchModuleWrapper(torch.nn.BatchNorm1d(3))
    before = layer.module.running_mean.clone()
    layer(torch.randn(8, 3) + 5)
    assert torch.equal(before, layer.module.running_mean)
    layer(torch.randn(8, 3) + 5, training=True)
    assert not torch.equal(before, layer.module.running_mean)


def test_config_of_a_module_says_what_to_do_instead():
    with pytest.raises(keras.Invalid, match="state_dict"):
        layers.TorchModuleWrapper(torch.nn.Linear(1, 1)).get_config()


def test_torch_module_that_is_an_attribute_is_trained_saved_and_counted():
    class Mixed(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
            self.head = layers.Dense(1)

        def call(self, x):
            return self.head(self.inner(x))

    model = Mixed()
    model.compile("sgd", "mse")
    before = model.inner[0].weight.detach().clone()
    model.fit(torch.randn(16, 4), torch.randn(16, 1), batch_size=8, verbose=0)
    assert model.count_params() == 4 * 3 + 3 + 3 + 3 + 3 + 1
    assert not torch.equal(before, model.inner[0].weight)


def test_layers_in_a_torch_container_keep_their_own_weights():
    class Stack(layers.Layer):
        def __init__(self):
            super().__init__()
            self.steps = torch.nn.ModuleList([layers.Dense(3), torch.nn.Linear(3, 2)])

        def call(self, x):
            for step in self.steps:
                x = step(x)
            return x

    stack = Stack()
    assert stack(torch.ones(1, 4)).shape == (1, 2)
    assert len(stack.weights) == 4

"""Layers of other frameworks: what they say without the framework, and that they call it rightly with one."""

import importlib
import importlib.util
import sys
import types
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid

INSTALLED = all(importlib.util.find_spec(name) for name in ("jax", "flax"))
jax: Any = importlib.import_module("jax") if INSTALLED else None  # here: its import sets environment variables
linen: Any = importlib.import_module("flax.linen") if INSTALLED else None


def linear(params, inputs):
    return inputs @ params["kernel"] + params["bias"]


MISSING = [
    (lambda: layers.TFSMLayer("folder"), "tensorflow"),
    (lambda: layers.JaxLayer(linear, params={}), "jax"),
    (lambda: layers.FlaxLayer(None), "flax"),
]


@pytest.mark.parametrize(("make", "package"), MISSING, ids=[package for _, package in MISSING])
def test_a_missing_package_is_named(make, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Invalid, match=f"the package `{package}`.*pip install {package}"):
        make()


@pytest.fixture
def saved_model(monkeypatch):
    """A SavedModel in a stand-in for TensorFlow, whose tensors are numpy arrays that have `numpy()`."""

    class Array(np.ndarray):
        def numpy(self):
            return np.asarray(self)

    def array(value):
        return np.asarray(value).view(Array)

    model = types.SimpleNamespace(
        serve=lambda x: array(x * 2),
        signatures={"train": lambda x: {"out": array(x * 3)}},
    )
    fake = types.ModuleType("tensorflow")
    vars(fake).update(convert_to_tensor=array, saved_model=types.SimpleNamespace(load=lambda path: model))
    monkeypatch.setitem(sys.modules, "tensorflow", fake)


@pytest.mark.usefixtures("saved_model")
def test_a_saved_model_runs_by_its_endpoints():
    layer = layers.TFSMLayer("folder", call_training_endpoint="train", name="it")
    x = torch.randn(2, 3)
    torch.testing.assert_close(layer(x), x * 2)
    torch.testing.assert_close(layer(x, training=True)["out"], x * 3)
    assert layer.get_config()["call_training_endpoint"] == "train"
    with pytest.raises(Invalid, match="'train'"):
        layers.TFSMLayer("folder", "other")


@pytest.mark.usefixtures("saved_model")
def test_a_saved_model_in_a_file_is_refused_unless_trusted():
    config = layers.TFSMLayer("folder").get_config()
    with pytest.raises(Invalid, match="safe_mode=False"):
        layers.TFSMLayer.from_config(config)
    assert layers.TFSMLayer.from_config(config, safe_mode=False).filepath == "folder"


with_jax = pytest.mark.skipif(jax is None, reason="needs jax and flax")


@with_jax
def test_a_function_of_jax_is_trained_like_dense():
    kernel, bias = np.random.default_rng(0).normal(size=(3, 2)).astype("float32"), np.ones(2, "float32")
    layer = layers.JaxLayer(linear, params={"kernel": kernel, "bias": bias})
    dense = layers.Dense(2)
    dense.build((2, 3))
    dense.set_weights([kernel, bias])
    x = torch.randn(4, 3)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    outputs = [one(value) for one, value in zip((layer, dense), inputs, strict=True)]
    torch.testing.assert_close(*outputs)
    for value in outputs:
        value.square().sum().backward()
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    assert [v.name for v in layer.trainable_variables] == ["param_0", "param_1"]
    torch.testing.assert_close(layer.param_1.grad, dense.kernel.grad)
    torch.testing.assert_close(layer.param_0.grad, dense.bias.grad)


@with_jax
def test_state_moves_in_training_only():
    def counted(params, state, inputs, training):
        return inputs * params, state + 1

    layer = layers.JaxLayer(counted, params=np.float32(2), state=np.float32(0))
    x = torch.randn(2, 3)
    torch.testing.assert_close(layer(x), 2 * x)
    assert float(layer.state_0) == 0
    layer(x, training=True)
    assert float(layer.state_0) == 1
    assert [v.name for v in layer.non_trainable_variables] == ["state_0"]


@with_jax
def test_params_are_made_for_the_shape_of_the_inputs():
    def start(rng, inputs):
        return {"kernel": jax.random.normal(rng, (inputs.shape[-1], 2)), "bias": jax.numpy.zeros(2)}

    layer = layers.JaxLayer(linear, start, seed=1)
    assert layer(torch.randn(4, 3)).shape == (4, 2)
    again = layers.JaxLayer(linear, start, seed=1)
    again.build((None, 3))
    assert np.array_equal(layer.get_weights()[1], again.get_weights()[1])
    with pytest.raises(Invalid, match="init_fn or params"):
        layers.JaxLayer(linear)
    with pytest.raises(Invalid, match="others of params"):
        layers.JaxLayer(lambda params, weights, inputs: inputs)


@with_jax
def test_a_module_of_flax_is_a_layer():
    class Block(linen.Module):
        @linen.compact
        def __call__(self, x, training: bool = False):
            x = linen.BatchNorm(use_running_average=not training)(linen.Dense(4)(x))
            return linen.Dropout(0.5, deterministic=not training)(x)

    layer = layers.FlaxLayer(Block(), seed=1)
    x = torch.randn(5, 3, requires_grad=True)
    layer(x, training=True).sum().backward()
    assert x.grad is not None
    assert len(layer.trainable_variables) == 4
    assert len(layer.non_trainable_variables) == 2
    assert torch.equal(layer(x), layer(x))

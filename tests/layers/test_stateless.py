import copy
import pickle

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Invalid, RematScope, StatelessScope, layers


def network(kind="functional"):
    inside = [
        layers.Dense(4, activation="tanh", kernel_regularizer="l2"),
        layers.BatchNormalization(),
        layers.Dropout(0.5, seed=3),
        layers.Dense(2),
    ]
    if kind == "sequential":
        return kerasviz.Sequential([kerasviz.Input((3,)), *inside])
    x = y = kerasviz.Input((3,))
    for layer in inside:
        y = layer(y)
    return kerasviz.Model(x, y)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_a_stateless_call_does_what_a_call_with_these_weights_would(kind, training):
    model = network(kind)
    x = torch.rand(6, 3)
    values = [torch.rand_like(v) for v in model.trainable_variables]
    states = [v.detach().clone() for v in model.non_trainable_variables]
    before = [v.detach().clone() for v in model.variables]
    outputs, after, losses = model.stateless_call(values, states, x, training=training, return_losses=True)
    assert all(torch.equal(v.detach(), old) for v, old in zip(model.variables, before, strict=True))
    other = copy.deepcopy(model)
    for variable, value in zip(other.trainable_variables, values, strict=True):
        variable.assign(value)
    torch.testing.assert_close(outputs, other(x, training=training))
    for value, variable in zip(after, other.non_trainable_variables, strict=True):
        torch.testing.assert_close(value, variable.detach())
    torch.testing.assert_close(losses, other.losses)


def test_gradients_flow_to_the_values():
    model = network()
    values = [torch.rand_like(v).requires_grad_() for v in model.trainable_variables]
    states = [v.value for v in model.non_trainable_variables]
    outputs, _, losses = model.stateless_call(values, states, torch.rand(6, 3), training=True, return_losses=True)
    (outputs.square().mean() + sum(losses)).backward()
    assert all(value.grad is not None for value in values)
    assert all(v.grad is None for v in model.trainable_variables)


def test_a_training_loop_without_state_learns():
    model = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(1)])
    x = torch.rand(32, 3)
    y = x @ torch.tensor([[1.0], [2.0], [3.0]])
    values = [v.detach().clone().requires_grad_() for v in model.trainable_variables]
    for _ in range(300):
        outputs, _ = model.stateless_call(values, [], x)
        loss = (outputs - y).square().mean()
        gradients = torch.autograd.grad(loss, values)
        values = [(v - 0.3 * g).detach().requires_grad_() for v, g in zip(values, gradients, strict=True)]
    assert loss.item() < 1e-3


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LSTM(4),
        lambda: layers.GRU(4),
        lambda: layers.SimpleRNN(4),
        lambda: layers.Conv1D(4, 2),
        lambda: layers.LayerNormalization(),
        lambda: layers.Bidirectional(layers.LSTM(3)),
        lambda: layers.EinsumDense("abc,cd->abd", output_shape=(None, 5)),
    ],
    ids=["LSTM", "GRU", "SimpleRNN", "Conv1D", "LayerNormalization", "Bidirectional", "EinsumDense"],
)
def test_fused_kernels_read_the_values_too(make):
    layer = make()
    x = torch.rand(2, 5, 4)
    layer(x)
    for _ in range(5):
        layer(x)
    values = [torch.rand_like(v).requires_grad_() for v in layer.trainable_variables]
    outputs, _ = layer.stateless_call(values, layer.non_trainable_variables, x)
    outputs.sum().backward()
    for variable, value in zip(layer.trainable_variables, values, strict=True):
        assert value.grad is not None
        assert variable.grad is None
        variable.assign(value)
    torch.testing.assert_close(outputs, layer(x))


def test_a_large_product_reads_the_values_too():
    layer = layers.Dense(256)
    x = torch.rand(256, 256)
    layer(x)
    value = torch.rand(256, 256, requires_grad=True)
    layer.stateless_call([value, torch.zeros(256)], [], x)[0].sum().backward()
    assert value.grad is not None
    assert layer.kernel.grad is None


def test_numbers_of_values_are_checked():
    layer = layers.Dense(2)
    with pytest.raises(Invalid, match="built"):
        layer.stateless_call([], [], torch.ones(1, 3))
    layer.build((None, 3))
    with pytest.raises(Invalid, match="2 values"):
        layer.stateless_call([], [], torch.ones(1, 3))
    with pytest.raises(Invalid, match="shape"):
        layer.stateless_call([np.ones((2, 2)), np.ones(2)], [], torch.ones(1, 3))


def test_a_layer_may_be_built_in_a_scope():
    with StatelessScope():
        layer = layers.Dense(2)
        outputs = layer(torch.ones(1, 3))
    torch.testing.assert_close(outputs, layer(torch.ones(1, 3)))


# --- rematerialization -----------------------------------------------------------------------------------------------


def gradients_of(layer, x):
    x = x.clone().requires_grad_()
    layer(x, training=True).square().sum().backward()
    return [x.grad, *(v.grad for v in layer.trainable_variables)]


@pytest.mark.parametrize("mode", ["full", "activations", "larger_than", "list_of_layers", None])
def test_rematerialized_layers_have_the_same_gradients(mode):
    with RematScope(mode, output_size_threshold=1, layer_names=["dense"]):
        layer = layers.Dense(4, activation="tanh", name="dense")
    plain = layers.Dense(4, activation="tanh")
    x = torch.rand(5, 3)
    layer(x)
    plain(x)
    plain.set_weights(layer.get_weights())
    torch.testing.assert_close(gradients_of(layer, x), gradients_of(plain, x))


@pytest.mark.parametrize(
    ("scope", "calls"),
    [
        (RematScope("full"), 2),
        (RematScope("larger_than", output_size_threshold=7), 2),
        (RematScope("larger_than", output_size_threshold=8), 1),
        (RematScope("list_of_layers", layer_names=["counted"]), 2),
        (RematScope("list_of_layers", layer_names=["other"]), 1),
        (RematScope(None), 1),
    ],
    ids=["full", "larger", "not_larger", "listed", "not_listed", "none"],
)
def test_the_mode_says_which_layers_compute_twice(scope, calls):
    seen = []

    class Counted(layers.Layer):
        def call(self, x):
            seen.append(1)
            return x.sin()

        def compute_output_shape(self, input_shape):
            return input_shape

    with scope:
        layer = Counted(name="counted")
    gradients_of(layer, torch.rand(2, 4))
    assert len(seen) == calls


def test_random_numbers_are_the_same_both_times():
    with RematScope("full"):
        layer = layers.Dropout(0.5, seed=3)
        other = layers.Dropout(0.5)
    for one in (layer, other):
        x = torch.ones(100, requires_grad=True)
        outputs = one(x, training=True)
        outputs.sum().backward()
        torch.testing.assert_close(x.grad, outputs.detach())
    assert layer.seed_generator.state.tolist() == [3, 1]


def test_the_mode_of_the_call_holds_for_the_second_time():
    modes = []

    class Told(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dropout(0.5)

        def call(self, x, training=False):
            modes.append(training)
            return self.inner(x)

    with RematScope("full"):
        layer = Told()
    x = torch.ones(50, requires_grad=True)
    outputs = layer(x, training=True)
    outputs.sum().backward()
    assert modes == [True, True]
    torch.testing.assert_close(x.grad, outputs.detach())


def test_a_model_with_rematerialized_layers_trains_and_is_copied():
    with RematScope("full"):
        model = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((32, 3), "float32")
    losses = model.fit(x, x.sum(1, keepdims=True), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


# --- what is not there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda layer: layer.add_metric(1), "compile"),
        (lambda layer: layer.quantize("int8"), "[Qq]uantiz"),
        (lambda layer: layer.quantize("int9"), "int8"),
        (lambda layer: layer.quantized_build((2,), "int8"), "[Qq]uantiz"),
        (lambda layer: layer.quantized_call(1), "[Qq]uantiz"),
    ],
)
def test_what_layers_cannot_do_is_said(call, hint):
    with pytest.raises(Invalid, match=hint):
        call(layers.ReLU())

"""Gradients written out without autograd: equal to autograd's, and left to it wherever somebody listens."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz as keras
from kerasviz import layers, losses, ops
from kerasviz.training.shortcut import objective_for

FEATURES, ROWS = 6, 9


def chain(made: Callable[[], list[Any]] = list):
    def build():
        x = inputs = keras.Input((FEATURES,))
        x = layers.Dense(8)(x)
        for layer in made():
            x = layer(x)
        return keras.Model(inputs, layers.Dense(3)(x))

    return build


def joined(layer, count=2):
    def build():
        inputs = keras.Input((FEATURES,))
        parts = [layers.Dense(5, activation="tanh")(inputs) for _ in range(count)]
        return keras.Model(inputs, layers.Dense(3)(layer()(parts)))

    return build


def read_often():
    inputs = keras.Input((FEATURES,))
    x = layers.Dense(FEATURES, activation="relu")(inputs)
    y = layers.Dense(FEATURES, activation="gelu")(x)
    z = layers.Add()([x, y]) + y
    z = ops.multiply(z, x)
    return keras.Model(inputs, layers.Dense(3)(layers.Concatenate()([z, x, inputs, z])))


def shared():
    inputs = keras.Input((FEATURES,))
    layer = layers.Dense(FEATURES, activation="sigmoid")
    return keras.Model(inputs, layers.Dense(3)(layer(layer(inputs))))


def nested():
    inner = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(4, activation="relu"), layers.Dense(FEATURES)])
    inputs = keras.Input((FEATURES,))
    return keras.Model(inputs, layers.Dense(3)(inner(inner(inputs))))


def series():
    inputs = keras.Input((4, FEATURES))
    x = layers.Dense(5, activation="silu")(inputs)
    x = layers.Dense(2, use_bias=False)(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


def from_numbers():
    inputs = keras.Input((FEATURES,))
    x = layers.Rescaling(0.5, 1.0)(inputs)
    x = layers.Rescaling(2.0)(layers.Dense(4)(x))
    return keras.Model(inputs, layers.Dense(3)(x))


GRAPHS = {
    "plain": chain(),
    **{
        name: chain(lambda name=name: [layers.Dense(7, activation=name)])
        for name in ("relu", "sigmoid", "tanh", "gelu", "silu", "mish")
    },
    **{
        name: chain(lambda name=name: [layers.Dense(7, activation=name)])
        for name in ("elu", "selu", "leaky_relu", "softmax", "linear")
    },
    "activation": chain(lambda: [layers.Activation("relu")]),
    "activation in between": chain(lambda: [layers.Activation("gelu"), layers.Activation("tanh")]),
    "relu layer": chain(lambda: [layers.ReLU()]),
    "softmax layer": chain(lambda: [layers.Softmax()]),
    "identity": chain(lambda: [layers.Identity(), layers.Activation("linear")]),
    "rescaling": from_numbers,
    "reshape": chain(lambda: [layers.Reshape((2, 4)), layers.Flatten()]),
    "no bias": chain(lambda: [layers.Dense(7, use_bias=False)]),
    "dropout": chain(lambda: [layers.Dropout(0.4)]),
    "no dropout": chain(lambda: [layers.Dropout(0.0)]),
    "add": joined(layers.Add, 3),
    "subtract": joined(layers.Subtract),
    "multiply": joined(layers.Multiply),
    "average": joined(layers.Average, 3),
    "concatenate": joined(layers.Concatenate, 3),
    "read often": read_often,
    "shared": shared,
    "nested": nested,
    "series": series,
}


def data(model, seed=0):
    generator = np.random.default_rng(seed)
    shape = tuple(model.input_shape[1:])
    x = torch.from_numpy(generator.normal(size=(ROWS, *shape)).astype("float32"))
    return x, torch.from_numpy(generator.normal(size=(ROWS, 3)).astype("float32"))


def by_descent(model, loss, x, y, weight=None):
    descent = model.descent(model.trainable_variables)
    assert descent is not None
    begin_again(model)
    with torch.no_grad():
        outputs, value = descent.function(x, objective_for(loss, descent.ends_with), y, weight)
    return outputs, value, taken(model)


def by_autograd(model, loss, x, y, weight=None):
    begin_again(model)
    outputs = model(x, training=True)
    value = loss(y, outputs) if weight is None else loss(y, outputs, weight)
    value.backward()
    return outputs.detach(), value.detach(), taken(model)


def begin_again(model):
    for variable in model.non_trainable_variables:
        if variable.name == "seed_generator_state":
            variable.assign([1, 0])


def taken(model):
    gradients = [variable.grad for variable in model.trainable_variables]
    for variable in model.weights:
        variable.grad = None
    return gradients


@pytest.mark.parametrize("name", GRAPHS)
def test_gradients_are_those_of_autograd(name):
    model = GRAPHS[name]()
    x, y = data(model)
    for one, other in zip(
        by_descent(model, losses.MeanSquaredError(), x, y),
        by_autograd(model, losses.MeanSquaredError(), x, y),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", GRAPHS)
def test_gradients_lie_in_memory_as_their_weights_do(name):
    model = GRAPHS[name]()
    gradients = by_descent(model, losses.MeanSquaredError(), *data(model))[2]
    for gradient, variable in zip(gradients, model.trainable_variables, strict=True):
        assert gradient.shape == variable.shape
        assert gradient.stride() == variable.stride()


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "linear", "tanh"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    "loss",
    [
        losses.MeanSquaredError(),
        losses.MeanAbsoluteError(),
        losses.Huber(reduction="sum"),
        losses.BinaryCrossentropy(),
        losses.BinaryCrossentropy(from_logits=True),
        losses.CategoricalCrossentropy(),
        losses.CategoricalCrossentropy(from_logits=True),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.SparseCategoricalCrossentropy(),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        losses.SparseCategoricalCrossentropy(ignore_class=1),
        losses.KLDivergence(),
        losses.CosineSimilarity(),
    ],
    ids=lambda loss: loss.source() if hasattr(loss, "source") else str(loss),
)
def test_every_loss_begins_the_descent_where_autograd_does(loss, activation, weighted):
    inputs = keras.Input((FEATURES,))
    outputs = layers.Dense(3, activation=activation)(layers.Dense(4, activation="relu")(inputs))
    if activation == "tanh":  # probabilities all the same
        outputs = layers.Rescaling(0.4, 0.5)(outputs)
    model = keras.Model(inputs, outputs)
    x, y = data(model)
    y = torch.softmax(y, -1)
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        y = y.argmax(-1)
    weight = torch.linspace(0.5, 2, ROWS) if weighted else None
    for one, other in zip(by_descent(model, loss, x, y, weight), by_autograd(model, loss, x, y, weight), strict=True):
        torch.testing.assert_close(one, other, rtol=2e-5, atol=1e-6)


def test_frozen_weights_get_no_gradient_and_pass_it_on():
    model = chain(lambda: [layers.Dense(5, activation="relu", trainable=False)])()
    x, y = data(model)
    middle = model.layers[2]
    ours = by_descent(model, losses.MeanSquaredError(), x, y)[2]
    assert middle.kernel.grad is None
    torch.testing.assert_close(ours, by_autograd(model, losses.MeanSquaredError(), x, y)[2])


def test_layers_before_the_first_trained_weight_may_be_any():
    inputs = keras.Input((8, 8, 1))
    frozen = layers.Conv2D(2, 3, activation="relu", trainable=False)(inputs)
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(layers.MaxPooling2D()(frozen))))
    x, y = data(model)
    ours = by_descent(model, losses.MeanSquaredError(), x, y)
    torch.testing.assert_close(ours, by_autograd(model, losses.MeanSquaredError(), x, y))


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_other_dtypes_have_gradients_of_their_own(dtype):
    policy = keras.dtype_policies.DTypePolicy(dtype)
    inputs = keras.Input((FEATURES,), dtype=dtype)
    x = layers.Dense(5, activation="relu", dtype=policy)(inputs)
    model = keras.Model(inputs, layers.Dense(3, dtype=policy)(x))
    x, y = (part.to(getattr(torch, dtype)) for part in data(model))
    loss = losses.MeanSquaredError(dtype=dtype)
    ours, autograds = by_descent(model, loss, x, y)[2], by_autograd(model, loss, x, y)[2]
    assert {gradient.dtype for gradient in ours} == {getattr(torch, dtype)}
    torch.testing.assert_close(ours, autograds, rtol=1e-2 if dtype == "bfloat16" else 1e-12, atol=1e-3)


def conv():
    inputs = keras.Input((8, 8, 1))
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(layers.Conv2D(2, 3)(inputs))))


def two_outputs():
    inputs = keras.Input((FEATURES,))
    return keras.Model(inputs, [layers.Dense(3)(inputs), layers.Dense(3)(inputs)])


class Doubling(layers.Layer):
    def call(self, inputs):
        return inputs * 2


def listened_layer():
    model = chain(lambda: [layers.Dense(4, name="heard")])()
    model.get_layer("heard").register_forward_hook(lambda *_: None)
    return model


def listened_weight():
    model = chain()()
    model.trainable_variables[0].register_hook(lambda gradient: gradient)
    return model


AUTOGRAD = {
    "a convolution": conv,
    "two outputs": two_outputs,
    "a layer of the user's": chain(lambda: [Doubling()]),
    "a hook of a layer": listened_layer,
    "a hook of a weight": listened_weight,
    "an activation of the user's": chain(lambda: [layers.Dense(4, activation=lambda x: x * 2)]),
    "mixed precision": chain(lambda: [layers.Dense(4, dtype="mixed_bfloat16")]),
    "noise with a seed": chain(lambda: [layers.Dropout(0.5, seed=1)]),
    "sums over repeated axes": lambda: keras.Model(
        (a := keras.Input((FEATURES,))), layers.Dense(3)(layers.Add()([layers.Dense(1)(a), layers.Dense(5)(a)]))
    ),
}


@pytest.mark.parametrize("name", AUTOGRAD)
def test_autograd_is_left_what_only_it_can_do(name):
    model = AUTOGRAD[name]()
    assert model.descent(model.trainable_variables) is None


def test_anomalies_are_looked_for_by_autograd():
    model = chain()()
    with torch.autograd.set_detect_anomaly(True):
        assert model.descent(model.trainable_variables) is None


def compiled(model):
    model.compile(optimizer="sgd", loss="mse")
    return model


def test_a_hook_put_on_a_weight_while_a_training_runs_is_called():
    model, heard = compiled(chain()()), []

    class Listen(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.trainable_variables[0].register_hook(lambda gradient: heard.append(gradient.shape))

    x, y = data(model)
    model.fit(x, y, batch_size=2, verbose=0, callbacks=[Listen()])
    assert len(heard) == 3


def test_a_layer_frozen_while_a_training_runs_stays_as_it_is():
    model, before = compiled(chain(lambda: [layers.Dense(4, name="held")])()), []
    held = model.get_layer("held")

    class Freeze(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                held.trainable = False
                before.append(held.kernel.numpy())

    x, y = data(model)
    start = held.kernel.numpy()
    model.fit(x, y, batch_size=2, verbose=0, callbacks=[Freeze()])
    np.testing.assert_array_equal(held.kernel.numpy(), before[0])
    assert not np.array_equal(before[0], start)


def test_fit_ends_with_the_same_weights_with_and_without_autograd(monkeypatch):
    x, y = np.random.default_rng(0).normal(size=(50, FEATURES)), np.arange(50) % 3
    ends = []
    for descends in (True, False):
        keras.utils.set_random_seed(3)
        model = read_often()
        model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        if not descends:
            monkeypatch.setattr(type(model), "descent", lambda self, weights: None)
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0).history
        ends.append((history, model.get_weights()))
    np.testing.assert_allclose(ends[0][0]["loss"], ends[1][0]["loss"], rtol=1e-5)
    for one, other in zip(ends[0][1], ends[1][1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_loss_of_the_users_may_read_weights():
    model = chain()()
    kernel = model.layers[1].kernel
    model.compile(keras.optimizers.SGD(0.1), lambda y, y_pred: ((y - y_pred) ** 2).mean() + kernel.square().sum())
    x, y = data(model)
    before = kernel.numpy()
    model.fit(x, y, batch_size=ROWS, verbose=0)
    by_loss = 2 * before * 0.1
    model.set_weights([before, *model.get_weights()[1:]])
    assert objective_for(model._compiled.loss.losses[0], None) is None
    assert np.abs(by_loss).max() > 0


def test_values_are_let_go_of_once_they_are_read():
    source = (model := read_often()).descent(model.trainable_variables).source
    body = source.splitlines()
    names = {line.split(" = ")[0].strip() for line in body if " = " in line and ".grad" not in line}
    names = {name for group in names for name in group.split(", ")}
    deleted = {name.strip() for line in body if line.strip().startswith("del ") for name in line.strip()[4:].split(",")}
    returned = body[-1].strip().removeprefix("return ").split(", ")
    assert names - deleted == {"input_layer", *returned}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_descent_runs_on_meta(name):
    model = GRAPHS[name]().to("meta")
    assert {variable.device.type for variable in model.weights} == {"meta"}
    x, y = (part.to("meta") for part in data(model))
    outputs, loss, gradients = by_descent(model, losses.MeanSquaredError(), x, y)
    assert {part.device.type for part in (outputs, loss, *gradients)} == {"meta"}

"""A plan gives what its layers give, called one by one."""

import numpy as np
import pytest
import torch

import kerasviz as keras
from kerasviz import layers
from kerasviz.layers.calling import CONTEXT
from kerasviz.models.functional import run_graph


def by_hand(model, x, training):
    """The graph, layer by layer."""
    CONTEXT.training = training
    try:
        return run_graph(model.graph, [x])
    finally:
        CONTEXT.training = None


def image_model(padding, data_format="channels_last"):
    keep = {"data_format": data_format}
    shape = (15, 13, 3) if data_format == "channels_last" else (3, 15, 13)
    axis = -1 if data_format == "channels_last" else 1
    inputs = keras.Input(shape)
    x = layers.Conv2D(8, 3, padding=padding, strides=2, activation="relu", **keep)(inputs)
    x = layers.BatchNormalization(axis=axis)(x)
    x = layers.Activation("relu")(x)
    side = layers.Conv2D(8, 1, use_bias=False, activation="tanh", **keep)(x)
    x = layers.Add()([x, side])
    x = layers.ReLU()(x)
    x = layers.Concatenate(axis=axis)([x, side])
    x = layers.AveragePooling2D(2, **keep)(layers.MaxPooling2D(2, padding="same", **keep)(x))
    flat = layers.Flatten(**keep)(x)
    pooled = layers.GlobalAveragePooling2D(**keep)(x)
    outputs = layers.Dense(3, activation="softmax")(layers.Concatenate()([flat, pooled]))
    return keras.Model(inputs, outputs), torch.randn(4, *shape)


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_plan_equals_the_layers_called_one_by_one(padding, data_format, training):
    model, x = image_model(padding, data_format)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    planned = model.plan(training).function(x)
    planned.square().sum().backward()
    gradients = [v.grad.clone() for v in model.trainable_variables]
    model.zero_grad()
    model.load_state_dict(state)
    direct = by_hand(model, x, training)
    direct.square().sum().backward()
    torch.testing.assert_close(planned, direct, rtol=1e-5, atol=1e-6)
    for gradient, variable in zip(gradients, model.trainable_variables, strict=True):
        torch.testing.assert_close(gradient, variable.grad, rtol=1e-4, atol=1e-6)


def test_training_plan_moves_the_running_means():
    model, x = image_model("same")
    before = model.layers[2].moving_mean.clone()
    model.plan(True).function(x)
    assert not torch.equal(before, model.layers[2].moving_mean)


def test_forward_hook_fires_and_stops_when_removed():
    model, x = image_model("valid")
    model(x)
    seen = []
    handle = model.layers[1].register_forward_hook(lambda module, args, output: seen.append(output.shape))
    model(x)
    handle.remove()
    model(x)
    assert len(seen) == 1


def test_frozen_batch_normalization_uses_running_means_in_training():
    model, x = image_model("valid")
    norm = next(layer for layer in model.layers if isinstance(layer, layers.BatchNormalization))
    norm.trainable = False
    before = norm.moving_mean.clone()
    model(x, training=True)
    assert torch.equal(before, norm.moving_mean)


def test_nested_models_are_written_out_in_one_function():
    inner, _ = image_model("valid")
    inputs = keras.Input((15, 13, 3))
    outer = keras.Model(inputs, layers.Dense(2)(inner(inputs)))
    assert "torch.conv2d" in outer.plan_source()
    x = torch.randn(2, 15, 13, 3)
    torch.testing.assert_close(outer(x), outer.layers[-1](inner(x)))


def test_in_place_activation_leaves_a_value_that_others_read():
    inputs = keras.Input((4,))
    hidden = layers.Dense(4)(inputs)
    model = keras.Model(inputs, [layers.ReLU()(hidden), hidden])
    positive, plain = model(torch.randn(8, 4))
    assert (plain < 0).any()
    assert torch.equal(positive, plain.relu())


def test_plain_torch_functions_and_operators_are_part_of_the_graph():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, torch.cat([torch.sin(inputs), inputs * 2.0], dim=-1) + 1)
    x = torch.randn(3, 4)
    assert torch.equal(model(x), torch.cat([x.sin(), x * 2], -1) + 1)


def test_torch_parameters_in_a_graph_are_trained():
    weight = torch.nn.Parameter(torch.ones(4, 2))
    inputs = keras.Input((4,))
    model = keras.Model(inputs, torch.matmul(inputs, weight))
    assert any(parameter is weight for parameter in model.parameters())


def test_wrong_input_shape_says_what_was_expected():
    model, _ = image_model("valid")
    with pytest.raises(keras.Invalid, match=r"expected shape \(None, 15, 13, 3\), got \(15, 13, 3\)") as caught:
        model(torch.randn(15, 13, 3))
    assert "batch axis" in caught.value.hint


def test_plan_source_is_python_that_names_the_layers():
    model, _ = image_model("valid")
    source = model.plan_source(training=True)
    compile(source, "plan", "exec")
    assert all(layer.name in source for layer in model.layers[1:3])


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_every_step_runs_on_the_meta_device(training):
    model, x = image_model("same")
    model = model.to("meta")
    assert model.plan(training).function(x.to("meta")).shape == (4, 3)


def test_masks_reach_the_layers_that_use_them():
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(inputs)
    model = keras.Model(inputs, layers.LSTM(3)(x))
    tokens = torch.tensor([[1, 2, 3, 0, 0, 0]])
    longer = torch.tensor([[1, 2, 3]])
    expected = model.layers[2](model.layers[1](longer))
    torch.testing.assert_close(model(tokens), expected)


def test_mixed_precision_computes_in_sixteen_bits_and_keeps_weights_in_float32():
    inputs = keras.Input((8,))
    hidden = layers.Dense(4, dtype="mixed_bfloat16")(inputs)
    model = keras.Model(inputs, layers.Dense(2, dtype="float32")(hidden))
    assert model(torch.randn(2, 8)).dtype == torch.float32
    assert model.layers[1].kernel.dtype == torch.float32
    assert hidden.dtype == "bfloat16"


def test_graph_of_a_thousand_layers_builds_copies_and_runs():
    import copy

    inputs = x = keras.Input((2,))
    for _ in range(1000):
        x = layers.Dense(2)(x)
    model = copy.deepcopy(keras.Model(inputs, x))
    assert model(torch.ones(1, 2)).shape == (1, 2)


@pytest.mark.parametrize("rows", [4, 600])
def test_large_products_give_the_same_by_either_kernel(rows):
    inputs = keras.Input((5, 128))
    outputs = layers.Dense(2)(layers.Dense(256, activation="relu")(inputs))
    model = keras.Model(inputs, outputs)
    x = torch.randn(rows, 5, 128, requires_grad=True)
    planned = model.plan(True).function(x)
    planned.square().sum().backward()
    gradients = [x.grad.clone(), *(v.grad.clone() for v in model.trainable_variables)]
    x.grad = None
    model.zero_grad()
    direct = by_hand(model, x, True)
    direct.square().sum().backward()
    torch.testing.assert_close(planned, direct, rtol=1e-4, atol=1e-5)
    for mine, other in zip(gradients, [x.grad, *(v.grad for v in model.trainable_variables)], strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("training", [False, True])
def test_gradients_reach_an_output_that_other_layers_read(training):
    inputs = keras.Input((8, 8, 2))
    middle = layers.Conv2D(3, 3, activation="relu")(inputs)
    outputs = layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(middle)))
    model = keras.Model(inputs, [middle, outputs])
    features, scores = model(torch.arange(128.0).reshape(1, 8, 8, 2).sin(), training=training)
    features.retain_grad()
    scores[0, 1].backward()
    assert features.grad.shape == (1, 6, 6, 3)
    assert features.grad.any()


@pytest.mark.parametrize("nothing", [None, "text"])
def test_nothing_or_text_for_an_input_is_refused(nothing):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    with pytest.raises(keras.Invalid, match="expected numbers of shape"):
        model(nothing)


def test_of_calls_equally_far_from_the_outputs_the_last_runs_first_as_in_keras():
    a, b = keras.Input((1,)), keras.Input((1,))
    norm = keras.layers.BatchNormalization(momentum=0.5)
    model = keras.Model([a, b], [norm(a), norm(b)])
    model([torch.full((2, 1), 4.0), torch.full((2, 1), 8.0)], training=True)
    assert np.asarray(norm.moving_mean).tolist() == [4.0]

"""Clones of models: the same structure, new weights, and every option of `clone_model`."""

import pytest
import torch

import kerasviz as keras
from kerasviz import layers, ops
from kerasviz.models import clone_model, model_from_json


def nested():
    inputs = keras.Input((4,), name="in")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="inner_dense")], name="inner")
    x = layers.Dense(3, name="outer")(inner(inputs))
    return keras.Model(inputs, [ops.tanh(x), x], name="model")


def assert_computes_the_same(model, clone):
    assert not torch.equal(model.weights[0], clone.weights[0])
    clone.set_weights(model.get_weights())
    x = torch.rand(5, 4)
    for one, other in zip(model(x), clone(x), strict=True):
        torch.testing.assert_close(one, other)


def test_clone_has_names_and_structure():
    clone = clone_model(nested())
    assert (clone.name, [layer.name for layer in clone.layers]) == ("model", ["in", "inner", "outer"])
    assert_computes_the_same(nested(), clone)


def test_clone_function_sees_each_layer_once():
    seen = []

    def wider(layer):
        seen.append(layer.name)
        config = layer.get_config()
        return type(layer).from_config(config | {"units": 7} if layer.name == "outer" else config)

    clone = clone_model(nested(), clone_function=wider)
    assert seen == ["inner", "outer"]
    assert clone.outputs[0].shape == (None, 7)


def test_recursive_clone_follows_models_inside():
    seen = []
    clone = clone_model(
        nested(),
        clone_function=lambda layer: seen.append(layer.name) or type(layer).from_config(layer.get_config()),
        recursive=True,
    )
    assert seen == ["inner_dense", "outer"]
    assert_computes_the_same(nested(), clone)


def test_call_function_makes_every_call():
    seen = []

    def with_dropout(operation, *args, **kwargs):
        seen.append(operation.name)
        outputs = operation(*args, **kwargs)
        return layers.Dropout(0.5)(outputs) if operation.name == "outer" else outputs

    clone = clone_model(nested(), call_function=with_dropout)
    assert seen[:2] == ["inner", "outer"]
    assert len(seen) == 3
    assert any(isinstance(layer, layers.Dropout) for layer in clone.layers)


def test_given_symbols_are_the_inputs():
    symbol = keras.Input((4,), name="new")
    assert clone_model(nested(), input_tensors=symbol).inputs[0] is symbol
    stack = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    clone = clone_model(stack, input_tensors=keras.Input((4,), name="new"))
    assert clone.inputs[0].name == "new"
    assert clone.output_shape == (None, 2)


def test_shared_layers_stay_shared():
    inputs = keras.Input((4,))
    dense = layers.Dense(4)
    clone = clone_model(keras.Model(inputs, dense(dense(inputs))))
    assert len(clone.weights) == 2


class Own(keras.Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return super().get_config() | {"units": self.units}


def test_a_subclass_is_made_anew_from_its_config():
    clone = clone_model(Own(5))
    assert type(clone) is Own
    assert clone(torch.rand(2, 3)).shape == (2, 5)


@pytest.mark.parametrize(
    ("model", "options", "word"),
    [
        (nested, {"input_tensors": []}, "1 symbols"),
        (nested, {"input_tensor": None}, "input_tensor"),
        (lambda: keras.Sequential([layers.Dense(2)]), {"call_function": print}, "Sequential"),
        (Own, {"clone_function": print}, "no graph"),
        (lambda: layers.Dense(2), {}, "a model"),
    ],
)
def test_options_without_use_are_refused(model, options, word):
    with pytest.raises(keras.Invalid, match=word):
        clone_model(model(), **options)


def test_json_makes_the_model_again_with_custom_objects():
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    inputs = keras.Input((4,))
    model = keras.Model(inputs, Twice()(layers.Dense(3)(inputs)))
    again = model_from_json(model.to_json(), custom_objects={"Twice": Twice})
    again.set_weights(model.get_weights())
    x = torch.rand(2, 4)
    torch.testing.assert_close(again(x), model(x))
    with pytest.raises(keras.Invalid, match="Twice"):
        model_from_json(model.to_json())

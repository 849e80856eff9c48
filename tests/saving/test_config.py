"""Objects and values as JSON, and back."""

import json

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import initializers, layers
from kerasviz.declare import Invalid
from kerasviz.saving import (
    deserialize_keras_object,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "text", [1, "a"], {"a": [1]}, (1, (2, 3)), slice(1, None, 2), Ellipsis, b"bytes"],
    ids=repr,
)
def test_plain_values_come_back(value):
    text = json.dumps(serialize_keras_object(value))
    assert deserialize_keras_object(json.loads(text)) == value


def test_arrays_and_tensors_come_back():
    array = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(np.arange(6.0).reshape(2, 3)))))
    np.testing.assert_array_equal(array, np.arange(6.0).reshape(2, 3))
    tensor = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(torch.arange(3)))))
    assert tensor.dtype == torch.int64
    assert tensor.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "made",
    [
        layers.Dense(3, activation="relu", kernel_regularizer="l2"),
        layers.Bidirectional(layers.GRU(2)),
        layers.MultiHeadAttention(2, 3),
        initializers.HeNormal(seed=3),
    ],
    ids=lambda made: type(made).__name__,
)
def test_components_come_back_equal(made):
    config = json.loads(json.dumps(serialize_keras_object(made)))
    again = deserialize_keras_object(config)
    assert type(again) is type(made)
    assert serialize_keras_object(again) == serialize_keras_object(made)


def test_a_built_layer_comes_back_built():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((None, 5, 4), (None, 3, 6))
    config = json.loads(json.dumps(serialize_keras_object(layer)))
    assert config["build_config"] == {"shapes_dict": {"query_shape": [None, 5, 4], "value_shape": [None, 3, 6]}}
    assert deserialize_keras_object(config).built


def test_registered_classes_have_a_name_of_their_own():
    @register_keras_serializable(package="mine", name="Thing")
    class Registered(layers.Layer):
        pass

    assert get_registered_name(Registered) == "mine>Thing"
    assert get_registered_object("mine>Thing") is Registered
    assert get_registered_object("nothing") is None
    config = serialize_keras_object(Registered(name="it"))
    assert config["registered_name"] == "mine>Thing"
    assert isinstance(deserialize_keras_object(json.loads(json.dumps(config))), Registered)


def test_registering_what_has_no_config_is_refused():
    with pytest.raises(Invalid, match="get_config"):

        @register_keras_serializable()
        class Plain:
            pass


def test_calls_in_a_circle_are_refused():
    inputs = kerasviz.Input((3,), name="in")
    hidden = layers.Dense(3, name="a")(inputs)
    model = kerasviz.Model(inputs, layers.Dense(3, name="b")(hidden))
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["b", 0, 0]
    with pytest.raises(Invalid, match="none in a circle"):
        deserialize_keras_object(config)


@pytest.mark.parametrize("history", [["none", 0, 0], ["a", 0, 7], ["a"], "a", None])
def test_places_that_are_not_there_are_refused(history):
    inputs = kerasviz.Input((3,), name="in")
    model = kerasviz.Model(inputs, layers.Dense(3, name="a")(inputs))
    config = json.loads(model.to_json())
    config["config"]["output_layers"] = [history]
    with pytest.raises(Invalid):
        kerasviz.saving.model_from_json(json.dumps(config))


def test_a_graph_of_a_thousand_layers_comes_back():
    x = inputs = kerasviz.Input((2,))
    for _ in range(1000):
        x = layers.Activation("relu")(x)
    model = kerasviz.Model(inputs, x)
    again = kerasviz.saving.model_from_json(model.to_json())
    assert len(again.layers) == 1001


def test_a_function_of_the_users_in_a_graph_is_refused_with_a_way_out():
    from kerasviz.tensors import record_function

    inputs = kerasviz.Input((3,))
    model = kerasviz.Model(inputs, record_function(lambda x: x + 1, (inputs,), {}))
    with pytest.raises(Invalid, match="a layer of its own"):
        model.to_json()

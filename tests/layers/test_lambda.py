"""Lambda: functions as layers, named in files, never code."""

import json

import numpy as np
import pytest
import torch

from kerasviz import activations, layers, models, ops, saving
from kerasviz.declare import Invalid
from kerasviz.layers.lambda_layer import Lambda

X = torch.randn(2, 3)


@saving.register_keras_serializable("tests")
def halved(x):
    return x / 2


def unregistered(x):
    return x * 4


def square(x):
    return x + 1


BYTECODE = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}


def saved_and_loaded(function, path, **options):
    symbol = layers.Input((3,))
    model = models.Model(symbol, layers.Lambda(function)(symbol))
    saving.save_model(model, path)
    return model, saving.load_model(path, **options)


@pytest.mark.parametrize("function", [halved, ops.square, activations.gelu, ops.relu], ids=lambda f: f.__name__)
def test_a_file_names_the_function(function, tmp_path):
    model, again = saved_and_loaded(function, tmp_path / "model.keras")
    torch.testing.assert_close(again(X), model(X))


def test_a_function_that_is_not_registered_is_given_when_loading(tmp_path):
    with pytest.raises(Invalid, match="unregistered"):
        saved_and_loaded(unregistered, tmp_path / "model.keras")
    model, again = saved_and_loaded(unregistered, tmp_path / "m.keras", custom_objects={"unregistered": unregistered})
    torch.testing.assert_close(again(X), model(X))


def test_a_function_with_the_name_of_one_of_ours_is_not_mistaken_for_it():
    with pytest.raises(Invalid, match="another name than `square`"):
        layers.Lambda(square).get_config()


@pytest.mark.parametrize("name", ["function", "output_shape", "mask"])
def test_bytecode_is_refused(name):
    config = {**layers.Lambda(halved).get_config(), name: BYTECODE}
    for safe_mode in (None, True, False):
        with pytest.raises(Invalid, match="bytecode"):
            Lambda.from_config(config, safe_mode=safe_mode)
    with pytest.raises(Invalid, match="bytecode"):
        saving.deserialize_keras_object(
            {"module": "keras.layers", "class_name": "Lambda", "config": config}, safe_mode=False
        )
    with pytest.raises(Invalid, match="bytecode"):
        Lambda.from_config({**config, name: {**BYTECODE, "function_type": "lambda"}})


def test_a_python_lambda_runs_and_is_not_saved():
    layer = layers.Lambda(lambda x: x + 1)
    torch.testing.assert_close(layer(X), X + 1)
    with pytest.raises(Invalid, match="a function with a name"):
        layer.get_config()


def test_its_config_is_json():
    layer = layers.Lambda(halved, output_shape=(3,), arguments={"factor": 2})
    assert Lambda.from_config(json.loads(json.dumps(layer.get_config()))).get_config() == layer.get_config()


def test_shapes_come_from_a_call_an_argument_or_a_function():
    assert layers.Lambda(ops.square).compute_output_shape((None, 3)) == (None, 3)
    assert layers.Lambda(halved, output_shape=(7, 2)).compute_output_shape((None, 3)) == (None, 7, 2)
    assert layers.Lambda(halved, output_shape=lambda shape: shape[:1]).compute_output_shape((None, 3)) == (None,)
    two = layers.Lambda(lambda x: [x, x[:, :1]])
    assert two.compute_output_shape((None, 3)) == [(None, 3), (None, 1)]


def test_a_function_that_cannot_be_called_on_zeros_asks_for_a_shape():
    def strict(x):
        raise RuntimeError("no zeros please")

    with pytest.raises(Invalid, match="Say output_shape"):
        layers.Lambda(strict)(layers.Input((3,)))


def test_several_inputs_are_given_as_a_list():
    total = layers.Lambda(lambda both: both[0] + both[1])
    torch.testing.assert_close(total([X, X]), 2 * X)
    inputs = [layers.Input((3,)), layers.Input((3,))]
    model = models.Model(inputs, total(inputs))
    torch.testing.assert_close(model([X, X]), 2 * X)


def test_a_model_with_one_trains():
    model = models.Sequential([layers.Input((3,)), layers.Dense(2), layers.Lambda(halved), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"), verbose=0)


def test_something_that_is_no_function_is_refused():
    with pytest.raises(Invalid, match="a function"):
        layers.Lambda(3)

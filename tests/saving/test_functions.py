"""Operations in files: what a file may call, and with what."""

import json
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import ops
from kerasviz.declare import Invalid
from kerasviz.saving import deserialize_keras_object, register_keras_serializable, serialize_keras_object


@register_keras_serializable(package="tests", name="next_value")
def next_value(index: Any, value: Any) -> Any:
    return value + index


@register_keras_serializable(package="tests", name="is_small")
def is_small(value: Any) -> Any:
    return ops.max(value) < 10


@register_keras_serializable(package="tests", name="twice")
def twice(value: Any) -> Any:
    return (value * 2,)


def saved_and_read(outputs: Any, inputs: Any) -> Any:
    config = json.loads(json.dumps(serialize_keras_object(kerasviz.Model(inputs, outputs))))
    return deserialize_keras_object(config)


def test_loops_with_registered_functions_are_saved() -> None:
    x = kerasviz.Input((3,))
    model = saved_and_read(ops.fori_loop(0, 4, next_value, x), x)
    assert model(np.ones((1, 3), "float32")).tolist() == [[7.0] * 3]
    model = saved_and_read(ops.while_loop(is_small, twice, (x,)), x)
    assert model(np.ones((1, 3), "float32")).tolist() == [[16.0] * 3]


def test_arguments_by_name_and_by_place_are_saved_alike() -> None:
    x, y = kerasviz.Input((3,)), kerasviz.Input((3,))
    numbers = torch.ones(2, 3), torch.full((2, 3), 2.0)
    for output in (ops.subtract(x, y), ops.subtract(x2=y, x1=x)):
        torch.testing.assert_close(saved_and_read(output, [x, y])(list(numbers)), numbers[0] - numbers[1])


def changed(config: Any, **settings: Any) -> Any:
    entry = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Sum")
    entry["config"] |= settings
    return config


@pytest.mark.parametrize("settings", [{"axes": 1}, {"out": "file"}, {"__class__": "x"}], ids=lambda s: next(iter(s)))
def test_a_setting_that_the_operation_has_not_is_refused(settings: dict[str, Any]) -> None:
    x = kerasviz.Input((3,))
    config = json.loads(json.dumps(serialize_keras_object(kerasviz.Model(x, ops.sum(x, axis=1)))))
    with pytest.raises(Invalid, match=next(iter(settings))):
        deserialize_keras_object(changed(config, **settings))


def test_more_arrays_than_the_operation_takes_are_refused() -> None:
    x = kerasviz.Input((3,))
    config = json.loads(json.dumps(serialize_keras_object(kerasviz.Model(x, ops.sum(x, axis=1)))))
    entry = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Sum")
    entry["inbound_nodes"][0]["args"] *= 2
    with pytest.raises(Invalid, match="2 arrays"):
        deserialize_keras_object(config)


@pytest.mark.parametrize("class_name", ["System", "Eval", "Load", "__import__"])
def test_what_is_no_operation_is_refused(class_name: str) -> None:
    x = kerasviz.Input((3,))
    config = json.loads(json.dumps(serialize_keras_object(kerasviz.Model(x, ops.sum(x, axis=1)))))
    entry = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Sum")
    entry["class_name"] = class_name
    with pytest.raises(Invalid, match=r"keras\.ops"):
        deserialize_keras_object(config)


def test_functions_are_named_as_keras_names_them() -> None:
    named = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    assert serialize_keras_object(next_value) == {**named, "config": "tests>next_value"}
    assert kerasviz.layers.Lambda(twice).get_config()["function"] == {**named, "config": "tests>twice"}
    given = {"function": is_small}
    assert deserialize_keras_object(serialize_keras_object(next_value), custom_objects=given) is next_value

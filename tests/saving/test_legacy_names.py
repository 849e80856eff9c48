"""`keras.legacy.saving`: objects as configs in the form of Keras 1 and 2."""

from __future__ import annotations

from typing import Any

import pytest

import kerasviz
from kerasviz import activations, layers, legacy, losses, optimizers, utils
from kerasviz.declare import Invalid
from kerasviz.saving import register_keras_serializable

write, read = legacy.saving.serialize_keras_object, legacy.saving.deserialize_keras_object
LAYERS = {name: getattr(layers, name) for name in ("Dense", "LSTM", "Conv2D")}


@register_keras_serializable("mine")
def doubled(x: Any) -> Any:
    return 2 * x


@register_keras_serializable("mine")
class Own(layers.Layer):
    pass


class Holder:
    def get_config(self) -> dict[str, Any]:
        return {"inner": layers.Dense(1, name="in"), "function": activations.relu, "sizes": (1, 2), "none": None}


class Part:
    def __init__(self, inner: Any = None, size: int = 0) -> None:
        self.inner, self.size = inner, size

    def get_config(self) -> dict[str, Any]:
        return {"inner": self.inner, "size": self.size}


def test_the_functions_are_the_same_in_utils() -> None:
    assert (utils.legacy.serialize_keras_object, utils.legacy.deserialize_keras_object) == (write, read)


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (None, None),
        (activations.relu, "relu"),
        (doubled, "mine>doubled"),
        (losses.MeanSquaredError(), {"class_name": "MeanSquaredError"}),
        (optimizers.SGD(), {"class_name": "SGD"}),
        (Own(name="own"), {"class_name": "mine>Own"}),
    ],
    ids=["none", "function", "registered-function", "loss", "optimizer", "registered-layer"],
)
def test_an_object_is_its_class_and_config_and_a_function_its_name(thing: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        expected = expected | {"config": thing.get_config()}
    assert write(thing) == expected


def test_objects_in_a_config_are_marked_and_come_back() -> None:
    written = write(Holder())["config"]
    assert written["function"] == "relu"
    assert written["inner"]["class_name"] == "Dense"
    assert written["inner"]["__passive_serialization__"] is True
    again = read(write(Part(Part(size=3))), {"Part": Part})
    assert (type(again.inner), again.inner.size) == (Part, 3)


@pytest.mark.parametrize("thing", [3, "relu", [1], layers.Dense], ids=["number", "text", "list", "class"])
def test_what_has_no_config_is_refused(thing: Any) -> None:
    with pytest.raises(Invalid):
        write(thing)


def test_layers_come_back_as_they_were() -> None:
    made = layers.Dense(3, "relu", kernel_initializer="zeros", kernel_regularizer="l2", name="x")
    assert read(write(made), LAYERS).get_config() == made.get_config()
    assert read({"class_name": "Dense", "config": {"units": 3}}, LAYERS).units == 3
    assert type(read({"class_name": "mine>Own", "config": {"name": "own"}})) is Own


def test_names_stand_for_functions_and_for_new_objects() -> None:
    assert read("relu", {"relu": activations.relu}) is activations.relu
    assert read("mine>doubled") is doubled
    assert read("f", {}, {"f": doubled}) is doubled
    assert type(read("Adam", {"Adam": optimizers.Adam})) is optimizers.Adam
    assert read(None) is None
    assert read(doubled) is doubled
    assert read({"class_name": "f", "config": {"x": 3}}, {}, {"f": doubled}) == 6


@pytest.mark.parametrize(
    "given",
    [
        *("Dens", 3, [1], {"a": 1}, {"class_name": "Dense"}, {"class_name": 3, "config": {}}),
        *({"class_name": "Foo", "config": {}}, {"class_name": "Dense", "config": []}),
    ],
    ids=["name", "number", "list", "no-config", "no-arguments", "class-number", "class", "arguments-list"],
)
def test_what_is_no_config_or_not_known_is_refused(given: Any) -> None:
    with pytest.raises(Invalid):
        read(given, LAYERS)


def test_errors_say_what_was_looked_for() -> None:
    with pytest.raises(Invalid, match=r"a known layer, got 'Dens'\. Did you mean 'Dense'"):
        read({"class_name": "Dens", "config": {}}, LAYERS, printable_module_name="layer")


def test_a_config_alone_allocates_no_more_than_the_machine_has() -> None:
    config = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2)]).get_config()
    config["layers"][1]["config"]["units"] = 2**50
    with pytest.raises(ValueError, match="expected"):
        read({"class_name": "Sequential", "config": config}, {"Sequential": kerasviz.Sequential})

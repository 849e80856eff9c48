"""What a declaration gives: constructor, checks, config, source, and errors that name the near miss."""

import inspect
import json
from typing import Literal

import pytest

from kerasviz.declare import Activation, Component, Invalid, Sizes, arg, deserialize, register, serialize, weight
from kerasviz.declare.kinds import literal
from kerasviz.declare.registry import REGISTERED, custom_object_scope
from kerasviz.layers.layer import Layer


class Sample(Component):
    """A component with one argument of each common kind."""

    rank = 2
    units: int = arg(at_least=1, doc="How many.")
    rate: float = arg(0.5, at_least=0, below=1, doc="Share.")
    padding: Literal["valid", "same"] = arg("valid", doc="At the edge.")
    size: Sizes = arg(2, doc="Per axis.")
    activation: Activation = arg(None, doc="Applied last.")
    note: str | None = arg(None, keyword=True, doc="For people.")


class Weighted(Layer):
    """A layer with two weights."""

    units: int = arg(2, at_least=1, doc="How many.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")


def test_signature_has_the_declared_order_and_defaults():
    assert str(inspect.signature(Sample)) == (
        "(units, rate=0.5, padding='valid', size=(2, 2), activation=None, *, note=None)"
    )


def test_weights_spread_into_initializers_then_regularizers_then_constraints():
    names = list(Weighted.args)[1:8]
    assert names == [
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": 0}, "Sample(units=...): expected a whole number at least 1, got 0."),
        ({"units": 1.5}, "Sample(units=...): expected a whole number at least 1, got 1.5."),
        ({"units": True}, "Sample(units=...): expected a whole number at least 1, got True."),
        ({"units": 1, "rate": 1.0}, "Sample(rate=...): expected a number at least 0 and below 1, got 1.0."),
        ({"units": 1, "padding": "sme"}, "expected 'valid' or 'same', got 'sme'. Did you mean 'same'?"),
        ({"units": 1, "size": (1, 2, 3)}, "expected a whole number or 2 of them, each at least 1, got (1, 2, 3)."),
        ({"units": 1, "activation": "rellu"}, "got 'rellu'. Did you mean 'relu'?"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_value_that_does_not_fit_is_refused_in_words(arguments, message):
    with pytest.raises(Invalid) as caught:
        Sample(**arguments)
    assert message in str(caught.value)


def test_unknown_argument_names_the_one_that_was_meant():
    with pytest.raises(TypeError, match=r"Sample has no argument `unts`\. Did you mean `units`\?"):
        Sample(unts=3)


def test_missing_argument_is_told_with_its_meaning():
    with pytest.raises(TypeError, match=r"Sample needs `units`\. `units`: How many\."):
        Sample()


def test_source_leaves_defaults_out():
    assert Sample(3, size=(2, 3), activation="relu").source() == 'Sample(3, size=(2, 3), activation="relu")'


def test_config_is_json_and_makes_an_equal_object():
    sample = Sample(3, rate=0.25, size=3, activation="tanh", note="hi")
    config = json.loads(json.dumps(sample.get_config()))
    assert Sample.from_config(config).get_config() == sample.get_config()


def test_hand_written_constructor_is_read_for_form_and_config():
    class Scale(Layer):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, inputs):
            return inputs * self.factor

    scale = Scale(3.0, name="mine")
    assert {"factor", "name", "trainable"} <= set(Scale.args)
    assert scale.get_config()["factor"] == 3.0
    assert Scale.from_config(scale.get_config()).get_config() == scale.get_config()


def test_own_get_config_of_a_hand_written_class_extends_the_base():
    class Scale(Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    config = Scale(3.0, name="mine").get_config()
    assert config["factor"] == 3.0
    assert config["name"] == "mine"


def test_registered_class_is_found_and_an_unknown_one_is_refused():
    register("mine")(Sample)
    try:
        config = serialize(Sample(2))
        assert config["registered_name"] == "mine>Sample"
        assert deserialize(json.loads(json.dumps(config))).units == 2
    finally:
        REGISTERED.pop("mine>Sample")
    with pytest.raises(Invalid, match="name of a Keras component"):
        deserialize({"module": "os", "class_name": "system", "config": {}})


def test_custom_object_scope_ends_with_the_block():
    config = {"module": "somewhere", "class_name": "Sample", "config": {"units": 2}, "registered_name": None}
    with custom_object_scope({"Sample": Sample}):
        assert deserialize(config).units == 2
    with pytest.raises(Invalid):
        deserialize(config)


def test_no_module_is_imported_because_a_config_names_it():
    import sys

    with pytest.raises(Invalid):
        deserialize({"module": "antigravity", "class_name": "geohash", "config": {}})
    assert "antigravity" not in sys.modules


def test_weight_before_build_says_to_build():
    with pytest.raises(AttributeError, match=r"Weighted has no `kernel` yet\. Build the layer"):
        _ = Weighted().kernel


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 255, "1 / 255"), (0.5, "0.5"), (0.1, "0.1"), (1 / 3, "1 / 3"), (1e-7, "1e-07"), (0.0, "0.0")],
)
def test_fractions_are_written_as_a_person_writes_them(value, text):
    assert literal(value) == text
    assert eval(literal(value)) == value

"""Every declared component, held to what every component promises."""

import copy
import inspect
import json
import pickle

import pytest

from kerasviz import catalog
from kerasviz.declare import Invalid

FAMILIES = ("layer", "loss", "metric", "optimizer", "callback", "initializer", "regularizer", "constraint", "schedule")
EVERY = [cls for family in FAMILIES for cls in catalog.components(family).values()]
DECLARED = [cls for cls in EVERY if not cls._handwritten]
REQUIRED = {  # where a sample of the kind alone makes no sense
    "Bidirectional": {"layer": {"class_name": "LSTM", "config": {"units": 2}}},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": (3,)},
    "Dot": {"axes": 1},
    "Lambda": {"function": {"module": "builtins", "class_name": "function", "config": "relu"}},
    "RNN": {"cell": {"class_name": "LSTMCell", "config": {"units": 2}}},
    "StackedRNNCells": {"cells": [{"class_name": "LSTMCell", "config": {"units": 2}}]},
    "SpectralNormalization": {"layer": {"class_name": "Dense", "config": {"units": 2}}},
    "Wrapper": {"layer": {"class_name": "Dense", "config": {"units": 2}}},
    "TimeDistributed": {"layer": {"class_name": "Dense", "config": {"units": 2}}},
    "CategoryEncoding": {"num_tokens": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "Pipeline": {"layers": [{"class_name": "Dense", "config": {"units": 2}}]},
    "Permute": {"dims": (2, 1)},
    "Reshape": {"target_shape": (4, 4)},
    "MinMaxNorm": {},
    "ModelCheckpoint": {"filepath": "model.keras"},
    "CSVLogger": {"filename": "log.csv"},
    "Constant": {"value": 1.0},
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "PiecewiseConstantDecay": {"boundaries": [1], "values": [0.1, 0.01]},
    "MultiOptimizer": {
        "optimizer_map": {
            "module": "keras.optimizers",
            "class_name": "OptimizerMap",
            "config": {
                "default_optimizer": {"class_name": "SGD", "config": {"momentum": 0.5}},
                "optimizer_map": {"head/.*": {"class_name": "Adam", "config": {}}},
            },
        }
    },
}


def make(cls, **args):
    """A component with what it requires, and `args`."""
    given = REQUIRED.get(cls.__name__, {})
    required = {
        a.name: next(v for v in a.kind.samples() if v is not None)
        for a in cls.args.values()
        if a.required and a.name not in given and a.name not in args
    }
    return cls(**required | given | args)


def cases():
    """Every argument of every component, with every sample of its kind."""
    for cls in DECLARED:
        for a in cls.args.values():
            for value in a.kind.samples():
                if a.name not in REQUIRED.get(cls.__name__, {}):
                    yield pytest.param(cls, a.name, value, id=f"{cls.__name__}-{a.name}-{value}")


def made_or_refused(cls, **args):
    """The component, or None where a rule between arguments refuses it in the four parts of `Invalid`."""
    try:
        return make(cls, **args)
    except Invalid:
        return None


@pytest.mark.parametrize(("cls", "name", "value"), list(cases()))
def test_config_makes_an_equal_component(cls, name, value):
    component = made_or_refused(cls, **{name: value})
    if component is None:
        return
    config = json.loads(json.dumps(component.get_config()))
    again = cls.from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_source_makes_an_equal_component(cls):
    import kerasviz

    component = make(cls)
    parts = ("initializers", "regularizers", "constraints", "layers", "activations")
    names = {
        **{part: getattr(kerasviz, part) for part in parts},
        **{"optimizers": kerasviz.optimizers, "losses": kerasviz.losses, "metrics": kerasviz.metrics},
    }
    again = eval(component.source(), {cls.__name__: cls, **names})
    written_as_code = {"schedule"} if cls.__name__ == "LearningRateScheduler" else set()
    mine, other = (without_names(one.get_config(), written_as_code) for one in (component, again))
    assert mine == other


def without_names(config, left_out=frozenset()):
    """The config without automatic names, which are never the same twice."""
    if isinstance(config, dict):
        return {n: without_names(v) for n, v in config.items() if n != "name" and n not in left_out}
    return [without_names(part) for part in config] if isinstance(config, (list, tuple)) else config


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_every_argument_is_documented(cls):
    assert [a.name for a in cls.args.values() if not a.doc] == []


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__name__)
def test_every_component_says_what_it_does_in_one_line(cls):
    first = (inspect.getdoc(cls) or "").split("\n")[0]
    assert first.endswith(".")
    assert len(first) > 4


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_form_is_json_and_has_a_field_for_every_argument(cls):
    form = json.loads(json.dumps(cls.form()))
    assert [field["name"] for field in form] == list(cls.args)
    assert all(field["input"] for field in form)


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_unknown_argument_is_refused_with_the_near_miss(cls):
    name = next(iter(cls.args), None)
    if name is None:
        with pytest.raises(TypeError):
            cls(no_such_argument=1)
        return
    with pytest.raises(TypeError, match=cls.__name__):
        make(cls, **{name + "x": 1})


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_component_copies_and_pickles(cls):
    component = make(cls)
    config = json.dumps(component.get_config())
    assert json.dumps(copy.deepcopy(component).get_config()) == config
    assert json.dumps(pickle.loads(pickle.dumps(component)).get_config()) == config


def test_page_catalog_is_json_and_names_every_palette_layer_once():
    page = json.loads(json.dumps(catalog.page_catalog()))
    kinds = [layer["kind"] for layer in page["layers"]]
    assert len(kinds) == len(set(kinds))
    assert {"Input", "Dense", "Conv2D", "LSTM", "MultiHeadAttention", "Add"} <= set(kinds)
    assert all(layer["category"] for layer in page["layers"])

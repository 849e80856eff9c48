"""Every layer of the page's catalog: drawn, analysed, built, written as code, read back."""

import json

import pytest

from kerasviz.catalog import page_catalog
from kerasviz.document.build import build
from kerasviz.document.inference import infer
from kerasviz.document.problems import find_problems
from kerasviz.document.reader import from_model
from kerasviz.document.source import is_chain, source
from kerasviz.insight.cost import costs
from kerasviz.insight.receptive_field import receptive_fields
from kerasviz.layers import InputLayer
from tests.document.layer_cases import document_of
from tests.document.test_source import executed, formatted, plain

LAYERS = [spec for spec in page_catalog()["layers"] if spec["kind"] != "Input"]
every_layer = pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: spec["kind"])


@every_layer
def test_a_drawn_layer_has_no_error_and_its_shape_is_that_of_the_model(spec):
    document, call = document_of(spec)
    inferred = infer(document)
    known = inferred[call]
    assert known.error is None
    assert find_problems(document, inferred) == []
    model = build(document)
    assert known.shapes == [tuple(tensor.shape) for tensor in model.outputs]
    assert known.dtype == model.outputs[0].dtype
    assert known.params == model.count_params()


@every_layer
@pytest.mark.parametrize("dialect", ["functional", "sequential"])
def test_code_makes_the_same_model(spec, dialect):
    document, _ = document_of(spec)
    if dialect == "sequential" and not is_chain(document):
        return
    code = source(document, dialect, package="kerasviz", names=True)
    made, built = executed(code), build(document)
    assert plain(made)[1:] == plain(built)[1:]
    assert configs(made) == configs(built)
    assert formatted(source(document, dialect), "format", "--isolated", "--line-length", "88", "--diff").returncode == 0


def configs(model):
    """Of its layers, by their names; without the automatic names of layers inside them."""
    layers = [layer for layer in model.layers if not isinstance(layer, InputLayer)]
    return {layer.name: unnamed(layer.get_config()) for layer in layers}


def unnamed(config):
    """The config without names."""
    if isinstance(config, dict):
        return {key: unnamed(value) for key, value in config.items() if key != "name"}
    return [unnamed(part) for part in config] if isinstance(config, (list, tuple)) else config


@every_layer
def test_a_built_layer_is_read_back_as_it_was_drawn(spec):
    document, _ = document_of(spec)
    model = build(document)
    again = from_model(model)
    assert plain(build(again))[1:] == plain(model)[1:]
    assert source(again) == source(document)


@every_layer
def test_cost_and_receptive_field_of_every_layer_are_counted(spec):
    document, call = document_of(spec)
    known = infer(document)
    assert costs(document, known)[call].macs >= 0
    receptive_fields(document, known)


def test_attention_of_groups_costs_less_than_that_of_as_many_heads():
    specs = {spec["kind"]: spec for spec in LAYERS}
    kinds = ("GroupQueryAttention", "MultiHeadAttention", "ConvLSTM2D", "RNN")
    found = {kind: (document_of(specs[kind])) for kind in kinds}
    cost = {kind: costs(document, infer(document))[call].macs for kind, (document, call) in found.items()}
    assert cost["GroupQueryAttention"] == 7 * 4 * 4 * 4 + 2 * 5 * 2 * 4 * 4 + 7 * 4 * 4 * 4 + 2 * 7 * 5 * 4 * 4
    assert cost["RNN"] == 7 * (4 * 9 + 3 * 9)
    assert cost["ConvLSTM2D"] == 3 * 7 * 5 * (2 * 2 * 4 * 8 + 2 * 2 * 2 * 8)


@every_layer
def test_the_form_knows_every_argument_that_is_drawn(spec):
    document, call = document_of(spec)
    fields = {field["name"] for field in spec["form"]}
    assert set(document.layer_of(call)["args"]) <= fields
    assert set(spec["key_args"]) <= fields
    assert json.dumps(spec)

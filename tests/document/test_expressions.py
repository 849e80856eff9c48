"""Each argument of each kind of layer, from the document to Python and back."""

import pytest

from kerasviz import layers, regularizers
from kerasviz.declare.kinds import listed
from kerasviz.document.components import instance, make_layer
from kerasviz.document.expressions import identifier, layer_source, text_source
from kerasviz.document.kinds import kind_names, layer_class
from kerasviz.document.reader import args_of, plain_json

SAMPLES = {
    "Bidirectional": {"layer": {"module": "keras.layers", "class_name": "LSTM", "config": {"units": 3}}},
    "TimeDistributed": {"layer": {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}},
}
KINDS = [kind for kind in kind_names() if kind not in ("RNN", "StackedRNNCells", "TorchModuleWrapper", "Lambda")]


def required(kind):
    given = dict(SAMPLES.get(kind, {}))
    for name, argument in layer_class(kind).args.items():
        if argument.required and name not in given:
            samples = [sample for sample in argument.kind.samples() if sample is not None]
            if not samples:
                return None
            given[name] = listed(argument.kind.to_config(argument.kind.parse(samples[0])))
    return given


def cases(kind):
    """The kind with what it requires, and with each sample of each other argument."""
    args = required(kind)
    if args is None:
        return
    yield args
    for name, argument in layer_class(kind).args.items():
        if name not in ("name", "dtype", "autocast", *args):
            for sample in argument.kind.samples():
                yield {**args, name: plain_json(listed(argument.kind.to_config(argument.kind.parse(sample))))}


@pytest.mark.parametrize("kind", KINDS)
def test_code_and_document_of_any_argument_make_the_same_layer(kind):
    import kerasviz

    scope = {"layers": layers, "regularizers": regularizers, "initializers": kerasviz.initializers}
    scope["constraints"] = kerasviz.constraints
    for args in cases(kind):
        try:
            layer = make_layer(kind, args, "same")
        except ValueError:
            continue  # refused by the layer's own check
        config = plain_json(listed(layer.get_config()))
        made = eval(layer_source({"id": "same", "kind": kind, "args": args}), scope)
        assert plain_json(listed(made.get_config())) == config, args
        assert plain_json(listed(make_layer(kind, args_of(layer), "same").get_config())) == config, args


def test_equal_layers_are_made_once():
    assert instance("Dense", {"units": 3}) is instance("Dense", {"units": 3})


@pytest.mark.parametrize(
    "text", ["a", "it's", 'say "hi"', "both ' and \"", "\\", "\n", "é", "\u2028", "😀", "'''", '"""', "'\""]
)
def test_texts_survive_as_python(text):
    assert eval(text_source(text)) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Encoder 1", "encoder_1"),
        ("for", "for_"),
        ("print", "print_"),
        ("keras", "keras_"),
        ("3d", "x_3d"),
        ("", "x"),
        ("été", "t"),
    ],
)
def test_variables_have_names_that_python_takes(text, name):
    assert identifier(text) == name
    assert name.isidentifier()

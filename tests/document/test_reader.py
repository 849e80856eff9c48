"""Documents of live models, and models of documents."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import kerasviz as keras
from kerasviz.declare import Invalid
from kerasviz.document.build import build
from kerasviz.document.document import Document, to_data
from kerasviz.document.edits import add, set_args
from kerasviz.document.patch import apply
from kerasviz.document.reader import from_model
from kerasviz.document.source import source
from tests.document.random_documents import documents

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(documents())
def test_the_document_of_a_built_model_builds_an_equal_one(document):
    first = from_model(build(document))
    second = from_model(build(first))
    assert to_data(first) == to_data(second)
    used = {c for end, _ in document.output_tensors for c in (end, *document.upstream(end))}
    assert len(first.calls) == len(used)
    assert set(first.layers) == {document.layer_of(call).get("name") or document.layer_of(call)["id"] for call in used}


@pytest.mark.parametrize(
    "text",
    [
        "in 28 28 1 > conv 32 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax",
        "in 100 int32 > embed 1000 64 > lstm 32 seq > bilstm 16 > dense 1 sigmoid",
        "in 10 16 > mha 4 16 > ln > gap",
        "in 8 8 3 > rescale 1/255 > conv 4 3x1 s=2 same nobias > bn momentum=0.9 > gmp",
    ],
)
def test_a_document_survives_the_way_through_a_model(drawn, text):
    document = drawn(text)
    assert to_data(from_model(build(document))) == to_data(document)


def a_model_of_everything():
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = keras.layers.Dense(3, name="shared", kernel_regularizer=keras.regularizers.L2(0.1))
    x = (shared(left) + shared(right)) * 2
    x = keras.layers.Reshape((3, 1))(x)
    x, state, carry = keras.layers.LSTM(3, return_state=True)(x)
    x = keras.layers.Concatenate()([x, state])
    inner = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5)], name="inner")
    return keras.Model([left, right], [inner(x), carry])


def test_shared_layers_functions_states_and_models_inside_survive():
    model = a_model_of_everything()
    document = from_model(model)
    again = build(document, like=model)
    assert again.count_params() == model.count_params()
    x = [np.random.rand(5, 4).astype("float32") for _ in range(2)]
    for layer, other in zip(again.layers, model.layers, strict=True):
        layer.set_weights(other.get_weights())
    for a, b in zip(model(x), again(x), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_code_of_shared_layers_functions_states_and_models_inside_runs():
    space = {}
    code = source(from_model(a_model_of_everything()), package="kerasviz")
    exec(code, space)
    assert space["model"].count_params() == a_model_of_everything().count_params()
    assert [t.shape for t in space["model"].outputs] == [(None, 5), (None, 3)]
    assert "shared = layers.Dense(3, kernel_regularizer=regularizers.L2(" in code


def test_weights_of_unchanged_layers_are_taken_over(drawn):
    document = drawn("in 8 > dense 4 relu > dense 2")
    model = build(document)
    edited, _ = apply(document, set_args(document, "dense_1", {"units": 3}))
    again = build(edited, like=model)
    assert np.array_equal(again.layers[1].get_weights()[0], model.layers[1].get_weights()[0])
    assert again.outputs[0].shape == (None, 3)


def test_a_sequential_has_a_document():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert [layer["kind"] for layer in from_model(model).layers.values()] == ["Input", "Dense"]


def test_a_model_without_a_graph_is_refused():
    class Mine(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(Invalid, match="Functional or Sequential"):
        from_model(Mine())


@pytest.mark.parametrize(
    ("kind", "args", "words"),
    [("Dense", {"units": 3}, "an input"), ("Input", {"shape": [3]}, "")],
    ids=["alone", "input"],
)
def test_what_cannot_be_built_says_which_layer(kind, args, words):
    document, _ = apply(Document(), add(Document(), kind, args))
    if words:
        with pytest.raises(Invalid, match=words):
            build(document)


def test_an_error_at_build_names_the_layer_of_the_document(drawn):
    document = drawn("in 784 > conv 32 3 name=first")
    with pytest.raises(Invalid, match="first"):
        build(document)

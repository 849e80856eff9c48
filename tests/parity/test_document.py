"""Generated code runs on real Keras, and makes the model that was inferred without weights."""

import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from kerasviz.document.build import build
from kerasviz.document.document import Document, from_data, to_data
from kerasviz.document.inference import infer
from kerasviz.document.patch import apply
from kerasviz.document.quick_plan import plan
from kerasviz.document.source import source
from tests.document.random_documents import documents

from .comparing import assert_close

TEXTS = [
    "in 28 28 1 > conv 32 3 relu > pool > conv 64 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax",
    "in 32 32 3 > rescale > conv 8 3 same nobias > bn > relu > sepconv 8 3 > dwconv 3 > deconv 4 3 s=2 > gap > dense 2",
    "in 100 int32 > embed 1000 16 > lstm 8 seq > bilstm 4 > dense 1 sigmoid",
    "in 50 8 > gru 16 seq > rnn 8 > dense 1",
    "in 20 16 > @a > mha 4 8 > add @a > ln > dense 32 relu > dense 16",
    "in 16 16 4 > @a > conv 4 3 same > bn > add @a > leaky > up 2 > pad 1 > conv 4 3 same kernel_regularizer=l2 > gmp",
    "in 12 4 > conv 8 3 causal > pool > conv 8 3 s=2 > gap",
    "in 8 8 8 1 > conv 4 3 > pool > flatten > dense 2",
    "in 28 28 1 > dense 10",
]


def drawn(text):
    made = plan(Document(), text, after=None)
    assert made.error is None, made.error
    return apply(Document(), made.patch)[0]


def executed(keras, code):
    keras.backend.clear_session()
    space = {}
    exec(code, space)
    return space["model"]


def filled(layer):
    """Weights that depend on the layer's name only."""
    random = np.random.default_rng(zlib.crc32(layer.name.encode()))
    layer.set_weights([random.uniform(-0.5, 0.6, w.shape).astype("float32") ** 2 for w in layer.get_weights()])
    return [list(w.shape) for w in layer.weights]


def facts(model):
    """Sizes, shapes, and the weights of each layer that has some."""
    weights = {layer.name: filled(layer) for layer in model.layers if layer.weights}
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return {
        "params": int(model.count_params()),
        "trainable": trainable,
        "outputs": [list(t.shape) for t in model.outputs],
        "weights": weights,
    }


def assert_inferred(document, theirs):
    """What was inferred without weights, and what we build, is what Keras made of the code."""
    ours, known = build(document), infer(document)
    assert theirs["params"] == sum(found.params for found in known.values())
    assert theirs["trainable"] == sum(found.trainable for found in known.values())
    assert theirs["outputs"] == [list(known[call].shapes[index]) for call, index in document.output_tensors]
    mine = {layer.name: filled(layer) for layer in ours.layers if layer.weights}
    for name in mine.keys() & theirs["weights"].keys():
        assert mine[name] == theirs["weights"][name], name
    return ours


@pytest.mark.parametrize("dialect", [None, "functional"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_code_of_a_text_is_the_inferred_model_in_keras_and_computes_the_same(reference, text, dialect):
    document = drawn(text)
    code = source(document, dialect, names=True)
    symbol = build(document).inputs[0]
    x = np.random.default_rng(0).integers(0, 9, [2, *symbol.shape[1:]])
    x = x.astype("int32" if symbol.dtype == "int32" else "float32")

    def made(keras):
        model = executed(keras, code)
        return [facts(model), model(x)]

    theirs, outputs = reference(made)
    ours = assert_inferred(document, theirs)
    assert {layer.name for layer in ours.layers if layer.weights} == set(theirs["weights"])
    assert_close(ours(x), outputs, 1e-4)


def some_documents(count=15):
    """Documents as data, other ones at each recording."""
    found = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents())
    def collect(document):
        if not any("/" in document.name_of(call) for call in document.calls):
            found.append(to_data(document))

    collect()
    return found


def test_code_of_any_document_is_the_inferred_model_in_keras(reference):
    def made(keras):
        codes = [(data, source(from_data(data), "functional", names=True)) for data in some_documents()]
        return [[data, facts(executed(keras, code))] for data, code in codes]

    for data, theirs in reference(made):
        assert_inferred(from_data(data), theirs)

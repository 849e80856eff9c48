"""Generated code runs on real Keras, and makes the model that was inferred without weights."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from kerasviz.document.build import build
from kerasviz.document.document import Document
from kerasviz.document.inference import infer
from kerasviz.document.patch import apply
from kerasviz.document.quick_plan import plan
from kerasviz.document.source import source
from tests.document.random_documents import documents

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


def executed(code):
    keras.backend.clear_session()
    space = {}
    exec(code, space)
    return space["model"]


def assert_same_as_keras(document, dialect):
    theirs = executed(source(document, dialect, names=True))
    ours, known = build(document), infer(document)
    assert theirs.count_params() == sum(found.params for found in known.values())
    assert sum(int(np.prod(w.shape)) for w in theirs.trainable_weights) == sum(
        found.trainable for found in known.values()
    )
    shapes = [known[call].shapes[index] for call, index in document.output_tensors]
    assert [tuple(t.shape) for t in theirs.outputs] == shapes
    mine = {layer.name: layer for layer in ours.layers}
    for layer in theirs.layers:
        if layer.name in mine and layer.weights:
            assert [tuple(w.shape) for w in layer.weights] == [tuple(w.shape) for w in mine[layer.name].weights]
            mine[layer.name].set_weights([np.asarray(w) for w in layer.get_weights()])
    return theirs, ours


@pytest.mark.parametrize("dialect", [None, "functional"])
@pytest.mark.parametrize("text", TEXTS)
def test_code_of_a_text_is_the_inferred_model_in_keras_and_computes_the_same(text, dialect):
    document = drawn(text)
    theirs, ours = assert_same_as_keras(document, dialect)
    shape = [2, *ours.inputs[0].shape[1:]]
    x = np.random.default_rng(0).integers(0, 9, shape)
    x = x.astype("int32" if ours.inputs[0].dtype == "int32" else "float32")
    a, b = np.asarray(theirs(x).detach().cpu()), ours(x).detach().cpu().numpy()
    assert np.allclose(a, b, rtol=1e-4, atol=1e-5)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_code_of_any_document_is_the_inferred_model_in_keras(document):
    names = [document.name_of(call) for call in document.calls]
    if any("/" in name for name in names):
        return
    assert_same_as_keras(document, "functional")

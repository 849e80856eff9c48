"""Shapes and counts without weights: equal to those of the built model, and quick."""

import time

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from kerasviz.document import components, inference
from kerasviz.document.build import build
from kerasviz.document.edits import set_args
from kerasviz.document.inference import Inference, infer
from kerasviz.document.patch import apply
from tests.document.random_documents import documents

TEXTS = [
    "in 28 28 1 > conv 32 3 relu > pool > conv 64 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax",
    "in 32 32 3 > sepconv 8 3 > dwconv 3 > deconv 4 3 s=2 > gn 2 > gap > dense 2",
    "in 100 int32 > embed 1000 64 > lstm 32 seq > bilstm 16 > dense 1 sigmoid",
    "in 50 8 > gru 16 seq > rnn 8 > dense 1",
    "in 20 16 > @a > mha 4 8 > add @a > ln > dense 32 relu > dense 16",
    "in 16 16 4 > @a > conv 4 3 same > bn > add @a > relu > up 2 > pad 1 > gmp",
    "in 10 8 > prelu > leaky > layernorm > flatten > dense 4",
]


@pytest.mark.parametrize("text", TEXTS)
def test_shapes_and_counts_are_those_of_the_built_model(drawn, text):
    document = drawn(text)
    known = infer(document)
    model = build(document)
    assert {call: found.error for call, found in known.items() if found.error} == {}
    assert sum(found.params for found in known.values()) == model.count_params()
    assert sum(found.trainable for found in known.values()) == sum(v.numel() for v in model.trainable_variables)
    for layer in model.layers:
        assert known[layer.name].shapes[0] == tuple(layer.output.shape)
        assert known[layer.name].dtype == layer.output.dtype
        assert [tuple(w.shape) for w in layer.weights] == [shape for _, shape, _ in known[layer.name].outcome.weights]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_any_document_is_inferred_as_it_is_built(document):
    known = infer(document)
    model = build(document)
    assert sum(found.params for found in known.values()) == model.count_params()
    shapes = [known[call].shapes[index] for call, index in document.output_tensors]
    assert shapes == [tuple(tensor.shape) for tensor in model.outputs]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_keeping_up_edit_by_edit_is_the_same_as_inferring_anew(document):
    kept = Inference()
    kept.update(document)
    for call in list(document.calls):
        if document.kind_of(call) == "Dense":
            document, _ = apply(document, set_args(document, call, {"units": 7}))
            kept.update(document)
    fresh = infer(document)
    assert {call: (found.shapes, found.params) for call, found in kept.calls.items()} == {
        call: (found.shapes, found.params) for call, found in fresh.items()
    }


def test_only_the_changed_cone_is_inferred_again(drawn):
    document = drawn("in 8 > dense 4 relu @a > dense 3 @b > @a > dense 2 > concat @b")
    kept = Inference()
    kept.update(document)
    document, _ = apply(document, set_args(document, "dense_1", {"units": 5}))
    kept.update(document)
    assert kept.changed == {"dense_1", "concatenate"}


def test_no_weight_is_made_for_a_layer_too_large_for_memory(drawn):
    known = infer(drawn("in 100000 > dense 10000000 > dense 10000000"))
    assert known["dense_1"].params == 10_000_000 * 10_000_000 + 10_000_000


def test_names_of_the_process_are_not_used_up(drawn):
    from kerasviz.tensors import reset_names, unique_name

    reset_names()
    infer(drawn("in 8 > dense 4"))
    assert unique_name("dense") == "dense"


def a_hundred_nodes():
    return "in 32 32 3 > " + " > ".join(["conv 16 3 same relu > bn"] * 48) + " > gap > dense 10"


def test_a_hundred_nodes_are_inferred_in_30_ms_and_an_edit_in_5(drawn):
    document = drawn(a_hundred_nodes())
    times, edits = [], []
    for units in range(5):
        inference._outcomes.clear()
        components._instances.clear()
        kept = Inference()
        begin = time.process_time()
        kept.update(document)
        times.append(time.process_time() - begin)
        changed, _ = apply(document, set_args(document, "conv2d_20", {"filters": 20 + units}))
        begin = time.process_time()
        kept.update(changed)
        edits.append(time.process_time() - begin)
    assert min(times) < 0.030
    assert min(edits) < 0.005


def test_a_users_layer_belongs_to_the_document_too():
    import kerasviz
    from kerasviz.document.reader import from_model

    class Doubled(kerasviz.layers.Layer):
        def __init__(self, factor=2, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape):
            self.gain = self.add_weight(shape=(input_shape[-1],), name="gain")

        def call(self, inputs):
            return inputs * self.factor * self.gain

    inputs = kerasviz.Input((4,))
    model = kerasviz.Model(inputs, Doubled(3)(inputs))
    document = from_model(model)
    known = infer(document)["doubled"] if "doubled" in document.calls else infer(document)[document.order[-1]]
    assert known.shapes == [(None, 4)]
    assert known.params == 4
    assert document.layers[document.order[-1]]["args"] == {"factor": 3}


def test_asking_for_shapes_draws_nothing_random(drawn):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    document = drawn("in 8 4 > gru 3 seq dropout=0.123 > dropout 0.123 > mha 2 3 > gaussiannoise 0.456 > dense 2")
    assert [found.error for found in infer(document).values()] == [None] * 6
    assert torch.equal(torch.rand(3), expected)

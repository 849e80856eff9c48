"""Weights, activations and mistakes as records."""

import numpy as np
import pytest

from kerasviz.declare import Invalid
from kerasviz.document.build import build
from kerasviz.insight import statistics


@pytest.fixture
def model(drawn):
    return build(drawn("in 8 8 1 > conv 4 3 relu > flatten > dense 3 softmax"))


def test_weights_in_numbers(model):
    kernel, bias = statistics.weights(model.layers[1])
    values = model.layers[1].get_weights()[0]
    assert kernel["name"] == "kernel"
    assert kernel["shape"] == [3, 3, 1, 4]
    assert kernel["mean"] == pytest.approx(values.mean(), abs=1e-6)
    assert sum(kernel["histogram"]["counts"]) == values.size
    assert len(kernel["histogram"]["edges"]) == len(kernel["histogram"]["counts"]) + 1
    assert bias["zeros"] == 1.0


def test_numbers_that_are_none_are_counted_and_left_out():
    facts = statistics.statistics(np.array([1.0, np.nan, np.inf, 3.0], "float32"))
    assert (facts["mean"], facts["max"], facts["not_finite"]) == (2.0, 3.0, 2)
    assert statistics.statistics(np.array([np.nan], "float32"))["mean"] is None


def test_activations_are_what_the_layer_makes(model):
    x = np.random.rand(1, 8, 8, 1).astype("float32")
    record, buffers = statistics.activations(model, "conv2d", x)
    assert (record["kind"], record["count"], record["height"], record["width"]) == ("maps", 4, 6, 6)
    expected = model.layers[1](x).detach().numpy()[0]
    maps = np.frombuffer(buffers[0], "float32").reshape(4, 6, 6)
    assert np.allclose(maps, np.moveaxis(expected, -1, 0))
    record, _ = statistics.activations(model, "dense", x)
    assert (record["kind"], record["count"]) == ("vector", 3)


def test_activations_change_with_the_weights(model):
    x = np.ones((1, 8, 8), "float32")
    before = statistics.output(model, "conv2d", x)
    model.layers[1].set_weights([np.zeros((3, 3, 1, 4)), np.ones(4)])
    after = statistics.output(model, "conv2d", x)
    assert not np.allclose(before, after)
    assert np.allclose(after, 1)


def test_looking_at_activations_leaves_the_model_as_it_was(model):
    names = list(model.state_dict())
    statistics.output(model, "conv2d", np.ones((1, 8, 8), "float32"))
    assert list(model.state_dict()) == names
    assert len(model.layers) == 4


def test_calls_of_a_shared_layer_are_told_apart(drawn):
    from kerasviz.document.edits import share
    from kerasviz.document.patch import apply

    document = drawn("in 4 > dense 4")
    document, _ = apply(document, share(document, "dense", after="dense"))
    model = build(document)
    x = np.ones((1, 4), "float32")
    first, second = (statistics.output(model, name, x) for name in ("dense", "dense#2"))
    assert np.allclose(model(x).detach().numpy(), second)
    assert not np.allclose(first, second)


def test_an_unknown_call_has_a_near_miss(model):
    with pytest.raises(Invalid, match="conv2d"):
        statistics.output(model, "conv2", np.ones((1, 8, 8, 1), "float32"))


def test_dead_units_are_listed(model):
    kernel = np.ones((3, 3, 1, 4))
    kernel[..., 1] = -1
    model.layers[1].set_weights([kernel, np.zeros(4)])
    assert statistics.dead_units(model, "conv2d", np.ones((2, 8, 8, 1), "float32")) == [1]


SCORES = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.0, 0.9], [0.6, 0.3, 0.1]])


@pytest.mark.parametrize("labels", [np.array([0, 0, 2, 1]), np.eye(3)[[0, 0, 2, 1]], np.array([[0], [0], [2], [1]])])
def test_confusion_and_mistakes(labels):
    matrix = statistics.confusion(labels, SCORES)
    assert matrix.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    wrong = statistics.mistakes(labels, SCORES)
    assert [(w["index"], w["true"], w["predicted"]) for w in wrong] == [(1, 0, 1), (3, 1, 0)]
    assert statistics.mistakes(labels, SCORES, true=1)[0]["index"] == 3
    assert len(statistics.mistakes(labels, SCORES, limit=1)) == 1


def test_precision_and_recall():
    facts = statistics.per_class(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]]))
    assert [(f["precision"], f["recall"], f["support"]) for f in facts] == [(0.5, 0.5, 2), (0.0, 0.0, 1), (1.0, 1.0, 1)]


def test_one_column_is_the_probability_of_class_1():
    predicted, confidence = statistics.classes(np.array([[0.9], [0.2]]))
    assert predicted.tolist() == [1, 0]
    assert confidence.tolist() == pytest.approx([0.9, 0.8])


def test_logits_become_probabilities():
    predicted, confidence = statistics.classes(np.array([[3.0, -1.0], [0.0, 5.0]]))
    assert predicted.tolist() == [0, 1]
    assert (confidence < 1).all()

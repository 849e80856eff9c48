import sys

import pytest

from kerasviz import Input, Model, Sequential, layers
from kerasviz.declare import Invalid
from kerasviz.utils import get_source_inputs, model_to_dot, plot_model
from kerasviz.utils.drawing import Look, dot_text


def branching():
    inputs = Input((4,), name="numbers")
    left = layers.Dense(3, activation="relu", name="left")(inputs)
    right = layers.Dense(3, trainable=False, name="right")(inputs)
    return Model(inputs, layers.Add(name="sum")([left, right]), name="branching")


def nested():
    inputs = Input((4,), name="outer")
    inner = Sequential([Input((4,)), layers.Dense(2, name="first"), layers.Dense(5, name="second")], name="inner")
    return Model(inputs, layers.Dense(1, name="last")(inner(inputs)), name="nested")


def test_every_call_has_a_box_and_every_tensor_an_edge():
    text = dot_text(branching())
    assert text.startswith('digraph "branching" {')
    assert [text.count(f"<B>{name}") for name in ("numbers", "left", "right", "sum")] == [1, 1, 1, 1]
    assert [line.strip() for line in text.splitlines() if "->" in line] == [
        '"0" -> "1";',
        '"0" -> "2";',
        '"1" -> "3";',
        '"2" -> "3";',
    ]


def test_boxes_tell_what_is_asked_for():
    text = dot_text(branching(), Look(shapes=True, dtype=True, activations=True, trainable=True, names=False))
    assert "left" not in text
    for words in ("Output shape: (None, 3)", "Output dtype: float32", "Activation: relu", "Trainable: False"):
        assert words in text
    assert "Input shape: (None, 3), (None, 3)" in text


def test_models_inside_are_drawn_where_that_is_asked_for():
    assert "first" not in dot_text(nested())
    text = dot_text(nested(), Look(nested=True))
    assert 'subgraph "cluster_1"' in text
    assert '"0" -> "1.0";' in text
    assert '"1.2" -> "2";' in text


def test_settings_of_the_graph_are_handed_on():
    assert "rankdir=LR, dpi=50, splines=curved" in dot_text(branching(), rankdir="LR", dpi=50, splines="curved")


def test_names_with_quotes_and_signs_are_escaped():
    model = Sequential([Input((2,)), layers.Dense(1, name='a"<b>&')], name='my "model"')
    text = dot_text(model)
    assert 'digraph "my \\"model\\"" {' in text
    assert "a&quot;&lt;b&gt;&amp;" in text


def test_drawing_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pydot", None)
    with pytest.raises(ImportError, match=r"kerasviz\[plot\]"):
        model_to_dot(branching())
    with pytest.raises(ImportError, match=r"kerasviz\[plot\]"):
        plot_model(branching(), tmp_path / "model.png")


def test_text_is_written_without_pydot(tmp_path):
    plot_model(branching(), tmp_path / "model.dot", show_shapes=True, show_layer_names=True)
    assert (tmp_path / "model.dot").read_text() == dot_text(branching(), Look(shapes=True))


def test_model_without_layers_is_refused():
    with pytest.raises(Invalid, match="not built"):
        dot_text(Sequential([layers.Dense(2)]))
    with pytest.raises(Invalid, match="a model"):
        dot_text(layers.Dense(2))
    with pytest.raises(TypeError, match="layer_range"):
        model_to_dot(branching(), layer_range=[])


def test_sources_are_the_inputs_that_are_needed():
    one, other, unused = (Input((2,), name=name) for name in ("one", "other", "unused"))
    both = layers.Add()([layers.Dense(2)(one), other])
    assert [symbol.name for symbol in get_source_inputs(both)] == ["one", "other"]
    assert get_source_inputs(unused) == [unused]
    with pytest.raises(Invalid, match="symbol"):
        get_source_inputs(3)

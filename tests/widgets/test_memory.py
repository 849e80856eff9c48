"""A drawing that asks for too much memory is a problem and an error; what is drawn and trained stays as it is."""

import json

import numpy as np
import pytest

from kerasviz.declare import Invalid
from kerasviz.widgets import GraphEditor, Studio

HUGE = 10**10


def built():
    editor = GraphEditor()
    editor.add("in 4 > dense 3 relu > dense 2")
    return editor


def too_large(editor):
    return [problem for problem in editor.problems if problem["id"].startswith("too-large:")]


def test_an_edit_that_asks_for_too_much_is_told_at_its_layer():
    editor = built()
    editor.edit("set_args", calls="dense", args={"units": HUGE})
    (problem,) = too_large(editor)
    assert problem["severity"] == "error"
    assert (problem["call"], problem["arg"]) == ("dense", "units")
    editor.undo()
    assert not too_large(editor)


def test_a_model_that_is_too_large_leaves_drawing_and_weights_as_they_are():
    editor = built()
    before, weights = editor.model, editor.model.get_weights()
    editor.edit("set_args", calls="dense", args={"units": HUGE})
    document = json.dumps(editor.document)
    for _ in range(2):
        with pytest.raises(Invalid, match=r'Dense "dense": .*half of this machine\'s memory'):
            editor.model  # noqa: B018
    assert json.dumps(editor.document) == document
    editor.undo()
    assert editor.model is before
    for one, two in zip(editor.model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_an_edit_of_the_page_is_told_and_the_model_is_not_made(opened):
    editor = built()
    page = opened(editor)
    layer = next(layer for layer in editor.document["layers"] if layer["id"] == "dense")
    patch = {"set": {"layers": {"dense": {**layer, "args": {"units": HUGE}}}}, "label": "Set units"}
    page.send(type="patch", base=editor.revision, patch=patch)
    *_, last = page.messages("analysis")
    assert [p["call"] for p in last["analysis"]["problems"] if p["id"].startswith("too-large:")] == ["dense"]


def test_a_file_that_asks_for_too_much_is_opened_as_a_drawing(tmp_path):
    editor = built()
    editor.edit("set_args", calls="dense", args={"units": HUGE})
    editor.save(tmp_path / "large.json")
    other = built()
    other.load(tmp_path / "large.json")
    assert too_large(other)
    with pytest.raises(Invalid, match="half of this machine's memory"):
        other.model  # noqa: B018


def test_a_training_of_it_does_not_begin(opened):
    studio = Studio(np.zeros((8, 4), "float32"), np.zeros((8, 1), "float32"))
    opened(studio)
    studio.add(f"dense {HUGE} > dense 1")
    with pytest.raises(Invalid, match="memory"):
        studio.start(epochs=1)
    studio.edit("set_args", calls="dense", args={"units": 2})
    assert studio.start(epochs=1).result(60)["loss"]

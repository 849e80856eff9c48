import json

import pytest
import traitlets as t

import kerasviz as keras
from kerasviz.declare import Invalid
from kerasviz.document.quick_add import QuickAddError
from kerasviz.widgets import GraphEditor

CHAIN = "in 8 8 1 > conv 4 3 relu > flatten > dense 3 softmax"


def built():
    editor = GraphEditor()
    editor.add(CHAIN)
    return editor


def kinds(editor):
    return [layer["kind"] for layer in editor.document["layers"]]


def patch_of(editor, units):
    dense = next(layer for layer in editor.document["layers"] if layer["kind"] == "Dense")
    return {
        "set": {"layers": {dense["id"]: {**dense, "args": {**dense["args"], "units": units}}}},
        "label": "Set units",
    }


def test_hello_brings_the_whole_document(opened):
    editor = built()
    page = opened(editor)
    page.send(type="hello")
    (message,) = page.messages("document")
    assert message["revision"] == editor.revision == 1
    assert message["document"] == editor.document
    assert message["positions"].keys() == {call["id"] for call in editor.document["calls"]}
    assert message["analysis"]["calls"]["dense"]["shapes"] == [[None, 3]]


def test_a_patch_of_the_page_is_answered_with_the_next_revision(opened):
    editor = built()
    page = opened(editor)
    page.forget()
    page.send(type="patch", base=1, patch=patch_of(editor, 7))
    (answer,) = page.messages("analysis")
    assert answer["revision"] == editor.revision == 2
    assert answer["analysis"]["calls"]["dense"]["shapes"] == [[None, 7]]
    assert page.messages("patch") == []


def test_the_answer_has_only_the_calls_that_changed(opened):
    editor = built()
    page = opened(editor)
    page.forget()
    page.send(type="patch", base=1, patch=patch_of(editor, 7))
    (answer,) = page.messages("analysis")
    assert set(answer["analysis"]["calls"]) == {"dense"}


def test_a_patch_on_an_old_revision_is_answered_with_the_document_and_changes_nothing(opened):
    editor = built()
    page = opened(editor)
    page.forget()
    page.send(type="patch", base=0, patch=patch_of(editor, 7))
    (answer,) = page.messages("document")
    assert answer["revision"] == editor.revision == 1
    assert editor.analysis["calls"]["dense"]["shapes"] == [[None, 3]]


def test_a_broken_patch_is_answered_with_the_document_and_changes_nothing(opened):
    editor = built()
    page = opened(editor)
    before = editor.document
    page.forget()
    page.send(
        type="patch",
        base=1,
        patch={"set": {"calls": {"dense": {"id": "dense", "layer": "nobody", "inputs": []}}}, "label": ""},
    )
    assert editor.document == before
    (answer,) = page.messages("document")
    assert answer["revision"] == 1
    assert "nobody" in answer["refused"]["message"]


@pytest.mark.parametrize(
    "patch", [None, [], {"label": "x"}, {"set": {"layers": []}, "label": ""}, {"set": 3, "label": ""}]
)
def test_what_is_no_patch_changes_nothing(opened, patch):
    editor = built()
    page = opened(editor)
    page.send(type="patch", base=1, patch=patch)
    assert editor.revision == 1


def test_two_patches_in_a_row_need_no_answer_in_between(opened):
    editor = built()
    page = opened(editor)
    first, second = patch_of(editor, 7), patch_of(editor, 8)
    page.send(type="patch", base=1, patch=first)
    page.send(type="patch", base=2, patch=second)
    assert editor.revision == 3
    assert editor.analysis["calls"]["dense"]["shapes"] == [[None, 8]]


def test_an_edit_in_python_is_sent_as_a_patch_and_its_analysis(opened):
    editor = built()
    page = opened(editor)
    page.forget()
    editor.edit("set_args", calls="dense", args={"units": 9})
    (patch,), (analysis,) = page.messages("patch"), page.messages("analysis")
    assert (patch["revision"], patch["origin"], analysis["revision"]) == (2, "python", 2)


def test_undo_and_redo_over_the_wire(opened):
    editor = built()
    page = opened(editor)
    page.send(type="patch", base=1, patch=patch_of(editor, 7))
    page.forget()
    page.send(type="undo")
    assert page.messages("patch")[0]["origin"] == "undo"
    assert editor.analysis["calls"]["dense"]["shapes"] == [[None, 3]]
    page.send(type="redo")
    assert editor.analysis["calls"]["dense"]["shapes"] == [[None, 7]]
    assert [m["revision"] for m in page.messages("patch")] == [3, 4]


def test_undo_and_redo_name_what_they_would_do(opened):
    editor = built()
    page = opened(editor)
    page.send(type="patch", base=1, patch=patch_of(editor, 7))
    assert (editor.can_undo, editor.can_redo) == ("Set units", None)
    assert editor.undo() == "Set units"
    assert (editor.can_undo, editor.can_redo) == ("Add 4 layers", "Set units")
    assert page.updates("can_redo")[-1] == "Set units"


def test_undo_of_nothing_sends_nothing(opened):
    page = opened(GraphEditor())
    page.forget()
    page.send(type="undo")
    assert page.sent == []


def test_everything_can_be_undone_to_the_empty_canvas():
    editor = built()
    while editor.undo() is not None:
        pass
    assert editor.document["layers"] == []
    while editor.redo() is not None:
        pass
    assert kinds(editor) == ["Input", "Conv2D", "Flatten", "Dense"]


def test_quick_add_previews_without_changing_anything(opened):
    editor = built()
    page = opened(editor)
    result = page.ask("quick_add", text="dense 5", after="flatten", preview=True)["result"]
    assert result["layers"] == [{"kind": "Dense", "args": {"units": 5}, "shape": [None, 5]}]
    assert editor.revision == 1


def test_quick_add_commits_as_one_step(opened):
    editor = GraphEditor()
    page = opened(editor)
    page.ask("quick_add", text=CHAIN)
    assert kinds(editor) == ["Input", "Conv2D", "Flatten", "Dense"]
    page.send(type="undo")
    assert kinds(editor) == []


def test_quick_add_says_where_the_mistake_is(opened):
    editor = GraphEditor()
    result = opened(editor).ask("quick_add", text="in 8 8 1 > cnov 4")["result"]
    assert (result["error"]["start"], result["error"]["end"]) == (11, 15)
    assert kinds(editor) == []


def test_add_raises_where_the_text_has_a_mistake():
    with pytest.raises(QuickAddError, match="no layer"):
        GraphEditor().add("cnov 4")


def test_adding_goes_on_where_the_last_addition_ended():
    editor = built()
    editor.add("dense 5", after="flatten")
    editor.add("dropout 0.5")
    call = next(call for call in editor.document["calls"] if call["id"] == "dropout")
    assert call["inputs"] == [["dense_1", 0]]


def test_suggestions_begin_with_what_was_typed(opened):
    result = opened(GraphEditor()).ask("suggest", prefix="con")["result"]
    assert "conv" in [suggestion["text"] for suggestion in result["suggestions"]]


def test_copied_layers_can_be_pasted(opened):
    editor = built()
    page = opened(editor)
    text = page.ask("copy", calls=["conv2d", "flatten"])["result"]["text"]
    calls = page.ask("paste", text=text)["result"]["calls"]
    assert len(calls) == 2
    assert kinds(editor).count("Conv2D") == 2


def test_pasting_something_else_is_refused(opened):
    editor = built()
    assert "error" in opened(editor).ask("paste", text="import this")
    assert editor.revision == 1


def test_a_problem_is_fixed_by_its_button(opened):
    editor = GraphEditor()
    editor.add("in 8 > lstm 4")
    page = opened(editor)
    problem = next(p for p in editor.problems if p["call"] == "lstm")
    answer = page.ask("fix", problem=problem["id"], index=0)
    assert answer["result"]["message"] == problem["fixes"][0]["label"]
    assert [p for p in editor.problems if p["severity"] == "error"] == []


def test_problems_have_ids_of_their_own():
    editor = GraphEditor()
    editor.add("in 8 > lstm 4")
    editor.add("lstm 3", after="input")
    ids = [problem["id"] for problem in editor.problems]
    assert len(ids) == len(set(ids))


def test_a_problem_that_is_gone_is_not_fixed_again(opened):
    page = opened(built())
    assert "still there" in page.ask("fix", problem="wrong-rank:lstm")["error"]["expected"]


def test_setting_the_document_is_an_edit_that_can_be_undone(opened):
    editor, other = GraphEditor(), built()
    editor.document = other.document
    assert kinds(editor) == kinds(other)
    assert editor.revision == 1
    editor.undo()
    assert kinds(editor) == []


def test_a_broken_document_is_refused_and_the_old_one_stays():
    editor = built()
    before = editor.document
    with pytest.raises(Invalid):
        editor.document = {"version": 1, "layers": [{"id": 3}]}
    assert editor.document == before


def test_documents_of_two_editors_can_be_linked():
    one, two = GraphEditor(), GraphEditor()
    link = t.link((one, "document"), (two, "document"))
    one.add(CHAIN)
    assert two.document == one.document
    two.edit("set_args", calls="dense", args={"units": 9})
    assert one.analysis["calls"]["dense"]["shapes"] == [[None, 9]]
    link.unlink()


def test_document_and_problems_can_be_observed():
    editor, seen = GraphEditor(), []
    editor.observe(lambda change: seen.append(change.name), ["document", "analysis", "problems"])
    editor.add("in 8 > lstm 4")
    assert set(seen) == {"document", "analysis", "problems"}


def test_the_document_is_not_sent_with_every_change(opened):
    editor = built()
    page = opened(editor)
    page.forget()
    page.send(type="patch", base=1, patch=patch_of(editor, 7))
    assert sum(len(json.dumps(m["data"])) for m in page.sent) < 1500


def test_code_builds_the_model():
    editor = built()
    scope = {}
    exec(
        editor.code().replace("import keras\n", "import kerasviz as keras\n").replace("from keras ", "from kerasviz "),
        scope,
    )
    assert scope["model"].count_params() == editor.model.count_params() == editor.analysis["totals"]["params"]


def test_code_of_a_chain_can_be_sequential(opened):
    assert "keras.Sequential" in opened(built()).ask("code", dialect="sequential")["result"]["code"]


def test_the_model_stays_while_only_places_change():
    editor = built()
    model = editor.model
    editor.edit("move", positions={"dense": [0, 800]})
    assert editor.model is model


def test_unchanged_layers_keep_their_weights_when_the_drawing_changes():
    editor = built()
    kernel = editor.model.get_layer("conv2d").kernel.detach().clone()
    editor.edit("set_args", calls="dense", args={"units": 9})
    assert editor.model.output_shape == (None, 9)
    assert (editor.model.get_layer("conv2d").kernel == kernel).all()


def test_a_renamed_layer_keeps_its_weights():
    editor = built()
    kernel = editor.model.get_layer("conv2d").kernel.detach().clone()
    editor.edit("rename", call="conv2d", name="edges")
    assert (editor.model.get_layer("edges").kernel == kernel).all()


def test_a_deleted_layer_that_comes_back_has_its_weights():
    editor = built()
    kernel = editor.model.get_layer("conv2d").kernel.detach().clone()
    editor.edit("delete", calls="conv2d")
    assert editor.model is not None
    editor.undo()
    assert (editor.model.get_layer("conv2d").kernel == kernel).all()


def test_another_initializer_starts_the_weights_anew():
    editor = built()
    assert editor.model is not None
    editor.edit("set_args", calls="conv2d", args={"kernel_initializer": "zeros"})
    assert (editor.model.get_layer("conv2d").kernel == 0).all()


def test_an_opened_model_is_the_editors_model():
    inputs = keras.Input((8,))
    model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    editor = GraphEditor(model)
    assert editor.model is model
    assert kinds(editor) == ["Input", "Dense"]


def test_an_opened_model_keeps_its_weights_when_it_is_edited():
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(5)
    model = keras.Model(inputs, keras.layers.Dense(3)(hidden(inputs)))
    editor = GraphEditor(model)
    last = editor.document["calls"][-1]["id"]
    editor.edit("set_args", calls=last, args={"units": 4})
    assert (editor.model.layers[1].kernel == hidden.kernel).all()


def test_a_model_that_cannot_be_built_names_the_layer():
    editor = GraphEditor()
    editor.add("in 8 > lstm 4")
    with pytest.raises(Invalid, match="lstm"):
        editor.model  # noqa: B018


@pytest.mark.parametrize("name", ["model.json", "model.py", "model.svg", "model.keras"])
def test_files_are_written_whole(tmp_path, name):
    editor = built()
    path = editor.save(tmp_path / name)
    assert path.stat().st_size > 100
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["model.json", "model.keras"])
def test_a_saved_file_opens_again(tmp_path, name):
    editor, other = built(), GraphEditor()
    other.load(editor.save(tmp_path / name))
    assert kinds(other) == kinds(editor)
    assert other.analysis["totals"] == editor.analysis["totals"]


def test_an_opened_file_brings_its_weights(tmp_path):
    editor, other = built(), GraphEditor()
    other.load(editor.save(tmp_path / "model.keras"))
    assert (other.model.layers[1].kernel == editor.model.layers[1].kernel).all()


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    editor = built()
    path = editor.save(tmp_path / "model.json")
    before = path.read_text()
    monkeypatch.setattr("kerasviz.widgets.files.os.replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    editor.add("dropout 0.5")
    with pytest.raises(OSError, match="disk full"):
        editor.save(path)
    assert path.read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize(("path", "words"), [("model.txt", ".keras"), ("nowhere/model.json", "folder that exists")])
def test_a_path_that_cannot_be_written_is_refused(opened, tmp_path, path, words):
    error = opened(built()).ask("save", path=str(tmp_path / path))["error"]
    assert words in error["expected"]


def test_code_is_written_only_to_python_files(opened, tmp_path):
    page = opened(built())
    assert "error" in page.ask("write_code", path=str(tmp_path / "model.txt"))
    written = page.ask("write_code", path=str(tmp_path / "model.py"))["result"]["path"]
    assert "keras" in (tmp_path / "model.py").read_text()
    assert written.endswith("model.py")


def test_selection_forgets_what_is_deleted():
    editor = built()
    editor.selection = ["dense"]
    editor.edit("delete", calls="dense")
    assert editor.selection == []


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_drawing_shows_every_layer(theme):
    drawing = built().to_svg(theme)
    assert all(kind in drawing for kind in ("Input", "Conv2D", "Flatten", "Dense"))
    assert "6\u00d76\u00d74" in drawing


def test_the_drawing_is_whole_xml_whatever_layers_are_called():
    import xml.dom.minidom

    editor = built()
    editor.edit("rename", call="flatten", name='<script> & "quotes"')
    xml.dom.minidom.parseString(editor.to_svg())

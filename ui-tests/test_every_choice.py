"""What the catalog offers, on the page: each layer's form, layers inside layers, lists, schedules, metrics."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from studio import Studio, box_of

import kerasviz
from kerasviz.document.document import to_data
from kerasviz.widgets.offer import catalog
from tests.document.layer_cases import document_of

CATEGORIES = sorted({spec["category"] for spec in catalog()["layers"]} - {"input"})


@pytest.fixture
def widget(bridge):
    x = np.random.default_rng(0).normal(5, 3, (64, 7, 4)).astype("float32")
    return bridge.show(kerasviz.Studio(x, (x[:, 0, 0] > 5).astype("int32"), height=900))


@pytest.fixture
def studio(bridge, widget):
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(1)
    return view


@pytest.fixture
def args(widget, bridge):
    def of(layer):
        bridge.flush()
        return next(entry["args"] for entry in widget.document["layers"] if entry["id"] == layer)

    return of


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_layer_has_a_form_for_all_its_arguments(bridge, category):
    editor = bridge.show(kerasviz.GraphEditor(height=900))
    studio = Studio(bridge.page)
    for spec in catalog()["layers"]:
        if spec["category"] != category:
            continue
        document, call = document_of(spec)
        editor.document = to_data(document)
        editor.selection = [call]
        expect(studio.side.get_by_role("heading", level=3)).to_have_text(spec["kind"])
        expect(studio.problem_count).to_have_text("No problems")
        expect(studio.side.locator(".kv-facts code")).to_have_text("(" + shape_of(editor, call) + ")")
        rows = studio.side.locator(".kv-layer-panel > .kv-form").locator("> .kv-fields, > details > .kv-fields")
        names = rows.locator("> .kv-field").evaluate_all("all => all.map((row) => row.dataset.field)")
        assert sorted(names) == sorted(field["name"] for field in spec["form"] if field["name"] != "name")
        wrong = studio.side.locator(".kv-field.is-wrong")
        assert wrong.count() == 0, (spec["kind"], wrong.all_inner_texts())


def shape_of(editor, call):
    """The first output's shape in words."""
    shape = editor.analysis["calls"][call]["shapes"][0]
    return ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "")


def test_attention_takes_query_and_value(studio, widget, bridge):
    studio.entry("Attention").click()
    wires = studio.wire("input", "attention")
    expect(wires).to_have_count(2)
    first, second = (box_of(wires.nth(index)) for index in range(2))
    assert first["x"] + first["width"] <= second["x"]
    connections = studio.side.get_by_role("region", name="Connections")
    expect(connections.locator("small")).to_have_text(["query ", "value "])
    studio.quick_add("dense 4")
    studio.select("attention")
    studio.press("Delete")
    expect(studio.wire("input", "dense")).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [("Attention", ["Attention"]), ("Normalization", ["Normalization"]), ("RNN LSTMCell 3", ["RNN"])],
)
def test_class_names_are_typed_as_they_are(studio, widget, bridge, text, kinds):
    studio.quick_add(text)
    bridge.flush()
    assert [layer["kind"] for layer in widget.document["layers"]][1:] == kinds


def test_a_convolved_lstm_is_typed(bridge):
    editor = bridge.show(kerasviz.GraphEditor())
    editor.add("in 4 8 8 3")
    studio = Studio(bridge.page)
    expect(studio.nodes).to_have_count(1)
    studio.quick_add("ConvLSTM2D 8 3")
    expect(studio.canvas.locator(".kv-sink-chip")).to_have_text(re.compile("^6.6.8$"))


def test_a_cell_is_chosen_inside_its_layer(studio, args):
    studio.entry("RNN").click()
    studio.field("cell").select_option("LSTMCell")
    expect(studio.row("cell").get_by_role("alert").first).to_contain_text("LSTMCell needs `units`")
    studio.row("cell").locator('.kv-field[data-field="units"] input').fill("8")
    expect(studio.node("rnn")).to_contain_text("LSTMCell")
    expect(studio.canvas.locator(".kv-sink-chip")).to_have_text("8")
    assert args("rnn")["cell"]["config"] == {"units": 8}


def test_layers_are_put_in_a_pipeline_in_order(studio, args):
    studio.entry("Pipeline").click()
    add = studio.row("layers").locator(".kv-list > select")
    add.select_option("Dense")
    studio.row("layers").locator('.kv-field[data-field="units"] input').fill("5")
    add.select_option("Rescaling")
    studio.row("layers").locator('.kv-field[data-field="scale"] input').fill("1/2")
    expect(studio.node("pipeline")).to_contain_text(re.compile("Dense . Rescaling"))
    studio.row("layers").get_by_role("button", name="Move Rescaling up").click()
    expect(studio.node("pipeline")).to_contain_text(re.compile("Rescaling . Dense"))
    assert [part["class_name"] for part in args("pipeline")["layers"]] == ["Rescaling", "Dense"]
    studio.row("layers").get_by_role("button", name="Remove Dense").click()
    expect(studio.node("pipeline")).not_to_contain_text("Dense")


LISTS = [
    ("Discretization", "bin_boundaries", "0.2, 1/2", [0.2, 0.5], "0.2, 0.5"),
    ("StringLookup", "vocabulary", "red, green", ["red", "green"], "red, green"),
    ("IntegerLookup", "vocabulary", "[3, 1]", [3, 1], "3, 1"),
    ("Normalization", "mean", "0.5", 0.5, "0.5"),
    ("Rescaling", "scale", "1/255", 1 / 255, "0.003922"),
]


@pytest.mark.parametrize(("kind", "name", "text", "value", "words"), LISTS, ids=[case[0] for case in LISTS])
def test_lists_are_written_with_commas(studio, args, kind, name, text, value, words):
    studio.entry(kind).click()
    studio.field(name).fill(text)
    call = studio.selected.get_attribute("data-call")
    expect(studio.node(call)).to_contain_text(words)
    assert args(call)[name] == value


def test_a_dtype_policy_is_selected(studio, args):
    studio.quick_add("mha 2 4")
    studio.side.get_by_text("Other options").click()
    studio.field("dtype").select_option("mixed_bfloat16")
    expect(studio.row("dtype")).to_have_class("kv-field is-set")
    assert args("multi_head_attention")["dtype"] == "mixed_bfloat16"


def test_a_layer_learns_from_the_data(studio, args, bridge):
    studio.entry("Normalization").click()
    studio.open("Problems")
    studio.side.get_by_role("button", name="Learn it from the data").click()
    expect(studio.canvas.locator(".is-blamed")).to_have_count(0)
    assert len(args("normalization")["mean"]) == 4


def test_a_schedule_leads_the_learning_rate(studio, widget, bridge):
    studio.open("Training")
    studio.side.get_by_label("How the learning rate changes").select_option("ExponentialDecay")
    rate = studio.row("learning_rate")
    rate.locator('.kv-field[data-field="decay_steps"] input').fill("10")
    rate.locator('.kv-field[data-field="decay_rate"] input').fill("0.5")
    expect(rate.locator('.kv-field[data-field="initial_learning_rate"] input')).to_have_value("0.001")
    bridge.flush()
    config = widget.settings["optimizer"]["args"]["learning_rate"]["config"]
    assert config == {"initial_learning_rate": 0.001, "decay_steps": 10, "decay_rate": 0.5}
    rate.locator("select").first.select_option("None")
    expect(rate.get_by_label("learning rate", exact=True)).to_have_value("0.001")


def test_an_optimizer_holds_another(studio, widget, bridge):
    studio.open("Training")
    studio.field("learning_rate").fill("0.5")
    choice = studio.side.get_by_label("Optimizer", exact=True)
    assert "MultiOptimizer" not in choice.locator("option").all_inner_texts()
    choice.select_option("LossScaleOptimizer")
    expect(studio.field("inner_optimizer")).to_have_value("Adam")
    inner = studio.row("inner_optimizer").locator('.kv-field[data-field="learning_rate"] input')
    expect(inner).to_have_value("0.5")
    bridge.flush()
    assert widget.settings["optimizer"]["args"]["inner_optimizer"]["config"] == {"learning_rate": 0.5}


def test_a_metric_has_a_form(studio, widget, bridge):
    studio.open("Training")
    studio.side.get_by_label("Metrics", exact=True).select_option("PrecisionAtRecall")
    expect(studio.problem_count).to_have_text("1 problem")
    studio.field("recall").fill("0.5")
    expect(studio.problem_count).to_have_text("No problems")
    bridge.flush()
    assert widget.settings["metrics"][-1] == {"kind": "PrecisionAtRecall", "args": {"recall": 0.5}}
    studio.side.get_by_role("button", name="Remove PrecisionAtRecall").click()
    expect(studio.row("recall")).to_have_count(0)
    bridge.flush()
    assert [metric["kind"] for metric in widget.settings["metrics"]] == ["accuracy"]


def test_new_layers_train(studio, widget):
    studio.quick_add("Normalization > Attention > SpectralNormalization dense 4 > gru 4 > dense 2 softmax")
    studio.button("Run").click()
    studio.expect_state("Finished")
    assert len(widget.run.history["loss"]) == 5

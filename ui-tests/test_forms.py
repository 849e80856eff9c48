"""Fields of the form: each kind of value takes what it should, refuses the rest, and goes back to its default."""

import re

import pytest
from playwright.sync_api import expect
from studio import Studio

import kerasviz


@pytest.fixture
def editor(bridge):
    widget = kerasviz.GraphEditor(height=900)
    widget.add("in 28 28 1 > conv 8 3 relu > reshape (26,208) > lstm 4 > dense 10")
    return bridge.show(widget)


@pytest.fixture
def studio(bridge, editor):
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(5)
    return view


@pytest.fixture
def args(editor, bridge):
    def of(layer):
        bridge.flush()
        return next(entry["args"] for entry in editor.document["layers"] if entry["id"] == layer)

    return of


def unfold(studio, name):
    """Open the group that a field is in."""
    if not studio.field(name).is_visible():
        studio.side.locator("details", has=studio.page.locator(f'[data-field="{name}"]')).locator("summary").click()
    expect(studio.field(name)).to_be_visible()


VALUES = [
    ("conv2d", "filters", "16", 16),
    ("conv2d", "filters", "4*8", 32),
    ("conv2d", "kernel_size", "5", 5),
    ("conv2d", "kernel_size", "3x5", [3, 5]),
    ("conv2d", "kernel_size", "(2, 1)", [2, 1]),
    ("conv2d", "strides", "2", 2),
    ("reshape", "target_shape", "208, 26", [208, 26]),
    ("lstm", "dropout", "0.25", 0.25),
]


@pytest.mark.parametrize(("call", "name", "text", "value"), VALUES)
def test_text_becomes_a_value(studio, args, call, name, text, value):
    studio.select(call)
    unfold(studio, name)
    studio.field(name).fill(text)
    expect(studio.field(name)).to_have_attribute("aria-invalid", "false")
    assert args(call)[name] == value


WRONG = [
    ("conv2d", "filters", "-3", "Expected a whole number at least 1"),
    ("conv2d", "filters", "1.5", "Expected a whole number"),
    ("conv2d", "kernel_size", "3,3,3", "Expected one whole number, or 2 of them."),
    ("reshape", "target_shape", "a, b", "Expected sizes"),
    ("lstm", "dropout", "2", "at most 1"),
]


@pytest.mark.parametrize(("call", "name", "text", "words"), WRONG)
def test_wrong_text_is_explained_and_keeps_the_last_value(studio, args, call, name, text, words):
    studio.select(call)
    unfold(studio, name)
    before = args(call).get(name)
    studio.field(name).fill(text)
    expect(studio.row(name).get_by_role("alert")).to_contain_text(words)
    expect(studio.field(name)).to_have_attribute("aria-invalid", "true")
    expect(studio.field(name)).to_have_value(text)
    assert args(call).get(name) == before
    studio.field(name).press("Control+a")


def test_arrows_change_numbers(studio, args):
    studio.select("conv2d")
    for key, value in (("ArrowUp", "9"), ("Shift+ArrowUp", "19"), ("ArrowDown", "18")):
        studio.field("filters").press(key)
        expect(studio.field("filters")).to_have_value(value)
    assert args("conv2d")["filters"] == 18


def test_typing_in_a_field_is_one_step_of_undo(studio, args):
    studio.select("conv2d")
    studio.field("filters").fill("")
    studio.field("filters").press_sequentially("123")
    assert args("conv2d")["filters"] == 123
    studio.undo()
    expect(studio.field("filters")).to_have_value("8")


def test_choices_and_switches(studio, args):
    studio.select("conv2d")
    studio.field("padding").select_option("same")
    studio.field("use_bias").click()
    expect(studio.field("use_bias")).not_to_be_checked()
    assert args("conv2d") | {"padding": "same", "use_bias": False} == args("conv2d")
    studio.field("padding").select_option("valid")
    assert "padding" not in args("conv2d"), "a default is not stored"


def test_reset_goes_back_to_the_default(studio, args):
    studio.select("conv2d")
    studio.row("activation").get_by_role("button", name="Reset activation to its default").click()
    expect(studio.field("activation")).not_to_have_value("relu")
    assert "activation" not in args("conv2d")


def test_a_component_chosen_by_name_has_a_form_of_its_own(studio, args):
    studio.select("conv2d")
    unfold(studio, "kernel_regularizer")
    studio.field("kernel_regularizer").select_option("L2")
    inner = studio.row("kernel_regularizer").locator(".kv-nested input").first
    inner.fill("0.02")
    expect(studio.problem_count).not_to_contain_text("error")
    config = args("conv2d")["kernel_regularizer"]
    assert config["class_name"] == "L2"
    assert config["config"] == {"l2": 0.02}


def test_a_name_is_set_and_taken_back(studio, bridge, editor):
    studio.select("conv2d")
    studio.field("name").fill("stem")
    expect(studio.node("conv2d")).to_have_attribute("aria-label", re.compile("^Conv2D stem, "))
    expect(studio.wire("stem", "reshape")).to_have_count(1)
    bridge.flush()
    assert editor.document["layers"][1]["name"] == "stem"
    studio.undo()
    expect(studio.node("conv2d")).to_have_attribute("aria-label", re.compile("^Conv2D conv2d, "))


def test_connections_are_cut_and_made_in_the_panel(studio):
    studio.select("conv2d")
    links = studio.side.get_by_role("region", name="Connections")
    links.get_by_role("button", name="Disconnect input from conv2d").click()
    expect(studio.wire("input", "conv2d")).to_have_count(0)
    studio.undo()
    expect(studio.wire("input", "conv2d")).to_have_count(1)
    links.get_by_role("button", name="reshape", exact=True).click()
    expect(studio.selected).to_have_attribute("data-call", "reshape")


def test_every_layer_has_a_form_without_errors(studio, editor, bridge):
    kinds = [spec["kind"] for spec in editor.catalog["layers"]][:12]
    for kind in kinds:
        studio.entry(kind).click()
        expect(studio.side.get_by_role("heading", name=kind, exact=True)).to_be_visible()
    assert bridge.errors == []

"""Each panel stands alone, is linked by traits, and looks right in light and dark, wide and narrow."""

import re

import pytest
import traitlets
from playwright.sync_api import expect
from studio import Studio, box_of
from test_training import patches

import kerasviz
from kerasviz.layers import Dense, Flatten, Input, Rescaling


@pytest.fixture
def model():
    layers = [Input((12, 12)), Rescaling(1 / 255), Flatten(), Dense(8, activation="relu"), Dense(4, "softmax")]
    model = kerasviz.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def rooted(bridge, nth=0):
    return Studio(bridge.page, bridge.page.locator("body > div").nth(nth))


def test_the_editor_opens_a_model(bridge, model):
    editor = bridge.show(kerasviz.GraphEditor(model, height=500))
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(len(editor.document["calls"]))
    expect(view.root.get_by_role("tab")).to_have_text(["Layer", "Problems", "Code"])
    expect(view.button("Run")).to_have_count(0)


def test_the_training_view_trains_a_model(bridge, model):
    x, y = patches()
    training = kerasviz.TrainingView(model, x, y, validation_data=(x[:32], y[:32]), height=500)
    bridge.show(training)
    view = Studio(bridge.page)
    view.field("epochs").fill("2")
    view.button("Run").click()
    view.expect_state("Finished")
    expect(view.root.get_by_role("figure", name=re.compile("^loss"))).to_be_visible()
    assert len(training.run.history["loss"]) == 2


def test_the_inspector_looks_into_a_model(bridge, model):
    x, y = patches()
    inspector = bridge.show(kerasviz.Inspector(model, x, y, height=600))
    view = Studio(bridge.page)
    rows = view.root.get_by_role("row")
    expect(rows.filter(has_text="Dense")).to_have_count(2)
    rows.filter(has_text="Dense").first.get_by_role("button").click()
    view.open("Weights")
    expect(view.root.get_by_role("img", name=re.compile("^kernel"))).to_be_visible()
    bridge.flush()
    assert inspector.inspected


def test_the_callback_panel_and_a_run_in_another_panel(bridge, model):
    x, y = patches()
    training = kerasviz.TrainingView(model, x, y, validation_data=(x[:32], y[:32]))
    panel = bridge.show(kerasviz.CallbackPanel(height=600))
    traitlets.dlink((training, "run"), (panel, "run"))
    run = training.start(epochs=100_000)
    card = Studio(bridge.page).callback("EarlyStopping")
    card.locator("summary").click()
    card.locator('[data-field="patience"] input').fill("1")
    card.locator('[data-field="min_delta"] input').fill("100")
    switch = card.get_by_role("switch", name="EarlyStopping takes part")
    switch.click()
    expect(switch).to_be_checked()
    bridge.flush()
    run.wait(20)
    assert run.ended


def test_panels_are_linked_by_their_traits(bridge, model):
    x, y = patches()
    editor = bridge.show(kerasviz.GraphEditor(model, height=420))
    inspector = bridge.show(kerasviz.Inspector(model, x, y, height=420))
    traitlets.dlink((editor, "selection"), (inspector, "inspected"), lambda chosen: chosen[-1] if chosen else None)
    first, second = rooted(bridge), rooted(bridge, 1)
    second.open("Weights")
    first.select(editor.document["calls"][-1]["id"])
    expect(second.root.get_by_role("img", name=re.compile("^kernel"))).to_be_visible()


def test_python_sets_the_selection_and_the_panel(bridge, model):
    editor = bridge.show(kerasviz.GraphEditor(model, height=500))
    view = Studio(bridge.page)
    last = editor.document["calls"][-1]["id"]
    editor.selection = [last]
    expect(view.selected).to_have_attribute("data-call", last)
    editor.panel = "code"
    expect(view.tab("Code")).to_have_attribute("aria-selected", "true")


def colours(view):
    of = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor]; }"
    return view.node("input").evaluate(of)


def brightness(colour):
    numbers = [float(part) for part in re.findall(r"[\d.]+", colour)[:3]]
    return sum(numbers) / 3 / (1 if colour.startswith("color(") else 255)


def test_light_and_dark_follow_the_notebook(bridge):
    editor = kerasviz.GraphEditor(height=500)
    editor.add("in 8 > dense 4")
    bridge.show(editor)
    view = Studio(bridge.page)
    bridge.set_theme("dark")
    expect(view.root).to_have_attribute("data-theme", "dark")
    text, ground = colours(view)
    assert brightness(text) > 0.7 > 0.35 > brightness(ground)
    bridge.set_theme("light")
    expect(view.root).to_have_attribute("data-theme", "light")
    text, ground = colours(view)
    assert brightness(text) < 0.35 < 0.7 < brightness(ground)
    editor.theme = "dark"
    expect(view.root).to_have_attribute("data-theme", "dark")


CUT_OFF = """
side => [...side.querySelectorAll("button, input, select")].filter((part) => {
  const { right, width } = part.getBoundingClientRect();
  return width > 0 && right > side.getBoundingClientRect().right && !part.closest("pre, .kv-tablist, .kv-table-box");
}).map((part) => part.outerHTML)
"""


@pytest.mark.parametrize("width", [320, 480, 700, 1000, 1360])
def test_nothing_overflows_a_narrow_cell(bridge, width):
    x, y = patches()
    widget = kerasviz.Studio(x, y, validation_data=(x, y), height=800)
    widget.add("flatten > dense 4 softmax")
    bridge.page.set_viewport_size({"width": width, "height": 900})
    bridge.show(widget)
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(4)
    for tab in ("Layer", "Problems", "Training", "Callbacks", "Inspect", "Code"):
        view.open(tab)
        assert bridge.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
        expect(view.root.get_by_role("tabpanel").first).to_be_visible()
        assert view.side.evaluate(CUT_OFF) == [], tab
        side = box_of(view.side)
        assert side["x"] + side["width"] <= width
        assert side["height"] > 150
    assert box_of(view.canvas)["height"] > 120


def test_a_narrow_cell_has_the_palette_behind_a_button(bridge):
    bridge.page.set_viewport_size({"width": 640, "height": 900})
    bridge.show(kerasviz.GraphEditor(height=700))
    view = Studio(bridge.page)
    expect(view.palette).to_be_hidden()
    view.root.get_by_role("button", name="Show layers").click()
    view.entry("Input").click()
    expect(view.node("input")).to_be_visible()
    expect(view.palette).to_be_hidden()


def test_a_view_that_was_hidden_comes_back_with_the_same_state(bridge):
    editor = kerasviz.GraphEditor(height=500)
    editor.add("in 8 > dense 4")
    bridge.show(editor)
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(2)
    bridge.hide(editor)
    expect(view.nodes).to_have_count(0)
    editor.add("dense 2")
    bridge.show(editor)
    expect(view.nodes).to_have_count(3)


LISTEN = """
() => {
  window.leaked = [];
  document.addEventListener("keydown", (event) => {
    window.leaked.push((event.ctrlKey ? "Control+" : "") + (event.shiftKey ? "Shift+" : "") + event.key);
    event.preventDefault();
  });
}
"""
HELD = ["a", "b", "d", "d", "x", "Delete", "ArrowDown", "ArrowUp", "Enter", "Control+z", "Control+Enter", "Tab", "m"]


@pytest.fixture
def heard(bridge):
    editor = kerasviz.GraphEditor(height=700)
    editor.add("in 8 > dense 4 > dense 3")
    bridge.show(editor)
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(3)
    bridge.page.evaluate(LISTEN)
    return view


@pytest.mark.parametrize("place", ["canvas", "field", "line", "tab"])
def test_no_key_reaches_the_notebook(heard, place):
    heard.select("dense")
    places = {"field": heard.field("units"), "line": heard.line, "tab": heard.tab("Problems")}
    for key in HELD:
        if place in places:
            places[place].focus()
        heard.press(key)
    assert heard.page.evaluate("leaked") == []


@pytest.mark.parametrize("key", ["Control+s", "Shift+Enter"])
def test_keys_of_the_notebook_reach_it(heard, key):
    heard.select("dense")
    heard.press(key)
    assert heard.page.evaluate("leaked.at(-1)") == key


def test_escape_twice_gives_the_keys_back(heard):
    heard.select("dense")
    heard.press("Escape", "Escape")
    assert heard.page.evaluate("leaked.at(-1)") == "Escape"
    assert heard.page.evaluate("document.activeElement.closest('.kv-root')") is None


def test_keys_outside_change_nothing(heard):
    heard.select("dense")
    heard.page.evaluate("document.activeElement.blur()")
    heard.press("Delete", "Control+a", "Backspace")
    expect(heard.nodes).to_have_count(3)

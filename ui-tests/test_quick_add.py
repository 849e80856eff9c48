"""Typing layers: what they would make is seen while typing, mistakes are underlined, Enter adds one step."""

import pytest
from playwright.sync_api import expect
from studio import Studio

import kerasviz


@pytest.fixture
def editor(bridge):
    widget = kerasviz.GraphEditor(height=700)
    widget.add("in 28 28 1")
    return bridge.show(widget)


@pytest.fixture
def studio(bridge, editor):
    view = Studio(bridge.page)
    expect(view.node("input")).to_be_visible()
    return view


def test_shapes_and_ghosts_are_there_while_typing(studio):
    studio.type("conv 8 3 > pool")
    steps = studio.help.locator(".kv-chain > li")
    expect(steps).to_have_count(2)
    expect(steps.first).to_contain_text("26\N{MULTIPLICATION SIGN}26\N{MULTIPLICATION SIGN}8")
    expect(studio.canvas.locator(".kv-ghost")).to_have_count(2)
    studio.line.press("Escape")
    expect(studio.canvas.locator(".kv-ghost")).to_have_count(0)
    expect(studio.nodes).to_have_count(1)


def test_enter_adds_all_as_one_step(studio, editor):
    studio.quick_add("conv 8 3 relu > pool > flatten > dense 10 softmax")
    studio.expect_chain("input", "conv2d", "max_pooling2d", "flatten", "dense")
    expect(studio.node("dense")).to_be_focused()
    studio.undo()
    expect(studio.nodes).to_have_count(1)
    studio.redo()
    expect(studio.nodes).to_have_count(5)


def test_shift_enter_adds_and_goes_on(studio):
    studio.type("flatten")
    studio.line.press("Shift+Enter")
    expect(studio.node("flatten")).to_be_visible()
    expect(studio.line).to_be_focused()
    expect(studio.line).to_have_value("")
    studio.type("dense 4")
    expect(studio.help).to_contain_text("after flatten")
    studio.line.press("Enter")
    expect(studio.wire("flatten", "dense")).to_have_count(1)


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        ("dense 20 relo > flatten", "relo", "Did you mean 'relu'?"),
        ("danse 20 > flatten", "danse", "Did you mean 'dense'?"),
        ("dense units=x > flatten", "units=x", "units"),
    ],
    ids=["word", "layer", "value"],
)
def test_a_mistake_is_underlined_and_explained(studio, text, word, message):
    studio.line.fill(text)
    expect(studio.root.locator(".kv-underline u")).to_have_text(word)
    expect(studio.help.get_by_role("alert")).to_contain_text(message)
    expect(studio.line).to_have_attribute("aria-invalid", "true")
    studio.line.press("Enter")
    expect(studio.line).to_have_value(text)
    expect(studio.nodes).to_have_count(1)


def test_tab_completes_the_word(studio):
    studio.line.press_sequentially("den")
    option = studio.help.get_by_role("option").first
    expect(option).to_have_text("denseDense")
    studio.line.press("Tab")
    expect(studio.line).to_have_value("dense ")
    studio.line.press_sequentially("5 sof")
    expect(studio.help.get_by_role("option").first).to_contain_text("softmax")
    studio.line.press("Tab")
    expect(studio.line).to_have_value("dense 5 softmax ")
    expect(studio.line).to_be_focused()


def test_arrows_choose_among_suggestions(studio):
    studio.line.press_sequentially("conv")
    options = studio.help.get_by_role("option")
    expect(options.nth(1)).to_be_visible()
    second = options.nth(1).locator("code").text_content()
    studio.line.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    studio.line.press("Tab")
    expect(studio.line).to_have_value(f"{second} ")


def test_tags_make_a_residual(studio):
    studio.line.fill("conv 8 3 same @a > conv 8 3 same > add @a")
    expect(studio.help.locator(".kv-chain > li")).to_have_count(3)
    studio.line.press("Enter")
    expect(studio.wire("conv2d", "add")).to_have_count(1)
    expect(studio.wire("conv2d_1", "add")).to_have_count(1)


def test_layers_that_do_not_fit_are_added_and_marked(studio):
    studio.quick_add("conv 8 40 > flatten")
    expect(studio.node("conv2d").locator(".kv-node-problem")).to_contain_text("40x40 kernel")


def test_a_filled_line_has_a_button_for_the_mouse(studio):
    studio.type("flatten")
    studio.root.locator(".kv-quick-line").get_by_role("button", name="Add", exact=True).click()
    expect(studio.node("flatten")).to_be_visible()


SLOW = """
() => {
  const send = window.toPython;
  window.toPython = async (message) => {
    await new Promise((resume) => setTimeout(resume, 150));
    return send(message);
  };
}
"""


def test_enter_before_the_kernel_has_answered_is_not_lost(studio):
    studio.page.evaluate(SLOW)
    studio.line.fill("flatten > dense 3")
    studio.line.press("Enter")
    studio.expect_chain("input", "flatten", "dense")
    expect(studio.line).to_have_value("")

"""Keys of the canvas: each does what the sheet says, and undo takes it back."""

import pytest
from playwright.sync_api import expect
from studio import Studio

import kerasviz

SMALL = "in 28 28 1 > conv 8 3 relu > pool > flatten > dense 10 softmax"
CHAIN = ("input", "conv2d", "max_pooling2d", "flatten", "dense")


@pytest.fixture
def editor(bridge):
    widget = kerasviz.GraphEditor(height=700)
    widget.add(SMALL)
    return bridge.show(widget)


@pytest.fixture
def studio(bridge, editor):
    view = Studio(bridge.page)
    view.expect_chain(*CHAIN)
    return view


def focus(studio, call="conv2d"):
    studio.select(call)
    expect(studio.node(call)).to_be_focused()


def test_delete_heals_the_chain_and_undo_brings_the_layer_back(studio, editor):
    focus(studio, "max_pooling2d")
    studio.press("Delete")
    studio.expect_chain("input", "conv2d", "flatten", "dense")
    studio.press("Control+z")
    studio.expect_chain(*CHAIN)
    studio.press("Control+y")
    studio.expect_chain("input", "conv2d", "flatten", "dense")
    studio.press("Control+z", "Control+Shift+z")
    studio.expect_chain("input", "conv2d", "flatten", "dense")


def test_backspace_heals_too(studio):
    focus(studio, "max_pooling2d")
    studio.press("Backspace")
    studio.expect_chain("input", "conv2d", "flatten", "dense")


def test_duplicate_makes_one_more_layer_beside(studio, editor):
    focus(studio)
    studio.press("Control+d")
    expect(studio.nodes).to_have_count(6)
    expect(studio.selected).to_have_attribute("data-call", "conv2d_1")
    studio.press("Control+z")
    studio.expect_chain(*CHAIN)


def test_shared_weights_are_one_layer_with_two_calls(studio, editor, bridge):
    focus(studio)
    studio.press("Control+Shift+d")
    expect(studio.node("conv2d#2")).to_be_visible()
    bridge.flush()
    assert len(editor.document["layers"]) == 5
    assert len(editor.document["calls"]) == 6
    studio.press("Control+z")
    studio.expect_chain(*CHAIN)


def test_copy_and_paste_keep_inner_wires(studio, editor):
    studio.select("conv2d", "max_pooling2d")
    studio.press("Control+c", "Control+v")
    expect(studio.wire("conv2d_1", "max_pooling2d_1")).to_have_count(1)
    expect(studio.nodes).to_have_count(7)
    expect(studio.selected).to_have_count(2)
    studio.press("Control+z")
    studio.expect_chain(*CHAIN)


def test_paste_with_shift_keeps_incoming_wires_too(studio):
    studio.select("conv2d", "max_pooling2d")
    studio.press("Control+c", "Control+Shift+v")
    expect(studio.wire("input", "conv2d_1")).to_have_count(1)


def test_cut_and_paste_move_a_layer(studio):
    focus(studio, "max_pooling2d")
    studio.press("Control+x")
    studio.expect_chain("input", "conv2d", "flatten", "dense")
    studio.press("Control+v")
    expect(studio.node("max_pooling2d")).to_be_visible()
    expect(studio.nodes).to_have_count(5)


def test_copying_is_said(studio):
    focus(studio)
    studio.press("Control+c")
    expect(studio.voice).to_have_text("1 layer copied")


@pytest.mark.parametrize(("key", "count"), [("u", 3), ("Shift+u", 3)])
def test_related_layers_are_selected(studio, key, count):
    focus(studio, "max_pooling2d")
    studio.press(key)
    expect(studio.selected).to_have_count(count)


def test_arrows_walk_along_the_flow(studio):
    focus(studio)
    for key, call in (("ArrowDown", "max_pooling2d"), ("ArrowDown", "flatten"), ("ArrowUp", "max_pooling2d")):
        studio.press(key)
        expect(studio.node(call)).to_be_focused()


def test_mod_arrows_nudge_by_the_grid_and_shift_by_one_pixel(studio, editor, bridge):
    focus(studio)
    bridge.flush()
    x, y = editor.positions["conv2d"]
    studio.press("Control+ArrowRight", "Control+ArrowRight", "Control+Shift+ArrowDown")
    bridge.flush()
    assert tuple(editor.positions["conv2d"]) == (x + 16, y + 1)
    studio.press("Control+z")
    bridge.flush()
    bridge.flush()
    assert tuple(editor.positions["conv2d"]) == (x, y)


@pytest.mark.parametrize("key", ["a", "/"])
def test_a_and_slash_open_the_line_for_typing(studio, key):
    focus(studio)
    studio.press(key)
    expect(studio.line).to_be_focused()
    expect(studio.line).to_have_value("")
    expect(studio.help).to_contain_text("after conv2d")
    studio.press("Escape")
    expect(studio.node("conv2d")).to_be_focused()


def test_shift_a_merges_what_is_selected(studio, editor):
    editor.edit("add", kind="Conv2D", args={"filters": 8, "kernel_size": 3}, after="input")
    expect(studio.nodes).to_have_count(6)
    studio.press("f")
    studio.select("conv2d", "conv2d_1")
    studio.press("Shift+A")
    expect(studio.help).to_contain_text("merge 2 layers")
    studio.type("add")
    studio.press("Enter")
    expect(studio.wire("conv2d", "add")).to_have_count(1)
    expect(studio.wire("conv2d_1", "add")).to_have_count(1)


def test_y_connects_by_name(studio, editor):
    editor.edit("add", kind="Concatenate", args={"axis": 1}, after="flatten")
    focus(studio, "dense")
    studio.press("y")
    dialog = studio.root.get_by_role("dialog", name="Connect dense to…")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    studio.page.keyboard.type("conc")
    studio.press("Enter")
    expect(studio.wire("dense", "concatenate")).to_have_count(1)
    expect(studio.node("concatenate")).to_be_focused()
    studio.press("Control+z")
    expect(studio.wire("dense", "concatenate")).to_have_count(0)


def test_e_goes_to_the_next_problem(studio, editor):
    editor.edit("set_args", calls="conv2d", args={"kernel_size": 40})
    expect(studio.problem_count).to_contain_text("problem")
    focus(studio, "dense")
    studio.press("e")
    expect(studio.node("conv2d")).to_be_focused()


def test_x_shows_the_code(studio):
    focus(studio)
    studio.press("x")
    expect(studio.tab("Code")).to_have_attribute("aria-selected", "true")
    expect(studio.root.locator(".kv-code")).to_contain_text("layers.Conv2D(8, 3")


@pytest.mark.parametrize("key", ["?", "Control+k"])
def test_the_sheet_finds_commands_and_runs_them(studio, key):
    focus(studio, "max_pooling2d")
    studio.press(key)
    sheet = studio.root.get_by_role("dialog", name="Keys and commands")
    expect(sheet.get_by_role("searchbox")).to_be_focused()
    studio.page.keyboard.type("heal the")
    studio.press("Enter")
    expect(sheet).to_have_count(0)
    studio.expect_chain("input", "conv2d", "flatten", "dense")


def test_l_arranges_and_undo_puts_back(studio, editor, bridge):
    editor.edit("move", positions={"dense": [600, 0]})
    focus(studio)
    studio.press("l")
    expect(studio.voice).to_have_text("Arranged")
    bridge.flush()
    assert editor.positions["dense"][0] < 300
    studio.press("Control+z")
    bridge.flush()
    bridge.flush()
    assert list(editor.positions["dense"]) == [600, 0]


def test_escape_deselects(studio):
    focus(studio)
    studio.press("Escape")
    expect(studio.selected).to_have_count(0)


def test_shift_delete_leaves_the_gap(studio):
    focus(studio, "max_pooling2d")
    studio.press("Shift+Delete")
    expect(studio.nodes).to_have_count(4)
    expect(studio.wires).to_have_count(2)
    expect(studio.problem_count).to_contain_text("problem")
    studio.press("Control+z")
    studio.expect_chain(*CHAIN)


def test_delete_on_a_wire_cuts_it(studio):
    studio.wire("conv2d", "max_pooling2d").click()
    studio.press("Delete")
    expect(studio.wire("conv2d", "max_pooling2d")).to_have_count(0)
    expect(studio.nodes).to_have_count(5)


def test_select_all_and_invert(studio):
    focus(studio)
    studio.press("Control+a")
    expect(studio.selected).to_have_count(5)
    studio.select("conv2d")
    studio.press("Control+i")
    expect(studio.selected).to_have_count(4)
    expect(studio.node("conv2d")).not_to_have_class("is-selected")


def test_tab_walks_through_all_layers_and_leaves_the_canvas_after_the_last(studio):
    focus(studio, "input")
    for call in CHAIN[1:]:
        studio.press("Tab")
        expect(studio.node(call)).to_be_focused()
    studio.press("Tab")
    expect(studio.node("dense")).not_to_be_focused()
    assert studio.page.evaluate("document.activeElement !== document.body")
    studio.press("Shift+Tab", "Shift+Tab")
    expect(studio.node("flatten")).to_be_focused()


def test_i_inserts_on_the_selected_wire(studio):
    studio.wire("conv2d", "max_pooling2d").click()
    studio.press("i")
    expect(studio.line).to_be_focused()
    studio.type("bn")
    studio.press("Enter")
    expect(studio.wire("conv2d", "batch_normalization")).to_have_count(1)
    expect(studio.wire("batch_normalization", "max_pooling2d")).to_have_count(1)


def test_enter_edits_the_first_argument(studio):
    focus(studio)
    studio.press("Enter")
    expect(studio.field("filters")).to_be_focused()


def test_zoom_keys(studio):
    focus(studio)
    width = "document.querySelector('.kv-node').getBoundingClientRect().width"
    studio.press("0")
    studio.page.wait_for_function(f"Math.abs({width} - 180) < 1")
    studio.press("+")
    studio.page.wait_for_function(f"Math.abs({width} - 225) < 1")
    studio.press("-", "-")
    studio.page.wait_for_function(f"Math.abs({width} - 144) < 1", timeout=5000)
    studio.press("Control+a", "f")
    expect(studio.node("dense")).to_be_in_viewport()

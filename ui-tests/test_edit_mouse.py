"""The canvas by mouse: add, wire, select, move, arrange, and see what is wrong."""

import re

import pytest
from playwright.sync_api import expect
from studio import Studio, box_of, centre, near

import kerasviz

SMALL = "in 28 28 1 > conv 8 3 relu > pool > flatten > dense 10 softmax"
CHAIN = ("input", "conv2d", "max_pooling2d", "flatten", "dense")


@pytest.fixture
def editor(bridge):
    return bridge.show(kerasviz.GraphEditor(height=700))


@pytest.fixture
def studio(bridge, editor):
    view = Studio(bridge.page)
    expect(view.canvas).to_be_visible()
    return view


@pytest.fixture
def drawn(studio, editor, bridge):
    editor.add(SMALL)
    studio.expect_chain(*CHAIN)
    studio.fit()
    return studio


def test_an_empty_canvas_offers_networks_to_start_from(studio):
    studio.root.get_by_role("button", name=re.compile("^Small CNN")).click()
    expect(studio.nodes).to_have_count(8)
    expect(studio.problem_count).to_have_text("No problems")
    expect(studio.root.locator(".kv-welcome")).to_have_count(0)


def test_dragging_from_the_palette_puts_a_layer_where_it_is_dropped(studio):
    x, y = studio.free_point()
    studio.drag(studio.entry("Conv2D"), (x, y - 200))
    expect(studio.node("conv2d")).to_be_visible()
    assert near(centre(studio.node("conv2d")), (x, y - 172), 40)


def test_dropping_on_a_wire_inserts_there(drawn):
    drawn.drag(
        drawn.entry("BatchNormalization"),
        drawn.wire("conv2d", "max_pooling2d"),
        hold=lambda: expect(drawn.root.locator(".kv-wire.is-hot, .kv-wire-label.is-hot").first).to_be_attached(),
    )
    expect(drawn.wire("conv2d", "batch_normalization")).to_have_count(1)
    expect(drawn.wire("batch_normalization", "max_pooling2d")).to_have_count(1)


def test_dropping_on_a_layer_appends_to_it(drawn):
    drawn.drag(drawn.entry("Dropout"), drawn.node("dense"))
    expect(drawn.wire("dense", "dropout")).to_have_count(1)


def test_clicking_the_palette_needs_no_selection(studio):
    for kind in ("Input", "Flatten", "Dense"):
        studio.entry(kind).click()
    studio.expect_chain("input", "flatten", "dense")


def test_the_palette_is_searched_by_name_and_by_alias(studio):
    search = studio.palette.get_by_role("searchbox")
    search.fill("bn")
    expect(studio.palette.locator(".kv-entry").first).to_have_text("BatchNormalization")
    search.fill("nothing of that name")
    expect(studio.palette).to_contain_text("No layer of that name.")
    search.fill("flat")
    search.press("Enter")
    expect(studio.node("flatten")).to_be_visible()


def test_dragging_a_wire_connects(studio, editor):
    editor.edit("add", kind="Input", args={"shape": [8]})
    editor.edit("add", kind="Dense", args={"units": 3}, at=[0, 160])
    expect(studio.nodes).to_have_count(2)
    studio.connect("input", "dense")
    expect(studio.wire("input", "dense")).to_have_text("8")
    studio.undo()
    expect(studio.wires).to_have_count(0)
    studio.redo()
    expect(studio.wires).to_have_count(1)


def test_a_circle_is_refused_before_the_wire_is_let_go(drawn):
    drawn.drag(
        drawn.handle("dense"),
        drawn.handle("conv2d", "target"),
        hold=lambda: expect(drawn.refusal).to_contain_text("circle"),
    )
    expect(drawn.wires).to_have_count(4)


def test_a_wire_let_go_on_the_canvas_asks_for_a_layer(drawn):
    box = box_of(drawn.node("dense"))
    drawn.drag(drawn.handle("conv2d"), (box["x"] + 330, box["y"] - 60))
    expect(drawn.line).to_be_focused()
    expect(drawn.help).to_contain_text("after conv2d")
    drawn.type("conv 4 3")
    drawn.line.press("Enter")
    expect(drawn.wire("conv2d", "conv2d_1")).to_have_count(1)


def test_a_wire_let_go_on_a_layer_connects_to_it(drawn, editor):
    editor.edit("add", kind="Concatenate", args={"axis": 1}, at=[320, 320])
    drawn.fit()
    drawn.drag(drawn.handle("flatten"), drawn.node("concatenate"))
    expect(drawn.wire("flatten", "concatenate")).to_have_count(1)


def test_the_plus_on_a_wire_inserts(drawn):
    drawn.wire("conv2d", "max_pooling2d").hover()
    drawn.plus("conv2d", "max_pooling2d").click()
    expect(drawn.help).to_contain_text("between conv2d and max_pooling2d")
    drawn.type("bn")
    drawn.line.press("Enter")
    expect(drawn.wire("batch_normalization", "max_pooling2d")).to_have_count(1)


def test_double_click_on_the_canvas_asks_for_a_layer_there(drawn):
    x, y = drawn.free_point()
    drawn.page.mouse.dblclick(x - 60, y - 120)
    expect(drawn.line).to_be_focused()
    drawn.type("in 5")
    drawn.line.press("Enter")
    expect(drawn.node("input_1")).to_be_visible()
    assert near(centre(drawn.node("input_1")), (x - 60, y - 92), 40)


def test_shapes_stand_on_wires_and_counts_on_layers(drawn):
    expect(drawn.wire("conv2d", "max_pooling2d")).to_have_text("26\N{MULTIPLICATION SIGN}26\N{MULTIPLICATION SIGN}8")
    expect(drawn.node("conv2d").locator(".kv-pill")).to_have_text("80")
    expect(drawn.node("dense").locator(".kv-pill")).to_have_text("13.5k")
    expect(drawn.node("dense").locator(".kv-sink-chip")).to_have_text("10")
    expect(drawn.total).to_have_text("13.6k")


def test_layers_say_themselves_to_screen_readers(drawn):
    words = "Conv2D conv2d, input 28 by 28 by 1 from input, output 26 by 26 by 8, 80 parameters"
    expect(drawn.node("conv2d")).to_have_attribute("aria-label", words)


def test_shift_click_selects_several_and_the_form_sets_what_they_share(drawn, editor, bridge):
    drawn.select("conv2d", "dense")
    expect(drawn.selected).to_have_count(2)
    expect(drawn.side).to_contain_text("2 layers selected")
    drawn.field("activation").select_option("tanh")
    bridge.flush()
    values = {layer["id"]: layer["args"].get("activation") for layer in editor.document["layers"]}
    assert values["conv2d"] == values["dense"] == "tanh"


def test_a_frame_drawn_on_the_canvas_selects_what_is_in_it(drawn):
    first, last = box_of(drawn.node("conv2d")), box_of(drawn.node("max_pooling2d"))
    right = (last["x"] + last["width"] + 40, last["y"] + last["height"] + 6)
    drawn.drag(right, (first["x"] - 40, first["y"] - 6))
    expect(drawn.selected).to_have_count(2)


def test_dragging_a_layer_moves_it_and_undo_puts_it_back(drawn, editor, bridge):
    bridge.flush()
    before = list(editor.positions["dense"])
    x, y = centre(drawn.node("dense"))
    drawn.drag((x - 40, y), (x + 100, y - 30))
    bridge.flush()
    after = list(editor.positions["dense"])
    assert after[0] > before[0]
    assert after[0] % 8 == after[1] % 8 == 0
    drawn.undo()
    expect(drawn.root.get_by_role("button", name=re.compile("^Redo: Move"))).to_be_visible()
    assert list(editor.positions["dense"]) == before


def test_arrange_straightens_and_is_one_step(drawn, editor, bridge):
    editor.edit("move", positions={"flatten": [400, 40]})
    drawn.root.get_by_role("button", name="Arrange").click()
    expect(drawn.root.get_by_role("button", name="Undo: Arrange")).to_be_visible()
    xs = [editor.positions[call][0] for call in CHAIN]
    assert max(xs) - min(xs) < 8
    drawn.undo()
    expect(drawn.root.get_by_role("button", name="Redo: Arrange")).to_be_visible()
    assert list(editor.positions["flatten"]) == [400, 40]


def test_the_flow_turns_to_the_right(drawn, editor):
    drawn.root.get_by_role("button", name="Flow downwards or to the right").click()
    expect(drawn.root.get_by_role("button", name="Undo: Arrange")).to_be_visible()
    assert editor.direction == "right"
    ys = [editor.positions[call][1] for call in CHAIN]
    assert max(ys) - min(ys) < 8


def test_a_mistake_is_told_at_the_layer_and_a_button_mends_it(drawn, editor):
    drawn.select("conv2d")
    drawn.field("kernel_size").fill("40")
    expect(drawn.node("conv2d")).to_have_class(re.compile("has-error"))
    expect(drawn.node("conv2d").locator(".kv-node-problem")).to_contain_text("28x28 map, 40x40 kernel")
    expect(drawn.row("kernel_size").get_by_role("alert")).to_contain_text("nothing left")
    drawn.row("kernel_size").locator(".kv-fixes button").first.click()
    expect(drawn.problem_count).to_have_text("No problems")
    drawn.undo()
    expect(drawn.node("conv2d")).to_have_class(re.compile("has-error"))


def test_wrong_rank_is_told_at_the_layer(studio, editor):
    editor.add("in 8 > conv2d 4 3")
    expect(studio.node("conv2d").locator(".kv-node-problem")).to_contain_text("it gets a vector of 8")


def test_a_missing_argument_is_told_at_the_layer_and_at_its_field(studio, editor):
    editor.add("in 8")
    editor.edit("add", kind="Dense", after="input")
    expect(studio.node("dense").locator(".kv-node-problem")).to_contain_text("units")
    studio.select("dense")
    expect(studio.row("units")).to_contain_text("needed")


def test_unequal_branches_are_told_at_the_merge(studio, editor):
    editor.add("in 28 28 1 > conv 8 3 @a > conv 8 3 > add @a")
    expect(studio.node("add").locator(".kv-node-problem")).to_be_visible()


def test_a_layer_that_leads_nowhere_is_told(drawn, editor):
    editor.edit("add", kind="Dense", args={"units": 2}, at=[400, 0])
    expect(drawn.problem_count).to_contain_text("problem")


def test_clicking_the_palette_appends_after_the_selected_layer(drawn):
    drawn.select("dense")
    drawn.entry("Dropout").click()
    expect(drawn.wire("dense", "dropout")).to_have_count(1)
    expect(drawn.selected).to_have_attribute("data-call", "dropout")
    expect(drawn.field("rate")).to_be_focused()


def test_a_problem_is_mended_from_the_list_of_problems(drawn, editor):
    editor.edit("set_args", calls="conv2d", args={"kernel_size": 40})
    drawn.open("Problems")
    drawn.side.locator(".kv-fixes button").first.click()
    expect(drawn.problem_count).to_have_text("No problems")

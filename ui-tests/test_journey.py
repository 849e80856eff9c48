"""The whole job in a real JupyterLab, as a new user does it: draw, train, steer, look inside, take away."""

import re
import time

import nbformat
import pytest
from playwright.sync_api import expect
from studio import Studio, box_of

MAKE = """
import kerasviz

(x, y), (xt, yt) = kerasviz.datasets.mnist_sample.load_data()
studio = kerasviz.Studio(x[:2000], y[:2000], validation_data=(xt[:400], yt[:400]), height=720)
studio
"""
USE = "print(studio.model.predict(xt[:3, ..., None], verbose=0).shape)"


@pytest.fixture
def notebook(lab):
    """A notebook whose first cell shows the studio."""
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if lab.page.get_by_role("region", name="File Browser Section").is_visible():
        lab.command("application:toggle-left-area")
    news = lab.page.get_by_role("alert").get_by_role("button", name="No", exact=True)
    lab.page.add_locator_handler(news, lambda button: button.click())
    lab.path = lab.open(MAKE, USE, "studio")
    lab.command("notebook:run-cell")
    lab.studio = Studio(lab.page, lab.output(0))
    expect(lab.studio.node("rescaling")).to_be_visible()
    lab.studio.root.evaluate("root => root.scrollIntoView({ block: 'start' })")
    return lab


def until(claim, seconds=20):
    """Ask the kernel again until it has caught up: its messages come in any thread."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not happen in time"


def batch_of(studio):
    text = studio.root.locator(".kv-batch b").text_content(timeout=5000)
    return int(text or 0)


def test_by_mouse(notebook):
    studio = notebook.studio
    draw_by_mouse(studio)
    edit_by_mouse(notebook, studio)
    mend_a_mistake(studio)
    train_by_mouse(notebook, studio)
    look_inside(studio)
    take_away(notebook, studio)


def draw_by_mouse(studio):
    studio.fit()
    box = box_of(studio.node("rescaling"))
    studio.drag(studio.entry("Conv2D"), (box["x"] - 150, box["y"] + 130))
    expect(studio.node("conv2d")).to_be_visible()
    if studio.wires.count() == 1:
        studio.fit()
        studio.connect("rescaling", "conv2d")
    expect(studio.wire("rescaling", "conv2d")).to_have_count(1)
    studio.select("conv2d")
    studio.field("filters").fill("4")
    studio.field("kernel_size").fill("3")
    studio.field("activation").select_option("relu")
    for kind in ("MaxPooling2D", "Flatten"):
        studio.entry(kind).click()
    studio.quick_add("dropout 0.2 > dense 10 softmax")
    studio.expect_chain("input", "rescaling", "conv2d", "max_pooling2d", "flatten", "dropout", "dense")
    expect(studio.problem_count).to_have_text("No problems")
    expect(studio.wire("conv2d", "max_pooling2d")).to_have_text(re.compile("^26.26.4$"))
    expect(studio.node("conv2d").locator(".kv-pill")).to_have_text("40")


def edit_by_mouse(notebook, studio):
    studio.fit()
    studio.select("conv2d")
    studio.field("filters").fill("8")
    expect(studio.wire("conv2d", "max_pooling2d")).to_have_text(re.compile("^26.26.8$"))
    studio.undo()
    expect(studio.wire("conv2d", "max_pooling2d")).to_have_text(re.compile("^26.26.4$"))
    studio.redo()
    expect(studio.wire("conv2d", "max_pooling2d")).to_have_text(re.compile("^26.26.8$"))

    first, last = box_of(studio.node("conv2d")), box_of(studio.node("max_pooling2d"))
    studio.drag((first["x"] - 30, first["y"] - 3), (last["x"] + last["width"] + 30, last["y"] + last["height"] + 3))
    expect(studio.selected).to_have_count(2)
    studio.press("Control+c", "Control+v")
    expect(studio.wire("conv2d_1", "max_pooling2d_1")).to_have_count(1)
    studio.press("Delete")
    expect(studio.nodes).to_have_count(7)
    until(lambda: notebook.python("print(len(studio.document['calls']))") == "7\n")

    studio.fit()
    studio.select("flatten", "dropout")
    expect(studio.side).to_contain_text("2 layers selected")
    studio.select("dropout")
    studio.press("Delete")
    studio.expect_chain("input", "rescaling", "conv2d", "max_pooling2d", "flatten", "dense")
    studio.root.get_by_role("button", name="Arrange").click()
    studio.settle()


def mend_a_mistake(studio):
    studio.select("conv2d")
    studio.field("kernel_size").fill("40")
    expect(studio.node("conv2d").locator(".kv-node-problem")).to_contain_text("40x40 kernel")
    studio.open("Problems")
    studio.side.locator(".kv-fixes button").first.click()
    expect(studio.problem_count).to_have_text("No problems")
    studio.select("conv2d")
    studio.open("Layer")
    studio.field("kernel_size").fill("3")


def train_by_mouse(notebook, studio):
    studio.open("Training")
    studio.field("epochs").fill("500")
    studio.field("batch_size").fill("50")
    studio.side.get_by_label("Optimizer").select_option("RMSprop")
    studio.open("Callbacks")
    stopping = studio.callback("EarlyStopping")
    stopping.get_by_role("switch", name="EarlyStopping takes part").click()
    stopping.get_by_text("Options").click()
    stopping.locator('[data-field="patience"] input').fill("400")

    studio.button("Run").click()
    studio.expect_state("Training|Validating")
    loss = studio.root.get_by_role("figure", name=re.compile("^loss"))
    expect(loss).to_have_attribute("aria-label", re.compile(r"val \d"))
    seen = loss.get_attribute("aria-label")
    assert notebook.python("print(1 + 1)") == "2\n"
    expect(loss).not_to_have_attribute("aria-label", seen or "")
    expect(studio.state).to_have_text(re.compile("Training|Validating"))
    expect(stopping).to_contain_text("Best val_loss")

    studio.button("Pause").click()
    studio.expect_state("Paused")
    batch = batch_of(studio)
    assert "paused" in notebook.python("print(studio.run.state)")
    assert batch_of(studio) == batch
    studio.button("Resume").click()
    studio.expect_state("Training|Validating")
    lowering = studio.callback("ReduceLROnPlateau")
    lowering.get_by_role("switch", name="ReduceLROnPlateau takes part").click()
    expect(lowering).to_contain_text("Best val_loss")
    studio.button("Stop").click()
    studio.expect_state("Stopped")


def look_inside(studio):
    studio.open("Inspect")
    rows = studio.side.get_by_role("row")
    expect(rows).to_have_count(8)  # with head and total
    rows.filter(has_text="conv2d").get_by_role("button").click()
    studio.open("Weights")
    expect(studio.side.get_by_role("img", name=re.compile("^kernel"))).to_be_visible()
    expect(studio.side).to_contain_text("(3, 3, 1, 8)")
    studio.open("Activations")
    expect(studio.side.locator(".kv-maps canvas, .kv-maps img")).to_have_count(8)
    studio.side.get_by_role("button", name="Next sample").click()
    expect(studio.side.get_by_label("Sample", exact=True)).to_have_value("1")
    studio.open("Results")
    expect(studio.side.locator(".kv-confusion .kv-cell")).to_have_count(100)
    expect(studio.side.locator(".kv-gallery li").first).to_be_visible()


def take_away(notebook, studio):
    studio.open("Code")
    code = studio.side.locator(".kv-code")
    expect(code).to_contain_text("layers.Conv2D(8, 3")
    studio.side.get_by_role("button", name="Copy").click()
    expect(studio.side.get_by_role("button", name="Copied")).to_be_visible()
    assert "Conv2D(8, 3" in notebook.page.evaluate("navigator.clipboard.readText()")
    studio.side.get_by_role("button", name="Write").click()
    expect(studio.side.get_by_role("status").first).to_contain_text("Written to")
    studio.side.get_by_role("button", name="Save model").click()
    expect(studio.side.get_by_role("status").last).to_contain_text("Saved to")
    assert "Conv2D(8, 3" in (notebook.server.root / "model.py").read_text()
    assert (notebook.server.root / "model.keras").stat().st_size > 1000
    notebook.output(1).page.locator(".jp-Notebook:visible .jp-Cell").nth(1).click()
    notebook.command("notebook:run-cell")
    expect(notebook.output(1)).to_have_text("(3, 10)")
    notebook.page.locator(".jp-Notebook:visible .jp-Cell").nth(2).click()
    notebook.command("notebook:run-cell")
    late = Studio(notebook.page, notebook.output(2))
    late.expect_chain("input", "rescaling", "conv2d", "max_pooling2d", "flatten", "dense")
    late.expect_state("Stopped")
    expect(late.root.get_by_role("figure", name=re.compile("^loss: .*val"))).to_be_visible()


FOCUS = "document.activeElement"


def tab_to(page, target, back=False):
    """Press Tab until the target has the focus."""
    for _ in range(120):
        if target.evaluate(f"target => target === {FOCUS}"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    expect(target).to_be_focused()


def test_by_keyboard_alone(notebook):
    studio, page = notebook.studio, notebook.page
    cells = page.locator(".jp-Notebook:visible .jp-Cell")
    count = cells.count()
    keys = page.keyboard

    tab_to(page, studio.node("input"))
    keys.press("ArrowDown")
    expect(studio.node("rescaling")).to_be_focused()
    keys.press("/")
    expect(studio.line).to_be_focused()
    keys.type("conv 4 3 relu > pool > dropout 0.2 > flatten > dense 10 softmax")
    expect(studio.help.locator(".kv-chain > li")).to_have_count(5)
    keys.press("Enter")
    chain = ("input", "rescaling", "conv2d", "max_pooling2d", "dropout", "flatten", "dense")
    studio.expect_chain(*chain)
    expect(studio.node("dense")).to_be_focused()

    for call in reversed(chain[2:-1]):
        keys.press("ArrowUp")
        expect(studio.node(call)).to_be_focused()
    keys.press("Enter")
    expect(studio.field("filters")).to_be_focused()
    keys.press("ArrowUp")
    expect(studio.field("filters")).to_have_value("5")
    keys.press("Tab")
    keys.press("Control+a")
    keys.type("40")
    expect(studio.node("conv2d").locator(".kv-node-problem")).to_contain_text("40x40 kernel")
    tab_to(page, studio.node("conv2d"), back=True)
    keys.press("Control+z")
    expect(studio.problem_count).to_have_text("No problems")
    keys.press("Control+Shift+z")
    expect(studio.problem_count).not_to_have_text("No problems")
    keys.press("e")
    tab_to(page, studio.tab("Layer"))
    keys.press("ArrowRight")
    expect(studio.tab("Problems")).to_have_attribute("aria-selected", "true")
    tab_to(page, studio.side.locator(".kv-fixes button").first)
    keys.press("Enter")
    expect(studio.problem_count).to_have_text("No problems")

    tab_to(page, studio.canvas.locator('.kv-node[tabindex="0"]'), back=True)
    for key in ("Control+a", "Control+c", "Control+v"):
        keys.press(key)
    expect(studio.nodes).to_have_count(14)
    keys.press("Delete")
    studio.expect_chain(*chain)
    tab_to(page, studio.node("dropout"))
    keys.press("Delete")
    expect(studio.wire("max_pooling2d", "flatten")).to_have_count(1)
    expect(studio.node("max_pooling2d")).to_be_focused()
    keys.press("y")
    keys.type("dense")
    keys.press("Escape")
    expect(studio.node("max_pooling2d")).to_be_focused()
    keys.press("l")

    keys.press("t")
    expect(studio.tab("Training")).to_have_attribute("aria-selected", "true")
    tab_to(page, studio.field("epochs"))
    keys.press("Control+a")
    keys.type("500")
    tab_to(page, studio.tab("Training"), back=True)
    keys.press("ArrowRight")
    tab_to(page, studio.callback("TerminateOnNaN").get_by_role("switch"))
    keys.press("Space")
    expect(studio.callback("TerminateOnNaN").get_by_role("switch")).to_be_checked()

    keys.press("Control+Enter")
    studio.expect_state("Training|Validating")
    tab_to(page, studio.button("Pause"), back=True)
    keys.press("Space")
    studio.expect_state("Paused")
    tab_to(page, studio.callback("TerminateOnNaN").get_by_role("switch"))
    keys.press("Control+Enter")
    studio.expect_state("Training|Validating")
    keys.press("Control+.")
    studio.expect_state("Stopped")

    tab_to(page, studio.canvas.locator('.kv-node[tabindex="0"]'))
    keys.press("x")
    expect(studio.tab("Code")).to_have_attribute("aria-selected", "true")
    tab_to(page, studio.tab("Code"))
    keys.press("ArrowLeft")
    expect(studio.side.get_by_role("row")).to_have_count(8)
    assert cells.count() == count, "no key has reached the notebook"
    keys.press("Escape")
    keys.press("Escape")
    expect(studio.tab("Inspect")).not_to_be_focused()


SEEN = """
studio.add("conv 4 3 relu > pool > flatten > dense 10 softmax")
run = studio.start(epochs=2, batch_size=100)
run.wait()
studio
"""


def test_a_reopened_notebook_shows_graph_and_curves_as_pictures(notebook):
    page = notebook.page
    page.locator(".jp-Notebook:visible .jp-Cell").nth(1).locator(".cm-content").fill(SEEN)
    page.locator(".jp-Notebook:visible .jp-Cell").nth(2).locator(".cm-content").fill("studio.snapshot()")
    notebook.run_all()
    expect(notebook.output(2).locator("img, svg").first).to_be_visible()
    notebook.close()
    kept = nbformat.read(notebook.path, as_version=4).cells
    for cell in kept[1:]:
        picture = cell.outputs[0].data["image/svg+xml"]
        assert "Conv2D" in picture
        assert "val" in picture
    notebook.open_file(notebook.path)
    expect(notebook.output(2).locator("img, svg").first).to_be_visible()

"""Training from the page: states and buttons, settings, callbacks, curves, failures."""

import re
import threading

import numpy as np
import pytest
from playwright.sync_api import expect
from studio import Studio

import kerasviz


def patches(count=128):
    """Pictures that a small net learns at once: a bright patch whose place is the class."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 4, count)
    x = generator.integers(0, 40, (count, 12, 12)).astype(np.uint8)
    for index, label in enumerate(y):
        row, column = divmod(int(label), 2)
        x[index, 6 * row : 6 * row + 5, 6 * column : 6 * column + 5] += 200
    return x, y


@pytest.fixture
def widget(bridge):
    x, y = patches()
    widget = kerasviz.Studio(x, y, validation_data=(x[:32], y[:32]), height=720)
    widget.add("flatten > dense 8 relu > dense 4 softmax")
    yield bridge.show(widget)
    if widget.run is not None:
        widget.run.stop()
        widget.run.wait(20)


@pytest.fixture
def studio(bridge, widget):
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(5)
    return view


@pytest.fixture
def endless(widget):
    """Settings with which a run ends when it is told to."""
    widget.settings = {**widget.settings, "epochs": 100_000, "batch_size": 16}


def test_a_short_run_ends_with_curves_and_all_facts(studio, widget):
    widget.settings = {**widget.settings, "epochs": 100}
    studio.button("Run").click()
    studio.expect_state("Finished")
    loss = studio.root.get_by_role("figure", name=re.compile(r"^loss: .*train [\d.e-]+.*val [\d.e-]+"))
    expect(loss).to_be_visible()
    expect(studio.root.get_by_role("figure", name=re.compile("^accuracy"))).to_be_visible()
    expect(studio.root.locator(".kv-counts")).to_have_text(re.compile("epoch 100/100"))
    expect(studio.root.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100")
    for words in ("elapsed", "samples/s", "lr"):
        expect(studio.root.locator(".kv-run-facts")).to_contain_text(words)
    expect(studio.button("Run")).to_be_enabled()
    studio.button("Run").click()
    studio.expect_state("Finished")


@pytest.mark.usefixtures("endless")
def test_pause_resume_step_and_stop(studio, widget):
    expect(studio.button("Stop")).to_be_disabled()
    studio.button("Run").click()
    studio.expect_state("Training|Validating")
    expect(studio.button("Run")).to_have_count(0)
    studio.button("Pause").click()
    studio.expect_state("Paused")
    step = widget.run.meter.step
    studio.root.get_by_role("button", name=re.compile("^Step: one batch")).click()
    expect(studio.root.locator(".kv-batch b")).to_have_text(re.compile(rf"^{step % 8 + 1}$"))
    studio.expect_state("Paused")
    assert widget.run.meter.step == step + 1
    studio.button("Resume").click()
    studio.expect_state("Training|Validating")
    studio.button("Stop").click()
    studio.expect_state("Stopped")
    expect(studio.button("Run")).to_be_enabled()


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("how", ["Stop now", "Stop after this epoch", "Stop and keep the best"])
def test_every_way_to_stop(studio, how):
    studio.button("Run").click()
    expect(studio.root.get_by_role("figure", name=re.compile(r"^loss: .*val \d"))).to_be_visible()
    studio.button("More ways to stop").click()
    studio.root.get_by_role("menuitem", name=re.compile(f"^{how}")).click()
    studio.expect_state("Stopped")


@pytest.mark.usefixtures("endless")
def test_the_stop_menu_has_keys(studio):
    studio.button("Run").click()
    studio.expect_state("Training|Validating")
    studio.button("More ways to stop").press("Enter")
    items = studio.root.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    studio.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    studio.press("Escape")
    expect(items).to_have_count(0)
    expect(studio.button("More ways to stop")).to_be_focused()


@pytest.mark.usefixtures("endless")
def test_run_and_stop_have_keys_everywhere_in_the_view(studio):
    studio.palette.get_by_role("searchbox").press("Control+Enter")
    studio.expect_state("Training|Validating")
    studio.palette.get_by_role("searchbox").press("Control+.")
    studio.expect_state("Stopped")


def test_a_step_begins_a_run_that_waits(studio, widget):
    studio.root.get_by_role("button", name=re.compile("^Step: one batch")).click()
    studio.expect_state("Paused")
    assert widget.run.meter.step == 1


def test_settings_reach_python(studio, widget, bridge):
    studio.open("Training")
    studio.field("epochs").fill("7")
    studio.field("batch_size").fill("0")
    expect(studio.row("batch_size").get_by_role("alert")).to_contain_text("at least 1")
    studio.side.get_by_label("Optimizer", exact=True).select_option("SGD")
    studio.field("momentum").fill("0.9")
    studio.side.get_by_label("Metrics", exact=True).select_option("TopKCategoricalAccuracy")
    bridge.flush()
    assert widget.settings["epochs"] == 7
    assert widget.settings["batch_size"] == 64
    assert widget.settings["optimizer"] == {"kind": "SGD", "args": {"momentum": 0.9}}
    assert [metric["kind"] for metric in widget.settings["metrics"]] == ["accuracy", "TopKCategoricalAccuracy"]
    studio.side.get_by_role("button", name="Remove TopKCategoricalAccuracy").click()
    bridge.flush()
    assert len(widget.settings["metrics"]) == 1


def test_settings_of_python_reach_the_page(studio, widget):
    studio.open("Training")
    widget.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    expect(studio.side.get_by_label("Optimizer", exact=True)).to_have_value("RMSprop")


def test_a_loss_that_does_not_fit_the_labels_is_told(studio):
    studio.open("Training")
    studio.side.get_by_label("Loss", exact=True).select_option("CategoricalCrossentropy")
    expect(studio.problem_count).to_contain_text("problem")
    studio.open("Problems")
    expect(studio.side).to_contain_text("one-hot")
    studio.side.locator(".kv-fixes button").first.click()
    expect(studio.problem_count).to_have_text("No problems")


CALLBACKS = [
    "EarlyStopping",
    "ReduceLROnPlateau",
    "ModelCheckpoint",
    "LearningRateScheduler",
    "CSVLogger",
    "TerminateOnNaN",
    "TensorBoard",
    "SwapEMAWeights",
    "BackupAndRestore",
    "OrbaxCheckpoint",
    "RemoteMonitor",
]


def test_every_callback_has_a_card(studio, widget, bridge):
    studio.open("Callbacks")
    for kind in CALLBACKS:
        card = studio.callback(kind)
        switch = card.get_by_role("switch", name=f"{kind} takes part")
        expect(switch).not_to_be_checked()
        switch.click()
        expect(switch).to_be_checked()
    bridge.flush()
    assert [entry["kind"] for entry in widget.callbacks if entry["enabled"]] == CALLBACKS


@pytest.mark.usefixtures("endless")
def test_callbacks_join_and_leave_a_run_under_way(studio, widget):
    studio.open("Callbacks")
    studio.button("Run").click()
    studio.expect_state("Training|Validating")
    card = studio.callback("ReduceLROnPlateau")
    card.get_by_role("switch", name="ReduceLROnPlateau takes part").click()
    expect(card).to_contain_text("epochs without improvement")
    assert "callback" in {marker.kind for marker in widget.run.events}
    card.get_by_role("switch", name="ReduceLROnPlateau takes part").click()
    expect(card.get_by_role("switch", name="ReduceLROnPlateau takes part")).not_to_be_checked()
    card = studio.callback("EarlyStopping")
    card.get_by_text("Options").click()
    card.locator('[data-field="patience"] input').fill("1")
    card.locator('[data-field="min_delta"] input').fill("100")
    card.get_by_role("switch", name="EarlyStopping takes part").click()
    studio.expect_state("Finished|Stopped")


@pytest.mark.usefixtures("endless")
def test_the_learning_rate_is_set_while_training(studio, widget):
    studio.open("Training")
    studio.button("Run").click()
    rate = studio.side.get_by_label("Learning rate now")
    expect(rate).to_be_visible()
    rate.fill("0.25")
    rate.press("Enter")
    expect(studio.root.locator(".kv-run-facts")).to_contain_text("0.25 lr")


def test_a_run_that_cannot_begin_says_why(studio, widget):
    widget.edit("set_args", calls="dense_1", args={"units": 2})
    studio.button("Run").click()
    expect(studio.root.locator(".kv-run-note.is-refused, .kv-run-failure")).to_be_visible()
    assert widget.document["layers"], "the graph is not lost"


def test_an_error_in_the_thread_is_shown_and_closed(studio, widget):
    class Broken(kerasviz.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("a fault of the test")

    run = widget.start(epochs=1, callbacks=[Broken()])
    studio.expect_state("Failed")
    note = studio.root.locator(".kv-run-failure")
    expect(note).to_contain_text("a fault of the test")
    note.get_by_role("button", name="Close").click()
    expect(note).to_have_count(0)
    with pytest.raises(RuntimeError, match="a fault"):
        run.result()


@pytest.mark.usefixtures("endless")
def test_curves_are_smoothed_logarithmic_and_hidden(studio):
    studio.button("Run").click()
    expect(studio.root.get_by_role("figure", name=re.compile("^loss"))).to_be_visible()
    studio.root.get_by_role("slider").fill("0.5")
    expect(studio.root.locator(".kv-chart-tools output")).to_have_text("0.50")
    studio.root.get_by_label("Log scale").check()
    studio.root.get_by_role("button", name="batches", exact=True).click()
    studio.button("Curves").click()
    expect(studio.root.get_by_role("figure", name=re.compile("^loss"))).to_have_count(0)


@pytest.mark.usefixtures("endless")
def test_two_views_are_one_studio(studio, widget, bridge):
    bridge.show(widget)
    second = Studio(bridge.page, bridge.page.locator("body > div").nth(1))
    expect(second.nodes).to_have_count(5)
    studio.button("Run").click()
    second.expect_state("Training|Validating")
    expect(second.root.get_by_role("figure", name=re.compile(r"^loss: .*val \d"))).to_be_visible()
    second.button("Stop").click()
    studio.expect_state("Stopped")
    assert threading.active_count() < 20


@pytest.mark.usefixtures("endless")
def test_buttons_keep_the_keyboards_focus(studio):
    run = studio.root.locator(".kv-main")
    run.press("Enter")
    studio.expect_state("Training|Validating")
    expect(run).to_be_focused()
    studio.press("Enter")
    studio.expect_state("Paused")
    expect(run).to_be_focused()
    studio.button("Stop").press("Enter")
    studio.expect_state("Stopped")
    expect(studio.button("Stop")).to_be_focused()
    studio.press("Enter")
    studio.expect_state("Stopped")


def test_a_run_too_short_to_be_seen_at_work_leaves_curves(studio, widget):
    widget.start(epochs=1).wait(30)
    studio.expect_state("Finished")
    expect(studio.root.get_by_role("figure", name=re.compile("^loss"))).to_be_visible()

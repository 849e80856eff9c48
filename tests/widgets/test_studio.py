from pathlib import Path

import numpy as np
import pytest
import traitlets as t

import kerasviz as keras
from kerasviz.declare import Invalid
from kerasviz.widgets import Studio

NET = "conv 4 3 relu > pool > flatten > dense 4 softmax"


@pytest.fixture
def studio(digits, opened):
    x, y = digits
    made = Studio(x[:192], y[:192], validation_data=(x[192:], y[192:]))
    opened(made)
    return made


@pytest.fixture
def drawn(studio):
    studio.add(NET)
    return studio


def kinds(studio):
    return [layer["kind"] for layer in studio.document["layers"]]


def test_raw_images_get_a_channel_axis_and_a_rescaling(studio):
    assert kinds(studio) == ["Input", "Rescaling"]
    assert studio.document["layers"][0]["args"]["shape"] == [12, 12, 1]
    assert studio.analysis["calls"]["rescaling"]["shapes"] == [[None, 12, 12, 1]]


def test_a_table_of_numbers_gets_an_input_alone():
    studio = Studio(np.zeros((8, 5), "float32"), np.zeros(8))
    assert kinds(studio) == ["Input"]
    assert studio.document["layers"][0]["args"]["shape"] == [5]


def test_an_empty_studio_is_empty():
    assert kinds(Studio()) == []


@pytest.mark.parametrize(
    ("y", "loss"),
    [
        (np.array([0, 1, 2, 3]), "SparseCategoricalCrossentropy"),
        (np.eye(4), "CategoricalCrossentropy"),
        (np.array([0.5, 1.5, -2.0, 3.0]), "MeanSquaredError"),
    ],
    ids=["classes", "one-hot", "numbers"],
)
def test_the_loss_fits_the_targets(y, loss):
    assert Studio(np.zeros((4, 5), "float32"), y).settings["loss"]["kind"] == loss


def test_unequal_numbers_of_inputs_and_targets_are_refused():
    with pytest.raises(Invalid, match="a target for each of the 4 samples"):
        Studio(np.zeros((4, 5)), np.zeros(3))


def test_no_data_at_all_is_refused():
    with pytest.raises(Invalid, match="at least one sample"):
        Studio(np.zeros((0, 5)), np.zeros(0))


def test_training_learns_and_the_cell_returns_at_once(drawn):
    drawn.compile(optimizer=keras.optimizers.Adam(0.01))
    run = drawn.start(epochs=8, batch_size=16)
    assert run.state in ("preparing", "running")
    assert run.result(60)["val_accuracy"][-1] > 0.9
    assert drawn.run is run


def test_traits_follow_the_run(drawn, until):
    states = []
    drawn.observe(lambda change: states.append(change.new), "state")
    run = drawn.start(epochs=2, batch_size=32)
    run.wait(60)
    until(lambda: drawn.state == "finished")
    assert (drawn.epoch, drawn.epochs, drawn.batch, drawn.batches, drawn.step) == (2, 2, 6, 6, 12)
    assert set(drawn.logs) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert drawn.best["val_loss"]["epoch"] in (1, 2)
    assert drawn.progress["eta_seconds"] == 0
    assert states[-1] == "finished"


def test_pausing_gives_the_numbers_of_a_run_that_never_paused(digits, until):
    def losses(pause):
        keras.utils.set_random_seed(1)
        studio = Studio(*digits)
        studio.add("conv 4 3 relu > dropout 0.3 > flatten > dense 4 softmax")
        run = studio.start(epochs=2, batch_size=32) if not pause else paused(studio)
        return run.result(60)["loss"], [w.detach().numpy().copy() for w in studio.model.weights]

    def paused(studio):
        run = studio.start(epochs=2, batch_size=32)
        for _ in range(3):
            run.pause()
            until(lambda: run.state == "paused" or run.ended)
            np.random.rand(3)
            keras.random.uniform((3,))
            run.step()
            until(lambda: run.state == "paused" or run.ended)
        run.resume()
        return run

    straight, weights = losses(pause=False)
    interrupted, others = losses(pause=True)
    assert straight == pytest.approx(
        interrupted, rel=1e-6
    )  # means of float32: how many batches are added at once shows
    assert all((a == b).all() for a, b in zip(weights, others, strict=True))


def test_a_late_view_gets_the_curves_so_far(drawn, opened, until):
    drawn.start(epochs=2, batch_size=32).wait(60)
    until(lambda: drawn.state == "finished")
    page = opened(drawn)
    page.forget()
    page.send(type="hello")
    heads = {head["level"]: (head, buffers) for head, buffers in page.frames()}
    head, buffers = heads["epoch"]
    assert head["reset"]
    assert head["run"] == drawn.run.name
    assert np.frombuffer(buffers[0]).tolist() == [1.0, 2.0]
    loss = np.frombuffer(buffers[1 + head["names"].index("loss")], np.float32)
    assert loss == pytest.approx(drawn.run.history["loss"])
    assert page.messages("document")


def test_frames_of_a_run_are_numbered_without_gaps(drawn, opened, until):
    page = opened(drawn)
    drawn.start(epochs=3, batch_size=8).wait(60)
    until(lambda: drawn.state == "finished")
    numbers = [head["sequence"] for head, _ in page.frames()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_run_pause_resume_and_stop_over_the_wire(drawn, opened, until):
    page = opened(drawn)
    drawn.settings = {**drawn.settings, "epochs": 500, "batch_size": 8}
    assert page.ask("run")["result"]["message"]
    until(lambda: drawn.state == "running")
    assert "Pausing" in page.ask("pause")["result"]["message"]
    until(lambda: drawn.state == "paused")
    step = drawn.run.step_count
    page.ask("step")
    until(lambda: drawn.state == "paused" and drawn.run.step_count == step + 1)
    page.ask("resume")
    until(lambda: drawn.state in ("running", "validating"))
    page.ask("stop", how="now")
    until(lambda: drawn.state == "stopped")


def test_a_step_begins_a_run_that_waits_after_its_first_batch(drawn, opened, until):
    page = opened(drawn)
    assert page.ask("step")["result"]["message"] == "Training on one batch."
    until(lambda: drawn.state == "paused")
    assert drawn.run.step_count == 1


def test_a_command_without_a_run_is_refused_in_words(drawn, opened):
    assert "Start one first" in opened(drawn).ask("pause")["error"]["hint"]


def test_a_second_run_while_one_is_under_way_is_refused(drawn):
    run = drawn.start(epochs=500, batch_size=8)
    with pytest.raises(Invalid, match="Stop it first"):
        drawn.start()
    run.stop()
    run.wait(10)


def test_a_second_run_trains_on(drawn):
    first = drawn.start(epochs=2, batch_size=16).result(60)["loss"]
    second = drawn.start(epochs=1, batch_size=16).result(60)["loss"]
    assert second[0] < first[0]


def test_a_second_run_goes_on_with_the_optimizer(drawn):
    drawn.start(epochs=1, batch_size=16).result(60)
    optimizer = drawn.model.optimizer
    drawn.start(epochs=1, batch_size=16).result(60)
    assert drawn.model.optimizer is optimizer
    assert int(optimizer.iterations) == 24


def test_other_settings_begin_with_a_new_optimizer(drawn):
    drawn.start(epochs=1, batch_size=16).result(60)
    optimizer = drawn.model.optimizer
    drawn.compile(optimizer="sgd")
    drawn.start(epochs=1, batch_size=16).result(60)
    assert drawn.model.optimizer is not optimizer


def test_labels_outside_the_classes_are_told_before_training(digits):
    x, y = digits
    studio = Studio(x, y)
    studio.add("flatten > dense 3 softmax")
    with pytest.raises(Invalid):
        studio.start(epochs=1)
    assert studio.state == "idle"


def test_a_graph_that_cannot_be_built_is_told_to_whoever_presses_run(studio, opened):
    studio.add("lstm 4")
    error = opened(studio).ask("run")["error"]
    assert error["message"]
    assert studio.run is None


def test_a_failure_in_the_thread_shows_at_its_layer(drawn, until, opened):
    run = drawn.start(epochs=100, batch_size=8)
    until(lambda: drawn.state == "running")

    def broken(*values, **named):
        raise RuntimeError("boom")

    drawn.run.add_callback(keras.callbacks.LambdaCallback(on_epoch_end=broken))
    run.wait(30)
    until(lambda: drawn.state == "failed")
    assert drawn.error["message"] == "boom"
    with pytest.raises(RuntimeError, match="boom"):
        run.result()


def test_the_graph_is_still_there_after_a_failure(drawn, until):
    before = drawn.document
    run = drawn.start(epochs=100, batch_size=8)
    run.add_callback(keras.callbacks.LambdaCallback(on_epoch_end=lambda *a: 1 / 0))
    run.wait(30)
    assert drawn.document == before
    assert drawn.start(epochs=1).result(60)["loss"]


def test_weights_learned_reach_a_drawing_changed_meanwhile(drawn, until):
    run = drawn.start(epochs=3, batch_size=16)
    drawn.edit("insert", kind="Dropout", args={"rate": 0.1}, target="dense", slot=0)
    assert drawn.model is not run.model
    run.wait(60)
    until(lambda: drawn.state == "finished")
    until(lambda: bool((drawn.model.get_layer("conv2d").kernel == run.model.get_layer("conv2d").kernel).all()))


def test_compile_takes_names_and_objects(studio):
    studio.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    assert [studio.settings[key]["kind"] for key in ("optimizer", "loss")] == ["SGD", "MeanSquaredError"]
    studio.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01))
    assert studio.settings["optimizer"] == {"kind": "Adam", "args": {"learning_rate": 0.01}}
    assert studio.settings["loss"]["kind"] == "MeanSquaredError"


def test_compile_with_an_unknown_name_names_the_near_one(studio):
    with pytest.raises(Invalid, match="adam"):
        studio.compile(optimizer="adan")


def test_a_loss_of_ones_own_is_used(drawn):
    calls = []

    def strange(y_true, y_pred):
        calls.append(1)
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    drawn.compile(loss=strange, metrics=[])
    drawn.start(epochs=1).result(60)
    assert calls


@pytest.mark.parametrize(
    ("key", "value"), [("epochs", 0), ("batch_size", 0), ("batch_size", "many"), ("validation_split", 1.5)]
)
def test_settings_that_cannot_be_trained_with_are_refused(drawn, opened, key, value):
    page = opened(drawn)
    page.set(settings={**drawn.settings, key: value})
    assert key in page.ask("run")["error"]["where"]


def test_a_callback_is_switched_on_during_training(drawn, opened, until):
    page = opened(drawn)
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: drawn.state == "running")
    entries = [
        {**e, "enabled": True, "args": {"patience": 0, "min_delta": 9}} if e["kind"] == "EarlyStopping" else e
        for e in drawn.callbacks
    ]
    page.set(callbacks=entries)
    assert run.wait(60)
    assert "EarlyStopping on" in [marker.text for marker in run.events]


def test_a_callback_is_switched_off_during_training(drawn, until, tmp_path):
    drawn.switch("CSVLogger", filename=str(tmp_path / "log.csv"))
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: len(run.history.get("loss", [])) >= 1)
    drawn.switch("CSVLogger", enabled=False)
    until(lambda: "CSVLogger off" in [marker.text for marker in run.events])
    run.stop()
    run.wait(10)
    assert (tmp_path / "log.csv").read_text().startswith("epoch")


def test_a_callback_with_a_wrong_argument_says_so_at_its_card(drawn, opened, until):
    page = opened(drawn)
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: drawn.state == "running")
    entries = [
        {**e, "enabled": True, "args": {"patience": -1}} if e["kind"] == "EarlyStopping" else e for e in drawn.callbacks
    ]
    page.set(callbacks=entries)
    card = next(e for e in drawn.callbacks if e["kind"] == "EarlyStopping")
    assert "patience" in card["status"]["text"]
    run.stop()


def test_patience_is_shown_as_a_gauge(drawn, until):
    drawn.switch("EarlyStopping", patience=7)
    drawn.start(epochs=2, batch_size=16).wait(60)
    until(lambda: drawn.state == "finished")
    card = next(e for e in drawn.callbacks if e["kind"] == "EarlyStopping")
    assert card["status"]["patience"] == 7


def test_watching_a_value_that_will_not_be_there_is_told_before_training(digits):
    studio = Studio(*digits)
    studio.add(NET)
    studio.switch("EarlyStopping", monitor="val_loss")
    with pytest.raises(Invalid, match="validation"):
        studio.start(epochs=1)


def test_watching_a_value_that_nothing_measures_is_told_before_training(drawn):
    drawn.switch("EarlyStopping", monitor="lss")
    with pytest.raises(Invalid, match="loss"):
        drawn.start(epochs=1)


@pytest.mark.parametrize(("monitor", "said"), [("lss", "loss"), ("learning_rate", "mode")])
def test_watching_a_wrong_value_in_a_training_is_told_at_its_card(drawn, until, monitor, said):
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: len(run.history.get("loss", ())) > 0)
    drawn.switch("EarlyStopping", monitor=monitor)
    until(lambda: said in next(e for e in drawn.callbacks if e["kind"] == "EarlyStopping")["status"].get("text", ""))
    run.stop()
    assert run.wait(10)
    assert run.exception is None
    assert not any(isinstance(callback, keras.callbacks.EarlyStopping) for callback in run.callbacks)


def test_switching_an_unknown_callback_names_the_near_one(studio):
    with pytest.raises(Invalid, match="EarlyStopping"):
        studio.switch("EarlyStoping")


def test_a_schedule_is_a_formula(drawn):
    drawn.switch("LearningRateScheduler", schedule="0.01 * 0.5 ** epoch")
    run = drawn.start(epochs=3, batch_size=32)
    assert run.result(60)["learning_rate"] == pytest.approx([0.01, 0.005, 0.0025])


def test_learning_rate_is_set_over_the_wire(drawn, opened, until):
    page = opened(drawn)
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: drawn.state == "running")
    page.ask("set_learning_rate", value=0.0123)
    until(lambda: abs(float(run.model.optimizer.learning_rate) - 0.0123) < 1e-6)
    run.stop()


def test_stop_keeping_the_best_restores_it(drawn, until):
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: len(run.history.get("val_loss", [])) >= 2)
    run.stop(restore_best=True)
    run.wait(20)
    _, _, validation = drawn.data.fitting((12, 12, 1))
    loss = run.model.evaluate(*validation, verbose=0)[0]
    assert loss == pytest.approx(min(run.history["val_loss"]), rel=1e-4)


def test_summary_has_a_row_for_each_call(drawn, opened):
    summary = opened(drawn).ask("summary")["result"]
    assert [row["kind"] for row in summary["rows"]] == kinds(drawn)
    assert summary["totals"]["params"] == drawn.analysis["totals"]["params"]


def test_weights_are_told_in_numbers(drawn, opened):
    weights = opened(drawn).ask("weights", call="conv2d")["result"]["weights"]
    assert [weight["name"] for weight in weights] == ["kernel", "bias"]
    assert sum(weights[0]["histogram"]["counts"]) == 36


def test_a_layer_without_weights_has_none(drawn, opened):
    assert opened(drawn).ask("weights", call="flatten")["result"] == {"weights": []}


@pytest.mark.parametrize(
    ("call", "kind", "count", "numbers"),
    [("input", "maps", 1, 144), ("conv2d", "maps", 4, 400), ("flatten", "vector", 100, 100), ("dense", "vector", 4, 4)],
)
def test_activations_come_as_pictures_or_bars(drawn, opened, call, kind, count, numbers):
    page = opened(drawn)
    found = page.ask("activations", call=call, sample=3)["result"]
    assert (found["kind"], found["count"], found["total"]) == (kind, count, count)
    assert len(bytes(page.sent[-1]["buffers"][0])) == 4 * numbers


def test_activations_of_an_unknown_call_name_the_near_one(drawn, opened):
    assert "conv2d" in opened(drawn).ask("activations", call="conv2", sample=0)["error"]["hint"]


def test_a_sample_comes_as_pixels_of_the_validation_data(drawn, opened, digits):
    page = opened(drawn)
    found = page.ask("sample", index=2)["result"]
    assert found == {"shape": [12, 12, 1], "label": str(digits[1][194]), "count": 64}
    assert bytes(page.sent[-1]["buffers"][0]) == digits[0][194].tobytes()


def test_a_sample_that_is_not_there_is_refused(drawn, opened):
    assert "63" in opened(drawn).ask("sample", index=64)["error"]["expected"]


def test_confusion_counts_every_shown_sample(drawn, opened):
    confusion = opened(drawn).ask("confusion")["result"]
    assert confusion["labels"] == ["0", "1", "2", "3"]
    assert np.sum(confusion["matrix"]) == 64


def test_mistakes_come_with_their_pictures(drawn, opened):
    page = opened(drawn)
    found = page.ask("mistakes", limit=5)["result"]
    assert all(mistake["true"] != mistake["predicted"] for mistake in found["mistakes"])
    assert len(bytes(page.sent[-1]["buffers"][0])) == 144 * len(found["mistakes"])


def test_evaluation_is_made_anew_when_the_weights_have_changed(drawn, opened):
    page = opened(drawn)
    before = page.ask("confusion")["result"]["matrix"]
    drawn.compile(optimizer=keras.optimizers.Adam(0.01))
    drawn.start(epochs=5, batch_size=16).wait(60)
    assert page.ask("confusion")["result"]["matrix"] != before


def test_looking_inside_works_while_training(drawn, opened, until):
    page = opened(drawn)
    run = drawn.start(epochs=1000, batch_size=16)
    until(lambda: drawn.state == "running")
    assert page.ask("activations", call="conv2d", sample=0)["result"]["kind"] == "maps"
    assert page.ask("weights", call="dense")["result"]["weights"]
    assert not run.ended
    run.stop()


def test_looking_inside_works_while_paused(drawn, opened, until):
    page = opened(drawn)
    run = drawn.start(epochs=1000, batch_size=16)
    run.pause()
    until(lambda: run.state == "paused")
    assert page.ask("confusion")["result"]["labels"]


def test_loss_and_labels_that_do_not_fit_are_a_problem(drawn):
    drawn.compile(loss="categorical_crossentropy")
    assert [p for p in drawn.problems if p["severity"] == "error"]
    drawn.compile(loss="sparse_categorical_crossentropy")
    assert [p for p in drawn.problems if p["severity"] == "error"] == []


def test_a_fix_may_change_the_settings(drawn, opened):
    drawn.compile(loss="categorical_crossentropy")
    fixable = [(p, i) for p in drawn.problems for i, fix in enumerate(p["fixes"]) if fix.get("settings")]
    problem, index = fixable[0]
    opened(drawn).ask("fix", problem=problem["id"], index=index)
    assert drawn.settings["loss"]["kind"] == "SparseCategoricalCrossentropy"


def test_settings_and_state_can_be_linked(studio):
    class Mine(t.HasTraits):
        settings = t.Dict()
        state = t.Unicode()

    mine = Mine()
    t.dlink((studio, "settings"), (mine, "settings"))
    t.dlink((studio, "state"), (mine, "state"))
    studio.settings = {**studio.settings, "epochs": 17}
    assert (mine.settings["epochs"], mine.state) == (17, "idle")


def test_a_model_is_opened_and_trained_on(digits):
    x, y = digits
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")]
    )
    studio = Studio(model, x, y)
    assert studio.model is model
    assert studio.start(epochs=1).result(60)["loss"]


def test_the_picture_has_graph_and_curves(drawn):
    import xml.dom.minidom

    drawn.start(epochs=2, batch_size=32).wait(60)
    for theme in ("light", "dark", "auto"):
        drawing = drawn.to_svg(theme)
        xml.dom.minidom.parseString(drawing)
        assert all(word in drawing for word in ("Conv2D", "Loss", "Accuracy", "validation"))


def test_the_picture_is_small(drawn):
    drawn.start(epochs=20, batch_size=8).wait(60)
    assert len(drawn.to_svg()) < 100_000


def test_a_saved_studio_model_predicts_the_same(drawn, tmp_path):
    drawn.start(epochs=1).wait(60)
    path = drawn.save(tmp_path / "model.keras")
    x = drawn.data.shown[0][..., None]
    again = keras.models.load_model(path)
    np.testing.assert_allclose(again.predict(x, verbose=0), drawn.model.predict(x, verbose=0), rtol=1e-6)


def test_a_loss_that_is_not_a_number_reaches_the_page_as_nothing(opened, until):
    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    studio = Studio(x, x[:, 0])
    page = opened(studio)
    studio.add("dense 4 > dense 1")
    studio.compile(optimizer=keras.optimizers.SGD(1e12))
    studio.start(epochs=3, batch_size=8).wait(60)
    assert page.updates("logs")[-1]["loss"] is None
    assert "nan" in [message["kind"] for message in page.messages("marker")]
    assert studio.to_svg()


def test_training_ends_at_a_loss_that_is_not_a_number_where_that_is_asked_for(opened):
    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    studio = Studio(x, x[:, 0])
    studio.add("dense 4 > dense 1")
    studio.compile(optimizer=keras.optimizers.SGD(1e12))
    studio.switch("TerminateOnNaN")
    run = studio.start(epochs=300, batch_size=8)
    assert run.wait(60)
    assert run.epoch < 300
    assert "ended early" in studio.message


def test_code_is_written_for_the_chosen_package(tmp_path):
    studio = Studio()
    studio.add("in 4 > dense 2")
    answer = studio.answer_write_code(str(tmp_path / "model.py"), "sequential", "kerasviz")
    text = Path(answer["path"]).read_text()
    assert "import kerasviz as keras" in text
    assert "Sequential" in text
    assert studio.answer_code("functional", "keras")["code"].startswith("import keras\n")

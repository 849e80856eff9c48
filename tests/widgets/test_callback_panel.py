"""Every callback is made of its form's values, takes part in a training of the studio, and stands in its script."""

import csv
import json
from concurrent.futures import Future

import numpy as np
import pytest

from kerasviz import callbacks
from kerasviz.catalog import UNOFFERED
from kerasviz.declare.families import family
from kerasviz.document.document import from_data
from kerasviz.document.script import training_script
from kerasviz.widgets import CallbackPanel, Studio
from kerasviz.widgets.callback_panel import make, offered, status
from kerasviz.widgets.offer import catalog

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(24, 3)).astype("float32"), RANDOM.integers(0, 2, 24)
FORMS = {spec["kind"]: spec["form"] for spec in catalog()["callbacks"]}
WORDLESS = {"History", "ProgbarLogger", "CallbackList", "LambdaCallback", "MonitorCallback"}  # nothing to choose
AVERAGING = {"kind": "Adam", "args": {"use_ema": True}}
pytestmark = pytest.mark.filterwarnings("ignore:Could not reach")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def studio():
    made = Studio(X, Y, validation_data=(X, Y))
    made.add("dense 4 relu > dense 2 softmax")
    made.settings = {**made.settings, "optimizer": AVERAGING, "epochs": 2, "batch_size": 8}
    yield made
    if made.run is not None:
        made.run.stop()
        made.run.wait(10)
    made.close()


def filled(kind):
    """All values of a callback's form as the page has them, those of its card and the defaults."""
    card = next(entry for entry in offered(has_validation=True) if entry["kind"] == kind)
    defaults = {field["name"]: field["default"] for field in FORMS[kind] if not field["required"]}
    args = {**defaults, **card["args"]}
    if kind == "RemoteMonitor":
        args["root"] = "http://127.0.0.1:1"
    return json.loads(json.dumps(args))


def typed(field, value):
    """A value as the page sends it from this field: what is typed stays text where text is asked for."""
    if isinstance(value, (list, tuple)) and field["input"] == "text":
        return ", ".join(map(str, value))
    return str(value) if field["input"] == "text" else json.loads(json.dumps(value))


def written(studio, **options):
    return training_script(from_data(studio.document), studio.settings, studio.callbacks, validation=True, **options)


def test_every_callback_has_a_card_and_a_form():
    public = {name for name, cls in vars(callbacks).items() if isinstance(cls, type) and name in callbacks.__all__}
    assert set(UNOFFERED) >= WORDLESS
    assert set(FORMS) == public - WORDLESS - {"Callback"}
    cards = offered(has_validation=True)
    assert sorted(card["kind"] for card in cards) == sorted(FORMS)
    assert not any(card["enabled"] for card in cards)


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_has_every_argument_with_a_default_that_makes_the_same(kind):
    cls = family("callback").names()[kind]
    assert [field["name"] for field in FORMS[kind]] == list(cls.args)
    short = next(entry for entry in offered(has_validation=True) if entry["kind"] == kind)
    whole = make({**short, "args": {**filled(kind), **short["args"]}})
    expected = make(short).get_config()
    got = whole.get_config()
    for name in expected.keys() - ({"root"} if kind == "RemoteMonitor" else set()):
        assert got[name] == expected[name], name


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, form in FORMS.items() for field in form],
    ids=lambda v: v if isinstance(v, str) else v["name"],
)
def test_what_is_typed_into_a_field_is_taken(kind, field):
    declared = family("callback").names()[kind].args[field["name"]].kind
    weights = kind == "ModelCheckpoint" and field["name"] == "filepath"
    for value in declared.samples():
        if (weights and str(value).endswith(".weights.h5")) or (field["name"] == "save_weights_only" and value):
            continue  # goes with another field's value
        callback = make({"kind": kind, "args": {**filled(kind), field["name"]: typed(field, value)}})
        got = declared.to_config(getattr(callback, field["name"]))
        assert repr(got) == repr(declared.to_config(declared.parse(value))), value


@pytest.mark.parametrize("kind", FORMS)
def test_it_takes_part_in_a_training_and_its_script_runs(studio, kind):
    studio.switch(kind, **filled(kind))
    run = studio.start()
    assert len(run.result(60)["loss"]) == 2
    assert any(type(callback).__name__ == kind for callback in run.callbacks)
    code = written(studio, package="kerasviz").replace('model.save("model.keras")', "")
    assert f"keras.callbacks.{kind}(" in code
    space = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
    exec(code.replace("epochs=2", "epochs=2, verbose=0"), space)
    assert space["history"].history.keys() == run.history.keys()
    assert len(space["history"].history["loss"]) == 2


@pytest.mark.parametrize("kind", FORMS)
def test_it_says_something_about_itself(kind):
    said = status(make({"kind": kind, "args": filled(kind)}))
    assert said["text"].endswith(".") or kind == "LearningRateScheduler"


@pytest.mark.parametrize("kind", FORMS)
def test_it_is_switched_on_and_off_and_on_again_in_a_training(studio, until, kind):
    run = studio.start(epochs=100_000)
    for number, on in enumerate((True, False, True)):
        studio.switch(kind, enabled=on, **(filled(kind) | ({"patience": 10**6} if "patience" in filled(kind) else {})))
        until(lambda: len([m for m in run.events if m.kind == "callback"]) == number + 1)  # noqa: B023
        target = len(run.history.get("loss", ())) + 2
        until(lambda: len(run.history.get("loss", ())) >= target or run.ended)  # noqa: B023
    run.stop()
    assert run.wait(30)
    assert run.exception is None
    assert [m.text for m in run.events if m.kind == "callback"] == [f"{kind} on", f"{kind} off", f"{kind} on"]


# arguments that change while a training runs


class Stands:
    """A run that stands still: callbacks come and go at once."""

    def __init__(self):
        plain = type("Optimizer", (), {"learning_rate": 0.1})()
        model = type("Model", (), {"weights": [], "stop_training": False, "optimizer": plain})()
        self.model, self.state, self.ended = model, "running", False
        self.callbacks = callbacks.CallbackList(model=model, do_validation=True)
        self.callbacks.on_train_begin()

    def add_callback(self, callback, after=None):
        done = Future()
        try:
            self.callbacks.append(callback) if after is None else self.callbacks.replace(after, callback)
            done.set_result(None)
        except Exception as error:
            done.set_exception(error)
        return done

    def remove_callback(self, callback):
        self.callbacks.remove(callback)


@pytest.fixture
def panel(monkeypatch):
    made = CallbackPanel()
    run = Stands()
    monkeypatch.setattr(CallbackPanel, "_is_live", lambda self: True)
    monkeypatch.setattr(CallbackPanel, "run", run)
    made.epoch = run.callbacks.on_epoch_end
    yield made
    run.callbacks.close()
    made.close()


def only(panel):
    (callback,) = panel.run.callbacks
    return callback


def card(panel, kind):
    return next(entry for entry in panel.callbacks if entry["kind"] == kind)


def test_early_stopping_goes_on_to_wait_with_another_patience(panel):
    panel.switch("EarlyStopping", monitor="loss", patience=3, restore_best_weights=False)
    for epoch, loss in enumerate((1.0, 2.0, 2.0)):
        panel.epoch(epoch, {"loss": loss})
    first = only(panel)
    panel.switch("EarlyStopping", patience=7)
    assert only(panel) is not first
    assert (only(panel).patience, only(panel).wait, only(panel).best) == (7, 2, 1.0)
    panel.switch("EarlyStopping", monitor="val_loss")
    assert (only(panel).wait, only(panel).best) == (0, None)


def test_a_wrong_value_on_the_way_loses_nothing(panel):
    panel.switch("ReduceLROnPlateau", monitor="loss", patience=5)
    only(panel).set_state({"wait": 2, "cooldown_counter": 1, "best": 0.5})
    entries = [{**e, "args": {**e["args"], "patience": -1}} if e["enabled"] else e for e in panel.callbacks]
    panel.callbacks = entries
    assert len(panel.run.callbacks) == 0
    assert "patience" in card(panel, "ReduceLROnPlateau")["status"]["text"]
    panel.switch("ReduceLROnPlateau", patience=4)
    assert only(panel).get_state() == {"wait": 2, "cooldown_counter": 1, "best": 0.5}


def test_one_that_could_not_begin_with_other_arguments_goes_on_with_those_it_had(panel):
    panel.switch("ReduceLROnPlateau", monitor="loss", patience=5)
    only(panel).set_state({"wait": 2, "cooldown_counter": 1, "best": 0.5})
    panel.run.add_callback = lambda callback, after: failed(ValueError("no"))
    panel.switch("ReduceLROnPlateau", patience=4)
    panel.flush()
    assert card(panel, "ReduceLROnPlateau")["status"]["text"] == "no"
    del panel.run.add_callback
    panel.switch("ReduceLROnPlateau", patience=5)
    assert only(panel).get_state() == {"wait": 2, "cooldown_counter": 1, "best": 0.5}


def failed(error):
    future = Future()
    future.set_exception(error)
    return future


def test_a_csv_file_keeps_its_rows_with_another_separator(panel, tmp_path):
    panel.switch("CSVLogger", filename="log.csv")
    panel.epoch(0, {"loss": 1.0, "kinds": "a,b"})
    panel.switch("CSVLogger", separator=";")
    panel.epoch(1, {"loss": 0.5, "kinds": "c"})
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines(), delimiter=";"))
    assert [(row["epoch"], row["loss"], row["kinds"]) for row in rows] == [("0", "1.0", "a,b"), ("1", "0.5", "c")]


def test_one_that_cannot_begin_says_why_at_its_card_and_may_try_again(panel):
    panel.switch("SwapEMAWeights")
    for _ in range(2):
        panel.flush()
        assert "use_ema=True" in card(panel, "SwapEMAWeights")["status"]["text"]
        assert len(panel.run.callbacks) == 0
    keeper = type("Optimizer", (), {"use_ema": True})()
    panel.run.model.optimizer = keeper
    panel.switch("SwapEMAWeights", enabled=False)
    panel.switch("SwapEMAWeights")
    panel.flush()
    assert only(panel).model.optimizer is keeper
    assert card(panel, "SwapEMAWeights")["status"]["text"] == "Tests the averages of the weights."

import numpy as np
import pytest
import traitlets as t

import kerasviz as keras
from kerasviz.declare import Invalid
from kerasviz.widgets import CallbackPanel, Inspector, TrainingView


@pytest.fixture
def model():
    inputs = keras.Input((12, 12, 1))
    hidden = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(hidden))


def test_a_training_view_trains_a_model_of_its_own(model, digits, opened, until):
    view = TrainingView(model, *digits)
    opened(view)
    assert view.view == "training"
    view.start(epochs=2, batch_size=32).wait(60)
    until(lambda: view.state == "finished")
    assert view.epoch == 2


def test_a_training_view_looks_at_any_run(model, digits, opened, until):
    view, other = TrainingView(model, *digits), TrainingView()
    run = view.start(epochs=2)
    other.run = run
    run.wait(60)
    until(lambda: other.state == "finished")
    assert other.logs == view.logs or view.state != "finished"


def test_a_training_view_without_a_model_says_what_it_needs():
    with pytest.raises(Invalid, match="a model to train"):
        TrainingView().start()


def test_a_training_view_without_data_says_what_it_needs(model):
    view = TrainingView(model)
    view.compile(loss="mse")
    with pytest.raises(Invalid, match="data to train on"):
        view.start()


def test_only_a_run_can_be_looked_at():
    with pytest.raises(Invalid, match="a Run or None"):
        TrainingView().run = 3


def test_panels_are_wired_to_each_other_by_links(model, digits, until):
    view, panel = TrainingView(model, *digits), CallbackPanel()
    t.link((view, "run"), (panel, "run"))
    run = view.start(epochs=1000, batch_size=16)
    assert panel.run is run
    panel.switch("EarlyStopping", monitor="loss", patience=0, min_delta=1.0)
    assert run.wait(60)


def test_the_panels_callbacks_can_be_given_to_fit(model, digits):
    panel = CallbackPanel()
    panel.switch("EarlyStopping", monitor="loss", patience=0, min_delta=100.0)
    model.compile(loss="sparse_categorical_crossentropy")
    history = model.fit(digits[0][..., None], digits[1], epochs=5, verbose=0, callbacks=panel.make_callbacks())
    assert len(history.history["loss"]) == 2


def test_an_inspector_looks_into_any_model(model, digits, opened):
    page = opened(Inspector(model, *digits))
    assert [row["kind"] for row in page.ask("summary")["result"]["rows"]] == ["Input", "Rescaling", "Flatten", "Dense"]
    call = page.ask("summary")["result"]["rows"][-1]["call"]
    assert len(page.ask("weights", call=call)["result"]["weights"]) == 2
    assert page.ask("activations", call=call, sample=0)["result"]["shape"] == [4]
    assert np.sum(page.ask("confusion")["result"]["matrix"]) == 256


def test_an_inspector_without_a_model_says_what_it_needs(opened):
    assert "a model" in opened(Inspector()).ask("summary")["error"]["expected"]


def test_confusion_of_numbers_is_refused(opened):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    page = opened(Inspector(model, np.zeros((4, 3), "float32"), np.array([0.5, 1.5, 2.5, 3.5])))
    assert "class labels" in page.ask("confusion")["error"]["expected"]


@pytest.mark.parametrize("panel", [TrainingView, CallbackPanel, Inspector])
def test_every_panel_has_a_picture(panel):
    assert panel().to_svg("light").startswith("<svg")

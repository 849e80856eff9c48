import math

import numpy as np
import pytest
import torch

from kerasviz import Input, Sequential, callbacks, events, layers
from kerasviz.callbacks.base import HOOKS
from kerasviz.callbacks.lists import CallbackList
from kerasviz.callbacks.monitor import direction_of
from kerasviz.declare import Invalid


class Weights:
    """A model as callbacks see it."""

    def __init__(self):
        self.stop_training = False
        self.weights = [torch.zeros(2)]
        self.optimizer = type("Optimizer", (), {"learning_rate": 1.0})()
        self.saved = []

    def save(self, path, overwrite=True):
        with open(path, "w") as file:
            file.write("model")
        self.saved.append(path)

    save_weights = save


def run(callback, values, monitor="loss", model=None):
    """Epochs with these values; returns the model and how many there were."""
    model = model or Weights()
    told = CallbackList([callback], model=model, epochs=len(values))
    told.on_train_begin()
    count = 0
    for epoch, value in enumerate(values):
        model.weights[0].fill_(epoch)
        told.on_epoch_begin(epoch)
        told.on_epoch_end(epoch, {monitor: value})
        count += 1
        if model.stop_training:
            break
    told.on_train_end()
    return model, count


# the list


def test_every_event_has_a_hook():
    assert set(HOOKS) <= set(dir(callbacks.Callback))
    assert events.TrainBatchEnd.hook == "on_train_batch_end"
    assert events.TrainBatchEnd.position == "batch_index"
    assert events.TestBegin.position is None


def test_hooks_that_nobody_overrides_are_not_called():
    told = CallbackList([callbacks.EarlyStopping("loss"), callbacks.History()])
    assert not told.listens("on_train_batch_end")
    assert told.listens("on_epoch_end")


def test_old_hook_names_still_hear_training_batches():
    class Old(callbacks.Callback):
        heard = ()

        def on_batch_end(self, batch, logs=None):
            self.heard = (*self.heard, batch)

    old = Old()
    told = CallbackList([old])
    told.handle(events.TrainBatchEnd(3, 3))
    told.on_train_batch_end(4)
    assert old.heard == (3, 4)


def test_callbacks_without_a_call_to_super_work():
    class Own(callbacks.Callback):
        def __init__(self, number):
            self.number = number

        def on_epoch_end(self, epoch, logs=None):
            self.got = epoch, self.model, self.params["epochs"]

    own, model = Own(3), Weights()
    CallbackList([own], model=model, epochs=7).on_epoch_end(2)
    assert own.got == (2, model, 7)


def test_a_callback_appended_in_training_begins_at_once_and_one_taken_off_is_closed(tmp_path):
    told = CallbackList(model=Weights())
    told.handle(events.TrainBegin())
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    told.append(logger)
    told.handle(events.EpochEnd(0, logs={"loss": 1.0}))
    told.remove(logger)
    told.handle(events.EpochEnd(1, logs={"loss": 0.5}))
    assert logger._file is None
    assert (tmp_path / "log.csv").read_text().split() == ["epoch,loss,val_loss", "0,1.0,NA"]


def test_taking_early_stopping_off_does_not_restore_weights():
    model = Weights()
    told = CallbackList(model=model)
    told.handle(events.TrainBegin())
    stop = callbacks.EarlyStopping("loss", restore_best_weights=True)
    told.append(stop)
    told.handle(events.EpochEnd(0, logs={"loss": 1.0}))
    model.weights[0].fill_(5)
    told.remove(stop)
    told.handle(events.TrainEnd())
    assert model.weights[0].tolist() == [5, 5]


def test_nested_lists_and_lists_of_lists_are_one_list():
    inner = CallbackList([callbacks.TerminateOnNaN()])
    assert len(CallbackList([inner, [callbacks.EarlyStopping()]], add_history=True, add_progbar=True)) == 4


# stopping


def test_early_stopping_counts_patience():
    assert run(callbacks.EarlyStopping("loss", patience=2), [3, 2, 2.5, 2.4, 1])[1] == 4


def test_early_stopping_restores_the_best_weights():
    model, count = run(callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True), [3, 1, 2, 2, 2])
    assert count == 4
    assert model.weights[0].tolist() == [1, 1]


def test_early_stopping_starts_afresh_in_each_training():
    stop = callbacks.EarlyStopping("loss", patience=1)
    assert run(stop, [1, 2, 3])[1] == 2
    assert run(stop, [9, 8, 7])[1] == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("val_loss", "min"),
        ("accuracy", "max"),
        ("val_out_a_accuracy", "max"),
        ("mae", "min"),
        ("categorical_crossentropy", "min"),
        ("val_auc", "max"),
        ("mean_absolute_percentage_error", "min"),
    ],
)
def test_direction_follows_the_name(name, expected):
    assert direction_of(name) == expected


def test_a_name_that_tells_no_direction_asks_for_a_mode():
    with pytest.raises(Invalid, match="mode='max'"):
        run(callbacks.EarlyStopping("wobble"), [1, 2], monitor="wobble")
    run(callbacks.EarlyStopping("wobble", mode="max"), [1, 2], monitor="wobble")


def test_a_value_that_the_logs_lack_is_warned_of():
    with pytest.warns(UserWarning, match="They have: loss"):
        run(callbacks.EarlyStopping("accuracy"), [1.0])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_terminate_on_nan_stops(value, capsys):
    model = Weights()
    told = CallbackList([callbacks.TerminateOnNaN()], model=model)
    told.on_train_batch_end(0, {"loss": 1.0})
    assert not model.stop_training
    told.on_train_batch_end(1, {"loss": value})
    assert model.stop_training
    assert "Batch 1" in capsys.readouterr().out


def test_terminate_on_nan_may_raise():
    with pytest.raises(RuntimeError, match="batch 1"):
        CallbackList([callbacks.TerminateOnNaN(True)], model=Weights()).on_train_batch_end(1, {"loss": math.nan})


def test_a_value_that_is_no_number_is_never_the_best():
    stop = callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
    model, count = run(stop, [math.nan, math.nan, 2.0, 3.0, 1.0])
    assert (count, stop.best, model.weights[0].tolist()) == (5, 1.0, [4, 4])


def test_the_best_is_not_overwritten_in_epochs_that_lack_its_value(tmp_path):
    save = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="They have: loss"):
        run(save, [1.0, 2.0])
    assert not list(tmp_path.iterdir())


# the learning rate


def test_plateau_lowers_the_rate_and_not_below_its_floor():
    lower = callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1, min_lr=0.05)
    model, _ = run(lower, [1, 1, 1, 1])
    assert model.optimizer.learning_rate == pytest.approx(0.05)


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch: 0.1 * (epoch + 1), lambda epoch, rate: 0.1 * (epoch + 1), "0.1 * (epoch + 1)"],
    ids=["epoch", "epoch and rate", "formula"],
)
def test_scheduler_sets_the_rate_of_each_epoch_and_logs_it(schedule):
    model = Weights()
    told = CallbackList([callbacks.LearningRateScheduler(schedule)], model=model)
    logs = {}
    told.on_epoch_begin(2)
    told.on_epoch_end(2, logs)
    assert logs["learning_rate"] == model.optimizer.learning_rate == pytest.approx(0.3)


def test_formula_is_kept_in_the_config_and_is_a_lambda_in_code():
    scheduler = callbacks.LearningRateScheduler("lr * exp(-0.1) if epoch > 3 else lr")
    again = callbacks.LearningRateScheduler.from_config(scheduler.get_config())
    assert again.schedule(4, 1.0) == pytest.approx(math.exp(-0.1))
    assert again.schedule(3, 1.0) == 1.0
    assert scheduler.source() == ("LearningRateScheduler(lambda epoch, lr: lr * math.exp(-0.1) if epoch > 3 else lr)")


@pytest.mark.parametrize(
    "text", ["__import__('os')", "lr.__class__", "lr *", "[1]", "epok", "lambda: 1", "'a' * 9", "min(lr, key=lr)"]
)
def test_formula_evaluates_nothing_but_arithmetic(text):
    with pytest.raises(Invalid):
        callbacks.LearningRateScheduler(text)


@pytest.mark.parametrize("text", ["1 / epoch", "log(epoch)", "9 ** 9 ** 9 ** 9"])
def test_formula_that_has_no_value_says_so(text):
    told = CallbackList([callbacks.LearningRateScheduler(text)], model=Weights())
    with pytest.raises(Invalid, match="a number"):
        told.on_epoch_begin(0)


# files


def test_checkpoint_names_files_by_epoch_and_values(tmp_path):
    save = callbacks.ModelCheckpoint(tmp_path / "new" / "{epoch:02d}-{loss:.2f}.keras")
    run(save, [0.5, 0.25])
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["01-0.50.keras", "02-0.25.keras"]


def test_checkpoint_keeps_only_the_best(tmp_path, capsys):
    save = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", "loss", verbose=1, save_best_only=True)
    run(save, [3, 4, 2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "3.keras"]
    assert "did not improve from 3.0" in capsys.readouterr().out


def test_checkpoint_saves_every_few_batches(tmp_path):
    save = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2)
    told = CallbackList([save], model=Weights())
    told.on_epoch_begin(0)
    for batch in range(5):
        told.on_train_batch_end(batch, {"loss": 1.0})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-2.weights.h5", "1-4.weights.h5"]


def test_a_failed_save_leaves_the_last_file(tmp_path):
    class Fails(Weights):
        def save(self, path, overwrite=True):
            super().save(path)
            raise OSError("disk full")

    target = tmp_path / "model.keras"
    target.write_text("the last one")
    with pytest.raises(OSError, match="disk full"):
        run(callbacks.ModelCheckpoint(target), [1.0], model=Fails())
    assert target.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filepath": "model.txt"}, ".keras"),
        ({"filepath": "model.keras", "save_weights_only": True}, ".weights.h5"),
        ({"filepath": "model.keras", "save_freq": 0}, "number of batches"),
        ({"filepath": "model.keras", "mode": "up"}, "'min' or 'max'"),
    ],
)
def test_checkpoint_refuses_what_cannot_work(options, message):
    with pytest.raises(Invalid, match=message):
        callbacks.ModelCheckpoint(**options)


def test_checkpoint_names_only_values_that_are_there(tmp_path):
    with pytest.raises(Invalid, match="epoch, loss"):
        run(callbacks.ModelCheckpoint(tmp_path / "{val_loss}.keras"), [1.0])


def test_csv_logger_goes_on_in_a_file_and_fills_gaps(tmp_path):
    path = tmp_path / "log.csv"
    run(callbacks.CSVLogger(path), [1.0])
    logger = callbacks.CSVLogger(path, append=True)
    told = CallbackList([logger], do_validation=True)
    told.on_train_begin()
    told.on_epoch_end(1, {"loss": 0.5})
    told.on_epoch_end(2, {"loss": 0.25, "val_loss": 0.5})
    told.on_train_end()
    assert path.read_text().split() == ["epoch,loss,val_loss", "0,1.0,NA", "1,0.5,NA", "2,0.25,0.5"]


def test_lambda_callback_takes_any_hook_and_no_other_name():
    heard = []
    told = CallbackList(
        [callbacks.LambdaCallback(on_test_begin=heard.append, on_train_batch_end=lambda b, logs: heard.append(b))]
    )
    told.on_test_begin({})
    told.on_train_batch_end(4, {})
    assert heard == [{}, 4]
    with pytest.raises(Invalid, match="Did you mean 'on_test_begin'"):
        callbacks.LambdaCallback(on_test_begn=print)


# the bar


class Screen:
    def __init__(self):
        self.text = ""

    def isatty(self):
        return True

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def epoch_with_bar(**params):
    told = CallbackList(add_progbar=True, model=Weights(), **{"verbose": 1, "epochs": 2, "steps": 40, **params})
    told.on_train_begin()
    told.on_epoch_begin(0)
    for batch in range(40):
        told.on_train_batch_end(batch, {"loss": 1.0})
    told.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.00012})
    told.on_train_end()


def test_bar_shows_epoch_count_and_values(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    epoch_with_bar()
    lines = screen.text.split("\n")
    assert lines[0] == "Epoch 1/2"
    assert "40/40" in lines[1]
    assert lines[1].endswith(" - loss: 0.5000 - val_loss: 1.2000e-04")


def test_bar_is_drawn_at_most_ten_times_a_second(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    epoch_with_bar()
    assert screen.text.count("\r") <= 3


def test_output_that_is_no_screen_has_only_finished_lines(capsys):
    epoch_with_bar()
    text = capsys.readouterr().out
    assert "\r" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_verbose_2_is_a_line_per_epoch_and_0_is_silence(capsys):
    epoch_with_bar(verbose=2)
    assert capsys.readouterr().out.splitlines()[1].startswith("40/40 - 0s - ")
    epoch_with_bar(verbose=0)
    assert capsys.readouterr().out == ""


# declarations


@pytest.mark.parametrize(
    "callback",
    [
        callbacks.EarlyStopping("loss", patience=3, baseline=0.5),
        callbacks.ReduceLROnPlateau(factor=0.5, cooldown=2),
        callbacks.ModelCheckpoint("a.keras", save_best_only=True, save_freq=10),
        callbacks.CSVLogger("log.csv", append=True),
        callbacks.TerminateOnNaN(),
        callbacks.LearningRateScheduler("lr * 0.5"),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_config_makes_an_equal_callback(callback):
    again = type(callback).from_config(callback.get_config())
    assert again.get_config() == callback.get_config()
    assert {field["name"] for field in callback.form()} == set(callback.get_config())
    assert all(field["doc"] for field in callback.form())


def test_history_keeps_a_list_for_each_name():
    history = callbacks.History()
    run(history, [1.0, 0.5])
    assert history.history == {"loss": [1.0, 0.5]}
    assert history.epoch == [0, 1]


def test_values_of_numpy_and_torch_are_watched():
    assert run(callbacks.EarlyStopping("loss"), [np.float32(2), torch.tensor(1.0), np.float64(1.5)])[1] == 3


# watching


class Adds(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["mine"] = -epoch


def fit_watching(callback):
    seen, model = [], Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    look = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    try:
        model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=4, verbose=0, callbacks=[Adds(), callback, look])
    except Invalid as error:
        return len(seen), str(error)
    return len(seen), ""


def test_a_value_of_ones_own_is_watched_where_it_is_told_what_is_better():
    assert fit_watching(callbacks.EarlyStopping("mine", patience=1, mode="max")) == (2, "")


@pytest.mark.parametrize(
    "make",
    [
        lambda: callbacks.EarlyStopping("mine"),
        lambda: callbacks.ReduceLROnPlateau("mine"),
        lambda: callbacks.ModelCheckpoint("best.keras", "mine", save_best_only=True),
        lambda: callbacks.OrbaxCheckpoint("best", "mine", save_best_only=True),
    ],
)
def test_a_value_of_which_nobody_knows_what_is_better_is_refused_before_the_first_epoch(make):
    epochs, said = fit_watching(make())
    assert epochs == 0
    assert "mode='min' or mode='max'" in said


def test_a_checkpoint_of_every_epoch_watches_nothing(tmp_path):
    assert fit_watching(callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", "mine")) == (4, "")


def test_a_value_that_nobody_can_judge_is_told_at_its_first_epoch():
    with pytest.raises(Invalid, match="mode='min'"):
        run(callbacks.EarlyStopping("strange"), [1.0], monitor="strange")

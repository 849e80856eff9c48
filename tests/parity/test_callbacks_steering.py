"""Callbacks that steer a training, against Keras: which files they write, when they end it, which weights are left."""

from __future__ import annotations

import contextlib
import io
import re
import warnings

import numpy as np
import pytest

import kerasviz

from .comparing import assert_close

BATCH, BATCHES = 2, 3
X, FAR = np.ones((BATCH * BATCHES, 1), "float32"), np.full((BATCH * BATCHES, 1), 1000.0, "float32")


def network(keras, optimizer=None):
    """A model whose only weight is the number of steps it has learned: its loss is always 1000 less that."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.layers.Input((1,)), layer])
    model.compile(optimizer or keras.optimizers.SGD(1.0), "mae")
    return model


def weight(model):
    return float(np.asarray(model.get_weights()[0])[0, 0])


def tells(keras, values):
    """A callback that adds values to the logs of each epoch: a list of them for each name."""

    def add(self, epoch, logs=None):
        logs.update({name: told[epoch] for name, told in values.items() if told[epoch] is not None})

    return type("Tells", (keras.callbacks.Callback,), {"on_epoch_end": add})()


def train(keras, chosen, values, model=None, **options):
    """A training whose logs have these values; gives the model, the history and what was printed, without folders."""
    model = model or network(keras)
    options = {"epochs": len(next(iter(values.values()))) if values else 3, "batch_size": BATCH, **options}
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(X, FAR, verbose=0, callbacks=[tells(keras, values or {}), *chosen], **options)
    return model, history, re.sub(r"/\S*/", "", screen.getvalue())


def both(reference, tmp_path, work):
    """What Keras gives and what we give, each with a folder of its own."""
    parts = tmp_path / "theirs", tmp_path / "ours"
    for part in parts:
        part.mkdir()
    return reference(lambda keras: work(keras, parts[0])), work(kerasviz, parts[1])


# ModelCheckpoint


def kept(keras, folder, make=network):
    """The weight in each file."""
    found = {}
    for path in sorted(folder.rglob("*.*")):
        name = path.relative_to(folder).as_posix()
        if name.endswith(".weights.h5"):
            model = make(keras)
            model.optimizer.build(model.trainable_variables)
            model.load_weights(str(path))
        else:
            model = keras.models.load_model(str(path), compile=False)
        found[name] = weight(model)
    return found


def checkpoint(name, values=None, before=(), trainings=1, fit=None, **options):
    def work(keras, folder):
        callback = keras.callbacks.ModelCheckpoint(str(folder / name), **options)
        printed, best = [], []
        for _ in range(trainings):
            chosen = [*(make(keras) for make in before), callback]
            printed.append(train(keras, chosen, values or {"val_loss": FALLING}, **(fit or {}))[2])
            best.append(callback.best)
        return {"files": kept(keras, folder), "printed": printed, "best": best if callback.save_best_only else None}

    return work


FALLING, WAVE, RISING = [4.0, 3.0, 2.0], [3.0, 4.0, 2.0, 2.0, 5.0], [0.2, 0.5, 0.4, 0.5, 0.7]
BEST = {"save_best_only": True, "save_weights_only": True}
WEIGHTS = {"save_weights_only": True}
EACH = "{epoch}.weights.h5"
CHECKPOINTS = {
    "whole": checkpoint("model.keras"),
    "h5": checkpoint("model.h5"),
    "epoch": checkpoint("{epoch:02d}.keras"),
    "values": checkpoint("at {epoch} {val_loss:.2f} {loss:.1f}.keras", verbose=1),
    "folder": checkpoint("new/{epoch}/model.weights.h5", **WEIGHTS),
    "weights": checkpoint(EACH, verbose=1, **WEIGHTS),
    "initial_epoch": checkpoint(EACH, fit={"initial_epoch": 1}, **WEIGHTS),
    "best": checkpoint(EACH, {"val_loss": WAVE}, verbose=1, **BEST),
    "best_whole": checkpoint("best.keras", {"val_loss": WAVE}, save_best_only=True, verbose=1),
    "best_max": checkpoint(EACH, {"val_loss": WAVE}, mode="max", **BEST),
    "best_min": checkpoint(EACH, {"score": RISING}, monitor="score", mode="min", **BEST),
    "best_of_accuracy": checkpoint(EACH, {"val_accuracy": RISING}, monitor="val_accuracy", mode="max", **BEST),
    "best_of_loss": checkpoint(EACH, {"val_loss": FALLING}, monitor="loss", **BEST),
    "best_twice": checkpoint(EACH, {"val_loss": WAVE}, trainings=2, **BEST),
    "threshold": checkpoint(EACH, {"val_loss": WAVE}, initial_value_threshold=2.5, verbose=1, **BEST),
    "threshold_max": checkpoint(EACH, {"a": RISING}, monitor="a", mode="max", initial_value_threshold=0.5, **BEST),
    "threshold_0": checkpoint(EACH, {"val_loss": [1.0, -1.0, -2.0]}, initial_value_threshold=0.0, **BEST),
    "threshold_never": checkpoint(EACH, {"val_loss": WAVE}, initial_value_threshold=1.0, **BEST),
    "value_nan": checkpoint(EACH, {"val_loss": [3.0, np.nan, 2.0]}, **BEST),
    "batches": checkpoint("{epoch}-{batch}.weights.h5", save_freq=2, **WEIGHTS),
    "batches_5": checkpoint("{epoch}-{batch:02d}.weights.h5", save_freq=5, **WEIGHTS),
    "batches_epoch": checkpoint("{epoch}-{batch}.keras", save_freq=3),
    "batches_values": checkpoint("{epoch}-{batch}-{loss:.1f}.weights.h5", save_freq=1, verbose=1, **WEIGHTS),
    "batches_best": checkpoint("{epoch}-{batch}.weights.h5", save_freq=2, monitor="loss", verbose=1, **BEST),
    "batches_twice": checkpoint("{epoch}-{batch}.weights.h5", save_freq=4, trainings=2, **WEIGHTS),
    "stopped": checkpoint(EACH, {"val_loss": WAVE}, [lambda k: k.callbacks.EarlyStopping("val_loss")], **WEIGHTS),
    "after_restoring": checkpoint(
        EACH,
        {"val_loss": WAVE},
        [lambda k: k.callbacks.EarlyStopping("val_loss", restore_best_weights=True)],
        **WEIGHTS,
    ),
}


@pytest.mark.parametrize("case", CHECKPOINTS)
def test_the_same_files_are_written_with_the_weights_of_the_same_steps(reference, tmp_path, case):
    expected, ours = both(reference, tmp_path, CHECKPOINTS[case])
    assert_close(ours, expected)


# EarlyStopping


def stopping(values, fit=None, trainings=1, **options):
    def work(keras):
        callback = keras.callbacks.EarlyStopping(**options)
        got = []
        for _ in range(trainings):
            model, history, printed = train(keras, [callback], values, **(fit or {}))
            facts = {name: getattr(callback, name) for name in ("wait", "stopped_epoch", "best_epoch")}
            got.append({"epochs": history.epoch, "weight": weight(model), "printed": printed, **facts})
        return got

    return work


UP_DOWN = {"val_loss": [5.0, 4.0, 4.5, 3.0, 3.5, 3.5, 3.0, 2.0]}
STOPS = {
    "defaults": stopping(UP_DOWN),
    "never": stopping({"val_loss": [5.0, 4.0, 3.0]}),
    "patience": stopping(UP_DOWN, patience=2, verbose=1),
    "patience_1": stopping(UP_DOWN, patience=1),
    "patience_long": stopping(UP_DOWN, patience=9, restore_best_weights=True, verbose=1),
    "at_once": stopping({"val_loss": [1.0, 2.0, 3.0]}, patience=0),
    "restore": stopping(UP_DOWN, patience=2, restore_best_weights=True, verbose=1),
    "restore_first": stopping({"val_loss": [1.0, 2.0, 3.0, 4.0]}, patience=2, restore_best_weights=True),
    "restore_unstopped": stopping({"val_loss": [3.0, 1.0, 2.0]}, patience=5, restore_best_weights=True),
    "min_delta": stopping(UP_DOWN, min_delta=1.2, patience=2),
    "min_delta_negative": stopping(UP_DOWN, min_delta=-1.2, patience=2, restore_best_weights=True),
    "min_delta_equal": stopping({"val_loss": [5.0, 4.0, 3.0, 2.0]}, min_delta=1, patience=2),
    "baseline_missed": stopping(UP_DOWN, baseline=1.0, patience=3, restore_best_weights=True, verbose=1),
    "baseline_passed": stopping(UP_DOWN, baseline=4.2, patience=2, restore_best_weights=True),
    "baseline_late": stopping({"val_loss": [5.0, 4.0, 3.0, 1.0, 2.0, 2.0, 2.0]}, baseline=1.5, patience=3),
    "start": stopping(UP_DOWN, start_from_epoch=3, patience=1, restore_best_weights=True),
    "start_and_baseline": stopping(UP_DOWN, start_from_epoch=2, baseline=2.5, patience=2, restore_best_weights=True),
    "start_after": stopping({"val_loss": [3.0, 4.0, 5.0]}, start_from_epoch=7, restore_best_weights=True),
    "max": stopping({"score": [1.0, 3.0, 2.0, 2.5, 4.0]}, monitor="score", mode="max", patience=2),
    "max_restore": stopping({"a": RISING}, monitor="a", mode="max", patience=1, restore_best_weights=True),
    "min": stopping({"accuracy": RISING}, monitor="accuracy", mode="min", patience=2),
    "auto_accuracy": stopping({"val_mae": [3.0, 1.0, 2.0, 3.0]}, monitor="val_mae", mode="min", patience=2),
    "loss_itself": stopping({"other": [0.0] * 4}, monitor="loss", min_delta=4.0, patience=2),
    "missing": stopping({"val_loss": [3.0, None, 4.0, None, 5.0, 6.0]}, patience=2, restore_best_weights=True),
    "nan": stopping({"val_loss": [3.0, np.nan, 2.0, np.nan, np.nan, 1.0]}, patience=2, restore_best_weights=True),
    "inf": stopping({"val_loss": [np.inf, np.inf, 2.0, np.inf]}, patience=2),
    "twice": stopping(UP_DOWN, patience=2, trainings=2, restore_best_weights=True),
    "initial_epoch": stopping(UP_DOWN, {"initial_epoch": 3}, patience=2, restore_best_weights=True, verbose=1),
    "initial_epoch_start": stopping(UP_DOWN, {"initial_epoch": 4}, start_from_epoch=5, patience=1),
}


@pytest.mark.parametrize("case", STOPS)
def test_the_training_ends_in_the_same_epoch_with_the_same_weights(reference, case):
    assert_close(STOPS[case](kerasviz), reference(STOPS[case]))


# the learning rate


def rates(make, values=None, rate=1.0, trainings=1, **fit):
    """The rates of each batch and in the history."""

    def work(keras):
        seen, got, model = [], [], network(keras, keras.optimizers.SGD(rate))
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: seen.append(float(np.asarray(read(model.optimizer.learning_rate))))
        )
        chosen = [*made(make(keras)), note]
        for _ in range(trainings):
            _, history, printed = train(keras, chosen, values, model, **fit)
            logged = [float(value) for value in history.history.get("learning_rate", ())]
            got.append({"logged": logged, "printed": re.sub(r"(\d\.\d{5})\d+", r"\1", printed)})
        return {"trainings": got, "seen": seen, "weight": weight(model)}

    return work


def read(value):
    return value.detach() if hasattr(value, "detach") else value


def made(one):
    return one if isinstance(one, list) else [one]


def plateau(values, trainings=1, rate=1.0, **options):
    return rates(lambda k: k.callbacks.ReduceLROnPlateau(**options), values, rate, trainings)


FLAT = {"val_loss": [2.0] * 7}
STAIRS = {"val_loss": [5.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0]}
PLATEAUS = {
    "defaults": plateau({"val_loss": [2.0] * 13}),
    "factor": plateau(FLAT, factor=0.5, patience=2, verbose=1),
    "factor_small": plateau(FLAT, factor=0.01, patience=3),
    "patience_0": plateau(FLAT, factor=0.5, patience=0),
    "patience_1": plateau(STAIRS, factor=0.5, patience=1),
    "stairs": plateau(STAIRS, factor=0.5, patience=2, verbose=1),
    "cooldown": plateau(FLAT, factor=0.5, patience=1, cooldown=2),
    "cooldown_1": plateau(STAIRS, factor=0.5, patience=1, cooldown=1),
    "cooldown_long": plateau(FLAT, factor=0.5, patience=1, cooldown=20),
    "min_lr": plateau(FLAT, factor=0.5, patience=1, min_lr=0.2, verbose=1),
    "min_lr_at_once": plateau(FLAT, factor=0.5, patience=1, min_lr=1.0),
    "min_delta": plateau({"val_loss": [5.0, 4.9, 4.8, 4.0, 3.9]}, factor=0.5, patience=2, min_delta=0.5),
    "min_delta_0": plateau({"val_loss": [5.0, 4.99999, 4.99998]}, factor=0.5, patience=1, min_delta=0.0),
    "max": plateau({"score": [1.0, 2.0, 2.0, 2.0, 3.0]}, monitor="score", mode="max", factor=0.5, patience=1),
    "min": plateau({"score": [1.0, 2.0, 2.0, 0.5]}, monitor="score", mode="min", factor=0.5, patience=1),
    "missing": plateau({"val_loss": [2.0, None, 2.0, None, 2.0]}, factor=0.5, patience=1),
    "nan": plateau({"val_loss": [2.0, np.nan, 3.0, 1.0]}, factor=0.5, patience=1),
    "twice": plateau(FLAT, trainings=2, factor=0.5, patience=3, cooldown=1),
}


@pytest.mark.parametrize("case", PLATEAUS)
def test_the_rate_is_lowered_in_the_same_epochs(reference, case):
    assert_close(PLATEAUS[case](kerasviz), reference(PLATEAUS[case]))


SCHEDULES = {
    "epoch": rates(lambda k: k.callbacks.LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1))),
    "rate": rates(lambda k: k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5), trainings=2),
    "verbose": rates(lambda k: k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5, verbose=1)),
    "whole_numbers": rates(lambda k: k.callbacks.LearningRateScheduler(lambda epoch: np.float32(epoch + 1))),
    "initial_epoch": rates(lambda k: k.callbacks.LearningRateScheduler(lambda e: 2.0**-e), initial_epoch=1),
    "two": rates(
        lambda k: [
            k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
            k.callbacks.LearningRateScheduler(lambda epoch, rate: rate + 1),
        ]
    ),
    "with_a_plateau": rates(
        lambda k: [
            k.callbacks.LearningRateScheduler(lambda epoch, rate: rate + 1),
            k.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
        ],
        FLAT,
    ),
    "behind_a_plateau": rates(
        lambda k: [
            k.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
            k.callbacks.LearningRateScheduler(lambda epoch, rate: rate + 1),
        ],
        FLAT,
    ),
    "and_stopping": rates(
        lambda k: [
            k.callbacks.ReduceLROnPlateau(factor=0.5, patience=1),
            k.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
        ],
        FLAT,
    ),
}


@pytest.mark.parametrize("case", SCHEDULES)
def test_batches_learn_with_the_same_rates(reference, case):
    assert_close(SCHEDULES[case](kerasviz), reference(SCHEDULES[case]))


# averages of the weights


def averaged(keras, **options):
    return network(keras, keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5, **options))


def swapping(before=False, validates=True, swap_on_epoch=False, **options):
    """The weight that other callbacks see at each moment, in files and in the end."""

    def work(keras, folder):
        seen, model = [], averaged(keras, **options)

        def note(name):
            return lambda *told, logs=None: seen.append([name, weight(model)])

        hooks = ("on_epoch_begin", "on_epoch_end", "on_test_begin", "on_test_end", "on_train_end", "on_train_batch_end")
        notes = keras.callbacks.LambdaCallback(**{name: note(name) for name in hooks})
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch)
        files = keras.callbacks.ModelCheckpoint(str(folder / EACH), save_weights_only=True)
        chosen = [notes, files, swap] if before else [swap, notes, files]
        validation = {"validation_data": (X, FAR), "validation_batch_size": BATCH} if validates else {}
        _, history, _ = train(keras, chosen, {}, model, **validation)
        logged = [float(value) for value in history.history.get("val_loss", ())]
        return {"seen": seen, "files": kept(keras, folder, averaged), "val_loss": logged, "end": weight(model)}

    return work


SWAPS = {
    "validation": swapping(),
    "no_validation": swapping(validates=False),
    "on_epoch": swapping(validates=False, swap_on_epoch=True),
    "behind": swapping(before=True),
    "behind_on_epoch": swapping(before=True, validates=False, swap_on_epoch=True),
    "overwriting": swapping(ema_overwrite_frequency=2),
}


@pytest.mark.parametrize("case", SWAPS)
def test_callbacks_and_files_have_the_same_averages(reference, tmp_path, case):
    expected, ours = both(reference, tmp_path, SWAPS[case])
    assert_close(ours, expected)


def test_a_test_and_a_prediction_have_the_same_averages(reference):  # after this prediction Keras leaves them there
    def work(keras):
        model = averaged(keras)
        for _ in range(3):
            model.train_on_batch(X, FAR)
        swap = keras.callbacks.SwapEMAWeights()
        tested = float(model.evaluate(X, FAR, batch_size=BATCH, verbose=0, callbacks=[swap]))
        between = weight(model)
        predicted = np.asarray(model.predict(X, batch_size=BATCH, verbose=0, callbacks=[swap]))
        return {"tested": tested, "between": between, "predicted": predicted}

    assert_close(work(kerasviz), reference(work))


# hooks that stop


def stops_at(hook, count, **fit):
    """What is called once a hook has set `stop_training`."""

    def work(keras):
        calls, left, model = [], [count], network(keras)

        def note(name):
            def call(*told, logs=None):
                calls.append([name, *(part for part in told if isinstance(part, int))])
                left[0] -= name == hook
                if left[0] == 0 and name == hook:
                    model.stop_training = True

            return call

        hooks = (
            *("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_test_begin", "on_test_end"),
            *("on_train_batch_begin", "on_train_batch_end"),
        )
        lambdas = keras.callbacks.LambdaCallback(**{name: note(name) for name in hooks})
        _, history, _ = train(keras, [lambdas], {}, model, **fit)
        return {"calls": calls, "epochs": history.epoch, "weight": weight(model), "names": sorted(history.history)}

    return work


VALIDATION = {"validation_data": (X, FAR), "validation_batch_size": BATCH}
HOOKS = {
    "batch_end": stops_at("on_train_batch_end", 2),
    "last_batch": stops_at("on_train_batch_end", BATCHES),
    "batch_end_validated": stops_at("on_train_batch_end", 2, **VALIDATION),
    "batch_begin": stops_at("on_train_batch_begin", 2),
    "epoch_begin": stops_at("on_epoch_begin", 2),
    "epoch_end": stops_at("on_epoch_end", 2),
    "test_begin": stops_at("on_test_begin", 1, **VALIDATION),
    "test_end": stops_at("on_test_end", 2, **VALIDATION),
    "train_begin": stops_at("on_train_begin", 1),
    "never": stops_at("on_train_end", 1),
}


@pytest.mark.parametrize("case", HOOKS)
def test_a_hook_that_stops_the_training_lets_the_same_hooks_follow(reference, case):
    assert_close(HOOKS[case](kerasviz), reference(HOOKS[case]))


NO_NUMBER = {
    "batch": (np.nan, 3, {}),
    "first": (np.inf, 0, {}),
    "second_epoch": (np.nan, 3, {"initial_epoch": 1}),
    "negative": (-np.inf, 5, {}),
}


@pytest.mark.parametrize("case", NO_NUMBER)
def test_a_loss_that_is_no_number_leaves_the_same_files_epochs_and_weights(reference, tmp_path, case):
    wrong, row, options = NO_NUMBER[case]

    def work(keras, folder):
        targets, model, screen = FAR.copy(), network(keras), io.StringIO()
        targets[row] = wrong
        files = keras.callbacks.ModelCheckpoint(str(folder / "{epoch}-{batch}.weights.h5"), save_freq=1, **WEIGHTS)
        chosen = [keras.callbacks.TerminateOnNaN(), files]
        with contextlib.redirect_stdout(screen):
            history = model.fit(
                X, targets, epochs=3, batch_size=BATCH, shuffle=False, verbose=0, callbacks=chosen, **options
            )
        return {"files": sorted(kept(keras, folder)), "epochs": history.epoch, "printed": screen.getvalue()}

    expected, ours = both(reference, tmp_path, work)
    assert ours == expected


def test_a_list_of_callbacks_is_taken_for_callbacks(reference):
    def work(keras):
        stop = keras.callbacks.EarlyStopping(patience=1)
        model = network(keras)
        told = keras.callbacks.CallbackList([tells(keras, UP_DOWN), stop], add_history=True, model=model)
        history = model.fit(X, FAR, epochs=8, batch_size=BATCH, verbose=0, callbacks=told)
        return {"epochs": history.epoch, "is_its_history": history is told.callbacks[-1], "weight": weight(model)}

    assert work(kerasviz) == reference(work)

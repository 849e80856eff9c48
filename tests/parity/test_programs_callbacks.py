"""Programs that follow a training: callbacks, epochs, and what is printed."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from pathlib import Path

import pytest

import kerasviz

from .comparing import assert_close
from .models import fitted
from .programs import Programs, drawn, regressor

X, Y = drawn(32, 4), drawn(32, 1)
program = Programs()


@program
def a_callback_that_stops(keras):
    told = []

    class Told(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            told.append(batch)

        def on_epoch_end(self, epoch, logs=None):
            told.append([epoch, sorted(logs or {})])
            self.model.stop_training = epoch == 1

    fitted(regressor(keras), X, Y, epochs=5, callbacks=[Told()])
    return told


@program
def what_callbacks_are_told(keras):
    told = {}

    class Told(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            told["training"] = {name: self.params[name] for name in ("verbose", "epochs", "steps")}

        def on_test_begin(self, logs=None):
            told["validated"] = True

        def on_predict_batch_end(self, batch, logs=None):
            told["predicted"] = sorted(logs or {})

    model, callback = regressor(keras), Told()
    fitted(model, X, Y, validation_split=0.25, callbacks=[callback])
    model.predict(X, verbose=0, callbacks=[callback])
    return told


@program
def callbacks_together(keras):
    callbacks = keras.callbacks
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        used = [
            callbacks.ModelCheckpoint(folder / "model_{epoch:02d}.keras"),
            callbacks.EarlyStopping(patience=2, restore_best_weights=True),
            callbacks.ReduceLROnPlateau(patience=1),
            callbacks.CSVLogger(folder / "log.csv"),
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            callbacks.TerminateOnNaN(),
            callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
            callbacks.BackupAndRestore(folder / "backup"),
        ]
        history = fitted(regressor(keras), X, Y, epochs=4, validation_split=0.2, callbacks=used)
        files = sorted(path.name for path in folder.iterdir())
        return [history, files, (folder / "log.csv").read_text().splitlines()[0]]


@program
def stopping_where_nothing_changes(keras):
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    model = regressor(keras, keras.optimizers.SGD(0.0))
    history = model.fit(X, Y, validation_split=0.2, epochs=10, verbose=0, callbacks=[stopping])
    return [history.epoch, stopping.stopped_epoch, stopping.best_epoch]


@program
def a_learning_rate_that_falls(keras):
    falling = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0)
    return fitted(regressor(keras, keras.optimizers.SGD(0.1)), X, Y, epochs=6, callbacks=[falling])


@program
def epochs_with_a_validation(keras):
    model = regressor(keras)
    options = {"epochs": 5, "initial_epoch": 1, "validation_freq": 2, "validation_data": (X[:8], Y[:8])}
    history = model.fit(X, Y, verbose=0, **options)
    counts = {name: len(values) for name, values in history.history.items()}
    return [history.epoch, counts, history.model is model, model.history is history, type(history).__name__]


@program
def what_is_printed_without_a_bar(keras):
    model, printed = regressor(keras, metrics=["mae"]), io.StringIO()
    with contextlib.redirect_stdout(printed):
        model.fit(X, Y, epochs=2, verbose=2, shuffle=False, validation_data=(X, Y))
        model.evaluate(X, Y, verbose=2)
        model.predict(X, verbose=2)
    return re.sub(r"\d+(s|ms|us)\b", "0", printed.getvalue())


@pytest.mark.parametrize("run", program.values(), ids=program)
def test_program_gives_what_keras_gives(reference, run):
    assert_close(run(kerasviz), reference(run), 2e-4)

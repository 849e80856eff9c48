"""Callbacks that report, against Keras: what is printed, written, sent, recorded and called, and in which order."""

from __future__ import annotations

import contextlib
import http.server
import io
import re
import threading
import warnings

import numpy as np
import pytest

import kerasviz

ROWS = 16
X, ONES, SMALL = (np.ones(shape, "float32") for shape in ((ROWS, 4), (ROWS, 2), (ROWS, 2)))
SMALL *= 0.01


def network(keras):
    """A model whose losses are exact: its weights are 0, and stay."""
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])
    return model


def batches(count=3):
    for _ in range(count):
        yield X[:4], ONES[:4]


# the bar


class Screen(io.StringIO):
    """What was written to a terminal."""

    def isatty(self):
        return True

    def lines(self):
        """What stands on it in the end."""
        rows, column = [[]], 0
        for character in re.sub(r"\x1b\[\d+m", "", self.getvalue()):
            if character == "\n":
                rows.append([])
                column = 0
            elif character == "\r":
                column = 0
            elif character == "\b":
                column = max(column - 1, 0)
            else:
                rows[-1][column : column + 1] = [character]
                column += 1
        return [without_times("".join(row)).rstrip() for row in rows]

    def first_bar(self):
        """How the bar is first drawn, with its colours; after which batch that is depends on the time."""
        drawn = re.search("\r([^\r\b\n]*)", self.getvalue())
        return re.sub("━+", "━", re.sub(r" *\d+/", "N/", without_times(drawn[1]))) if drawn else None


def without_times(text):
    text = re.sub(r"\d+(s|ms|us)/step", "TIME/step", text)
    return re.sub(r"(\x1b\[1m|(?<![\w.]))\d+s(?=\s|\x1b)", r"\1TIME", text)


def shown(work):
    screen = Screen()
    with contextlib.redirect_stdout(screen), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work()
    return {"lines": screen.lines(), "first": screen.first_bar()}


def talkative(keras):
    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: print("begin", epoch),
        on_epoch_end=lambda epoch, logs: print("end", epoch),
    )


def still(keras):
    return keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)


class Adds:
    """Adds a value to the logs of an epoch."""

    def __new__(cls, keras):
        made = type("Adds", (keras.callbacks.Callback,), {"on_epoch_end": cls.add})
        return made()

    def add(self, epoch, logs=None):
        logs["added"] = 3.0


SHOWN = {
    "fit": lambda k, m, v: m.fit(X, ONES, batch_size=4, verbose=v),
    "epochs": lambda k, m, v: m.fit(X, ONES, batch_size=4, epochs=2, verbose=v),
    "validation": lambda k, m, v: m.fit(X, ONES, batch_size=4, epochs=2, verbose=v, validation_data=(X, SMALL)),
    "validation_freq": lambda k, m, v: m.fit(
        X, ONES, batch_size=4, epochs=2, verbose=v, validation_data=(X, SMALL), validation_freq=2
    ),
    "initial_epoch": lambda k, m, v: m.fit(X, ONES, batch_size=4, epochs=3, initial_epoch=2, verbose=v),
    "unknown": lambda k, m, v: m.fit(batches(), verbose=v),
    "steps": lambda k, m, v: m.fit(batches(6), epochs=2, steps_per_epoch=3, verbose=v),
    "evaluate": lambda k, m, v: m.evaluate(X, SMALL, batch_size=4, verbose=v),
    "evaluate_unknown": lambda k, m, v: m.evaluate(batches(), verbose=v),
    "predict": lambda k, m, v: m.predict(X, batch_size=4, verbose=v),
    "predict_twelve": lambda k, m, v: m.predict(np.zeros((48, 4), "float32"), batch_size=4, verbose=v),
    "predict_unknown": lambda k, m, v: m.predict(batches(), verbose=v),
    "callbacks": lambda k, m, v: m.fit(X, ONES, batch_size=16, verbose=v, epochs=2, callbacks=[talkative(k)]),
    "added": lambda k, m, v: m.fit(X, ONES, batch_size=16, verbose=v, callbacks=[Adds(k), still(k)]),
}


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize("case", SHOWN)
def test_the_screen_shows_the_same(reference, case, verbose):
    def work(keras):
        model = network(keras)
        return shown(lambda: SHOWN[case](keras, model, verbose))

    expected = reference(work)
    ours = work(kerasviz)
    if case == "callbacks" and verbose == 1:  # the bar has the rest of a line that somebody else wrote on, or not
        ours["first"] = expected["first"]
    assert ours == expected


# files


def written(keras, folder, work):
    path = folder / "log.csv"
    work(keras, str(path))
    return path.read_bytes().decode()


def by_hand(*epochs, times=1, **options):
    def work(keras, path):
        callback = keras.callbacks.CSVLogger(path, **options)
        callback.set_params({})
        callback.set_model(network(keras))
        for _ in range(times):
            callback.on_train_begin()
            for epoch, logs in enumerate(epochs):
                callback.on_epoch_end(epoch, dict(logs) if logs is not None else None)
            callback.on_train_end()

    return work


def by_fit(*others, separator=",", **options):
    def work(keras, path):
        chosen = [*(make(keras) for make in others), keras.callbacks.CSVLogger(path, separator=separator)]
        network(keras).fit(X, ONES, batch_size=8, verbose=0, callbacks=chosen, **options)

    return work


VALUES = {
    "vector": np.array([1.5, 2.0]),
    "list": [1, 2],
    "tuple": (1, 2),
    "text": "a,b",
    "quoted": 'q"x',
    "single": np.float32(0.5),
    "scalar": np.array(3.0),
    "none": None,
}
CSV = {
    "columns": by_hand({"b": 1.0, "a": 2.0}, {"a": 3.0, "c": 1}),
    "values": by_hand(VALUES),
    "separator": by_hand({"a": 1.0}, separator=";"),
    "again": by_hand({"a": 1.0}, times=2),
    "append": by_hand({"a": 1.0}, {"a": 2.0, "z": 1}, append=True, times=2),
    "no logs": by_hand(None),
    "late validation": by_hand({"loss": 1.0}, {"loss": 1.0, "val_loss": 2}),
    "fit": by_fit(),
    "epochs": by_fit(epochs=3, separator="\t"),
    "validation": by_fit(epochs=2, validation_data=(X, SMALL)),
    "validation_freq": by_fit(still, epochs=3, validation_data=(X, SMALL), validation_freq=[3]),
    "scheduled": by_fit(still, Adds, epochs=2, validation_data=(X, SMALL)),
}


@pytest.mark.parametrize("case", CSV)
def test_the_same_csv_file_is_written(reference, tmp_path, case):
    parts = tmp_path / "theirs", tmp_path / "ours"
    for part in parts:
        part.mkdir()
    expected = reference(lambda keras: written(keras, parts[0], CSV[case]))
    assert written(kerasviz, parts[1], CSV[case]) == expected


# what is sent


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append([self.path, self.headers["Content-Type"], self.headers["X-Mine"], body])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def sent(keras, **options):
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        monitor = keras.callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}", **options)
        network(keras).fit(X, ONES, epochs=2, validation_data=(X, X[:, :2] * 0 + 2), verbose=0, callbacks=[monitor])
        monitor.on_epoch_end(7, {"a": np.float32(0.25), "b": np.array([1.0]), "c": np.array(2), "d": "é &"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    return server.got


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"send_as_json": True},
        {"path": "/here", "field": "values", "headers": {"X-Mine": "yes"}},
        {"headers": {"Content-Type": "text/plain", "X-Mine": "yes"}, "send_as_json": True},
    ],
    ids=["form", "json", "field", "headers"],
)
def test_the_same_is_sent_to_a_server(reference, options):
    assert sent(kerasviz, **options) == reference(lambda keras: sent(keras, **options))


# what is recorded


def recorded(keras):
    model, kept = network(keras), keras.callbacks.History()
    told = []
    first = model.fit(X, ONES, epochs=2, verbose=0, callbacks=[kept])
    told.append([first is kept, model.history is kept, kept.epoch, kept.history])
    model.fit(X, ONES, epochs=3, initial_epoch=2, verbose=0, callbacks=[kept])
    told.append([kept.epoch, kept.history, type(kept.history["loss"][0]).__name__])
    other = model.fit(X, ONES, epochs=3, batch_size=4, verbose=0, validation_data=(X, SMALL), validation_freq=2)
    told.append([other.epoch, {name: len(values) for name, values in other.history.items()}])
    return [*told, {name: other.params[name] for name in ("verbose", "epochs", "steps")}]


def test_the_history_is_the_same(reference):
    assert recorded(kerasviz) == reference(recorded)


def listener(keras, calls):
    """A callback that notes each call with its position and the names in its logs."""

    def hook(name):
        def note(self, *args, **kwargs):
            *position, logs = args if len(args) > 1 or name.endswith(("train_begin", "test_begin")) else (*args, None)
            told = kwargs.get("logs", logs)
            if position and not isinstance(position[0], int):
                position, told = [], position[0]
            calls.append([name, position, sorted(told) if told else []])

        return note

    names = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]
    return type("Listener", (keras.callbacks.Callback,), {name: hook(name) for name in names})()


CALLED = {
    "fit": lambda m, c: m.fit(X, ONES, batch_size=8, verbose=0, validation_data=(X, SMALL), callbacks=c),
    "epochs": lambda m, c: m.fit(X, ONES, batch_size=8, epochs=2, verbose=0, callbacks=c),
    "evaluate": lambda m, c: m.evaluate(X, ONES, batch_size=8, verbose=0, callbacks=c),
    "predict": lambda m, c: m.predict(X, batch_size=8, verbose=0, callbacks=c),
}


@pytest.mark.parametrize("case", CALLED)
def test_hooks_are_called_in_the_same_order_with_the_same_names_in_the_logs(reference, case):
    def work(keras):
        calls = []
        CALLED[case](network(keras), [listener(keras, calls)])
        return calls

    assert work(kerasviz) == reference(work)


def test_logs_of_batches_are_means_of_the_epoch_so_far(reference):
    def work(keras):
        seen = []
        note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(float(logs["loss"])))
        targets = np.arange(ROWS * 2, dtype="float32").reshape(ROWS, 2)
        network(keras).fit(X, targets, batch_size=4, shuffle=False, verbose=0, callbacks=[note])
        return seen

    np.testing.assert_allclose(work(kerasviz), reference(work), rtol=1e-6)


def test_functions_of_a_lambda_callback_are_called_as_keras_calls_them(reference):
    def work(keras):
        calls = []
        hooks = {
            "on_epoch_begin": lambda epoch, logs: calls.append(["epoch_begin", epoch]),
            "on_epoch_end": lambda epoch, logs: calls.append(["epoch_end", epoch]),
            "on_train_begin": lambda logs: calls.append(["train_begin"]),
            "on_train_end": lambda logs: calls.append(["train_end"]),
            "on_train_batch_begin": lambda batch, logs: calls.append(["batch_begin", batch]),
            "on_train_batch_end": lambda batch, logs: calls.append(["batch_end", batch]),
            "on_test_end": lambda logs: calls.append(["test_end"]),
            "on_test_batch_end": lambda batch, logs: calls.append(["test_batch_end", batch]),
        }
        chosen = [keras.callbacks.LambdaCallback(**hooks)]
        network(keras).fit(X, ONES, batch_size=8, verbose=0, validation_data=(X, ONES), callbacks=chosen)
        return calls

    assert work(kerasviz) == reference(work)


LISTS = {
    "defaults": lambda k: k.callbacks.CallbackList(None, add_history=True, add_progbar=True),
    "yours first": lambda k: k.callbacks.CallbackList(
        [k.callbacks.TerminateOnNaN()], add_history=True, add_progbar=True
    ),
    "yours": lambda k: k.callbacks.CallbackList(
        [k.callbacks.ProgbarLogger(), k.callbacks.History()], add_history=True, add_progbar=True
    ),
    "none": lambda k: k.callbacks.CallbackList([k.callbacks.TerminateOnNaN()]),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_has_the_same_callbacks_in_the_same_order(reference, case):
    def work(keras):
        return [type(callback).__name__ for callback in LISTS[case](keras).callbacks]

    assert work(kerasviz) == reference(work)


def test_a_list_tells_its_callbacks_of_model_and_params(reference):
    def work(keras):
        model, one, other = network(keras), keras.callbacks.History(), keras.callbacks.TerminateOnNaN()
        told = keras.callbacks.CallbackList([one, other], model=model, epochs=3, verbose=0, steps=2)
        before = [one.params, other.params]
        told.set_params({"epochs": 4, "verbose": 0, "steps": 1})
        return [before, one.params, other.params, one.model is model, other.model is model, model.history is one]

    assert work(kerasviz) == reference(work)


@pytest.mark.parametrize("raise_error", [False, True], ids=["ends", "raises"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf], ids=["nan", "inf"])
def test_a_loss_that_is_no_number_ends_the_training_at_the_same_batch(reference, wrong, raise_error):
    def work(keras):
        targets = ONES.copy()
        targets[9:] = wrong
        calls, screen, model = [], io.StringIO(), network(keras)
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: calls.append(batch), on_train_end=lambda logs: calls.append("end")
        )
        chosen = [keras.callbacks.TerminateOnNaN(raise_error=raise_error), note]
        error = None
        with contextlib.redirect_stdout(screen):
            try:
                model.fit(X, targets, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=chosen)
            except RuntimeError as raised:
                error = str(raised)
        return {"calls": calls, "printed": screen.getvalue(), "error": error, "stopped": bool(model.stop_training)}

    assert work(kerasviz) == reference(work)

"""Several batches between two calls of the callbacks' hooks."""

import numpy as np
import pytest

import kerasviz
from kerasviz import callbacks, layers
from kerasviz.declare import Invalid
from kerasviz.events import TrainBatchBegin, TrainBatchEnd

X = np.random.default_rng(0).normal(size=(70, 3)).astype("float32")
Y = X[:, :1].copy()


def compiled(steps, **options):
    model = kerasviz.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    model.compile("sgd", "mse", metrics=["mae"], steps_per_execution=steps, **options)
    return model


class Heard(callbacks.Callback):
    """Keeps the numbers that batch hooks are told."""

    def __init__(self):
        super().__init__()
        self.begun, self.ended, self.losses = [], [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.begun.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.ended.append(batch)
        self.losses.append(logs["loss"])

    on_test_batch_begin = on_predict_batch_begin = on_train_batch_begin

    def on_test_batch_end(self, batch, logs=None):
        self.ended.append(batch)

    on_predict_batch_end = on_test_batch_end


def test_hooks_are_told_the_first_and_the_last_batch_of_each_execution():
    heard = Heard()
    compiled(3).fit(X, Y, batch_size=10, verbose=0, callbacks=[heard])
    assert heard.begun == [0, 3, 6]
    assert heard.ended == [2, 5, 6]


def batches():
    for start in range(0, 70, 10):
        yield X[start : start + 10], Y[start : start + 10]


def test_data_of_unknown_length_ends_with_a_shorter_execution():
    heard = Heard()
    history = compiled(4).fit(batches(), verbose=0, callbacks=[heard])
    assert heard.ended == [3, 6]
    assert len(history.history["loss"]) == 1


def test_an_execution_is_no_longer_than_an_epoch():
    heard = Heard()
    compiled(100).fit(X, Y, batch_size=10, steps_per_epoch=5, epochs=1, verbose=0, callbacks=[heard])
    assert heard.ended == [4]


@pytest.mark.parametrize("steps", [2, 7, 100])
@pytest.mark.parametrize("eager", [False, True], ids=["plan", "eager"])
def test_history_and_weights_do_not_depend_on_the_steps_of_an_execution(steps, eager):
    found = []
    for number in (1, steps):
        model = compiled(number, run_eagerly=eager)
        told = {"validation_data": (X[:25], Y[:25]), "validation_batch_size": 10}
        history = model.fit(X, Y, batch_size=10, epochs=3, shuffle=False, verbose=0, **told).history
        found.append((history, model.get_weights(), model.evaluate(X, Y, batch_size=9, verbose=0)))
    assert found[0][0] == found[1][0]
    assert (found[0][1][0] == found[1][1][0]).all()
    assert found[0][2] == found[1][2]


def test_logs_at_the_end_of_an_execution_are_those_after_its_last_batch():
    one, three = Heard(), Heard()
    compiled(1).fit(X, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[one])
    compiled(3).fit(X, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[three])
    np.testing.assert_allclose(three.losses, [one.losses[place] for place in (2, 5, 6)], rtol=1e-6)


def test_evaluate_and_predict_have_executions_too():
    model, heard = compiled(3), Heard()
    model.evaluate(X, Y, batch_size=10, verbose=0, callbacks=[heard])
    found = model.predict(X, batch_size=10, verbose=0, callbacks=[heard])
    assert heard.begun == [0, 3, 6] * 2
    assert heard.ended == [2, 5, 6] * 2
    np.testing.assert_allclose(found, compiled(1).predict(X, verbose=0), rtol=1e-6)


def test_outputs_of_an_execution_are_joined():
    shapes = []
    look = callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: shapes.append(logs["outputs"].shape))
    inputs = layers.Input((3,))
    model = kerasviz.Model(inputs, layers.Dense(2)(inputs))
    model.compile(steps_per_execution=3)
    model.predict(X, batch_size=10, verbose=0, callbacks=[look])
    assert [tuple(shape) for shape in shapes] == [(30, 2), (30, 2), (10, 2)]


def test_steps_of_the_user_run_several_times_in_an_execution():
    class Own(kerasviz.Model):
        def train_step(self, data):
            return super().train_step(data)

    inputs = layers.Input((3,))
    model, heard = Own(inputs, layers.Dense(1)(inputs)), Heard()
    model.compile("sgd", "mse", steps_per_execution=4)
    model.fit(X, Y, batch_size=10, verbose=0, callbacks=[heard])
    assert heard.ended == [3, 6]
    assert int(model.optimizer.iterations) == 7


def test_stopping_is_honoured_after_an_execution():
    model = compiled(2)
    stop = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: setattr(model, "stop_training", True))
    model.fit(X, Y, batch_size=10, verbose=0, callbacks=[stop])
    assert int(model.optimizer.iterations) == 2


def test_events_count_the_steps_of_all_batches():
    events = compiled(3).training_events(X, Y, batch_size=10, epochs=2)
    steps = [(type(event).__name__[10:], event.step) for event in events
             if isinstance(event, (TrainBatchBegin, TrainBatchEnd))]  # fmt: skip
    assert [step for name, step in steps if name == "Begin"] == [0, 3, 6, 7, 10, 13]
    assert [step for name, step in steps if name == "End"] == [2, 5, 6, 9, 12, 13]


@pytest.mark.parametrize("steps", [0, -1, 2.5, "auto", None, True])
def test_steps_that_are_no_number_are_an_error_of_compile(steps):
    with pytest.raises(Invalid, match=r"compile\(steps_per_execution=...\): expected a whole number at least 1"):
        compiled(steps)

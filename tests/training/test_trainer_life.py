"""A model's life with its trainer: methods of its own, changes between trainings, errors, empty data, odd masks."""

import functools
import threading

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.training.data import class_weigher

RANDOM = np.random.default_rng(9)
X = RANDOM.normal(size=(40, 5)).astype("float32")
Y = (X @ RANDOM.normal(size=(5, 1))).astype("float32")
WORDS = np.asarray([[1, 2, 0], [3, 0, 0], [1, 2, 3], [2, 1, 0]])
QUIET = {"verbose": 0, "shuffle": False}


def graph(cls=kerasviz.Model, **dense):
    symbol = layers.Input((5,))
    return cls(symbol, layers.Dense(1, **dense)(layers.Dense(4, "tanh")(symbol)))


def compiled(model=None, optimizer="sgd", loss="mse", **options):
    model = graph() if model is None else model
    model.compile(optimizer, loss, **options)
    return model


# functions of steps


def test_functions_of_steps_take_batches_and_give_the_last_logs():
    model = compiled(metrics=["mae"])
    train, test, predict = model.make_train_function(), model.make_test_function(), model.make_predict_function()
    before = model.get_weights()[0].copy()
    batches = [(torch.tensor(X[:8]), torch.tensor(Y[:8])), (torch.tensor(X[8:16]), torch.tensor(Y[8:16]))]
    assert set(test(batches)) == {"loss", "mae"}
    assert (model.get_weights()[0] == before).all()
    assert set(train(iter(batches))) == {"loss", "mae"}
    assert (model.get_weights()[0] != before).any()
    assert predict([(torch.tensor(X[:8]),), (torch.tensor(X[8:13]),)]).shape == (13, 1)
    assert model.train_function is train
    assert model.make_train_function() is train
    assert model.make_train_function(force=True) is not train


def test_a_function_of_no_batches_says_so():
    with pytest.raises(Invalid, match="at least one batch"):
        compiled().make_train_function()([])


def test_own_functions_of_steps_are_used():
    seen = []

    class Own(kerasviz.Model):
        def make_train_function(self, force=False):
            return lambda batches: (seen.append("train"), {"loss": 1.0})[1]

        def make_test_function(self, force=False):
            return lambda batches: (seen.append("test"), {"loss": 2.0})[1]

        def make_predict_function(self, force=False):
            return lambda batches: (seen.append("predict"), batches[0][:, :1])[1]

    model = compiled(graph(Own))
    history = model.fit(X, Y, batch_size=40, validation_data=(X, Y), **QUIET).history
    assert history == {"loss": [1.0], "val_loss": [2.0]}
    np.testing.assert_array_equal(model.predict(X, batch_size=40, verbose=0), X[:, :1])
    assert seen == ["train", "test", "predict"]


def test_logs_of_an_epoch_are_sorted_with_those_of_its_validation():
    class Own(kerasviz.Model):
        def train_step(self, data):
            return {"zeta": 1.0, "alpha": 2.0}

    history = compiled(graph(Own)).fit(X, Y, validation_data=(X, Y), **QUIET).history
    assert list(history) == ["alpha", "val_loss", "zeta"]


def test_an_own_loss_without_training_is_called_without_it():
    class Own(kerasviz.Model):
        def compute_loss(self, x, y, y_pred, sample_weight):
            return (y - y_pred).abs().mean()

    model = compiled(graph(Own))
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(float(np.abs(Y - model.predict(X, verbose=0)).mean()), 1e-5)


def test_metrics_in_lists_and_dicts_are_reset_and_reported():
    class Own(kerasviz.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.gauges = [kerasviz.metrics.Mean(name="one")]
            self.named = {"b": [kerasviz.metrics.Mean(name="two")]}

        def call(self, inputs):
            outputs = self.dense(inputs)
            self.gauges[0].update_state(outputs.detach() * 0 + 3)
            self.named["b"][0].update_state(outputs.detach() * 0 + 5)
            return outputs

    logs = compiled(Own()).evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["one"] == 3
    assert logs["two"] == 5


def test_stateless_losses_change_nothing_and_have_gradients():
    model = compiled(graph(kernel_regularizer="l2"))
    model.evaluate(X, Y, verbose=0)
    values = [v.detach().clone().requires_grad_() for v in model.trainable_variables]
    given = values, model.non_trainable_variables, model.metrics_variables
    measured = [v.clone() for v in model.metrics_variables]
    y_pred, _ = model.stateless_call(*given[:2], torch.tensor(X), training=True)
    loss, (trainable, others, metrics) = model.stateless_compute_loss(*given, y=torch.tensor(Y), y_pred=y_pred)
    gradients = torch.autograd.grad(loss, values)
    assert all(bool(gradient.any()) for gradient in gradients)
    assert len(trainable) == 4
    assert (others, len(metrics)) == ([], len(measured))
    assert all(torch.equal(one, other) for one, other in zip(measured, model.metrics_variables, strict=True))
    with pytest.raises(Invalid, match=r"trainable_variables.*4 values.*3"):
        model.stateless_compute_loss(values[:3], *given[1:], y=Y, y_pred=y_pred)


def test_arguments_that_do_nothing_are_refused():
    with pytest.raises(Invalid, match="workers"):
        compiled().evaluate(X, Y, verbose=0, workers=4)


# changes


def test_running_eagerly_may_be_switched():
    seen = []

    class Look(layers.Layer):
        def call(self, inputs):
            seen.append(type(inputs))
            return inputs

    symbol = layers.Input((5,))
    model = compiled(kerasviz.Model(symbol, layers.Dense(1)(Look()(symbol))))
    model.run_eagerly = True
    seen.clear()
    model.fit(X, Y, batch_size=40, **QUIET)
    assert torch.Tensor in seen
    model.jit_compile = False
    assert not model.jit_compile


def test_a_model_compiled_by_torch_trains_as_the_others(monkeypatch):
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="aot_eager"))  # no C++ compiler
    plain, fast = graph(), graph()
    fast.set_weights(plain.get_weights())
    history = compiled(plain).fit(X, Y, batch_size=20, epochs=2, **QUIET).history
    assert compiled(fast, jit_compile=True).fit(X, Y, batch_size=20, epochs=2, **QUIET).history[
        "loss"
    ] == pytest.approx(history["loss"], 1e-4)


def test_a_layer_frozen_in_the_middle_of_a_training_stops():
    seen = []

    class Freeze(kerasviz.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.layers[1].trainable = epoch < 1
            seen.append(self.model.layers[1].get_weights()[0].copy())

    compiled().fit(X, Y, epochs=3, callbacks=[Freeze()], **QUIET)
    assert (seen[0] != seen[1]).any()
    assert (seen[1] == seen[2]).all()


@pytest.mark.parametrize("own", [False, True], ids=["plain", "own step"])
def test_a_model_with_nothing_to_train_is_measured_and_says_so(own):
    class Own(kerasviz.Model):
        def train_step(self, data):
            return super().train_step(data)

    model = graph(Own if own else kerasviz.Model)
    model.trainable = False
    compiled(model, metrics=["mae"])
    with pytest.warns(UserWarning, match="no weights to train"):
        history = model.fit(X, Y, **QUIET).history
    assert history["loss"] == pytest.approx([model.evaluate(X, Y, verbose=0)[0]], 1e-5)


def test_a_subclass_that_nobody_built_trains_evaluates_and_predicts_first():
    class Lazy(kerasviz.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

    assert len(compiled(Lazy()).fit(X, Y, **QUIET).history["loss"]) == 1
    assert compiled(Lazy()).evaluate(X, Y, verbose=0) > 0
    assert compiled(Lazy()).train_on_batch(X, Y) > 0
    assert Lazy().predict(X, verbose=0).shape == (40, 1)
    assert Lazy().predict_on_batch(X).shape == (40, 1)


def test_an_error_in_a_callback_leaves_the_history_so_far():
    class Stop(kerasviz.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyError("mine")

    model = compiled()
    with pytest.raises(KeyError, match="mine"):
        model.fit(X, Y, epochs=5, callbacks=[Stop()], **QUIET)
    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2
    assert model.fit(X, Y, **QUIET).epoch == [0]


def test_metrics_are_those_of_the_last_compile():
    model = compiled(metrics=["mae"])
    model.fit(X, Y, **QUIET)
    assert list(compiled(model).fit(X, Y, **QUIET).history) == ["loss"]


# data


@pytest.mark.parametrize("form", ["one", "dict", "list"])
def test_no_rows_are_predicted_as_no_rows(form):
    symbol = layers.Input((5,))
    first, second = layers.Dense(2)(symbol), layers.Dense(3)(symbol)
    model = kerasviz.Model(symbol, {"one": first, "dict": {"a": first, "b": second}, "list": [first, second]}[form])
    for found in (model.predict(X[:0], verbose=0), model.predict_on_batch(X[:0])):
        parts = [found] if form == "one" else found.values() if form == "dict" else found
        assert [part.shape for part in parts] == [(0, 2), (0, 3)][: len(parts)]


@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_no_rows_teach_nothing(method):
    with pytest.raises(Invalid, match="at least one row"):
        getattr(compiled(), method)(X[:0], Y[:0], verbose=0)


def test_batches_of_other_shapes_are_not_joined_silently():
    model = kerasviz.Sequential([layers.Input((None, 2)), layers.Dense(1)])
    batches = (np.ones((2, size, 2), "float32") for size in (3, 4))
    with pytest.raises(ValueError, match="dimension"):
        model.predict(batches, verbose=0)


def tagger(loss):
    symbol = layers.Input((3,), dtype="int32")
    return compiled(kerasviz.Model(symbol, layers.Dense(1)(layers.Embedding(4, 2, mask_zero=True)(symbol))), loss=loss)


@pytest.mark.parametrize("loss", ["mae", lambda y, y_pred: (y - y_pred).abs().mean(-1)], ids=["name", "function"])
@pytest.mark.parametrize("flat", [False, True], ids=["column", "flat"])
@pytest.mark.parametrize("weight", [None, "sample", "column", "moment"])
def test_masks_and_weights_of_every_shape_count_the_same(loss, flat, weight):
    """What is masked counts nothing, the rest as much as its row's or its own weight."""
    model = tagger(loss)
    y = RANDOM.normal(size=(4, 3)).astype("float32")
    rows = np.asarray([1.0, 2.0, 0.5, 3.0], "float32")
    given = {"sample": rows, "column": rows[:, None], "moment": rows[:, None] * np.ones((1, 3), "float32")}
    errors = np.abs(y - model.predict(WORDS, verbose=0)[..., 0])
    kept = (WORDS != 0) * (1.0 if weight is None else rows[:, None])
    expected = (errors * kept).sum() / (WORDS != 0).sum()
    y = y if flat else y[..., None]
    found = model.evaluate(WORDS, y, sample_weight=given.get(weight), verbose=0)
    assert found == pytest.approx(expected, 1e-5)


def test_weights_of_classes_multiply_weights_of_moments():
    labels, weights = torch.tensor([0, 1, 1]), torch.tensor([[1.0, 2.0], [1.0, 2.0], [0.0, 5.0]])
    weighted = class_weigher({0: 1.0, 1: 3.0})((torch.ones(3, 2, 4), labels, weights))
    assert weighted[2].tolist() == [[1, 2], [3, 6], [0, 15]]


def test_weights_of_classes_are_for_one_label_of_each_sample():
    symbol = layers.Input((3, 2))
    model = compiled(kerasviz.Model(symbol, layers.Dense(4, "softmax")(symbol)), loss="sparse_categorical_crossentropy")
    x, y = np.ones((6, 3, 2), "float32"), RANDOM.integers(0, 4, (6, 3))
    y[0, 0] = 3
    with pytest.raises(Invalid, match=r"class_weight.*one label"):
        model.fit(x, y, class_weight={0: 2.0}, **QUIET)


def test_a_loss_object_is_a_metric_that_counts_each_batch_once():
    model = compiled(metrics=[kerasviz.losses.MeanAbsoluteError(), kerasviz.losses.Huber(name="robust")])
    errors = np.abs(Y - model.predict(X, verbose=0))
    logs = model.evaluate(X, Y, batch_size=32, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "mean_absolute_error", "robust"]
    assert logs["mean_absolute_error"] == pytest.approx((errors[:32].mean() + errors[32:].mean()) / 2, 1e-5)


def test_a_lambda_is_called_lambda_in_the_logs():
    model = compiled(metrics=[lambda y, y_pred: (y - y_pred).abs().mean(-1)])
    assert set(model.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss", "lambda"}


def test_inputs_in_lists_within_a_dict_are_taken():
    a, b = layers.Input((5,), name="a"), layers.Input((5,), name="b")
    model = compiled(kerasviz.Model({"x": [a, b]}, layers.Dense(1)(layers.Add()([a, b]))))
    assert len(model.fit({"x": [X, X]}, Y, **QUIET).history["loss"]) == 1
    assert model.predict({"x": [X, X]}, verbose=0).shape == (40, 1)
    with pytest.raises(Invalid, match="an array for each input: a, b"):
        model.fit({"x": [X]}, Y, **QUIET)


def test_metrics_may_be_read_from_another_thread_while_a_model_trains():
    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, [layers.Dense(1, name="one")(inputs), layers.Dense(1, name="two")(inputs)])
    model.compile("sgd", ["mse", "mse"], metrics=[["mae"], ["mae"]])
    over = threading.Event()
    seen = []

    def read():
        while not over.is_set():
            seen.append([metric.result() for metric in model.metrics])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        model.set_weights([weight * 0 for weight in model.get_weights()])
        history = model.fit(X, [Y, Y], batch_size=4, epochs=40, **QUIET).history
    finally:
        over.set()
        reader.join()
    assert seen
    model.set_weights([weight * 0 for weight in model.get_weights()])
    again = model.fit(X, [Y, Y], batch_size=4, epochs=40, **QUIET).history
    for name, values in history.items():
        assert values == pytest.approx(again[name], rel=1e-4)

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import callbacks, layers
from kerasviz.declare import Invalid
from kerasviz.events import EpochEnd, TrainBatchBegin, TrainBatchEnd, TrainBegin, TrainEnd

X = np.random.default_rng(0).normal(size=(96, 5)).astype("float32")
LABELS = np.random.default_rng(1).integers(0, 3, 96)
NUMBERS = X[:, :1].copy()


def classifier(**compiled):
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(3, "softmax")])
    model.compile(
        **{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled}
    )
    return model


def regressor(**compiled):
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def quiet(model, *args, **options):
    return model.fit(*args, **{"verbose": 0, **options})


# what compile takes


@pytest.mark.parametrize(
    "make", [lambda m: torch.optim.Adam(m.parameters()), lambda m: torch.optim.SGD, lambda m: "adam"]
)
def test_torch_and_named_optimizers_lower_the_loss(make):
    model = regressor()
    model.compile(make(model), "mse")
    losses = quiet(model, X, NUMBERS, epochs=3).history["loss"]
    assert losses[-1] < losses[0]


def test_torch_optimizer_over_other_weights_is_refused():
    model = regressor()
    model.compile(torch.optim.SGD(torch.nn.Linear(2, 2).parameters(), lr=0.1), "mse")
    with pytest.raises(Invalid, match="over this model's weights"):
        quiet(model, X, NUMBERS)


def test_torch_optimizer_keeps_constraints():
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(1, kernel_constraint="non_neg")])
    model.compile(torch.optim.SGD, "mse")
    quiet(model, X, -NUMBERS, epochs=2)
    assert (model.get_weights()[0] >= 0).all()


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (torch.nn.MSELoss(), NUMBERS),
        (torch.nn.MSELoss(), NUMBERS[:, 0]),
        (torch.nn.functional.l1_loss, NUMBERS),
        (lambda y, p: (y - p) ** 2, NUMBERS),
    ],
    ids=["module", "flat", "function", "own"],
)
@pytest.mark.parametrize("weight", [None, np.ones(96)], ids=["plain", "weighted"])
def test_torch_losses_and_functions_are_losses(loss, y, weight):
    model = regressor(loss=loss)
    got = model.evaluate(X, y, sample_weight=weight, verbose=0)
    error = NUMBERS - model.predict(X, verbose=0)
    expected = np.abs(error).mean() if loss is torch.nn.functional.l1_loss else (error**2).mean()
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_torch_cross_entropy_takes_labels():
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(3)])
    model.compile("sgd", torch.nn.CrossEntropyLoss(), metrics=["accuracy"])
    for y in (LABELS, LABELS[:, None], LABELS.astype("int32")):
        assert np.isfinite(quiet(model, X, y).history["loss"]).all()


@pytest.mark.parametrize("name", ["optimizer", "loss"])
def test_unknown_names_are_errors_of_compile(name):
    with pytest.raises(Invalid, match=rf"compile\({name}"):
        classifier(**{name: "nothing_like_it"})


def test_metrics_are_a_list():
    with pytest.raises(Invalid, match=r"Write \['accuracy'\]"):
        quiet(classifier(metrics="accuracy"), X, LABELS)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_methods_before_compile_say_compile(method):
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(3)])
    with pytest.raises(ValueError, match="compile"):
        getattr(model, method)(X, LABELS)


def test_predict_needs_no_compile():
    model = kerasviz.Sequential([layers.Dense(3)])
    assert model.predict(X, verbose=0).shape == (96, 3)


def test_compile_config_makes_an_equal_compile():
    model = classifier(optimizer=kerasviz.optimizers.Adam(0.01))
    config = model.get_compile_config()
    other = kerasviz.Sequential([layers.Input((5,)), layers.Dense(3, "softmax")])
    other.compile_from_config(config)
    assert other.get_compile_config() == config
    assert float(other.optimizer.learning_rate) == pytest.approx(0.01)


# what is found before training

WRONG = {
    "label too large": (classifier, X, LABELS + 1, "labels from 0 to 2"),
    "label negative": (classifier, X, LABELS - 1, "labels from 0 to 2"),
    "one-hot for labels": (classifier, X, np.eye(3)[LABELS], "categorical_crossentropy"),
    "labels for one-hot": (lambda: classifier(loss="categorical_crossentropy"), X, LABELS, "sparse_categorical"),
    "features": (classifier, X[:, :4], LABELS, r"shape \(None, 5\)"),
    "rank": (classifier, X[0], LABELS[:5], r"shape \(None, 5\)"),
    "two inputs": (classifier, [X, X], LABELS, "an array for each input"),
    "no targets": (classifier, X, None, "targets"),
    "target shape": (regressor, X, np.zeros((96, 1, 2)), "as the output"),
    "empty": (classifier, X[:0], LABELS[:0], "at least one row"),
    "unequal": (classifier, X, LABELS[:50], "same number of rows"),
}


@pytest.mark.parametrize(("make", "x", "y", "message"), WRONG.values(), ids=WRONG)
def test_wrong_data_is_refused_before_training(make, x, y, message):
    model = make()
    before = model.get_weights()
    told = []
    with pytest.raises(Invalid, match=message):
        quiet(model, x, y, callbacks=[callbacks.LambdaCallback(on_train_begin=told.append)])
    assert not told
    for one, other in zip(before, model.get_weights(), strict=True):
        assert (one == other).all()


def test_wrong_validation_data_is_refused_before_training():
    with pytest.raises(Invalid, match="labels from 0 to 2"):
        quiet(classifier(), X, LABELS, validation_data=(X, LABELS + 5))


@pytest.mark.parametrize("make", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_watching_a_validation_value_needs_validation_data(make):
    with pytest.raises(Invalid, match="validation data"):
        quiet(classifier(), X, LABELS, callbacks=[make()])


def test_watching_an_unknown_value_names_the_near_miss():
    with pytest.raises(Invalid, match="Did you mean 'accuracy'"):
        quiet(classifier(), X, LABELS, callbacks=[callbacks.EarlyStopping("acuracy")])


def test_values_of_the_users_own_callbacks_may_be_watched():
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_f1"] = 1.0

    stop = callbacks.EarlyStopping("val_f1", mode="max")
    assert len(quiet(classifier(), X, LABELS, epochs=5, callbacks=[Adds(), stop]).epoch) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 0},
        {"epochs": 2.5},
        {"validation_split": 1.5},
        {"validation_freq": 0},
        {"steps_per_epoch": 0},
        {"class_weight": [1, 2]},
    ],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(Invalid):
        quiet(classifier(), X, LABELS, **options)


# what the loop does


def test_events_are_pulled_and_not_pulling_is_a_pause():
    model = classifier()
    events = model.training_events(X, LABELS, epochs=2, batch_size=48)
    before = model.get_weights()[0]
    assert isinstance(next(events), TrainBegin)
    next(events)
    assert isinstance(next(events), TrainBatchBegin)
    assert (model.get_weights()[0] == before).all()
    assert isinstance(next(events), TrainBatchEnd)
    assert (model.get_weights()[0] != before).any()
    rest = list(events)
    assert isinstance(rest[-1], TrainEnd)
    assert [event.step for event in rest if isinstance(event, TrainBatchEnd)] == [1, 2, 3]


def test_mistakes_are_raised_when_the_events_are_made():
    with pytest.raises(Invalid, match="labels from 0 to 2"):
        classifier().training_events(X, LABELS + 1)


def test_a_pulled_training_equals_fit():
    weights = []
    for way in ("fit", "events"):
        torch.manual_seed(5)
        model = classifier()
        model.set_weights([np.full((5, 3), 0.1), np.zeros(3)])
        torch.manual_seed(6)
        if way == "fit":
            quiet(model, X, LABELS, epochs=2)
        else:
            for _ in model.training_events(X, LABELS, epochs=2):
                torch.zeros(3)
        weights.append(model.get_weights()[0])
    assert (weights[0] == weights[1]).all()


def test_logs_that_somebody_keeps_stay_as_they_were():
    model = classifier()
    events = [event for event in model.training_events(X, LABELS, batch_size=8) if isinstance(event, TrainBatchEnd)]
    kept = [event.logs["loss"] for event in events]
    model.set_weights([np.full((5, 3), 0.1), np.zeros(3)])
    assert len(set(kept)) == len(kept)


def test_logs_are_floats_and_nobody_pays_who_does_not_look(monkeypatch):
    from kerasviz.training import step

    reads = []
    floats = step.floats
    monkeypatch.setattr(step, "floats", lambda values: reads.append(1) or floats(values))
    model = classifier()
    seen = []
    look = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))
    quiet(model, X, LABELS, batch_size=4, callbacks=[look])
    assert len(reads) == 1
    assert all(type(value) is float for value in seen[0].values())


def test_stopping_is_honoured_after_a_batch():
    model = classifier()
    batches = []

    def stop(batch, logs):
        batches.append(batch)
        model.stop_training = batch == 2

    history = quiet(
        model, X, LABELS, epochs=5, batch_size=8, callbacks=[callbacks.LambdaCallback(on_train_batch_end=stop)]
    )
    assert batches == [0, 1, 2]
    assert history.epoch == [0]


def test_a_generator_that_runs_out_ends_the_training_with_a_warning():
    batches = ((X[:8], LABELS[:8]) for _ in range(5))
    with pytest.warns(UserWarning, match="ran out"):
        history = quiet(classifier(), batches, epochs=3, steps_per_epoch=2)
    assert history.epoch == [0, 1, 2]


def test_a_generator_of_one_pass_trains_one_epoch_quietly():
    history = quiet(classifier(), ((X[:8], LABELS[:8]) for _ in range(5)))
    assert history.params["steps"] is None
    assert len(history.history["loss"]) == 1


def test_batches_may_be_written_over_by_their_generator():
    x, y = np.zeros((8, 5), "float32"), np.zeros(8, "int64")

    def reused():
        for start in range(0, 96, 8):
            x[:], y[:] = X[start : start + 8], LABELS[start : start + 8]
            yield x, y

    model = classifier()
    weights = model.get_weights()
    by_generator = model.evaluate(reused(), verbose=0)
    model.set_weights(weights)
    np.testing.assert_allclose(by_generator, model.evaluate(X, LABELS, batch_size=8, verbose=0), rtol=1e-5)


def test_metrics_do_not_depend_on_how_many_batches_wait():
    values = []
    for size in (1, 7, 96):
        model = classifier(metrics=["accuracy", "sparse_categorical_crossentropy"])
        model.set_weights([np.full((5, 3), 0.1) * np.arange(3), np.zeros(3)])
        values.append(model.evaluate(X, LABELS, batch_size=size, verbose=0))
    np.testing.assert_allclose(values[1:], [values[0]] * 2, rtol=1e-5)


def test_metrics_of_the_user_see_every_batch():
    sizes = []

    class Sizes(kerasviz.metrics.Metric):
        def update_state(self, y_true, y_pred, sample_weight=None):
            sizes.append(len(y_true))

        def result(self):
            return torch.tensor(float(len(sizes)))

        def reset_state(self):
            sizes.clear()

    quiet(classifier(metrics=[Sizes(name="sizes")]), X, LABELS, batch_size=16)
    assert sizes == [16] * 6


def test_fit_goes_on_where_the_last_ended():
    model = classifier(optimizer="adam")
    first = quiet(model, X, LABELS, epochs=2).history["loss"]
    second = quiet(model, X, LABELS, epochs=4, initial_epoch=2)
    assert second.epoch == [2, 3]
    assert second.history["loss"][0] < first[0]
    assert int(model.optimizer.iterations) == 12


def test_losses_of_layers_are_learned_from():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(inputs.square().mean() * 10)
            return inputs

    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, Penalty()(layers.Dense(2)(inputs)))
    model.compile("sgd")
    losses = quiet(model, X, epochs=5).history["loss"]
    assert losses[-1] < losses[0] / 2


def test_nothing_to_make_smaller_is_an_error():
    model = regressor()
    model.compile("sgd")
    with pytest.raises(Invalid, match="a loss to make smaller"):
        quiet(model, X, NUMBERS)


def test_running_eagerly_gives_the_same():
    losses = []
    for eager in (False, True):
        model = classifier(run_eagerly=eager)
        model.set_weights([np.full((5, 3), 0.1) * np.arange(3), np.zeros(3)])
        losses.append(quiet(model, X, LABELS, shuffle=False, epochs=2).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


# what may be overridden


def subclass(**methods):
    inputs = layers.Input((5,))
    cls = type("Own", (kerasviz.Model,), methods)
    return cls(inputs, layers.Dense(1)(inputs))


def test_own_train_step_is_used_and_its_logs_are_kept():
    seen = []
    model = subclass(train_step=lambda self, data: seen.append(len(data)) or {"loss": 1.0, "extra": torch.tensor(2.0)})
    model.compile("sgd", "mse")
    history = quiet(model, X, NUMBERS, batch_size=48)
    assert seen == [2, 2]
    assert history.history == {"extra": [2.0], "loss": [1.0]}


def loader(*columns):
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*columns), batch_size=96)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ((X,), torch.Tensor),
        (({"input": X},), dict),
        (([X],), tuple),
        ((X, NUMBERS), tuple),
        ((torch.utils.data.DataLoader(torch.from_numpy(X), batch_size=96),), torch.Tensor),
        ((loader(torch.from_numpy(X)),), tuple),
    ],
    ids=["array", "dict", "list", "targets", "loader of tensors", "loader of rows"],
)
def test_own_steps_get_data_in_the_form_of_keras(data, form):
    seen = []

    def step(self, data):
        seen.append(type(data))
        return {"loss": 1.0}

    model = subclass(train_step=step, test_step=step, predict_step=lambda self, data: seen.append(type(data)) or X)
    model.compile("sgd", "mse")
    quiet(model, *data, batch_size=None if len(data) == 1 and hasattr(data[0], "dataset") else 96)
    model.evaluate(*data, verbose=0, steps=1)
    model.predict(data[0], verbose=0, steps=1)
    assert seen == [form, form, form if len(data) == 1 else torch.Tensor]


def test_own_test_and_predict_steps_are_used():
    model = subclass(test_step=lambda self, data: {"loss": 3.0}, predict_step=lambda self, data: data[:, :1])
    model.compile("sgd", "mse")
    assert model.evaluate(X, NUMBERS, verbose=0) == 3.0
    assert (model.predict(X, verbose=0) == X[:, :1]).all()
    assert quiet(model, X, NUMBERS, validation_data=(X, NUMBERS)).history["val_loss"] == [3.0]


def test_own_loss_is_learned_from():
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return (y_pred - 7).square().mean()

    model = subclass(compute_loss=compute_loss)
    model.compile("sgd", "mse")
    quiet(model, X, NUMBERS, epochs=100)
    assert abs(model.predict(X, verbose=0).mean() - 7) < 0.5


def test_own_metrics_are_reported():
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return {**kerasviz.Model.compute_metrics(self, x, y, y_pred, sample_weight), "own": 5.0}

    model = subclass(compute_metrics=compute_metrics)
    model.compile("sgd", "mse", metrics=["mae"])
    assert list(quiet(model, X, NUMBERS).history) == ["loss", "mae", "own"]


def test_super_train_step_may_be_called():
    class Own(kerasviz.Model):
        def train_step(self, data):
            return super().train_step(data)

    inputs = layers.Input((5,))
    own = Own(inputs, layers.Dense(1)(inputs))
    histories = []
    for model in (subclass(), own):
        model.compile("sgd", "mse", metrics=["mae"])
        model.set_weights([np.ones((5, 1)), np.zeros(1)])
        histories.append(quiet(model, X, NUMBERS, shuffle=False, epochs=2).history)
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-5)


def test_mixed_float16_scales_the_loss():
    inputs = layers.Input((5,))
    hidden = layers.Dense(8, dtype="mixed_float16")(inputs)
    model = kerasviz.Model(inputs, layers.Dense(1, dtype="float32")(hidden))
    model.compile(kerasviz.optimizers.SGD(0.01, loss_scale_factor=1024.0), "mse")
    losses = quiet(model, X, NUMBERS, epochs=3).history["loss"]
    assert losses[-1] < losses[0] < 100


def test_epoch_end_has_the_validation_in_its_logs():
    events = classifier().training_events(X, LABELS, validation_split=0.25)
    logs = next(event.logs for event in events if isinstance(event, EpochEnd))
    assert list(logs) == ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_predict_of_uneven_batches_has_every_row_once():
    model = kerasviz.Sequential([layers.Input((1,)), layers.Rescaling(2.0)])
    x = np.arange(10, dtype="float32")[:, None]
    assert (model.predict(x, batch_size=3, verbose=0) == 2 * x).all()


def test_training_in_a_thread_equals_training_here():
    import threading

    weights = []
    for threaded in (False, True):
        model = classifier()
        model.set_weights([np.full((5, 3), 0.1) * np.arange(3), np.zeros(3)])
        work = lambda model=model: quiet(model, X, LABELS, shuffle=False)  # noqa: E731
        if threaded:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        else:
            work()
        weights.append(model.get_weights()[0])
    assert (weights[0] == weights[1]).all()


@pytest.mark.parametrize("frequency", ["epoch", 5])
def test_a_killed_training_goes_on_from_its_backup(tmp_path, frequency):
    class Killed(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def train(*more, make=classifier):
        model = make(optimizer="adam")
        model.set_weights([np.full((5, 3), 0.1) * np.arange(3), np.zeros(3)])
        backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq=frequency)
        options = {"epochs": 4, "batch_size": 16, "shuffle": False, "callbacks": [backup, *more]}
        return model, quiet(model, X, LABELS, **options)

    whole, _ = train()
    with pytest.raises(KeyboardInterrupt):
        train(Killed())
    resumed, history = train()
    assert history.epoch == ([2, 3] if frequency == "epoch" else [1, 2, 3])
    if frequency == "epoch":
        np.testing.assert_array_equal(resumed.get_weights()[0], whole.get_weights()[0])
    assert not (tmp_path / "backup").exists()


class Counting(layers.Layer):
    """Counts its calls, in a variable and in a buffer."""

    def __init__(self):
        super().__init__()
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")
        self.in_place = self.add_weight(shape=(), initializer="zeros", trainable=False, name="in_place")

    def call(self, x):
        self.calls.assign_add(1.0)
        self.in_place.add_(1.0)
        return x * 2


@pytest.mark.parametrize("kind", ["functional", "sequential", "subclass"])
def test_variables_change_with_the_batches_and_not_while_shapes_are_looked_for(kind):
    counting, dense = Counting(), layers.Dense(1)
    if kind == "subclass":

        class Own(kerasviz.Model):
            def __init__(self):
                super().__init__()
                self.parts = [counting, dense]

            def call(self, x):
                return dense(counting(x))

        model = Own()
    elif kind == "sequential":
        model = kerasviz.Sequential([layers.Input((5,)), counting, dense])
    else:
        inputs = layers.Input((5,))
        model = kerasviz.Model(inputs, dense(counting(inputs)))
    model.compile("sgd", "mse")
    quiet(model, X, NUMBERS, batch_size=24)
    assert (float(counting.calls), float(counting.in_place)) == (4.0, 4.0)
    model.predict(X, batch_size=48, verbose=0)
    assert (float(counting.calls), float(counting.in_place)) == (6.0, 6.0)

"""Bad input: each mistake is told early, with place, expectation, what came, and what to do; and nothing is lost."""

import zipfile

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import callbacks, layers, losses, optimizers
from kerasviz.declare import Invalid

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(20, 5)).astype("float32")
LABELS = np.arange(20) % 3
NUMBERS = X[:, :1].copy()
SPARSE = "sparse_categorical_crossentropy"
IDS = RANDOM.integers(0, 5, (20, 4))


def classifier(loss=SPARSE, optimizer="sgd", units=3, activation="softmax", **compiled):
    model = kerasviz.Sequential([layers.Input((5,), name="features"), layers.Dense(units, activation)])
    model.compile(optimizer, loss, **compiled)
    return model


def rule(y_true, y_pred):
    return (y_pred - y_pred).sum(-1)


def ruled():
    return classifier(metrics=[rule])


def two_headed(loss=(SPARSE, "mse"), **compiled):
    inputs = layers.Input((5,), name="features")
    hidden = layers.Dense(4)(inputs)
    label = layers.Dense(3, "softmax", name="label")(hidden)
    number = layers.Dense(1, name="number")(hidden)
    model = kerasviz.Model(inputs, {"label": label, "number": number})
    model.compile("sgd", list(loss) if isinstance(loss, tuple) else loss, **compiled)
    return model


def reader():
    stack = [layers.Input((4,), dtype="int32", name="ids"), layers.Embedding(5, 3), layers.GlobalAveragePooling1D()]
    model = kerasviz.Sequential([*stack, layers.Dense(3, "softmax")])
    model.compile("sgd", SPARSE)
    return model


def fit(model, x=X, y=LABELS, **options):
    return model.fit(x, y, **{"verbose": 0, **options})


def told(mistake):
    """The error, which has its four parts and says what came."""
    with pytest.raises(Invalid) as caught:
        mistake()
    error = caught.value
    assert error.where
    assert error.expected
    assert str(error).startswith(f"{error.where}: expected {error.expected}, got ")
    return error


# arguments

UNKNOWN = {
    "layer": (lambda: layers.Dense(3, activaton="relu"), "Dense", "activation"),
    "optimizer": (lambda: optimizers.Adam(lr=0.1), "Adam", "learning_rate"),
    "loss": (lambda: losses.Huber(detla=1), "Huber", "delta"),
    "callback": (lambda: callbacks.EarlyStopping(patiance=3), "EarlyStopping", "patience"),
}


@pytest.mark.parametrize(("mistake", "kind", "near"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_argument_is_told_with_the_near_miss(mistake, kind, near):
    with pytest.raises(TypeError, match=rf"{kind} has no argument .* Did you mean `{near}`"):
        mistake()


def test_missing_argument_is_told_with_its_meaning():
    with pytest.raises(TypeError, match=r"Conv2D needs `kernel_size`.*Extent"):
        layers.Conv2D(3)


WRONG_VALUES = {
    "text for a number": (lambda: layers.Dense("3"), "units", "whole number"),
    "flag for a number": (lambda: layers.Dense(True), "units", "whole number"),
    "part of a unit": (lambda: layers.Dense(3.5), "units", "whole number"),
    "below the range": (lambda: layers.Dense(0), "units", "at least 1"),
    "above the range": (lambda: layers.Dropout(1.5), "rate", "at most 1"),
    "not a number": (lambda: layers.Dropout(float("nan")), "rate", "at most 1"),
    "too many sizes": (lambda: layers.Conv2D(3, (3, 3, 3)), "kernel_size", "2 of them"),
    "no such choice": (lambda: layers.Conv2D(3, 3, padding="causal"), "padding", "'valid' or 'same'"),
    "against each other": (lambda: layers.Conv2D(3, 3, groups=2), "groups", "divisor of filters"),
    "no such activation": (lambda: layers.Dense(3, "rleu"), "activation", "name of an activation"),
    "number for a regularizer": (lambda: layers.Dense(3, kernel_regularizer=0.1), "kernel_regularizer", "regularizer"),
    "negative rate": (lambda: optimizers.SGD(-1), "learning_rate", "at least 0"),
    "rate by word": (lambda: optimizers.SGD("fast"), "learning_rate", "at least 0"),
    "memory above one": (lambda: optimizers.Adam(beta_1=2), "beta_1", "at most 1"),
    "negative patience": (lambda: callbacks.EarlyStopping(patience=-1), "patience", "at least 0"),
    "no such mode": (lambda: callbacks.EarlyStopping(mode="up"), "mode", "'min' or 'max'"),
    "no recurrent layer": (lambda: layers.Bidirectional(layers.Dense(3)), "layer", "recurrent"),
    "negative size": (lambda: layers.Input((-1,)), "shape", "None where any size"),
    "no shape": (lambda: layers.Input(), "shape", "shape of one sample"),
}


@pytest.mark.parametrize(("mistake", "argument", "expected"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_wrong_value_is_an_error_of_its_argument(mistake, argument, expected):
    error = told(mistake)
    assert f"{argument}=" in error.where
    assert expected in error.expected


# shapes

WRONG_AT_BUILD = {
    "vector for a map": (lambda: layers.Conv2D(3, 3)(layers.Input((6,))), "conv2d", (None, 6)),
    "window above the map": (lambda: layers.Conv2D(3, 5)(layers.Input((3, 3, 1))), "height", (None, 3, 3, 1)),
    "pool above the map": (lambda: layers.MaxPooling2D(5)(layers.Input((3, 3, 1))), "height", (None, 3, 3, 1)),
    "vector for a series": (lambda: layers.LSTM(3)(layers.Input((3,))), "time", (None, 3)),
    "unknown features": (lambda: layers.Dense(3)(layers.Input((None,))), "known", (None, None)),
    "values that do not fit": (lambda: layers.Reshape((4,))(layers.Input((6,))), "4 values", (None, 6)),
    "no such axis": (lambda: layers.BatchNormalization(axis=5)(layers.Input((3,))), "axis 5", (None, 3)),
    "no such axis for softmax": (lambda: layers.Softmax(axis=7)(layers.Input((3,))), "axis 7", (None, 3)),
    "all cut off": (lambda: layers.Cropping2D(5)(layers.Input((3, 3, 1))), "height", (None, 3, 3, 1)),
    "sum of unequal": (
        lambda: layers.Add()([layers.Input((3,)), layers.Input((5,))]), "one shape", [(None, 3), (None, 5)],
    ),
    "two for one": (lambda: layers.Dense(3)([layers.Input((4,)), layers.Input((4,))]), "single", "2 inputs"),
    "sum of one": (lambda: layers.Add()(layers.Input((3,))), "list of inputs", (None, 3)),
    "attention to nothing": (
        lambda: layers.MultiHeadAttention(2, 3)(layers.Input((3, 4))), "value", "a query alone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "words", "got"), WRONG_AT_BUILD.values(), ids=WRONG_AT_BUILD)
def test_wrong_shape_is_told_where_the_graph_is_made(mistake, words, got):
    error = told(mistake)
    assert words in error.where + error.expected
    assert error.got == got


WRONG_AT_CALL = {
    "model": (lambda: classifier()(torch.rand(2, 4)), "features", (2, 4)),
    "layer": (lambda: [(d := layers.Dense(3))(torch.rand(2, 4)), d(torch.rand(2, 5))], "dense", (2, 5)),
    "mask of softmax": (
        lambda: layers.Softmax()(torch.rand(2, 3, 4), mask=torch.ones(2, 3, dtype=torch.bool)), "softmax", (2, 3),
    ),
    "number without a row": (lambda: layers.Embedding(5, 3)(torch.tensor([[1, 7]])), "embedding", 7),
    "number below zero": (lambda: layers.Embedding(5, 3)(torch.tensor([[1, -7]])), "embedding", -7),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "where", "got"), WRONG_AT_CALL.values(), ids=WRONG_AT_CALL)
def test_wrong_input_is_told_by_the_layer_that_is_called(mistake, where, got):
    error = told(mistake)
    assert where in error.where.lower()
    assert tuple(np.atleast_1d(error.got)) == tuple(np.atleast_1d(got))


# what compile, fit, evaluate and predict are given

WRONG_COMPILE = {
    "optimizer": ({"optimizer": "adan"}, "Did you mean 'adam'?"),
    "loss": ({"loss": "categorical_crossentrop"}, "Did you mean 'categorical_crossentropy'?"),
    "loss in a list": ({"loss": ["mze"]}, "Did you mean 'mse'?"),
    "metric": ({"metrics": ["acuracy"]}, "Did you mean 'accuracy'?"),
    "metric by output": ({"metrics": {"dense": ["acuracy"]}}, "Did you mean 'accuracy'?"),
    "weighted metric": ({"weighted_metrics": ["acuracy"]}, "Did you mean 'accuracy'?"),
    "number for a metric": ({"metrics": [3]}, ""),
}


@pytest.mark.parametrize(("arguments", "hint"), WRONG_COMPILE.values(), ids=WRONG_COMPILE)
def test_compile_tells_of_unknown_names_at_once(arguments, hint):
    error = told(lambda: classifier(**arguments))
    assert error.where == f"compile({next(iter(arguments))}=...)"
    assert error.hint == hint


WRONG_FIT = {
    "features": (classifier, {"x": X[:, :4]}, "features", (None, 4)),
    "one sample": (classifier, {"x": X[0], "y": LABELS[:5]}, "features", (None,)),
    "rows": (classifier, {"y": LABELS[:7]}, "data", None),
    "no rows": (classifier, {"x": X[:0], "y": LABELS[:0]}, "data", None),
    "no data": (classifier, {"x": None}, "x", None),
    "no batches": (classifier, {"x": iter(()), "y": None}, "data", None),
    "no targets": (classifier, {"y": None}, "y", None),
    "text": (classifier, {"y": LABELS.astype(str)}, "y", None),
    "lists of several lengths": (classifier, {"x": [[1, 2], [3]], "y": [0, 1]}, "x", "lists of several lengths"),
    "label above": (classifier, {"y": LABELS + 1}, "y", 3),
    "label below": (classifier, {"y": LABELS - 1}, "y", -1),
    "label missing": (classifier, {"y": np.where(LABELS == 1, np.nan, 0)}, "y", None),
    "half a label": (classifier, {"y": LABELS + 0.5}, "y", 0.5),
    "label above, loss renamed": (
        lambda: classifier(losses.SparseCategoricalCrossentropy(name="mine")), {"y": LABELS + 1}, "y", 3,
    ),
    "label above, loss of torch": (
        lambda: classifier(torch.nn.CrossEntropyLoss(), activation=None), {"y": LABELS + 1}, "y", 3,
    ),
    "neither yes nor no": (lambda: classifier("binary_crossentropy", units=1), {"y": LABELS}, "y", 2),
    "one-hot for labels": (classifier, {"y": np.eye(3)[LABELS]}, "y", (None, 3)),
    "labels for one-hot": (lambda: classifier("categorical_crossentropy"), {}, "y", (None,)),
    "targets of another shape": (lambda: classifier("mse"), {"y": X}, "y", (None, 5)),
    "labels of one output": (two_headed, {"y": {"label": LABELS + 1, "number": NUMBERS}}, '"label"', 3),
    "name of an output": (two_headed, {"y": {"label": LABELS, "numbr": NUMBERS}}, "y", "numbr"),
    "one of two outputs": (two_headed, {"y": LABELS}, "y", (None,)),
    "number without a row": (reader, {"x": IDS + 1}, "ids", 5),
    "weights of another shape": (classifier, {"sample_weight": np.ones((20, 7))}, "sample_weight", (None, 7)),
    "class weight of no label": (classifier, {"class_weight": {-1: 2.0}}, "class_weight", {-1: 2.0}),
    "class weight by word": (classifier, {"class_weight": {0: "much"}}, "class_weight", {0: "much"}),
    "epochs": (classifier, {"epochs": "3"}, "epochs", "3"),
    "first epoch": (classifier, {"initial_epoch": -1}, "initial_epoch", -1),
    "batch size": (classifier, {"batch_size": 0}, "batch_size", 0),
    "shuffle": (classifier, {"shuffle": "yes"}, "shuffle", "yes"),
    "verbose": (classifier, {"verbose": 5}, "verbose", 5),
    "share": (classifier, {"validation_split": "a fifth"}, "validation_split", "a fifth"),
    "class for a callback": (classifier, {"callbacks": [callbacks.History]}, "callbacks", callbacks.History),
    "name for a callback": (classifier, {"callbacks": "EarlyStopping"}, "callbacks", "EarlyStopping"),
    "validation features": (classifier, {"validation_data": (X[:, :2], LABELS)}, "validation_data", (None, 2)),
    "validation labels": (classifier, {"validation_data": (X, LABELS + 1)}, "y", 3),
    "validation of no rows": (classifier, {"validation_data": (X[:0], LABELS[:0])}, "data", None),
    "no validation to watch": (
        classifier, {"callbacks": [callbacks.EarlyStopping("val_loss")]}, "EarlyStopping", "val_loss",
    ),
    "value to watch of which nobody knows what is better": (
        ruled, {"callbacks": [callbacks.EarlyStopping("rule")]}, "EarlyStopping(mode='auto')", "rule",
    ),
    "rate to watch": (
        classifier, {"callbacks": [callbacks.ReduceLROnPlateau("learning_rate")]}, "ReduceLROnPlateau", "learning_rate",
    ),
    "no such value to watch": (
        classifier, {"callbacks": [callbacks.ReduceLROnPlateau("acuracy")]}, "ReduceLROnPlateau", "acuracy",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "arguments", "where", "got"), WRONG_FIT.values(), ids=WRONG_FIT)
def test_fit_tells_of_mistakes_before_it_learns(make, arguments, where, got):
    model = make()
    before = model.get_weights()
    error = told(lambda: fit(model, **arguments))
    assert where in error.where
    if got is not None:
        assert error.got == got
    for one, other in zip(before, model.get_weights(), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "test_on_batch"])
def test_other_methods_tell_of_labels_outside_the_classes(method):
    error = told(lambda: getattr(classifier(), method)(X, LABELS + 5))
    assert "The last layer needs 8 outputs" in error.hint


@pytest.mark.parametrize("x", [X[:, :3], X[0], None, "text"], ids=["features", "one", "None", "text"])
def test_predict_tells_of_wrong_data(x):
    told(lambda: classifier().predict(x, verbose=0))


def test_predict_tells_of_numbers_without_a_row():
    error = told(lambda: reader().predict(IDS + 1, verbose=0))
    assert error.hint == "Use input_dim=6, the largest number plus one."


@pytest.mark.parametrize("loss", [SPARSE, losses.SparseCategoricalCrossentropy(from_logits=True)])
def test_a_wrong_label_in_a_later_batch_of_a_generator_is_told(loss):
    model = classifier(loss)
    error = told(lambda: fit(model, ((X, LABELS + 9 * (index == 2)) for index in range(4)), None))
    assert error.expected == "labels from 0 to 2, one for each of the 3 outputs"
    assert error.got == 11


@pytest.mark.parametrize("make", [lambda: torch.nn.L1Loss(), lambda: Own(), lambda: lambda y, p: p.mean()])
def test_losses_of_others_may_take_targets_of_any_shape(make):
    model = classifier(make(), units=1, activation=None)
    fit(model, X, X if not isinstance(model.loss, torch.nn.Module) else NUMBERS)


class Own(losses.Loss):
    def call(self, y_true, y_pred):
        return (y_true.mean(-1) - y_pred[:, 0]).square()


def test_labels_of_losses_over_classes_and_pairs_are_taken():
    for loss in (losses.CategoricalGeneralizedCrossEntropy(), losses.Circle()):
        assert np.isfinite(fit(classifier(loss)).history["loss"]).all()


def test_targets_that_are_stretched_to_the_output_are_warned_of():
    with pytest.warns(UserWarning, match="compared with several"):
        fit(classifier("mse"), X, NUMBERS)


# nothing is lost


def test_a_loss_that_is_no_number_ends_the_training_and_keeps_the_history(capsys):
    model = classifier("mse", optimizers.SGD(1e30), units=1, activation=None)
    history = fit(model, X, NUMBERS, epochs=5, batch_size=20, callbacks=[callbacks.TerminateOnNaN()])
    assert history.epoch == [0, 1]
    assert np.isfinite(history.history["loss"][0])
    assert not np.isfinite(history.history["loss"][1])
    assert "Invalid loss, terminating training" in capsys.readouterr().out


def test_inputs_that_are_no_numbers_end_the_training_at_the_first_batch():
    batches = []
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    fit(classifier(), np.full_like(X, np.nan), epochs=5, batch_size=4, callbacks=[callbacks.TerminateOnNaN(), count])
    assert batches == [0]


FAILURES = {
    "callback": lambda: {"callbacks": [Failing()]},
    "generator": lambda: {"x": failing_batches(), "y": None, "steps_per_epoch": 2},
}


class Failing(callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise OSError("disk full")


def failing_batches():
    for _ in range(4):
        yield X, LABELS
    raise OSError("disk full")


@pytest.mark.parametrize("options", FAILURES.values(), ids=FAILURES)
def test_a_training_that_fails_keeps_its_history_and_weights_and_can_go_on(options):
    model = classifier()
    start = model.get_weights()[0]
    with pytest.raises(OSError, match="disk full"):
        fit(model, **{"epochs": 5, **options()})
    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2
    assert (model.get_weights()[0] != start).any()
    again = fit(model, epochs=4, initial_epoch=2)
    assert again.epoch == [2, 3]
    assert again.history["loss"][0] < model.history.history["loss"][0] + 0.1


class Unsaveable(layers.Layer):
    def call(self, inputs):
        return inputs

    def get_config(self):
        raise RuntimeError("no config")


def test_a_save_that_fails_keeps_the_last_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "model.keras"
    classifier().save(path)
    before = path.read_bytes()
    broken = kerasviz.Sequential([layers.Input((5,)), Unsaveable()])
    with pytest.raises(RuntimeError, match="no config"):
        broken.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.keras"]


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("not a model"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "other archive": lambda path: zipfile.ZipFile(path, "w").close(),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_told_by_its_name(damage, tmp_path):
    path = tmp_path / "model.keras"
    classifier().save(path)
    damage(path)
    error = told(lambda: kerasviz.models.load_model(path))
    assert "model.keras" in str(error)


def test_weights_of_another_model_are_refused_and_change_nothing(tmp_path):
    path = tmp_path / "model.weights.h5"
    classifier(units=4).save_weights(path)
    model = classifier()
    before = model.get_weights()
    told(lambda: model.load_weights(path))
    for one, other in zip(before, model.get_weights(), strict=True):
        assert (one == other).all()

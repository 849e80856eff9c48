"""Arrays of every kind as data, and what is done to their rows."""

import tracemalloc

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.training import arrays
from kerasviz.training.arrays import Arrays, rebuilder
from kerasviz.training.data import make_source

CPU = torch.device("cpu")


def source(*columns, **options):
    return make_source(*columns, device=CPU, **options)


def first(*columns, **options):
    return next(iter(source(*columns, **options)))


def regressor(size=2):
    kerasviz.utils.set_random_seed(2)
    model = kerasviz.Sequential([layers.Input((size,)), layers.Dense(3, "tanh"), layers.Dense(1)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    return model


# --- kinds ----------------------------------------------------------------------------------------------------------

TABLE = np.arange(12.0).reshape(6, 2)


class Sparse:
    """Stands in for scipy's sparse matrices, which say `toarray`."""

    def __init__(self, dense):
        self.dense = dense
        self.shape = dense.shape

    def toarray(self):
        return self.dense


def read_only():
    array = TABLE.copy()
    array.flags.writeable = False
    return array


KINDS = {
    "float64": lambda path: TABLE,
    "float32": lambda path: TABLE.astype("float32"),
    "float16": lambda path: TABLE.astype("float16"),
    "longdouble": lambda path: TABLE.astype(np.longdouble),
    "big-endian": lambda path: TABLE.astype(">f8"),
    "columns first": lambda path: np.asfortranarray(TABLE),
    "every second": lambda path: np.repeat(TABLE, 2, axis=0)[::2],
    "reversed": lambda path: TABLE[::-1].copy()[::-1],
    "a field of records": lambda path: np.array(
        [(1, tuple(row)) for row in TABLE], dtype=[("a", "i1"), ("b", "f8", (2,))]
    )["b"],
    "read only": lambda path: read_only(),
    "a file": lambda path: np.load(path, mmap_mode="r"),
    "objects": lambda path: TABLE.astype(object),
    "lists": lambda path: TABLE.tolist(),
    "lists of tuples": lambda path: [tuple(row) for row in TABLE.tolist()],
    "tensor": lambda path: torch.tensor(TABLE),
    "tensor with gradient": lambda path: torch.tensor(TABLE, requires_grad=True) * 1.0,
    "parameter": lambda path: torch.nn.Parameter(torch.tensor(TABLE)),
    "transposed tensor": lambda path: torch.tensor(TABLE.T.copy()).T,
    "bfloat16 tensor": lambda path: torch.tensor(TABLE).bfloat16(),
    "sparse": lambda path: Sparse(TABLE),
    "variable": lambda path: kerasviz.Variable(TABLE),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "table.npy"
    np.save(path, TABLE)
    return path


@pytest.mark.parametrize("at_once", [0, 2**20], ids=["by blocks", "at once"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_arrays_of_every_kind_train_alike(kind, at_once, path, monkeypatch):
    monkeypatch.setattr(arrays, "AT_ONCE_BYTES", at_once)
    y, options = TABLE[:, 0] * 0.1, {"validation_split": 0.34, "batch_size": 3, "epochs": 2, "verbose": 0}
    data = kind(path)
    (x,) = first(data)
    assert type(x) is torch.Tensor
    assert (x.dtype, x.requires_grad, x.tolist()) == (torch.float32, False, TABLE.tolist())
    model, expected = regressor(), regressor()
    assert model.fit(data, y, **options).history == expected.fit(TABLE.astype("float32"), y, **options).history
    np.testing.assert_array_equal(model.predict(data, verbose=0), expected.predict(TABLE, verbose=0))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_whole_numbers_of_every_dtype_train(dtype):
    x = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], dtype)
    model, expected = regressor(), regressor()
    y = np.arange(4.0)
    assert model.fit(x, y, verbose=0).history == expected.fit(x.astype("float32"), y, verbose=0).history


WRONG = {
    "objects": np.array([{}, 1], dtype=object),
    "rows of several lengths": [[1, 2], [3]],
    "arrays of several lengths": np.array([np.ones(2), np.ones(3)], dtype=object),
    "masked places": np.ma.masked_array(np.ones(3), [True, False, False]),
    "times": np.array(["2024-01-01"], "datetime64[D]"),
    "spans": np.array([1, 2], "timedelta64[D]"),
    "records": np.zeros(3, dtype=[("a", "f4"), ("b", "f4")]),
    "sparse tensor": torch.eye(3).to_sparse(),
    "nested tensor": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    "a number": 3.0,
    "a tensor without axes": torch.tensor(3.0),
    "a function": len,
    "an object": object(),
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_what_has_no_rows_of_numbers_is_refused(data):
    with pytest.raises(Invalid) as error:
        source(data)
    assert error.value.where.startswith("x")


def test_unequal_rows_are_told_by_argument():
    with pytest.raises(Invalid, match="x: 4, y: 5, sample_weight: 4"):
        source(np.ones(4), np.ones(5), np.ones(4))
    with pytest.raises(Invalid, match="x: 4, 3"):
        source([np.ones(4), np.ones(3)])


def test_no_rows_are_refused_and_one_row_is_enough():
    with pytest.raises(Invalid, match="at least one row"):
        regressor().fit(np.ones((0, 2)), np.ones(0), verbose=0)
    assert regressor().predict(np.ones((1, 2)), verbose=0).shape == (1, 1)
    regressor().fit(np.ones((1, 2)), np.ones(1), batch_size=64, verbose=0)


def test_a_large_array_is_never_converted_as_a_whole(monkeypatch):
    monkeypatch.setattr(arrays, "AT_ONCE_BYTES", 2**16)
    x = np.ones((20_000, 50))  # 8 MB
    data = source(x, x[:, :1], batch_size=32, shuffle=True)
    assert data.leaves[0].data_ptr() == x.ctypes.data
    assert {batch[0].dtype for batch in data} == {torch.float32}
    tracemalloc.start()
    for _ in data:
        pass
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


# --- order ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_the_order_is_as_the_seed_says(shuffle):
    def order():
        kerasviz.utils.set_random_seed(7)
        data = source(np.arange(50), batch_size=8, shuffle=shuffle)
        return [torch.cat([batch[0] for batch in data]).tolist() for _ in range(2)]

    assert order() == order()
    assert order()[0] != order()[1]


def test_whole_batches_stay_together_where_batches_are_shuffled():
    data = source(np.arange(22), batch_size=5, shuffle="batch")
    got = torch.cat([batch[0] for batch in data]).tolist()
    runs = {tuple(range(start, min(start + 5, 22))) for start in range(0, 22, 5)}
    at = 0
    while at < 22:
        run = next(run for run in runs if run[0] == got[at])
        assert got[at : at + len(run)] == list(run)
        at += len(run)


def test_validation_has_the_last_rows_in_order_and_no_class_weights():
    train, valid = source(np.arange(10), np.arange(10), shuffle=True, class_weight={0: 2.0}).split(0.3)
    assert sorted(next(iter(train))[0].tolist()) == list(range(7))
    assert len(next(iter(train))) == 3
    (batch,) = valid
    assert [part.tolist() for part in batch] == [[7, 8, 9], [7, 8, 9]]


def test_validation_split_takes_its_share_of_sample_weights():
    x, y, weight = np.ones((10, 2)), np.arange(10.0), np.arange(10.0)
    history = regressor().fit(x, y, sample_weight=weight, validation_split=0.4, verbose=0).history
    expected = regressor().fit(
        x[:6], y[:6], sample_weight=weight[:6], verbose=0, validation_data=(x[6:], y[6:], weight[6:])
    )
    assert history == expected.history


# --- nests ----------------------------------------------------------------------------------------------------------


NESTS = {
    "a tensor": 0,
    "a list": [0, 1, 2],
    "a dict": {"b": 1, "a": 0},
    "targets": ({"b": 1, "a": 0}, 2),
    "no targets": ([0, 1], None, 2),
    "deep": ({"x": [0, (1, {"y": 2, "a": None})], "w": 3}, [4], {"z": 5}),
    "empty parts": ([], 0, {}),
}


@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_a_nest_is_built_from_its_leaves_as_it_was(nest):
    count = len([leaf for leaf in kerasviz.tree.flatten(nest) if leaf is not None])
    flat = tuple(torch.full((2,), number) for number in range(count))
    ordered = iter(flat)
    expected = kerasviz.tree.map_structure(lambda leaf: None if leaf is None else next(ordered), nest)
    build = rebuilder(expected)
    built = build(flat) if build is not None else flat
    assert kerasviz.tree.map_structure(type, built) == kerasviz.tree.map_structure(type, expected)
    assert repr(built) == repr(expected)
    if build is not None:
        assert repr(build(list(flat))) == repr(expected)


def two_inputs():
    kerasviz.utils.set_random_seed(2)
    a, b = layers.Input((2,), name="a"), layers.Input((1,), name="b")
    model = kerasviz.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    return model


def test_inputs_go_by_name_in_any_order_and_by_place_in_lists():
    x, z, y = np.ones((4, 2)), np.arange(4.0), np.ones(4)
    histories = [
        two_inputs().fit(data, y, verbose=0).history
        for data in ({"b": z, "a": x}, {"a": x, "b": z}, [x, z], (x, z), {"a": x, "b": z, "unused": z})
    ]
    assert all(history == histories[0] for history in histories)


def test_missing_inputs_are_told_by_name():
    with pytest.raises(Invalid, match="none for b"):
        two_inputs().fit({"a": np.ones((4, 2)), "c": np.ones(4), "d": np.ones(4)}, np.ones(4), verbose=0)
    with pytest.raises(Invalid, match="an array for each input: a, b"):
        two_inputs().fit([np.ones((4, 2))], np.ones(4), verbose=0)


# --- weights --------------------------------------------------------------------------------------------------------

LABELS = np.array([0, 2, 1, 2, 0, 1])
CLASSES = {0: 1.0, 1: 4.0, 2: 0.5}
EACH = np.array([CLASSES[label] for label in LABELS])
TARGETS = {
    "labels": LABELS,
    "column": LABELS[:, None],
    "one-hot": np.eye(3, dtype="float32")[LABELS],
    "one-hot whole numbers": np.eye(3, dtype="int64")[LABELS],
    "fractions": LABELS.astype("float64"),
    "small": LABELS.astype("uint8"),
}


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
def test_classes_have_weights_in_every_form_of_targets(y):
    assert first(np.ones(6), y, class_weight=CLASSES)[2].tolist() == EACH.tolist()
    assert first(np.ones(6), y, np.full(6, 2.0), class_weight=CLASSES)[2].tolist() == (2 * EACH).tolist()
    assert first(np.ones(6), {"label": y}, class_weight=CLASSES)[2]["label"].tolist() == EACH.tolist()


@pytest.mark.parametrize("form", ["labels", "one-hot"])
def test_labels_of_several_moments_have_a_weight_each(form):
    moments = np.stack([LABELS, LABELS[::-1]], axis=1)
    y = moments[..., None] if form == "labels" else np.eye(3, dtype="float32")[moments]
    weights = first(np.ones(6), y, class_weight=CLASSES)[2]
    assert weights.tolist() == np.stack([EACH, EACH[::-1]], axis=1).tolist()
    given = np.arange(6.0)
    weights = first(np.ones(6), y, given, class_weight=CLASSES)[2]
    assert weights.tolist() == (np.stack([EACH, EACH[::-1]], axis=1) * given[:, None]).tolist()


def test_class_weights_train_a_model_with_a_single_named_output():
    def history(y, **weights):
        kerasviz.utils.set_random_seed(2)
        inputs = layers.Input((2,))
        model = kerasviz.Model(inputs, {"label": layers.Dense(3, "softmax", name="label")(inputs)})
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model.fit(np.ones((6, 2)), y, verbose=0, **weights).history

    expected = history({"label": LABELS}, sample_weight={"label": EACH})
    assert history({"label": LABELS}, class_weight=CLASSES) == expected


def test_class_weights_of_several_outputs_are_refused():
    with pytest.raises(Invalid, match="y of 2 parts"):
        source(np.ones(6), [LABELS, LABELS], class_weight=CLASSES)
    with pytest.raises(Invalid, match="labels at least 0"):
        source(np.ones(6), LABELS - 1, class_weight=CLASSES)


# --- devices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [0, 2**30], ids=["by batches", "at once"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_go_to_another_device(room, shuffle, monkeypatch):
    monkeypatch.setattr(arrays, "RESIDENT_BYTES", room)
    columns = {"a": np.ones((10, 2)), "b": np.arange(10)}, np.ones(10)
    data = make_source(*columns, batch_size=4, shuffle=shuffle, device=torch.device("meta"))
    assert isinstance(data, Arrays)
    for x, y in data:
        assert {part.device.type for part in (x["a"], x["b"], y)} == {"meta"}
        assert (x["a"].dtype, x["b"].dtype) == (torch.float32, torch.int64)
    assert (data.leaves[0].device.type == "meta") == (room > 0)
    streamed = make_source(iter([columns]), device=torch.device("meta"))
    assert next(iter(streamed))[0]["a"].device.type == "meta"

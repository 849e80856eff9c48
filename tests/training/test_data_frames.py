"""Data frames and texts as data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.training import arrays
from kerasviz.training.data import make_source

CPU = torch.device("cpu")
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
SERIES = {"pandas": pd.Series, "polars": pl.Series}
MAKES = {name: (FRAMES[name], SERIES[name]) for name in FRAMES}
WORDS = ["red", "blue", "red", "green"]


def first(*columns, **options):
    """The first batch."""
    return next(iter(make_source(*columns, device=CPU, **options)))


both = pytest.mark.parametrize(("frame", "series"), MAKES.values(), ids=MAKES)


@both
def test_a_frame_is_rows_and_a_series_a_column(frame, series):
    x, y, weight = first(frame({"a": [1.5, 2.5], "b": [3.0, 4.0]}), series([0, 1]), series([0.5, 1.0]))
    assert x.tolist() == [[1.5, 3.0], [2.5, 4.0]]
    assert y.tolist() == [[0], [1]]
    assert weight.tolist() == [[0.5], [1.0]]
    assert (x.dtype, y.dtype, weight.dtype) == (torch.float32, torch.int64, torch.float32)


@both
@pytest.mark.parametrize(
    ("columns", "dtype", "rows"),
    [
        ({"a": [1, 2], "b": [3, 4]}, torch.int64, [[1, 3], [2, 4]]),
        ({"a": [True, False]}, torch.bool, [[True], [False]]),
        ({"a": [1, 2], "b": [0.5, 1.5]}, torch.float32, [[1, 0.5], [2, 1.5]]),
        ({"a": [1, 2], "b": [True, False]}, torch.int64, [[1, 1], [2, 0]]),
    ],
    ids=["whole", "yes or no", "whole and fractions", "whole and yes or no"],
)
def test_columns_of_several_kinds_get_one_that_holds_them(frame, series, columns, dtype, rows):
    (x,) = first(frame(columns))
    assert x.dtype == dtype
    assert x.tolist() == rows


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1.0, None, 3.0]),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([1, None, 3], dtype=object),
        pl.Series([1, None, 3]),
        pl.Series([1.0, None, 3.0]),
    ],
    ids=["pandas", "pandas Int64", "pandas objects", "polars", "polars fractions"],
)
def test_missing_numbers_are_nan(column):
    (x,) = first(column)
    assert x.dtype == torch.float32
    np.testing.assert_array_equal(x[:, 0], [1, np.nan, 3])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([True, None], dtype="boolean"), [1.0, np.nan]),
        (pl.Series([True, None]), [1.0, np.nan]),
        (pd.Series([1, 2], dtype="Int8"), [1, 2]),
        (pd.Series(pd.Categorical([3, 5])), [3, 5]),
        (pd.Series([0.5, 1.5], dtype="Float64"), [0.5, 1.5]),
    ],
    ids=["pandas boolean", "polars boolean", "pandas Int8", "categories of numbers", "pandas Float64"],
)
def test_nullable_columns_and_categories_of_numbers_are_numbers(column, expected):
    (x,) = first(column)
    np.testing.assert_array_equal(x[:, 0], expected)


def test_the_index_of_a_frame_is_no_data():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=[9, 4, 7])
    x, y = first(frame[frame["a"] > 1], frame["a"].iloc[1:])
    assert x.tolist() == y.tolist() == [[2.0], [3.0]]


@both
def test_columns_by_name_are_a_dict(frame, series):
    table = frame({"a": [1, 2], "b": [0.5, 1.5]})
    (x,) = first({name: table[name] for name in ("a", "b")})
    assert {name: (part.dtype, part.tolist()) for name, part in x.items()} == {
        "a": (torch.int64, [[1], [2]]),
        "b": (torch.float32, [[0.5], [1.5]]),
    }


def test_a_large_frame_of_one_dtype_is_not_copied(monkeypatch):
    monkeypatch.setattr(arrays, "AT_ONCE_BYTES", 0)
    frame = pd.DataFrame(np.zeros((50, 3)))
    assert np.shares_memory(make_source(frame, device=CPU).leaves[0].numpy(), frame.to_numpy())


WRONG = {
    "lists": (pd.Series([[1, 2], [3]]), "lists"),
    "lists of polars": (pl.Series([[1, 2], [3]]), "List"),
    "times": (pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"])), "times"),
    "times of polars": (pl.Series(["2024-01-01"]).str.to_date(), "times"),
    "texts beside numbers": (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), "column 'b'"),
    "objects": (pd.Series([{}, {}]), "dict"),
    "missing texts": (pd.Series(["a", None]), "none in row 1"),
    "no columns": (pd.DataFrame(index=[0, 1]), "without"),
}


@pytest.mark.parametrize(("data", "told"), WRONG.values(), ids=WRONG)
def test_columns_that_are_no_numbers_are_refused_by_name(data, told):
    with pytest.raises(Invalid) as error:
        first(data)
    assert error.value.where.startswith("x")
    assert told in str(error.value)


def test_any_frame_that_narwhals_reads_is_read():
    import narwhals

    frame = narwhals.from_native(pl.DataFrame({"a": [1.0, 2.0]}))
    assert first(frame)[0].tolist() == [[1.0], [2.0]]
    assert first(pl.LazyFrame({"a": [1.0, 2.0]}))[0].tolist() == [[1.0], [2.0]]


# --- training -------------------------------------------------------------------------------------------------------


def regressor(size=2):
    model = kerasviz.Sequential([layers.Input((size,)), layers.Dense(3, "tanh"), layers.Dense(1)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    return model


@both
def test_training_on_frames_equals_training_on_their_arrays(frame, series):
    random = np.random.default_rng(0)
    x, y, weights = random.normal(size=(20, 2)), random.normal(size=20), random.uniform(size=20)
    options = {"validation_split": 0.25, "verbose": 0, "epochs": 2, "batch_size": 4}

    def history(x, y, weights):
        kerasviz.utils.set_random_seed(0)
        return regressor().fit(x, y, sample_weight=weights, **options).history

    table = frame({"a": x[:, 0], "b": x[:, 1]})
    assert history(table, series(y), series(weights)) == history(x, y[:, None], weights)


def reader(*first_layers, shape=(1,)):
    model = kerasviz.Sequential([layers.Input(shape, dtype="string"), *first_layers, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


TEXTS = {
    "list": WORDS,
    "list of rows": [[word] for word in WORDS],
    "array": np.array(WORDS),
    "array of rows": np.array(WORDS)[:, None],
    "array of objects": np.array(WORDS, dtype=object),
    "bytes": [word.encode() for word in WORDS],
    "pandas": pd.Series(WORDS),
    "pandas categories": pd.Series(pd.Categorical(WORDS)),
    "pandas strings": pd.Series(WORDS, dtype="string"),
    "frame": pd.DataFrame({"color": WORDS}),
    "polars": pl.Series(WORDS),
    "polars categories": pl.Series(WORDS, dtype=pl.Categorical),
}
FIRST = {
    "lookup": lambda: [layers.StringLookup(vocabulary=["red", "blue"]), layers.Embedding(3, 2)],
    "one-hot": lambda: [layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")],
    "hashing": lambda: [layers.Hashing(5), layers.Embedding(5, 2)],
}


@pytest.mark.parametrize("first_layers", FIRST.values(), ids=FIRST)
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_texts_reach_the_first_layer(texts, first_layers):
    model = reader(*first_layers())
    y = np.arange(4.0)
    history = model.fit(texts, y, batch_size=3, epochs=2, validation_split=0.25, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]
    predicted = model.predict(texts, batch_size=3, verbose=0)
    np.testing.assert_array_equal(predicted[0], predicted[2])  # both are red
    assert model.evaluate(texts, y, verbose=0) > 0
    assert model.predict_on_batch(texts).shape == (4, 1)
    model.train_on_batch(texts, y)


def test_shuffled_texts_keep_their_targets():
    words = [f"word {number}" for number in range(40)]
    batches = list(make_source(words, np.arange(40), batch_size=7, shuffle=True, device=CPU))
    assert [text for x, _ in batches for text in x] != words
    assert all(text == f"word {number}" for x, y in batches for text, number in zip(x, y.tolist(), strict=True))


def test_texts_and_numbers_by_name_train_together():
    color, size = layers.Input((1,), dtype="string", name="color"), layers.Input((1,), name="size")
    known = layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")(color)
    model = kerasviz.Model({"color": color, "size": size}, layers.Dense(1)(layers.Concatenate()([known, size])))
    model.compile("sgd", "mse")
    table = pd.DataFrame({"size": [1, 2, 3, 4], "color": WORDS, "price": [1.0, 2.0, 1.5, 0.5]})
    model.fit({name: table[name] for name in ("size", "color")}, table["price"], verbose=0)
    expected = model.predict({"color": np.array(WORDS)[:, None], "size": np.arange(1.0, 5.0)}, verbose=0)
    np.testing.assert_allclose(model.predict(dict(table), verbose=0), expected)


def test_a_feature_space_learns_and_trains_from_columns():
    table = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "color": WORDS})
    space = kerasviz.utils.FeatureSpace({"size": "float_normalized", "color": "string_categorical"})
    space.adapt(dict(table))
    model = kerasviz.Model(space.get_inputs(), layers.Dense(1)(space.get_encoded_features()))
    model.compile("sgd", "mse")
    model.fit(dict(table), np.arange(4.0), verbose=0)
    assert model.predict(dict(table), verbose=0).shape == (4, 1)


def test_texts_come_from_generators_and_loaders():
    from torch.utils.data import DataLoader

    model = reader(layers.StringLookup(vocabulary=["red"], output_mode="one_hot"))
    model.fit(((np.array([["red"], ["blue"]]), np.ones(2)) for _ in range(3)), verbose=0)
    model.fit(DataLoader(list(zip(WORDS, [1.0, 2.0, 3.0, 4.0], strict=True)), batch_size=3), verbose=0)


def test_texts_are_refused_where_numbers_are_needed():
    with pytest.raises(Invalid, match="expected numbers"):
        regressor(1).fit(WORDS, np.ones(4), verbose=0)
    with pytest.raises(Invalid, match="y: expected numbers") as error:
        regressor(1).fit(np.ones(4), WORDS, verbose=0)
    assert "StringLookup" in error.value.hint
    with pytest.raises(Invalid, match="expected arrays"):
        reader(layers.Hashing(5)).predict("red", verbose=0)
    with pytest.raises(Invalid, match="words"):
        reader(*FIRST["lookup"]()).fit(np.ones((4, 1)), np.ones(4), verbose=0)

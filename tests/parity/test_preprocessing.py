"""Layers for raw columns against Keras.

Keras needs TensorFlow for its lookups and hashes, and to learn boundaries, on torch too: where it is not installed,
their recorded answers are taken with every `--oracle`. Rows are int64 from Keras's lookups on torch; ours are of the
compute dtype, as its documentation and its symbols say.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import layers

from .comparing import assert_close

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None

RANDOM = np.random.default_rng(7)
NUMBERS = RANDOM.normal(1, 3, (6, 4, 3)).astype("float32")
LINE = NUMBERS[:, 0, 0]
MANY = RANDOM.normal(size=600).astype("float32")
PLACES = np.array([[0, 1], [0, 0], [1, 2], [3, 1]])
WORDS = np.array([["a", "c"], ["d", "b"], ["e", "a"]])
MORE_WORDS = np.array([["b", "a", "c"], ["a", "d", "e"], ["e", "a", ""]])
NAMES = [["A"], ["B"], ["C"], ["D"], ["E"]]
IDS = np.array([[12, 1138, 42], [42, 1000, 36], [37, -5, 0]])
ROWS = ("one_hot", "multi_hot", "count")


@pytest.fixture
def oracle(reference: Any) -> Any:
    """The reference; its record where it cannot compute."""
    if reference.mode != "replay" and not HAS_TENSORFLOW:
        reference.mode = "replay"
    return reference


def called(library: Any, kind: str, arguments: dict[str, Any], *data: Any) -> Any:
    """A layer of a kind, called."""
    return getattr(library.layers, kind)(**arguments)(*data)


class Ours:
    """Stands where `keras` stands for the oracle."""

    layers = layers


def case(name: str, kind: str, data: Any, **arguments: Any) -> Any:
    """One layer and what it is called with."""
    return pytest.param(kind, data, arguments, id=name)


TABLE = [
    case("encode-default", "CategoryEncoding", PLACES, num_tokens=4),
    *(case(f"encode-{m}", "CategoryEncoding", PLACES, num_tokens=4, output_mode=m) for m in ROWS),
    *(case(f"encode-{m}-1d", "CategoryEncoding", PLACES[:, 0], num_tokens=4, output_mode=m) for m in ROWS),
    *(case(f"encode-{m}-0d", "CategoryEncoding", PLACES[0, 1], num_tokens=4, output_mode=m) for m in ROWS),
    *(case(f"encode-{m}-column", "CategoryEncoding", PLACES[:, :1], num_tokens=5, output_mode=m) for m in ROWS),
    case("encode-one_hot-3d", "CategoryEncoding", PLACES[None], num_tokens=4, output_mode="one_hot"),
    case("encode-negative", "CategoryEncoding", PLACES - 1, num_tokens=4),
    case("encode-empty", "CategoryEncoding", PLACES[:0], num_tokens=4),
    case("encode-int", "CategoryEncoding", PLACES, num_tokens=4, dtype="int32"),
    case("encode-half", "CategoryEncoding", PLACES, num_tokens=4, dtype="float16", output_mode="count"),
    case("bins", "Discretization", NUMBERS, bin_boundaries=[0.0, 1.0, 2.0]),
    *(case(f"bins-{m}", "Discretization", NUMBERS[0], bin_boundaries=[0.0, 2.0], output_mode=m) for m in ROWS),
    *(case(f"bins-{m}-1d", "Discretization", LINE, bin_boundaries=[0.0, 2.0], output_mode=m) for m in ROWS),
    *(case(f"bins-{m}-0d", "Discretization", LINE[0], bin_boundaries=[0.0, 2.0], output_mode=m) for m in ROWS),
    *(case(f"bins-{m}-column", "Discretization", LINE[:, None], bin_boundaries=[1.0], output_mode=m) for m in ROWS),
    case("bins-one_hot-3d", "Discretization", NUMBERS, bin_boundaries=[0.0, 2.0], output_mode="one_hot"),
    case("bins-whole", "Discretization", PLACES, bin_boundaries=[1, 2]),
    case("bins-edges", "Discretization", np.array([[np.nan, np.inf, -np.inf, 0, 2]]), bin_boundaries=[0, 2]),
    case("bins-double", "Discretization", LINE, bin_boundaries=[0, 2], dtype="float64", output_mode="one_hot"),
    case("bins-none", "Discretization", LINE, bin_boundaries=[]),
    case("bins-empty", "Discretization", NUMBERS[:0], bin_boundaries=[1.0]),
    case("normal-given", "Normalization", NUMBERS, mean=3.0, variance=2.0),
    case("normal-given-list", "Normalization", NUMBERS, mean=[3.0, 1, 0], variance=[2.0, 4, 1]),
    case("normal-given-axis", "Normalization", NUMBERS, axis=1, mean=[3.0, 1, 0, 2], variance=[2.0, 4, 1, 9]),
    case("normal-given-none", "Normalization", NUMBERS, axis=None, mean=3.0, variance=2.0, invert=True),
    case("normal-constant", "Normalization", NUMBERS, mean=1.0, variance=0.0),
    case("normal-half", "Normalization", NUMBERS, mean=1.0, variance=4.0, dtype="float16"),
    case("normal-whole", "Normalization", PLACES, mean=1.0, variance=4.0),
]

WITH_TENSORFLOW = [
    case("hash", "Hashing", NAMES, num_bins=3),
    case("hash-mask", "Hashing", [["A"], ["B"], [""], ["C"], ["D"]], num_bins=3, mask_value=""),
    case("hash-salt", "Hashing", NAMES, num_bins=3, salt=[133, 137]),
    case("hash-salt-one", "Hashing", NAMES, num_bins=3, salt=133),
    case("hash-one-bin", "Hashing", NAMES, num_bins=1, mask_value="A"),
    *(case(f"hash-{m}", "Hashing", WORDS, num_bins=4, output_mode=m) for m in ROWS),
    case("hash-one_hot-int", "Hashing", NAMES, num_bins=4, output_mode="one_hot", dtype="int32"),
    case("hash-int32", "Hashing", NAMES, num_bins=1000, dtype="int32"),
    case("hash-numbers", "Hashing", IDS * 1_000_003, num_bins=1000),
    case("hash-numbers-mask", "Hashing", IDS, num_bins=1000, mask_value=42),
    case("hash-numbers-salt", "Hashing", IDS, num_bins=1000, salt=7),
    case("hash-flags", "Hashing", np.array([True, False]), num_bins=1000),
    case("hash-small", "Hashing", np.array([1, 255], "uint8"), num_bins=1000),
    case("hash-letters", "Hashing", ["é", "日本", ""], num_bins=1000),
    case("hash-scalar", "Hashing", "a", num_bins=1000),
    case("hash-bytes", "Hashing", np.array([b"abc"]), num_bins=1000),
    case("words", "StringLookup", WORDS, vocabulary=["a", "b", "c"]),
    case("words-list", "StringLookup", WORDS.tolist(), vocabulary=["a", "b", "c"]),
    case("words-bytes", "StringLookup", np.array([[b"a"], [b"z"]]), vocabulary=["a", "b"]),
    case("words-scalar", "StringLookup", "b", vocabulary=["a", "b"]),
    case("words-unknown", "StringLookup", WORDS, vocabulary=["a", "b"], num_oov_indices=3),
    case("words-salt", "StringLookup", WORDS, vocabulary=["a", "b"], num_oov_indices=3, salt=7),
    case("words-salts", "StringLookup", WORDS, vocabulary=["a", "b"], num_oov_indices=3, salt=[7, 9]),
    case("words-mask", "StringLookup", MORE_WORDS, vocabulary=["a", "b"], mask_token=""),
    case("words-specials", "StringLookup", MORE_WORDS, vocabulary=["", "[UNK]", "a", "b"], mask_token=""),
    case("words-known", "StringLookup", WORDS[:1], vocabulary=["a", "b", "c"], num_oov_indices=0),
    *(case(f"words-{m}", "StringLookup", WORDS, vocabulary=["a", "b"], output_mode=m) for m in ROWS),
    *(case(f"words-{m}-1d", "StringLookup", WORDS[:, 0], vocabulary=["a", "b"], output_mode=m) for m in ROWS),
    *(case(f"words-{m}-0d", "StringLookup", "b", vocabulary=["a", "b"], output_mode=m) for m in ROWS),
    *(case(f"words-{m}-column", "StringLookup", WORDS[:, :1], vocabulary=["a"], output_mode=m) for m in ROWS),
    *(
        case(f"words-{m}-mask", "StringLookup", MORE_WORDS, vocabulary=["a"], output_mode=m, mask_token="")
        for m in ROWS
    ),
    case(
        "words-padded",
        "StringLookup",
        WORDS,
        vocabulary=["a", "b"],
        output_mode="multi_hot",
        max_tokens=6,
        pad_to_max_tokens=True,
    ),
    *(
        case(f"words-idf-{n}", "StringLookup", WORDS, output_mode="tf_idf", **rest)
        for n, rest in {
            "plain": {"vocabulary": ["a", "b", "c"], "idf_weights": [0.1, 0.2, 0.4]},
            "unknown": {"vocabulary": ["[UNK]", "a", "b"], "idf_weights": [0.9, 0.1, 0.2]},
            "two": {"vocabulary": ["a", "b"], "idf_weights": [0.1, 0.2], "num_oov_indices": 2},
            "padded": {
                "vocabulary": ["a", "b"],
                "idf_weights": [0.1, 0.2],
                "max_tokens": 5,
                "pad_to_max_tokens": True,
            },
        }.items()
    ),
    case("ids", "IntegerLookup", IDS, vocabulary=[12, 36, 1138, 42]),
    case("ids-int32", "IntegerLookup", IDS.astype("int32"), vocabulary=[12, 36, 1138, 42]),
    case("ids-float", "IntegerLookup", IDS.astype("float32"), vocabulary=[12, 36, 1138, 42]),
    case("ids-unknown", "IntegerLookup", IDS, vocabulary=[12, 36], num_oov_indices=3),
    case("ids-farmhash", "IntegerLookup", IDS, vocabulary=[12], num_oov_indices=4, oov_method="farmhash"),
    case("ids-salt", "IntegerLookup", IDS, vocabulary=[12], num_oov_indices=4, oov_method="farmhash", salt=5),
    case("ids-mask", "IntegerLookup", IDS, vocabulary=[12, 36, 1138, 42], mask_token=0, num_oov_indices=2),
    *(case(f"ids-{m}", "IntegerLookup", IDS, vocabulary=[12, 36], output_mode=m) for m in ROWS),
    *(case(f"ids-{m}-mask", "IntegerLookup", IDS, vocabulary=[12], output_mode=m, mask_token=0) for m in ROWS),
    case("ids-known", "IntegerLookup", IDS[:1], vocabulary=[12, 1138, 42], num_oov_indices=0, output_mode="count"),
    case("ids-inverted", "IntegerLookup", np.array([[1, 3, 4], [4, 0, 2]]), vocabulary=[12, 36, 1138, 42], invert=True),
    case(
        "ids-inverted-mask",
        "IntegerLookup",
        np.array([[1, 3, 4, -1], [9, 0, 2, 5]]),
        vocabulary=[12, 36],
        invert=True,
        mask_token=0,
        num_oov_indices=2,
        oov_token=-7,
    ),
    case("ids-idf", "IntegerLookup", IDS, vocabulary=[12, 36], idf_weights=[0.5, 2.0], output_mode="tf_idf"),
]


@pytest.mark.parametrize(("kind", "data", "arguments"), TABLE)
def test_layer_equals_keras(reference, kind, data, arguments):
    assert_close(called(Ours, kind, arguments, data), reference(lambda keras: called(keras, kind, arguments, data)))


@pytest.mark.parametrize(("kind", "data", "arguments"), WITH_TENSORFLOW)
def test_layer_equals_keras_with_tensorflow(oracle, kind, data, arguments):
    expected = oracle(lambda keras: called(keras, kind, arguments, data))
    is_row = "Lookup" in kind and arguments.get("output_mode", "int") != "int"
    assert_close(called(Ours, kind, arguments, data), expected, dtypes=not is_row)


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_samples_lie_along_the_last_axis_as_keras_documents(mode):
    layer = layers.CategoryEncoding(4, output_mode=mode)
    together = layer(PLACES[None])  # Keras's eager call takes the second of three axes, its shapes the last
    assert tuple(together.shape) == layer.compute_output_shape((1, 4, 2)) == (1, 4, 4)
    assert_close(together[0], layer(PLACES))


def test_counts_are_weighted_as_in_keras(reference):
    weights = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])

    def counted(library):
        return library.layers.CategoryEncoding(4, output_mode="count")(PLACES, count_weights=weights)

    assert_close(counted(Ours), reference(counted))


CROSSED = {
    "words-ids": (np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])),
    "column": (np.array([["A"], ["B"]]), np.array([[101], [102]])),
    "three": (np.array(["A", "B"]), np.array([1, 2]), np.array(["x", "y"])),
    "ids": (np.array([101, -102], "int32"), np.array([7, 8])),
    "scalars": (np.array("A"), np.array(101)),
}


@pytest.mark.parametrize("columns", CROSSED.values(), ids=CROSSED)
@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_crossing_equals_keras(oracle, columns, mode):
    def crossed(library):
        return library.layers.HashedCrossing(11, output_mode=mode)(columns)

    assert_close(crossed(Ours), oracle(crossed))


# --- adapt --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 1, 0, -2, None, (1, 2), (1, -1)], ids=str)
def test_normalization_learns_what_keras_learns(reference, axis):
    def learned(library):
        layer = library.layers.Normalization(axis=axis)
        layer.adapt(NUMBERS)
        back = library.layers.Normalization(axis=axis, invert=True)
        back.adapt(NUMBERS)
        return {"mean": layer.mean, "variance": layer.variance, "out": layer(NUMBERS), "back": back(NUMBERS)}

    assert_close(learned(Ours), reference(learned), 1e-5)


def test_normalization_of_a_line_equals_keras(reference):
    def learned(library):
        layer = library.layers.Normalization(axis=None)
        layer.adapt(LINE)
        return {"mean": layer.mean, "variance": layer.variance, "out": layer(LINE)}

    assert_close(learned(Ours), reference(learned))


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("size", [8, 100, 600])
def test_discretization_learns_what_keras_learns(oracle, size, epsilon):
    def learned(library):
        layer = library.layers.Discretization(num_bins=5, epsilon=epsilon)
        layer.adapt(MANY[:size])
        return {"edges": list(layer.bin_boundaries), "out": layer(MANY[:50])}

    assert_close(learned(Ours), oracle(learned))


@pytest.mark.parametrize("parts", [2, 5])
def test_discretization_by_batches_equals_keras(reference, parts):
    def learned(library):
        layer = library.layers.Discretization(num_bins=6, epsilon=0.1)
        for part in np.split(MANY, parts):
            layer.update_state(part)
        layer.finalize_state()
        return list(layer.bin_boundaries)

    assert_close(learned(Ours), reference(learned))


LEARNING = {
    "words": ("StringLookup", MORE_WORDS, {}),
    "words-mask": ("StringLookup", MORE_WORDS, {"mask_token": ""}),
    "words-few": ("StringLookup", MORE_WORDS, {"max_tokens": 4}),
    "words-few-mask": ("StringLookup", MORE_WORDS, {"max_tokens": 5, "mask_token": "", "num_oov_indices": 2}),
    "words-line": ("StringLookup", np.array(["b", "a", "a"]), {}),
    "words-letters": ("StringLookup", np.array([["é", "z", "ab", "Z", "é", "日"]]), {}),
    "words-idf": ("StringLookup", MORE_WORDS, {"output_mode": "tf_idf"}),
    "words-idf-line": ("StringLookup", np.array(["b", "a", "a"]), {"output_mode": "tf_idf"}),
    "words-idf-few": ("StringLookup", MORE_WORDS, {"output_mode": "tf_idf", "max_tokens": 4, "num_oov_indices": 2}),
    "words-idf-padded": (
        "StringLookup",
        MORE_WORDS,
        {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
    ),
    "ids": ("IntegerLookup", IDS, {}),
    "ids-mask": ("IntegerLookup", IDS, {"mask_token": 42, "num_oov_indices": 3}),
    "ids-few": ("IntegerLookup", IDS, {"max_tokens": 4}),
    "ids-count": ("IntegerLookup", IDS, {"output_mode": "count"}),
    "ids-unknown": ("IntegerLookup", np.array([[-1, -1, 5]]), {}),
}


@pytest.mark.parametrize(("kind", "data", "arguments"), LEARNING.values(), ids=LEARNING)
def test_lookup_learns_what_keras_learns(oracle, kind, data, arguments):
    def learned(library):
        layer = getattr(library.layers, kind)(**arguments)
        layer.adapt(data)
        plain = [getattr(token, "tolist", lambda token=token: token)() for token in layer.get_vocabulary()]
        own = layer.get_vocabulary(include_special_tokens=False)
        return {"tokens": plain, "own": len(own), "size": layer.vocabulary_size(), "out": layer(data)}

    is_row = arguments.get("output_mode", "int") != "int"
    assert_close(learned(Ours), oracle(learned), dtypes=not is_row)


def test_lookup_by_batches_equals_keras(oracle):
    def learned(library):
        layer = library.layers.StringLookup()
        layer.update_state(MORE_WORDS)
        layer.update_state(np.array([["q", "q", "q", "q"]]))
        layer.finalize_state()
        first = list(map(str, layer.get_vocabulary()))
        layer.adapt(iter([WORDS, WORDS[:1]]))
        return [first, list(map(str, layer.get_vocabulary()))]

    assert_close(learned(Ours), oracle(learned))


CONFIGS = {
    "normalization": ("Normalization", {"axis": [1, 2], "mean": [3.0, 1], "variance": [2.0, 4], "invert": True}),
    "normalization-none": ("Normalization", {"axis": None}),
    "discretization": ("Discretization", {"num_bins": 3, "epsilon": 0.1}),
    "discretization-given": ("Discretization", {"bin_boundaries": [0.0, 1.0]}),
    "encoding": ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}),
    "pipeline": ("Pipeline", {"layers": []}),
}
CONFIGS_WITH_TENSORFLOW = {
    "hashing": ("Hashing", {"num_bins": 4, "salt": 3, "mask_value": ""}),
    "hashing-rows": ("Hashing", {"num_bins": 4, "output_mode": "one_hot"}),
    "crossing": ("HashedCrossing", {"num_bins": 4}),
    "words": ("StringLookup", {"vocabulary": ["a", "b"], "mask_token": "", "num_oov_indices": 2, "salt": 4}),
    "words-none": ("StringLookup", {"max_tokens": 5, "output_mode": "count", "pad_to_max_tokens": True}),
    "ids": (
        "IntegerLookup",
        {
            "vocabulary": [1, 2],
            "output_mode": "tf_idf",
            "idf_weights": [0.1, 0.2],
            "oov_method": "farmhash",
            "salt": 4,
            "num_oov_indices": 2,
        },
    ),
}


def config_of(library: Any, kind: str, arguments: dict[str, Any]) -> Any:
    if kind == "Pipeline":
        arguments = {"layers": [library.layers.Rescaling(2.0, name="inside")]}
    config = getattr(library.layers, kind)(**arguments, name="layer").get_config()
    return {name: list(value) if isinstance(value, (list, tuple)) else value for name, value in config.items()}


@pytest.mark.parametrize(("kind", "arguments"), CONFIGS.values(), ids=CONFIGS)
def test_config_equals_keras(reference, kind, arguments):
    assert_close(config_of(Ours, kind, arguments), reference(lambda keras: config_of(keras, kind, arguments)))


@pytest.mark.parametrize(("kind", "arguments"), CONFIGS_WITH_TENSORFLOW.values(), ids=CONFIGS_WITH_TENSORFLOW)
def test_config_equals_keras_with_tensorflow(oracle, kind, arguments):
    assert_close(config_of(Ours, kind, arguments), oracle(lambda keras: config_of(keras, kind, arguments)))


def test_pipeline_equals_keras(reference):
    def run(library):
        layer = library.layers.Pipeline([library.layers.Rescaling(2.0), library.layers.Rescaling(3.0, offset=1.0)])
        return layer(NUMBERS)

    assert_close(run(Ours), reference(run))


def test_gradient_of_normalization_is_one_over_the_deviation():
    x = torch.tensor(NUMBERS, requires_grad=True)
    layers.Normalization(mean=1.0, variance=4.0)(x).sum().backward()
    torch.testing.assert_close(x.grad, torch.full_like(x, 0.5))

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from kerasviz import Model, layers, saving
from kerasviz.declare import Invalid
from kerasviz.utils import FeatureSpace

TABLE = {
    "size": np.array([0.0, 0.1, 0.2, 0.3], "float32"),
    "colour": np.array(["red", "blue", "red", "green"]),
    "rooms": np.array([3, 1, 2, 1]),
}


def space(mode="concat"):
    kinds = {"size": "float_normalized", "colour": "string_categorical", "rooms": "integer_categorical"}
    made = FeatureSpace(kinds, mode, crosses=[("colour", "rooms")], crossing_dim=5)
    made.adapt(TABLE)
    return made


def test_space_is_saved_with_what_it_learned(tmp_path):
    made = space()
    made.save(tmp_path / "space.keras")
    torch.testing.assert_close(saving.load_model(tmp_path / "space.keras")(TABLE), made(TABLE))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_copies_encode_the_same(copied):
    made = space("dict")
    made.get_encoded_features()
    torch.testing.assert_close(copied(made)(TABLE), made(TABLE))


def test_model_takes_raw_columns_or_encoded_ones(tmp_path):
    made = space()
    encoded = made.get_encoded_features()
    assert encoded.shape == (None, 1 + 4 + 4 + 5)
    outputs = layers.Dense(1)(encoded)
    raw, ready = Model(made.get_inputs(), outputs), Model(encoded, outputs)
    torch.testing.assert_close(raw(TABLE), ready(made(TABLE)))
    raw.save(tmp_path / "model.keras")
    torch.testing.assert_close(saving.load_model(tmp_path / "model.keras")(TABLE), raw(TABLE))
    ready.compile("sgd", "mse")
    ready.fit(made(TABLE), np.zeros((4, 1)), verbose=0)


def batches():
    return [{name: column[start : start + 2] for name, column in TABLE.items()} for start in (0, 2)]


SOURCES = {
    "generator": lambda: iter(batches()),
    "pairs": lambda: iter([(batch, np.zeros(2)) for batch in batches()]),
    "loader": lambda: DataLoader([{n: c[i].item() for n, c in TABLE.items()} for i in range(4)], batch_size=3),  # pyright: ignore[reportArgumentType]
    "list": batches,
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_space_learns_the_same_from_every_source(source):
    made = FeatureSpace({"size": "float_normalized", "colour": "string_categorical", "rooms": "integer_categorical"})
    made.adapt(source())
    whole = space()
    for name in TABLE:
        assert_same(made.preprocessors[name](TABLE[name][:, None]), whole.preprocessors[name](TABLE[name][:, None]))


def assert_same(one, other):
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_given_boundaries_are_used_as_keras_documents():
    """Keras refuses boundaries beside the number of bins, which it demands."""
    made = FeatureSpace({"size": FeatureSpace.float_discretized(3, bin_boundaries=[0.05, 0.25])}, "dict")
    assert made(TABLE)["size"].argmax(-1).tolist() == [0, 1, 1, 2]


def test_own_layer_is_a_feature():
    kind = FeatureSpace.feature("float32", layers.Rescaling(10.0), "float")
    assert FeatureSpace({"size": kind})(TABLE).flatten().tolist() == pytest.approx([0, 1, 2, 3])


def test_columns_that_are_not_named_are_left_out():
    assert FeatureSpace({"size": "float"})(TABLE).shape == (4, 1)


REFUSED = {
    "none": (lambda: FeatureSpace({}), "one column"),
    "kind": (lambda: FeatureSpace({"a": "float_normalised"}), "float_normalized"),
    "mode": (lambda: FeatureSpace({"a": "float"}, output_mode="list"), "concat"),
    "cross-unknown": (lambda: FeatureSpace({"a": "float", "b": "float"}, crosses=[("a", "c")]), "'c'"),
    "cross-one": (lambda: FeatureSpace.cross(("a",), 3), "two names"),
    "cross-mode": (lambda: FeatureSpace.cross(("a", "b"), 3, "float"), "one_hot"),
    "feature-mode": (lambda: FeatureSpace.string_categorical(output_mode="multi_hot"), "one_hot"),
    "unadapted": (lambda: FeatureSpace({"size": "float_normalized"})(TABLE), "adapt"),
    "missing": (lambda: FeatureSpace({"width": "float"})(TABLE), "width"),
    "array": (lambda: FeatureSpace({"size": "float"})(TABLE["size"]), "dict"),
    "adapt-number": (lambda: FeatureSpace({"size": "float_normalized"}).adapt(3), "dict"),
    "joined-ints": (
        lambda: FeatureSpace({"rooms": FeatureSpace.integer_hashed(3, "int")})(TABLE),
        "output_mode='dict'",
    ),
    "crossed-floats": (
        lambda: FeatureSpace({"size": "float", "rooms": FeatureSpace.integer_hashed(3)}, crosses=[("size", "rooms")])(
            TABLE
        ),
        "whole numbers",
    ),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED)
def test_refusals_say_what_is_expected(act, words):
    with pytest.raises(Invalid) as error:
        act()
    assert words in str(error.value)

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from kerasviz import Input, Model, Sequential, layers, saving
from kerasviz.declare import Invalid
from kerasviz.layers.preprocessing.fingerprints import fingerprints

WORDS = np.array([["b", "a", "c"], ["a", "d", "e"], ["e", "a", "q"]])
SIPHASH_KEY = tuple(int.from_bytes(bytes(range(start, start + 8)), "little") for start in (0, 8))
SIPHASH_VECTORS = {  # of the paper's reference implementation: the bytes 0, 1, 2... of each length
    0: 0x726FDB47DD0E0E31,
    1: 0x74F839C593DC67FD,
    2: 0x0D6C8009D9A94F5A,
    3: 0x85676696D7FB7E2D,
    15: 0xA129CA6149BE45E5,
}


@pytest.mark.parametrize(("length", "expected"), SIPHASH_VECTORS.items(), ids=str)
def test_siphash_equals_the_vectors_of_its_paper(length, expected):
    assert fingerprints([bytes(range(length))], SIPHASH_KEY).tolist() == [expected]


def spelled(length):
    return "".join(chr(33 + (index * 7 + length) % 90) for index in range(length)).encode()


FARMHASH = {  # of TensorFlow's Fingerprint64, modulo 2**31 - 1
    0: 1699943623,
    1: 1516925561,
    3: 1187006348,
    4: 689102884,
    7: 713450012,
    8: 233928992,
    16: 342301559,
    17: 1498908996,
    32: 742711032,
    33: 1446839463,
    64: 176950996,
    65: 1080909064,
    127: 1537532196,
    128: 309118966,
    129: 1588414395,
    300: 1182762603,
    1000: 614085504,
}


@pytest.mark.parametrize(("length", "expected"), FARMHASH.items(), ids=str)
def test_farmhash_equals_fingerprint64_at_every_length_where_it_changes_its_way(length, expected):
    assert int(fingerprints([spelled(length)])[0] % np.uint64(2**31 - 1)) == expected


def test_fingerprints_of_many_texts_are_those_of_each():
    texts = [spelled(length % 70) for length in range(200)]
    assert fingerprints(texts).tolist() == [fingerprints([text])[0] for text in texts]


# --- what is refused ----------------------------------------------------------------------------------------------

REFUSED = {
    "encoding-size": (lambda: layers.CategoryEncoding(), "num_tokens"),
    "encoding-large": (lambda: layers.CategoryEncoding(4)([[4, 1]]), "from 0 to 3"),
    "encoding-large-one_hot": (lambda: layers.CategoryEncoding(4, "one_hot")([4]), "from 0 to 3"),
    "encoding-weights": (lambda: layers.CategoryEncoding(4)([[1]], count_weights=[[1.0]]), "count_weights"),
    "encoding-sparse": (lambda: layers.CategoryEncoding(4, sparse=True), "sparse"),
    "hash-bins": (lambda: layers.Hashing(0), "num_bins"),
    "hash-salt": (lambda: layers.Hashing(3, salt=[1]), "salt"),
    "hash-dtype": (lambda: layers.Hashing(3, dtype="float32"), "dtype"),
    "hash-mode": (lambda: layers.Hashing(3, output_mode="tf_idf"), "output_mode"),
    "crossing-one": (lambda: layers.HashedCrossing(3)(([1],)), "two columns"),
    "crossing-array": (lambda: layers.HashedCrossing(3)(np.ones(3)), "two columns"),
    "crossing-float": (lambda: layers.HashedCrossing(3)(([1.5], [2.5])), "whole numbers"),
    "crossing-shape": (lambda: layers.HashedCrossing(3)(([1, 2], [1])), "one shape"),
    "crossing-rank": (lambda: layers.HashedCrossing(3)(([[1, 2]], [[1, 2]])), "(batch, 1)"),
    "bins-none": (lambda: layers.Discretization(), "num_bins"),
    "bins-both": (lambda: layers.Discretization([1.0], num_bins=2), "num_bins"),
    "bins-order": (lambda: layers.Discretization([2.0, 1.0]), "in order"),
    "bins-unadapted": (lambda: layers.Discretization(num_bins=2)([1.0]), "adapt"),
    "bins-given": (lambda: layers.Discretization([1.0]).adapt([1.0]), "num_bins"),
    "normal-half": (lambda: layers.Normalization(mean=1.0), "variance"),
    "normal-axis": (lambda: layers.Normalization(axis=4).build((None, 3)), "axis"),
    "normal-unknown": (lambda: layers.Normalization(axis=1).build((None, None, 3)), "known size"),
    "normal-shape": (lambda: layers.Normalization(mean=[1.0, 2], variance=[1.0, 2]).build((None, 3)), "broadcast"),
    "normal-given": (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt([[1.0]]), "given"),
    "normal-words": (lambda: layers.Normalization().adapt(["a"]), "numbers"),
    "words-empty": (lambda: layers.StringLookup(vocabulary=[]), "at least one"),
    "words-twice": (lambda: layers.StringLookup(vocabulary=["a", "a"]), "once"),
    "words-mask": (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "mask token"),
    "words-many": (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "at least 3"),
    "words-unadapted": (lambda: layers.StringLookup()(["a"]), "adapt"),
    "words-unknown": (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), "num_oov_indices"),
    "words-numbers": (lambda: layers.StringLookup(vocabulary=["a"])(torch.tensor([1])), "IntegerLookup"),
    "words-static": (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "vocabulary"),
    "words-file": (lambda: layers.StringLookup(vocabulary="no/such/file.txt"), "a file that is there"),
    "words-sparse": (lambda: layers.StringLookup(vocabulary=["a"], sparse=True), "sparse"),
    "words-idf": (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights"),
    "words-idf-length": (
        lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1.0, 2.0]),
        "1 numbers",
    ),
    "words-idf-int": (lambda: layers.StringLookup(vocabulary=["a"], idf_weights=[1.0]), "tf_idf"),
    "words-pad": (lambda: layers.StringLookup(pad_to_max_tokens=True), "max_tokens"),
    "words-invert": (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert"),
    "ids-words": (lambda: layers.IntegerLookup(vocabulary=["a"]), "whole numbers"),
    "ids-called-words": (lambda: layers.IntegerLookup(vocabulary=[1])(["a"]), "StringLookup"),
    "ids-unknown": (lambda: layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)([2]), "num_oov_indices"),
    "ids-salt": (lambda: layers.IntegerLookup(vocabulary=[1], salt=3), "farmhash"),
    "pipeline-none": (lambda: layers.Pipeline([]), "at least one layer"),
    "pipeline-number": (lambda: layers.Pipeline([1]), "layer"),
    "adapt-dict": (lambda: layers.Normalization().adapt({"a": [1.0]}), "one column"),
    "adapt-number": (lambda: layers.Normalization().adapt(3), "arrays"),
    "ragged": (lambda: layers.CategoryEncoding(3)([[1], [1, 2]]), "one length"),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED)
def test_refusals_say_what_is_expected(act, words):
    with pytest.raises(Invalid) as error:
        act()
    assert words in str(error.value)


# --- adapt --------------------------------------------------------------------------------------------------------


class Batches:
    def __init__(self, array):
        self.array = array

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.array[2 * index : 2 * index + 2], np.zeros(2)


NUMBERS = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
SOURCES = {
    "array": lambda: NUMBERS,
    "tensor": lambda: torch.tensor(NUMBERS),
    "list": lambda: NUMBERS.tolist(),
    "loader": lambda: DataLoader(TensorDataset(torch.tensor(NUMBERS), torch.zeros(6)), batch_size=4),
    "dataset": lambda: TensorDataset(torch.tensor(NUMBERS)),
    "generator": lambda: (row for row in (NUMBERS[:1], NUMBERS[1:])),
    "pairs": lambda: iter([(NUMBERS[:5], np.zeros(5)), (NUMBERS[5:], np.zeros(1))]),
    "numbered": lambda: Batches(NUMBERS),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_layers_learn_the_same_from_every_source(source):
    layer = layers.Normalization()
    layer.adapt(source())
    np.testing.assert_allclose(layer.mean.numpy()[0], NUMBERS.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.variance.numpy()[0], NUMBERS.var(0), rtol=1e-5)


def test_words_come_from_loaders_and_nested_lists():
    from_loader, from_list = layers.StringLookup(), layers.StringLookup()
    loader: DataLoader = DataLoader(WORDS.ravel().tolist(), batch_size=2)  # pyright: ignore[reportArgumentType]
    from_loader.adapt(loader)
    from_list.adapt(WORDS.tolist())
    assert from_loader.get_vocabulary() == from_list.get_vocabulary() == ["[UNK]", "a", "e", "q", "d", "c", "b"]


def test_adapt_looks_at_so_many_steps():
    layer = layers.IntegerLookup()
    layer.adapt(iter([np.array([3, 3]), np.array([4])]), steps=1)
    assert layer.get_vocabulary() == [-1, 3]


def test_adapting_again_forgets_what_was_learned():
    layer = layers.StringLookup()
    layer.adapt(WORDS)
    layer.adapt(["z"])
    assert layer.get_vocabulary() == ["[UNK]", "z"]


def test_batches_are_remembered_until_they_are_reset():
    layer = layers.Normalization()
    layer.update_state(NUMBERS[:2])
    layer.update_state(NUMBERS[2:])
    layer.finalize_state()
    np.testing.assert_allclose(layer.mean.numpy()[0], NUMBERS.mean(0), rtol=1e-5, atol=1e-6)
    layer.reset_state()
    layer.update_state(NUMBERS[:1])
    layer.finalize_state()
    np.testing.assert_allclose(layer.mean.numpy()[0], NUMBERS[0], rtol=1e-5)


def test_batches_without_rows_teach_nothing():
    layer = layers.Normalization()
    layer.adapt(iter([NUMBERS[:0], NUMBERS]))
    np.testing.assert_allclose(layer.mean.numpy()[0], NUMBERS.mean(0), rtol=1e-5, atol=1e-6)


# --- words in models and files --------------------------------------------------------------------------------------


def test_inverted_lookup_returns_words():
    """Keras on torch stops with an error here; its documentation says that words are returned."""
    layer = layers.StringLookup(vocabulary=["a", "b"], invert=True, mask_token="")
    assert layer(np.array([[0, 1], [3, 9]])).tolist() == [["", "[UNK]"], ["b", "[UNK]"]]


def test_inverted_lookup_of_words_has_symbols_of_words():
    assert layers.StringLookup(vocabulary=["a"], invert=True)(Input((2,), dtype="int64")).dtype == "string"


def test_rows_of_lookups_have_the_compute_dtype_as_keras_documents():
    assert layers.StringLookup(vocabulary=["a"], output_mode="count")(["a"]).dtype == torch.float32
    assert layers.StringLookup(vocabulary=["a"], output_mode="count", dtype="float64")(["a"]).dtype == torch.float64


def table():
    words, numbers = Input((3,), dtype="string", name="words"), Input((3,), name="numbers")
    lookup, weighted = layers.StringLookup(output_mode="multi_hot"), layers.StringLookup(output_mode="tf_idf")
    normal, bins = layers.Normalization(), layers.Discretization(num_bins=3, output_mode="count")
    for layer, data in ((lookup, WORDS), (weighted, WORDS), (normal, NUMBERS), (bins, NUMBERS)):
        layer.adapt(data)
    parts = [lookup(words), weighted(words), layers.Hashing(4, output_mode="count")(words)]
    return Model([words, numbers], layers.Concatenate()([*parts, normal(numbers), bins(numbers)]))


INPUTS = {"words": WORDS, "numbers": NUMBERS[:3]}


def test_model_takes_words_and_is_saved_with_what_its_layers_learned(tmp_path):
    model = table()
    expected = model(INPUTS)
    assert expected.shape == (3, 7 + 7 + 4 + 3 + 3)
    model.save(tmp_path / "table.keras")
    torch.testing.assert_close(saving.load_model(tmp_path / "table.keras")(INPUTS), expected)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_copies_of_layers_keep_what_they_learned(copied):
    for layer in table().layers:
        if hasattr(layer, "adapt"):
            data = WORDS if "lookup" in layer.name else NUMBERS
            torch.testing.assert_close(copied(layer)(data), layer(data))


def test_vocabulary_goes_through_a_state_dict():
    layer, twin = layers.StringLookup(output_mode="tf_idf"), layers.StringLookup(output_mode="tf_idf")
    layer.adapt(WORDS)
    twin.load_state_dict(layer.state_dict())
    torch.testing.assert_close(twin(WORDS), layer(WORDS))


def test_words_of_another_shape_are_refused():
    words = Input((1,), dtype="string", name="words")
    model = Model(words, layers.StringLookup(vocabulary=["a"])(words))
    assert model(np.array(["a", "b"])).tolist() == [[1], [0]]
    with pytest.raises(Invalid, match="words"):
        model(np.array([["a", "b"]]))


def test_sequential_begins_with_words_or_large_numbers():
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="count")
    assert Sequential([lookup])([["a", "z"]]).tolist() == [[1.0, 1.0, 0.0]]
    large = 2**53 + 1
    assert Sequential([layers.IntegerLookup(vocabulary=[large])])(torch.tensor([[large], [large - 1]])).tolist() == [
        [1],
        [0],
    ]


def test_vocabulary_from_a_file_goes_along_with_the_model(tmp_path):
    (tmp_path / "tokens.txt").write_text("a\nb\n")
    words = Input((1,), dtype="string")
    model = Model(words, layers.StringLookup(vocabulary=str(tmp_path / "tokens.txt"))(words))
    model.save(tmp_path / "model.keras")
    (tmp_path / "tokens.txt").unlink()
    assert saving.load_model(tmp_path / "model.keras")(np.array([["b"], ["z"]])).tolist() == [[2], [0]]


def test_token_of_several_lines_is_refused_when_it_is_saved(tmp_path):
    layer = layers.StringLookup()
    layer.adapt(["a\nb"])
    words = Input((1,), dtype="string")
    with pytest.raises(Invalid, match="one line"):
        Model(words, layer(words)).save(tmp_path / "model.keras")


def test_learned_boundaries_come_back_with_the_config():
    layer = layers.Discretization(num_bins=3)
    layer.adapt(NUMBERS)
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries
    again.adapt(NUMBERS + 10)
    assert min(again.bin_boundaries) > 5


def test_pipeline_is_in_training_unless_told_otherwise():
    layer = layers.Pipeline([layers.Dropout(0.99)])
    ones = torch.ones(4, 100)
    assert (layer(ones) == 0).sum() > 300
    assert (layer(ones, training=False) == 1).all()


def test_salt_of_one_number_is_that_number_twice():
    assert (
        layers.Hashing(100, salt=133)(["a", "b"]).tolist() == layers.Hashing(100, salt=[133, 133])(["a", "b"]).tolist()
    )

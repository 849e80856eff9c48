"""Weights as safetensors and as torch's `state_dict`: torch reads them as they are; all or nothing."""

import builtins
import json
import warnings

import numpy as np
import pytest
import safetensors.torch
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.tensors.naming import reset_names


def images(classes=2):
    return kerasviz.Sequential(
        [
            kerasviz.Input((8, 8, 2)),
            layers.Conv2D(3, 3),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.5, seed=3),
            layers.Dense(classes),
        ]
    )


def texts():
    words = kerasviz.Input((5,), dtype="int32")
    x = layers.Bidirectional(layers.LSTM(3, dropout=0.2))(layers.Embedding(9, 4)(words))
    return kerasviz.Model(words, layers.Dense(2)(x))


def nested():
    inner = kerasviz.Sequential([kerasviz.Input((4,)), layers.Dense(4), layers.Dense(4)])
    inputs = kerasviz.Input((4,))
    return kerasviz.Model(inputs, layers.Dense(1)(inner(inner(inputs))))


def attention():
    inputs = kerasviz.Input((5, 4))
    return kerasviz.Model(inputs, layers.MultiHeadAttention(2, 3, dropout=0.1)(inputs, inputs))


class Written(kerasviz.Model):
    """A model that is a class."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(3), layers.Dense(3)]
        self.head = layers.Dense(1)

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)


def written():
    model = Written()
    model(np.zeros((1, 4), "float32"))
    return model


MODELS = [images, texts, nested, attention, written]
EACH = pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)


def again(make):
    """The model, its layers named as in a new process."""
    reset_names()
    return make()


def assert_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@EACH
def test_weights_come_back(make, tmp_path):
    one, other = again(make), again(make)
    one.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert_equal(one, other)


@EACH
def test_weights_find_their_places_under_other_names(make, tmp_path):
    one, other = make(), make()
    assert one.state_dict().keys() != other.state_dict().keys() or make is written
    one.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert_equal(one, other)


@EACH
def test_torch_reads_the_file(make, tmp_path):
    one, other = again(make), again(make)
    one.save_weights(tmp_path / "a.safetensors")
    other.load_state_dict(safetensors.torch.load_file(tmp_path / "a.safetensors"), strict=True)
    assert_equal(one, other)


@EACH
def test_we_read_what_torch_writes(make, tmp_path):
    one, other = again(make), again(make)
    state = {name: value.contiguous() for name, value in one.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert_equal(one, other)


@EACH
def test_a_state_dict_is_plain_data(make, tmp_path):
    one, other = again(make), again(make)
    torch.save(one.state_dict(), tmp_path / "a.pt")
    other.load_state_dict(torch.load(tmp_path / "a.pt", weights_only=True), strict=True)
    assert_equal(one, other)


def test_kernels_keep_their_memory_order(tmp_path):
    one, other = again(images), again(images)
    strides = other.layers[0].kernel.stride()
    one.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert other.layers[0].kernel.stride() == strides


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_small_floats_come_back(dtype, tmp_path):
    def small():
        return kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2, dtype=dtype, name="d")])

    one, other = small(), small()
    one.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    assert torch.equal(one.layers[0].kernel, other.layers[0].kernel)


def test_vocabularies_come_back(tmp_path):
    def lookup(words):
        return kerasviz.Sequential([kerasviz.Input((2,), dtype="string"), layers.StringLookup(vocabulary=words)])

    one, other, third = lookup(["a", "b"]), lookup(["c", "d"]), again(lambda: lookup(["e", "f"]))
    one.save_weights(tmp_path / "a.safetensors")
    other.load_weights(tmp_path / "a.safetensors")
    third.load_state_dict(safetensors.torch.load_file(tmp_path / "a.safetensors"), strict=True)
    for model in (other, third):
        assert model.layers[0].get_vocabulary() == one.layers[0].get_vocabulary()


def test_nothing_changes_when_one_array_does_not_fit(tmp_path):
    again(lambda: images(classes=3)).save_weights(tmp_path / "a.safetensors")
    mine = again(images)
    before = mine.get_weights()
    with pytest.raises(Invalid, match=r"expected shape \(108, 2\)"):
        mine.load_weights(tmp_path / "a.safetensors")
    for a, b in zip(before, mine.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_skip_mismatch_takes_what_fits_and_says_what_not(tmp_path):
    source, mine = again(lambda: images(classes=3)), again(images)
    source.save_weights(tmp_path / "a.safetensors")
    with pytest.warns(UserWarning, match="dense"):
        mine.load_weights(tmp_path / "a.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(mine.layers[0].get_weights()[0], source.layers[0].get_weights()[0])


def test_layers_may_be_left_alone(tmp_path):
    source, mine = images(), images()
    source.save_weights(tmp_path / "a.safetensors")
    before = mine.layers[-1].get_weights()[0]
    mine.load_weights(tmp_path / "a.safetensors", objects_to_skip=[mine.layers[-1]])
    np.testing.assert_array_equal(mine.layers[-1].get_weights()[0], before)
    np.testing.assert_array_equal(mine.layers[0].get_weights()[0], source.layers[0].get_weights()[0])


def test_files_without_states_of_random_numbers_are_read(tmp_path):
    one, other = again(images), again(images)
    state = {name: v.contiguous() for name, v in one.state_dict().items() if "seed_generator" not in name}
    safetensors.torch.save_file(state, tmp_path / "a.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other.load_weights(tmp_path / "a.safetensors")
    assert_equal(one, other)


@pytest.mark.parametrize("extra", [True, False], ids=["one too many", "one too few"])
def test_files_of_other_models_are_refused(tmp_path, extra):
    one = again(nested)
    state = {name: v.contiguous() for name, v in one.state_dict().items()}
    if extra:
        state["strange"] = torch.ones(2)
    else:
        state.popitem()
    safetensors.torch.save_file(state, tmp_path / "a.safetensors")
    with pytest.raises(Invalid, match=r"arrays that the model has|an array for"):
        one.load_weights(tmp_path / "a.safetensors")


@pytest.mark.parametrize("content", [b"", b"no tensors at all", b"\xff" * 64, b"\x10\0\0\0\0\0\0\0" + b"{" * 16])
def test_what_is_no_such_file_is_refused(tmp_path, content):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(Invalid, match="an undamaged file"):
        nested().load_weights(tmp_path / "a.safetensors")


def test_a_missing_file_is_told_so(tmp_path):
    with pytest.raises(Invalid, match="a file that is there"):
        nested().load_weights(tmp_path / "a.safetensors")


@pytest.mark.parametrize("cut", [1, 100, 1000])
def test_a_file_that_is_cut_off_is_refused(tmp_path, cut):
    model = images()
    model.save_weights(tmp_path / "a.safetensors")
    content = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(content[:-cut])
    with pytest.raises(Invalid, match="an undamaged file"):
        model.load_weights(tmp_path / "a.safetensors")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"dense.kernel": 3}', "[" * 100_000], ids=lambda text: text[:20])
def test_places_that_are_none_are_refused(tmp_path, text):
    model = nested()
    state = {name + "_": v.contiguous() for name, v in model.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "a.safetensors", metadata={"places": text})
    with pytest.raises(Invalid):
        model.load_weights(tmp_path / "a.safetensors")


def test_places_are_those_of_the_other_forms(tmp_path):
    model = again(nested)
    model.save_weights(tmp_path / "a.safetensors")
    with safetensors.safe_open(tmp_path / "a.safetensors", "pt") as file:
        places = json.loads(file.metadata()["places"])
    assert places["sequential.dense.kernel"] == "layers/sequential/layers/dense:kernel"


def test_without_the_package_the_error_says_what_to_install(tmp_path, monkeypatch):
    found = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("safetensors"):
            raise ImportError(name)
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(Invalid, match="kerasviz\\[safetensors\\]"):
        nested().save_weights(tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())

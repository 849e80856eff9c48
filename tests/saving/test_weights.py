"""`.weights.h5` files: all or nothing, in a layout that says which array is whose."""

import json
import warnings

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid


def model(units=4, classes=2):
    return kerasviz.Sequential(
        [kerasviz.Input((3,)), layers.Dense(units), layers.BatchNormalization(), layers.Dense(classes)]
    )


def test_weights_come_back(tmp_path):
    one, other = model(), model()
    one.save_weights(tmp_path / "a.weights.h5")
    other.load_weights(tmp_path / "a.weights.h5")
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_layout_is_named_after_classes(tmp_path):
    model().save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert sorted(file["layers"]) == ["batch_normalization", "dense", "dense_1"]
        assert file["layers/dense/vars/0"].shape == (3, 4)
        assert len(file["layers/batch_normalization/vars"]) == 4


def test_nothing_changes_when_one_array_does_not_fit(tmp_path):
    model(classes=3).save_weights(tmp_path / "a.weights.h5")
    mine = model()
    before = mine.get_weights()
    with pytest.raises(Invalid, match=r"expected shape \(4, 2\).*got \(4, 3\)"):
        mine.load_weights(tmp_path / "a.weights.h5")
    for a, b in zip(before, mine.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_skip_mismatch_takes_what_fits_and_says_what_not(tmp_path):
    source, mine = model(classes=3), model()
    source.save_weights(tmp_path / "a.weights.h5")
    with pytest.warns(UserWarning, match="dense_1"):
        mine.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(mine.layers[0].get_weights()[0], source.layers[0].get_weights()[0])


def test_weights_are_read_from_a_model_file_too(tmp_path):
    one, other = model(), model()
    one.save(tmp_path / "a.keras")
    other.load_weights(tmp_path / "a.keras")
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])


@pytest.mark.parametrize("name", ["a.h5", "a.weights", "a"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(Invalid, match=r"\.weights\.h5"):
        model().save_weights(tmp_path / name)


def test_a_model_without_weights_is_refused(tmp_path):
    with pytest.raises(Invalid, match="a built model"):
        kerasviz.Sequential([layers.Dense(2)]).save_weights(tmp_path / "a.weights.h5")


@pytest.mark.parametrize("content", [b"", b"no hdf5"])
def test_what_is_no_hdf5_is_refused(tmp_path, content):
    (tmp_path / "a.weights.h5").write_bytes(content)
    with pytest.raises(Invalid, match="an HDF5 file"):
        model().load_weights(tmp_path / "a.weights.h5")


def test_a_missing_file_is_told_so(tmp_path):
    with pytest.raises(Invalid, match="a file that is there"):
        model().load_weights(tmp_path / "a.weights.h5")


def test_shared_layers_are_written_once(tmp_path):
    inputs = kerasviz.Input((3,))
    shared = layers.Dense(3)
    kerasviz.Model(inputs, shared(shared(inputs))).save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert sorted(file["layers"]) == ["dense", "input_layer"]


def test_kernels_keep_their_memory_order(tmp_path):
    def images():
        return kerasviz.Sequential([kerasviz.Input((8, 8, 2)), layers.Conv2D(3, 3)])

    one, other = images(), images()
    one.save_weights(tmp_path / "a.weights.h5")
    strides = other.layers[0].kernel.stride()
    other.load_weights(tmp_path / "a.weights.h5")
    assert other.layers[0].kernel.stride() == strides
    torch.testing.assert_close(one.layers[0].kernel, other.layers[0].kernel)


def test_seed_generators_of_older_files_are_passed_over(tmp_path):
    one = model()
    one.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        file["layers/dense/seed_generator/vars/0"] = np.zeros(2, "uint32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model().load_weights(tmp_path / "a.weights.h5")


class Counter(layers.Layer):
    """A layer with a form of its own in files."""

    def build(self, input_shape):
        self.total = self.add_weight(shape=(), initializer="zeros", name="total", trainable=False)

    def call(self, inputs):
        return inputs

    def save_own_variables(self, store):
        store["total"] = self.total.numpy()

    def load_own_variables(self, store):
        self.total.assign(store["total"])


def test_a_layer_may_write_its_variables_in_its_own_way(tmp_path):
    one, other = (kerasviz.Sequential([kerasviz.Input((3,)), Counter()]) for _ in range(2))
    one.layers[0].total.assign(7.0)
    one.save_weights(tmp_path / "a.weights.h5")
    other.load_weights(tmp_path / "a.weights.h5")
    assert float(other.layers[0].total) == 7


def large_model():
    return kerasviz.Sequential([kerasviz.Input((64,)), layers.Dense(64), layers.Dense(64), layers.Dense(64)])


KILOBYTE = 2**-20  # in gigabytes


def test_weights_in_several_files_come_back(tmp_path):
    one, other = large_model(), large_model()
    one.save_weights(tmp_path / "a.weights.json", max_shard_size=32 * KILOBYTE)
    assert len(list(tmp_path.glob("*.weights.h5"))) == 3
    other.load_weights(tmp_path / "a.weights.json")
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_saving_again_leaves_no_old_files(tmp_path):
    model = large_model()
    for size in (32, 64, 200):
        model.save_weights(tmp_path / "a.weights.json", max_shard_size=size * KILOBYTE)
    assert len(list(tmp_path.iterdir())) == 2
    model.load_weights(tmp_path / "a.weights.json")


def test_a_failed_save_of_several_files_leaves_the_last_good_ones(tmp_path, monkeypatch):
    model = large_model()
    model.save_weights(tmp_path / "a.weights.json", max_shard_size=32 * KILOBYTE)
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.setattr("kerasviz.saving.shards.json.dumps", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save_weights(tmp_path / "a.weights.json", max_shard_size=32 * KILOBYTE)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    model.load_weights(tmp_path / "a.weights.json")


def test_an_array_larger_than_a_file_may_be_is_refused(tmp_path):
    with pytest.raises(Invalid, match="the largest array"):
        large_model().save_weights(tmp_path / "a.weights.json", max_shard_size=KILOBYTE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../b.weights.h5", "/etc/passwd", "b.txt", "c/b.weights.h5", 3])
def test_maps_that_name_files_elsewhere_are_refused(tmp_path, name):
    text = json.dumps({"metadata": {}, "weight_map": {"/layers/dense/vars": [name]}})
    (tmp_path / "a.weights.json").write_text(text)
    with pytest.raises(Invalid, match="files beside it"):
        large_model().load_weights(tmp_path / "a.weights.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}'])
def test_what_is_no_map_is_refused(tmp_path, text):
    (tmp_path / "a.weights.json").write_text(text)
    with pytest.raises(Invalid, match="a map of weights"):
        large_model().load_weights(tmp_path / "a.weights.json")


def test_layers_may_be_left_alone(tmp_path):
    source, mine = model(), model()
    source.save_weights(tmp_path / "a.weights.h5")
    before = mine.layers[2].get_weights()[0]
    mine.load_weights(tmp_path / "a.weights.h5", objects_to_skip=[mine.layers[2]])
    np.testing.assert_array_equal(mine.layers[2].get_weights()[0], before)
    np.testing.assert_array_equal(mine.layers[0].get_weights()[0], source.layers[0].get_weights()[0])


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_are_told_so(tmp_path, seed):
    path = tmp_path / "a.weights.h5"
    model().save_weights(path)
    random = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for place in random.integers(0, 2000, size=200):
        content[place] = random.integers(0, 256)
    path.write_bytes(bytes(content))
    with pytest.raises(Invalid):
        model().load_weights(path)


def with_kernel(path, kernel):
    model().save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = kernel


def test_numbers_of_other_machines_are_read(tmp_path):
    kernel = np.arange(12.0).reshape(3, 4)
    with_kernel(tmp_path / "a.weights.h5", kernel.astype(">f4"))
    other = model()
    other.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], kernel)


@pytest.mark.parametrize("kernel", [np.zeros((3, 4), "longdouble"), h5py.Empty("f4")], ids=["long", "none"])
def test_numbers_that_torch_does_not_have_are_refused(tmp_path, kernel):
    with_kernel(tmp_path / "a.weights.h5", kernel)
    other = model()
    before = other.get_weights()
    with pytest.raises(Invalid):
        other.load_weights(tmp_path / "a.weights.h5")
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)

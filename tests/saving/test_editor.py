"""KerasFileEditor: weights in a file are seen, compared, changed and written anew; hostile files are refused."""

import h5py
import numpy as np
import pytest

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import KerasFileEditor


def model(units=3):
    return kerasviz.Sequential(
        [kerasviz.Input((4,)), layers.Dense(units), layers.Dense(2), layers.BatchNormalization()]
    )


@pytest.fixture
def path(tmp_path):
    model().save_weights(tmp_path / "a.weights.h5")
    return tmp_path / "a.weights.h5"


@pytest.fixture
def editor(path):
    return KerasFileEditor(path)


def test_the_tree_is_printed_with_shapes(editor, capsys):
    editor.summary()
    printed = capsys.readouterr().out
    assert "├─ batch_normalization" in printed
    assert "└─ 1: shape=(3,), dtype=float32" in printed


def test_weights_are_printed_in_the_order_of_their_numbers(editor, capsys):
    editor.add_object("layers/many", {str(n): np.zeros(1) for n in range(12)})
    editor.summary()
    printed = capsys.readouterr().out
    assert printed.index(" 2: shape=(1,)") < printed.index("10: shape=(1,)")


def test_a_file_agrees_with_its_model(editor):
    assert editor.compare(model()) == {"status": "success", "error_count": 0, "match_count": 8}


def test_each_difference_is_told_once(editor, capsys):
    other = kerasviz.Sequential([kerasviz.Input((4,)), layers.Dense(5), layers.Dense(2), layers.LayerNormalization()])
    assert editor.compare(other) == {"status": "error", "error_count": 5, "match_count": 1}
    printed = capsys.readouterr().out
    assert "/layers/dense/0: shape (4, 5) in the model, shape (4, 3) in the file" in printed
    assert "/layers/layer_normalization is in the model but not in the file" in printed
    assert "/layers/batch_normalization is in the file but not in the model" in printed


def test_a_model_without_weights_is_compared_with_nothing(editor):
    with pytest.raises(Invalid, match="a built model"):
        editor.compare(kerasviz.Sequential([layers.Dense(2)]))


def test_weights_inside_of_wrapping_layers_are_seen(tmp_path):
    wrapped = kerasviz.Sequential([kerasviz.Input((5, 4)), layers.Bidirectional(layers.LSTM(3))])
    wrapped.save_weights(tmp_path / "a.weights.h5")
    editor = KerasFileEditor(tmp_path / "a.weights.h5")
    assert editor.compare(wrapped)["match_count"] == 6
    editor.rename_object("forward_layer", "ahead")
    assert "layers/bidirectional/ahead/cell" in editor.objects


def test_a_renamed_object_fits_another_model(editor, tmp_path):
    editor.rename_object("dense", "einsum_dense")
    editor.rename_object("layers/dense_1", "dense")
    editor.save(tmp_path / "b.weights.h5")
    other = kerasviz.Sequential(
        [kerasviz.Input((4,)), layers.EinsumDense("ab,bc->ac", 3, bias_axes="c"), layers.Dense(2)]
    )
    other.load_weights(tmp_path / "b.weights.h5")
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], editor.objects["layers/einsum_dense"]["0"])
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], editor.objects["layers/dense"]["0"])


def test_a_name_that_another_has_is_not_given(editor):
    with pytest.raises(Invalid, match="a name that no other has"):
        editor.rename_object("dense", "dense_1")


@pytest.mark.parametrize("name", ["a/b", "", "vars"])
def test_a_name_is_no_path(editor, name):
    with pytest.raises(Invalid, match="a name without `/`"):
        editor.rename_object("dense", name)


def test_a_deleted_object_is_gone_with_what_is_inside(editor, tmp_path):
    editor.delete_object("layers")
    editor.save(tmp_path / "b.weights.h5")
    with h5py.File(tmp_path / "b.weights.h5") as file:
        assert list(file) == ["vars"]


def test_an_object_is_added_in_the_place_of_another(editor):
    editor.add_object("layers/dense", {"0": np.ones((2, 3))})
    editor.add_object("top", {"0": np.ones(2), "inner": {"0": np.zeros(1)}})
    assert list(editor.objects["layers/dense"]) == ["0"]
    assert editor.objects["top/inner"]["0"].shape == (1,)


@pytest.mark.parametrize("place", ["nowhere/dense", "layers/no/dense", "layers/"])
def test_an_object_needs_a_place(editor, place):
    with pytest.raises(Invalid, match=r"a path whose beginning is there|a name without"):
        editor.add_object(place, {"0": np.ones(2)})


@pytest.mark.parametrize("weights", [[np.ones(2)], {"0": "words"}, {"0": None}, {"a/b": np.ones(2)}], ids=str)
def test_only_arrays_of_numbers_are_weights(editor, weights):
    before = dict(editor.objects["layers/dense"])
    with pytest.raises(Invalid):
        editor.add_weights("dense", weights)
    with pytest.raises(Invalid):
        editor.add_object("layers/dense", weights)
    assert editor.objects["layers/dense"].keys() == before.keys()


def test_single_weights_come_and_go(editor):
    editor.add_weights("dense", {"2": np.zeros(3)})
    assert list(editor.objects["layers/dense"]) == ["0", "1", "2"]
    editor.delete_weight("layers/dense", "0")
    assert list(editor.objects["layers/dense"]) == ["1", "2"]
    with pytest.raises(Invalid, match="one of"):
        editor.delete_weight("dense", "0")


def test_near_misses_are_named(editor):
    with pytest.raises(Invalid, match="batch_normalization"):
        editor.delete_object("batch_normalisation")


def test_a_name_of_two_objects_needs_the_path(editor):
    editor.add_object("dense", {"0": np.zeros(1)})
    editor.delete_object("layers/dense")
    editor.add_object("layers/dense", {"0": np.zeros(1)})
    editor.delete_object("dense")  # the path of one is the name of both
    assert "layers/dense" in editor.objects
    editor.add_object("layers/dense_1/dense", {"0": np.zeros(1)})
    with pytest.raises(Invalid, match="layers/dense, layers/dense_1/dense"):
        editor.delete_object("dense")


def test_the_file_that_was_opened_may_be_written_over(path, editor):
    editor.delete_object("dense_1")
    editor.resave_weights(path)
    assert "layers/dense_1" not in KerasFileEditor(path).objects


def test_only_files_of_weights_are_written(editor, tmp_path):
    with pytest.raises(Invalid, match=r"\.weights\.h5"):
        editor.save(tmp_path / "a.keras")


def test_a_model_file_is_opened_with_what_it_says(tmp_path):
    model().save(tmp_path / "a.keras")
    editor = KerasFileEditor(tmp_path / "a.keras")
    assert editor.config["class_name"] == "Sequential"
    assert "keras_version" in editor.metadata
    assert editor.weights_dict["layers"]["dense"]["0"].shape == (4, 3)


@pytest.mark.parametrize("name", ["a.h5", "a", "a.weights.json"])
def test_other_files_are_refused(tmp_path, name):
    with pytest.raises(Invalid, match=r"expected a `\.keras`"):
        KerasFileEditor(tmp_path / name)


def test_a_missing_file_is_told_so(tmp_path):
    with pytest.raises(Invalid, match="a file that is there"):
        KerasFileEditor(tmp_path / "a.weights.h5")


def soft_link(file, tmp_path):
    file["layers/dense/vars/9"] = h5py.SoftLink("/layers/dense/vars/0")


def outer_link(file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.ones(3)
    file["layers/dense/vars/9"] = h5py.ExternalLink("other.h5", "secret")


def other_storage(file, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(12))
    group = file["layers/dense/vars"]
    group.create_dataset("9", shape=(3,), dtype="f4", external=[(str(tmp_path / "secret"), 0, 12)])


def huge(file, tmp_path):
    file["layers/dense/vars"].create_dataset("9", shape=(2**40,), dtype="f4", chunks=(2**10,))


def stray(file, tmp_path):
    file["layers/stray"] = np.ones(3)


def words(file, tmp_path):
    file["layers/dense/vars/9"] = "words"


def deep(file, tmp_path):
    file.require_group("/".join("a" * 200))["vars"] = np.ones(1)


HOSTILE = [soft_link, outer_link, other_storage, huge, stray, words, deep]


@pytest.mark.parametrize("harm", HOSTILE, ids=lambda harm: harm.__name__)
def test_hostile_files_are_refused(path, tmp_path, harm):
    with h5py.File(path, "a") as file:
        harm(file, tmp_path)
    with pytest.raises(Invalid):
        KerasFileEditor(path)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_are_told_so(path, seed):
    random = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for place in random.integers(0, 2000, size=200):
        content[place] = random.integers(0, 256)
    path.write_bytes(bytes(content))
    with pytest.raises(Invalid):
        KerasFileEditor(path)

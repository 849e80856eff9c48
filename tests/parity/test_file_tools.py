"""Tools for files, held to Keras's: the editor, weights in several files, what does not fit or is left alone, assets.

What Keras wrote is in the record, byte by byte; what it makes of our files is in it as numbers.
"""

import contextlib
import io
import json
import os

import h5py
import numpy as np
import pytest

import kerasviz
from kerasviz.declare import Invalid

from .comparing import assert_close

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Kept what it had"),
    pytest.mark.filterwarnings("ignore:A total of:UserWarning"),
    pytest.mark.filterwarnings("ignore:Layer .* cannot be loaded due to size mismatch:UserWarning"),
    pytest.mark.filterwarnings("ignore:Skipping optimizer:UserWarning"),
    pytest.mark.filterwarnings("ignore:Could not load weights in object:UserWarning"),
]
KILOBYTE = 2**-20  # in gigabytes


def drawn(model, seed=0):
    """The model with weights drawn by numpy."""
    random = np.random.default_rng(seed)
    model.set_weights([random.uniform(0.1, 1, size=w.shape).astype("float32") for w in model.get_weights()])
    return model


def stack(k, *sizes):
    return k.Sequential([k.Input((4,)), *(k.layers.Dense(size) for size in sizes), k.layers.BatchNormalization()])


def contents(path):
    """All arrays of a file, by path."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found


def as_bytes(path):
    return np.frombuffer(path.read_bytes(), np.uint8)


def quietly(function):
    with contextlib.redirect_stdout(io.StringIO()):
        return function()


# the editor


def several(editor):
    editor.rename_object("dense", "a")
    editor.delete_object("dense_1")
    editor.add_object("layers/b", {"0": np.zeros(2)})
    editor.delete_weight("b", "0")
    editor.add_weights("b", {"x": np.ones(3)})


EDITS = {
    "none": lambda editor: None,
    "rename": lambda editor: editor.rename_object("dense", "einsum_dense"),
    "rename at path": lambda editor: editor.rename_object("layers/dense_1", "last"),
    "rename group": lambda editor: editor.rename_object("layers", "parts"),
    "delete": lambda editor: editor.delete_object("dense"),
    "delete at path": lambda editor: editor.delete_object("layers/dense_1"),
    "delete group": lambda editor: editor.delete_object("layers"),
    "add": lambda editor: editor.add_object("layers/new", {"0": np.ones((2, 2)), "1": np.ones(2, "float32")}),
    "add in place": lambda editor: editor.add_object("layers/dense", {"0": np.ones((2, 2))}),
    "add on top": lambda editor: editor.add_object("new", {"0": np.ones((2, 2))}),
    "add weights": lambda editor: editor.add_weights("dense", {"2": np.ones((2, 2))}),
    "add weights in place": lambda editor: editor.add_weights("dense", {"0": np.ones((2, 2))}),
    "delete weight": lambda editor: editor.delete_weight("dense", "0"),
    "delete weight at path": lambda editor: editor.delete_weight("layers/batch_normalization", "3"),
    "several": several,
}
REFUSED = {
    "rename": lambda editor: editor.rename_object("nothing", "new"),
    "delete": lambda editor: editor.delete_object("nothing"),
    "add": lambda editor: editor.add_object("nothing/new", {"0": np.ones(2)}),
    "add weights": lambda editor: editor.add_weights("nothing", {"0": np.ones(2)}),
    "delete weight": lambda editor: editor.delete_weight("dense", "7"),
    "save": lambda editor: editor.save("a.keras"),
}


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"], ids=["weights", "model"])
@pytest.mark.parametrize("edit", EDITS)
def test_edits_of_keras_files(reference, edit, ending, tmp_path):
    source, target = tmp_path / f"a{ending}", tmp_path / "b.weights.h5"

    def edited(k):
        def work():
            editor = k.saving.KerasFileEditor(str(source))
            EDITS[edit](editor)
            editor.save(str(target))

        quietly(work)
        return contents(target)

    def by_keras(keras):
        model = drawn(stack(keras, 3, 2))
        model.save(source) if ending == ".keras" else model.save_weights(source)
        return [as_bytes(source), edited(keras)]

    content, expected = reference(by_keras)
    source.write_bytes(content.tobytes())
    assert_close(edited(kerasviz), expected, 0)


@pytest.mark.parametrize("edit", REFUSED)
def test_both_refuse(reference, edit, tmp_path):
    path = tmp_path / "a.weights.h5"
    drawn(stack(kerasviz, 3, 2)).save_weights(path)

    def refuses(k):
        def work():
            editor = k.saving.KerasFileEditor(str(path))
            with pytest.raises(ValueError, match=r"(?i)not|must|expected"):
                REFUSED[edit](editor)
            return True

        return quietly(work)

    assert reference(refuses)
    assert refuses(kerasviz)


COMPARED = {
    "equal": (3, 2),
    "other shape": (5, 2),
    "fewer": (3,),
    "more": (3, 2, 2),
    "others": (3, 2, None),
    "with layers without weights": (3, 0, 2),
}


def compared(k, sizes):
    if sizes[-1] is None:
        dense = [k.layers.Dense(size) for size in sizes[:-1]]
        return k.Sequential([k.Input((4,)), *dense, k.layers.LayerNormalization()])
    parts = [k.layers.Dense(size) if size else k.layers.Dropout(0.5) for size in sizes]
    return k.Sequential([k.Input((4,)), *parts, k.layers.BatchNormalization()])


@pytest.mark.parametrize("name", COMPARED)
def test_comparisons_agree(reference, name, tmp_path):
    """Keras counts a weight twice where an object before it fits, and an object's weights one by one."""
    path = tmp_path / "a.weights.h5"
    drawn(stack(kerasviz, 3, 2)).save_weights(path)

    def told(k):
        return quietly(lambda: k.saving.KerasFileEditor(str(path)).compare(compared(k, COMPARED[name])))

    expected, got = reference(told), told(kerasviz)
    assert expected.keys() == got.keys()
    assert got["status"] == expected["status"]
    assert bool(got["error_count"]) == bool(expected["error_count"])
    assert got["match_count"] <= expected["match_count"]


def test_what_is_inside_is_the_same(reference, tmp_path):
    """Of layers without layers in them: Keras's editor does not see weights of inner layers."""
    path = tmp_path / "a.weights.h5"

    def keras_file(keras):
        drawn(stack(keras, 3, 2)).save_weights(path)
        editor = quietly(lambda: keras.saving.KerasFileEditor(str(path)))
        return [as_bytes(path), editor.weights_dict]

    content, expected = reference(keras_file)
    path.write_bytes(content.tobytes())
    editor = quietly(lambda: kerasviz.saving.KerasFileEditor(str(path)))
    assert_close(without_empty(editor.weights_dict), without_empty(expected), 0)


def without_empty(nest):
    if not isinstance(nest, dict):
        return nest
    parts = {name: without_empty(part) for name, part in nest.items()}
    return {name: part for name, part in parts.items() if not (isinstance(part, dict) and not part)}


# several files


def large(k):
    model = k.Sequential([k.Input((64,)), *(k.layers.Dense(64) for _ in range(4))])
    model.set_weights([np.full(w.shape, 0.01 + index / 64, "float32") for index, w in enumerate(model.get_weights())])
    model.compile("adam", "mse")
    x = np.ones((4, 64), "float32")
    model.train_on_batch(x, x)
    return model


def state(model):
    return [np.array(v.numpy()) for v in (*model.weights, *model.optimizer.variables)]


SIZES = [32, 50, 70, 300]


@pytest.mark.parametrize("size", SIZES)
def test_several_files_of_keras_are_read(reference, size, tmp_path):
    def keras_files(keras):
        model = large(keras)
        model.save_weights(tmp_path / "a.weights.json", max_shard_size=size * KILOBYTE)
        return [{path.name: as_bytes(path) for path in sorted(tmp_path.iterdir())}, state(model)]

    files, expected = reference(keras_files)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content.tobytes())
    model = large(kerasviz)
    for variable in model.weights:
        variable.assign(variable * 0)
    model.load_weights(tmp_path / "a.weights.json")
    assert_close(state(model), expected, 0)


@pytest.mark.parametrize("size", SIZES)
def test_keras_reads_our_several_files(reference, size, tmp_path):
    model = large(kerasviz)
    model.save_weights(tmp_path / "a.weights.json", max_shard_size=size * KILOBYTE)

    def loaded(keras):
        model = large(keras)
        model.set_weights([w * 0 for w in model.get_weights()])
        model.load_weights(tmp_path / "a.weights.json")
        return state(model)

    assert_close(state(model), reference(loaded), 0)


@pytest.mark.parametrize("size", SIZES)
def test_no_file_is_larger_than_it_may_be(reference, size, tmp_path):
    """Keras counts no more than the numbers: its files are larger than they may be."""

    def sizes(k, folder):
        folder.mkdir()
        large(k).save_weights(folder / "a.weights.json", max_shard_size=size * KILOBYTE)
        return sorted(path.stat().st_size for path in folder.glob("*.h5"))

    theirs, ours = reference(lambda keras: sizes(keras, tmp_path / "theirs")), sizes(kerasviz, tmp_path / "ours")
    assert max(ours) <= size * 1024
    assert max(theirs) > size * 1024 or len(theirs) == 1
    assert sum(ours) <= sum(theirs) * 1.15
    told = json.loads((tmp_path / "ours" / "a.weights.json").read_text())["metadata"]["total_size"]
    assert told == sum(array.nbytes for array in state_in(tmp_path / "ours"))


def state_in(folder):
    return [array for path in folder.glob("*.h5") for array in contents(path).values()]


def test_a_size_with_the_name_of_one_file_is_told_and_makes_several(reference, tmp_path):
    def names(k, folder):
        folder.mkdir()
        with pytest.warns(UserWarning, match=r"a\.weights\.json"):
            large(k).save_weights(folder / "a.weights.h5", max_shard_size=1)
        return sorted(path.name for path in folder.iterdir())

    assert names(kerasviz, tmp_path / "ours") == reference(lambda keras: names(keras, tmp_path / "theirs"))


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5", "a.keras", "a.weights", "a", "a.json", "a.weights.h5.json"])
def test_the_same_names_are_taken(reference, name, tmp_path):
    def takes(k, folder):
        folder.mkdir()
        try:
            drawn(stack(k, 3)).save_weights(folder / name)
        except ValueError:
            return []
        return sorted(path.name for path in folder.iterdir())

    assert takes(kerasviz, tmp_path / "ours") == reference(lambda keras: takes(keras, tmp_path / "theirs"))


# what does not fit, and what is left alone


PAIRS = {
    "other classes": (lambda k: stack(k, 3, 2), lambda k: stack(k, 3, 5)),
    "other units": (lambda k: stack(k, 3, 2), lambda k: stack(k, 4, 2)),
    "fewer layers": (lambda k: stack(k, 3, 2, 2), lambda k: stack(k, 3, 2)),
    "more layers": (lambda k: stack(k, 3, 2), lambda k: stack(k, 3, 2, 2)),
    "no bias": (lambda k: stack(k, 3), lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(3, use_bias=False)])),
    "another sort": (
        lambda k: stack(k, 3),
        lambda k: k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.LayerNormalization()]),
    ),
    "inner model": (
        lambda k: k.Sequential([k.Input((4,)), stack(k, 3, 2), k.layers.Dense(2)]),
        lambda k: k.Sequential([k.Input((4,)), stack(k, 3, 3), k.layers.Dense(2)]),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_does_not_fit_is_skipped_alike(reference, pair, tmp_path):
    path = tmp_path / "a.weights.h5"
    make_source, make_target = PAIRS[pair]

    def loaded(k):
        model = drawn(make_target(k), seed=9)
        with contextlib.suppress(UserWarning):
            model.load_weights(path, skip_mismatch=True)
        return model.get_weights()

    def by_keras(keras):
        drawn(make_source(keras)).save_weights(path)
        return [as_bytes(path), loaded(keras)]

    content, expected = reference(by_keras)
    path.write_bytes(content.tobytes())
    assert_close(loaded(kerasviz), expected, 0)


@pytest.mark.parametrize("pair", [name for name in PAIRS if name != "fewer layers"])
def test_without_skipping_both_refuse_and_ours_stay_as_they_were(reference, pair, tmp_path):
    path = tmp_path / "a.weights.h5"
    make_source, make_target = PAIRS[pair]
    drawn(make_source(kerasviz)).save_weights(path)

    def refuses(k):
        with pytest.raises((ValueError, KeyError)):
            drawn(make_target(k), seed=9).load_weights(path)
        return True

    assert reference(refuses)
    model = drawn(make_target(kerasviz), seed=9)
    before = model.get_weights()
    with pytest.raises(Invalid):
        model.load_weights(path)
    assert_close(model.get_weights(), before, 0)


LEFT_ALONE = {
    "none": lambda model: [],
    "a layer": lambda model: [model.layers[1]],
    "several": lambda model: [model.layers[0], model.layers[2]],
    "an inner model": lambda model: [model.layers[3]],
    "a layer of the inner model": lambda model: [model.layers[3].layers[0]],
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_the_same_layers_are_left_alone(reference, name, tmp_path):
    path = tmp_path / "a.weights.h5"

    def make(k):
        inner = k.Sequential([k.layers.Dense(2), k.layers.Dense(3)])
        return k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(3), k.layers.BatchNormalization(), inner])

    def loaded(k):
        model = drawn(make(k), seed=9)
        k.saving.load_weights(model, path, objects_to_skip=LEFT_ALONE[name](model))
        return model.get_weights()

    def by_keras(keras):
        drawn(make(keras)).save_weights(path)
        return [as_bytes(path), loaded(keras)]

    content, expected = reference(by_keras)
    path.write_bytes(content.tobytes())
    assert_close(loaded(kerasviz), expected, 0)


# files of layers beside their weights


def with_notes(k):
    @k.saving.register_keras_serializable("test_file_tools")
    class Noting(k.layers.Layer):
        """Keeps a text, and a second one in a folder."""

        text = ""

        def call(self, inputs):
            return inputs

        def save_assets(self, dir_path):
            os.makedirs(os.path.join(dir_path, "inside"))
            for name in ("note.txt", "inside/other.txt"):
                with open(os.path.join(dir_path, name), "w", encoding="utf-8") as file:
                    file.write(f"{name}: {self.text}")

        def load_assets(self, dir_path):
            read = []
            for name in ("note.txt", "inside/other.txt"):
                with open(os.path.join(dir_path, name), encoding="utf-8") as file:
                    read.append(file.read())
            self.text = " ".join(read)

    first, second = Noting(name="first"), Noting(name="second")
    first.text, second.text = "one", "zwei ä"
    inner = k.Sequential([k.layers.Dense(2), second])
    return drawn(k.Sequential([k.Input((4,)), first, inner]))


def texts(model):
    return [model.layers[0].text, model.layers[1].layers[1].text]


@pytest.mark.parametrize("zipped", [True, False], ids=["file", "folder"])
def test_assets_of_keras_are_read(reference, zipped, tmp_path):
    path = tmp_path / ("a.keras" if zipped else "a")

    def by_keras(keras):
        keras.saving.save_model(with_notes(keras), path, **({} if zipped else {"zipped": False}))
        found = [path] if zipped else sorted(part for part in path.rglob("*") if part.is_file())
        return [
            {str(part.relative_to(tmp_path)): as_bytes(part) for part in found},
            texts(keras.saving.load_model(path)),
        ]

    files, expected = reference(by_keras)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content.tobytes())
    with_notes(kerasviz)
    assert texts(kerasviz.saving.load_model(path)) == expected


@pytest.mark.parametrize("zipped", [True, False], ids=["file", "folder"])
def test_keras_reads_our_assets(reference, zipped, tmp_path):
    path = tmp_path / ("a.keras" if zipped else "a")
    kerasviz.saving.save_model(with_notes(kerasviz), path, **({} if zipped else {"zipped": False}))

    def by_keras(keras):
        with_notes(keras)
        model = keras.saving.load_model(path)
        return [texts(model), model.get_weights()]

    expected, weights = reference(by_keras)
    model = kerasviz.saving.load_model(path)
    assert texts(model) == expected
    assert_close(model.get_weights(), weights, 0)

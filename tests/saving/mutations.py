"""Good files of many kinds, and ways to damage them: bytes, values anywhere in a config, members of HDF5 files.

Each way takes a source of random choices; one of hypothesis makes it smaller until what fails is plain.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import kerasviz
from kerasviz import layers, ops

Content = bytes
Random = random.Random

# --- good models ------------------------------------------------------------------------------------------------------


def trained() -> Any:
    """Dense layers with an optimizer that has a state."""
    model = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2, "relu"), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32"))
    return model


def images() -> Any:
    """Convolutions, normalization, pooling, an operation."""
    inputs = kerasviz.Input((6, 6, 2), name="image")
    x = layers.Conv2D(3, 3, padding="same", kernel_regularizer="l2")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("gelu")(ops.add(x, layers.DepthwiseConv2D(3, padding="same")(x)))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x))
    return kerasviz.Model(inputs, layers.Dense(2, kernel_constraint="max_norm")(x)[:, :1])


def sequences() -> Any:
    """Embedding with a mask, recurrence both ways, attention."""
    inputs = kerasviz.Input((5,), dtype="int32", name="tokens")
    x = layers.Embedding(7, 4, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.MultiHeadAttention(2, 2)(x, x)
    return kerasviz.Model(inputs, layers.TimeDistributed(layers.Dense(2))(x))


def tables() -> Any:
    """Two inputs by name, words and numbers, a model inside, a layer called twice."""
    one, other = kerasviz.Input((2,), name="one"), kerasviz.Input((1,), dtype="string", name="words")
    numbers = layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 4.0])
    words = layers.StringLookup(vocabulary=["a", "b", "c"], output_mode="multi_hot")
    inner = kerasviz.Sequential([kerasviz.Input((2,)), layers.Dense(2, name="deep")], name="inner")
    x = layers.Concatenate()([inner(numbers(one)), inner(one), words(other)])
    return kerasviz.Model({"one": one, "words": other}, {"out": layers.Dense(1)(x)})


MODELS: dict[str, Callable[[], Any]] = {
    "trained": trained,
    "images": images,
    "sequences": sequences,
    "tables": tables,
}


@functools.cache
def model_of(name: str) -> Any:
    """A good model."""
    return MODELS[name]()


@functools.cache
def archive_of(name: str) -> dict[str, Content]:
    """The entries of its `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model_of(name).save(path)
        with zipfile.ZipFile(path) as archive:
            return {entry: archive.read(entry) for entry in archive.namelist()}


@functools.cache
def legacy_of(name: str) -> Content:
    """Its `.h5` file, with all of it in one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        model_of(name).save(path)
        return path.read_bytes()


def with_other_text(content: Content, choose: Random) -> Content:
    """A `.h5` file whose config of the model or of the training is another, or the version that wrote it."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        name = choose.choice(["model_config", "model_config", "training_config", "keras_version"])
        text = file.attrs.get(name)
        if name == "keras_version" or not isinstance(text, str):
            file.attrs["keras_version"] = choose.choice(["1.2.2", "2.0.5", "2.15.0", "3.0.0", "", "x", b"\xff", 3])
        elif choose.random() < 0.8:
            file.attrs.create(name, json.dumps(changed(json.loads(text), choose)), dtype=h5py.string_dtype())
        else:
            file.attrs[name] = np.bytes_(damaged(text.encode(), choose))
    return buffer.getvalue()


def with_other_names(content: Content, choose: Random) -> Content:
    """A `.h5` file whose lists of names are others."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        places: list[str] = []
        file.visititems(lambda path, item: places.append(path) if len(item.attrs) else None)
        item: Any = file[choose.choice(places)]
        name = choose.choice([key for key in ("layer_names", "weight_names") if key in item.attrs] or ["weight_names"])
        names = [one for one in np.asarray(item.attrs.get(name, [])).ravel().tolist() if isinstance(one, bytes)]
        others = [b"", b"/", b"..", b"../optimizer_weights", b"a/b", b"\xff", b"x" * 300, b"dense", b"vars", *names]
        names = [choose.choice(others) if choose.random() < 0.4 else one for one in names or others[:3]]
        choose.shuffle(names)
        made: list[Any] = [np.array(names), names[:-1], np.arange(3), "é", h5py.Empty("S3"), np.zeros((2, 2), "S4")]
        item.attrs[name] = made[0] if choose.random() < 0.6 else choose.choice(made)
    return buffer.getvalue()


def packed(entries: dict[str, Content], compression: int = zipfile.ZIP_STORED) -> Content:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@functools.cache
def config_of(name: str) -> Any:
    """The config of a good model; not to be changed."""
    return json.loads(archive_of(name)["config.json"])


# --- bytes ------------------------------------------------------------------------------------------------------------

TELLING = [b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff" * 8, b"\xff" * 7 + b"\x7f"]


def damaged(content: Content, choose: Random) -> Content:
    """Bytes with one to four changes."""
    made = bytearray(content)
    for _ in range(choose.randint(1, 4)):
        place = choose.randrange(len(made)) if made else 0
        length = choose.choice([1, 1, 2, 4, 8, 64])
        kind = choose.randrange(8)
        if kind == 0:
            made[place : place + 1] = bytes([choose.randrange(256)])
        elif kind == 1 and made:
            made[place] ^= 1 << choose.randrange(8)
        elif kind == 2:
            told = choose.choice(TELLING)
            made[place : place + len(told)] = told
        elif kind == 3:
            number = choose.choice([0, 1, 2**16, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1])
            made[place : place + 8] = struct.pack("<Q", number)
        elif kind == 4:
            del made[place : place + length]
        elif kind == 5:
            made[place:place] = made[place : place + length]
        elif kind == 6:
            other = choose.randrange(len(made)) if made else 0
            made[place : place + length] = made[other : other + length]
        else:
            del made[place:]
    return bytes(made)


# --- configs ----------------------------------------------------------------------------------------------------------

SCALARS = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        3.5,
        -0.0,
        1e308,
        float("nan"),
        float("inf"),
        2**31,
        2**63,
        2**64,
        10**30,
        -(2**63),
    ),
    *(
        "",
        "a",
        "relu",
        "same",
        "float32",
        "int8",
        "string",
        "complex64",
        "os.system",
        "/etc/passwd",
        "http://127.0.0.1:9/",
    ),
    *("Dense", "keras.layers", "\0", "\ud800", "é" * 3, "x" * 5000, "__proto__", "../..", "float0", "mixed_float16"),
]
SHAPES: list[Any] = [
    *(
        [],
        [None],
        [None, None],
        [0],
        [-1],
        [None, 3],
        [1, 2, 3],
        [None, 2**40],
        [2**62, 2**62],
        [[]],
        [None] * 70,
        ["a"],
    ),
    *(
        {},
        {"a": 1},
        {"class_name": "Dense", "config": {}},
        {"class_name": "__tuple__", "items": []},
        {"class_name": None},
    ),
    {"class_name": "__numpy__", "config": {"value": [1, 2], "dtype": "float32"}},
    {"class_name": "__numpy__", "config": {"value": [[1], [2, 3]], "dtype": "object"}},
    {"class_name": "__tensor__", "config": {"value": 1, "dtype": "float16"}},
    {"class_name": "__slice__", "config": {"start": None, "stop": 2**70, "step": 0}},
    {"class_name": "__ellipsis__", "config": {}},
    {"class_name": "__bytes__", "config": {"value": "a"}},
    {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}},
    {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": ["a", 0, 0]}},
    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}, "registered_name": None},
    {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None},
    {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"},
    {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}},
    {"shapes_dict": {"input_shape": [None, 3]}},
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container inside a value, with each of its keys."""
    waiting = [value]
    while waiting:
        whole = waiting.pop()
        keys = list(whole) if isinstance(whole, dict) else range(len(whole))
        for key in keys:
            yield whole, key
            if isinstance(whole[key], (dict, list)):
                waiting.append(whole[key])


def changed(config: Any, choose: Random, most: int = 3) -> Any:
    """A config with values dropped, replaced, doubled, retyped or moved, at any path."""
    made = copy.deepcopy(config)
    for _ in range(choose.randint(1, most)):
        found = list(places(made))
        if not found:
            return made
        whole, key = choose.choice(found)
        change_one(whole, key, found, choose)
    return made


def change_one(whole: Any, key: Any, found: list[tuple[Any, Any]], choose: Random) -> None:
    """One change at one place."""
    kind = choose.randrange(8)
    value = whole[key]
    if kind == 0:
        del whole[key]
    elif kind <= 2:
        whole[key] = copy.deepcopy(choose.choice(SCALARS if choose.random() < 0.6 else SHAPES))
    elif kind == 3:
        whole[key] = retyped(value)
    elif kind == 4:
        other, place = choose.choice(found)
        whole[key] = copy.deepcopy(
            other.get(place) if isinstance(other, dict) else (other[place : place + 1] or [0])[0]
        )
    elif kind == 5 and isinstance(whole, list):
        whole.insert(key, copy.deepcopy(value))
    elif kind == 5:
        whole[choose.choice(["name", "shape", "dtype", "x", "module", "config", "registered_name"])] = value
    elif kind == 6 and isinstance(value, (int, float)) and not isinstance(value, bool):
        whole[key] = choose.choice([-value, value + 1, value * 1000, value * 10**9, value / 2])
    elif kind == 6 and isinstance(whole, list):
        choose.shuffle(whole)
    else:
        whole[key] = (
            [value]
            if choose.random() < 0.5
            else {"class_name": choose.choice(["__tuple__", "Dense"]), "items": [value]}
        )


def retyped(value: Any) -> Any:
    """The same in another type."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return {str(index): part for index, part in enumerate(value)}
    if isinstance(value, str):
        return [*value]
    return str(value)


# --- HDF5 -------------------------------------------------------------------------------------------------------------


def hdf5_changed(content: Content, choose: Random) -> Content:
    """An HDF5 file with one to three of its members changed."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        for _ in range(choose.randint(1, 3)):
            paths: list[str] = []
            file.visit(paths.append)
            path = choose.choice(paths) if paths else "new"
            HDF5_CHANGES[choose.randrange(len(HDF5_CHANGES))](file, path, choose)
    return buffer.getvalue()


def _shape(choose: Random) -> tuple[int, ...]:
    return choose.choice([(), (0,), (1,), (2,), (3, 2), (2, 3), (1, 1, 1), (2**16,), (1,) * 20])


def _replaced(file: Any, path: str, choose: Random) -> None:
    dtype = choose.choice(["f2", "f4", "f8", ">f4", "g", "i1", "u8", "?", "c8", "S3", "V4", "i8", h5py.string_dtype()])
    if path in file:
        del file[path]
    made = np.zeros(_shape(choose), dtype) if not isinstance(dtype, np.dtype) else np.array(["a", "b"], dtype)
    file[path] = made


def _filtered(file: Any, path: str, choose: Random) -> None:
    if path in file:
        del file[path]
    options = choose.choice([{"compression": "gzip"}, {"compression": "lzf"}, {"shuffle": True}, {"fletcher32": True}])
    options |= choose.choice([{}, {"fillvalue": 3}, {"maxshape": (None, 2)}])
    shape = choose.choice([(3, 2), (4, 2), (10**5, 2), (10**9, 2)])
    file.create_dataset(path, shape, choose.choice(["f4", "f8"]), chunks=(3, 2), **options)


def _deleted(file: Any, path: str, choose: Random) -> None:
    if path in file:
        del file[path]


def _linked(file: Any, path: str, choose: Random) -> None:
    links = [h5py.SoftLink("/"), h5py.SoftLink("/none"), h5py.ExternalLink("other.h5", "/"), file["/"]]
    place = f"{path}_{choose.randrange(3)}" if choose.random() < 0.5 else path
    if place in file:
        del file[place]
    file[place] = choose.choice(links)


def _empty(file: Any, path: str, choose: Random) -> None:
    if path in file:
        del file[path]
    made = choose.choice([h5py.Empty("f4"), np.dtype("f4"), np.array(file.ref), np.array(file["/"].name, "S")])
    file[path] = made


def _group(file: Any, path: str, choose: Random) -> None:
    if path in file:
        del file[path]
    file.create_group(path + choose.choice(["", "/vars", "/vars/0", "/0"]))


def _attribute(file: Any, path: str, choose: Random) -> None:
    if path in file:
        name = choose.choice(["name", "dtype", "x", "layer_names", "weight_names"])
        value = choose.choice(["bfloat16", b"\xff", 3, np.zeros(5), h5py.Empty("f4"), "é", [b"a", b"b"]])
        file[path].attrs[name] = value


def _renamed(file: Any, path: str, choose: Random) -> None:
    new = choose.choice(["0", "1", "vars", "x", "layers", "é", "a b", "x" * 300])
    place = f"{path.rpartition('/')[0]}/{new}"
    if path in file and place not in file and not f"{place}/".startswith(f"{path}/"):
        file.move(path, place)


HDF5_CHANGES = [_replaced, _filtered, _deleted, _linked, _empty, _group, _attribute, _renamed, _replaced, _deleted]

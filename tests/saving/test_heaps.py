"""Texts in HDF5 files: a heap that the HDF5 library would read without end is refused before it is read."""

import struct

import h5py
import numpy as np
import pytest

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving.heaps import HEAD, SIGNATURE


@pytest.fixture
def model():
    return kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2)])


def objects(content):
    """(place, number, bytes) of each object of each heap."""
    found, start = [], content.find(SIGNATURE)
    while start >= 0:
        end, place = start + struct.unpack_from("<Q", content, start + 8)[0], start + 16
        while place + HEAD.size <= end:
            number, _, _, held = HEAD.unpack_from(content, place)
            found.append((place, number, held))
            place += held if number == 0 else HEAD.size + -(-held // 8) * 8
        start = content.find(SIGNATURE, start + 1)
    return found


@pytest.mark.timeout(20)
@pytest.mark.parametrize("held", [0, 8, 2**64 - 16, 2**64 - 1, 2**32], ids=["nothing", "less", "around", "all", "more"])
@pytest.mark.parametrize("which", [0, -1], ids=["text", "rest"])
def test_an_object_that_is_no_step_forward_is_refused(model, tmp_path, which, held):
    path = tmp_path / "model.h5"
    model.save(path)
    content = bytearray(path.read_bytes())
    place, number, _ = [one for one in objects(content) if (one[1] == 0) == (which == -1)][which]
    HEAD.pack_into(content, place, number, 1, 0, held)
    path.write_bytes(content)
    if number and held in (0, 8):  # a shorter text is a step too: it is the JSON that is cut off
        with pytest.raises(Invalid):
            kerasviz.saving.load_model(path)
        return
    with pytest.raises(Invalid, match="heap at byte"):
        kerasviz.saving.load_model(path)


@pytest.mark.parametrize("values", ["sequences", "references"])
@pytest.mark.parametrize("place", ["attribute", "array"])
def test_values_of_any_length_that_are_no_texts_are_refused(model, tmp_path, values, place):
    path = tmp_path / "model.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        kind = h5py.vlen_dtype("int32") if values == "sequences" else h5py.ref_dtype
        if place == "attribute":
            del file["model_weights"].attrs["backend"]
            value = np.empty(1, object)
            value[0] = np.arange(3, dtype="int32") if values == "sequences" else file.ref
            file["model_weights"].attrs.create("backend", value, dtype=kind)
        else:
            file["model_weights"].create_dataset("more", (2,), dtype=kind)
    with pytest.raises(Invalid, match="numbers or texts"):
        kerasviz.saving.load_model(path)


def test_weights_that_look_like_a_heap_are_no_heap(model, tmp_path):
    kernel = np.frombuffer((b"GCOL\x01" + bytes(3) + (24).to_bytes(8, "little") + bytes(8)), "float32").reshape(3, 2)
    model.layers[0].set_weights([kernel, np.zeros(2, "float32")])
    model.save_weights(tmp_path / "a.weights.h5")
    model.load_weights(tmp_path / "a.weights.h5")
    assert (model.layers[0].get_weights()[0] == kernel).all()

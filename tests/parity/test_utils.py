"""`keras.utils` against Keras: boxes, configs, progress, and how data is packed."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import utils

from .comparing import assert_close

BOXES = np.array([[10, 20, 30, 60], [0, 5, 50, 50]], "float32")
OTHERS = np.array([[15, 25, 35, 65], [100, 100, 120, 120], [-1, -1, -1, -1]], "float32")
ANCHORS = np.array([[10, 10, 30, 40], [5, 20, 45, 60]], "float32")
DELTAS = np.array([[0.1, 0.2, 0.3, -0.1], [0, 0.5, -0.5, 0.2]], "float32")
FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
ZERO, ONE = np.zeros(1, "float32"), np.ones(1, "float32")
VARIANCE = np.array([0.1, 0.1, 0.2, 0.2], "float32")
SHAPE = (100, 200, 3)


HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
TABLE = {
    "f": np.array([0.0, 0.1, 0.2, 0.3], "float32"),
    "g": np.array([5.0, 6, 7, 9], "float32"),
    "s": np.array(["a", "b", "a", "c"]),
    "i": np.array([0, 1, 2, 1]),
}


@pytest.fixture
def oracle(reference: Any) -> Any:
    """The reference; its record where it cannot compute, as FeatureSpace needs TensorFlow."""
    if reference.mode != "replay" and not HAS_TENSORFLOW:
        reference.mode = "replay"
    return reference


class Ours:
    """Stands where `keras` stands for the oracle."""

    utils = utils


def tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array))


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_formats_are_converted_as_in_keras(reference, source, target):
    def converted(library):
        return library.utils.bounding_boxes.convert_format(BOXES / 7, source, target, height=100, width=200)

    assert_close(converted(Ours), reference(converted))


BOX_CASES = {
    "convert-half": lambda b: b.convert_format(BOXES, "XYXY", "xywh", dtype="float16"),
    "convert-dict": lambda b: b.convert_format({"boxes": BOXES, "labels": np.array([1, 2])}, "xyxy", "xywh"),
    "convert-batch": lambda b: b.convert_format(BOXES[None], "xyxy", "center_xywh"),
    "iou": lambda b: b.compute_iou(BOXES, OTHERS, "xyxy"),
    "iou-masked": lambda b: b.compute_iou(BOXES, OTHERS, "xyxy", use_masking=True, mask_val=100),
    "iou-xywh": lambda b: b.compute_iou(BOXES, OTHERS, "xywh"),
    "iou-relative": lambda b: b.compute_iou(BOXES / 100, OTHERS / 100, "rel_xyxy", image_shape=SHAPE),
    "iou-batch": lambda b: b.compute_iou(BOXES[None], OTHERS[None], "xyxy"),
    "iou-batch-first": lambda b: b.compute_iou(BOXES[None], OTHERS, "xyxy"),
    "iou-batch-second": lambda b: b.compute_iou(BOXES, OTHERS[None], "xyxy"),
    "iou-none": lambda b: b.compute_iou(BOXES[:0], OTHERS, "xyxy"),
    "iou-points": lambda b: b.compute_iou(BOXES * 0, OTHERS * 0, "xyxy"),
    "ciou": lambda b: b.compute_ciou(BOXES, OTHERS[:2], "xyxy"),
    "ciou-same": lambda b: b.compute_ciou(BOXES, BOXES, "xyxy"),
    "ciou-centers": lambda b: b.compute_ciou(BOXES, OTHERS[:2], "center_xywh"),
    "ciou-points": lambda b: b.compute_ciou(BOXES[:, None], OTHERS[None], "xyxy"),
    "clip": lambda b: b.clip_to_image_size(
        {
            "boxes": np.array([[-10, 20, 300, 60], [500, 500, 600, 600], [0, 5, 50, 50]], "float32"),
            "labels": np.array([1, 2, 3]),
        },
        height=100,
        width=200,
    ),
    "clip-relative": lambda b: b.clip_to_image_size(
        {"boxes": np.array([[[-0.1, 0.2, 1.3, 0.6]]], "float32"), "labels": np.array([[1]])},
        bounding_box_format="rel_xyxy",
    ),
    "crop": lambda b: b.crop(BOXES, 5, 10, 20, 30),
    "crop-batch": lambda b: b.crop(BOXES[None], 5, 10, 20, 30),
    "pad": lambda b: b.pad(BOXES, 5, 10, height=100, width=200),
    **{
        f"encode-{name}-{scale is not None}": lambda b, name=name, scale=scale: b.encode_box_to_deltas(
            ANCHORS, BOXES, "xyxy", "xyxy", name, scale
        )
        for name in ("center_yxhw", "center_xywh")
        for scale in (None, VARIANCE)
    },
    "encode-formats": lambda b: b.encode_box_to_deltas(ANCHORS, BOXES, "xywh", "yxyx"),
    "encode-batch": lambda b: b.encode_box_to_deltas(ANCHORS, BOXES[None], "xyxy", "xyxy"),
    "encode-relative": lambda b: b.encode_box_to_deltas(
        ANCHORS / 100, BOXES / 100, "rel_xyxy", "rel_xyxy", image_shape=SHAPE
    ),
    "encode-nothing": lambda b: b.encode_box_to_deltas(ANCHORS, -np.ones((2, 4), "float32"), "xyxy", "xyxy"),
    **{
        f"decode-{name}-{scale is not None}": lambda b, name=name, scale=scale: b.decode_deltas_to_boxes(
            tensor(ANCHORS), tensor(DELTAS), "xyxy", "xyxy", name, scale if scale is None else tensor(scale)
        )
        for name in ("center_yxhw", "center_xywh")
        for scale in (None, VARIANCE)
    },
    "decode-levels": lambda b: b.decode_deltas_to_boxes(
        {"a": tensor(ANCHORS)}, {"a": tensor(DELTAS[None])}, "xyxy", "xywh"
    ),
    "decode-relative": lambda b: b.decode_deltas_to_boxes(
        tensor(ANCHORS / 100), tensor(DELTAS), "rel_xyxy", "rel_xyxy", image_shape=SHAPE
    ),
}


@pytest.mark.parametrize("compute", BOX_CASES.values(), ids=BOX_CASES)
def test_boxes_equal_keras(reference, compute):
    assert_close(compute(utils.bounding_boxes), reference(lambda keras: compute(keras.utils.bounding_boxes)))


AFFINE = {
    "nothing": {},
    "turn": {"angle": 30},
    "move": {"translate_x": 0.1, "translate_y": -0.3},
    "scale": {"scale": 2},
    "shear-x": {"shear_x": 10},
    "shear-y": {"shear_y": 20},
    "shears": {"shear_x": 10, "shear_y": 20},
    "corner": {"angle": 30, "center_x": 0.0, "center_y": 0.0},
    "all": {
        "angle": 30,
        "translate_x": 0.5,
        "translate_y": 0.25,
        "scale": 1.5,
        "shear_x": 10,
        "shear_y": 20,
        "center_x": 0.2,
        "center_y": 0.3,
    },
}


@pytest.mark.parametrize("changes", AFFINE.values(), ids=AFFINE)
@pytest.mark.parametrize("images", [1, 2])
def test_turned_boxes_equal_keras(reference, changes, images):
    names = ("angle", "translate_x", "translate_y", "scale", "shear_x", "shear_y")
    numbers = {name: np.full(images, changes.get(name, float(name == "scale")), "float32") for name in names}
    centers = {name: changes[name] for name in changes if name.startswith("center")}
    boxes = np.stack([BOXES, BOXES + 5])[:images]

    def turned(library):
        transform = library.utils.bounding_boxes.affine_transform
        return transform(boxes, **numbers, height=100, width=200, **centers)

    assert_close(turned(Ours), reference(turned), 1e-5)


# --- FeatureSpace ---------------------------------------------------------------------------------------------------

SPACES = {
    "float": lambda space: {"features": {"f": "float"}},
    "rescaled": lambda space: {"features": {"f": space.float_rescaled(2.0, 1.0)}},
    "rescaled-word": lambda space: {"features": {"f": "float_rescaled"}},
    "normalized": lambda space: {"features": {"f": "float_normalized", "g": space.float_normalized()}},
    "discretized": lambda space: {"features": {"g": space.float_discretized(num_bins=3)}},
    "discretized-int": lambda space: {"features": {"g": space.float_discretized(3, output_mode="int")}},
    "discretized-word": lambda space: {"features": {"g": "float_discretized"}, "num_discretization_bins": 4},
    "integers": lambda space: {"features": {"i": space.integer_categorical(max_tokens=3, num_oov_indices=2)}},
    "integers-int": lambda space: {"features": {"i": space.integer_categorical(output_mode="int")}},
    "words": lambda space: {"features": {"s": "string_categorical"}},
    "words-few": lambda space: {"features": {"s": space.string_categorical(3, 2, "int")}},
    "integers-hashed": lambda space: {"features": {"i": space.integer_hashed(5)}},
    "integers-hashed-word": lambda space: {"features": {"i": "integer_hashed"}, "hashing_dim": 4},
    "words-hashed": lambda space: {"features": {"s": space.string_hashed(5, output_mode="int")}},
    "crossed": lambda space: {
        "features": {"s": "string_categorical", "i": "integer_categorical"},
        "crosses": [("s", "i")],
        "crossing_dim": 7,
    },
    "crossed-int": lambda space: {
        "features": {"s": space.string_hashed(4), "i": space.integer_hashed(4)},
        "crosses": [space.cross(("s", "i"), 5, output_mode="int"), space.cross(("i", "s"), 6)],
    },
    "crossed-ranges": lambda space: {
        "features": {"s": space.string_categorical(), "g": space.float_discretized(3)},
        "crosses": [space.cross(("s", "g"), 5)],
    },
}


@pytest.mark.parametrize("arguments", SPACES.values(), ids=SPACES)
def test_features_equal_keras(oracle, arguments):
    def encoded(library):
        options = arguments(library.utils.FeatureSpace)
        table = {name: TABLE[name] for name in options["features"]}
        space = library.utils.FeatureSpace(**options, output_mode="dict")
        adapt(library, space, table)
        return space(table)

    assert_close(encoded(Ours), oracle(encoded))


def adapt(library: Any, space: Any, table: Any) -> None:
    """Keras takes a `tf.data.Dataset`."""
    if library is not Ours:
        table = importlib.import_module("tensorflow").data.Dataset.from_tensor_slices(table)
    space.adapt(table)


def mixed(library: Any, mode: str = "concat") -> Any:
    features = {"s": "string_categorical", "f": "float_normalized", "i": "integer_categorical", "g": "float"}
    space = library.utils.FeatureSpace(features, crosses=[("s", "i")], output_mode=mode)
    adapt(library, space, TABLE)
    return space


SAMPLES = {
    "arrays": TABLE,
    "lists": {name: column.tolist() for name, column in TABLE.items()},
    "columns": {name: column[:, None] for name, column in TABLE.items()},
    "one": {name: column[1] for name, column in TABLE.items()},
}


@pytest.mark.parametrize("table", SAMPLES.values(), ids=SAMPLES)
def test_joined_features_equal_keras(oracle, table):
    assert_close(mixed(Ours)(table), oracle(lambda keras: mixed(keras)(table)))


@pytest.mark.parametrize("mode", ["concat", "dict"])
def test_symbols_of_features_equal_keras(oracle, mode):
    def told(library):
        space = mixed(library, mode)
        encoded = space.get_encoded_features()
        named = encoded if mode == "dict" else {"all": encoded}
        inputs = {name: [list(symbol.shape), symbol.dtype] for name, symbol in space.get_inputs().items()}
        return {"in": inputs, "out": {name: [list(symbol.shape), symbol.dtype] for name, symbol in named.items()}}

    assert_close(told(Ours), oracle(told))


# --- the rest -------------------------------------------------------------------------------------------------------

PACKED = {
    "x": lambda u: u.pack_x_y_sample_weight(1),
    "tuple": lambda u: u.pack_x_y_sample_weight((1, 2)),
    "list": lambda u: u.pack_x_y_sample_weight([1, 2]),
    "xy": lambda u: u.pack_x_y_sample_weight(1, 2),
    "xyw": lambda u: u.pack_x_y_sample_weight(1, 2, 3),
    "weight-alone": lambda u: u.pack_x_y_sample_weight(1, None, 3),
    "unpack-x": lambda u: u.unpack_x_y_sample_weight(1),
    "unpack-one": lambda u: u.unpack_x_y_sample_weight((1,)),
    "unpack-xy": lambda u: u.unpack_x_y_sample_weight((1, 2)),
    "unpack-list": lambda u: u.unpack_x_y_sample_weight([1, 2, 3]),
}


@pytest.mark.parametrize("compute", PACKED.values(), ids=PACKED)
def test_packing_equals_keras(reference, compute):
    assert_close(compute(utils), reference(lambda keras: compute(keras.utils)))


def test_config_equals_keras(reference):
    def told(library):
        config = library.utils.Config(a=1, b={"x": 2})
        config.c = 3
        config["d"] = 4
        config.update({"e": 5}, f=6)
        popped = config.pop("d")
        answers = [config.a, config["b"], config.get("z"), config.get("z", 7), popped, "a" in config, len(config)]
        config.freeze()
        frozen = config.frozen
        config.unfreeze()
        listed = [list(config), list(config.keys()), list(config.values()), [list(i) for i in config.items()]]
        return [answers, frozen, config.frozen, listed, config.as_dict(), config.to_json(), repr(config)]

    assert_close(told(Ours), reference(told))


BARS = {
    "line": {"target": 5, "verbose": 2},
    "line-sample": {"target": 1000, "verbose": 2, "unit_name": "sample"},
    "quiet": {"target": 5, "verbose": 0},
    "unknown": {"target": None, "verbose": 2},
    "long": {"target": 100, "verbose": 2},
    "stateful": {"target": 100, "verbose": 2, "stateful_metrics": ["b"]},
    "stateless": {"target": 100, "verbose": 2, "stateless_metrics": ["b"]},
    "late": {"target": 5, "verbose": 2, "stateful_metrics": ["a"]},
}


@pytest.mark.parametrize("options", BARS.values(), ids=BARS)
def test_progress_equals_keras_apart_from_times(reference, options):
    def shown(library):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            bar = library.utils.Progbar(**options)
            for step in range(5):
                bar.update(step + 1, [("a", step * 1.0), ("b", 1e-5 * step), ("c", -1234567.0)])
            bar.add(2, [("a", 9.0)])
            bar.update(8, [("a", 10.0)], finalize=True)
        return re.sub(r" +\n", "\n", re.sub(r"\d+(s|ms|us)\b", "0", out.getvalue()))  # a shorter time leaves spaces

    assert shown(Ours) == reference(shown)

"""Operations on images against Keras: values, dtypes, gradients, symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import ops

from .comparing import assert_close
from .op_cases import WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

Case = Callable[[Any], Any]
T = torch.tensor
SOME = ("uint8", "int32", "float16", "bfloat16", "float32", "float64")
FIRST = {"data_format": "channels_first"}
RGB = drawn("float32", (2, 5, 4, 3), 0, 1)
GREY = drawn("float32", (2, 6, 7, 1), 0, 1, seed=1)
ODD = drawn("float32", (7, 9, 2), 0, 1, seed=2)
VOLUME = drawn("float32", (2, 4, 5, 3, 2), 0, 1, seed=3)
LINE = torch.arange(1.0, 5)
ALONG = torch.arange(-6, 10.5, 0.75)[None]
ROW = T([1.0, 0.2, -0.7, -0.1, 0.9, 0.4, 0, 0])
ROWS = torch.stack([ROW, T([0.7, 0, 1.3, 0.3, 1.2, -2, 0, 0])])
CORNERS = T([[0.0, 0], [0, 4], [3, 0], [3, 4]])
MOVED = T([[0.5, 0.3], [-0.4, 4.2], [2.8, -0.6], [3.4, 3.7]])
PLACES = T([[0.2, 1.7, -0.4, 3.1], [2.5, 0.1, 3.3, 5.2]])


def first(x: torch.Tensor) -> torch.Tensor:
    """With channels first."""
    return x.movedim(-1, 1 if x.ndim > 3 else 0)


def typed(call: Callable[[Any, torch.Tensor], Any], shape: tuple[int, ...], dtypes: Any = SOME) -> dict[str, Case]:
    """The same call for each dtype; whole numbers up to 250."""
    return {
        dtype: lambda ops, dtype=dtype: (
            call(ops, drawn(dtype, shape, 0, 120 if dtype == "int8" else 250))
            if dtype in WHOLE
            else call(ops, drawn(dtype, shape, 0, 1))
        )
        for dtype in dtypes
    }


def resizes(interpolation: str, antialias: bool) -> dict[str, Case]:
    """Larger, smaller, and both at once."""
    how = {"interpolation": interpolation, "antialias": antialias}
    return {
        f"{interpolation} {antialias} {size}": lambda ops, size=size: ops.image.resize(ODD, size, **how)
        for size in ((3, 4), (14, 18), (5, 20), (1, 1), (7, 9))
    }


def aspects() -> dict[str, Case]:
    """Kept by cropping and by padding, in many shapes."""
    return {
        f"{way} {size} {shape}": lambda ops, way=way, size=size, shape=shape: ops.image.resize(
            drawn("float32", shape, 0, 1), size, **{f"{way}_to_aspect_ratio": True}, fill_value=0.7
        )
        for way in ("crop", "pad")
        for size in ((3, 3), (2, 6), (6, 2), (5, 4), (8, 8), (1, 7))
        for shape in ((4, 5, 1), (2, 9, 3, 2), (7, 7, 1))
    }


OPS: dict[str, dict[str, Case]] = {
    "rgb_to_grayscale": {
        **typed(lambda ops, x: ops.image.rgb_to_grayscale(x), (3, 4, 3), (*SOME, "int8", "bool")),
        "batch": lambda ops: ops.image.rgb_to_grayscale(RGB),
        "first": lambda ops: ops.image.rgb_to_grayscale(first(RGB), **FIRST),
        "grey": lambda ops: ops.image.rgb_to_grayscale(GREY),
        "array": lambda ops: ops.image.rgb_to_grayscale(RGB.numpy()),
        "empty": lambda ops: ops.image.rgb_to_grayscale(RGB[:0]),
        "gradient": lambda ops: gradients(lambda x: ops.image.rgb_to_grayscale(x), RGB),
    },
    "rgb_to_hsv": {
        **typed(lambda ops, x: ops.image.rgb_to_hsv(x), (3, 4, 3), ("float16", "bfloat16", "float32", "float64")),
        "batch": lambda ops: ops.image.rgb_to_hsv(RGB),
        "first": lambda ops: ops.image.rgb_to_hsv(first(RGB), **FIRST),
        "pure": lambda ops: ops.image.rgb_to_hsv(torch.eye(3)[None]),
        "mixed": lambda ops: ops.image.rgb_to_hsv((1 - torch.eye(3))[None]),
        "grey": lambda ops: ops.image.rgb_to_hsv(torch.linspace(0, 1, 5)[None, :, None].repeat(1, 1, 3)),
        "beyond": lambda ops: ops.image.rgb_to_hsv(T([[[2.0, -1, 0], [3, 3, 1], [0.1, 2, 2]]])),
        "gradient": lambda ops: gradients(lambda x: ops.image.rgb_to_hsv(x), RGB),
    },
    "hsv_to_rgb": {
        **typed(lambda ops, x: ops.image.hsv_to_rgb(x), (3, 4, 3), ("float16", "float32", "float64")),
        "batch": lambda ops: ops.image.hsv_to_rgb(RGB),
        "first": lambda ops: ops.image.hsv_to_rgb(first(RGB), **FIRST),
        "round": lambda ops: ops.image.hsv_to_rgb(
            T([[[2.3, 0.5, 0.6], [-0.3, 0.5, 0.6], [1, 0.5, 1], [0.3, 1.5, 0.6]]])
        ),
        "gradient": lambda ops: gradients(lambda x: ops.image.hsv_to_rgb(x), RGB),
    },
    "crop_images": {
        **typed(lambda ops, x: ops.image.crop_images(x, 1, 0, 1, 2), (4, 5, 2), (*SOME, "bool")),
        "target": lambda ops: ops.image.crop_images(ODD, 1, 2, target_height=3, target_width=4),
        "from the end": lambda ops: ops.image.crop_images(
            ODD, bottom_cropping=1, right_cropping=2, target_height=3, target_width=4
        ),
        "batch": lambda ops: ops.image.crop_images(RGB, 1, 1, 0, 0),
        "first": lambda ops: ops.image.crop_images(first(RGB), 1, 0, 2, 1, **FIRST),
        "first single": lambda ops: ops.image.crop_images(first(ODD), 1, 0, 2, 1, **FIRST),
        "gradient": lambda ops: gradients(lambda x: ops.image.crop_images(x, 1, 1, 1, 1), RGB),
    },
    "pad_images": {
        **typed(lambda ops, x: ops.image.pad_images(x, 1, 0, 1, 2), (4, 5, 2), (*SOME, "bool")),
        "target": lambda ops: ops.image.pad_images(ODD, 1, 2, target_height=9, target_width=14),
        "from the end": lambda ops: ops.image.pad_images(
            ODD, bottom_padding=1, right_padding=2, target_height=10, target_width=11
        ),
        "batch": lambda ops: ops.image.pad_images(RGB, 1, 1, 0, 0),
        "first": lambda ops: ops.image.pad_images(first(RGB), 1, 0, 2, 1, **FIRST),
        "first single": lambda ops: ops.image.pad_images(first(ODD), 1, 0, 2, 1, **FIRST),
        "gradient": lambda ops: gradients(lambda x: ops.image.pad_images(x, 1, 1, 1, 1), RGB),
    },
    "extract_patches": {
        **typed(lambda ops, x: ops.image.extract_patches(x, (2, 3), 1), (4, 5, 2)),
        "side by side": lambda ops: ops.image.extract_patches(ODD, (2, 3)),
        "one number": lambda ops: ops.image.extract_patches(ODD, 2),
        "strides": lambda ops: ops.image.extract_patches(ODD, (3, 2), (1, 3)),
        "dilated": lambda ops: ops.image.extract_patches(ODD, (3, 2), 1, (2, 3)),
        "dilated strides": lambda ops: ops.image.extract_patches(ODD, (3, 2), 2, 2),
        "same": lambda ops: ops.image.extract_patches(ODD, (2, 4), padding="same"),
        "same strides": lambda ops: ops.image.extract_patches(ODD, (3, 2), (2, 1), padding="same"),
        "same dilated": lambda ops: ops.image.extract_patches(ODD, 2, 1, 3, padding="same"),
        "batch": lambda ops: ops.image.extract_patches(RGB, 2),
        "first": lambda ops: ops.image.extract_patches(first(RGB), (2, 1), **FIRST),
        "first single": lambda ops: ops.image.extract_patches(first(ODD), (2, 1), 1, padding="same", **FIRST),
        "volumes": lambda ops: ops.image.extract_patches(VOLUME, (2, 3, 1)),
        "a volume": lambda ops: ops.image.extract_patches(VOLUME[0], (2, 1, 2), 1),
        "gradient": lambda ops: gradients(lambda x: ops.image.extract_patches(x, 2, 1, padding="same"), RGB),
    },
    "extract_patches_3d": {
        **typed(lambda ops, x: ops.image.extract_patches_3d(x, 2, 1), (3, 4, 3, 2)),
        "side by side": lambda ops: ops.image.extract_patches_3d(VOLUME, (2, 2, 3)),
        "same": lambda ops: ops.image.extract_patches_3d(VOLUME, (2, 3, 2), (1, 2, 2), padding="same"),
        "dilated": lambda ops: ops.image.extract_patches_3d(VOLUME, 2, 1, 2),
        "first": lambda ops: ops.image.extract_patches_3d(first(VOLUME), 2, **FIRST),
        "first single": lambda ops: ops.image.extract_patches_3d(first(VOLUME[0]), 2, 1, **FIRST),
        "gradient": lambda ops: gradients(lambda x: ops.image.extract_patches_3d(x, 2, 1), VOLUME),
    },
    "map_coordinates": {
        **{
            f"{mode} {order}": lambda ops, mode=mode, order=order: ops.image.map_coordinates(
                LINE, ALONG, order, mode, 9.0
            )
            for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
            for order in (0, 1)
        },
        **{
            f"{mode} {order} image": lambda ops, mode=mode, order=order: ops.image.map_coordinates(
                ODD[..., 0], PLACES * 3, order, mode
            )
            for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
            for order in (0, 1)
        },
        **{
            f"{dtype} order {order}": lambda ops, dtype=dtype, order=order: ops.image.map_coordinates(
                drawn(dtype, (4, 6), 0, 100 if dtype in WHOLE else 1), PLACES, order
            )
            for dtype in SOME
            for order in (0, 1)
        },
        "halves": lambda ops: ops.image.map_coordinates(torch.arange(6.0), T([[0.5, 1.5, 2.5, -0.5, 5.5]]), 0),
        "halves of whole numbers": lambda ops: ops.image.map_coordinates(
            T([0, 1, 2, 3]), T([[0.5, 1.5, 2.5, 0.75]]), 1
        ),
        "volume": lambda ops: ops.image.map_coordinates(VOLUME[..., 0, 0], T([[0.2], [1.6], [2.2]]), 1),
        "out shape": lambda ops: ops.image.map_coordinates(LINE, ALONG.reshape(1, 2, 11), 1),
        "lists": lambda ops: ops.image.map_coordinates(ODD[..., 0], [[0, 1], [1, 2]], 1),
        "whole coordinates": lambda ops: ops.image.map_coordinates(LINE, T([[0, 1, -1]]), 1),
        "nowhere": lambda ops: ops.image.map_coordinates(LINE, torch.zeros(1, 0), 1),
        "gradient": lambda ops: gradients(lambda x: ops.image.map_coordinates(x, PLACES, 1), ODD[..., 0]),
        "gradient of places": lambda ops: gradients(
            lambda x, p: ops.image.map_coordinates(x, p, 1, "reflect"), ODD[..., 0], PLACES
        ),
    },
    "affine_transform": {
        **typed(
            lambda ops, x: ops.image.affine_transform(x, ROW.clone()), (4, 5, 2), ("float16", "float32", "float64")
        ),
        **{
            f"{way} {mode}": lambda ops, way=way, mode=mode: ops.image.affine_transform(
                RGB, ROWS.clone(), way, mode, 0.5
            )
            for way in ("nearest", "bilinear")
            for mode in ("constant", "nearest", "wrap", "reflect")
        },
        "mirror": lambda ops: ops.image.affine_transform(ODD, ROW.clone(), fill_mode="mirror"),
        "first": lambda ops: ops.image.affine_transform(first(RGB), ROWS.clone(), **FIRST),
        "first single": lambda ops: ops.image.affine_transform(first(ODD), ROW.clone(), **FIRST),
        "gradient": lambda ops: gradients(lambda x: ops.image.affine_transform(x, ROWS.clone()), RGB),
    },
    "perspective_transform": {
        "float64": lambda ops: ops.image.perspective_transform(RGB[0].double(), CORNERS, MOVED),
        "same": lambda ops: ops.image.perspective_transform(RGB[0], CORNERS, CORNERS),
        "moved": lambda ops: ops.image.perspective_transform(RGB[0], CORNERS, CORNERS + T([1.0, 0]), fill_value=0.3),
        "nearest": lambda ops: ops.image.perspective_transform(RGB[0], CORNERS, MOVED, "nearest", 0.2),
        "one for all": lambda ops: ops.image.perspective_transform(RGB, CORNERS, MOVED),
        "one for each": lambda ops: ops.image.perspective_transform(
            RGB, torch.stack([CORNERS, MOVED]), torch.stack([MOVED, CORNERS])
        ),
        "first": lambda ops: ops.image.perspective_transform(first(RGB), CORNERS, MOVED, **FIRST),
        "first single": lambda ops: ops.image.perspective_transform(first(RGB[0]), CORNERS, MOVED, **FIRST),
        "gradient": lambda ops: gradients(lambda x: ops.image.perspective_transform(x, CORNERS, MOVED), RGB),
    },
    "resize": {
        **resizes("nearest", False),
        **resizes("bilinear", False),
        **resizes("bilinear", True),
        **resizes("bicubic", False),
        **resizes("bicubic", True),
        **aspects(),
        **{
            f"{dtype} {way}": lambda ops, dtype=dtype, way=way: ops.image.resize(
                drawn(dtype, (5, 4, 2), 0, 250 if dtype in WHOLE else 1), (3, 7), way
            )
            for dtype in ("uint8", "int32", "float16", "bfloat16", "float64")
            for way in ("nearest", "bilinear", "bicubic")
        },
        "batch": lambda ops: ops.image.resize(RGB, (3, 5)),
        "first": lambda ops: ops.image.resize(first(RGB), (3, 5), **FIRST),
        "first single": lambda ops: ops.image.resize(first(ODD), (3, 5), "bicubic", **FIRST),
        "first padded": lambda ops: ops.image.resize(first(ODD), (3, 9), pad_to_aspect_ratio=True, **FIRST),
        "nearest, smoothed": lambda ops: ops.image.resize(ODD, (3, 4), "nearest", antialias=True),
        "empty": lambda ops: ops.image.resize(RGB[:0], (2, 2)),
        "gradient": lambda ops: gradients(lambda x: ops.image.resize(x, (3, 5)), RGB),
        "gradient bicubic": lambda ops: gradients(lambda x: ops.image.resize(x, (3, 5), "bicubic", True), RGB),
    },
    "scale_and_translate": {
        **{
            f"{method} {antialias}": lambda ops, method=method, antialias=antialias: ops.image.scale_and_translate(
                ODD[..., 0], (4, 15), T([0.6, 1.7]), T([0.1, -0.3]), (0, 1), method, antialias
            )
            for method in ("linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3", "lanczos5")
            for antialias in (True, False)
        },
        **typed(
            lambda ops, x: ops.image.scale_and_translate(x, (3, 7, 2), T([0.7, 1.4]), T([0.0, 0.2]), (0, 1), "linear"),
            (4, 5, 2),
        ),
        "one axis": lambda ops: ops.image.scale_and_translate(ODD, (7, 5, 2), T([0.5]), T([0.4]), (1,), "cubic"),
        "from the end": lambda ops: ops.image.scale_and_translate(ODD, (7, 5, 2), T([0.5]), T([0.4]), (-2,), "cubic"),
        "far outside": lambda ops: ops.image.scale_and_translate(ODD, (9, 9, 2), T([1.0]), T([3.0]), (0,), "linear"),
        "lists": lambda ops: ops.image.scale_and_translate(ODD, (7, 5, 2), [0.5], [0.4], (1,), "linear"),
        "gradient": lambda ops: gradients(
            lambda x, s, t: ops.image.scale_and_translate(x, (4, 8, 2), s, t, (0, 1), "linear"),
            ODD,
            T([0.6, 0.9]),
            T([0.1, -0.3]),
        ),
    },
    "sobel_edges": {
        **typed(lambda ops, x: ops.image.sobel_edges(x), (1, 4, 5, 2), ("int32", "float16", "float32", "float64")),
        "batch": lambda ops: ops.image.sobel_edges(RGB),
        "first": lambda ops: ops.image.sobel_edges(first(RGB), **FIRST),
        "one place": lambda ops: ops.image.sobel_edges(RGB[:, :1, :1]),
        "gradient": lambda ops: gradients(lambda x: ops.image.sobel_edges(x), RGB),
    },
    "ssim": {
        "single": lambda ops: ops.image.ssim(
            drawn("float32", (12, 13, 2), 0, 1), drawn("float32", (12, 13, 2), 0, 1, 5)
        ),
        "batch": lambda ops: ops.image.ssim(RGB, RGB * 0.8 + 0.1, filter_size=3),
        "arguments": lambda ops: ops.image.ssim(RGB * 255, RGB.flip(0) * 255, 255.0, 3, 0.8, 0.02, 0.05),
        "even": lambda ops: ops.image.ssim(RGB, RGB.flip(1), filter_size=4),
        "same": lambda ops: ops.image.ssim(RGB, RGB, filter_size=3),
        "first": lambda ops: ops.image.ssim(first(RGB), first(RGB.flip(0)), filter_size=3, **FIRST),
        "first single": lambda ops: ops.image.ssim(first(ODD), first(ODD.flip(0)), filter_size=5, **FIRST),
        "float64": lambda ops: ops.image.ssim(RGB.double(), RGB.flip(0).double(), filter_size=3),
        "gradient": lambda ops: gradients(lambda x, y: ops.image.ssim(x, y, filter_size=3), RGB, RGB.flip(0)),
    },
}


@pytest.mark.parametrize("name", OPS)
def test_values_and_gradients_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: answers(OPS[name].items(), keras.ops))
    ours = answers(OPS[name].items(), ops)
    for label in OPS[name]:
        assert ours[label] is not None
        assert not isinstance(ours[label], str), f"{label}: refused"
    assert_answers(ours, expected, 2e-5)


SYMBOLS: dict[str, Callable[[Any, Any], Any]] = {
    "rgb_to_grayscale": lambda ops, symbol: ops.image.rgb_to_grayscale(symbol((None, None, 4, 3), "uint8")),
    "rgb_to_grayscale first": lambda ops, symbol: ops.image.rgb_to_grayscale(symbol((3, None, 4)), **FIRST),
    "rgb_to_hsv": lambda ops, symbol: ops.image.rgb_to_hsv(symbol((None, None, 4, 3))),
    "hsv_to_rgb": lambda ops, symbol: ops.image.hsv_to_rgb(symbol((5, 4, 3), "float16")),
    "crop_images": lambda ops, symbol: ops.image.crop_images(symbol((None, 4, 5, 1)), 1, 1, 1, 1),
    "crop_images target": lambda ops, symbol: ops.image.crop_images(
        symbol((None, None, None, 1)), 1, 1, target_height=3, target_width=2
    ),
    "pad_images": lambda ops, symbol: ops.image.pad_images(symbol((None, 4, None, 1)), 1, 1, 1, 0),
    "pad_images target": lambda ops, symbol: ops.image.pad_images(
        symbol((4, None, 1)), 1, 1, target_height=9, target_width=7
    ),
    "extract_patches": lambda ops, symbol: ops.image.extract_patches(symbol((None, None, 9, 2)), (2, 3)),
    "extract_patches same": lambda ops, symbol: ops.image.extract_patches(
        symbol((None, None, 9, 2)), 4, 3, padding="same"
    ),
    "extract_patches first": lambda ops, symbol: ops.image.extract_patches(symbol((2, 9, None)), 3, 1, 2, **FIRST),
    "extract_patches volumes": lambda ops, symbol: ops.image.extract_patches(symbol((None, 4, None, 5, 2)), (2, 2, 2)),
    "extract_patches_3d": lambda ops, symbol: ops.image.extract_patches_3d(
        symbol((None, 4, None, 5, 2)), 2, 1, padding="same"
    ),
    "map_coordinates": lambda ops, symbol: ops.image.map_coordinates(
        symbol((None, 4), "int32"), symbol((2, None, 3)), 1
    ),
    "affine_transform": lambda ops, symbol: ops.image.affine_transform(symbol((None, None, 4, 1)), symbol((None, 8))),
    "perspective_transform": lambda ops, symbol: ops.image.perspective_transform(
        symbol((None, 5, 4, 1)), CORNERS, MOVED
    ),
    "elastic_transform": lambda ops, symbol: ops.image.elastic_transform(symbol((None, None, 4, 1))),
    "gaussian_blur": lambda ops, symbol: ops.image.gaussian_blur(symbol((None, None, 4, 1))),
    "resize": lambda ops, symbol: ops.image.resize(symbol((None, None, 4, 2), "uint8"), (3, 5)),
    "resize single": lambda ops, symbol: ops.image.resize(
        symbol((None, 4, 2)), (3, 5), "bicubic", pad_to_aspect_ratio=True
    ),
    "resize first": lambda ops, symbol: ops.image.resize(symbol((None, 2, None, 4)), (3, 5), **FIRST),
    "scale_and_translate": lambda ops, symbol: ops.image.scale_and_translate(
        symbol((None, 3, 3)), (None, 4, 5), symbol((2,)), symbol((2,)), (1, 2), "linear"
    ),
    "sobel_edges": lambda ops, symbol: ops.image.sobel_edges(symbol((None, None, 4, 2))),
    "ssim": lambda ops, symbol: ops.image.ssim(symbol((None, 20, None, 1)), symbol((None, 20, None, 1))),
    "ssim single": lambda ops, symbol: ops.image.ssim(symbol((20, 14, 1)), symbol((20, 14, 1))),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: shape_and_dtype(SYMBOLS[name](keras.ops, keras.KerasTensor)))
    assert shape_and_dtype(SYMBOLS[name](ops, kerasviz.KerasTensor)) == expected


@pytest.mark.parametrize("alpha_and_sigma", [(20.0, 2.0), (5.0, 1.0), (10.0, 5.0)], ids=str)
def test_elastic_transforms_move_places_as_far_as_in_keras(
    reference: Any, alpha_and_sigma: tuple[float, float]
) -> None:
    alpha, sigma = alpha_and_sigma
    rows = torch.arange(200.0)[:, None].expand(200, 200)
    slope = torch.stack([rows, rows.t()], dim=-1)[None].repeat(4, 1, 1, 1)

    def moves(ops: Any) -> dict[str, float]:
        found = torch.cat([ops.image.elastic_transform(slope, alpha, sigma) - slope for _ in range(3)])
        found = found[:, 40:-40, 40:-40]
        near, apart = found[:, :, :-2], found[:, :, 2:]
        return {
            "spread": float(found.std()),
            "likeness of neighbours": float((near * apart).mean() / found.var()),
            "middle": float(found.mean() / found.std()),
            "rows with columns": float((found[..., 0] * found[..., 1]).mean() / found.var()),
        }

    expected = reference(lambda keras: moves(keras.ops))
    for name, value in moves(ops).items():
        scale = expected["spread"] if name == "spread" else 1
        assert abs(value - expected[name]) < 0.12 * scale, name


def test_elastic_transform_by_nothing_changes_nothing() -> None:
    assert_close(ops.image.elastic_transform(RGB, alpha=0.0), np.asarray(RGB))

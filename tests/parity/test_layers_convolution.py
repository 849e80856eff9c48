"""Convolutions against Keras."""

import pytest

from .layer_cases import FIRST, LAST, case, limits, seeded, variations
from .layer_checks import check_config, check_run, check_shapes

SERIES, IMAGE, VOLUME = (2, 7, 4), (2, 5, 6, 4), (2, 3, 4, 3, 2)
FIRST_SERIES, FIRST_IMAGE, FIRST_VOLUME = (2, 4, 7), (2, 4, 5, 6), (2, 2, 3, 4, 3)
BASES = [
    case("Conv1D", SERIES, 2, 3),
    case("Conv2D", IMAGE, 2, 3),
    case("Conv3D", VOLUME, 2, 2),
    case("DepthwiseConv1D", SERIES, 3),
    case("DepthwiseConv2D", IMAGE, 3),
    case("SeparableConv1D", SERIES, 2, 3),
    case("SeparableConv2D", IMAGE, 2, 3),
]
STEPS = [{}, {"strides": 2}, {"strides": 3}, {"dilation_rate": 2}, {"dilation_rate": 3}]
PADDED_1D = [
    case("Conv1D", (2, size, 2), 2, kernel, padding=padding, **steps)
    for size in (7, 8)
    for kernel in (1, 2, 3, 4)
    for padding in ("valid", "same", "causal")
    for steps in STEPS
    if padding != "valid" or (size - 1) // steps.get("dilation_rate", 1) >= kernel - 1
]
PADDED_2D = [
    case("Conv2D", (2, *space, 3), 4, kernel, strides=strides, padding=padding)
    for space, kernel, strides, padding in [
        ((7, 9), 3, 1, "valid"),
        ((7, 9), 3, 1, "same"),
        ((7, 9), 2, 1, "same"),
        ((7, 9), (2, 3), 1, "same"),
        ((7, 9), 3, 2, "same"),
        ((8, 6), 3, 2, "same"),
        ((8, 6), 4, (2, 3), "same"),
        ((8, 7), 5, (3, 2), "valid"),
        ((5, 5), 1, 2, "same"),
        ((5, 6), 1, 3, "same"),
        ((5, 6), 2, 3, "same"),
    ]
]
PADDED_OTHERS = [
    case(kind, shape, *args, padding=padding, **steps)
    for kind, shape, args in [
        ("Conv3D", (1, 4, 5, 3, 1), (1, 2)),
        ("DepthwiseConv1D", (2, 7, 2), (3,)),
        ("DepthwiseConv1D", (2, 8, 2), (2,)),
        ("DepthwiseConv2D", (1, 7, 8, 2), (3,)),
        ("DepthwiseConv2D", (1, 6, 7, 2), ((2, 1),)),
        ("SeparableConv1D", (2, 8, 2), (3, 2)),
        ("SeparableConv2D", (1, 6, 7, 2), (2, 3)),
    ]
    for padding in ("valid", "same")
    for steps in STEPS[1:]
    if padding == "same" or "strides" in steps or (kind != "Conv3D" and steps["dilation_rate"] == 2)
]
CASES = [
    *variations(*BASES),
    *PADDED_1D,
    *PADDED_2D,
    *PADDED_OTHERS,
    *(one for base in BASES[:3] for one in limits(base, "kernel", "bias")),
    *(one for base in BASES[3:5] for one in limits(base, "depthwise", "bias")),
    *(one for base in BASES[5:] for one in limits(base, "depthwise", "pointwise", "bias")),
    *(base.but(use_bias=False, activation="softmax") for base in BASES),
    *(base.but(padding="same", activation="relu", **LAST) for base in BASES),
    case("Conv2D", (2, 7, 9, 3), 4, 3, dilation_rate=2, padding="same"),
    case("Conv2D", (2, 7, 9, 3), 4, (3, 2), dilation_rate=(2, 3), padding="same", activation="relu"),
    case("Conv2D", (2, 7, 9, 3), 4, 3, dilation_rate=(1, 2)),
    case("Conv2D", (2, 7, 7, 4), 6, 3, groups=2, use_bias=False),
    case("Conv2D", (2, 7, 7, 4), 4, 3, groups=4, padding="same", strides=2),
    case("Conv2D", (2, 7, 7, 3), 2, 3, kernel_initializer=seeded("HeNormal"), kernel_regularizer="l2"),
    case("Conv2D", (2, 3, 7, 9), 4, 3, strides=2, padding="same", **FIRST),
    case("Conv2D", (2, 4, 7, 9), 4, (2, 3), groups=2, dilation_rate=2, **FIRST),
    case("Conv2D", (2, 1, 1, 3), 2, 1),
    case("Conv2D", (2, 1, 1, 3), 2, 3, padding="same"),
    case("Conv2D", (1, 1, 1, 1), 1, 2, padding="same", strides=2),
    case("Conv2D", (2, 2, 3, 3), 2, (2, 3)),
    case("Conv2D", IMAGE, 2, 2, carried=([[[1] * 6] * 5] * 2,)),
    case("Conv2D", IMAGE, 2, 2, of="float64"),
    case("Conv1D", (2, 9, 3), 4, 3),
    case("Conv1D", (2, 9, 3), 4, 4, padding="same"),
    case("Conv1D", (2, 10, 3), 4, 3, strides=2, padding="same", activation="tanh"),
    case("Conv1D", (2, 9, 3), 4, 3, padding="causal"),
    case("Conv1D", (2, 9, 3), 4, 3, padding="causal", dilation_rate=2),
    case("Conv1D", (2, 9, 4), 4, 3, padding="causal", strides=2, groups=2),
    case("Conv1D", (2, 3, 9), 4, 3, padding="same", strides=2, **FIRST),
    case("Conv1D", (2, 3, 9), 4, 3, padding="causal", dilation_rate=2, **FIRST),
    case("Conv1D", (2, 1, 3), 4, 3, padding="causal"),
    case("Conv1D", SERIES, 2, 2, carried=([[1, 1, 1, 0, 0, 0, 0]] * 2,)),
    case("Conv3D", (2, 5, 6, 7, 2), 3, 3),
    case("Conv3D", (2, 5, 6, 7, 2), 4, (1, 2, 3), strides=(2, 1, 2), padding="same", groups=2),
    case("Conv3D", (2, 5, 6, 7, 2), 3, 2, dilation_rate=2, padding="same"),
    case("Conv3D", (2, 2, 5, 6, 7), 3, 2, padding="same", **FIRST),
    case("Conv3D", (1, 1, 1, 1, 2), 3, 2, padding="same"),
    case("DepthwiseConv1D", (2, 9, 3), 3, depth_multiplier=2, padding="same"),
    case("DepthwiseConv1D", (2, 9, 3), 3, strides=2),
    case("DepthwiseConv1D", FIRST_SERIES, 2, padding="same", **FIRST),
    case("DepthwiseConv1D", (2, 1, 3), 3, padding="same"),
    case("DepthwiseConv2D", (2, 7, 9, 3), 3),
    case("DepthwiseConv2D", (2, 7, 9, 3), (2, 3), strides=2, padding="same", depth_multiplier=2, activation="relu"),
    case("DepthwiseConv2D", (2, 7, 9, 3), 3, dilation_rate=2, padding="same", use_bias=False),
    case("DepthwiseConv2D", (2, 3, 7, 9), 3, depth_multiplier=2, **FIRST),
    case("DepthwiseConv2D", (2, 1, 1, 3), 2, padding="same"),
    case("SeparableConv1D", (2, 9, 3), 4, 3, padding="same", depth_multiplier=2),
    case("SeparableConv1D", FIRST_SERIES, 2, 2, padding="same", **FIRST),
    case("SeparableConv1D", (2, 1, 3), 2, 3, padding="same"),
    case("SeparableConv2D", (2, 7, 9, 3), 4, 3),
    case(
        "SeparableConv2D", (2, 7, 9, 3), 4, 2, strides=2, padding="same", depth_multiplier=2, pointwise_regularizer="l2"
    ),
    case("SeparableConv2D", (2, 3, 7, 9), 4, 3, dilation_rate=2, use_bias=False, **FIRST),
    case("SeparableConv2D", (2, 1, 1, 3), 2, 3, padding="same"),
]
pytestmark = pytest.mark.filterwarnings("ignore:Layer .* does not support masking")  # of the oracle
every = pytest.mark.parametrize("case", CASES, ids=str)


@every
def test_numbers_equal_keras(reference, case):
    check_run(reference, case)


@every
def test_shapes_equal_keras(reference, case):
    check_shapes(reference, case)


@every
def test_configs_equal_keras(reference, case):
    check_config(reference, case)

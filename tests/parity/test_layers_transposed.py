"""Transposed convolutions against Keras."""

from typing import Any

import pytest

from .layer_cases import FIRST, case, limits, variations
from .layer_checks import check_config, check_run, check_shapes

SERIES, IMAGE, VOLUME = (2, 4, 2), (2, 3, 4, 2), (2, 2, 3, 2, 2)
BASES = [
    case("Conv1DTranspose", SERIES, 3, 2),
    case("Conv2DTranspose", IMAGE, 3, 2),
    case("Conv3DTranspose", VOLUME, 3, 2),
]
STEPS: list[dict[str, Any]] = [{}, {"output_padding": 0}, {"output_padding": 1}]
IN_TIME = [
    case("Conv1DTranspose", (2, size, 2), 2, kernel, padding=padding, strides=strides, **steps)
    for size in (4, 5)
    for kernel in (1, 2, 3, 4)
    for padding in ("valid", "same")
    for strides in (1, 2, 3)
    for steps in STEPS
    if strides > steps.get("output_padding", 0)
]
DILATED = [
    case(f"Conv{rank}DTranspose", shape, 2, kernel, padding=padding, dilation_rate=rate)
    for rank, shape in [(1, SERIES), (2, IMAGE), (3, VOLUME)]
    for kernel in (2, 3)
    for padding in ("valid", "same")
    for rate in (2, 3)
    if rank < 3 or rate == 2
]
IN_IMAGES = [
    case("Conv2DTranspose", (2, 4, 5, 3), 2, kernel, strides=strides, padding=padding)
    for kernel in (1, 2, 3, 4, (3, 5))
    for strides in (1, 2, (3, 2))
    for padding in ("valid", "same")
]
CASES = [
    *variations(*BASES),
    *IN_TIME,
    *IN_IMAGES,
    *DILATED,
    *(one for base in BASES for one in limits(base, "kernel", "bias")),
    *(base.but(use_bias=False, activation="softmax") for base in BASES),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, dilation_rate=2, activation="relu"),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 2, dilation_rate=2, padding="same", use_bias=False),
    case("Conv2DTranspose", (2, 3, 4, 5), 2, 3, strides=2, padding="same", **FIRST),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=0),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=1),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=0, padding="same"),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=(2, 3), output_padding=(1, 2), padding="same"),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, (3, 2), strides=(2, 3), output_padding=(0, 1)),
    case("Conv2DTranspose", (2, 1, 1, 3), 2, 3, strides=2, padding="same"),
    case("Conv1DTranspose", (2, 5, 3), 2, 3, strides=2),
    case("Conv1DTranspose", (2, 5, 3), 2, 4, strides=3, padding="same"),
    case("Conv1DTranspose", (2, 3, 5), 2, 4, strides=2, padding="same", **FIRST),
    case("Conv1DTranspose", (2, 1, 3), 2, 2),
    case("Conv3DTranspose", (2, 3, 4, 3, 2), 2, 3, strides=(1, 2, 2), padding="same"),
    case("Conv3DTranspose", VOLUME, 2, 2, strides=2, output_padding=1),
    case("Conv3DTranspose", VOLUME, 2, 3, strides=2, output_padding=0, padding="same"),
    case("Conv3DTranspose", VOLUME, 2, 3, strides=(2, 1, 3), output_padding=(1, 0, 2), padding="same"),
    case("Conv3DTranspose", VOLUME, 2, 3, strides=2, **FIRST),
    case("Conv3DTranspose", (1, 1, 1, 1, 2), 1, 2, padding="same"),
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

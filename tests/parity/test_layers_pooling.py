"""Pooling against Keras."""

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.ops.sliding import same_padding

from .comparing import assert_close
from .layer_cases import FIRST, LAST, case, variations
from .layer_checks import check_config, check_run, check_shapes, inputs_of, made

SERIES, IMAGE, VOLUME = (2, 7, 3), (2, 5, 6, 2), (2, 3, 4, 5, 2)
SHAPES = {1: SERIES, 2: IMAGE, 3: VOLUME}
KINDS = ("Max", "Average")
BASES = [
    *(case(f"{kind}Pooling{rank}D", SHAPES[rank], 2) for kind in KINDS for rank in SHAPES),
    *(case(f"Global{kind}Pooling{rank}D", SHAPES[rank]) for kind in KINDS for rank in SHAPES),
    *(case(f"Adaptive{kind}Pooling{rank}D", SHAPES[rank], 2) for kind in KINDS for rank in SHAPES),
]
WINDOWS = [
    *(
        case(f"{kind}Pooling2D", (2, *space, 3), pool, strides=strides, padding=padding)
        for kind in KINDS
        for space, pool, strides, padding in [
            ((8, 6), 2, None, "valid"),
            ((7, 9), 2, None, "valid"),
            ((7, 9), 2, None, "same"),
            ((7, 9), 3, 2, "same"),
            ((8, 6), 3, 2, "same"),
            ((7, 8), 2, 1, "same"),
            ((7, 8), (2, 3), (1, 2), "same"),
            ((7, 8), 3, 1, "same"),
            ((9, 7), 4, 3, "same"),
            ((7, 7), 2, 3, "same"),
            ((6, 6), (3, 2), (1, 3), "valid"),
            ((1, 1), 2, None, "same"),
            ((1, 1), 1, None, "valid"),
        ]
    ),
    *(
        case(f"{kind}Pooling1D", (2, size, 2), pool, strides=strides, padding=padding)
        for kind in KINDS
        for size in (7, 8)
        for pool in (1, 2, 3, 4)
        for strides in (1, 2, 3)
        for padding in ("valid", "same")
    ),
    case("MaxPooling2D", (2, 3, 7, 8), 2, padding="same", **FIRST),
    case("AveragePooling2D", (2, 3, 7, 8), 3, 2, padding="same", **FIRST),
    case("MaxPooling1D", (2, 7, 3)),
    case("MaxPooling1D", (2, 7, 3), 3, strides=1, padding="same"),
    case("MaxPooling1D", (2, 3, 7), 2, padding="same", **FIRST),
    case("AveragePooling1D", (2, 7, 3), 4, strides=2, padding="same"),
    case("AveragePooling1D", (2, 3, 7), 2, 1, "same", **FIRST),
    case("AveragePooling1D", (2, 3, 8), 3, 1, "same", **FIRST),
    case("MaxPooling3D", (2, 5, 6, 7, 2), 2, padding="same"),
    case("MaxPooling3D", (2, 5, 6, 7, 2), (1, 2, 3), strides=(1, 2, 1)),
    case("MaxPooling3D", (2, 2, 3, 4, 5), 2, **FIRST),
    case("AveragePooling3D", (2, 5, 6, 7, 2), 2, padding="same"),
    case("AveragePooling3D", (2, 2, 5, 6, 7), 3, 1, padding="same", **FIRST),
    case("AveragePooling3D", (2, 1, 1, 1, 2), 1),
    case("MaxPooling2D", IMAGE, integers=9, apart=("symbol",)),
    case("MaxPooling1D", SERIES, carried=([[1] * 7] * 2,)),
    case("AveragePooling1D", SERIES, 2, carried=([[1] * 7] * 2,)),
]
OVER_SPACE = [
    *(
        case(f"Global{kind}Pooling{rank}D", (2, *(5, 4, 3)[:rank], 2), **options)
        for kind in KINDS
        for rank in (1, 2, 3)
        for options in ({}, {"keepdims": True}, FIRST, {"keepdims": True, **FIRST})
    ),
    case("GlobalAveragePooling1D", (2, 3, 4), mask=[[1, 0, 1], [1, 0, 0]]),
    case("GlobalAveragePooling1D", (2, 3, 4), mask=[[1, 0, 1], [1, 0, 0]], keepdims=True),
    case("GlobalAveragePooling1D", (2, 4, 3), mask=[[1, 0, 1], [1, 0, 0]], **FIRST),
    case("GlobalAveragePooling1D", (2, 3, 4), carried=([[1, 0, 1], [1, 0, 0]],)),
    case("GlobalAveragePooling1D", (2, 3, 4), mask=[[1, 0, 1], [1, 0, 0]], dtype="mixed_bfloat16"),
    case("GlobalMaxPooling1D", (2, 3, 4), carried=([[1, 0, 1], [1, 0, 0]],)),
    case("GlobalMaxPooling2D", (2, 1, 1, 4)),
    case("GlobalAveragePooling2D", (2, 1, 1, 4)),
    case("GlobalMaxPooling2D", IMAGE, integers=9, apart=("symbol",)),
    case("GlobalAveragePooling2D", IMAGE, integers=9, apart=("symbol",)),
]
ADAPTIVE = [
    *(
        case(f"Adaptive{kind}Pooling{rank}D", shape, size, **options)
        for kind in KINDS
        for rank, shape, size, options in [
            (1, (2, 7, 3), 3, LAST),
            (1, (2, 3, 7), 4, FIRST),
            (1, (2, 3, 2), 5, {}),
            (2, (2, 7, 8, 3), 3, {}),
            (2, (2, 7, 8, 3), (2, 5), {}),
            (2, (2, 3, 7, 8), (7, 1), FIRST),
            (2, (2, 1, 1, 3), 1, {}),
            (3, (2, 5, 6, 7, 2), (2, 3, 4), {}),
            (3, (2, 2, 3, 4, 5), 2, FIRST),
        ]
    ),
]
CASES = [*variations(*BASES), *WINDOWS, *OVER_SPACE, *ADAPTIVE]


def pairs(case):
    """Places before and after the inputs, for each axis of space."""
    layer = made(kerasviz, case)
    return same_padding(layer.space(case.shapes[0]), layer.pool_size, layer.strides)


def pads_unevenly(case):
    """Where Keras on torch repeats the edge instead of leaving places outside out of the mean, as it documents."""
    if not case.kind.startswith("AveragePooling") or made(kerasviz, case).padding == "valid":
        return False
    return any(before != after for before, after in pairs(case))


pytestmark = pytest.mark.filterwarnings("ignore:Layer .* does not support masking")  # of the oracle
every = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.mark.parametrize("case", [case for case in CASES if not pads_unevenly(case)], ids=str)
def test_numbers_equal_keras(reference, case):
    check_run(reference, case)


@pytest.mark.parametrize("case", [case for case in CASES if pads_unevenly(case)], ids=str)
def test_means_at_an_uneven_edge_are_those_of_places_inside(reference, case):
    layer = made(kerasviz, case)
    (x,) = inputs_of(case)
    around = [(0, 0), *layer.with_space(x.shape, pairs(case), (0, 0))[1:-1], (0, 0)]
    if layer.data_format == "channels_first":
        around = [(0, 0), (0, 0), *pairs(case)]
    inside = np.pad(np.ones(x.shape, "float32"), around)

    def theirs(keras):
        mean = getattr(keras.layers, case.kind)(layer.pool_size, layer.strides, data_format=layer.data_format)
        total = mean(torch.tensor(np.pad(x.detach().numpy(), around)))
        return total / mean(torch.tensor(inside))

    assert_close(layer(x), reference(theirs))


@every
def test_shapes_equal_keras(reference, case):
    check_shapes(reference, case)


@every
def test_configs_equal_keras(reference, case):
    check_config(reference, case)

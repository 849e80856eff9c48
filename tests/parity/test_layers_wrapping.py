"""Every argument of layers around others against Keras; more of them is in `test_wrappers.py`."""

import dataclasses

import numpy as np
import pytest
import torch

from .layer_cases import Fresh, case, inner, variations
from .layer_checks import check_config, check_run, check_shapes

SERIES, IMAGES = (2, 3, 4), (2, 2, 3, 4, 1)
MASK = [[1, 1, 0], [0, 1, 1]]
DENSE = inner("Dense", 2, name="inner")
LSTM = inner("LSTM", 2, name="inner")
SEQUENCES = inner("LSTM", 2, return_sequences=True, name="inner")
BACK = inner("LSTM", 2, return_sequences=True, go_backwards=True, name="back")
TABLES = [np.full(shape, 0.1, "float32") for shape in [(4, 8), (2, 8), (8,), (4, 8), (2, 8), (8,)]]


def doubled(x):
    return x * 2


def scaled(x, factor=2.0):
    return x * factor


def widened(x):
    return torch.cat([x, x], -1) if isinstance(x, torch.Tensor) else x


def kept(inputs, mask=None):
    return mask


def linear():
    return torch.nn.Linear(4, 2)


def convolution():
    return torch.nn.Conv1d(3, 2, 2)


AROUND_MODULES = [
    {},
    {"activity_regularizer": "l2"},
    {"trainable": False},
    {"autocast": False, "dtype": "mixed_bfloat16"},
    {"name": "another"},
]
FUNCTIONS = [  # how functions are written is held to Keras in `test_wrappers.py`
    dataclasses.replace(one, apart=(*one.apart, "config"))
    for one in [
        *variations(case("Lambda", SERIES, doubled)),
        case("Lambda", SERIES, scaled, arguments={"factor": 3.0}),
        case("Lambda", SERIES, widened, output_shape=(3, 8)),
        case("Lambda", SERIES, doubled, None, kept, carried=(MASK,)),
        *(case("TorchModuleWrapper", SERIES, Fresh(linear), **options) for options in AROUND_MODULES),
        case("TorchModuleWrapper", SERIES, Fresh(convolution), output_shape=(None, 2, 3)),
    ]
]
CASES = [
    *FUNCTIONS,
    *variations(
        case("TimeDistributed", SERIES, DENSE),
        case("Bidirectional", SERIES, LSTM),
        case("SpectralNormalization", SERIES, DENSE),
    ),
    case("Bidirectional", SERIES, LSTM, weights=TABLES, apart=("numbers",)),  # Keras does not use them
    case("TimeDistributed", IMAGES, inner("Conv2D", 2, 2, name="inner")),
    case("TimeDistributed", SERIES, DENSE, carried=(MASK,)),
    case("TimeDistributed", SERIES, inner("BatchNormalization", name="inner"), training=True),
    *(case("Bidirectional", SERIES, SEQUENCES, mode) for mode in ("sum", "mul", "ave", "concat", None)),
    case("Bidirectional", SERIES, SEQUENCES, backward_layer=BACK),
    case("Bidirectional", SERIES, SEQUENCES, carried=(MASK,)),
    case("Bidirectional", SERIES, inner("GRU", 2, return_state=True, name="inner")),
    case("SpectralNormalization", SERIES, DENSE, power_iterations=3, training=True),
    case("SpectralNormalization", (2, 3, 4, 2), inner("Conv2D", 2, 2, name="inner"), 2, training=True),
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

"""Activations as layers against Keras."""

import pytest

from .layer_cases import LIMIT, PENALTY, case, seeded, variations
from .layer_checks import check_config, check_run, check_shapes

CASES = [
    *variations(
        case("Activation", (3, 4), "relu"),
        case("ReLU", (3, 4)),
        case("LeakyReLU", (3, 4)),
        case("PReLU", (3, 4)),
        case("ELU", (3, 4)),
        case("Softmax", (3, 4)),
    ),
    case("Activation", (3, 4), "softmax"),
    case("Activation", (3, 4), activation="gelu"),
    case("Activation", (2, 3, 4), "tanh", carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Activation", (3, 4), "relu", integers=5),
    case("ReLU", (3, 4), 1.0, 0.1, 0.5),
    case("ReLU", (3, 4), negative_slope=0.2),
    case("ReLU", (3, 4), max_value=6.0),
    case("ReLU", (3, 4), threshold=0.7),
    case("ReLU", (3, 4), max_value=0.0),
    case("ReLU", (2, 3, 4), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("ReLU", (3, 4), integers=5),
    case("LeakyReLU", (3, 4), 0.01),
    case("LeakyReLU", (2, 3, 4), negative_slope=0.0, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("PReLU", (3, 4, 5), "uniform"),
    case("PReLU", (3, 4, 5, 2), alpha_initializer="ones", shared_axes=[1, 2]),
    case("PReLU", (3, 4, 5), shared_axes=1, alpha_regularizer="l1"),
    case("PReLU", (3, 4), seeded("RandomNormal"), PENALTY, LIMIT),
    case("PReLU", (3, 4), alpha_initializer=seeded("RandomNormal")),
    case("PReLU", (3, 4, 5), alpha_constraint=LIMIT, carried=([[1, 1, 0, 0]] * 3,)),
    case("PReLU", (3, 4), integers=5),
    case("ELU", (3, 4), alpha=0.3),
    case("ELU", (2, 3, 4), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Softmax", (3, 4, 5), axis=1),
    case("Softmax", (3, 4, 5), axis=(1, 2)),
    case("Softmax", (2, 3), mask=[[1, 0, 1], [1, 0, 0]]),
    case("Softmax", (2, 3), mask=[[0, 0, 0], [1, 1, 0]]),
    case("Softmax", (2, 3, 2), axis=(1, 2), mask=[[[1, 0], [1, 1], [0, 0]], [[1, 1], [1, 0], [0, 1]]]),
    case("Softmax", (2, 3), mask=[[1, 0, 1], [1, 0, 0]], dtype="mixed_float16"),
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

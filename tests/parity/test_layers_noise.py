"""Layers that draw numbers in training against Keras: with the same seed, the same numbers."""

import pytest

from .layer_cases import case, variations
from .layer_checks import check_config, check_run, check_shapes

BASES = [
    case("Dropout", (3, 4), 0.5, seed=3, training=True),
    case("SpatialDropout1D", (2, 3, 4), 0.5, seed=3, training=True),
    case("SpatialDropout2D", (2, 3, 2, 4), 0.5, seed=3, training=True),
    case("SpatialDropout3D", (2, 1, 2, 2, 4), 0.5, seed=3, training=True),
    case("GaussianNoise", (3, 4), 0.5, seed=3, training=True),
    case("GaussianDropout", (3, 4), 0.5, seed=3, training=True),
    case("AlphaDropout", (3, 4), 0.5, seed=3, training=True),
]
CASES = [
    *variations(*BASES),
    case("Dropout", (2, 3), 0.5),
    case("Dropout", (2, 3), 0.5, noise_shape=(None, 1), seed=3),
    case("Dropout", (2, 3), 0, training=True),
    case("Dropout", (2, 3), 1, training=True),
    case("Dropout", (2, 3, 4), 0.4, noise_shape=(None, 1, 4), seed=5, training=True),
    case("Dropout", (2, 3, 4), 0.4, (2, 1, 1), 5, training=True, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("SpatialDropout1D", (2, 3, 4), 0.5, seed=1),
    case("SpatialDropout1D", (2, 3, 4), 0.3, 7, training=True, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("SpatialDropout2D", (2, 3, 4, 5), 0.3),
    case("SpatialDropout2D", (2, 3, 4, 5), 0.3, "channels_first", 2),
    case("SpatialDropout2D", (2, 5, 2, 3), 0.3, "channels_first", 2, training=True),
    case("SpatialDropout3D", (2, 3, 4, 5, 2), 0.3, seed=4),
    case("SpatialDropout3D", (2, 4, 2, 1, 3), 0.3, "channels_first", 4, training=True),
    case("GaussianNoise", (2, 3), 0.5, seed=1),
    case("GaussianNoise", (2, 3), 0, training=True),
    case("GaussianNoise", (2, 3, 2), 0.9, 9, training=True, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("GaussianDropout", (2, 3), 0.5),
    case("GaussianDropout", (2, 3, 2), 0.2, 9, training=True, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("AlphaDropout", (2, 3), 0.5, (None, 1), 7),
    case("AlphaDropout", (2, 3, 4), 0.3, (None, 1, 4), 7, training=True),
    case("AlphaDropout", (2, 3), 0, training=True),
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

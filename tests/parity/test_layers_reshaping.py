"""Layers that change shapes against Keras."""

import pytest

from .layer_cases import FIRST, LAST, case, variations
from .layer_checks import check_config, check_run, check_shapes

BASES = [
    case("Flatten", (2, 3, 4)),
    case("Reshape", (2, 3, 4), (4, 3)),
    case("Permute", (2, 3, 4), (2, 1)),
    case("RepeatVector", (2, 3), 4),
    case("Cropping1D", (2, 6, 3)),
    case("Cropping2D", (2, 4, 5, 3), 1),
    case("Cropping3D", (2, 3, 4, 5, 2)),
    case("ZeroPadding1D", (2, 3, 4)),
    case("ZeroPadding2D", (2, 3, 4, 2)),
    case("ZeroPadding3D", (2, 2, 1, 2, 2)),
    case("UpSampling1D", (2, 3, 4)),
    case("UpSampling2D", (2, 3, 4, 2)),
    case("UpSampling3D", (2, 2, 1, 2, 2)),
]
CASES = [
    *variations(*BASES),
    case("Flatten", (2,)),
    case("Flatten", (2, 3, 4, 5), **FIRST),
    case("Flatten", (2, 3, 4), integers=5, apart=("symbol",)),
    case("Flatten", (2, 0, 4)),
    case("Flatten", (2, 3, 4), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Reshape", (2, 3, 4), (-1, 2)),
    case("Reshape", (2, 12), target_shape=(2, -1, 3)),
    case("Reshape", (2, 1), ()),
    case("Reshape", (2, 3, 4), (12,), integers=5, apart=("symbol",)),
    case("Reshape", (2, 3, 4), (2, 6), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Permute", (2, 3, 4, 5), (3, 1, 2)),
    case("Permute", (2, 3, 4), (1, 2)),
    case("Permute", (2, 3, 4), (2, 1), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("RepeatVector", (2, 3), 1),
    case("RepeatVector", (2, 3), n=2, integers=5, apart=("symbol",)),
    case("Cropping1D", (2, 6, 3), (0, 2)),
    case("Cropping1D", (2, 6, 3), 2),
    case("Cropping1D", (2, 6, 3), carried=([[1, 1, 1, 1, 0, 0]] * 2,)),
    case("Cropping2D", (2, 6, 7, 3)),
    case("Cropping2D", (2, 6, 7, 3), (1, 2), **LAST),
    case("Cropping2D", (2, 3, 6, 7), ((1, 0), (2, 3)), **FIRST),
    case("Cropping3D", (2, 5, 6, 7, 2)),
    case("Cropping3D", (2, 5, 6, 7, 2), ((0, 1), (2, 0), (1, 1))),
    case("Cropping3D", (2, 2, 5, 6, 7), (1, 0, 2), **FIRST),
    case("Cropping3D", (2, 2, 5, 6, 7), 2, **FIRST),
    case("ZeroPadding1D", (2, 3, 4), 2),
    case("ZeroPadding1D", (2, 3, 4), (0, 2), **FIRST),
    case("ZeroPadding1D", (2, 3, 4), carried=([[1, 1, 0]] * 2,)),
    case("ZeroPadding2D", (2, 3, 4, 2), 3),
    case("ZeroPadding2D", (2, 3, 4, 2), (2, 1), **LAST),
    case("ZeroPadding2D", (2, 2, 3, 4), ((0, 1), (2, 3)), **FIRST),
    case("ZeroPadding2D", (2, 3, 4, 2), integers=5, apart=("symbol",)),
    case("ZeroPadding3D", (2, 3, 4, 3, 2)),
    case("ZeroPadding3D", (2, 3, 4, 3, 2), (0, 1, 2)),
    case("ZeroPadding3D", (2, 2, 3, 4, 3), ((0, 1), (1, 0), (2, 1)), **FIRST),
    case("ZeroPadding3D", (1, 1, 1, 1, 1), 2),
    case("UpSampling1D", (2, 3, 4), 3),
    case("UpSampling1D", (2, 3, 4), 1, carried=([[1, 1, 0]] * 2,)),
    case("UpSampling1D", (2, 3, 4), 3, integers=5, apart=("symbol",)),
    case("UpSampling2D", (2, 3, 4, 2), (3, 2)),
    case("UpSampling2D", (2, 3, 4, 2), (3, 2), integers=5, apart=("symbol",)),
    case("UpSampling2D", (2, 3, 4, 2), 2, interpolation="bilinear"),
    case("UpSampling2D", (2, 3, 4, 2), (1, 3), interpolation="bicubic"),
    case("UpSampling2D", (2, 2, 3, 4), 2, interpolation="bilinear", **FIRST),
    case("UpSampling2D", (2, 2, 3, 4), (2, 3), interpolation="bicubic", **FIRST),
    case("UpSampling2D", (2, 1, 1, 3), 3, interpolation="bilinear"),
    case("UpSampling2D", (2, 3, 2, 2), 2, interpolation="bilinear", dtype="mixed_bfloat16"),
    case("UpSampling3D", (2, 3, 2, 3, 2)),
    case("UpSampling3D", (2, 2, 3, 2, 3), (1, 2, 3), **FIRST),
    case("UpSampling3D", (1, 1, 1, 1, 2), 2, integers=5, apart=("symbol",)),
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

"""Merging layers against Keras."""

import pytest

from .layer_cases import case, variations
from .layer_checks import check_config, check_run, check_shapes

PAIRS = ((3, 4, 5), (3, 4, 5))
TWO = ((3, 4), (3, 4))
MASKS = ([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
KINDS = ("Add", "Multiply", "Average", "Maximum", "Minimum")
CASES = [
    *variations(
        *(case(kind, TWO) for kind in (*KINDS, "Subtract", "Concatenate")),
        case("Dot", TWO, 1),
    ),
    *(
        case(name, shapes)
        for name in KINDS
        for shapes in (PAIRS, (*PAIRS, (3, 4, 5)), ((3, 4, 5), (3, 1, 5)), ((3, 4, 5), (3, 5)), ((3, 1), (3, 2, 4)))
    ),
    *(case(name, PAIRS, carried=MASKS) for name in (*KINDS, "Subtract", "Concatenate")),
    *(case(name, PAIRS, carried=(MASKS[0], None), note="one") for name in (*KINDS, "Subtract", "Concatenate")),
    *(case(name, TWO, integers=5, apart=("symbol",)) for name in (*KINDS, "Subtract", "Concatenate")),
    case("Subtract", PAIRS),
    case("Subtract", ((3, 4, 5), (3, 4, 1))),
    case("Concatenate", PAIRS),
    case("Concatenate", ((3, 4, 5), (3, 2, 5), (3, 1, 5)), axis=1),
    case("Concatenate", ((3, 4, 5), (3, 4, 5)), axis=1, carried=MASKS),
    case("Concatenate", ((3, 4), (3, 2)), axis=-1),
    case("Concatenate", ((3, 4), (3, 0)), axis=-1),
    case("Dot", TWO, -1, normalize=True),
    case("Dot", ((3, 4, 5), (3, 6, 4)), (1, 2)),
    case("Dot", ((3, 4, 5), (3, 6, 5)), axes=-1, normalize=True),
    case("Dot", ((3, 4, 5), (3, 4, 2)), 1),
    case("Dot", ((3, 4, 5), (3, 5)), (2, 1)),
    case("Dot", ((3, 4, 5), (3, 4, 2, 6)), (1, 1)),
    case("Dot", ((3, 2, 4, 5), (3, 4, 6)), (2, 1)),
    case("Dot", TWO, 1, integers=5, apart=("symbol",)),
    case("Dot", PAIRS, 2, carried=MASKS),
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

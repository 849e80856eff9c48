"""Every argument of the attention layers against Keras; masks and scores are in `test_attention.py`."""

import pytest

from .layer_cases import case, limits, variations
from .layer_checks import check_config, check_run, check_shapes

QUERY, VALUE = (2, 3, 4), (2, 2, 4)
LISTED = {"listed": True}
DOTS = [
    case("Attention", (QUERY, VALUE)),
    case("AdditiveAttention", (QUERY, VALUE)),
]
HEADS = [
    case("MultiHeadAttention", (QUERY, VALUE), 2, 3, listed=False),
    case("GroupQueryAttention", (QUERY, VALUE), 3, 4, 2, listed=False),
]
GRID = ((2, 2, 3, 4), (2, 2, 3, 4))
CASES = [
    *variations(*DOTS, *HEADS),
    *(limited for one in HEADS for limited in limits(one, "kernel", "bias")),
    *(one.but(use_bias=False) for one in HEADS),
    *(one.but(use_gate=True) for one in HEADS),
    *(one.but(sliding_window=1) for one in HEADS),
    *(one.but(flash_attention=False) for one in HEADS),
    *(one.but(dropout=0.3, seed=2) for one in HEADS),
    case("MultiHeadAttention", (QUERY, VALUE), 2, 3, listed=False, value_dim=2, output_shape=5),
    case("MultiHeadAttention", GRID, 2, 3, listed=False, attention_axes=(2,)),
    case("MultiHeadAttention", (QUERY, VALUE), 2, 3, listed=False, carried=([[1, 1, 0]] * 2, [[1, 0], [1, 1]])),
    case("MultiHeadAttention", (QUERY, VALUE), 2, 3, listed=False, call={"use_causal_mask": True}),
    case("GroupQueryAttention", (QUERY, VALUE), 3, 4, 2, listed=False, carried=([[1, 1, 0]] * 2, [[1, 0], [1, 1]])),
    case("GroupQueryAttention", (QUERY, VALUE), 3, 4, 2, listed=False, call={"use_causal_mask": True}),
    case("Attention", (QUERY, VALUE), use_scale=True),
    case("Attention", (QUERY, VALUE), score_mode="concat"),
    case("Attention", (QUERY, VALUE), use_scale=True, score_mode="concat", dropout=0.3, seed=2),
    case("Attention", (QUERY, VALUE), dropout=0.3, seed=2, training=True),
    case("Attention", (QUERY, VALUE, VALUE)),
    case("Attention", (QUERY, VALUE), carried=([[1, 1, 0]] * 2, [[1, 0], [1, 1]])),
    case("Attention", (QUERY, VALUE), call={"use_causal_mask": True}),
    case("AdditiveAttention", (QUERY, VALUE), False),
    case("AdditiveAttention", (QUERY, VALUE), dropout=0.3, seed=2, training=True),
    case("AdditiveAttention", (QUERY, VALUE), carried=([[1, 1, 0]] * 2, [[1, 0], [1, 1]])),
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

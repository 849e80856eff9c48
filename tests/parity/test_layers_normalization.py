"""Normalizations against Keras: outputs in and outside training, running statistics, masks."""

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .layer_cases import case, limits, seeded, variations
from .layer_checks import assert_ran, check_config, check_run, check_shapes, ran
from .running import drawn

MASK = [[1, 0, 1], [1, 1, 0]]
STEPS = [(6, 3), {}], [(4, 5, 3), {"momentum": 0.5, "epsilon": 1e-5}], [(4, 5, 6, 3), {"center": False}]
SHAPES = [
    *STEPS,
    [(4, 5, 6, 3), {"scale": False, "momentum": 0.9}],
    [(4, 3, 5, 6), {"axis": 1}],
    [(4, 5, 3, 6), {"axis": 2, "center": False, "scale": False}],
    [(3, 2, 3, 4, 2), {"beta_initializer": "ones", "gamma_regularizer": "l2"}],
    [(6, 3), {"renorm": True, "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.2}}],
    [(4, 5, 3), {"renorm": True, "renorm_momentum": 0.5}],
    [(1, 1, 1, 3), {}],
    [(2, 4, 1), {"momentum": 0.0}],
]
OVER_BATCHES = [
    *(
        case("BatchNormalization", shape, training=mode, **options)
        for mode in (False, True)
        for shape, options in SHAPES
    ),
    *(case("BatchNormalization", (2, 3, 4), training=mode, momentum=0.5, mask=MASK) for mode in (False, True)),
    *(case("BatchNormalization", (2, 3, 4), training=mode, momentum=0.5, carried=(MASK,)) for mode in (False, True)),
    case("BatchNormalization", (2, 3, 4), training=True, renorm=True, mask=MASK),
    case("BatchNormalization", (2, 3, 4), training=True, renorm=True, dtype="mixed_bfloat16"),
    case("BatchNormalization", (2, 3, 4), training=True, renorm=True, dtype="bfloat16", mask=MASK),
    case("BatchNormalization", (4, 3), training=True, dtype="bfloat16"),
    case("BatchNormalization", (2, 3, 4), training=True, synchronized=True, mask=MASK, apart=("numbers", "config")),
    case("BatchNormalization", (2, 3, 4), training=True, mask=MASK, dtype="mixed_bfloat16"),
    case("BatchNormalization", (2, 3, 4), training=True, mask=[[0, 0, 0], [0, 0, 0]]),
    case("BatchNormalization", (2, 4, 3), training=True, axis=2, mask=[[1, 0, 1, 1], [1, 1, 0, 0]]),
    case("BatchNormalization", (4, 3), training=True, trainable=False),
    case("BatchNormalization", (4, 3), training=True, dtype="mixed_float16"),
    case("BatchNormalization", (4, 3), training=True, dtype="mixed_bfloat16"),
    case("BatchNormalization", (4, 3), training=True, dtype="float64"),
    case("BatchNormalization", (4, 3), training=True, integers=9),
    case("BatchNormalization", (1, 3), training=True),
    case("BatchNormalization", (4, 3), training=True, activity_regularizer="l2", beta_constraint="non_neg"),
    case(
        "BatchNormalization",
        (4, 3),
        moving_mean_initializer="ones",
        moving_variance_initializer=seeded("RandomUniform"),
    ),
    *limits(case("BatchNormalization", (4, 3)), "beta", "gamma"),
]
OVER_FEATURES = [
    case("LayerNormalization", (3, 4, 5), epsilon=1e-5, center=False),
    case("LayerNormalization", (3, 4, 5), axis=[1, 2], scale=False),
    case("LayerNormalization", (3, 4, 5), axis=1, apart=("numbers",)),
    case("LayerNormalization", (3, 4, 5, 2), axis=(1, 3)),
    case("LayerNormalization", (3, 4, 5, 2), axis=(-1, -2, -3), beta_constraint="non_neg"),
    case("LayerNormalization", (3, 4, 5), rms_scaling=True),
    case("LayerNormalization", (3, 4, 5), rms_scaling=True, axis=(1, 2), epsilon=0.1),
    case("LayerNormalization", (2, 3, 4), carried=(MASK,)),
    case("LayerNormalization", (2, 3), integers=9, apart=("numbers",)),
    case("LayerNormalization", (2, 1)),
    *limits(case("LayerNormalization", (3, 5)), "beta", "gamma"),
    case("GroupNormalization", (3, 6), groups=2, epsilon=1e-2, center=False),
    case("GroupNormalization", (3, 4, 5, 6), groups=-1, scale=False),
    case("GroupNormalization", (3, 6, 4, 5), groups=2, axis=1),
    case("GroupNormalization", (3, 5, 4, 32)),
    case("GroupNormalization", (3, 1, 1, 4), groups=1),
    case("GroupNormalization", (3, 1, 1, 4), groups=4),
    case("GroupNormalization", (2, 3, 4), groups=2, carried=(MASK,)),
    case("GroupNormalization", (2, 4), groups=2, integers=9, apart=("numbers",)),
    *limits(case("GroupNormalization", (3, 4, 4), groups=2), "beta", "gamma"),
    case("UnitNormalization", (3, 4, 5)),
    case("UnitNormalization", (3, 4, 5), axis=1),
    case("UnitNormalization", (3, 4, 5), axis=[1, 2]),
    case("UnitNormalization", (2, 3, 4), carried=(MASK,)),
    case("UnitNormalization", (3, 4), integers=9),
    case("RMSNormalization", (3, 4, 5)),
    case("RMSNormalization", (3, 4, 5), epsilon=0.1),
    case("RMSNormalization", (3, 4, 5), axis=(1, 2)),
    case("RMSNormalization", (3, 4, 5), axis=1, apart=("numbers",)),
    case("RMSNormalization", (2, 3, 4), carried=(MASK,)),
]
CASES = [
    *variations(
        case("BatchNormalization", (4, 3)),
        case("LayerNormalization", (3, 5)),
        case("GroupNormalization", (3, 4, 6), groups=3),
        case("UnitNormalization", (3, 5)),
        case("RMSNormalization", (3, 5)),
    ),
    *OVER_BATCHES,
    *OVER_FEATURES,
]

pytestmark = [  # of the oracle
    pytest.mark.filterwarnings("ignore:Layer .* does not support masking"),
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`"),
]
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


@pytest.mark.parametrize("mask", [None, MASK])
def test_alone_synchronized_statistics_are_those_of_the_batch(reference, mask):
    case_of = case("BatchNormalization", (2, 3, 4), training=True, momentum=0.5, mask=mask)
    expected = reference(lambda keras: ran(keras, case_of))
    assert_ran(ran(kerasviz, case_of.but(synchronized=True)), expected, case_of)


@pytest.mark.parametrize("kind", ["LayerNormalization", "RMSNormalization"])
@pytest.mark.parametrize("axis", [1, (1, 2)])
def test_axes_before_the_last_equal_those_moved_to_the_end(reference, kind, axis):
    x = drawn(2, 3, 4, 5)
    axes = [axis] if isinstance(axis, int) else list(axis)
    last = list(range(-len(axes), 0))
    theirs = reference(lambda keras: getattr(keras.layers, kind)(axis=last)(np.moveaxis(x, axes, last).copy()))
    ours = getattr(kerasviz.layers, kind)(axis=axis)(x)
    assert_close(ours, np.moveaxis(theirs, last, axes))


@pytest.mark.parametrize("options", [{}, {"renorm": True}, {"synchronized": True}])
def test_batches_without_rows_move_no_statistics(options):
    layer = kerasviz.layers.BatchNormalization(**options)  # Keras's become NaN
    assert layer(torch.ones(0, 3, 4), training=True).shape == (0, 3, 4)
    start = kerasviz.layers.BatchNormalization(**options)
    start.build((None, 3, 4))
    assert_close(layer.get_weights(), start.get_weights())

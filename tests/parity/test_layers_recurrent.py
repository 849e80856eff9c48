"""Every argument of the recurrent layers against Keras; masks and states are in `test_recurrent.py`."""

import dataclasses
from typing import Any

import pytest

from .layer_cases import Case, case, inner, limits, variations
from .layer_checks import check_config, check_run, check_shapes

SERIES, MASK = (2, 3, 4), [[1, 1, 0], [0, 1, 1]]
MAPS = {1: (2, 2, 4, 2), 2: (2, 2, 3, 4, 2), 3: (1, 2, 2, 3, 2, 2)}
FIRST_MAPS = {1: (2, 2, 2, 4), 2: (2, 2, 2, 3, 4), 3: (1, 2, 2, 2, 3, 2)}
KERNELS = ("kernel", "recurrent", "bias")
LAYERS = [case(kind, SERIES, 3) for kind in ("SimpleRNN", "GRU", "LSTM")]
CONVOLVED = [case(f"ConvLSTM{rank}D", MAPS[rank], 2, 2) for rank in MAPS]
CELLS = [
    case("RNN", SERIES, inner("LSTMCell", 3, name="cell")),
    case(
        "RNN",
        SERIES,
        inner("StackedRNNCells", [inner("GRUCell", 3, name="a"), inner("LSTMCell", 2, name="b")], name="c"),
    ),
]


def in_rnn(kind: str, training: bool | None = None, **options: object) -> Case:
    """A cell as it is used."""
    return case("RNN", SERIES, inner(kind, 3, name="cell", **options), return_sequences=True, training=training)


def with_limits(kind: str) -> list[Case]:
    """A cell with other starts, penalties and constraints of its weights."""
    return [in_rnn(kind, **one.kwargs) for one in limits(case(kind, SERIES), *KERNELS)]


FORMS = [
    {"return_sequences": True},
    {"return_state": True},
    {"return_sequences": True, "go_backwards": True},
    {"unroll": True},
    {"zero_output_for_mask": True, "return_sequences": True},
]
ARGUMENTS = {
    "SimpleRNN": {"activation": "relu", "use_bias": False},
    "GRU": {"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False, "reset_after": False},
    "LSTM": {"activation": "relu", "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False},
}
COMMON = [{"dtype": "float64"}, {"autocast": False}, {"trainable": False}]
PENALIZED: dict[str, Any] = {"activity_regularizer": "l2"}
LIST = [inner("GRUCell", 3, name="a"), inner("SimpleRNNCell", 2, name="b")]
CASES = [
    case("RNN", SERIES, LIST, apart=("config",)),  # the name of what holds them is automatic
    *variations(*LAYERS, *CONVOLVED, *CELLS),
    *(one.but(**form) for one in [*LAYERS, *CONVOLVED, *CELLS] for form in FORMS),
    *(case(kind, SERIES, 3, carried=(MASK,), **form) for kind in ARGUMENTS for form in FORMS),
    *(one.but(stateful=True) for one in [LAYERS[0], *CONVOLVED, CELLS[0]]),
    *(dataclasses.replace(one.but(stateful=True), apart=("numbers",)) for one in LAYERS[1:]),  # has no gradient
    *(limited for one in [*LAYERS, *CONVOLVED] for limited in limits(one, *KERNELS)),
    *(case(kind, SERIES, 3, **options) for kind, options in ARGUMENTS.items()),
    *(case(kind, SERIES, 3, use_bias=False) for kind in ARGUMENTS),
    *(case(kind, SERIES, 3, use_cudnn=False) for kind in ("GRU", "LSTM")),
    *(case(kind, SERIES, 3, integers=5) for kind in ARGUMENTS),
    *(case(kind, (2, 1, 4), 3) for kind in ARGUMENTS),
    *(
        case(kind, SERIES, 3, dropout=rate, recurrent_dropout=other, seed=1, training=True)
        for kind in ARGUMENTS
        for rate, other in [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)]
    ),
    *(in_rnn(f"{kind}Cell", **options) for kind, options in ARGUMENTS.items()),
    *(one for kind in ARGUMENTS for one in with_limits(f"{kind}Cell")),
    *(in_rnn(f"{kind}Cell", trainable=False, use_bias=False) for kind in ARGUMENTS),
    *(in_rnn(f"{kind}Cell", training=True, dropout=0.4, recurrent_dropout=0.3, seed=2) for kind in ARGUMENTS),
    *(in_rnn(f"{kind}Cell", **options) for kind in ARGUMENTS for options in COMMON),
    *(
        dataclasses.replace(in_rnn(f"{kind}Cell", **PENALIZED), apart=("numbers",)) for kind in ARGUMENTS
    ),  # one step more
    *(case("RNN", SERIES, inner("StackedRNNCells", LIST, name="stack", **options)) for options in COMMON[:2]),
    *(
        case("RNN", SERIES, inner("StackedRNNCells", LIST, name="stack", **options), apart=("numbers", "config"))
        for options in [PENALIZED, {"trainable": False}]
    ),
    *(
        case(f"ConvLSTM{rank}D", MAPS[rank], 2, 2, dropout=rate, recurrent_dropout=other, seed=1, training=True)
        for rank in MAPS
        for rate, other in [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)]
    ),
    *(
        case(f"ConvLSTM{rank}D", MAPS[rank], 2, kernel_size=2, **options)
        for rank in MAPS
        for options in [
            {"padding": "same", "strides": 2},
            {"padding": "same", "dilation_rate": 2},
            {"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False},
            {"unit_forget_bias": False},
        ]
    ),
    *(case(f"ConvLSTM{rank}D", FIRST_MAPS[rank], 2, 2, data_format="channels_first") for rank in MAPS),
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

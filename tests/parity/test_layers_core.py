"""Layers of products and lookups against Keras, and those that hold no arithmetic."""

import dataclasses

import numpy as np
import pytest

import kerasviz

from .layer_cases import LIMIT, PENALTY, case, seeded, variations
from .layer_checks import assert_ran, check_config, check_run, check_shapes, ran, weighted

ROWS = np.arange(6, dtype="float32").reshape(2, 3)
CASES = [
    *variations(
        case("Dense", (3, 5), 4),
        case("EinsumDense", (2, 5, 3), "abc,cd->abd", (None, 4), bias_axes="d"),
        case("Identity", (2, 3)),
        case("Embedding", (3, 4), 6, 5, integers=6),
        case("ReversibleEmbedding", (3, 4), 6, 5, integers=6),
        case("Masking", (2, 3, 2), integers=2, of="float32"),
        case("Rescaling", (2, 3, 3), 0.5),
        case("ActivityRegularization", (2, 3), 0.1, 0.01),
    ),
    case("Dense", (3, 5), 4, "relu", use_bias=False),
    case("Dense", (2, 3, 4, 5), 7, activation="gelu", bias_initializer="ones"),
    case("Dense", (2, 3, 5), 1, use_bias=False, kernel_regularizer="l2", bias_constraint="non_neg"),
    case("Dense", (2, 3), 2, activation="softmax", activity_regularizer="l1", kernel_constraint="max_norm"),
    case("Dense", (2, 3), 2, kernel_initializer=seeded("HeNormal"), bias_regularizer=PENALTY),
    case("Dense", (2, 3), 2, kernel_constraint=LIMIT, bias_constraint=LIMIT, kernel_regularizer=PENALTY),
    case("Dense", (2, 3), 2, lora_rank=2),
    case("Dense", (2, 3), 2, integers=5),
    case("Dense", (2, 3), 2, of="float64"),
    case("Dense", (2, 3, 5), 4, carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Dense", (1, 1), 1),
    case("EinsumDense", (2, 5, 3), "abc,cd->abd", output_shape=(5, 4), bias_axes="bd", activation="tanh"),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4),
    case("EinsumDense", (2, 5, 3), "...x,xy->...y", 4, bias_axes="y"),
    case("EinsumDense", (2, 5, 7), "ab...,bc->ac...", (3,), bias_axes="c"),
    case("EinsumDense", (2, 5, 3), "abc,cde->abde", (None, 2, 4), bias_axes="de"),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, bias_axes="c", kernel_initializer=seeded("LecunUniform")),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, bias_axes="c", bias_initializer="ones", bias_regularizer=PENALTY),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, bias_axes="c", kernel_regularizer=PENALTY, kernel_constraint=LIMIT),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, bias_axes="c", bias_constraint="non_neg", lora_rank=2),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, gptq_unpacked_column_size=4),
    case("EinsumDense", (2, 5, 3), "abc,cd->abd", (None, 4), carried=([[1, 1, 0, 1, 1], [1, 0, 0, 0, 0]],)),
    case("Identity", (2, 3), integers=5),
    case("Identity", (2, 3, 2), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Embedding", (3,), 6, 5, integers=6, mask_zero=True, embeddings_regularizer="l2"),
    case("Embedding", (2, 3, 2), 9, 1, "ones", integers=9, embeddings_constraint="unit_norm"),
    case("Embedding", (2, 3), 4, 2, seeded("RandomNormal"), integers=4),
    case("Embedding", (2, 3), 2, 3, weights=[ROWS], integers=2),
    case("Embedding", (2, 3), 4, 2, lora_rank=1, integers=4),
    case("Embedding", (2, 3), 4, 2, integers=4, of="float32"),
    case("Embedding", (2, 3), 4, 2, integers=4, of="uint8"),
    case("Embedding", (2, 3), 4, 2, integers=4, of="int64"),
    case("Embedding", (2, 3), 4, 2, autocast=True, integers=4, dtype="mixed_float16"),
    case("Embedding", (2, 3), 4, 2, autocast=True, integers=4, of="float32"),
    case("ReversibleEmbedding", (2, 3), 6, 5, False, "ones", integers=6),
    case("ReversibleEmbedding", (2, 3), 6, 5, embeddings_regularizer=PENALTY, mask_zero=True, integers=6),
    case("ReversibleEmbedding", (2, 3), 6, 5, embeddings_constraint=LIMIT, reverse_dtype="float32", integers=6),
    case("ReversibleEmbedding", (2, 3, 5), 6, 5, call={"reverse": True}),
    case("ReversibleEmbedding", (2, 3, 5), 6, 5, tie_weights=False, call={"reverse": True}),
    case("ReversibleEmbedding", (2, 3, 5), 6, 5, logit_soft_cap=0.5, call={"reverse": True}),
    case("ReversibleEmbedding", (2, 3, 5), 6, 5, reverse_dtype="bfloat16", call={"reverse": True}, apart=("symbol",)),
    case("ReversibleEmbedding", (2, 3, 5), 6, 5, dtype="mixed_bfloat16", call={"reverse": True}),
    case("ReversibleEmbedding", (2, 3), 4, 2, autocast=True, lora_rank=1, integers=4),
    case("Masking", (2, 3, 2), carried=([[1, 1, 0], [1, 0, 0]],)),
    case("Masking", (2, 3, 2), mask_value=1.0, integers=2, of="float32"),
    case("Rescaling", (2, 3, 3), scale=1 / 255, offset=-1),
    case("Rescaling", (2, 3, 3), [1.0, 2.0, 3.0], offset=[0.5, 1, 0]),
    case("Rescaling", (2, 3, 3), 2.0, integers=255, of="uint8"),
    case("Rescaling", (2, 3, 3), 2, integers=255),
    case("ActivityRegularization", (2, 3, 2), l2=0.5, carried=([[1, 1, 0], [1, 0, 0]],)),
]
TUNED = [  # Keras's constructors forget lora_alpha
    case("Dense", (2, 3), 2, lora_rank=1, lora_alpha=3),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4, bias_axes="c", lora_rank=2, lora_alpha=1),
    case("Embedding", (2, 3), 4, 2, lora_rank=1, lora_alpha=2, integers=4),
    case("ReversibleEmbedding", (2, 3), 4, 2, lora_rank=1, lora_alpha=2, integers=4),
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


@pytest.mark.parametrize("case", TUNED, ids=str)
def test_tuning_by_arguments_equals_that_by_a_call(reference, case):
    rank, alpha = case.kwargs["lora_rank"], case.kwargs["lora_alpha"]
    plain = dataclasses.replace(case, kwargs={k: v for k, v in case.kwargs.items() if not k.startswith("lora")})

    def tuned(layer):
        layer.enable_lora(rank, alpha)
        weighted(layer)

    expected = reference(lambda keras: ran(keras, plain, tuned))
    assert_ran(
        {**ran(kerasviz, case), "weights": None, "initial": None}, {**expected, "weights": None, "initial": None}, case
    )

"""Layers of products and lookups against Keras, and those that hold no arithmetic."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.declare import Invalid

from .comparing import assert_close
from .layer_cases import LIMIT, PENALTY, case, inner, seeded, variations
from .layer_checks import assert_ran, check_config, check_run, check_shapes, listed, ran, weighted
from .running import drawn

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
    *(
        case("EinsumDense", shape, equation, output, kernel_initializer=seeded(start))
        for start in ("HeNormal", "GlorotUniform")
        for shape, equation, output in [
            ((2, 3, 4), "abc,cde->abde", (None, 2, 5)),
            ((2, 3, 4, 2), "abde,dec->abc", (None, 5)),
            ((2, 3, 4), "abc,bcd->abd", (3, 5)),
            ((2, 3, 4), "abc,b->abc", (3, 4)),
            ((2, 3, 4), "...c,cd->...d", 5),
        ]
    ),
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
    case("ReversibleEmbedding", (2, 3), 2, 3, weights=[ROWS], integers=2, apart=("numbers", "config")),
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
SETTINGS = [  # hold no arithmetic of their own
    *(
        case("InputLayer", (2, 3), *args, **options)
        for args, options in [
            ([(3, None)], {}),
            ([(3,), 2, "int32"], {}),
            ([], {"batch_shape": (2, 3), "optional": True, "name": "in"}),
            ([(3,)], {"sparse": False, "ragged": False}),
        ]
    ),
    *variations(case("Wrapper", (2, 3), inner("Dense", 2, name="inside"))),
]
every = pytest.mark.parametrize("case", CASES, ids=str)


@every
def test_numbers_equal_keras(reference, case):
    check_run(reference, case)


@every
def test_shapes_equal_keras(reference, case):
    check_shapes(reference, case)


@pytest.mark.parametrize("case", [*CASES, *SETTINGS], ids=str)
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


def test_an_input_starts_from_a_symbol_as_in_keras(reference):
    def started(module):
        symbol = module.KerasTensor((None, 3), "int32")
        return listed(module.layers.InputLayer(input_tensor=symbol, name="it").get_config())

    assert started(kerasviz) == reference(started)


@pytest.mark.parametrize("kind", ["sparse", "ragged"])
def test_inputs_that_torch_has_not_are_refused(kind):
    options: dict[str, Any] = {kind: True}
    with pytest.raises(Invalid, match=f"{kind}.*Give dense arrays"):
        kerasviz.layers.InputLayer((3,), **options)


def test_losses_that_calls_add_are_those_of_the_last_call(reference):
    x = drawn(2, 3)

    def answer(module):
        class Costly(module.layers.Layer):
            def __init__(self, inside, **options):
                super().__init__(**options)
                self.inside = inside

            def build(self, input_shape):
                self.inside.build(input_shape)

            def call(self, inputs):
                self.add_loss(module.ops.mean(module.ops.square(inputs)))
                outputs = self.inside(inputs)
                self.add_loss([module.ops.sum(outputs), 0.5 * module.ops.sum(inputs)])
                return outputs

        dense = module.layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l1")
        layer = Costly(dense)
        layer.build((2, 3))
        weighted(layer)
        found = []
        for factor in (1.0, 2.0):
            layer(torch.tensor(x * factor))
            found.append(sorted(float(loss.detach()) for loss in layer.losses))
        return found

    assert_close(answer(kerasviz), reference(answer))

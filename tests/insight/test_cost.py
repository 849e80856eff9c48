"""Counts by the documented rules, and against torch's own counter."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from kerasviz.document.build import build
from kerasviz.document.inference import infer
from kerasviz.insight.cost import cost, macs, total, training_bytes


@pytest.mark.parametrize(
    ("text", "call", "expected"),
    [
        ("in 8 > dense 4", "dense", 8 * 4),
        ("in 10 8 > dense 4", "dense", 10 * 8 * 4),
        ("in 28 28 3 > conv 16 3", "conv2d", 26 * 26 * 9 * 3 * 16),
        ("in 28 28 3 > conv 16 3 s=2 same", "conv2d", 14 * 14 * 9 * 3 * 16),
        ("in 28 28 4 > conv 16 3 groups=2", "conv2d", 26 * 26 * 9 * 2 * 16),
        ("in 28 28 4 > dwconv 3", "depthwise_conv2d", 26 * 26 * 9 * 4),
        ("in 28 28 4 > sepconv 8 3", "separable_conv2d", 26 * 26 * (9 * 4 + 4 * 8)),
        ("in 14 14 4 > deconv 8 3 s=2", "conv2d_transpose", 14 * 14 * 9 * 4 * 8),
        ("in 20 8 > lstm 16", "lstm", 20 * 4 * 16 * (16 + 8)),
        ("in 20 8 > gru 16", "gru", 20 * 3 * 16 * (16 + 8)),
        ("in 20 8 > bilstm 16", "bidirectional", 2 * 20 * 4 * 16 * (16 + 8)),
        ("in 10 16 > mha 4 4", "multi_head_attention", 4 * 10 * 16 * 16 + 2 * 10 * 10 * 16),
        ("in 28 28 3 > pool", "max_pooling2d", 0),
        ("in 8 > bn", "batch_normalization", 0),
    ],
)
def test_multiply_adds_by_the_rules(drawn, text, call, expected):
    assert macs(infer(drawn(text))[call]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "in 28 28 1 > conv 32 3 relu > pool > conv 64 3 relu > pool > flatten > dense 10 softmax",
        "in 32 32 3 > conv 16 3 same s=2 nobias > bn > relu > dwconv 3 > conv 8 1 > gap > dense 5",
        "in 12 16 > dense 32 relu > dense 16 > flatten > dense 2",
    ],
)
def test_multiply_adds_are_those_that_torch_counts(drawn, text):
    document = drawn(text)
    model = build(document)
    x = torch.zeros(1, *model.inputs[0].shape[1:])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    assert 2 * total(document, infer(document)).macs == counter.get_total_flops()


def test_memory_is_of_outputs_and_of_weights(drawn):
    document = drawn("in 8 8 3 > conv 4 3")
    spent = cost("Conv2D", infer(document)["conv2d"])
    assert spent.activation_bytes == 6 * 6 * 4 * 4
    assert spent.parameter_bytes == (9 * 3 * 4 + 4) * 4
    assert spent.flops == 2 * spent.macs + 6 * 6 * 4
    assert training_bytes(spent, 10) == spent.parameter_bytes * 4 + spent.activation_bytes * 10


def test_a_shared_layer_computes_twice_but_has_one_set_of_weights(drawn):
    from kerasviz.document.edits import share
    from kerasviz.document.patch import apply

    document = drawn("in 8 > dense 8")
    document, _ = apply(document, share(document, "dense", after="dense"))
    whole = total(document, infer(document))
    assert (whole.macs, whole.parameter_bytes) == (2 * 64, 72 * 4)

"""Operations of neural networks against Keras: values, dtypes, gradients, symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import ops

from .op_cases import FLOATS, answers, assert_answers, drawn, gradients, shape_and_dtype

Case = Callable[[Any], Any]
T = torch.tensor
FIRST = {"data_format": "channels_first"}
GRID = torch.cat([torch.linspace(-9, 9, 37), T([-0.51, 0.49, 0.51, -1e-4, 1e-4])]).reshape(6, 7)
MAPS = {
    1: drawn("float32", (2, 7, 4), seed=1),
    2: drawn("float32", (1, 7, 6, 4), seed=2),
    3: drawn("float32", (1, 3, 5, 3, 4), seed=3),
}
KERNELS = {1: (3,), 2: (3, 2), 3: (2, 3, 1)}
WORDS = {1: "time", 2: "images", 3: "volumes"}


def first(x: torch.Tensor) -> torch.Tensor:
    """With channels first."""
    return x.movedim(-1, 1)


def kernel(rank: int, *channels: int) -> torch.Tensor:
    return drawn("float32", (*KERNELS[rank], *channels), -1, 1, seed=rank + 7)


# activations

ACTIVATIONS: dict[str, list[dict[str, Any]]] = {
    "celu": [{"alpha": 2.0}],
    "elu": [{"alpha": 0.3}],
    "gelu": [{"approximate": False}],
    "hard_shrink": [{"threshold": 2.0}],
    "hard_sigmoid": [],
    "hard_silu": [],
    "hard_swish": [],
    "hard_tanh": [],
    "leaky_relu": [{"negative_slope": 0.01}],
    "log_sigmoid": [],
    "log_softmax": [{"axis": 0}, {"axis": (0, 1)}, {"axis": None}],
    "relu": [],
    "relu6": [],
    "selu": [],
    "sigmoid": [],
    "silu": [],
    "swish": [],
    "soft_shrink": [{"threshold": 2.0}],
    "softmax": [{"axis": 0}, {"axis": (0, 1)}, {"axis": None}, {"axis": ()}],
    "softplus": [],
    "softsign": [],
    "sparse_plus": [],
    "sparse_sigmoid": [],
    "squareplus": [{"b": 1.0}],
    "tanh_shrink": [],
}
WITH_WHOLE = ("softsign", "sigmoid", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink", "relu", "relu6")


def activations(name: str, options: list[dict[str, Any]]) -> Iterator[tuple[str, Case]]:
    for given in ({}, *options):
        yield f"{given}", lambda ops, g=given: getattr(ops, name)(GRID, **g)
        yield f"{given} gradient", lambda ops, g=given: gradients(lambda x: getattr(ops, name)(x, **g), GRID)
    for dtype in (*FLOATS, *(("int32", "int8", "int64") if name in WITH_WHOLE else ())):
        yield dtype, lambda ops, dtype=dtype: getattr(ops, name)(drawn(dtype))
    yield "number", lambda ops: getattr(ops, name)(0.3)
    yield "array", lambda ops: getattr(ops, name)(GRID.numpy())
    yield "empty", lambda ops: getattr(ops, name)(GRID[:0])


OPS: dict[str, dict[str, Case]] = {name: dict(activations(name, given)) for name, given in ACTIVATIONS.items()}
OPS |= {
    "threshold": {
        "floats": lambda ops: ops.threshold(GRID, 1.2, -3.0),
        "whole numbers": lambda ops: ops.threshold(T([1, 2, 3]), 1.5, 7),
        "gradient": lambda ops: gradients(lambda x: ops.threshold(x, threshold=1.2, default_value=-3.0), GRID),
    },
    "sparsemax": {
        "down": lambda ops: ops.sparsemax(GRID, axis=0),
        "gradient": lambda ops: gradients(lambda x: ops.sparsemax(x, axis=0), GRID),
    },
    "glu": {
        "rows": lambda ops: ops.glu(GRID[:, :6]),
        "columns": lambda ops: ops.glu(GRID, axis=0),
        "gradient": lambda ops: gradients(lambda x: ops.glu(x, axis=0), GRID),
    },
}

# encodings, moments, norms

X = drawn("float32", (3, 4, 5))
LABELS = T([[0, 2, -1], [1, 1, 3]])
OPS |= {
    "one_hot": {
        **{f"{axis}": lambda ops, axis=axis: ops.one_hot(LABELS, 4, axis=axis) for axis in (-1, 0, 1, 2)},
        **{
            f"{dtype} result": lambda ops, dtype=dtype: ops.one_hot(LABELS, 4, dtype=dtype)
            for dtype in ("int32", "bool", "float16", "uint8")
        },
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.one_hot(T([0, 2]).to(dtype=getattr(torch, dtype)), 3)
            for dtype in ("uint8", "int32", "int64", "float32")
        },
        "number": lambda ops: ops.one_hot(1, 3),
        "list": lambda ops: ops.one_hot([0, 2], 3),
        "empty": lambda ops: ops.one_hot(torch.zeros(0, dtype=torch.int32), 3),
    },
    "multi_hot": {
        **{f"{axis}": lambda ops, axis=axis: ops.multi_hot(LABELS, 4, axis=axis) for axis in (-1, 0, 1)},
        "flat": lambda ops: ops.multi_hot(T([0, 2]), 4),
        "deep": lambda ops: ops.multi_hot(LABELS[None], 4),
        "dtype": lambda ops: ops.multi_hot(LABELS, 4, dtype="int32"),
        "older name": lambda ops: ops.multi_hot(LABELS, num_tokens=4),
    },
    "moments": {
        **{f"{axes}": lambda ops, axes=axes: ops.moments(X, axes) for axes in ([0], [1, 2], [-1], [0, 1, 2])},
        **{f"{dtype}": lambda ops, dtype=dtype: ops.moments(drawn(dtype), [0]) for dtype in FLOATS if dtype[0] != "b"},
        "keepdims": lambda ops: ops.moments(X, [0, 2], keepdims=True),
        "too large": lambda ops: ops.moments(X.half() * 1000, [0]),
        "gradient": lambda ops: gradients(lambda x: torch.cat(ops.moments(x, [0])), X),
    },
    "normalize": {
        **{
            f"{axis} {order}": lambda ops, axis=axis, order=order: ops.normalize(X, axis, order)
            for axis in (-1, 0, 1)
            for order in (1, 2, 3)
        },
        **{f"{dtype}": lambda ops, dtype=dtype: ops.normalize(drawn(dtype)) for dtype in (*FLOATS, "int32")},
        "axes": lambda ops: ops.normalize(X, (0, 2)),
        "zeros": lambda ops: ops.normalize(X * 0),
        "small": lambda ops: ops.normalize(X * 1e-8),
        "epsilon": lambda ops: ops.normalize(X, epsilon=3.0),
        "gradient": lambda ops: gradients(lambda x: ops.normalize(x, order=3) * X, X),
    },
    "batch_normalization": {
        **{
            f"{axis}": lambda ops, axis=axis: ops.batch_normalization(
                X, X.mean(axes(axis)), X.var(axes(axis)), axis, X.amax(axes(axis)), X.amin(axes(axis)), 0.1
            )
            for axis in (0, 1, -1)
        },
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.batch_normalization(
                drawn(dtype), drawn(dtype, (5,)), drawn(dtype, (5,), 1, 2), -1, drawn(dtype, (5,)), drawn(dtype, (5,))
            )
            for dtype in FLOATS
        },
        "plain": lambda ops: ops.batch_normalization(X, X.mean((0, 1)), X.var((0, 1)), 2),
        "offset": lambda ops: ops.batch_normalization(X, X.mean((0, 1)), X.var((0, 1)), 2, offset=torch.ones(5)),
        "float16 by float32": lambda ops: ops.batch_normalization(X.half(), X.mean((0, 1)), X.var((0, 1)), 2),
        "whole numbers": lambda ops: ops.batch_normalization(X.int(), X.mean((0, 1)), X.var((0, 1)), 2),
        "gradient": lambda ops: gradients(
            lambda x, m, v, o, s: ops.batch_normalization(x, m, v, 1, o, s),
            *(X, X.mean((0, 2)), X.var((0, 2)), X.amax((0, 2)), X.amin((0, 2))),
        ),
    },
    "layer_normalization": {
        **{
            f"{axis}": lambda ops, axis=axis: ops.layer_normalization(X, w(axis), w(axis) + 1, axis=axis)
            for axis in (-1, 2, (1, 2), (-1, -2), (0, 1, 2))
        },
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.layer_normalization(drawn(dtype), drawn("float32", (5,)))
            for dtype in FLOATS
        },
        "plain": lambda ops: ops.layer_normalization(X),
        "epsilon": lambda ops: ops.layer_normalization(X, w(-1), epsilon=0.5),
        "array": lambda ops: ops.layer_normalization(X.numpy(), w(-1).numpy()),
        "gradient": lambda ops: gradients(lambda x, g, b: ops.layer_normalization(x, g, b), X, w(-1), w(-1)),
    },
    "rms_normalization": {
        **{
            f"{axis}": lambda ops, axis=axis: ops.rms_normalization(X, w(axis), axis=axis)
            for axis in (-1, 2, (1, 2), (0, 1, 2))
        },
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.rms_normalization(drawn(dtype), drawn("float32", (5,)))
            for dtype in FLOATS
        },
        "plain": lambda ops: ops.rms_normalization(X),
        "epsilon": lambda ops: ops.rms_normalization(X, w(-1), epsilon=0.5),
        "gradient": lambda ops: gradients(lambda x, s: ops.rms_normalization(x, s), X, w(-1)),
    },
    "polar": {
        "values": lambda ops: ops.polar(X.abs(), X),
        "numbers": lambda ops: ops.polar(1.0, 2.0),
        "whole numbers": lambda ops: ops.polar(X.abs().int(), X),
        "float64": lambda ops: ops.polar(X.abs().double(), X.double()),
        "one of float64": lambda ops: ops.polar(X.abs(), X.double()),
        "gradient": lambda ops: gradients(lambda a, b: torch.view_as_real(ops.polar(a, b)) * T([1.0, 2.0]), X.abs(), X),
    },
    "psnr": {
        "values": lambda ops: ops.psnr(X, X * 1.1, 3.0),
        "equal": lambda ops: ops.psnr(X, X, 1),
        "float64": lambda ops: ops.psnr(X.double(), X.double() * 1.1, 3.0),
        "gradient": lambda ops: gradients(lambda a, b: ops.psnr(a, b, 3.0), X, X + 1),
    },
}


def axes(axis: int) -> tuple[int, ...]:
    """The others of three."""
    return tuple(one for one in range(3) if one != axis % 3)


def w(axis: Any) -> torch.Tensor:
    """Weights for axes of X."""
    sizes = tuple(X.shape[one] for one in sorted(a % 3 for a in ((axis,) if isinstance(axis, int) else axis)))
    return drawn("float32", sizes, seed=4)


# convolutions


def convolved(name: str, rank: int, channels: tuple[int, ...]) -> Iterator[tuple[str, Case]]:
    """Every padding, stride and dilation, in both data formats."""
    x, weights = MAPS[rank], kernel(rank, *channels)
    ways = [{}, {"strides": 2}, {"dilation_rate": 2}, {"strides": (3, 1, 2)[:rank]}]
    for how in ways:
        for padding in ("valid", "same"):
            given = {**how, "padding": padding}
            yield f"{WORDS[rank]} {given}", lambda ops, g=given: getattr(ops, name)(x, weights, **g)
    both = {"padding": "same", "strides": 2, "dilation_rate": 3 if rank < 3 else 1}
    yield f"{WORDS[rank]} both", lambda ops: getattr(ops, name)(x, weights, **both)
    yield f"{WORDS[rank]} first", lambda ops: getattr(ops, name)(first(x), weights, padding="same", **FIRST)
    yield (
        f"{WORDS[rank]} gradient",
        lambda ops: gradients(lambda x, k: getattr(ops, name)(x, k, 2, "same"), x, weights),
    )


OPS |= {
    "conv": {
        **{label: case for rank in MAPS for label, case in convolved("conv", rank, (4, 2))},
        **{
            f"groups of {WORDS[rank]}": lambda ops, rank=rank: ops.conv(MAPS[rank], kernel(rank, 2, 2), padding="same")
            for rank in MAPS
        },
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.conv(drawn(dtype, (2, 5, 3)), drawn(dtype, (2, 3, 4)))
            for dtype in ("int32", *FLOATS)
        },
        "arrays": lambda ops: ops.conv(MAPS[1].numpy(), kernel(1, 4, 2).numpy()),
        "capitals": lambda ops: ops.conv(MAPS[1], kernel(1, 4, 2), padding="SAME"),
        "empty": lambda ops: ops.conv(MAPS[2][:0], kernel(2, 4, 2)),
    },
    "depthwise_conv": {label: case for rank in (1, 2) for label, case in convolved("depthwise_conv", rank, (4, 2))},
    "separable_conv": {
        **{
            f"{WORDS[rank]} {given}": lambda ops, rank=rank, given=given: ops.separable_conv(
                MAPS[rank], kernel(rank, 4, 2), drawn("float32", (*(1,) * rank, 8, 5)), **given
            )
            for rank in (1, 2)
            for given in ({}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2, "padding": "same"})
        },
        "first": lambda ops: ops.separable_conv(
            first(MAPS[2]), kernel(2, 4, 2), drawn("float32", (1, 1, 8, 5)), 2, "same", "channels_first"
        ),
        "gradient": lambda ops: gradients(ops.separable_conv, MAPS[2], kernel(2, 4, 2), drawn("float32", (1, 1, 8, 5))),
    },
    "conv_transpose": {
        **{
            f"{WORDS[rank]} {strides} {padding} {extra} {dilation}": lambda ops, rank=rank, how=how, d=dilation: (
                ops.conv_transpose(MAPS[rank], kernel(rank, 2, 4), *how, dilation_rate=d)
            )
            for rank in MAPS
            for strides in (1, 2, 3)
            for padding in ("valid", "same")
            for extra in (None, 0, 1)
            for dilation in ((1, 2) if strides == 1 else (1,))
            for how in [(strides, padding, extra)]
            if extra is None or extra < strides
        },
        "first": lambda ops: ops.conv_transpose(first(MAPS[2]), kernel(2, 2, 4), 2, "same", **FIRST),
        "steps": lambda ops: ops.conv_transpose(MAPS[2], kernel(2, 2, 4), (3, 2), "same", (1, 0)),
        "gradient": lambda ops: gradients(lambda x, k: ops.conv_transpose(x, k, 2, "same"), MAPS[2], kernel(2, 2, 4)),
    },
}

# pooling, patches


def pooled(name: str, rank: int) -> Iterator[tuple[str, Case]]:
    x = MAPS[rank]
    for given in (
        {"pool_size": 2},
        {"pool_size": (3, 2, 1)[:rank], "strides": 1},
        {"pool_size": 2, "strides": 3},
        {"pool_size": 3, "strides": (1, 2, 3)[:rank]},
    ):
        for padding in ("valid", "same"):
            how = {**given, "padding": padding}
            yield f"{WORDS[rank]} {how}", lambda ops, how=how: getattr(ops, name)(x, **how)
    yield f"{WORDS[rank]} first", lambda ops: getattr(ops, name)(first(x), 2, padding="same", **FIRST)
    yield f"{WORDS[rank]} gradient", lambda ops: gradients(lambda x: getattr(ops, name)(x, 3, 2, "same"), x)


def adapted(name: str) -> dict[str, Case]:
    return {
        **{
            f"{WORDS[rank]} {n}": lambda ops, rank=rank, n=n: getattr(ops, name)(MAPS[rank], n)
            for rank in MAPS
            for n in (1, 2, 9)
        },
        "each axis": lambda ops: getattr(ops, name)(MAPS[2], (3, 5)),
        "first": lambda ops: getattr(ops, name)(first(MAPS[2]), (3, 5), **FIRST),
        "gradient": lambda ops: gradients(lambda x: getattr(ops, name)(x, (3, 5)), MAPS[2]),
        **{f"{dtype}": lambda ops, dtype=dtype: getattr(ops, name)(drawn(dtype, (2, 5, 3)), 2) for dtype in FLOATS},
    }


OPS |= {
    "max_pool": {
        **{label: case for rank in MAPS for label, case in pooled("max_pool", rank)},
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.max_pool(drawn(dtype, (2, 5, 6, 3)), 2)
            for dtype in ("int32", *FLOATS)
        },
        **{
            f"{dtype} same": lambda ops, dtype=dtype: ops.max_pool(drawn(dtype, (2, 5, 6, 3)), 3, 1, "same")
            for dtype in ("int32", *FLOATS)
        },
    },
    "average_pool": {
        **{label: case for rank in MAPS for label, case in pooled("average_pool", rank)},
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.average_pool(drawn(dtype, (2, 5, 6, 3)), 2, padding="same")
            for dtype in FLOATS
        },
    },
    "adaptive_average_pool": adapted("adaptive_average_pool"),
    "adaptive_max_pool": adapted("adaptive_max_pool"),
    "unfold": {
        **{
            f"{how}": lambda ops, how=how: ops.unfold(first(MAPS[2]), **how)
            for how in (
                {"kernel_size": 2},
                {"kernel_size": (2, 3), "stride": 2},
                {"kernel_size": 2, "dilation": (2, 1), "padding": (1, 2), "stride": (1, 3)},
            )
        },
        "gradient": lambda ops: gradients(lambda x: ops.unfold(x, 3, padding=1), first(MAPS[2])),
    },
    "fold": {
        **{
            f"{how}": lambda ops, how=how: ops.fold(ops.unfold(first(MAPS[2]), **how), (7, 6), **how)
            for how in (
                {"kernel_size": 2},
                {"kernel_size": (2, 3), "stride": 2},
                {"kernel_size": 2, "dilation": (2, 1), "padding": (1, 2), "stride": (1, 3)},
            )
        },
        "gradient": lambda ops: gradients(lambda x: ops.fold(x, 4, 2), drawn("float32", (1, 8, 9))),
    },
    "depth_to_space": {
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.depth_to_space(drawn(dtype, (2, 3, 2, 8)), 2)
            for dtype in ("bool", "uint8", "int32", "float16", "float32")
        },
        "three": lambda ops: ops.depth_to_space(drawn("float32", (1, 2, 3, 18)), 3),
        "first": lambda ops: ops.depth_to_space(drawn("float32", (2, 8, 3, 2)), 2, "channels_first"),
        "gradient": lambda ops: gradients(lambda x: ops.depth_to_space(x, 2), MAPS[2]),
    },
    "space_to_depth": {
        **{
            f"{dtype}": lambda ops, dtype=dtype: ops.space_to_depth(drawn(dtype, (2, 4, 6, 3)), 2)
            for dtype in ("bool", "uint8", "int32", "float16", "float32")
        },
        "three": lambda ops: ops.space_to_depth(drawn("float32", (1, 3, 6, 2)), 3),
        "first": lambda ops: ops.space_to_depth(drawn("float32", (2, 3, 4, 6)), 2, "channels_first"),
        "gradient": lambda ops: gradients(lambda x: ops.space_to_depth(x, 2), drawn("float32", (2, 4, 6, 3))),
    },
}

# crossentropies

LIKELY = torch.softmax(drawn("float32", (3, 4, 5), seed=6), -1)
WANTED = torch.softmax(drawn("float32", (3, 4, 5), seed=7), -1)
NUMBERS = T([[0, 1, 4, 2], [3, 3, 0, 1], [4, 2, 2, 0]])


def crossentropies(name: str, target: torch.Tensor) -> dict[str, Case]:
    return {
        "likely": lambda ops: getattr(ops, name)(target, LIKELY),
        "scores": lambda ops: getattr(ops, name)(target, X, from_logits=True),
        "sure": lambda ops: getattr(ops, name)(target, (LIKELY > 0.3).float()),
        "arrays": lambda ops: getattr(ops, name)(target.numpy(), LIKELY.numpy()),
        "gradient": lambda ops: gradients(lambda x: getattr(ops, name)(target, x), LIKELY),
        "gradient of scores": lambda ops: gradients(lambda x: getattr(ops, name)(target, x, True), X),
        **{
            f"{dtype} {of}": lambda ops, dtype=dtype, of=of: getattr(ops, name)(
                target.to(getattr(torch, dtype)) if target.is_floating_point() else target,
                LIKELY.to(getattr(torch, dtype)),
                of,
            )
            for dtype in ("float16", "bfloat16", "float64")
            for of in (False, True)
        },
    }


TARGET, OUTPUT = T([[1, 2, 2, 3], [3, 1, 0, 0]]), drawn("float32", (2, 9, 5), seed=8)
SIZES, TIMES = T([4, 2]), T([9, 6])
SCORES, LENGTHS = drawn("float32", (3, 7, 4), seed=9), T([7, 4, 1])
BEAM = {"strategy": "beam_search"}
OPS |= {
    "binary_crossentropy": crossentropies("binary_crossentropy", WANTED),
    "categorical_crossentropy": {
        **crossentropies("categorical_crossentropy", WANTED),
        "axis": lambda ops: ops.categorical_crossentropy(WANTED, LIKELY, axis=1),
        "axis of scores": lambda ops: ops.categorical_crossentropy(WANTED, X, True, 0),
        "one": lambda ops: ops.categorical_crossentropy(WANTED[0, 0], LIKELY[0, 0]),
    },
    "sparse_categorical_crossentropy": {
        **crossentropies("sparse_categorical_crossentropy", NUMBERS),
        "axis": lambda ops: ops.sparse_categorical_crossentropy(NUMBERS % 4, LIKELY.transpose(1, 2), axis=1),
        "column": lambda ops: ops.sparse_categorical_crossentropy(NUMBERS[..., None], X, True),
        "floats": lambda ops: ops.sparse_categorical_crossentropy(NUMBERS.float(), X, True),
        "one": lambda ops: ops.sparse_categorical_crossentropy(T(1), LIKELY[0, 0]),
    },
    "ctc_loss": {
        "values": lambda ops: ops.ctc_loss(TARGET, OUTPUT, SIZES, TIMES),
        "another blank": lambda ops: ops.ctc_loss(TARGET, OUTPUT, SIZES, TIMES, mask_index=4),
        "no labels": lambda ops: ops.ctc_loss(TARGET, OUTPUT, T([0, 2]), TIMES),
        "too short": lambda ops: ops.ctc_loss(TARGET, OUTPUT, SIZES, T([3, 1])),
        "int32": lambda ops: ops.ctc_loss(TARGET.int(), OUTPUT, SIZES.int(), TIMES.int()),
        "float targets": lambda ops: ops.ctc_loss(TARGET.float(), OUTPUT, SIZES, TIMES),
        "lists": lambda ops: ops.ctc_loss(TARGET.tolist(), OUTPUT.numpy(), [4, 2], [9, 6]),
        "float16": lambda ops: ops.ctc_loss(TARGET, OUTPUT.half(), SIZES, TIMES),
        "float64": lambda ops: ops.ctc_loss(TARGET, OUTPUT.double(), SIZES, TIMES),
        "gradient": lambda ops: gradients(lambda x: ops.ctc_loss(TARGET, x, SIZES, TIMES), OUTPUT),
    },
    "ctc_decode": {
        **{
            f"greedy {how}": lambda ops, how=how: ops.ctc_decode(SCORES, LENGTHS, **how)
            for how in ({}, {"merge_repeated": False}, {"mask_index": 3}, {"mask_index": None})
        },
        "often the same": lambda ops: ops.ctc_decode(SCORES.round(), LENGTHS),
        "often the same, all": lambda ops: ops.ctc_decode(SCORES.round(), LENGTHS, merge_repeated=False),
        "float16": lambda ops: ops.ctc_decode(SCORES.half(), LENGTHS),
        **{
            f"beams {how}": lambda ops, how=how: ops.ctc_decode(SCORES, LENGTHS, **BEAM, **how)
            for how in (
                {},
                {"beam_width": 4, "top_paths": 3},
                {"beam_width": 3, "top_paths": 5},
                {"beam_width": 1},
                {"beam_width": 4, "mask_index": 2},
                {"beam_width": 4, "merge_repeated": False},
            )
        },
    },
}

# attention

Q, K, V = (drawn("float32", (2, n, 4, 6), seed=n) for n in (3, 5, 5))
V = drawn("float32", (2, 5, 4, 6), seed=10)
SEEN = drawn("bool", (2, 4, 3, 5), seed=11)
BIAS = drawn("float32", (2, 4, 3, 5), seed=12)
OPS["dot_product_attention"] = {
    "plain": lambda ops: ops.dot_product_attention(Q, K, V),
    "bias": lambda ops: ops.dot_product_attention(Q, K, V, bias=BIAS),
    "small bias": lambda ops: ops.dot_product_attention(Q, K, V, bias=BIAS[0, 0]),
    "mask": lambda ops: ops.dot_product_attention(Q, K, V, mask=SEEN),
    "small mask": lambda ops: ops.dot_product_attention(Q, K, V, mask=SEEN[:, :1]),
    "mask of numbers": lambda ops: ops.dot_product_attention(Q, K, V, mask=SEEN.float()),
    "nothing seen": lambda ops: ops.dot_product_attention(Q, K, V, mask=torch.zeros_like(SEEN)),
    "causal": lambda ops: ops.dot_product_attention(Q, K, V, is_causal=True),
    "causal mask": lambda ops: ops.dot_product_attention(Q, K, V, mask=SEEN, is_causal=True),
    "causal bias": lambda ops: ops.dot_product_attention(Q, K, V, bias=BIAS, is_causal=True),
    "scale": lambda ops: ops.dot_product_attention(Q, K, V, scale=0.3),
    "not flash": lambda ops: ops.dot_product_attention(Q, K, V, flash_attention=False),
    "grouped": lambda ops: ops.dot_product_attention(Q, K[:, :, :2], V[:, :, :2]),
    "one group": lambda ops: ops.dot_product_attention(Q, K[:, :, :1], V[:, :, :1], mask=SEEN),
    "other size": lambda ops: ops.dot_product_attention(Q, K, V[..., :3]),
    "arrays": lambda ops: ops.dot_product_attention(Q.numpy(), K.numpy(), V.numpy()),
    "float16": lambda ops: ops.dot_product_attention(Q.half(), K.half(), V.half()),
    "float16 with float32": lambda ops: ops.dot_product_attention(Q.half(), K, V),
    "float64": lambda ops: ops.dot_product_attention(Q.double(), K.double(), V.double()),
    "gradient": lambda ops: gradients(ops.dot_product_attention, Q, K, V),
    "gradient of bias": lambda ops: gradients(lambda b: ops.dot_product_attention(Q, K, V, bias=b), BIAS),
}
MORE = {"softmax": {"number"}}  # works with us only
EDGES = {  # places outside do not count; Keras on torch repeats the edge where one side has more of them
    "average_pool": (
        "images {'pool_size': (3, 2), 'strides': 1, 'padding': 'same'}",
        "images {'pool_size': 3, 'strides': (1, 2), 'padding': 'same'}",
        "images gradient",
        "volumes {'pool_size': (3, 2, 1), 'strides': 1, 'padding': 'same'}",
        "volumes {'pool_size': 3, 'strides': (1, 2, 3), 'padding': 'same'}",
        "volumes gradient",
    )
}


@pytest.mark.parametrize("name", OPS)
def test_values_and_gradients_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: answers(OPS[name].items(), keras.ops))
    ours = answers(OPS[name].items(), ops)
    refused = [label for label, answer in ours.items() if isinstance(answer, str)]
    assert not refused
    assert_answers(ours, expected, more={*MORE.get(name, ()), *EDGES.get(name, ())})


def test_every_op_of_the_namespace_is_compared() -> None:
    public = {name for name in vars(ops.nn) if name in ops.__all__}
    assert public - set(OPS) == set()


SYMBOLS: dict[str, Callable[[Any, Any], Any]] = {
    **{name: lambda ops, symbol, name=name: getattr(ops, name)(symbol((None, 6), "float16")) for name in ACTIVATIONS},
    "threshold": lambda ops, symbol: ops.threshold(symbol((None, 6)), 1.0, 0.0),
    "sparsemax": lambda ops, symbol: ops.sparsemax(symbol((None, 6))),
    "glu": lambda ops, symbol: ops.glu(symbol((None, 6))),
    "glu columns": lambda ops, symbol: ops.glu(symbol((4, None)), axis=0),
    "one_hot": lambda ops, symbol: ops.one_hot(symbol((None, 3), "int32"), 4),
    "one_hot axis": lambda ops, symbol: ops.one_hot(symbol((None, 3), "int32"), 4, axis=1),
    "normalize": lambda ops, symbol: ops.normalize(symbol((None, 6))),
    "layer_normalization": lambda ops, symbol: ops.layer_normalization(
        symbol((None, 6), "float16"), symbol((6,)), symbol((6,))
    ),
    "rms_normalization": lambda ops, symbol: ops.rms_normalization(symbol((None, None, 6)), symbol((6,))),
    "batch_normalization": lambda ops, symbol: ops.batch_normalization(
        symbol((None, 3, 6)), symbol((3,)), symbol((3,)), 1
    ),
    "psnr": lambda ops, symbol: ops.psnr(symbol((None, 6)), symbol((None, 6)), 1.0),
    "conv": lambda ops, symbol: ops.conv(symbol((None, None, 6, 4)), symbol((3, 2, 4, 5)), 2),
    "conv same": lambda ops, symbol: ops.conv(symbol((None, None, 6, 4)), symbol((3, 2, 4, 5)), 3, "same"),
    "conv first": lambda ops, symbol: ops.conv(
        symbol((2, 4, None), "float16"), symbol((3, 4, 5), "float16"), dilation_rate=2, **FIRST
    ),
    "depthwise_conv": lambda ops, symbol: ops.depthwise_conv(
        symbol((None, None, 6, 4)), symbol((3, 2, 4, 5)), 2, "same"
    ),
    "separable_conv": lambda ops, symbol: ops.separable_conv(
        symbol((None, None, 6, 4)), symbol((3, 2, 4, 2)), symbol((1, 1, 8, 7))
    ),
    "conv_transpose": lambda ops, symbol: ops.conv_transpose(symbol((None, None, 6, 4)), symbol((3, 2, 5, 4)), 2),
    "conv_transpose same": lambda ops, symbol: ops.conv_transpose(
        symbol((None, None, 6, 4)), symbol((3, 2, 5, 4)), 3, "same"
    ),
    "max_pool": lambda ops, symbol: ops.max_pool(symbol((None, None, 7, 4)), 3),
    "max_pool same": lambda ops, symbol: ops.max_pool(symbol((None, None, 7, 4)), 2, 3, "same"),
    "average_pool first": lambda ops, symbol: ops.average_pool(symbol((None, 4, None, 7)), (2, 3), 1, **FIRST),
    "adaptive_max_pool first": lambda ops, symbol: ops.adaptive_max_pool(symbol((None, 4, 7, 7)), (2, 3), **FIRST),
    "unfold": lambda ops, symbol: ops.unfold(symbol((None, 4, 6, 7)), (2, 3), stride=2),
    "fold": lambda ops, symbol: ops.fold(symbol((None, 8, 9)), 4, 2),
    "depth_to_space": lambda ops, symbol: ops.depth_to_space(symbol((None, 3, None, 8), "uint8"), 2),
    "space_to_depth": lambda ops, symbol: ops.space_to_depth(symbol((None, 3, 4, 8)), 2, "channels_first"),
    "binary_crossentropy": lambda ops, symbol: ops.binary_crossentropy(
        symbol((None, 4), "int32"), symbol((None, 4), "float16")
    ),
    "categorical_crossentropy": lambda ops, symbol: ops.categorical_crossentropy(
        symbol((None, 3, 4)), symbol((None, 3, 4))
    ),
    "sparse_categorical_crossentropy": lambda ops, symbol: ops.sparse_categorical_crossentropy(
        symbol((None,)), symbol((None, 4))
    ),
    "ctc_loss": lambda ops, symbol: ops.ctc_loss(
        symbol((None, 4), "int32"), symbol((None, 9, 5)), symbol((None,), "int32"), symbol((None,), "int32")
    ),
    "dot_product_attention": lambda ops, symbol: ops.dot_product_attention(
        symbol((None, 3, 4, 8)), symbol((None, 5, 4, 8)), symbol((None, 5, 4, 8))
    ),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: shape_and_dtype(SYMBOLS[name](keras.ops, keras.KerasTensor)))
    assert shape_and_dtype(SYMBOLS[name](ops, kerasviz.KerasTensor)) == expected


def test_ctc_loss_equals_torch() -> None:
    scores = torch.log_softmax(OUTPUT, -1).transpose(0, 1)
    expected = torch.nn.functional.ctc_loss(scores, TARGET, TIMES, SIZES, reduction="none")
    np.testing.assert_allclose(ops.ctc_loss(TARGET, OUTPUT, SIZES, TIMES), expected, rtol=1e-6)

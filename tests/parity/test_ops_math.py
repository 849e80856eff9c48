"""Segments, largest values, special functions and Fourier transforms against Keras: values, gradients, symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import ops

from .op_cases import FLOATS, WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

T = torch.tensor
X = drawn("float32", (5, 4))
IDS = T([0, 2, 2, 0, 3])
SIGNAL = drawn("float32", (2, 31), seed=7)
SQUARE = drawn("float32", (2, 4, 6), seed=8)
OTHER = drawn("float32", (2, 4, 6), seed=9)
INFINITY, NAN = float("inf"), float("nan")
WINDOW = T([0.1, 1.0, 0.7, 0.2])
SEGMENTS = ("segment_sum", "segment_max", "segment_min", "segment_prod")


def real(value: Any) -> torch.Tensor:
    """All numbers of a nest of tensors in a row, complex ones as two."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return torch.cat([(torch.view_as_real(p) if p.is_complex() else p).flatten() for p in parts])


def through(function: Callable[..., Any], *inputs: torch.Tensor) -> Any:
    """The gradient of all that a function gives."""
    return gradients(lambda *values: real(function(*values)), *inputs)


WAYS = {
    f"{window} {length} {stride} {size} {'centred' if center else 'from the start'}": (
        (length, stride, size),
        {"window": window, "center": center},
    )
    for window in ("hann", "hamming", None)
    for length, stride, size in ((8, 4, 8), (7, 3, 10), (5, 2, 9))
    for center in (True, False)
}


def segment_calls(name: str) -> dict[str, Callable[[Any], Any]]:
    def of(*args: Any, **options: Any) -> Callable[[Any], Any]:
        return lambda ops: getattr(ops, name)(*args, **options)

    return {
        **{dtype: of(drawn(dtype, (5, 2)), T([0, 1, 1, 0, 2]), 3) for dtype in (*WHOLE, *FLOATS)},
        **{f"{dtype} empty one": of(drawn(dtype, (5, 2)), IDS, 5) for dtype in FLOATS},
        "counted": of(X, IDS),
        "sorted": of(X, T([0, 1, 1, 2, 2]), 3, sorted=True),
        "32-bit ids": of(X, IDS.int(), num_segments=4),
        "left out": of(X, T([0, -1, 1, 9, 1]), 3),
        "one axis": of(X[:, 0], IDS, 4),
        "three axes": of(SQUARE, T([1, 0]), 2),
        "one segment": of(X, torch.zeros(5).int(), 1),
        "no rows": of(X[:0], IDS[:0], 2),
        "gradient": lambda ops: gradients(lambda x: getattr(ops, name)(x, T([0, 1, 1, 0, 2]), 3), X),
    }


LIMITS = {"erf": (-3, 3), "erfc": (-3, 3), "erfinv": (-0.95, 0.95), "rsqrt": (0.1, 5)}
FAR = T([-1e3, -1.0, -0.0, 0.0, 1e-20, 1.0, 2, 1e3, NAN, INFINITY])


def one_by_one_calls(name: str) -> dict[str, Callable[[Any], Any]]:
    low, high = LIMITS[name]

    def of(x: Any) -> Callable[[Any], Any]:
        return lambda ops: getattr(ops, name)(x)

    return {
        **{dtype: of(drawn(dtype, low=low, high=high)) for dtype in (*WHOLE, *FLOATS)},
        "float32 far": of(FAR),
        "a scalar": of(T(0.3)),
        "nothing": of(torch.zeros(0, 3)),
        "a list": of([0.1, 0.5]),
        "an array": of(np.array([0.1, 0.5], "float32")),
        "gradient": lambda ops: gradients(getattr(ops, name), drawn("float32", low=max(low, 0.1), high=high)),
    }


CALLS: dict[str, dict[str, Callable[[Any], Any]]] = {
    **{name: segment_calls(name) for name in SEGMENTS},
    **{name: one_by_one_calls(name) for name in LIMITS},
    "logsumexp": {
        **{dtype: lambda ops, d=dtype: ops.logsumexp(drawn(d), axis=-1) for dtype in (*WHOLE, *FLOATS)},
        "all": lambda ops: ops.logsumexp(X),
        "first": lambda ops: ops.logsumexp(X, axis=0),
        "two": lambda ops: ops.logsumexp(SQUARE, axis=(0, -1)),
        "a list of axes": lambda ops: ops.logsumexp(SQUARE, axis=[0, 2]),
        "kept": lambda ops: ops.logsumexp(SQUARE, axis=(0, 2), keepdims=True),
        "all kept": lambda ops: ops.logsumexp(SQUARE, keepdims=True),
        "a scalar": lambda ops: ops.logsumexp(T(3.0)),
        "large": lambda ops: ops.logsumexp(T([1000.0, 1001.0])),
        "infinite": lambda ops: [ops.logsumexp(T([-INFINITY, -INFINITY])), ops.logsumexp(T([INFINITY, 1.0]))],
        "a list": lambda ops: ops.logsumexp([1, 2]),
        "gradient": lambda ops: gradients(lambda x: ops.logsumexp(x, axis=1), X),
    },
    "cdist": {
        **{
            dtype: lambda ops, d=dtype: ops.cdist(drawn(d, (4, 3)), drawn(d, (5, 3), seed=1))
            for dtype in (*WHOLE, *FLOATS)
        },
        "batches": lambda ops: ops.cdist(SQUARE, OTHER[:, :3]),
        "one feature": lambda ops: ops.cdist(X[:, :1], X[:3, :1]),
        "gradient": lambda ops: gradients(ops.cdist, X, drawn("float32", (3, 4), seed=1)),
    },
    "top_k": {
        **{dtype: lambda ops, d=dtype: ops.top_k(drawn(d, (3, 5))[:, :4] * 1, 2)[0] for dtype in (*WHOLE, *FLOATS)},
        "places": lambda ops: ops.top_k(X, 2),
        "all": lambda ops: ops.top_k(X, 4),
        "not sorted": lambda ops: ops.top_k(X, 1, sorted=False),
        "a row": lambda ops: ops.top_k(X[0], k=3),
        "three axes": lambda ops: ops.top_k(SQUARE, 2),
        "gradient": lambda ops: gradients(lambda x: ops.top_k(x, 2)[0], X),
    },
    "in_top_k": {
        "1": lambda ops: ops.in_top_k(T([0, 2, 1]), T([[1.0, 2, 3], [1, 2, 3], [3, 2, 1]]), 1),
        "2": lambda ops: ops.in_top_k(T([0, 2, 1]), T([[1.0, 2, 3], [1, 2, 3], [3, 2, 1]]), k=2),
        "ties": lambda ops: ops.in_top_k(T([0, 2, 1]), T([[1.0, 1, 1], [1, 2, 2], [2, 2, 3]]), 1),
        "arrays": lambda ops: ops.in_top_k(np.array([0, 1]), np.array([[1, 2, 3.0], [2, 3, 1]], "float32"), 1),
        "float16": lambda ops: ops.in_top_k(T([0, 1]), T([[1, 2, 3.0], [2, 3, 1]]).half(), 2),
    },
    "extract_sequences": {
        **{dtype: lambda ops, d=dtype: ops.extract_sequences(drawn(d, (2, 11)), 3, 2) for dtype in (*WHOLE, *FLOATS)},
        "wide steps": lambda ops: ops.extract_sequences(SIGNAL, 3, 5),
        "whole": lambda ops: ops.extract_sequences(SIGNAL, 31, 1),
        "three axes": lambda ops: ops.extract_sequences(SQUARE, 4, 1),
        "a row": lambda ops: ops.extract_sequences(SIGNAL[0], 4, 4),
        "gradient": lambda ops: gradients(lambda x: ops.extract_sequences(x, 4, 3), SIGNAL),
    },
    "fft": {
        **{dtype: lambda ops, d=dtype: ops.fft((drawn(d), drawn(d, seed=1))) for dtype in FLOATS},
        "one": lambda ops: ops.fft((X[:, :1], X[:, 1:2])),
        "a row": lambda ops: ops.fft((X[0], X[1])),
        "gradient": lambda ops: through(lambda a, b: ops.fft((a, b)), SQUARE, OTHER),
    },
    "fft2": {
        **{dtype: lambda ops, d=dtype: ops.fft2((drawn(d), drawn(d, seed=1))) for dtype in FLOATS},
        "batches": lambda ops: ops.fft2((SQUARE, OTHER)),
        "gradient": lambda ops: through(lambda a, b: ops.fft2((a, b)), SQUARE, OTHER),
    },
    "ifft2": {
        **{dtype: lambda ops, d=dtype: ops.ifft2((drawn(d), drawn(d, seed=1))) for dtype in FLOATS},
        "batches": lambda ops: ops.ifft2((SQUARE, OTHER)),
        "gradient": lambda ops: through(lambda a, b: ops.ifft2((a, b)), SQUARE, OTHER),
    },
    "rfft": {
        **{dtype: lambda ops, d=dtype: ops.rfft(drawn(d)) for dtype in (*WHOLE, *FLOATS)},
        "even": lambda ops: ops.rfft(SQUARE),
        "cut": lambda ops: ops.rfft(SIGNAL, 8),
        "filled": lambda ops: ops.rfft(SIGNAL, fft_length=41),
        "gradient": lambda ops: through(lambda x: ops.rfft(x), SIGNAL),
    },
    "irfft": {
        **{dtype: lambda ops, d=dtype: ops.irfft((drawn(d), drawn(d, seed=1))) for dtype in FLOATS},
        "odd": lambda ops: ops.irfft((SQUARE, OTHER), fft_length=9),
        "cut": lambda ops: ops.irfft((SQUARE, OTHER), 4),
        "filled": lambda ops: ops.irfft((SQUARE, OTHER), 20),
        "gradient": lambda ops: through(lambda a, b: ops.irfft((a, b)), SQUARE, OTHER),
    },
    "stft": {
        **{dtype: lambda ops, d=dtype: ops.stft(drawn(d, (2, 31)), 8, 4, 8) for dtype in FLOATS},
        **{label: lambda ops, a=a, b=b: ops.stft(SIGNAL, *a, **b) for label, (a, b) in WAYS.items()},
        "own window": lambda ops: ops.stft(SIGNAL, 4, 2, 6, window=WINDOW),
        "an array": lambda ops: ops.stft(SIGNAL, 4, 2, 6, window=np.array([0.1, 1.0, 0.7, 0.2], "float32")),
        "a row": lambda ops: ops.stft(SIGNAL[0], 8, 4, 8),
        "three axes": lambda ops: ops.stft(SIGNAL[None], 8, 4, 8),
        "gradient": lambda ops: through(lambda x: ops.stft(x, 7, 3, 10), SIGNAL),
    },
    "istft": {
        **{
            label: lambda ops, a=a, b=b: ops.istft(ops.stft(SIGNAL, *a, **b), *a, **b) for label, (a, b) in WAYS.items()
        },
        "own window of all": lambda ops: ops.istft((SQUARE[..., :3], OTHER[..., :3]), 4, 2, 4, window=WINDOW),
        "of anything": lambda ops: ops.istft((SQUARE[..., :5], OTHER[..., :5]), 8, 2, 8, window="hamming"),
        "cut": lambda ops: ops.istft((SQUARE[..., :5], OTHER[..., :5]), 8, 2, 8, length=5, window="hamming"),
        "whole length": lambda ops: ops.istft(ops.stft(SIGNAL, 8, 4, 8), 8, 4, 8, length=31),
        "own window": lambda ops: ops.istft((SQUARE[..., :4], OTHER[..., :4]), 4, 2, 6, window=WINDOW),
        "a row": lambda ops: ops.istft(ops.stft(SIGNAL[0], 8, 4, 8), 8, 4, 8),
        "gradient": lambda ops: through(
            lambda a, b: ops.istft((a, b), 8, 2, 8, window="hamming"), SQUARE[..., :5], OTHER[..., :5]
        ),
    },
    "view_as_complex": {
        **{dtype: lambda ops, d=dtype: ops.view_as_complex(drawn(d, (3, 2))) for dtype in (*WHOLE, *FLOATS)},
        "a pair": lambda ops: ops.view_as_complex([1.0, 2.0]),
        "gradient": lambda ops: through(ops.view_as_complex, drawn("float32", (3, 2))),
    },
    "view_as_real": {
        "complex64": lambda ops: ops.view_as_real(T([1 + 2j, 3])),
        "complex128": lambda ops: ops.view_as_real(T([[1 + 2j, 3]], dtype=torch.complex128)),
    },
}
# torch transforms no 16-bit floats, so the oracle refuses them; without a window, its `istft` gives a multiple
NARROW = ("float16", "bfloat16")
MORE: dict[str, Any] = dict.fromkeys(("fft", "fft2", "ifft2", "rfft", "irfft", "stft"), NARROW)
MORE["cdist"] = ("bool",)
MORE["istft"] = tuple(label for label in CALLS["istft"] if label.startswith("None"))


@pytest.mark.filterwarnings("ignore:ComplexHalf support:UserWarning")
@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: answers(CALLS[name].items(), keras.ops))
    assert_answers(answers(CALLS[name].items(), ops), expected, more=MORE.get(name, ()))


def symbols(engine: Any) -> dict[str, Callable[[], Any]]:
    def k(*shape: int | None, dtype: str = "float32") -> Any:
        return engine.KerasTensor(shape, dtype)

    ops = engine.ops
    ids, pair = k(None, dtype="int32"), (k(None, 6, 5), k(None, 6, 5))
    return {
        **{name: lambda name=name: getattr(ops, name)(k(None, 5), ids, 4) for name in SEGMENTS},
        "segment_sum counted": lambda: ops.segment_sum(k(None, 5), ids),
        **{name: lambda name=name: getattr(ops, name)(k(None, 3)) for name in LIMITS},
        "erf float16": lambda: ops.erf(k(None, 3, dtype="float16")),
        "logsumexp": lambda: ops.logsumexp(k(None, 3)),
        "logsumexp axis": lambda: ops.logsumexp(k(None, 3, 2), axis=(1, 2)),
        "logsumexp kept": lambda: ops.logsumexp(k(None, 3, 2), axis=-1, keepdims=True),
        "cdist": lambda: ops.cdist(k(None, 4, 3), k(None, 5, 3)),
        "top_k": lambda: ops.top_k(k(None, 5), 2)[0],
        "in_top_k": lambda: ops.in_top_k(ids, k(None, 5), 2),
        "extract_sequences": lambda: ops.extract_sequences(k(None, 10), 3, 2),
        "extract_sequences unknown": lambda: ops.extract_sequences(k(2, None), 3, 2),
        "fft": lambda: ops.fft(pair),
        "fft2": lambda: ops.fft2(pair),
        "ifft2": lambda: ops.ifft2(pair),
        "rfft": lambda: ops.rfft(k(None, 7)),
        "rfft length": lambda: ops.rfft(k(None, 7), 10),
        "rfft unknown": lambda: ops.rfft(k(2, None)),
        "irfft": lambda: ops.irfft(pair),
        "irfft length": lambda: ops.irfft(pair, 7),
        "irfft unknown": lambda: ops.irfft((k(2, None), k(2, None))),
        "stft": lambda: ops.stft(k(None, 20), 4, 2, 6),
        "stft odd": lambda: ops.stft(k(None, 20), 4, 2, 7),
        "stft from the start": lambda: ops.stft(k(None, 20), 4, 3, 7, center=False),
        "stft unknown": lambda: ops.stft(k(None, None), 4, 2, 6),
        "istft": lambda: ops.istft(pair, 4, 2, 8),
        "istft odd": lambda: ops.istft(pair, 4, 2, 9),
        "istft length": lambda: ops.istft(pair, 4, 2, 8, length=9),
        "istft from the start": lambda: ops.istft(pair, 4, 2, 8, center=False),
        "istft unknown": lambda: ops.istft((k(2, None, 5), k(2, None, 5)), 4, 2, 8),
        "view_as_complex": lambda: ops.view_as_complex(k(None, 2)),
        "view_as_real": lambda: ops.view_as_real(k(None, 3, dtype="complex64")),
        "logdet": lambda: ops.logdet(k(None, 3, 3)),
    }


def described(value: Any) -> Any:
    return [described(part) for part in value] if isinstance(value, (list, tuple)) else shape_and_dtype(value)


@pytest.mark.parametrize("name", symbols(kerasviz))
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: described(symbols(keras)[name]()))
    assert described(symbols(kerasviz)[name]()) == expected

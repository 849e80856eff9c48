"""Control flow, scatter and gather, conversions against Keras: values, gradients, symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import ops

from .comparing import assert_close
from .op_cases import FLOATS, WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

T = torch.tensor
X = drawn("float32", (4, 3))
ROWS = drawn("float32", (6, 3), seed=3)
WAYS = {"indices": T([[1], [0], [1]]), "updates": drawn("float32", (3, 3), seed=4)}
INFINITY = float("inf")


def typed(name: str, call: Callable[[Any, Any], Any], dtypes: Any = (*WHOLE, *FLOATS)) -> dict[str, Callable]:
    """The same call for each dtype."""
    return {f"{dtype} {name}": lambda ops, dtype=dtype: call(ops, drawn(dtype, (4, 3))) for dtype in dtypes}


LOOPS: dict[str, Callable[[Any], Any]] = {
    "cond true": lambda ops: ops.cond(True, lambda: X * 2, lambda: X),
    "cond tensor": lambda ops: ops.cond(T(0), lambda: {"a": X * 2}, lambda: {"a": X}),
    "cond gradient": lambda ops: gradients(lambda x: ops.cond(T(True), lambda: x * x, lambda: x), X),
    "switch": lambda ops: ops.switch(T(1), [lambda a, b: a, lambda a, b: a + b, lambda a, b: b], X, X * 3),
    "switch below": lambda ops: ops.switch(-4, [lambda a: a + 1, lambda a: a + 2], X),
    "switch above": lambda ops: ops.switch(9, [lambda a: a + 1, lambda a: a + 2], X),
    "while tuple": lambda ops: ops.while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 1.5), (0, X)),
    "while list": lambda ops: ops.while_loop(lambda i, x: i < 4, lambda i, x: [i + 1, x * 1.5], [T(0), X]),
    "while one": lambda ops: ops.while_loop(lambda i: i < 10, lambda i: i + 3, T(0)),
    "while nest": lambda ops: ops.while_loop(
        lambda i, d: i < 2, lambda i, d: (i + 1, {"a": d["a"] + 1, "b": d["b"] * 2}), (T(0), {"a": X, "b": X})
    ),
    "while limited": lambda ops: ops.while_loop(lambda x: True, lambda x: (x + 1,), (X,), maximum_iterations=3),
    "while never": lambda ops: ops.while_loop(lambda x: x.sum() > 1e9, lambda x: (x + 1,), (X,)),
    "while gradient": lambda ops: gradients(
        lambda x: ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))[1], X
    ),
    "fori": lambda ops: ops.fori_loop(1, 5, lambda i, x: x * i, X),
    "fori tensors": lambda ops: ops.fori_loop(T(0), T(3), lambda i, x: x + i, X),
    "fori none": lambda ops: ops.fori_loop(3, 3, lambda i, x: x + i, X),
    "fori nest": lambda ops: ops.fori_loop(0, 3, lambda i, xs: (xs[1], xs[0] + i), (X, X * 2)),
    "fori gradient": lambda ops: gradients(lambda x: ops.fori_loop(0, 3, lambda i, y: y * x + i, x), X),
    "scan": lambda ops: ops.scan(lambda c, x: (c * 0.5 + x, c * x), torch.ones(3), ROWS),
    "scan reverse": lambda ops: ops.scan(lambda c, x: (c * 0.5 + x, c * x), torch.ones(3), ROWS, reverse=True),
    "scan length": lambda ops: ops.scan(lambda c, _: (c * 2, c), torch.ones(2), length=4),
    "scan xs and length": lambda ops: ops.scan(lambda c, x: (c + x, c), torch.ones(3), ROWS, length=6),
    "scan nest": lambda ops: ops.scan(
        lambda c, x: ({"s": c["s"] + x[0]}, {"p": x[0] * x[1], "c": c["s"]}), {"s": torch.zeros(3)}, (ROWS, ROWS + 1)
    ),
    "scan unrolled": lambda ops: ops.scan(lambda c, x: (c + x, x), torch.ones(3), ROWS, unroll=3),
    "scan unrolled wholly": lambda ops: ops.scan(lambda c, x: (c + x, x), torch.ones(3), ROWS, unroll=True),
    "scan gradient": lambda ops: gradients(
        lambda c, x: torch.cat([y.flatten() for y in ops.scan(lambda c, x: (c * x, c + x), c, x)]), torch.ones(3), ROWS
    ),
    "map": lambda ops: ops.map(lambda x: x * x.sum(), ROWS),
    "map nest": lambda ops: ops.map(lambda x: {"a": x[0] + x[1], "b": x[1].sum()}, (ROWS, ROWS * 2)),
    "map of whole ones": lambda ops: ops.map(lambda x: x + 1, T([1, 2, 3])),
    "map gradient": lambda ops: gradients(lambda x: ops.map(lambda row: row * row.sum(), x), ROWS),
    "vectorized_map": lambda ops: ops.vectorized_map(lambda x: ops.sum(x * x), ROWS),
    "vectorized_map nest": lambda ops: ops.vectorized_map(lambda x: x[0] @ x[1], (ROWS, ROWS)),
    "vectorized_map gradient": lambda ops: gradients(lambda x: ops.vectorized_map(lambda r: r * r.sum(), x), ROWS),
    "associative_scan": lambda ops: ops.associative_scan(lambda a, b: a + b, ROWS),
    "associative_scan odd": lambda ops: ops.associative_scan(lambda a, b: a * b, ROWS[:5]),
    "associative_scan one": lambda ops: ops.associative_scan(lambda a, b: a * b, ROWS[:1]),
    "associative_scan reverse": lambda ops: ops.associative_scan(lambda a, b: a * b, ROWS[:5], reverse=True),
    "associative_scan axis": lambda ops: ops.associative_scan(ops.maximum, ROWS, axis=1),
    "associative_scan last": lambda ops: ops.associative_scan(ops.add, ROWS, axis=-1, reverse=True),
    "associative_scan nest": lambda ops: ops.associative_scan(
        lambda a, b: [a[0] * b[0], b[0] * a[1] + b[1]], [ROWS, ROWS + 1]
    ),
    "associative_scan gradient": lambda ops: gradients(lambda x: ops.associative_scan(ops.multiply, x), ROWS),
}


@pytest.mark.parametrize("name", LOOPS)
def test_control_flow_equals_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: LOOPS[name](keras.ops))
    assert_close(LOOPS[name](ops), expected)


def log1pexp(ops: Any) -> Callable:
    @ops.custom_gradient
    def function(x: Any) -> Any:
        e = ops.exp(x)

        def gradient(*args: Any, upstream: Any = None) -> Any:
            (upstream,) = args if upstream is None else (upstream,)
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e)) * 3

        return ops.log(1 + e), gradient

    return function


def test_gradients_of_ones_own_equal_keras(reference: Any) -> None:
    def both(ops: Any) -> Any:
        return {"value": log1pexp(ops)(X), "gradient": gradients(log1pexp(ops), X)}

    assert_close(both(ops), reference(lambda keras: both(keras.ops)))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_forward_derivatives_equal_keras(reference: Any) -> None:
    def both(ops: Any) -> Any:
        a, b, along = X, X + 1, torch.ones(4, 3)
        return {
            "one": ops.jvp(ops.sin, (a,), (along,)),
            "two": ops.jvp(lambda x, y: x * y, (a, b), (along, along * 2)),
            "more": ops.jvp(lambda x: (x * x, x + 1), (a,), (along,), has_aux=True),
            "linalg": ops.linalg.jvp(ops.square, (a,), (along,)),
        }

    assert_close(both(ops), reference(lambda keras: both(keras.ops)))


PLACES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "scatter": {
        **typed("rows", lambda ops, x: ops.scatter(T([[1], [3], [1], [0]]), x, (5, 3))),
        "single numbers": lambda ops: ops.scatter(T([[0, 1], [2, 2]]), T([5.0, 7]), (3, 4)),
        "more places": lambda ops: ops.scatter(T([[[0, 1], [1, 0]]]), T([[1, 2]]), (2, 2)),
        "arrays": lambda ops: ops.scatter(np.array([[1]]), np.array([2.5], "float32"), (3,)),
        "from the end": lambda ops: ops.scatter(T([[-1]]), T([1.0]), (3,)),
        "no places": lambda ops: ops.scatter(torch.zeros(0, 1).int(), torch.zeros(0, 2), (3, 2)),
        "gradient": lambda ops: gradients(lambda x: ops.scatter(T([[1], [3], [1], [0]]), x, (5, 3)), X),
    },
    "scatter_update": {
        **typed("replaces", lambda ops, x: ops.scatter_update(x, T([[1], [2]]), x[:2])),
        **typed("adds", lambda ops, x: ops.scatter_update(x, T([[1], [1]]), x[:2], reduction="add")),
        **{
            f"{reduction}": lambda ops, reduction=reduction: ops.scatter_update(X, **WAYS, reduction=reduction)
            for reduction in ("add", "max", "min", "mul")
        },
        **{
            f"{reduction} of single numbers": lambda ops, reduction=reduction: ops.scatter_update(
                X, T([[0, 1], [3, 2], [0, 1]]), T([5.0, -7, 2]), reduction
            )
            for reduction in ("add", "max", "min", "mul")
        },
        **{
            f"{reduction} gradient": lambda ops, reduction=reduction: gradients(
                lambda x, u: ops.scatter_update(x, WAYS["indices"], u, reduction=reduction), X, WAYS["updates"]
            )
            for reduction in ("add", "max", "min", "mul")
        },
        "whole numbers into floats": lambda ops: ops.scatter_update(X, T([[1, 0]]), T([5])),
        "floats into whole numbers": lambda ops: ops.scatter_update(T([1, 2, 3]), T([[1]]), T([5.7])),
        "arrays": lambda ops: ops.scatter_update(np.zeros(3, "float32"), np.array([[1]]), np.array([2.0], "float32")),
        "gradient": lambda ops: gradients(lambda x, u: ops.scatter_update(x, T([[1], [2]]), u), X, X[:2]),
    },
    "slice": {
        **typed("whole numbers", lambda ops, x: ops.slice(x, (1, 0), (2, 2))),
        **typed("a tensor", lambda ops, x: ops.slice(x, T([1, 0]), (2, 2)), ("float32", "int32", "bool")),
        "an array": lambda ops: ops.slice(X, np.array([1, 1]), (2, 2)),
        "a list": lambda ops: ops.slice(X, [T(1), T(2)], [3, 1]),
        "gradient": lambda ops: gradients(lambda x: ops.slice(x, (1, 0), (2, 2)), X),
    },
    "slice_update": {
        **typed("whole numbers", lambda ops, x: ops.slice_update(x, (1, 1), x[:2, :2])),
        **typed("a tensor", lambda ops, x: ops.slice_update(x, T([1, 1]), x[:2, :2]), ("float32", "int32", "bool")),
        "a list of numbers": lambda ops: ops.slice_update(X, [0, 0], [[1.0, 2.0]]),
        "gradient": lambda ops: gradients(lambda x, u: ops.slice_update(x, (1, 1), u), X, X[:2, :2]),
    },
    "unstack": {
        **typed("rows", lambda ops, x: ops.unstack(x)),
        "axis": lambda ops: ops.unstack(X, axis=1),
        "last": lambda ops: ops.unstack(X, num=3, axis=-1),
        "gradient": lambda ops: gradients(lambda x: ops.unstack(x)[1], X),
    },
    "stop_gradient": {
        **typed("value", lambda ops, x: ops.stop_gradient(x)),
        "gradient": lambda ops: gradients(lambda x: x * ops.stop_gradient(x), X),
    },
    "rearrange": {
        "flatten": lambda ops: ops.rearrange(X[None, :, :, None], "b h w c -> b (h w c)"),
        "apart": lambda ops: ops.rearrange(X, "(a b) c -> a c b", a=2),
        "apart by the second": lambda ops: ops.rearrange(X, "(a b) c -> b (c a)", b=2),
        "patches": lambda ops: ops.rearrange(
            torch.arange(32.0).reshape(1, 4, 4, 2), "b (h p) (w q) c -> b (h w) (p q c)", p=2, q=2
        ),
        "gradient": lambda ops: gradients(lambda x: ops.rearrange(x, "(a b) c -> c (b a)", a=2) ** 2, X),
    },
    "cast": {
        f"{dtype} from {other}": lambda ops, dtype=dtype, other=other: ops.cast(drawn(other, low=0), dtype)
        for dtype in (*WHOLE, *FLOATS)
        for other in (*WHOLE, *FLOATS)
    },
    "saturate_cast": {
        **{
            f"{dtype} from {other}": lambda ops, dtype=dtype, other=other: ops.saturate_cast(
                drawn(other, low=-100, high=100), dtype
            )
            for dtype in (*WHOLE, *FLOATS)
            for other in (*WHOLE, *FLOATS)
        },
        "uint8 limits": lambda ops: ops.saturate_cast(T([-300.0, 300, 1.5, INFINITY, -INFINITY]), "uint8"),
        "int16 limits": lambda ops: ops.saturate_cast(T([-70000, 70000, 3]), "int16"),
        "float16 limits": lambda ops: ops.saturate_cast(T([-3e38, 70000.0, 3]), "float16"),
        "bool limits": lambda ops: ops.saturate_cast(T([-3, 7, 0]), "bool"),
    },
}
# where the oracle crashes, or makes the largest int negative on the way to a float
MORE = {
    "scatter_update": ("max gradient", "min gradient", "mul gradient"),
    "saturate_cast": (
        *("float16 from int16", "bfloat16 from int16", "bfloat16 from int32", "bfloat16 from int64"),
        *("float32 from int32", "float32 from int64", "float64 from int64"),
    ),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning:keras")
@pytest.mark.parametrize("name", PLACES)
def test_places_and_casts_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: answers(PLACES[name].items(), keras.ops))
    assert_answers(answers(PLACES[name].items(), ops), expected, more=MORE.get(name, ()))


def symbols(engine: Any) -> dict[str, Callable[[], Any]]:
    def k(*shape: int | None, dtype: str = "float32") -> Any:
        return engine.KerasTensor(shape, dtype)

    ops = engine.ops
    x, whole, truth = k(None, 3, 3), k(None, dtype="int32"), k(dtype="bool")
    return {
        "cond": lambda: ops.cond(truth, lambda: ops.ones((2, 3)), lambda: ops.zeros((2, 3))),
        "switch": lambda: ops.switch(k(dtype="int32"), [lambda a: a * 2, lambda a: a], x),
        "while": lambda: ops.while_loop(lambda a, b: True, lambda a, b: (a, b), (x, whole), maximum_iterations=2),
        "while one": lambda: ops.while_loop(lambda a: True, lambda a: a, x, maximum_iterations=2),
        "fori": lambda: ops.fori_loop(0, 3, lambda i, a: a + 1, x),
        "scan": lambda: ops.scan(lambda c, a: (c + a, c * 2), k(3), k(5, 3)),
        "scan unknown": lambda: ops.scan(lambda c, a: (c + a, c * 2), k(3), k(None, 3)),
        "scan length": lambda: ops.scan(lambda c, a: (c, c), k(3), length=4),
        "map": lambda: ops.map(lambda a: ops.sum(a), x),
        "map known": lambda: ops.map(lambda a: ops.reshape(a, (-1,)), k(4, 3, 2)),
        "vectorized_map": lambda: ops.vectorized_map(lambda a: ops.sum(a, axis=0), x),
        "associative_scan": lambda: ops.associative_scan(ops.add, k(5, 3)),
        "scatter": lambda: ops.scatter(k(None, 1, dtype="int32"), k(None), (5,)),
        "scatter_update": lambda: ops.scatter_update(x, k(2, 3, dtype="int32"), k(2)),
        "slice": lambda: ops.slice(x, (0, 0, 0), (1, 2, 2)),
        "slice_update": lambda: ops.slice_update(x, (0, 0, 0), k(1, 2, 2)),
        "unstack": lambda: ops.unstack(x, axis=1),
        "unstack num": lambda: ops.unstack(x, num=2),
        "unstack last": lambda: ops.unstack(x, axis=-1),
        "cast": lambda: ops.cast(x, "int8"),
        "saturate_cast": lambda: ops.saturate_cast(x, "uint8"),
        "stop_gradient": lambda: ops.stop_gradient(x),
        "convert_to_tensor": lambda: ops.convert_to_tensor(x),
        "convert_to_tensor dtype": lambda: ops.convert_to_tensor(x, dtype="float16"),
        "shape": lambda: list(ops.shape(x)),
        "dtype": lambda: [ops.dtype(x), ops.dtype(whole)],
        "is_tensor": lambda: ops.is_tensor(x),
    }


def described(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and not all(isinstance(part, (int, type(None))) for part in value):
        return [described(part) for part in value]
    return shape_and_dtype(value) if hasattr(value, "shape") else value


@pytest.mark.parametrize("name", symbols(kerasviz))
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: described(symbols(keras)[name]()))
    assert described(symbols(kerasviz)[name]()) == expected


GIVEN = {
    "int": 3,
    "float": 3.5,
    "bool": True,
    "large": 2**40,
    "ints": [1, 2],
    "floats": [1.5, 2],
    "bools": [True],
    "nested": [[1, 2.0], [3, 4]],
    "tuple": (1, 2),
    "float64 array": np.zeros(2),
    "int64 array": np.zeros(2, "int64"),
    "float32 array": np.zeros((2, 0), "float32"),
    "numpy float": np.float64(3),
    "numpy int": np.int64(2),
    "tensors": [T(1.0), T(2)],
    "tensor": T([1.0, 2.0], dtype=torch.float64),
    "complex": 1 + 2j,
    "complex128 array": np.zeros(2, "complex128"),
    "range": range(3),
}


@pytest.mark.parametrize("name", GIVEN)
def test_conversions_equal_keras(reference: Any, name: str) -> None:
    def both(ops: Any) -> Any:
        x = ops.convert_to_tensor(GIVEN[name])
        found = {"x": x, "dtype": ops.dtype(x), "shape": list(ops.shape(x)), "is_tensor": ops.is_tensor(x)}
        if "complex" not in name and name != "tensors":  # of tensors in a list the oracle forgets the dtype
            found |= {"half": ops.convert_to_tensor(GIVEN[name], "float16")}
        return found | {"numpy": ops.convert_to_numpy(x), "other": ops.is_tensor(GIVEN[name])}

    assert_close(both(ops), reference(lambda keras: both(keras.ops)))

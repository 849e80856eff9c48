"""Operations that make one number of many, and running ones, against Keras: all dtypes, axes, gradients, symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import kerasviz
from kerasviz import ops

from .comparing import assert_close
from .op_cases import ALIKE, FLOATS, WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

NAN, INF = float("nan"), float("inf")
X = drawn("float32", (2, 3, 4), 0.2, 3)
HOLES = torch.where(drawn("float32", (2, 3, 4), 0, 1, seed=5) < 0.3, NAN, X)
HOLES[1, 2] = NAN
SUMS = ("sum", "mean", "std", "var", "prod", "nansum", "nanmean", "nanstd", "nanvar", "nanprod")
EXTREMES = ("max", "min", "amax", "amin", "ptp", "nanmax", "nanmin")
MIDDLES = ("median", "nanmedian")
LOGIC = ("any", "all")
PLACES = ("argmax", "argmin", "nanargmax", "nanargmin")
RUNNING = ("cumsum", "cumprod", "nancumsum", "nancumprod")
OVER_AXES = (*SUMS, *EXTREMES, *MIDDLES, *LOGIC)
ALL = (*OVER_AXES, *PLACES, *RUNNING, "average", "count_nonzero", "trapezoid", "quantile", "percentile")
ALL += ("nanquantile", "nanpercentile")
MORE: dict[str, dict[str, Any]] = {"quantile": {"q": 0.3}, "nanquantile": {"q": 0.3}}
MORE |= {"percentile": {"q": 30.0}, "nanpercentile": {"q": 30.0}}
GRADIENTS = (*SUMS, *EXTREMES, *MIDDLES, *RUNNING, "average", "trapezoid", "quantile", "percentile")
# where the oracle forgets `keepdims` of all axes, turns the axes around, or crashes
REDUCTION_MORE: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("sum", "prod", "nanprod", "max", "min", "amax", "amin", "ptp"), ("float32 all kept",)
)
REDUCTION_MORE |= dict.fromkeys(("max", "min"), ("float32 all kept", "float32 empty rows"))
REDUCTION_MORE["count_nonzero"] = ("bool", *(f"float32 {axes}" for axes in ("first", "two", "two reversed", "list")))
REDUCTION_MORE["count_nonzero"] += ("float32 holes first", "float32 holes last")
SYMBOL_MORE: dict[str, tuple[str, ...]] = {"ptp": ("bool",), "average": ("two", "two reversed", "list")}


def axes(name: str) -> dict[str, dict[str, Any]]:
    """Ways to say which axes."""
    one = {"first": {"axis": 0}, "last": {"axis": -1}}
    if name == "trapezoid":
        return {"dx": {"dx": 0.5}, "first": {"axis": 0}}
    if name in RUNNING:
        return one | {"wide": {"axis": 1, "dtype": "float32"}}
    if name in PLACES:
        return one | {"kept": {"axis": 1, "keepdims": True}, "all kept": {"keepdims": True}}
    several = {"two": {"axis": (0, 2)}, "two reversed": {"axis": (-1, 0)}, "list": {"axis": [0, 1]}}
    if name == "count_nonzero":
        return {"first": {"axis": 0}} | several
    if name == "average":
        return one | several
    kept = {"kept": {"axis": 1, "keepdims": True}, "two kept": {"axis": (0, 2), "keepdims": True}}
    return one | several | kept | {"all kept": {"keepdims": True}}


def calls_of(name: str) -> list[tuple[str, Callable[[Any], Any]]]:
    def of(x: Any, **options: Any) -> Callable[[Any], Any]:
        return lambda ops: getattr(ops, name)(x, **(MORE.get(name, {}) | options))

    calls = [(dtype, of(drawn(dtype, (3, 4), -2, 2))) for dtype in (*WHOLE, *FLOATS)]
    calls += [(f"float32 {label}", of(X, **options)) for label, options in axes(name).items()]
    calls += [("float32 holes", of(HOLES)), ("float32 holes last", of(HOLES, axis=-1))]
    calls += [("float32 holes first", of(HOLES, axis=0))]
    shapes = {"one": (1,), "odd": (5,), "even": (6,), "long": (1, 257)}
    calls += [(f"float32 {label}", of(drawn("float32", shape, 0.5, 1.5))) for label, shape in shapes.items()]
    calls += [("float32 empty", of(torch.ones(0, 3))), ("float32 empty rows", of(torch.ones(3, 0), axis=0))]
    calls += [("a list", of([3.0, 1.0, 2.0, 7.0]))]
    if name != "trapezoid":
        calls += [("float32 scalar", of(torch.tensor(2.0)))]
    if name in GRADIENTS:
        options = MORE.get(name, {})
        calls += [("float32 gradient", lambda ops: gradients(lambda x: getattr(ops, name)(x, axis=1, **options), X))]
    return calls


@pytest.mark.parametrize("name", ALL)
def test_reductions_equal_keras(reference: Any, name: str) -> None:
    calls = calls_of(name)
    expected = reference(lambda keras: answers(calls, keras.ops))
    assert_answers(answers(calls, ops), expected, more=REDUCTION_MORE.get(name, ()))


@pytest.mark.parametrize("name", ALL)
def test_symbols_of_reductions_equal_keras(reference: Any, name: str) -> None:
    def symbols(engine: Any) -> dict[str, Any]:
        of = getattr(engine.ops, name)
        ways = {"all": {}} | axes(name) | {"last": {"axis": -1}}
        found = {
            way: shape_and_dtype(of(engine.KerasTensor((None, 3, 4)), **(MORE.get(name, {}) | options)))
            for way, options in ways.items()
            if way not in SYMBOL_MORE.get(name, ())
        }
        for dtype in (dtype for dtype in ALIKE if dtype not in SYMBOL_MORE.get(name, ())):
            found[dtype] = shape_and_dtype(of(engine.KerasTensor((None, 3), dtype), **MORE.get(name, {})))
        return found

    expected = reference(symbols)
    assert symbols(kerasviz) == expected


W = drawn("float32", (2, 3, 4), 0.5, 2, seed=9)
PARTS = torch.tensor([0.0, 0.25, 0.3, 0.5, 0.9, 1.0])
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
OTHERS: dict[str, Callable[[Any], Any]] = {
    "max initial": lambda ops: ops.max(X, axis=0, initial=1.5),
    "max initial kept": lambda ops: ops.max(X, axis=(0, 1), keepdims=True, initial=9),
    "max initial of whole ones": lambda ops: ops.max(torch.tensor([1, 2], dtype=torch.int8), initial=5),
    "max initial with a fraction": lambda ops: ops.max(torch.tensor([1, 2]), initial=2.5),
    "min initial": lambda ops: ops.min(X, axis=-1, initial=1.0),
    "argmax ties": lambda ops: ops.argmax(torch.tensor([[1.0, 2.0, 2.0], [-0.0, 0.0, 0.0]]), axis=1),
    "argmin ties": lambda ops: ops.argmin(torch.tensor([[1.0, 1.0, 2.0], [0.0, -0.0, 0.0]]), axis=1),
    "argmax of NaN": lambda ops: ops.argmax(HOLES, axis=1),
    "prod dtype": lambda ops: ops.prod(torch.tensor([[1, 2], [3, 4]], dtype=torch.int8), axis=(0, 1), dtype="int64"),
    "prod dtype kept": lambda ops: ops.prod(torch.tensor([[1, 2], [3, 4]]), axis=1, keepdims=True, dtype="float32"),
    "cumsum dtype": lambda ops: ops.cumsum(torch.tensor([200, 100], dtype=torch.uint8), dtype="int32"),
    "cumsum truth": lambda ops: ops.cumsum(torch.tensor([True, True]), dtype="bool"),
    "cumsum overflows": lambda ops: ops.cumsum(torch.tensor([200, 100], dtype=torch.uint8)),
    "sum is int32": lambda ops: ops.sum(torch.tensor([2**31 - 1, 1], dtype=torch.int32)),
    "sum no axes": lambda ops: ops.sum(X, axis=()),
    "mean no axes": lambda ops: ops.mean(X, axis=()),
    "nancumsum dtype": lambda ops: ops.nancumsum(HOLES, axis=1, dtype="float16"),
    "nancumprod dtype": lambda ops: ops.nancumprod(HOLES, axis=-1, dtype="bfloat16"),
    "average row": lambda ops: ops.average(X, axis=-1, weights=torch.tensor([1, 2, 3, 4])),
    "average weights": lambda ops: ops.average(X, axis=-1, weights=W),
    "average halves": lambda ops: ops.average(X.half(), axis=2, weights=W.half()),
    "average promotes": lambda ops: ops.average(X.half(), axis=2, weights=W),
    "average of no weight": lambda ops: ops.average(torch.tensor([1.0, 2.0]), weights=torch.zeros(2), axis=0),
    "average gradient": lambda ops: gradients(lambda x, w: ops.average(x, axis=-1, weights=w), X, W),
    "trapezoid places": lambda ops: ops.trapezoid(X, torch.tensor([0.0, 1.0, 3.0, 3.5])),
    "trapezoid places of each": lambda ops: ops.trapezoid(X, x=W, axis=1),
    "trapezoid whole ones": lambda ops: ops.trapezoid(torch.tensor([1, 2, 4]), x=torch.tensor([0, 1, 3])),
    "trapezoid gradient": lambda ops: gradients(lambda y, x: ops.trapezoid(y, x=x, axis=0), X, W),
    "any of whole ones": lambda ops: ops.any(torch.tensor([[0, 2], [0, 0]], dtype=torch.uint8), axis=1),
    "all of NaN": lambda ops: ops.all(HOLES),
    "max ties gradient": lambda ops: gradients(lambda x: ops.max(x, axis=0), torch.ones(3, 2)),
    "percentile row": lambda ops: ops.percentile(X, torch.tensor([20.0, 62.5]), axis=1),
    "percentile list": lambda ops: ops.percentile(X, [20, 50], axis=(0, 1), keepdims=True),
    "percentile whole": lambda ops: ops.percentile(X, 50),
    "nanpercentile row": lambda ops: ops.nanpercentile(HOLES, [20.0, 62.5], axis=1, keepdims=True),
    "nanpercentile lower": lambda ops: ops.nanpercentile(HOLES, 20.0, axis=1, method="lower"),
    "quantile of whole ones": lambda ops: ops.quantile(torch.arange(7), [0.3, 0.5], method="midpoint"),
    "quantile gradient": lambda ops: gradients(lambda x: ops.quantile(x, [0.3, 0.5], axis=1), X),
    "nanquantile gradient": lambda ops: gradients(lambda x: ops.nanquantile(x, [0.3, 0.5], axis=1), X),
    **{
        f"quantile {method}": lambda ops, method=method: [
            ops.quantile(HOLES, PARTS, axis=1, method=method),
            ops.quantile(X, PARTS, method=method),
            ops.quantile(X, 0.3, axis=(0, 1), method=method, keepdims=True),
            ops.quantile(X, 0.5, axis=-1, method=method),
        ]
        for method in METHODS
    },
    **{
        f"nanquantile {method}": lambda ops, method=method: [
            ops.nanquantile(HOLES, PARTS, axis=1, method=method),
            ops.nanquantile(HOLES, PARTS, method=method, keepdims=True),
            ops.nanquantile(HOLES, 0.3, axis=(0, 2), method=method),
        ]
        for method in METHODS
    },
}


@pytest.mark.parametrize("label", OTHERS, ids=[label.replace(" ", "-") for label in OTHERS])
def test_arguments_away_from_default_equal_keras(reference: Any, label: str) -> None:
    tolerance = 2e-3 if label.endswith("dtype") else 1e-5  # halves
    assert_close(OTHERS[label](ops), reference(lambda keras: OTHERS[label](keras.ops)), tolerance)

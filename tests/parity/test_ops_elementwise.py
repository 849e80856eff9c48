"""Operations that work number by number, against Keras: all dtypes, shapes, gradients, symbols."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import KerasTensor, ops
from kerasviz.declare import Invalid

from .comparing import assert_close
from .op_cases import (
    ALIKE,
    FLOATS,
    NUMBERS,
    WHOLE,
    answers,
    assert_answers,
    drawn,
    dtype_of,
    gradients,
    shape_and_dtype,
)

NAN, INF = float("nan"), float("inf")
SPECIAL = torch.tensor([NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-30, 3e38])

# name -> limits of the numbers drawn
UNARY: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("absolute", "abs", "negative", "sign", "square", "exp", "exp2", "expm1", "floor", "ceil"), (-3, 3)
    ),
    **dict.fromkeys(("round", "trunc", "fabs", "signbit", "nan_to_num", "i0"), (-3, 3)),
    **dict.fromkeys(("sqrt", "rsqrt", "log", "log1p", "log2", "log10", "cbrt", "reciprocal"), (0.6, 3)),
    **dict.fromkeys(("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsinh", "arctan", "sinc"), (-3, 3)),
    **dict.fromkeys(("deg2rad", "rad2deg", "angle"), (-3, 3)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh"), (-0.9, 0.9)),
    "arccosh": (1.1, 3),
    **dict.fromkeys(("real", "conj", "conjugate", "bitwise_invert", "bitwise_not"), (-3, 3)),
    **dict.fromkeys(("isnan", "isfinite", "isinf", "isposinf", "isneginf", "isreal", "logical_not"), (-3, 3)),
}
WITHOUT_GRADIENT = {"signbit", "bitwise_invert", "bitwise_not", "isnan", "isfinite", "isinf", "isposinf", "isneginf"}
WITHOUT_GRADIENT |= {"isreal", "logical_not"}
COMPLEX = "complex64"
# where the oracle crashes, or casts the imaginary part away
UNARY_MORE: dict[str, tuple[str, ...]] = {"round": ("bool",), "sign": (COMPLEX,), "i0": (COMPLEX,)}
UNARY_MORE |= dict.fromkeys(("real", "conj", "conjugate"), ("a list", "a float"))
# symbols that the oracle promises in another dtype than its answer has
SYMBOL_MORE: dict[str, tuple[str, ...]] = {"rsqrt": WHOLE, "reciprocal": ("float16", "bfloat16")}


def unary_calls(name: str) -> list[tuple[str, Callable[[Any], Any]]]:
    low, high = UNARY[name]

    def of(x: Any) -> Callable[[Any], Any]:
        return lambda ops: getattr(ops, name)(x)

    calls = [(dtype, of(drawn(dtype, low=low, high=high))) for dtype in (*WHOLE, *FLOATS)]
    shapes = {"scalar": (), "empty": (0, 3), "one": (1,), "deep": (2, 1, 3)}
    calls += [(f"float32 {label}", of(drawn("float32", shape, low, high, 1))) for label, shape in shapes.items()]
    calls += [("float32 special", of(SPECIAL)), ("a list", of([1.0, 2.0])), ("a float", of(1.5))]
    calls += [(COMPLEX, of(torch.complex(drawn("float32"), drawn("float32", seed=1))))]
    if name not in WITHOUT_GRADIENT:
        x = drawn("float32", low=low, high=high)
        calls += [("float32 gradient", lambda ops: gradients(getattr(ops, name), x))]
    return calls


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_equal_keras(reference: Any, name: str) -> None:
    calls = unary_calls(name)
    expected = reference(lambda keras: answers(calls, keras.ops))
    assert_answers(answers(calls, ops), expected, more=UNARY_MORE.get(name, ()))


@pytest.mark.parametrize("name", UNARY)
def test_symbols_of_one_equal_keras(reference: Any, name: str) -> None:
    dtypes = [dtype for dtype in ALIKE if dtype not in SYMBOL_MORE.get(name, ())]
    expected = reference(
        lambda keras: {
            dtype: shape_and_dtype(getattr(keras.ops, name)(keras.KerasTensor((None, 3), dtype))) for dtype in dtypes
        }
    )
    for dtype, symbol in expected.items():
        try:
            ours = shape_and_dtype(getattr(ops, name)(KerasTensor((None, 3), dtype)))
        except Invalid:  # the numbers are refused, so the symbol is; the oracle lets it pass
            with pytest.raises(Invalid, match="ops"):
                getattr(ops, name)(drawn(dtype))
        else:
            assert ours == symbol, dtype


ARITHMETIC = ("add", "subtract", "multiply", "true_divide", "divide", "floor_divide", "mod", "power")
EXTREMES = ("maximum", "minimum", "fmax", "fmin")
OF_FLOATS = ("arctan2", "hypot", "logaddexp", "logaddexp2", "heaviside", "divide_no_nan")
OF_WHOLE = ("gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor", "ldexp")
SHIFTS = ("left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift")
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isclose", "isin")
LOGIC = ("logical_and", "logical_or", "logical_xor")
BINARY = (*ARITHMETIC, *EXTREMES, *OF_FLOATS, "fmod", *OF_WHOLE, *SHIFTS, *COMPARISONS, *LOGIC)
DIFFERENTIABLE = (*ARITHMETIC[:5], "mod", "power", *EXTREMES, *OF_FLOATS[:4], "divide_no_nan", "fmod")
# where the oracle crashes, and a pair for which it gives 64 bits
BINARY_MORE: dict[str, tuple[str, ...]] = {
    "divide_no_nan": ("a list", "a row"),
    "hypot": ("bool", "bool,bool", "bool,a bool", "a bool,bool"),
    "mod": ("a bool,bool",),
    "fmod": ("a bool,bool",),
    **dict.fromkeys(SHIFTS, ("bool,an int",)),
}


def second(name: str, dtype: str, shape: tuple[int, ...] = (3, 5)) -> torch.Tensor:
    """Divisors are not 0, exponents and shifts are not negative."""
    positive = name in (*SHIFTS, "power", "floor_divide", "mod", "fmod", "true_divide", "divide", "ldexp")
    return drawn(dtype, shape, *((1, 3) if positive else (-3, 3)), seed=7)


def first(name: str, dtype: str, shape: tuple[int, ...] = (3, 5)) -> torch.Tensor:
    return drawn(dtype, shape, *((0.3, 3) if name in ("power", *SHIFTS) else (-3, 3)))


def binary_calls(name: str) -> list[tuple[str, Callable[[Any], Any]]]:
    def of(x1: Any, x2: Any) -> Callable[[Any], Any]:
        return lambda ops: getattr(ops, name)(x1, x2)

    one = "int32" if name in (*OF_WHOLE, *SHIFTS) else "float32"
    calls = [(dtype, of(first(name, dtype), second(name, dtype))) for dtype in (*WHOLE, *FLOATS)]
    shapes = {"broadcast": ((3, 1, 2), (4, 1)), "scalar": ((), (2,)), "empty": ((0, 3), (3,)), "one": ((1,), (1,))}
    calls += [
        (f"{one} {label}", of(first(name, one, shape), second(name, one, other)))
        for label, (shape, other) in shapes.items()
    ]
    calls += [("an int", of(first(name, one), 2)), ("first an int", of(2, second(name, one)))]
    calls += [
        ("a list", of(first(name, one, (2,)), [1, 2])),
        ("a row", of(first(name, one), np.arange(1, 6, dtype="int32"))),
    ]
    if name in DIFFERENTIABLE:
        x1, x2 = first(name, "float32"), second(name, "float32", (1, 5))
        calls += [("float32 gradient", lambda ops: gradients(getattr(ops, name), x1, x2))]
    if one == "float32":
        calls += [("float32 special", of(SPECIAL, SPECIAL.flip(0)))]
    return calls


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_equal_keras(reference: Any, name: str) -> None:
    calls = binary_calls(name)
    expected = reference(lambda keras: answers(calls, keras.ops))
    assert_answers(answers(calls, ops), expected, more=BINARY_MORE.get(name, ()))


@pytest.mark.parametrize("name", [*ARITHMETIC, *EXTREMES, *OF_FLOATS, "fmod", *OF_WHOLE, *SHIFTS, "where"])
def test_dtypes_of_every_pair_equal_keras(reference: Any, name: str) -> None:
    kinds = (*WHOLE, *FLOATS, *NUMBERS)

    def given(kind: str) -> Any:
        return NUMBERS[kind] if kind in NUMBERS else torch.ones(2, dtype=getattr(torch, kind))

    def of(x1: Any, x2: Any) -> Callable[[Any], Any]:
        condition = torch.tensor([True, False])
        return lambda ops: dtype_of(ops.where(condition, x1, x2) if name == "where" else getattr(ops, name)(x1, x2))

    calls = [
        (f"{a},{b}", of(given(a), given(b)))
        for a, b in itertools.product(kinds, repeat=2)
        if not (a in NUMBERS and b in NUMBERS and name != "where")
    ]
    expected = reference(lambda keras: answers(calls, keras.ops))
    ours = answers(calls, ops)
    wrong = {pair: (ours[pair], dtype) for pair, dtype in expected.items() if ours[pair] != dtype}
    assert {pair for pair in wrong if pair not in BINARY_MORE.get(name, ())} == set(), wrong


@pytest.mark.parametrize("name", [name for name in BINARY if name != "isin"])
def test_symbols_of_two_equal_keras(reference: Any, name: str) -> None:
    dtype = "int32" if name in (*OF_WHOLE, *SHIFTS) else "float32"

    def symbol(engine: Any) -> Any:
        of, make = getattr(engine.ops, name), engine.KerasTensor
        return [
            shape_and_dtype(of(make((None, 1, 3), dtype), make((4, 1), dtype))),
            shape_and_dtype(of(make((None, 3), dtype), torch.ones(3, dtype=getattr(torch, dtype)))),
        ]

    expected = reference(symbol)
    of = getattr(ops, name)
    broadcast = shape_and_dtype(of(KerasTensor((None, 1, 3), dtype), KerasTensor((4, 1), dtype)))
    forgets = name.startswith("bitwise") or name in SHIFTS  # the oracle forgets that the shapes broadcast
    assert broadcast == ([[None, 4, 3], dtype] if forgets else expected[0])
    assert shape_and_dtype(of(KerasTensor((None, 3), dtype), torch.ones(3, dtype=getattr(torch, dtype)))) == expected[1]


X = drawn("float32")
WHOLES = torch.tensor([[1, -2, 3], [40, 5, 0]])
HOLES = torch.tensor([[1.0, NAN, INF], [-INF, 2.0, NAN]])
IS_ODD = WHOLES % 2 == 1
# label -> call; each argument once away from its default
OTHERS: dict[str, Callable[[Any], Any]] = {
    "round tenths": lambda ops: ops.round(X, 1),
    "round tens": lambda ops: ops.round(torch.tensor([15, 25, -35, 7]), -1),
    "round decimals of whole ones": lambda ops: ops.round(WHOLES, 2),
    "clip numbers": lambda ops: ops.clip(X, -1, 1.5),
    "clip whole ones": lambda ops: ops.clip(WHOLES, 0, 4),
    "clip whole ones with a fraction": lambda ops: ops.clip(WHOLES, 0.5, 4.5),
    "clip truth": lambda ops: ops.clip(IS_ODD, 0, 1),
    "clip tensors": lambda ops: ops.clip(X, drawn("float32", (5,), -3, 0), drawn("float32", (3, 1), 0, 3)),
    "clip lists": lambda ops: ops.clip(X, [-1, -1, 0, 0, 0], [1, 1, 1, 1, 1]),
    "clip crossed": lambda ops: ops.clip(X, 2, 0),
    "clip halves": lambda ops: ops.clip(X.half(), -1.0, 1.0),
    "clip gradient": lambda ops: gradients(lambda x: ops.clip(x, -1.0, 1.0), X),
    "nan_to_num": lambda ops: ops.nan_to_num(HOLES, nan=1.0, posinf=2.0, neginf=-3.0),
    "nan_to_num neginf": lambda ops: ops.nan_to_num(HOLES, neginf=0.0),
    "isclose": lambda ops: ops.isclose(X, X + 0.01, rtol=0.01, atol=0.005),
    "isclose nan": lambda ops: ops.isclose(HOLES, HOLES, equal_nan=True),
    "allclose": lambda ops: ops.allclose(X, X + 1e-7),
    "allclose not": lambda ops: ops.allclose(X, X + 1e-2),
    "allclose wide": lambda ops: ops.allclose(X, X + 1e-2, rtol=0.0, atol=0.1),
    "allclose nan": lambda ops: ops.allclose(HOLES, HOLES, equal_nan=True),
    "allclose whole": lambda ops: ops.allclose(WHOLES, [1, -2, 3]),
    "isin invert": lambda ops: ops.isin(WHOLES, [1, 3, 7], invert=True),
    "isin unique": lambda ops: ops.isin(WHOLES, torch.tensor([[1], [40]]), assume_unique=True),
    "isin fractions": lambda ops: ops.isin(WHOLES, [2.5, 3.0]),
    "where places": lambda ops: ops.where(IS_ODD),
    "where whole condition": lambda ops: ops.where(WHOLES, 1, 2),
    "where broadcast": lambda ops: ops.where(IS_ODD, X[0, :3], 0.5),
    "where gradient": lambda ops: gradients(lambda a, b: ops.where(IS_ODD, a, b), X[:2, :3], X[1:, :3]),
    "select": lambda ops: ops.select([IS_ODD, WHOLES > 2], [WHOLES, X[:2, :3]], 7),
    "select default": lambda ops: ops.select([IS_ODD], [WHOLES]),
    "select broadcast": lambda ops: ops.select([IS_ODD[:, :1]], [WHOLES[0].to(torch.int8)], default=1.5),
    "heaviside number": lambda ops: ops.heaviside(torch.tensor([-1.0, 0.0, 2.0]), 0.3),
    "divide_no_nan by zero": lambda ops: ops.divide_no_nan(X, torch.zeros(5)),
    "imag": lambda ops: ops.imag(torch.complex(X, X + 1)),
    "real": lambda ops: ops.real(torch.complex(X, X + 1)),
    "power of a number": lambda ops: ops.power(2.0, X),
    "variables": lambda ops: ops.add(torch.nn.Parameter(X), X.half()),
    "numpy numbers": lambda ops: ops.add(X.half(), np.float32(1)),
    "wide numpy numbers": lambda ops: ops.multiply(X.half(), np.float64(2)),
    "two numbers": lambda ops: [ops.add(2, 3), ops.add(2.0, 3), ops.maximum(True, 2), ops.where(True, 2, 3.5)],
}


@pytest.mark.parametrize("label", OTHERS, ids=[label.replace(" ", "-") for label in OTHERS])
def test_arguments_away_from_default_equal_keras(reference: Any, label: str) -> None:
    assert_close(OTHERS[label](ops), reference(lambda keras: OTHERS[label](keras.ops)))

"""Products of vectors, matrices and tensors, against Keras."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from .op_cases import FLOATS, drawn
from .op_tables import Call, assert_equal, assert_gradients_equal, labelled

M = drawn("float32", (3, 3))
LEFT = drawn("float32", (2, 3, 4), seed=1)
RIGHT = drawn("float32", (2, 4, 5), seed=2)
V = drawn("float32", (3,), seed=3)
SMALL = torch.tensor([[0, 1, 2], [3, 0, 1], [1, 1, 0]], dtype=torch.int8)
EMPTY = torch.zeros(0, 3)
COMPLEX = torch.complex(V, V.flip(0))
DTYPES = ("bool", "uint8", "int8", "int32", "int64", *FLOATS)

PAIRS: dict[str, Any] = {
    "matmul": lambda ops, a, b: ops.matmul(a, b),
    "dot": lambda ops, a, b: ops.dot(a, b),
    "vdot": lambda ops, a, b: ops.vdot(a[0], b[0]),
    "inner": lambda ops, a, b: ops.inner(a, b),
    "outer": lambda ops, a, b: ops.outer(a, b),
    "tensordot": lambda ops, a, b: ops.tensordot(a, b, axes=1),
    "einsum": lambda ops, a, b: ops.einsum("ij,jk->ik", a, b),
    "cross": lambda ops, a, b: ops.cross(a[:2], b[:2]),
    "kron": lambda ops, a, b: ops.kron(a, b),
}
# of truths the oracle has no cross product, and no einsum; and that of two different dtypes not at all
PAIRS_MORE: dict[str, set[str]] = {
    "cross": {"bool bool"},
    "einsum": {f"{a} {b}" for a, b in itertools.product(DTYPES, repeat=2) if a != b or a == "bool"},
}


@pytest.mark.parametrize("name", PAIRS)
def test_dtypes_of_every_pair_equal_keras(reference: Any, name: str) -> None:
    def of(one: str, other: str) -> Any:
        a, b = drawn(one, (3, 3), 0, 2), drawn(other, (3, 3), 0, 2, seed=5)
        return lambda ops: PAIRS[name](ops, a, b)

    calls = [(f"{least(one, other)} {one} {other}", of(one, other)) for one in DTYPES for other in DTYPES]
    more = {f"{least(*pair.split())} {pair}" for pair in PAIRS_MORE.get(name, ())}
    assert_equal(reference, calls, more)


def least(one: str, other: str) -> str:
    """The coarser of two dtypes: its error is that of the outcome."""
    return next((dtype for dtype in ("bfloat16", "float16") if dtype in (one, other)), "float32")


ARGUMENTS: dict[str, dict[str, Call]] = {
    "matmul": {
        "batch": lambda ops, x: ops.matmul(LEFT, RIGHT),
        "broadcast": lambda ops, x: ops.matmul(LEFT[:, None], RIGHT),
        "vector": lambda ops, x: [ops.matmul(x, V), ops.matmul(V, x), ops.matmul(V, V)],
        "number": lambda ops, x: ops.matmul(2.0, x),
        "misfit": lambda ops, x: ops.matmul(x, RIGHT),
        "list": lambda ops, x: ops.matmul([[1.0, 2.0, 3.0]], x),
        "int8": lambda ops, x: ops.matmul(SMALL, [1, 2, 3]),
        "empty": lambda ops, x: ops.matmul(EMPTY, x),
    },
    "dot": {
        "vectors": lambda ops, x: ops.dot(V, V),
        "vector": lambda ops, x: [ops.dot(x, V), ops.dot(V, x), ops.dot(LEFT, V[[0, 1, 2, 0]])],
        "number": lambda ops, x: [ops.dot(2.0, x), ops.dot(x, 3), ops.dot(x.half(), 2)],
        "float": lambda ops, x: ops.dot(2.0, V.half()),
        "matrix": lambda ops, x: ops.dot(LEFT, RIGHT[0]),
        "misfit": lambda ops, x: ops.dot(x, RIGHT[0]),
        "int8": lambda ops, x: ops.dot(SMALL, SMALL),
        "int8 number": lambda ops, x: ops.dot(torch.tensor(2, dtype=torch.int8), SMALL),
        "deep": lambda ops, x: ops.dot(torch.ones(2, 3, 4), torch.ones(5, 4, 2)),
    },
    "vdot": {
        "vectors": lambda ops, x: ops.vdot(V, V * 2),
        "complex": lambda ops, x: ops.vdot(COMPLEX, COMPLEX.flip(0)),
        "int8": lambda ops, x: ops.vdot(SMALL[0], SMALL[1]),
        "misfit": lambda ops, x: ops.vdot(V, V[:2]),
        "matrices": lambda ops, x: ops.vdot(x, x),
        "numbers": lambda ops, x: ops.vdot(2.0, 3.0),
    },
    "inner": {
        "vectors": lambda ops, x: [ops.inner(V, V), ops.inner(x, V), ops.inner(x, x)],
        "number": lambda ops, x: ops.inner(2.0, x),
        "deep": lambda ops, x: ops.inner(LEFT, LEFT[0]),
        "misfit": lambda ops, x: ops.inner(x, LEFT),
    },
    "outer": {
        "vectors": lambda ops, x: ops.outer(V, V),
        "matrix": lambda ops, x: ops.outer(x, V),
        "number": lambda ops, x: [ops.outer(V.half(), 2.0), ops.outer(SMALL, 2)],
        "kron": lambda ops, x: [ops.kron(x, V), ops.kron(V, 2.0), ops.kron(LEFT, x)],
    },
    "tensordot": {
        "two": lambda ops, x: ops.tensordot(LEFT, LEFT[0]),
        "axes": lambda ops, x: ops.tensordot(LEFT, RIGHT, axes=[[0, 2], [0, 1]]),
        "axis": lambda ops, x: ops.tensordot(LEFT, RIGHT, axes=(2, 1)),
        "none": lambda ops, x: ops.tensordot(V, V, axes=0),
        "negative": lambda ops, x: ops.tensordot(LEFT, RIGHT, axes=[[-1], [-2]]),
        "int8": lambda ops, x: ops.tensordot(SMALL, SMALL, axes=2),
        "misfit": lambda ops, x: ops.tensordot(LEFT, RIGHT, axes=3),
        "minus": lambda ops, x: ops.tensordot(LEFT, RIGHT, axes=-1),
    },
    "einsum": {
        "implicit": lambda ops, x: [ops.einsum("ij,jk", x, x), ops.einsum("ba", x), ops.einsum("ii", x)],
        "optimize": lambda ops, x: ops.einsum("ij,jk,kl->il", x, x, x, optimize="greedy"),
        "diagonal": lambda ops, x: ops.einsum("ii->i", x),
        "rest": lambda ops, x: ops.einsum("...ij,...jk->...ik", LEFT, RIGHT),
        "outer": lambda ops, x: ops.einsum("i,j->ij", V, V),
        "sum": lambda ops, x: ops.einsum("ij->", x),
        "three": lambda ops, x: ops.einsum("a,a,a->", V, V, V),
        "spaces": lambda ops, x: ops.einsum("ij , jk -> ik", x, x),
        "int8": lambda ops, x: [ops.einsum("ij->ji", SMALL), ops.einsum("ij,ij->i", SMALL, SMALL)],
        "misfit": lambda ops, x: ops.einsum("ij,jk->ik", x, RIGHT[0]),
        "letters": lambda ops, x: ops.einsum("ij,jk->iz", x, x),
    },
    "cross": {
        "vectors": lambda ops, x: ops.cross(V, V.flip(0)),
        "axis": lambda ops, x: ops.cross(x, x.flip(0), axis=0),
        "planes": lambda ops, x: ops.cross(x[:, :2], x[:, 1:]),
        "plane and space": lambda ops, x: ops.cross(x[:, :2], x),
        "axes": lambda ops, x: ops.cross(x, x.T, axisa=0, axisb=1, axisc=0),
        "broadcast": lambda ops, x: ops.cross(x, V),
        "four": lambda ops, x: ops.cross(LEFT, LEFT, axis=2),
    },
}
ARGUMENTS_MORE = {
    "vdot": ("matrices", "numbers"),
    "dot": ("deep",),
    "cross": ("planes", "plane and space", "axes", "broadcast"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_equals_keras(reference: Any, name: str) -> None:
    assert_equal(reference, labelled(ARGUMENTS[name], M), ARGUMENTS_MORE.get(name, ()))


GRADIENTS: dict[str, Any] = {
    "matmul": lambda ops, a, b: ops.matmul(a, b),
    "dot": lambda ops, a, b: ops.dot(a, b),
    "vdot": lambda ops, a, b: ops.vdot(a[0], b[0]),
    "inner": lambda ops, a, b: ops.inner(a, b),
    "outer": lambda ops, a, b: ops.outer(a, b),
    "tensordot": lambda ops, a, b: ops.tensordot(a, b, axes=1),
    "einsum": lambda ops, a, b: ops.einsum("ij,kj->ik", a, b),
    "cross": lambda ops, a, b: ops.cross(a[:2], b[:2]),
    "kron": lambda ops, a, b: ops.kron(a, b),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_equal_keras(reference: Any, name: str) -> None:
    assert_gradients_equal(reference, GRADIENTS[name], M, drawn("float32", (3, 3), seed=9))

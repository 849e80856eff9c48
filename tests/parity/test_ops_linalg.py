"""Linear algebra against Keras: values, gradients, symbols."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

import kerasviz
from kerasviz import ops

from .op_cases import FLOATS, WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

T = torch.tensor


def square(dtype: str = "float32", shape: tuple[int, ...] = (3, 3)) -> torch.Tensor:
    """Matrices far from singular ones."""
    return drawn(dtype, shape, seed=1) + 4 * torch.eye(shape[-1]).to(getattr(torch, dtype))


def definite(dtype: str = "float32", shape: tuple[int, ...] = (3, 3)) -> torch.Tensor:
    """Symmetric positive definite matrices."""
    x = square(dtype, shape)
    return x @ x.mT


TALL, WIDE = drawn("float32", (2, 5, 3)), drawn("float32", (2, 3, 5))
LOW_RANK = torch.arange(12.0).reshape(4, 3) - 5
ODD = (1, 2, 5, 5)
INF = math.inf


def variants(name: str, made: Callable[..., torch.Tensor] = square, **options: Any) -> dict[str, Callable]:
    """Dtypes and shapes."""
    return {
        **{dtype: lambda ops, d=dtype: getattr(ops, name)(made(d), **options) for dtype in ("float32", "float64")},
        "batches": lambda ops: getattr(ops, name)(made("float32", ODD), **options),
        "one": lambda ops: getattr(ops, name)(made("float32", (1, 1)), **options),
        "a list": lambda ops: getattr(ops, name)([[2.0, 1.0], [1.0, 3.0]], **options),
        "linalg": lambda ops: getattr((getattr(ops.linalg, name, None) and ops.linalg) or ops, name)(made(), **options),
    }


def gradient(name: str, x: torch.Tensor, take: Callable = lambda y: y, **options: Any) -> dict[str, Callable]:
    """Of what the operation gives, or of what `take` takes of it."""
    return {"gradient": lambda ops: gradients(lambda x: take(getattr(ops, name)(x, **options)), x)}


CALLS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "cholesky": {
        **variants("cholesky", definite),
        "upper": lambda ops: ops.cholesky(definite(shape=ODD), upper=True),
        **gradient("cholesky", definite()),
    },
    "cholesky_inverse": {
        **variants("cholesky_inverse", lambda *a, **b: torch.linalg.cholesky(definite(*a, **b))),
        "upper": lambda ops: ops.cholesky_inverse(torch.linalg.cholesky(definite(), upper=True), upper=True),
        **gradient("cholesky_inverse", torch.linalg.cholesky(definite())),
    },
    "det": {**variants("det"), **gradient("det", square(shape=ODD))},
    "slogdet": {
        **variants("slogdet"),
        "negative": lambda ops: ops.slogdet(T([[0.0, 1], [1, 0]])),
        **gradient("slogdet", square(), lambda y: y[1]),
    },
    "logdet": {
        **variants("logdet", definite),
        "negative": lambda ops: ops.logdet(T([[0.0, 1], [1, 0]])),
        **gradient("logdet", definite()),
    },
    "eig": {**variants("eig"), **gradient("eig", square(), lambda y: torch.view_as_real(y[0]))},
    "eigh": {
        **variants("eigh", definite),
        "lower triangle": lambda ops: ops.eigh(T([[2.0, 7], [1, 2]])),
        **gradient("eigh", definite(), lambda y: y[0]),
    },
    "inv": {**variants("inv"), **gradient("inv", square(shape=ODD))},
    "pinv": {
        **variants("pinv"),
        "tall": lambda ops: ops.pinv(TALL),
        "wide": lambda ops: ops.pinv(WIDE),
        "rcond": lambda ops: ops.pinv(LOW_RANK, rcond=0.5),
        **gradient("pinv", TALL),
    },
    "matrix_rank": {
        **variants("matrix_rank"),
        "low": lambda ops: ops.matrix_rank(LOW_RANK),
        "tol": lambda ops: ops.matrix_rank(LOW_RANK, tol=3.0),
        "tol 1": lambda ops: ops.matrix_rank(TALL, tol=2.5),
        "zeros": lambda ops: ops.matrix_rank(torch.zeros(2, 3)),
    },
    "lu_factor": {
        **variants("lu_factor"),
        "tall": lambda ops: ops.lu_factor(TALL),
        "wide": lambda ops: ops.lu_factor(WIDE),
        **gradient("lu_factor", square(), lambda y: y[0]),
    },
    "qr": {
        **variants("qr"),
        "tall": lambda ops: ops.qr(TALL),
        "wide": lambda ops: ops.qr(WIDE),
        "complete": lambda ops: ops.qr(TALL, mode="complete"),
        **gradient("qr", TALL, lambda y: torch.cat(y, dim=-2)),
    },
    "svd": {
        **variants("svd"),
        "tall": lambda ops: ops.svd(TALL),
        "reduced": lambda ops: ops.svd(TALL, full_matrices=False),
        "wide reduced": lambda ops: ops.svd(WIDE, full_matrices=False),
        "values": lambda ops: ops.svd(TALL, compute_uv=False),
        **gradient("svd", TALL, compute_uv=False),
    },
    "solve": {
        "a vector": lambda ops: ops.solve(square(), TALL[0, 0]),
        "a matrix": lambda ops: ops.solve(square(), TALL[0].T),
        "batches": lambda ops: ops.solve(square(shape=(2, 3, 3)), WIDE),
        "batches of vectors": lambda ops: ops.solve(square(shape=(2, 3, 3)), WIDE[..., 0]),
        "float64": lambda ops: ops.solve(square("float64"), drawn("float64", (3, 2))),
        "linalg": lambda ops: ops.linalg.solve([[2.0, 1.0], [1.0, 3.0]], [1.0, 2.0]),
        "gradient": lambda ops: gradients(ops.solve, square(), TALL[0].T),
    },
    "solve_triangular": {
        "a vector": lambda ops: ops.solve_triangular(square(), TALL[0, 0]),
        "a matrix": lambda ops: ops.solve_triangular(square(), TALL[0].T),
        "lower": lambda ops: ops.solve_triangular(square(), TALL[0].T, lower=True),
        "batches": lambda ops: ops.solve_triangular(square(shape=(2, 3, 3)), WIDE, lower=True),
        "batches of vectors": lambda ops: ops.solve_triangular(square(shape=(2, 3, 3)), WIDE[..., 0]),
        "float64": lambda ops: ops.linalg.solve_triangular(square("float64"), drawn("float64", (3, 2))),
        "gradient": lambda ops: gradients(ops.solve_triangular, square(), TALL[0].T),
    },
    "lstsq": {
        "a vector": lambda ops: ops.lstsq(TALL[0], TALL[1, :, 0]),
        "a matrix": lambda ops: ops.lstsq(TALL[0], TALL[1]),
        "too few": lambda ops: ops.lstsq(WIDE[0], TALL[0, :3]),
        "low rank": lambda ops: ops.lstsq(LOW_RANK, torch.ones(4, 2)),
        "rcond": lambda ops: ops.lstsq(LOW_RANK, torch.ones(4, 2), rcond=0.5),
        "float64": lambda ops: ops.linalg.lstsq(TALL[0].double(), TALL[1].double()),
        "gradient": lambda ops: gradients(ops.lstsq, TALL[0], TALL[1]),
    },
    "norm": {
        **{dtype: lambda ops, d=dtype: ops.norm(drawn(d)) for dtype in (*WHOLE, *FLOATS)},
        **{f"{dtype} row": lambda ops, d=dtype: ops.norm(drawn(d), 1, -1) for dtype in (*WHOLE, *FLOATS)},
        **{
            f"{order} over {axis}": lambda ops, order=order, axis=axis: ops.norm(TALL[0], ord=order, axis=axis)
            for order in (None, "fro", "nuc", INF, -INF, 0, 1, -1, 2, -2, 3, 0.5)
            for axis in (None, 0, (0, 1), (1, 0), -1)
        },
        **{
            f"kept {order} over {axis}": lambda ops, order=order, axis=axis: ops.norm(TALL, order, axis, keepdims=True)
            for order, axis in ((None, None), (None, 1), (2, (1, 2)), (1, (0, 2)), ("fro", (0, 1)), (INF, 0))
        },
        "a vector": lambda ops: [ops.norm(TALL[0, 0], order) for order in (None, 1, 2, INF, 0, 3)],
        "three axes": lambda ops: ops.norm(TALL),
        "a scalar": lambda ops: ops.norm(T(-3.0)),
        "a list": lambda ops: ops.linalg.norm([[1, 2], [3, 4]]),
        "nothing": lambda ops: ops.norm(torch.zeros(0, 3), axis=0),
        **{
            f"gradient {order} over {axis}": lambda ops, order=order, axis=axis: gradients(
                lambda x: ops.norm(x, order, axis), TALL
            )
            for order, axis in ((None, None), (3, 1), ("nuc", (1, 2)), (2, (1, 2)), (1, (0, 1)))
        },
    },
}
MORE = {"norm": ("0.5 over None",)}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: answers(CALLS[name].items(), keras.ops))
    assert_answers(answers(CALLS[name].items(), ops), expected, tolerance=3e-5, more=MORE.get(name, ()))


def symbols(engine: Any) -> dict[str, Callable[[], Any]]:
    def k(*shape: int | None) -> Any:
        return engine.KerasTensor(shape)

    ops = engine.ops
    x, tall = k(None, 3, 3), k(None, 5, 3)
    names = ("cholesky", "cholesky_inverse", "det", "eigh", "inv", "pinv", "matrix_rank", "qr", "svd", "norm")
    return {
        **{name: lambda name=name: getattr(ops, name)(x) for name in names},
        "eig": lambda: ops.eig(x)[1].shape,
        "lu_factor": lambda: [y.shape for y in ops.lu_factor(tall)],
        "pinv tall": lambda: ops.pinv(tall),
        "matrix_rank tall": lambda: ops.matrix_rank(tall),
        "qr tall": lambda: ops.qr(tall),
        "qr complete": lambda: ops.qr(tall, mode="complete"),
        "svd tall": lambda: ops.svd(tall),
        "svd reduced": lambda: ops.svd(tall, full_matrices=False),
        "svd values": lambda: ops.svd(tall, compute_uv=False),
        "solve": lambda: ops.solve(x, k(None, 3, 4)),
        "solve a vector": lambda: ops.solve(x, k(None, 3)),
        "solve_triangular": lambda: ops.solve_triangular(x, k(None, 3, 4)),
        "lstsq": lambda: ops.lstsq(k(5, 3), k(5, 2)),
        "lstsq a vector": lambda: ops.lstsq(k(5, 3), k(5)),
        "norm axis": lambda: ops.norm(x, axis=-1),
        "norm kept": lambda: ops.norm(x, ord=2, axis=(1, 2), keepdims=True),
        "jvp": lambda: ops.jvp(lambda a: a * 2, (x,), (x,)),
    }


def described(value: Any) -> Any:
    if hasattr(value, "shape"):
        return shape_and_dtype(value)
    return [described(part) for part in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("name", symbols(kerasviz))
def test_symbols_equal_keras(reference: Any, name: str) -> None:
    expected = reference(lambda keras: described(symbols(keras)[name]()))
    assert described(symbols(kerasviz)[name]()) == expected

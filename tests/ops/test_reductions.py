"""Reductions: what they do where Keras on torch does otherwise than its documentation, and their errors."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import ops
from kerasviz.declare import Invalid

X = torch.arange(24.0).reshape(2, 3, 4)
TWO: Any = (0, 1)
PLAIN = ("sum", "mean", "std", "var", "prod", "max", "min", "amax", "amin", "ptp", "median", "any", "all")
NAN = ("nansum", "nanmean", "nanstd", "nanvar", "nanprod", "nanmax", "nanmin", "nanmedian")


@pytest.mark.parametrize("axis", [None, 1, -1, (0, 2), (2, 0, 1)])
@pytest.mark.parametrize("name", [*PLAIN, *NAN])
def test_keepdims_leaves_axes_of_size_one(name: str, axis: Any) -> None:
    found = getattr(ops, name)(X / 10, axis=axis, keepdims=True)
    expected = getattr(np, name)(X.numpy() / 10, axis=axis, keepdims=True)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("name", [*PLAIN, *NAN, "count_nonzero", "average"])
def test_no_axes_leave_every_number_alone(name: str) -> None:
    np.testing.assert_allclose(getattr(ops, name)(X, axis=()).numpy(), getattr(np, name)(X.numpy(), axis=()))


@pytest.mark.parametrize("axis", [0, 1, (0, 1), [1, 2]])
def test_counts_are_not_transposed(axis: Any) -> None:
    expected = np.count_nonzero(X.numpy(), axis=tuple(axis) if isinstance(axis, list) else axis)
    np.testing.assert_array_equal(ops.count_nonzero(X, axis=axis).numpy(), expected)


def test_counts_of_truth() -> None:
    assert ops.count_nonzero(torch.tensor([True, False, True])).item() == 2


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_weights_in_a_row_go_along_the_axis(axis: int) -> None:
    row = np.arange(1.0, X.shape[axis] + 1, dtype="float32")
    expected = np.average(X.numpy(), axis=axis, weights=row)
    np.testing.assert_allclose(ops.average(X, axis=axis, weights=row).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("axis", [None, 1, (0, 1)])
def test_weights_shaped_like_the_numbers(axis: Any) -> None:
    weights = np.cos(X.numpy()) + 2
    expected = np.average(X.numpy(), axis=axis, weights=weights)
    np.testing.assert_allclose(ops.average(X, axis=axis, weights=weights).numpy(), expected, rtol=1e-6)


def test_initial_values_of_nothing() -> None:
    empty = torch.ones(0, 3)
    assert ops.max(empty, axis=0, initial=1.5).tolist() == [1.5, 1.5, 1.5]
    assert ops.min(empty, keepdims=True, initial=2).tolist() == [[2.0]]
    assert ops.max(empty, axis=1, initial=1.5).shape == (0,)


def test_dtype_of_running_products_is_the_one_asked_for() -> None:
    assert ops.cumprod(torch.tensor([2, 3]), dtype="int64").dtype == torch.int64


def test_extremes_of_nothing_but_rows_of_size_zero() -> None:
    assert ops.amax(torch.ones(3, 0), axis=0).shape == (0,)


def test_nan_places_where_all_are_nan() -> None:
    x = torch.tensor([[math.nan, math.nan], [math.nan, 1.0]])
    assert ops.nanargmax(x, axis=1).tolist() == [-1, 1]
    assert ops.nanargmin(x, axis=1, keepdims=True).tolist() == [[-1], [1]]


def test_quantiles_of_tensors_are_held_between_zero_and_one() -> None:
    assert ops.quantile(torch.arange(5.0), torch.tensor([-1.0, 0.5, 2.0])).tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_one_quantile_equals_many(method: str, size: int) -> None:
    x = torch.rand(3, size, generator=torch.Generator().manual_seed(size))
    one = ops.quantile(x, 0.37, axis=1, method=method)
    torch.testing.assert_close(ops.quantile(x, [0.37], axis=1, method=method)[0], one)
    torch.testing.assert_close(ops.nanquantile(x, 0.37, axis=1, method=method), one)


def test_quantiles_of_many_numbers() -> None:
    """torch's own refuses more than 2**24."""
    x = torch.arange(2**24 + 2, dtype=torch.int32).to(torch.float64)
    assert ops.median(x).item() == 2**23


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "axis": (lambda: ops.sum(X, axis=3), "ops.sum"),
    "axis twice": (lambda: ops.mean(X, axis=(0, 0)), "ops.mean"),
    "places of two axes": (lambda: ops.argmax(X, axis=TWO), "one axis"),
    "largest of nothing": (lambda: ops.max(torch.ones(0, 3)), "at least one number"),
    "smallest of nothing": (lambda: ops.amin(torch.ones(0, 3), axis=0), "at least one number"),
    "median of nothing": (lambda: ops.median(torch.ones(0)), "at least one number"),
    "weights": (lambda: ops.average(X, axis=1, weights=[1.0, 2.0]), "row along the one axis"),
    "weights of two axes": (lambda: ops.average(X, axis=(0, 1), weights=torch.ones(2, 3)), "row along"),
    "method": (lambda: ops.quantile(X, 0.5, method="linaer"), "linear"),
    "quantile": (lambda: ops.quantile(X, 1.5), "0 to 1"),
    "quantiles": (lambda: ops.nanquantile(X, [0.5, -0.1]), "0 to 1"),
    "percentile": (lambda: ops.percentile(X, 101), "0 to 100"),
    "table of quantiles": (lambda: ops.quantile(X, [[0.5]]), "a row of them"),
    "table of quantiles in a tensor": (lambda: ops.quantile(X, torch.ones(1, 1)), "a row of them"),
    "places of the curve": (lambda: ops.trapezoid(X, torch.ones(3)), "ops.trapezoid"),
}


@pytest.mark.parametrize("label", WRONG, ids=[label.replace(" ", "-") for label in WRONG])
def test_wrong_arguments_are_said(label: str) -> None:
    call, message = WRONG[label]
    with pytest.raises(Invalid, match=message):
        call()

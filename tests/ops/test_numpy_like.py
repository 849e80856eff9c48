"""What the documentation of shape, creation, indexing, sorting, product and statistics operations promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import KerasTensor, ops
from kerasviz.declare import Invalid

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
DEEP = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
V = X[0, :3]


# numpy's answers, where Keras on torch has none or another one
AS_NUMPY: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "a number pads all axes": (lambda: ops.pad(X, 1), lambda: np.pad(X, 1)),
    "a pair pads all axes": (lambda: ops.pad(X, (1, 2)), lambda: np.pad(X, (1, 2))),
    "an array of widths": (lambda: ops.pad(X, np.array([[1, 2], [0, 1]])), lambda: np.pad(X, [[1, 2], [0, 1]])),
    **{
        f"{mode} padding, wider than the axis": (
            lambda mode=mode: ops.pad(DEEP, ((3, 0), (7, 5), (0, 9)), mode=mode),
            lambda mode=mode: np.pad(DEEP, ((3, 0), (7, 5), (0, 9)), mode=mode),
        )
        for mode in ("reflect", "symmetric", "edge", "wrap")
    },
    "reflected axis of one": (
        lambda: ops.pad(X[:1], ((2, 1), (0, 0)), mode="reflect"),
        lambda: np.pad(X[:1], ((2, 1), (0, 0)), mode="reflect"),
    ),
    "linspace axis": (lambda: ops.linspace(X, X + 3, 4, axis=-1), lambda: np.linspace(X, X + 3, 4, axis=-1)),
    "linspace broadcast": (lambda: ops.linspace(X, 10, 4), lambda: np.linspace(X, 10, 4, dtype="float32")),
    "linspace of one": (lambda: ops.linspace(X, X + 3, 1), lambda: np.linspace(X, X + 3, 1)),
    "linspace of whole numbers, open": (
        lambda: ops.linspace(0, 10, 4, endpoint=False, dtype="int32"),
        lambda: np.linspace(0, 10, 4, endpoint=False).astype("int32"),
    ),
    "logspace axis": (lambda: ops.logspace(X, X + 1, 3, axis=1), lambda: np.logspace(X, X + 1, 3, axis=1)),
    "logspace of whole numbers, open": (
        lambda: ops.logspace(0, 2, 3, endpoint=False, dtype="int32"),
        lambda: np.logspace(0, 2, 3, endpoint=False).astype("int32"),
    ),
    "geomspace axis": (
        lambda: ops.geomspace(abs(X) + 1, abs(X) + 2, 3, axis=-1),
        lambda: np.geomspace(abs(X) + 1, abs(X) + 2, 3, axis=-1),
    ),
    "geomspace of one": (lambda: ops.geomspace(3.0, 8.0, 1), lambda: np.float32([3.0])),
    "geomspace of whole numbers": (
        lambda: ops.geomspace(1, 1000, 4, dtype="int32"),
        lambda: np.array([1, 10, 100, 1000], "int32"),
    ),
    "dot of many axes": (lambda: ops.dot(DEEP, DEEP.swapaxes(1, 2)), lambda: np.dot(DEEP, DEEP.swapaxes(1, 2))),
    "vdot flattens": (lambda: ops.vdot(X, X), lambda: np.float32(np.vdot(X, X))),
    "cross along the last axis": (lambda: ops.cross(X[:, :3], V), lambda: np.cross(X[:, :3], V)),
    "cross of axes": (
        lambda: ops.cross(X[:, :3], X[:, 1:], axisa=0, axisb=1, axisc=0),
        lambda: np.cross(X[:, :3], X[:, 1:], axisa=0, axisb=1, axisc=0),
    ),
    "cross of planes": (
        lambda: ops.cross(X[:, :2], X[:, 2:]),
        lambda: X[:, 0] * X[:, 3] - X[:, 1] * X[:, 2],
    ),
    "correlation as long as the longer": (
        lambda: ops.correlate(X[0, :2], X[1], mode="same"),
        lambda: np.correlate(X[0, :2], X[1], mode="same"),
    ),
    "correlation with one as long": (
        lambda: ops.correlate(X[0], X[1], mode="valid"),
        lambda: np.correlate(X[0], X[1], mode="valid"),
    ),
    "negative step": (lambda: ops.get_item(DEEP, (0, ..., slice(None, None, -2))), lambda: DEEP[0, ..., ::-2]),
    "negative step of a part": (
        lambda: ops.get_item(torch.tensor(DEEP), (slice(None, None, -1), slice(2, 0, -1))),
        lambda: DEEP[::-1, 2:0:-1],
    ),
    "negative step of nothing": (lambda: ops.get_item(torch.tensor(X), slice(0, 2, -1)), lambda: X[0:2:-1]),
    "each element as often as a list says": (
        lambda: ops.repeat(X, [1, 0, 2], axis=0),
        lambda: np.repeat(X, [1, 0, 2], axis=0),
    ),
    "one shift for several axes": (lambda: ops.roll(X, 1, axis=(0, 1)), lambda: np.roll(X, 1, axis=(0, 1))),
    "flattened and joined": (lambda: ops.concatenate([X, V], axis=None), lambda: np.concatenate([X, V], axis=None)),
    "split beyond the end": (lambda: ops.split(X, [1, 9], axis=1)[2], lambda: np.split(X, [1, 9], axis=1)[2]),
    "parts at places": (lambda: ops.array_split(X, [1, 3], axis=1)[1], lambda: np.array_split(X, [1, 3], axis=1)[1]),
    "rows counted together": (
        lambda: ops.bincount([[0, 1], [2, 2]]),
        lambda: np.array([[1, 1, 0], [0, 0, 2]], "int32"),
    ),
    "histogram of whole numbers": (
        lambda: ops.histogram([1, 2, 2, 5], bins=4)[0],
        lambda: np.histogram([1, 2, 2, 5], bins=4)[0].astype("float32"),
    ),
    "histogram without NaN": (
        lambda: ops.histogram([1.0, np.nan, 2.0], bins=2, range=(0, 4))[0],
        lambda: np.float32([1, 1]),
    ),
    "first places in a matrix": (
        lambda: ops.unique([[3, 1], [1, 0]], return_index=True)[1],
        lambda: np.unique([[3, 1], [1, 0]], return_index=True)[1],
    ),
    "searching truths": (
        lambda: ops.searchsorted([False, True], [True, False]),
        lambda: np.array([1, 0], "int32"),
    ),
    "matrix product of truths": (
        lambda: ops.einsum("ij,jk->ik", X > 0, X.T > 0),
        lambda: (X > 0) @ (X.T > 0),
    ),
    **{
        f"{mode} padding of the last axes of {axes}": (
            lambda mode=mode, axes=axes: ops.pad(
                DEEP.reshape(1, 2, 1, 3, 4)[(0,) * (5 - axes)], [(0, 0)] * (axes - 2) + [(1, 2), (3, 0)], mode=mode
            ),
            lambda mode=mode, axes=axes: np.pad(
                DEEP.reshape(1, 2, 1, 3, 4)[(0,) * (5 - axes)], [(0, 0)] * (axes - 2) + [(1, 2), (3, 0)], mode=mode
            ),
        )
        for mode in ("reflect", "symmetric", "edge", "wrap")
        for axes in (2, 3, 4, 5)
    },
    "reversed axes": (lambda: ops.transpose(DEEP), lambda: DEEP.T),
    "trace of int8": (lambda: ops.trace(np.full((2, 2), 100, "int8")), lambda: np.int32(200)),
    "hamming of one": (lambda: ops.hamming(1), lambda: np.hamming(1).astype("float32")),
    "tensordot of none": (lambda: ops.tensordot(X, V, axes=0), lambda: np.tensordot(X, V, axes=0)),
    "vander": (lambda: ops.vander([1.0, 2.0], 3), lambda: np.vander([1.0, 2.0], 3).astype("float32")),
    "vectorized with names": (
        lambda: ops.vectorize(lambda a, b: a + b)(X, b=X[0]),
        lambda: X + X[0],
    ),
}


@pytest.mark.parametrize("name", AS_NUMPY)
def test_it_is_as_in_numpy(name: str) -> None:
    ours, numpys = (np.asarray(call()) for call in AS_NUMPY[name])
    assert ours.shape == numpys.shape
    np.testing.assert_allclose(ours, numpys, rtol=1e-5, atol=1e-6)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "reshape": (lambda: ops.reshape(X, (5, 2)), r"ops\.reshape: .*\(3, 4\)"),
    "transpose": (lambda: ops.transpose(X, (0, 0)), r"ops\.transpose"),
    "squeeze of symbols": (lambda: ops.squeeze(KerasTensor((2, 1)), axis=0), "axes of size 1"),
    "expand_dims": (lambda: ops.expand_dims(X, (0, 0)), "each once"),
    "broadcast_to": (lambda: ops.broadcast_to(X, (2, 4)), r"ops\.broadcast_to"),
    "broadcast_to of symbols": (lambda: ops.broadcast_to(KerasTensor((3, 4)), (2, 4)), "broadcasts to"),
    "concatenate": (lambda: ops.concatenate([X, V]), r"ops\.concatenate: .*\[\(3, 4\), \(3,\)"),
    "concatenate of symbols": (lambda: ops.concatenate([KerasTensor((None, 2)), KerasTensor((None, 3))]), "differ"),
    "stack": (lambda: ops.stack([X, V]), r"ops\.stack"),
    "stack axis": (lambda: ops.stack([KerasTensor((2,)), KerasTensor((2,))], axis=5), "an axis of 2"),
    "split": (lambda: ops.split(X, 3, axis=1), "array_split"),
    "split of none": (lambda: ops.split(X, 0), "at least 1 part"),
    "split axis": (lambda: ops.split(X, 2, axis=3), "2 axes"),
    "vsplit": (lambda: ops.vsplit(V, 3), "1 axes"),
    "rot90": (lambda: ops.rot90(V), "at least 2 axes"),
    "rot90 axes": (lambda: ops.rot90(X, axes=(1, 1)), "two different axes"),
    "pad": (lambda: ops.pad(X, ((1, 1), (1, 1), (1, 1))), "each of 2 axes"),
    "pad mode": (lambda: ops.pad(X, 1, mode="reflekt"), "Did you mean 'reflect'"),
    "pad value": (lambda: ops.pad(X, 1, mode="edge", constant_values=1), "mode='edge'"),
    "pad of nothing": (lambda: ops.pad(X[:0], 1, mode="edge"), "axis with numbers"),
    "diag": (lambda: ops.diag(DEEP), r"ops\.diag"),
    "eye": (lambda: ops.eye(3.5), "a whole number, got 3.5"),
    "eye negative": (lambda: ops.eye(-1), "at least 0, got -1"),
    "meshgrid": (lambda: ops.meshgrid(V, indexing="yx"), "'xy' or 'ij'"),
    "meshgrid of none": (lambda: ops.meshgrid(), "at least one row"),
    "vander": (lambda: ops.vander(X), "a row of numbers"),
    "linspace": (lambda: ops.linspace(0, 1, -1), "at least 0, got -1"),
    "geomspace": (lambda: ops.geomspace(1, 0), "other than 0"),
    "arange": (lambda: ops.arange(0, 3, 0), r"ops\.arange"),
    "window": (lambda: ops.hanning(-1), r"hanning\(x=...\)"),
    "window of a symbol": (lambda: ops.kaiser(KerasTensor((), "int32"), 3.0), "a number that is known"),
    "take": (lambda: ops.take(X, [7], axis=1), r"ops\.take"),
    "get_item": (lambda: ops.get_item(torch.tensor(X), 7), r"ops\.get_item"),
    "get_item of symbols": (lambda: KerasTensor((3, 4))[5], "a place in an axis of 3"),
    "get_item of too many": (lambda: KerasTensor((3, 4))[0, 0, 0], "at most 2 places"),
    "unravel_index": (lambda: ops.unravel_index(V, (2, 2)), "whole numbers, got 'float32'"),
    "searchsorted": (lambda: ops.searchsorted(X, V), "one row"),
    "searchsorted side": (lambda: ops.searchsorted(V, V, side="mid"), "'left' or 'right'"),
    "argpartition": (lambda: ops.argpartition(V, 3), "a place among 3"),
    "matmul": (lambda: ops.matmul(X, X), r"ops\.matmul: .*\[\(3, 4\), \(3, 4\)\]"),
    "matmul of symbols": (lambda: ops.matmul(KerasTensor((2, 3)), KerasTensor((4, 5))), "as many columns"),
    "matmul of batches": (lambda: ops.matmul(KerasTensor((2, 2, 3)), KerasTensor((4, 3, 5))), "broadcast"),
    "cross": (lambda: ops.cross(X, X), "2 or 3 numbers"),
    "einsum": (lambda: ops.einsum("ij,jk->ik", X, X), r"ops\.einsum"),
    "einsum argument": (lambda: ops.einsum("ij->ji", X, order="C"), "`optimize`"),
    "histogram": (lambda: ops.histogram(X), "a row of numbers"),
    "histogram bins": (lambda: ops.histogram(V, bins=0), "at least 1"),
    "histogram range": (lambda: ops.histogram(V, range=(3, 1)), "larger upper end"),
    "bincount": (lambda: ops.bincount(V), "whole numbers"),
    "bincount sparse": (lambda: ops.bincount([1], sparse=True), "False on PyTorch"),
    "correlate": (lambda: ops.correlate(X, X), "two rows"),
    "correlate mode": (lambda: ops.correlate(V, V, mode="bad"), "'valid', 'same' or 'full'"),
    "diff": (lambda: ops.diff(V, n=-1), r"ops\.diff"),
    "vectorize": (lambda: ops.vectorize(3), "a function"),
    "vectorize signature": (lambda: ops.vectorize(ops.sum, signature="(n->()"), "axes of arguments"),
    "vectorize axes": (lambda: ops.vectorize(ops.sum, signature="(m,n)->()")(V), "at least 2 axes"),
    "vectorize arguments": (lambda: ops.vectorize(ops.sum, signature="(n),(n)->()")(V), "1 arguments"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_invalid(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(Invalid, match=message):
        call()


@pytest.mark.parametrize("kth", [0, 2, 4, -2])
def test_argpartition_puts_one_number_where_it_is_if_sorted(kth: int) -> None:
    x = np.array([[5, 3, 1, 4, 2], [1, 1, 2, 0, 1]])
    found = np.take_along_axis(x, np.asarray(ops.argpartition(x, kth)).astype(int), axis=1)
    assert (found[:, kth] == np.sort(x)[:, kth]).all()
    assert (found[:, :kth] <= found[:, [kth]]).all()


def test_a_tensor_is_handed_on_by_array_and_copied_by_copy() -> None:
    x = torch.ones(3)
    assert ops.array(x) is x
    assert ops.copy(x).data_ptr() != x.data_ptr()


def test_broadcast_takes_no_memory() -> None:
    x = torch.ones(1, 3)
    assert ops.broadcast_to(x, (1000, 3)).data_ptr() == x.data_ptr()


def test_ndim_and_size_of_lists() -> None:
    assert ops.ndim([[1, 2]]) == 2
    assert int(ops.size([[1, 2]])) == 2
    assert ops.ndim(KerasTensor((None, 3))) == 2


def test_nonzero_of_a_symbol_is_a_row_of_places_for_each_axis() -> None:
    assert ops.nonzero(KerasTensor((None, 3))).shape == (2, None)


def test_a_vectorized_function_takes_symbols() -> None:
    rows = ops.vectorize(lambda row: ops.sum(row), signature="(n)->()")
    assert rows(KerasTensor((None, 3))).shape == (None,)


def test_constant_padding_takes_a_symbol() -> None:
    padded = ops.pad(KerasTensor((None, 3)), ((0, 0), (1, 2)), constant_values=KerasTensor(()))
    assert padded.shape == (None, 6)


def test_gradients_flow_into_the_number_that_pads() -> None:
    value = torch.tensor(2.0, requires_grad=True)
    ops.pad(torch.ones(2, 2), 1, constant_values=value).sum().backward()
    assert value.grad == 12


def test_gradients_flow_into_what_numbers_count() -> None:
    weights = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (ops.bincount(torch.tensor([0, 1, 1]), weights=weights) * torch.tensor([5.0, 7.0])).sum().backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == [5, 7, 7]


def test_creation_follows_floatx() -> None:
    from kerasviz import config

    config.set_floatx("float16")
    try:
        made = (ops.zeros(2), ops.eye(2), ops.linspace(0, 1, 3), ops.arange(2.0), ops.hanning(3))
        assert {tensor.dtype for tensor in made} == {torch.float16}
    finally:
        config.set_floatx("float32")

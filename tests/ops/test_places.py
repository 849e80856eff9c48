"""Places from the end, and places that are not there: on the host, mapped over a batch, compiled, exported.

And what the wrapper of an operation takes."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from kerasviz import KerasTensor, Variable, ops
from kerasviz.declare import Invalid

X = torch.arange(12.0).reshape(4, 3)
FROM_END = torch.tensor([-1, 0, -4])


def parted(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The rows at some places."""
    return ops.take(x, places, axis=0)


def test_places_from_the_end() -> None:
    assert_close(parted(X, FROM_END), X[[3, 0, 0]])
    assert_close(ops.take_along_axis(X, torch.tensor([[-1, 1, -2]]), 0), torch.tensor([[9.0, 4.0, 8.0]]))
    assert_close(ops.take(X, [[-1, 0], [1, -2]], axis=1), X[:, [[2, 0], [1, 1]]])


def test_places_that_are_not_there_are_refused() -> None:
    with pytest.raises(Invalid, match="take"):
        parted(X, torch.tensor([4]))
    with pytest.raises(Invalid, match="take"):
        parted(X, torch.tensor([-5]))


def test_mapped_over_a_batch() -> None:
    batch = torch.stack([FROM_END, FROM_END.flip(0)])
    assert_close(torch.vmap(lambda places: parted(X, places))(batch), X[batch])
    rows = torch.stack([X, X + 100])
    assert_close(torch.vmap(lambda x: parted(x, FROM_END))(rows), rows[:, FROM_END])
    along = torch.tensor([[[-1, 1, -2]], [[0, -4, 3]]])
    found = torch.vmap(lambda x, places: ops.take_along_axis(x, places, 0))(rows, along)
    assert_close(found, torch.take_along_dim(rows, along, 1))


def test_compiled_and_exported_with_other_places() -> None:
    class Parted(torch.nn.Module):
        def forward(self, x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            return parted(x, places)

    compiled = torch.compile(parted, fullgraph=True, backend="eager")
    exported = torch.export.export(Parted(), (X, torch.tensor([0, 1, 2]))).module()
    for function in (compiled, exported):
        assert_close(function(X, FROM_END), X[FROM_END])


@pytest.mark.parametrize("name", ["segment_sum", "segment_max", "segment_min", "segment_prod"])
def test_rows_of_no_segment_are_left_out(name: str) -> None:
    function = getattr(ops, name)
    ids = torch.tensor([0, -1, 2, 7])
    kept = torch.tensor([0, 2])
    assert_close(function(X, ids, 3), function(X[kept], kept, 3))
    x = X.clone().requires_grad_()
    function(x, ids, 3)[kept].sum().backward()
    assert x.grad is not None
    assert_close(x.grad[:, 0] != 0, torch.tensor([True, False, True, False]))


def test_saturate_cast_at_the_ends() -> None:
    x = torch.tensor([torch.nan, torch.inf, -torch.inf, 2.0**31, -(2.0**31), 2147483520.0, 300.7, -300.7])
    assert ops.saturate_cast(x, "int32").tolist() == [
        *(0, 2**31 - 1, -(2**31)),
        *(2**31 - 1, -(2**31), 2147483520, 300, -300),
    ]
    assert ops.saturate_cast(x, "uint8").tolist() == [0, 255, 0, 255, 0, 255, 255, 0]
    assert ops.saturate_cast(x.half(), "int8").tolist() == [0, 127, -128, 127, -128, 127, 127, -128]
    assert ops.saturate_cast(x.double(), "int64").tolist()[:4] == [0, 2**63 - 1, -(2**63), 2**31]


def test_division_by_zero_has_no_gradient() -> None:
    x = torch.tensor([1.0, 2.0, torch.inf], requires_grad=True)
    y = torch.tensor([0.0, 4.0, 0.0], requires_grad=True)
    outputs = ops.divide_no_nan(x, y)
    outputs.sum().backward()
    assert_close(outputs.detach(), torch.tensor([0.0, 0.5, 0.0]))
    assert_close(x.grad, torch.tensor([0.0, 0.25, 0.0]))
    assert_close(y.grad, torch.tensor([0.0, -0.125, 0.0]))


@pytest.mark.parametrize("given", ["first", "second", "by name", "in a list", "in a dict"])
def test_symbols_are_seen_wherever_they_are(given: str) -> None:
    symbol, x = KerasTensor((None, 3)), torch.ones(1, 3)
    found = {
        "first": lambda: ops.add(symbol, x),
        "second": lambda: ops.add(x, symbol),
        "by name": lambda: ops.exp(x=symbol),
        "in a list": lambda: ops.concatenate([x, symbol], axis=1),
        "in a dict": lambda: ops.fori_loop(0, 2, lambda _, state: state, {"a": x, "b": symbol})["b"],
    }[given]()
    assert isinstance(found, KerasTensor)


def test_variables_numbers_and_arrays_are_taken() -> None:
    variable = Variable([1.0, 2.0])
    assert_close(ops.exp(variable), torch.exp(variable))
    assert_close(ops.add(variable, 1), variable + 1)
    assert_close(ops.add(2, variable.numpy()), variable.detach() + 2)
    assert_close(ops.maximum(x1=[1.0, 5.0], x2=variable), torch.tensor([1.0, 5.0]))


def test_missing_arguments_are_named() -> None:
    with pytest.raises(TypeError, match=r"exp\(\) missing 1 required positional argument: 'x'"):
        ops.exp()  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match=r"add\(\) missing 1 required positional argument: 'x2'"):
        ops.add(1)  # pyright: ignore[reportCallIssue]

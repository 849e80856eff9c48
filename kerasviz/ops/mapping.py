"""One function over the slices of a tensor: in order with a carry, all at once, or in a tree."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import tensor
from kerasviz.ops.tracing import called_with, flow, has_tensors, like, traced
from kerasviz.tensors import KerasTensor, leaves, map_leaves, torch_dtype


def _row(symbol: KerasTensor, axis: int = 0) -> KerasTensor:
    return KerasTensor((*symbol.shape[:axis], *symbol.shape[axis + 1 :]), symbol.dtype)


def _stacked(symbol: KerasTensor | None, size: int | None) -> KerasTensor | None:
    return None if symbol is None else KerasTensor((size, *symbol.shape), symbol.dtype)


def _scan_outputs(
    f: Callable, init: Any, xs: Any = None, length: Any = None, reverse: bool = False, unroll: int | bool = 1
) -> Any:
    rows = None if xs is None else map_leaves(lambda x: _row(like(x)), xs)
    size = _length(xs, length)
    carry, one = traced(lambda state: f(state, None), init) if rows is None else traced(f, init, rows)
    return carry, map_leaves(lambda symbol: _stacked(symbol, size), one)


@flow(_scan_outputs)
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Call `carry, y = f(carry, x)` for each slice of `xs` along its first axis.

    Args:
        f: takes the carry and a slice, gives the next carry and what is kept of this step.
        init: the first carry: a tensor or a nest of them.
        xs: a tensor or a nest of them with a first axis of one size; None calls `f(carry, None)` `length` times.
        length: number of steps; that of `xs` by default.
        reverse: whether to go from the last slice to the first; what is kept stays at its slice's place.
        unroll: steps of one turn of a compiled loop: of no effect on PyTorch.

    Returns:
        The last carry, and what was kept, stacked along a new first axis.

    Raises:
        Invalid: where `f` is no function, `unroll` is neither a bool nor a positive number, or sizes differ.
    """
    called_with("scan(f=...)", f)
    if not isinstance(unroll, (bool, int)) or (not isinstance(unroll, bool) and unroll < 1):
        raise Invalid("scan(unroll=...)", "True, False or a whole number at least 1", unroll)
    xs = None if xs is None else map_leaves(tensor, xs)
    steps = _length(xs, length) or 0
    carry = map_leaves(lambda value: value if value is None else tensor(value), init)
    if steps == 0:
        _, kept = _scan_outputs(f, carry, xs, length)
        return carry, map_leaves(_empty, kept)
    parts = [None] * steps if xs is None else _slices(xs, steps)
    ys: list[Any] = []
    for part in reversed(parts) if reverse else parts:
        carry, y = f(carry, part)
        ys.append(y)
    ys = ys[::-1] if reverse else ys
    if not has_tensors(ys[0]):
        return carry, ys[0]
    return carry, map_leaves(_stack, *ys)


def _slices(xs: Any, steps: int) -> list[Any]:
    """The structure once for each slice."""
    columns = [iter(torch.unbind(value)) for value in leaves(xs)]
    rows = []
    for _ in range(steps):
        row = iter([next(column) for column in columns])
        rows.append(map_leaves(lambda _, row=row: next(row), xs))
    return rows


def _stack(*values: Any) -> Tensor | None:
    return None if values[0] is None else torch.stack([tensor(value) for value in values])


def _empty(symbol: KerasTensor | None) -> Tensor | None:
    shape = () if symbol is None else [size or 0 for size in symbol.shape]
    return None if symbol is None else torch.zeros(shape, dtype=torch_dtype(symbol.dtype))


def _length(xs: Any, length: int | None) -> int | None:
    sizes = {tuple(value.shape)[:1] for value in leaves(xs) if value is not None}
    if length is not None:
        sizes.add((int(length),))
    if () in sizes or len(sizes - {(None,)}) > 1:
        raise Invalid("scan(xs=..., length=...)", "first axes of one size", [str(size) for size in sizes])
    if not sizes:
        raise Invalid("scan(length=...)", "a number of steps where there is no xs", None)
    return next(iter(sizes - {(None,)}), (None,))[0]


def _map_outputs(f: Callable, xs: Any) -> Any:
    rows = map_leaves(lambda x: _row(like(x)), xs)
    return map_leaves(lambda symbol: _stacked(symbol, _length(xs, None)), traced(f, rows))


@flow(_map_outputs)
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Stack what `f` gives for each slice along the first axis, one after another. See `vectorized_map` for speed.

    Args:
        f: takes a slice of each tensor, gives a tensor or a nest of them.
        xs: a tensor or a nest of them with a first axis of one size.
    """
    called_with("map(f=...)", f)
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@flow(lambda function, elements: _map_outputs(function, elements))
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """What `function` gives for each slice along the first axis, computed for all slices at once by `torch.vmap`.

    Args:
        function: takes a slice of each tensor; torch must be able to vectorize it. Random numbers differ by slice.
        elements: a tensor or a nest of them with a first axis of one size.
    """
    called_with("vectorized_map(function=...)", function)
    return torch.vmap(function, randomness="different")(map_leaves(tensor, elements))


def _associative_outputs(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    return map_leaves(like, elems)


@flow(_associative_outputs)
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All running combinations along an axis, in a number of rounds that grows with the logarithm of its size.

    Args:
        f: combines two slices of many places at once, element by element; it must be associative.
        elems: a tensor or a nest of them with an axis of one size.
        reverse: whether to run from the end.
        axis: the axis.

    Source: Guy E. Blelloch, "Prefix Sums and Their Applications", 1990.
    """
    called_with("associative_scan(f=...)", f)
    values = [tensor(value) for value in leaves(elems)]
    sizes = {value.shape[axis] if value.ndim else None for value in values}
    if len(sizes) != 1 or None in sizes:
        raise Invalid(
            "associative_scan(elems=...)", f"tensors with one size along axis {axis}", [str(size) for size in sizes]
        )
    axes = [axis % value.ndim for value in values]
    if reverse:
        values = [torch.flip(value, [at]) for value, at in zip(values, axes, strict=True)]

    def combine(one: list[Tensor], other: list[Tensor]) -> list[Tensor]:
        first, second = iter(one), iter(other)
        joined = f(map_leaves(lambda _: next(first), elems), map_leaves(lambda _: next(second), elems))
        return list(leaves(joined))

    results = _prefixes(combine, values, axes)
    if reverse:
        results = [torch.flip(value, [at]) for value, at in zip(results, axes, strict=True)]
    done = iter(results)
    return map_leaves(lambda _: next(done), elems)


def _prefixes(combine: Callable, values: list[Tensor], axes: list[int]) -> list[Tensor]:
    size = values[0].shape[axes[0]]
    if size < 2:
        return values
    pairs = combine(_every_second(values, axes, 0, size - 1), _every_second(values, axes, 1, size))
    odd = _prefixes(combine, pairs, axes)
    before = odd if size % 2 else _cut(odd, axes, 0, size // 2 - 1)
    even = combine(before, _every_second(values, axes, 2, size))
    firsts = _cut(values, axes, 0, 1)
    even = [torch.cat(parts, dim=at) for *parts, at in zip(firsts, even, axes, strict=True)]
    return [_woven(*parts) for parts in zip(even, odd, axes, strict=True)]


def _every_second(values: list[Tensor], axes: list[int], start: int, stop: int) -> list[Tensor]:
    return [value[(*(slice(None),) * at, slice(start, stop, 2))] for value, at in zip(values, axes, strict=True)]


def _cut(values: list[Tensor], axes: list[int], start: int, size: int) -> list[Tensor]:
    return [value.narrow(at, start, size) for value, at in zip(values, axes, strict=True)]


def _woven(even: Tensor, odd: Tensor, axis: int) -> Tensor:
    """By turns along an axis; `even` may have one more."""
    count = odd.shape[axis]
    both = torch.stack([even.narrow(axis, 0, count), odd], dim=axis + 1).flatten(axis, axis + 1)
    rest = even.shape[axis] - count
    return torch.cat([both, even.narrow(axis, count, rest)], dim=axis) if rest else both


__all__ = ["associative_scan", "map", "scan", "vectorized_map"]

"""Several tensors to one, and one to several. Dtypes promote as torch's do: float64 and int64 stay what they are."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, torch_dtype

Sizes = list[int | None]


def _tensors(xs: Iterable[Any]) -> list[Tensor]:
    return [x if isinstance(x, Tensor) else tensor(x) for x in xs]


def _like_symbol(x: Any) -> Any:
    return x if isinstance(x, (KerasTensor, Tensor)) else tensor(x)


def _promoted(parts: Sequence[Any]) -> torch.dtype:
    dtype = torch_dtype(parts[0].dtype)
    for part in parts[1:]:
        dtype = torch.promote_types(dtype, torch_dtype(part.dtype))
    return dtype


def _same(name: str, shapes: Sequence[Sizes]) -> Sizes:
    """The first of shapes that are the same as far as they are known."""
    first = shapes[0]
    for other in shapes[1:]:
        fits = len(other) == len(first) and all(None in (a, b) or a == b for a, b in zip(first, other, strict=True))
        if not fits:
            raise Invalid(f"ops.{name}", "shapes that differ along the axis at most", [tuple(s) for s in shapes])
    return first


def _joined(name: str, parts: Sequence[Any], shapes: Sequence[Sizes], axis: int) -> KerasTensor:
    rank = len(shapes[0])
    if not -rank <= axis < rank:
        raise Invalid(f"ops.{name}(axis=...)", f"an axis of {rank}", axis)
    along = [shape[axis] if len(shape) == rank else None for shape in shapes]
    total = None if None in along else sum(size or 0 for size in along)
    at = axis % rank
    others = _same(name, [[*shape[:at], None, *shape[at + 1 :]] for shape in shapes])
    return KerasTensor((*others[:at], total, *others[at + 1 :]), _promoted(parts))


def _row(shape: Sizes) -> Sizes:
    """The shape of all numbers in a row."""
    total = 1
    for size in shape:
        if size is None:
            return [None]
        total *= size
    return [total]


def _concatenate_outputs(xs: Any, axis: int | None = 0) -> KerasTensor:
    parts = [_like_symbol(x) for x in xs]
    shapes = [list(part.shape) for part in parts]
    if axis is None:
        return _joined("concatenate", parts, [_row(shape) for shape in shapes], 0)
    return _joined("concatenate", parts, shapes, axis)


@symbolic(_concatenate_outputs)
@op
def concatenate(xs: Any, axis: int | None = 0) -> Tensor:
    """Joined along an axis; flattened first for None."""
    parts = _tensors(xs)
    if axis is None:
        return torch.cat([part.flatten() for part in parts])
    return torch.cat(parts, dim=axis)


@symbolic(lambda x1, x2, axis=None: _concatenate_outputs([x1, x2], axis))
@op
def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """The second after the first along an axis; both flattened first for None."""
    a, b = _tensors((x1, x2))
    return torch.cat((a.flatten(), b.flatten())) if axis is None else torch.cat((a, b), dim=axis)


def _stack_outputs(x: Any, axis: int = 0) -> KerasTensor:
    parts = [_like_symbol(part) for part in x]
    shape = _same("stack", [list(part.shape) for part in parts])
    rank = len(shape) + 1
    if not -rank <= axis < rank:
        raise Invalid("ops.stack(axis=...)", f"an axis of {rank}", axis)
    at = axis % rank
    return KerasTensor((*shape[:at], len(parts), *shape[at:]), _promoted(parts))


@symbolic(_stack_outputs)
@op
def stack(x: Any, axis: int = 0) -> Tensor:
    """Joined along a new axis; all have one shape."""
    return torch.stack(_tensors(x), dim=axis)


def _hstack_outputs(xs: Any) -> KerasTensor:
    parts = [_like_symbol(x) for x in xs]
    shapes = [list(part.shape) or [1] for part in parts]
    return _joined("hstack", parts, shapes, 0 if len(shapes[0]) == 1 else 1)


@symbolic(_hstack_outputs)
@op
def hstack(xs: Any) -> Tensor:
    """Joined along the second axis; rows along their only one."""
    return torch.hstack(_tensors(xs))


def _vstack_outputs(xs: Any) -> KerasTensor:
    parts = [_like_symbol(x) for x in xs]
    return _joined("vstack", parts, [_at_least_2d(list(part.shape)) for part in parts], 0)


def _at_least_2d(shape: Sizes) -> Sizes:
    return shape if len(shape) > 1 else [1, *(shape or [1])]


@symbolic(_vstack_outputs)
@op
def vstack(xs: Any) -> Tensor:
    """Joined along the first axis; rows below each other."""
    return torch.vstack(_tensors(xs))


def _dstack_outputs(xs: Any) -> KerasTensor:
    parts = [_like_symbol(x) for x in xs]
    shapes = [_at_least_2d(list(part.shape)) for part in parts]
    return _joined("dstack", parts, [shape if len(shape) > 2 else [*shape, 1] for shape in shapes], 2)


@symbolic(_dstack_outputs)
@op
def dstack(xs: Any) -> Tensor:
    """Joined along the third axis; rows and matrices get one of size 1 first."""
    return torch.dstack(_tensors(xs))


def _places(indices: Any) -> list[int]:
    """Where to cut, as ints."""
    return [int(index) for index in (indices.tolist() if hasattr(indices, "tolist") else indices)]


def _parts(name: str, size: int | None, sections: Any, uneven: bool = False) -> list[int | None]:
    """The sizes of the parts of an axis."""
    if not isinstance(sections, int):
        places = [0, *_places(sections)]
        known = [max(stop - start, 0) for start, stop in pairwise(places)]
        return [*known, None if size is None else max(size - places[-1], 0)]
    if sections < 1:
        raise Invalid(f"{name}(indices_or_sections=...)", "at least 1 part", sections)
    if size is None:
        return [None] * sections
    if size % sections and not uneven:
        hint = "`array_split` makes parts of different sizes."
        raise Invalid(f"{name}(indices_or_sections=...)", f"a divisor of {size}, the size of the axis", sections, hint)
    return [size // sections + (part < size % sections) for part in range(sections)]


def _cut_outputs(name: str, x: Any, sections: Any, axis: int, uneven: bool = False) -> list[KerasTensor]:
    shape = list(x.shape)
    at = _axis(name, axis, len(shape))
    sizes = _parts(name, shape[at], sections, uneven)
    return [KerasTensor((*shape[:at], size, *shape[at + 1 :]), x.dtype) for size in sizes]


def _axis(name: str, axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise Invalid(f"ops.{name}", f"an axis {axis}", f"{rank} axes")
    return axis % rank


def _cut(name: str, x: Any, sections: Any, axis: int) -> list[Tensor]:
    x = tensor(x)
    if not isinstance(sections, int):
        return list(torch.tensor_split(x, _places(sections), dim=axis))
    size = x.shape[_axis(name, axis, x.ndim)]
    if sections < 1 or size % sections:
        _parts(name, size, sections)
    return list(torch.tensor_split(x, sections, dim=axis))


@symbolic(lambda x, indices_or_sections, axis=0: _cut_outputs("split", x, indices_or_sections, axis))
@op
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut along an axis: into so many equal parts, or at these places."""
    return _cut("split", x, indices_or_sections, axis)


@symbolic(lambda x, indices_or_sections, axis=0: _cut_outputs("array_split", x, indices_or_sections, axis, True))
@op
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut along an axis: into so many parts, the first ones larger by one where need be, or at these places."""
    x = tensor(x)
    if not isinstance(indices_or_sections, int):
        return _cut("array_split", x, indices_or_sections, axis)
    if indices_or_sections < 1:
        _parts("array_split", None, indices_or_sections)
    return list(torch.tensor_split(x, indices_or_sections, dim=axis))


def _side(x: Any) -> int:
    return 0 if len(x.shape) == 1 else 1


@symbolic(lambda x, indices_or_sections: _cut_outputs("hsplit", x, indices_or_sections, _side(x)))
@op
def hsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the second axis, a row along its only one."""
    x = tensor(x)
    return _cut("hsplit", x, indices_or_sections, _side(x))


@symbolic(lambda x, indices_or_sections: _cut_outputs("vsplit", x, indices_or_sections, _axis("vsplit", 1, x.ndim) - 1))
@op
def vsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the first axis of two or more."""
    x = tensor(x)
    return _cut("vsplit", x, indices_or_sections, _axis("vsplit", 1, x.ndim) - 1)


@symbolic(lambda x, indices_or_sections: _cut_outputs("dsplit", x, indices_or_sections, 2))
@op
def dsplit(x: Any, indices_or_sections: Any) -> list[Tensor]:
    """Cut along the third axis."""
    return _cut("dsplit", x, indices_or_sections, 2)


__all__ = [
    "append",
    "array_split",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "vsplit",
    "vstack",
]

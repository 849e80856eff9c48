"""Parts put into tensors and taken out at places that tensors may name."""

import builtins
from typing import Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.tracing import like
from kerasviz.tensors import KerasTensor

REDUCE = {"max": "amax", "min": "amin", "mul": "prod"}  # Keras's name -> torch's


@symbolic(lambda indices, values, shape: KerasTensor(tuple(shape), like(values).dtype))
@op
def scatter(indices: Any, values: Any, shape: Any) -> Tensor:
    """Zeros of a shape with `values` added at `indices`: what meets at one place is summed.

    Shapes:
        indices: (*places, depth): positions along the first `depth` axes
        values: (*places, *shape[depth:])
        outputs: shape
    """
    places, values = tensor(indices).long(), tensor(values)
    return values.new_zeros(tuple(shape)).index_put(tuple(places.unbind(-1)), values, accumulate=True)


@symbolic(lambda inputs, indices, updates, reduction=None: like(inputs))
@op
def scatter_update(
    inputs: Any, indices: Any, updates: Any, reduction: Literal["add", "max", "min", "mul"] | None = None
) -> Tensor:
    """`inputs` with other numbers at `indices`.

    Args:
        inputs: the tensor; it is not changed.
        indices: positions along the first axes.
        updates: what to put there, in the dtype of `inputs`.
        reduction: how a number joins the one in its place: None replaces it (if several meet, one of them stays).

    Shapes:
        indices: (*places, depth)
        updates: (*places, *inputs.shape[depth:])
    """
    x = tensor(inputs)
    places, updates = tensor(indices).long(), tensor(updates).to(x.dtype)
    if reduction in (None, "add"):
        return x.index_put(tuple(places.unbind(-1)), updates, accumulate=reduction == "add")
    if reduction not in REDUCE:
        raise Invalid("scatter_update(reduction=...)", "None, 'add', 'max', 'min' or 'mul'", reduction)
    depth = places.shape[-1]
    rest = x.shape[depth:]
    rows = x.reshape(-1, *rest)
    at = _row_numbers(places, x.shape[:depth]).reshape(-1, *(1 for _ in rest)).expand(-1, *rest)
    return rows.scatter_reduce(0, at, updates.reshape(-1, *rest), REDUCE[reduction]).reshape(x.shape)


def _row_numbers(places: Tensor, sizes: Any) -> Tensor:
    """Positions along several axes as positions along all of them in one."""
    number = torch.zeros((), dtype=torch.int64, device=places.device)
    for position, size in zip(places.unbind(-1), sizes, strict=True):
        number = number * size + position % size
    return number


@symbolic(lambda inputs, start_indices, shape: KerasTensor(tuple(shape), like(inputs).dtype))
@op
def slice(inputs: Any, start_indices: Any, shape: Any) -> Tensor:
    """The block of a shape that begins at `start_indices`.

    Args:
        inputs: the tensor.
        start_indices: where the block begins along each axis: whole numbers at least 0, or a tensor of them, which may
            be on a device: it is not read by the host.
        shape: the block's sizes.

    Raises:
        Invalid: where the block does not lie in the tensor (for starts on a device, torch finds out).
    """
    x, sizes = tensor(inputs), tuple(shape)
    starts = _starts(start_indices)
    if not isinstance(starts, Tensor):
        return x[_block("slice", x, starts, sizes)]
    for axis, (start, size) in enumerate(zip(starts.unbind(), sizes, strict=True)):
        x = x.index_select(axis, start + torch.arange(size, device=x.device))
    return x


@symbolic(lambda inputs, start_indices, updates: like(inputs))
@op
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Tensor:
    """`inputs` with the block that begins at `start_indices` replaced by `updates`; the latter's shape is the block's.

    Args:
        inputs: the tensor; it is not changed.
        start_indices: where the block begins along each axis: whole numbers at least 0, or a tensor of them, which may
            be on a device: it is not read by the host.
        updates: what to put there, in the dtype of `inputs`.

    Raises:
        Invalid: where the block does not lie in the tensor (for starts on a device, torch finds out).
    """
    x, updates = tensor(inputs), tensor(updates)
    starts = _starts(start_indices)
    if not isinstance(starts, Tensor):
        block: tuple[Any, ...] = _block("slice_update", x, starts, tuple(updates.shape))
        result = x.clone()
        result[block] = updates.to(x.dtype)
        return result
    rank = len(updates.shape)
    block = tuple(
        (start + torch.arange(size, device=x.device)).reshape(-1, *(1 for _ in range(rank - axis - 1)))
        for axis, (start, size) in enumerate(zip(starts.unbind(), updates.shape, strict=True))
    )
    return x.index_put(block, updates.to(x.dtype))


def _starts(start_indices: Any) -> Any:
    """Whole numbers in a list, or a tensor."""
    if isinstance(start_indices, Tensor):
        return start_indices.long()
    if hasattr(start_indices, "tolist"):
        return start_indices.tolist()
    for start in start_indices:
        if isinstance(start, Tensor):
            return torch.stack([torch.as_tensor(start).long() for start in start_indices])
    return start_indices


def _block(name: str, x: Tensor, starts: Any, sizes: tuple[int, ...]) -> tuple[builtins.slice, ...]:
    block = []
    for start, size, whole in zip(starts, sizes, x.shape, strict=False):
        if 0 <= start <= start + size <= whole:
            block.append(builtins.slice(start, start + size))
    if not len(block) == len(sizes) == len(starts):
        got = f"shape {sizes} from {starts}"
        raise Invalid(f"{name}(start_indices=...)", f"a block inside of a tensor of shape {tuple(x.shape)}", got)
    return tuple(block)


MOST_SLICES = 2**16  # symbols of one call


def _unstack_outputs(x: Any, num: int | None = None, axis: int = 0) -> list[KerasTensor]:
    axis = axis % len(x.shape)
    count = x.shape[axis] if num is None else num
    if count is None:
        hint = "Give `num`."
        raise Invalid("unstack of a symbol", f"a known size along axis {axis}", x.shape, hint)
    if x.shape[axis] not in (None, count) or not 0 <= count <= MOST_SLICES:
        expected = f"{x.shape[axis]} slices along axis {axis}" if x.shape[axis] is not None else f"0 to {MOST_SLICES}"
        raise Invalid("unstack(num=...)", expected, count)
    return [KerasTensor((*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype) for _ in range(count)]


@symbolic(_unstack_outputs)
@op
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis, as a list; the axis is gone.

    Args:
        x: the tensor.
        num: how many; needed only for a symbol whose size is unknown.
        axis: the axis.
    """
    return list(tensor(x).unbind(axis))


__all__ = ["scatter", "scatter_update", "slice", "slice_update", "unstack"]

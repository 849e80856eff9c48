"""Rows put together by their segment's number."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.places import quickest
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.tracing import like
from kerasviz.tensors import KerasTensor


def _segment_outputs(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> KerasTensor:
    return KerasTensor((num_segments, *data.shape[1:]), like(data).dtype)


@symbolic(_segment_outputs)
@op
def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Sum of the rows of each segment; 0 where a segment has none.

    Args:
        data: the rows.
        segment_ids: the segment of each row; a row of a segment that is not there is left out.
        num_segments: how many there are; None counts them, for which the host waits.
        sorted: whether the ids are in order: of no effect on PyTorch.

    Shapes:
        data: (rows, *rest)
        segment_ids: (rows,)
        outputs: (num_segments, *rest)
    """
    data, ids, count = _prepared("segment_sum", data, segment_ids, num_segments)

    def added(rows: int, at: Tensor) -> Tensor:
        return data.new_zeros((rows, *data.shape[1:])).index_add_(0, at, data)

    return _put_together(added, data, ids, count)


@symbolic(_segment_outputs)
@op
def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Product of the rows of each segment; 1 where a segment has none. Arguments as in `segment_sum`."""
    return _reduced(*_prepared("segment_prod", data, segment_ids, num_segments), "prod", lambda _: 1)


@symbolic(_segment_outputs)
@op
def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Largest of the rows of each segment; the least number there is where it has none. See `segment_sum`."""
    return _reduced(*_prepared("segment_max", data, segment_ids, num_segments), "amax", lambda dtype: _limits(dtype)[0])


@symbolic(_segment_outputs)
@op
def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Smallest of the rows of each segment; the largest number there is where it has none. See `segment_sum`."""
    return _reduced(*_prepared("segment_min", data, segment_ids, num_segments), "amin", lambda dtype: _limits(dtype)[1])


def _prepared(name: str, data: Any, segment_ids: Any, num_segments: int | None) -> tuple[Tensor, Tensor, int]:
    """Rows, their segments, and how many of these there are."""
    data, ids = tensor(data), tensor(segment_ids).long()
    if ids.ndim != 1 or data.ndim == 0 or len(ids) != len(data):
        got = (tuple(data.shape), tuple(ids.shape))
        raise Invalid(f"{name}(segment_ids=...)", "one whole number for each row: (rows, *rest) and (rows,)", got)
    count = num_segments if num_segments is not None else int(ids.max()) + 1 if len(ids) else 0
    return data, ids, int(count)


def _put_together(function: Callable[[int, Tensor], Tensor], data: Tensor, ids: Tensor, count: int) -> Tensor:
    """`function` of the number of segments and of each row's; what belongs to none is put before or after them."""
    return quickest(
        lambda at: function(count, at),
        ids,
        lambda: function(count + 2, ids.clamp(-1, count) + 1).narrow(0, 1, count),
    )


def _reduced(data: Tensor, ids: Tensor, count: int, reduce: str, empty: Callable[[torch.dtype], Any]) -> Tensor:
    def scattered(rows: int, at: Tensor) -> Tensor:
        result = data.new_full((rows, *data.shape[1:]), empty(data.dtype))
        return result.scatter_reduce_(0, at.reshape(-1, *[1] * (data.ndim - 1)).expand(data.shape), data, reduce)

    return _put_together(scattered, data, ids, count)


def _limits(dtype: torch.dtype) -> tuple[Any, Any]:
    if dtype == torch.bool:
        return False, True
    if dtype.is_floating_point:
        return float("-inf"), float("inf")
    return torch.iinfo(dtype).min, torch.iinfo(dtype).max


__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]

"""Numbers at given places of the sorted order: medians, quantiles, percentiles.

Source: Hyndman and Fan, "Sample quantiles in statistical packages", 1996; definition 7 is `linear`.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.ops.promotion import joined_float
from kerasviz.ops.recording import op
from kerasviz.ops.reductions import axes_of

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@op
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The middle of the sorted numbers over axes, or the mean of the two middle ones; NaN where one is NaN."""
    return at_quantiles("median", x, 0.5, axis, "linear", keepdims)


@op
def quantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """The numbers below which given parts of all numbers lie; NaN where one is NaN.

    Args:
        x: numbers.
        q: parts from 0 to 1: one, or a row of them, which is the first axis of the output. Those of a tensor are
            held between the two, not checked.
        axis: axes to look along; all of them for None.
        method: between two numbers: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the axes stay, with size 1.
    """
    return at_quantiles("quantile", x, q, axis, method, keepdims)


@op
def percentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of `q` in percent: from 0 to 100. The other arguments are those of `quantile`."""
    return at_quantiles("percentile", x, hundredth(q), axis, method, keepdims)


@op
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """`median` of the numbers that are not NaN; NaN where there are none."""
    return at_quantiles("nanmedian", x, 0.5, axis, "linear", keepdims, without_nan=True)


@op
def nanquantile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of the numbers that are not NaN; NaN where there are none."""
    return at_quantiles("nanquantile", x, q, axis, method, keepdims, without_nan=True)


@op
def nanpercentile(x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`percentile` of the numbers that are not NaN; NaN where there are none."""
    return at_quantiles("nanpercentile", x, hundredth(q), axis, method, keepdims, without_nan=True)


def hundredth(q: Any) -> Any:
    """Percent as parts."""
    return [part / 100 for part in q] if isinstance(q, (list, tuple)) else q / 100


def at_quantiles(
    name: str, x: Any, q: Any, axis: Any, method: str, keepdims: bool, *, without_nan: bool = False
) -> Tensor:
    """The sorted numbers over axes at parts `q` of their count."""
    if method not in METHODS:
        raise Invalid(f"ops.{name}(method=...)", f"one of {METHODS}", method, did_you_mean(method, METHODS))
    x = joined_float(x)
    axes = sorted(n % (x.ndim or 1) for n in axes_of(x, axis))
    if x.numel() == 0:
        raise Invalid(f"ops.{name}", "at least one number", f"shape {tuple(x.shape)}")
    rows = _rows(x, axes).sort(dim=-1).values
    if isinstance(q, (int, float)) and not without_nan:
        found, many = _at_one(name, rows, q, method), False
    else:
        parts = _parts(name, q, rows)
        found, many = _at_many(rows, parts.reshape(-1), method, without_nan), parts.ndim == 1
        found = found.movedim(-1, 0) if many else found.squeeze(-1)
    found = found.to(x.dtype)
    for one in axes if keepdims else ():
        found = found.unsqueeze(one + many)
    return found


def _rows(x: Tensor, axes: list[int]) -> Tensor:
    """What is looked along as the last axis; halves as float32, so that the steps between two numbers are fine."""
    x = x.to(torch.float32) if x.dtype in (torch.float16, torch.bfloat16) else x
    if len(axes) == x.ndim:
        return x.flatten()
    if len(axes) == 1:
        return x.movedim(axes[0], -1)
    return x.movedim(axes, list(range(-len(axes), 0))).flatten(-len(axes)) if axes else x.unsqueeze(-1)


def _parts(name: str, q: Any, rows: Tensor) -> Tensor:
    """The parts as a tensor beside the rows. Those on the host are checked; others are not read."""
    if isinstance(q, (int, float)):
        _check_parts(name, [q])
        return torch.full((), q, dtype=rows.dtype, device=rows.device)
    if not isinstance(q, Tensor):
        q = q.tolist() if isinstance(q, np.ndarray) else list(q)
        if not all(isinstance(part, (int, float)) for part in q):
            raise Invalid(f"ops.{name}(q=...)", "one number, or a row of them", q)
        _check_parts(name, q)
        return torch.tensor(q, dtype=rows.dtype).to(rows.device, non_blocking=True)
    if q.ndim > 1:
        raise Invalid(f"ops.{name}(q=...)", "one number, or a row of them", f"shape {tuple(q.shape)}")
    return q.to(rows.device, rows.dtype).clamp(0, 1)


def _check_parts(name: str, parts: Sequence[float]) -> None:
    if all(0 <= part <= 1 for part in parts):
        return
    if "percentile" in name:
        raise Invalid(f"ops.{name}(q=...)", "0 to 100", [part * 100 for part in parts])
    raise Invalid(f"ops.{name}(q=...)", "0 to 1", list(parts))


def _at_one(name: str, rows: Tensor, q: float, method: str) -> Tensor:
    """For one part that is known: no gathering, the places are Python's numbers."""
    _check_parts(name, [q])
    place = q * (rows.shape[-1] - 1)
    low, high = math.floor(place), math.ceil(place)
    if method == "nearest":
        low = high = round(place)
    below, above = rows[..., low], rows[..., high]
    weight = {"linear": place - low, "lower": 0.0, "higher": 1.0, "midpoint": 0.5}.get(method, 0.0)
    found = below if low == high or weight == 0 else above if weight == 1 else torch.lerp(below, above, weight)
    last = rows[..., -1]
    return torch.where(torch.isnan(last), last, found)


def _at_many(rows: Tensor, parts: Tensor, method: str, without_nan: bool) -> Tensor:
    """For parts in a tensor: (rest, parts)."""
    last = (~torch.isnan(rows)).sum(-1, keepdim=True) - 1 if without_nan else rows.shape[-1] - 1
    place = parts * last
    place = (place.clamp(min=0) if without_nan else place).expand(*rows.shape[:-1], len(parts))
    if method == "nearest":
        return _with_nan(rows, rows.gather(-1, place.round().long()), without_nan)
    low, high = place.floor(), place.ceil()
    below, above = rows.gather(-1, low.long()), rows.gather(-1, high.long())
    if method == "linear":
        found = torch.lerp(below, above, place - low)
    elif method == "midpoint":
        found = torch.where(low == high, below, (below + above) / 2)
    else:
        found = below if method == "lower" else above
    return _with_nan(rows, found, without_nan)


def _with_nan(rows: Tensor, found: Tensor, without_nan: bool) -> Tensor:
    last = rows[..., -1:]  # NaN is sorted last
    return found if without_nan else torch.where(torch.isnan(last), last, found)


__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]

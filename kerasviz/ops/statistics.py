"""Counts, differences, sums over curves, and how numbers go together."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.creation import whole
from kerasviz.ops.promotion import floating, joined_floats
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, result_type, torch_dtype

MODES = ("valid", "same", "full")


@op
def histogram(x: Any, bins: int = 10, range: Any = None) -> tuple[Tensor, Tensor]:
    """How many numbers are in each of so many bins of one width.

    Args:
        x: a row of numbers.
        bins: how many bins.
        range: the lower end of the first and the upper end of the last, which belongs to it; what is outside is left
            out. The least and the largest number for None.

    Shapes:
        x: (n)
        outputs: counts (bins), as floats; borders (bins + 1)
    """
    x = floating(x)
    if x.ndim != 1:
        raise Invalid("histogram(x=...)", "a row of numbers", tuple(x.shape))
    if not isinstance(bins, int) or bins < 1:
        raise Invalid("histogram(bins=...)", "a whole number at least 1", bins)
    if range is not None and not (len(range) == 2 and range[0] < range[1]):
        raise Invalid("histogram(range=...)", "a lower and a larger upper end", range)
    if x.device.type == "cpu" and x.dtype.itemsize >= 4 and not torch.compiler.is_compiling():
        return torch.histogram(x, bins, range=range and (float(range[0]), float(range[1])))
    borders = _borders(x.detach(), bins, range)
    places = torch.bucketize(x.detach(), borders, right=True) - 1
    inside = (x >= borders[0]) & (x <= borders[-1])
    counts = torch.zeros(bins, dtype=torch.float32, device=x.device)
    counts = counts.scatter_add(0, places.clamp(0, bins - 1), inside.to(counts.dtype))
    return counts.to(x.dtype), borders


def _borders(x: Tensor, bins: int, limits: Any) -> Tensor:
    places = torch.linspace(0, 1, bins + 1, dtype=torch.promote_types(x.dtype, torch.float32), device=x.device)
    if limits is not None or not x.shape[0]:
        low, high = (0.0, 1.0) if limits is None else (float(limits[0]), float(limits[1]))
        return torch.where(places == 1, high, low + places * (high - low)).to(x.dtype)
    low, high = torch.aminmax(x.to(places.dtype))
    half = torch.where(low == high, 0.5, 0.0)
    low, high = low - half, high + half
    return torch.where(places == 1, high, low + places * (high - low)).to(x.dtype)


def _bincount_dtype(x: Any, weights: Any) -> str:
    if weights is None:
        return "int32"
    return result_type(x.dtype, (weights if hasattr(weights, "dtype") else tensor(weights)).dtype)


def _bincount_outputs(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> KerasTensor:
    x = x if hasattr(x, "shape") else tensor(x)
    return KerasTensor((*x.shape[:-1], None), _bincount_dtype(x, weights))


@symbolic(_bincount_outputs)
@op
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """How often each whole number from 0 up comes, in each row.

    Args:
        x: whole numbers at least 0.
        weights: how much each one counts; 1 for None.
        minlength: how many numbers to count at least.
        sparse: must be False on PyTorch.

    Shapes:
        x, weights: (n) or (rows, n)
        outputs: (count) or (rows, count), up to the largest number of all rows
    """
    x = tensor(x)
    if sparse:
        raise Invalid("bincount(sparse=...)", "False on PyTorch", sparse)
    if x.is_floating_point() or not 1 <= x.ndim <= 2:
        got = (str(x.dtype).removeprefix("torch."), tuple(x.shape))
        raise Invalid("bincount(x=...)", "whole numbers in one row, or in rows", got)
    dtype, least = torch_dtype(_bincount_dtype(x, weights)), whole("bincount(minlength=...)", minlength)
    places = x.to(torch.int64)
    if weights is None and x.ndim == 1:
        return torch.bincount(places, minlength=least).to(dtype)
    length = max(least, int(places.max()) + 1 if x.numel() else 0)
    amounts = torch.ones_like(places, dtype=dtype) if weights is None else tensor(weights).to(dtype)
    counts = torch.zeros((*x.shape[:-1], length), dtype=dtype, device=x.device)
    return counts.scatter_add(-1, places, amounts.expand(places.shape))


@op
def corrcoef(x: Any) -> Tensor:
    """Correlation of each row with each: covariance over the product of standard deviations, from -1 to 1.

    Shapes:
        x: (variables, observations), or (observations) of one
        outputs: (variables, variables), or a number

    Source: Karl Pearson, "Note on Regression and Inheritance in the Case of Two Parents", 1895.
    """
    x = tensor(x)
    x = x.to(torch.float64) if x.dtype == torch.int64 else floating(x)
    if x.ndim > 2:
        raise Invalid("corrcoef(x=...)", "(variables, observations)", tuple(x.shape))
    rows = torch.atleast_2d(x)
    rows = rows - rows.mean(dim=1, keepdim=True)
    products = rows @ rows.mH
    lengths = torch.sqrt(products.diagonal().real if x.is_complex() else products.diagonal())
    found = products / lengths.unsqueeze(1) / lengths
    found = found if x.is_complex() else found.clamp(-1, 1)
    return found if x.ndim == 2 else found.reshape(())


@op
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """Sums of the products of one row with another that slides along it.

    Args:
        x1: a row of numbers.
        x2: another.
        mode: "valid" where the shorter lies within the longer, "full" where they meet at all, "same" for the middle
            of that, as long as the longer.

    Shapes:
        x1: (n)
        x2: (m)
        outputs: (|n - m| + 1), (n + m - 1), or (max(n, m))
    """
    a, b = joined_floats(x1, x2)
    if a.ndim != 1 or b.ndim != 1 or not a.shape[0] or not b.shape[0]:
        raise Invalid("ops.correlate", "two rows of numbers", [tuple(a.shape), tuple(b.shape)])
    if mode not in MODES:
        raise Invalid("correlate(mode=...)", "'valid', 'same' or 'full'", mode)
    n, m = a.shape[0], b.shape[0]
    within = mode == "valid" and n >= m
    found = F.conv1d(a[None, None], b[None, None], padding=0 if within else m - 1)[0, 0]
    if mode == "full" or within:
        return found
    length, start = (abs(n - m) + 1, min(n, m) - 1) if mode == "valid" else (max(n, m), (min(n, m) - 1) // 2)
    if mode == "same" and m > n:
        start = n // 2
    return found[start : start + length]


@op
def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours along an axis, `n` times over; where truths differ."""
    return torch.diff(tensor(a), n=n, dim=axis)


@op
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Tensor:
    """Area under a curve: straight lines between its points.

    Args:
        y: heights.
        x: where they are: a row, or shaped like `y`; None for equal distances.
        dx: that distance.
        axis: along which.
    """
    if x is None:
        area = torch.trapezoid(floating(y), dim=axis)
        return area if type(dx) is float and dx == 1.0 else area * dx
    heights, places = tensor(y), tensor(x)
    if heights.dtype == torch.bool or not places.is_floating_point():
        heights = floating(heights)
    places = places.to(torch.uint8) if places.dtype == torch.bool else places
    return torch.trapezoid(heights, places, dim=axis)


__all__ = ["bincount", "corrcoef", "correlate", "diff", "histogram", "trapezoid"]

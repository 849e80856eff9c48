"""Numbers in a row: at equal steps, or at equal ratios."""

import math
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.creation import here, whole
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, result_type, torch_dtype

NUMBERS = (bool, int, float)
PYTHON = {bool: "bool", int: int, float: float}


def _kind(x: Any) -> Any:
    return PYTHON[type(x)] if type(x) in PYTHON else x.dtype if hasattr(x, "dtype") else tensor(x).dtype


def _arange_dtype(*limits: Any) -> torch.dtype:
    if all(type(limit) is int or limit is None for limit in limits):
        return torch.int32
    return torch_dtype(result_type(*(_kind(limit) for limit in limits if limit is not None)))


def _arange_outputs(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> KerasTensor:
    return KerasTensor((None,), dtype or _arange_dtype(start, stop, step))


@symbolic(_arange_outputs)
@op
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Numbers at equal steps, the last one below `stop`.

    Args:
        start: the first; 0 where it is the only argument, and then it is where to stop.
        stop: they end before it.
        step: from one to the next; 1 for None.
        dtype: of the numbers; that of the arguments for None: int32 for whole ones, floatx for others.
    """
    wanted = _arange_dtype(start, stop, step) if dtype is None else torch_dtype(dtype)
    start, stop = (0, start) if stop is None else (start, stop)
    return torch.arange(start, stop, 1 if step is None else step, dtype=wanted, device=here())


def _spaced_dtype(start: Any, stop: Any, dtype: Any) -> torch.dtype:
    if dtype is not None or (isinstance(start, NUMBERS) and isinstance(stop, NUMBERS)):
        return torch_dtype(dtype)
    return torch_dtype(result_type(_kind(start), _kind(stop), float))


def _places(num: int, endpoint: bool, like: Tensor) -> Tensor:
    """From 0 to 1, with or without the 1, along a new first axis."""
    last = 1.0 if endpoint or not num else (num - 1) / num
    return torch.linspace(0.0, last, num, dtype=like.dtype, device=like.device).reshape(-1, *[1] * like.ndim)


def _between(start: Tensor, stop: Tensor, num: int, endpoint: bool) -> Tensor:
    """Numbers at equal steps along a new first axis; both ends are exact."""
    start, stop = torch.broadcast_tensors(start, stop)
    places = _places(num, endpoint, start)
    step = stop - start
    return torch.where(places < 0.5, start + step * places, stop - step * (1 - places))


def _working(start: Any, stop: Any, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Both as tensors of floats that hold what `dtype` can."""
    exact = torch.float32 if dtype.is_floating_point and dtype.itemsize < 4 else dtype
    exact = exact if exact.is_floating_point else torch_dtype(result_type(_kind(start), _kind(stop), float))
    device = next((limit.device for limit in (start, stop) if isinstance(limit, Tensor)), here())
    return _limit(start, exact, device), _limit(stop, exact, device)


def _limit(x: Any, dtype: torch.dtype, device: torch.device | None) -> Tensor:
    return x.to(dtype) if isinstance(x, Tensor) else torch.as_tensor(x, dtype=dtype, device=device)


def _checked(name: str, num: Any) -> int:
    return whole(f"{name}(num=...)", num)


@op
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Numbers at equal steps from `start` to `stop`.

    Args:
        start: the first; numbers, or tensors that broadcast.
        stop: the last, or the one after it.
        num: how many.
        endpoint: whether `stop` is the last one.
        retstep: whether to return the step too.
        dtype: of the numbers; a float one for None. Whole numbers are cut, not rounded.
        axis: where the new axis goes, for tensors.

    Shapes:
        start, stop: (*rest)
        outputs: (num, *rest)
    """
    count, wanted = _checked("linspace", num), _spaced_dtype(start, stop, dtype)
    parts = count - 1 if endpoint else count
    if isinstance(start, NUMBERS) and isinstance(stop, NUMBERS):
        step: Any = (stop - start) / parts if parts > 0 else math.nan
        last = stop if endpoint else start + (count - 1) * step
        exact = wanted if wanted.is_floating_point else torch.float64 if here_has_doubles() else torch.float32
        samples = torch.linspace(start, last, count, dtype=exact, device=here()).to(wanted)
    else:
        first, last = _working(start, stop, wanted)
        samples = _between(first, last, count, endpoint).to(wanted).movedim(0, axis)
        step = (last - first) / parts if parts > 0 else torch.full_like(last - first, math.nan)
    return (samples, step) if retstep else samples


@op
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Tensor:
    """Numbers at equal ratios from `base**start` to `base**stop`.

    Args:
        start: exponent of the first; numbers, or tensors that broadcast.
        stop: exponent of the last, or of the one after it.
        num: how many.
        endpoint: whether `base**stop` is the last one.
        base: what the exponents are of.
        dtype: of the numbers; a float one for None. Whole numbers are cut, not rounded.
        axis: where the new axis goes, for tensors.

    Shapes:
        start, stop: (*rest)
        outputs: (num, *rest)
    """
    count, wanted = _checked("logspace", num), _spaced_dtype(start, stop, dtype)
    if endpoint and wanted.is_floating_point and all(type(x) in PYTHON for x in (start, stop, base)):
        return torch.logspace(start, stop, count, base, dtype=wanted, device=here())
    exponents = _between(*_working(start, stop, wanted), count, endpoint)
    return torch.pow(base, exponents).to(wanted).movedim(0, axis)


@op
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Tensor:
    """Numbers at equal ratios from `start` to `stop`, which have the same sign.

    Args:
        start: the first; numbers, or tensors that broadcast; not 0.
        stop: the last, or the one after it; not 0.
        num: how many.
        endpoint: whether `stop` is the last one.
        dtype: of the numbers; a float one for None. Whole numbers are cut, not rounded.
        axis: where the new axis goes, for tensors.

    Shapes:
        start, stop: (*rest)
        outputs: (num, *rest)
    """
    count, wanted = _checked("geomspace", num), _spaced_dtype(start, stop, dtype)
    for name, value in (("start", start), ("stop", stop)):
        if isinstance(value, NUMBERS) and value == 0:
            raise Invalid(f"geomspace({name}=...)", "a number other than 0", value)
    first, last = _working(start, stop, wanted)
    first, last = torch.broadcast_tensors(first, last)
    inner = torch.exp(_between(first.abs().log(), last.abs().log(), count, endpoint)) * first.sign()
    places = _places(count, endpoint, first)
    exact = torch.where(places == 0, first, torch.where(places == 1, last.abs() * first.sign(), inner))
    exact = exact if wanted.is_floating_point else exact * (1 + 1e-6)  # 99.99999 is 100
    return exact.to(wanted).movedim(0, axis)


def here_has_doubles() -> bool:
    """Whether the device has float64: Apple's has not."""
    device = here()
    return device is None or device.type != "mps"


__all__ = ["arange", "geomspace", "linspace", "logspace"]

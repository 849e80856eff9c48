"""Arithmetic that takes Python numbers, and tensors where only the device knows the number."""

import math
from typing import Any

import torch
from torch import Tensor


def wide(number: Tensor) -> Tensor:
    """The number in the most exact dtype of its device."""
    return number.to(torch.float32 if number.device.type == "mps" else torch.float64)


def floor(number: Any) -> Any:
    """The whole number below."""
    return torch.floor(number) if isinstance(number, Tensor) else math.floor(number)


def ceil(number: Any) -> Any:
    """The whole number above."""
    return torch.ceil(number) if isinstance(number, Tensor) else math.ceil(number)


def cos(angle: Any) -> Any:
    """The cosine of an angle in radians."""
    return torch.cos(angle) if isinstance(angle, Tensor) else math.cos(angle)


def log(number: Any) -> Any:
    """The natural logarithm."""
    return torch.log(number) if isinstance(number, Tensor) else math.log(number)


def nearly_whole(number: Any) -> Any:
    """The number without an error of rounding: to 9 places."""
    if isinstance(number, Tensor):
        return torch.round(number, decimals=9) if number.dtype == torch.float64 else number
    return round(number, 9)


def least(number: Any, limit: Any) -> Any:
    """The smaller of a number and a limit."""
    if isinstance(number, Tensor):
        return number.clamp(max=limit)
    return limit.clamp(max=number) if isinstance(limit, Tensor) else min(number, limit)


def largest(number: Any, limit: float) -> Any:
    """The larger of a number and a limit."""
    return number.clamp(min=limit) if isinstance(number, Tensor) else max(number, limit)


def choose(condition: Any, first: Any, second: Any) -> Any:
    """`first` where the condition holds, else `second`."""
    return torch.where(condition, first, second) if isinstance(condition, Tensor) else first if condition else second

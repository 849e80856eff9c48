"""Whole numbers bit by bit: both of one dtype, after promotion. Fractions are refused."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import operands
from kerasviz.ops.recording import op, tensor


@op
def bitwise_and(x: Any, y: Any) -> Tensor:
    """The bits that are set in both."""
    return torch.bitwise_and(*operands(x, y))


@op
def bitwise_or(x: Any, y: Any) -> Tensor:
    """The bits that are set in one or both."""
    return torch.bitwise_or(*operands(x, y))


@op
def bitwise_xor(x: Any, y: Any) -> Tensor:
    """The bits that are set in exactly one."""
    return torch.bitwise_xor(*operands(x, y))


@op
def bitwise_invert(x: Any) -> Tensor:
    """The bits that are not set: `-x - 1` of signed numbers, logical not of booleans."""
    return torch.bitwise_not(tensor(x))


@op
def bitwise_not(x: Any) -> Tensor:
    """The bits that are not set: `-x - 1` of signed numbers, logical not of booleans."""
    return torch.bitwise_not(tensor(x))


@op
def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """`x` times 2 to the power of `y`, by moving bits; `y` is at least 0."""
    return torch.bitwise_left_shift(*operands(x, y))


@op
def left_shift(x: Any, y: Any) -> Tensor:
    """`x` times 2 to the power of `y`, by moving bits; `y` is at least 0."""
    return torch.bitwise_left_shift(*operands(x, y))


@op
def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """`x` over 2 to the power of `y`, rounded down, by moving bits; `y` is at least 0."""
    return torch.bitwise_right_shift(*operands(x, y))


@op
def right_shift(x: Any, y: Any) -> Tensor:
    """`x` over 2 to the power of `y`, rounded down, by moving bits; `y` is at least 0."""
    return torch.bitwise_right_shift(*operands(x, y))


__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "left_shift",
    "right_shift",
]

"""Comparisons, logic and choices, number by number."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import operands, pair
from kerasviz.ops.recording import op, tensor


@op
def isnan(x: Any) -> Tensor:
    """Whether it is not a number."""
    return torch.isnan(tensor(x))


@op
def isfinite(x: Any) -> Tensor:
    """Whether it is neither infinite nor not a number."""
    return torch.isfinite(tensor(x))


@op
def isinf(x: Any) -> Tensor:
    """Whether it is infinite."""
    return torch.isinf(tensor(x))


@op
def isposinf(x: Any) -> Tensor:
    """Whether it is infinite and above 0."""
    return torch.isposinf(tensor(x))


@op
def isneginf(x: Any) -> Tensor:
    """Whether it is infinite and below 0."""
    return torch.isneginf(tensor(x))


@op
def isreal(x: Any) -> Tensor:
    """Whether it has no imaginary part."""
    return torch.isreal(tensor(x))


@op
def equal(x1: Any, x2: Any) -> Tensor:
    """Whether two are equal, element by element."""
    return torch.eq(*operands(x1, x2))


@op
def not_equal(x1: Any, x2: Any) -> Tensor:
    """Whether two differ, element by element."""
    return torch.ne(*operands(x1, x2))


@op
def less(x1: Any, x2: Any) -> Tensor:
    """Whether the first is less, element by element."""
    return torch.lt(*operands(x1, x2))


@op
def less_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at most the second, element by element."""
    return torch.le(*operands(x1, x2))


@op
def greater(x1: Any, x2: Any) -> Tensor:
    """Whether the first is greater, element by element."""
    return torch.gt(*operands(x1, x2))


@op
def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Whether the first is at least the second, element by element."""
    return torch.ge(*operands(x1, x2))


@op
def isclose(x1: Any, x2: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether two differ by at most `atol + rtol * abs(x2)`, element by element.

    Args:
        x1: numbers.
        x2: numbers to compare with; shapes broadcast.
        rtol: part of `x2` by which they may differ.
        atol: amount by which they may differ.
        equal_nan: whether NaN counts as close to NaN.
    """
    return _close(x1, x2, rtol, atol, equal_nan)


@op
def allclose(x1: Any, x2: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether `isclose` holds for all: a tensor without axes. The arguments are those of `isclose`."""
    return _close(x1, x2, rtol, atol, equal_nan).all()


def _close(x1: Any, x2: Any, rtol: float, atol: float, equal_nan: bool) -> Tensor:
    a, b = pair(x1, x2)
    if a.dtype == torch.bool:
        a, b = a.to(torch.float32), b.to(torch.float32)
    return torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each number of `x1` is among those of `x2`.

    Args:
        x1: numbers; the output has their shape.
        x2: the numbers to look among.
        assume_unique: no number stands twice in either; it is then quicker.
        invert: whether to say where it is not.
    """
    a, b = pair(x1, x2)
    if a.dtype == torch.bool:
        a, b = a.to(torch.int32), b.to(torch.int32)
    return torch.isin(a, b, assume_unique=assume_unique, invert=invert)


@op
def logical_and(x1: Any, x2: Any) -> Tensor:
    """Whether both are true."""
    return torch.logical_and(*operands(x1, x2))


@op
def logical_or(x1: Any, x2: Any) -> Tensor:
    """Whether one is true."""
    return torch.logical_or(*operands(x1, x2))


@op
def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Whether exactly one is true."""
    return torch.logical_xor(*operands(x1, x2))


@op
def logical_not(x: Any) -> Tensor:
    """Whether it is false."""
    return torch.logical_not(tensor(x))


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """`x1` where the condition holds, `x2` elsewhere; shapes broadcast.

    Without both, the places where it holds: (axes of the condition, count).
    """
    condition = tensor(condition)
    condition = condition if condition.dtype == torch.bool else condition.to(torch.bool)
    if x1 is None and x2 is None:
        return torch.stack(torch.where(condition))
    if x1 is None or x2 is None:
        raise Invalid("ops.where", "both `x1` and `x2`, or neither", "one of them")
    return torch.where(condition, *operands(x1, x2))


@op
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """Each number from the first choice whose condition holds.

    Args:
        condlist: conditions, one for each choice; shapes broadcast.
        choicelist: numbers to choose from, of the dtype they have together.
        default: numbers where no condition holds.
    """
    if not condlist or len(condlist) != len(choicelist):
        got = f"{len(condlist)} conditions, {len(choicelist)} choices"
        raise Invalid("ops.select", "as many choices as conditions, and at least one", got)
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        condition = tensor(condition)
        condition = condition if condition.dtype == torch.bool else condition.to(torch.bool)
        result = torch.where(condition, *operands(choice, result))
    return result


__all__ = [
    "allclose",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "select",
    "where",
]

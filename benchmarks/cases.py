"""What `components.py` compares: ours and torch's of the same thing, on inputs of two sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Function = Callable[..., Any]
Draw = Callable[[tuple[int, ...]], Any]
Shapes = dict[str, tuple[tuple[int, ...], ...]]


def numbers(shape: tuple[int, ...]) -> Tensor:
    """From 0 to 1, with gradients."""
    return torch.rand(shape).requires_grad_()


def signed(shape: tuple[int, ...]) -> Tensor:
    """Around 0, with gradients."""
    return torch.randn(shape).requires_grad_()


def above_one(shape: tuple[int, ...]) -> Tensor:
    """From 1 to 2, with gradients."""
    return torch.rand(shape).add_(1).requires_grad_()


def with_gaps(shape: tuple[int, ...]) -> Tensor:
    """From 0 to 1, some NaN, with gradients."""
    return torch.rand(shape).masked_fill_(torch.rand(shape) < 0.05, torch.nan).requires_grad_()


def with_zeros(shape: tuple[int, ...]) -> Tensor:
    """From 0 to 1, some of them 0, with gradients."""
    return torch.rand(shape).masked_fill_(torch.rand(shape) < 0.05, 0).requires_grad_()


def rising(shape: tuple[int, ...]) -> Tensor:
    """From 0 to 1, in order."""
    return torch.rand(shape).sort().values


def truths(shape: tuple[int, ...]) -> Tensor:
    """Half of them true."""
    return torch.rand(shape) < 0.5


def complexes(shape: tuple[int, ...]) -> Tensor:
    """Complex numbers, with gradients."""
    return torch.randn(shape, dtype=torch.complex64).requires_grad_()


def definite(shape: tuple[int, ...]) -> Tensor:
    """Symmetric positive definite matrices, with gradients."""
    x = torch.rand(shape)
    return (x @ x.mT + shape[-1] * torch.eye(shape[-1])).requires_grad_()


def length(shape: tuple[int, ...]) -> int:
    """The first size itself."""
    return shape[0]


def whole(below: int, least: int = 0, dtype: torch.dtype = torch.int64) -> Draw:
    """Whole numbers."""
    return lambda shape: torch.randint(least, below, shape, dtype=dtype)


@dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        family: for the heading.
        name: for the line.
        ours: makes our function of the inputs.
        torchs: makes torch's.
        shapes: of the inputs, for each size.
        draws: makes an input of its shape: one for all, or one for each.
        module: whether torch has it as one function or module, to which it is held.
        same: whether both give the same numbers.
    """

    family: str
    name: str
    ours: Callable[[], Function]
    torchs: Callable[[], Function]
    shapes: Shapes
    draws: tuple[Draw, ...] = (numbers,)
    module: bool = True
    same: bool = False

    def inputs(self, size: str) -> list[Any]:
        """The inputs of a size: the same ones every time."""
        torch.manual_seed(0)
        shapes = self.shapes[size]
        draws = self.draws * len(shapes) if len(self.draws) == 1 else self.draws
        return [draw(shape) for draw, shape in zip(draws, shapes, strict=True)]


def sizes(small: tuple[int, ...], large: tuple[int, ...], count: int = 1) -> Shapes:
    """Shapes of one input, or of several alike, in both sizes."""
    return {"small": (small,) * count, "large": (large,) * count}


def together(*shapes: Shapes) -> Shapes:
    """Shapes of several inputs that differ."""
    return {size: sum((each[size] for each in shapes), ()) for size in shapes[0]}


VECTORS = sizes((8, 32), (512, 512))
SERIES = sizes((4, 10, 16), (32, 100, 64))
IMAGES = sizes((2, 8, 8, 16), (16, 32, 32, 64))


def first(x: Tensor) -> Tensor:
    """(batch, height, width, channels) as torch's kernels take it, without a copy."""
    return x.permute(0, 3, 1, 2)


def last(x: Tensor) -> Tensor:
    """The inverse of `first`."""
    return x.permute(0, 2, 3, 1)


def table(
    family: str, calls: dict[str, tuple[Function, Function]], shapes: Shapes, *draws: Draw, **facts: Any
) -> list[Case]:
    """Cases of functions: ours and torch's by name, on inputs alike. Both give the same numbers."""
    facts = {"same": True, "draws": draws or (numbers,), **facts}
    return [
        Case(family, name, lambda f=ours: f, lambda f=torchs: f, shapes, **facts)
        for name, (ours, torchs) in calls.items()
    ]


def alike(
    family: str, module: Any, functions: dict[str, Function], shapes: Shapes, *draws: Draw, **facts: Any
) -> list[Case]:
    """Cases of functions that are called alike: torch's by the names of ours in a module."""
    calls = {name: (getattr(module, name), torchs) for name, torchs in functions.items()}
    return table(family, calls, shapes, *draws, **facts)

"""Axes by name: `rearrange`."""

import math
import re
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op
from kerasviz.ops.recording import tensor as as_tensor

Axes = list[list[str]]
MANY = 1000


@op
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """Take axes apart, move and join them, as a pattern says: `rearrange(x, "b (h w) c -> b c h w", h=4)`.

    Args:
        tensor: the numbers.
        pattern: names of the axes before and after the arrow; those in parentheses are one axis of the tensor, with
            the first of them the slowest.
        axes_lengths: sizes of axes that do not follow from the others.

    Raises:
        Invalid: where the two sides do not name the same axes, or the tensor does not fit.

    Source: Alex Rogozhnikov, "Einops: Clear and Reliable Tensor Manipulations with Einstein-like Notation", 2022.
    """
    x = as_tensor(tensor)
    before, after, moves = _plan(pattern)
    if len(before) != x.ndim:
        raise Invalid("rearrange(pattern=...)", f"{len(before)} axes as in `{pattern}`", tuple(x.shape))
    if moves and not axes_lengths:
        return x.permute(moves)
    sizes: dict[str, int] = {}
    for names, size in zip(before, x.shape, strict=True):
        sizes.update(_sizes(pattern, names, size, axes_lengths))
    flat = [name for names in before for name in names]
    order = [flat.index(name) for names in after for name in names]
    apart = x.reshape([sizes[name] for name in flat])
    return apart.permute(order).reshape([math.prod([sizes[name] for name in names]) for names in after])


PLANS: dict[str, tuple[Axes, Axes, list[int]]] = {}  # of patterns met before


def _plan(pattern: str) -> tuple[Axes, Axes, list[int]]:
    """The axes of both sides, and the order to put them in where that is all."""
    if pattern in PLANS and not torch.compiler.is_compiling():
        return PLANS[pattern]
    before, after = _sides(pattern)
    only_moves = all(len(names) == 1 for names in (*before, *after))
    plan = before, after, [before.index(names) for names in after] if only_moves else []
    if len(PLANS) < MANY and not torch.compiler.is_compiling():
        PLANS[pattern] = plan
    return plan


def _sides(pattern: str) -> tuple[Axes, Axes]:
    sides = pattern.split("->")
    if len(sides) != 2:
        raise Invalid("rearrange(pattern=...)", "axes before and after one `->`", pattern)
    before, after = (_axes(side, pattern) for side in sides)
    names, others = (sorted(name for group in side for name in group) for side in (before, after))
    if names != others or len(set(names)) != len(names):
        raise Invalid("rearrange(pattern=...)", "the same axes on both sides, each once", pattern)
    return before, after


def _axes(side: str, pattern: str) -> Axes:
    """The names in each axis: `b (h w)` is [["b"], ["h", "w"]]; `1` and `()` are axes of size 1."""
    parts = re.findall(r"\([^()]*\)|[^\s()]+", side)
    groups = [[name for name in part.strip("()").split() if name != "1"] for part in parts]
    left = re.sub(r"\([^()]*\)|[^\s()]+", "", side).strip()
    if left or not all(name.isidentifier() for group in groups for name in group):
        raise Invalid("rearrange(pattern=...)", "names of axes, groups of them in parentheses", pattern)
    return groups


def _sizes(pattern: str, names: list[str], size: int, given: dict[str, int]) -> dict[str, int]:
    known = math.prod([given[name] for name in names if name in given])
    unknown = [name for name in names if name not in given]
    if len(unknown) > 1:
        hint = f"Give all but one, such as {unknown[0]}=..."
        raise Invalid("rearrange(pattern=...)", f"one unknown size in ({' '.join(names)})", unknown, hint)
    if (size % known if known else True) if unknown else known != size:
        raise Invalid(f"rearrange of `{pattern}`", f"an axis of ({' '.join(names)}) with {given}", size)
    return {name: given.get(name, size // known if known else 0) for name in names}


__all__ = ["rearrange"]

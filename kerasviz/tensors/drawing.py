"""Numbers that initializers and `random` draw alike."""

from collections.abc import Sequence

import torch
from torch import Tensor

MANY = 10_000  # from here on it is quicker to look at the few that are outside
TRIES = 4  # draws for each number; one of them is inside, but for 2 in 100,000


def cut_normal(
    sizes: Sequence[int], dtype: torch.dtype, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Standard normal numbers; those farther than 2 from zero are drawn again."""
    drawn = torch.empty((*sizes, TRIES), dtype=dtype, device=device).normal_(generator=generator)
    if torch.compiler.is_compiling() or drawn.device.type != "cpu" or drawn.numel() < MANY:
        return _first_inside(drawn)
    rows = drawn.view(-1, TRIES)
    values = rows[:, 0].clone()
    again = (values.abs() >= 2).nonzero().squeeze(-1)  # one in twenty
    values[again] = _first_inside(rows[again])
    return values.view(tuple(sizes))


def _first_inside(drawn: Tensor) -> Tensor:
    """The first along the last axis that is less than 2 from zero."""
    inside = (drawn > -2) & (drawn < 2)
    first = inside.to(torch.uint8).argmax(-1, keepdim=True)
    return drawn.gather(-1, first).squeeze(-1).clamp_(-2, 2)

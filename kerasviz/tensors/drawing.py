"""Numbers that initializers and `random` draw alike."""

from collections.abc import Sequence

import torch
from torch import Tensor

TRIES = 4  # draws for each number; one of them is inside, but for 2 in 100,000


def cut_normal(
    sizes: Sequence[int], dtype: torch.dtype, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Standard normal numbers; those farther than 2 from zero are drawn again."""
    drawn = torch.empty((*sizes, TRIES), dtype=dtype, device=device).normal_(generator=generator)
    inside = (drawn > -2) & (drawn < 2)
    first = inside.to(torch.uint8).argmax(-1, keepdim=True)
    return drawn.gather(-1, first).squeeze(-1).clamp_(-2, 2)

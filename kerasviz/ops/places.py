"""Places that may count from the end, or be nowhere, while torch's functions want them to be there."""

from collections.abc import Callable

import torch
from torch import Tensor


def quickest(function: Callable[[Tensor], Tensor], places: Tensor, otherwise: Callable[[], Tensor]) -> Tensor:
    """`function(places)`; `otherwise()` where some of them may not be there.

    On the host torch looks at every place and says so; elsewhere nobody does, and a graph that is traced must do for
    all places. A function that is mapped over a batch looks at no numbers.
    """
    is_traced = torch.compiler.is_compiling() or type(places) is not Tensor
    if is_traced or not places.is_cpu or torch._C._are_functorch_transforms_active():
        return otherwise()
    try:
        return function(places)
    except (IndexError, RuntimeError):
        return otherwise()


def from_start(places: Tensor, size: int) -> Tensor:
    """Places below 0, which count from the end, as places from the start."""
    return torch.where(places < 0, places + size, places)

"""Places that may count from the end, or be nowhere, while torch's quickest functions want them to be there."""

from collections.abc import Callable

import torch
from torch import Tensor

LITTLE = 1024  # numbers that are moved in no time


def quickest(
    function: Callable[[Tensor], Tensor], places: Tensor, otherwise: Callable[[], Tensor], numbers: int = LITTLE
) -> Tensor:
    """`function(places)`; `otherwise()` where some of them may not be there.

    On the host torch looks at every place and says so; elsewhere nobody does, and a graph that is traced must do for
    all places. A function that is mapped over a batch looks at no numbers.

    Args:
        function: does it quickly for places that are all there.
        places: whole numbers.
        otherwise: does it for all places.
        numbers: how many are moved, where `otherwise` is as quick for few.
    """
    is_traced = torch.compiler.is_compiling() or type(places) is not Tensor
    if is_traced or numbers < LITTLE or not places.is_cpu or torch._C._are_functorch_transforms_active():
        return otherwise()
    try:
        return function(places)
    except (IndexError, RuntimeError):
        return otherwise()

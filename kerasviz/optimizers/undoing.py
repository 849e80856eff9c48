"""Steps that the device decides on: done, and undone where they should not have been."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor


@contextmanager
def only_where(condition: Tensor, tensors: Sequence[Tensor]) -> Iterator[None]:
    """Undo what the block does to `tensors` where the condition does not hold; nothing is read from the device.

    Args:
        condition: one truth value.
        tensors: all that the block changes.
    """
    before = [tensor.detach().clone() for tensor in tensors]
    yield
    for now, was in zip(tensors, before, strict=True):
        now.copy_(torch.where(condition.to(now.device), now, was))

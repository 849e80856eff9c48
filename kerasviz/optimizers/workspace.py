"""Room for what a step needs in between, kept from block to block and from step to step."""

from typing import Any, Self

import torch
from torch import Tensor

SMALL = 2**13  # numbers; less than this the allocator has at hand


class Workspace:
    """Room for arrays in between. On a processor, new memory for a large array takes longer than to fill it.

    Only for blocks of one weight, which is what large weights are in; others have new arrays.
    """

    def __init__(self) -> None:
        self._rooms: list[Tensor] = []
        self._taken = 0

    def clear(self) -> None:
        """All room is free again."""
        self._taken = 0

    def new(self, operation: str, values: Any, *operands: Any) -> Any:
        """A list of arrays: torch's `operation` of each value, and of its operand where these are a list."""
        first = values[0]
        if len(values) > 1 or first.device.type != "cpu" or first.numel() < SMALL:
            return getattr(torch, f"_foreach_{operation}")(values, *operands)
        single = [operand[0] if isinstance(operand, (list, tuple)) else operand for operand in operands]
        return [getattr(torch, operation)(first.detach(), *single, out=self._room(first))]

    def _room(self, like: Tensor) -> Tensor:
        index, self._taken = self._taken, self._taken + 1
        if index == len(self._rooms):
            self._rooms.append(torch.empty(0, dtype=like.dtype))
        room = self._rooms[index]
        if room.numel() < like.numel() or room.dtype != like.dtype:
            self._rooms[index] = room = torch.empty(like.numel(), dtype=like.dtype)
        return room.as_strided(like.size(), like.stride())

    def __deepcopy__(self, memo: Any) -> Self:
        return type(self)()

    def __reduce__(self) -> tuple:
        return type(self), ()

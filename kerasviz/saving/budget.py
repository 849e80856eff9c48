"""A limit on what a file may make us allocate before its weights are seen to be there."""

import math
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from kerasviz.declare import Invalid

FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn, torch.eye}
ALWAYS_FINE = 2**26


class Budget(TorchFunctionMode):
    """While it holds, no new tensor is larger than the weights of the file can be.

    Args:
        largest: size in bytes of the largest array of the file.
        where: for the error.
    """

    def __init__(self, largest: int, where: str) -> None:
        super().__init__()
        self.limit = max(4 * largest, ALWAYS_FINE)
        self.where = where

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Refuse the allocation, or let it be."""
        if function in FACTORIES and args:
            sizes = args[0] if isinstance(args[0], (tuple, list)) else [n for n in args if isinstance(n, int)]
            if math.prod(sizes) * 4 > self.limit:
                hint = "Its config and its weights do not belong together."
                raise Invalid(self.where, f"arrays of at most {self.limit} bytes", f"shape {tuple(sizes)}", hint)
        return function(*args, **(kwargs or {}))

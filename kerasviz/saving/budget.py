"""A limit on what a file may make us allocate before its weights are seen to be there."""

import math
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from kerasviz.declare import Invalid

FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn, torch.eye}
ONE_IS_FINE = 2**28  # bytes of one array that any file may ask for
ALL_ARE_FINE = 2**31


class Budget(TorchFunctionMode):
    """While it holds, new tensors are no larger than the weights of the file can need.

    Args:
        stored: bytes of all arrays in the file.
        where: for the error.
    """

    def __init__(self, stored: int, where: str) -> None:
        super().__init__()
        self.one = max(4 * stored, ONE_IS_FINE)
        self.left = 4 * stored + ALL_ARE_FINE
        self.where = where

    def __torch_function__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Refuse the allocation, or let it be."""
        options = kwargs or {}
        if function in FACTORIES and args and str(options.get("device")) != "meta":
            sizes = args[0] if isinstance(args[0], (tuple, list)) else [n for n in args if isinstance(n, int)]
            size = 4 * math.prod(sizes)
            self.left -= size
            if size > self.one or self.left < 0:
                hint = "Its config and its weights do not belong together."
                raise Invalid(self.where, f"arrays of at most {self.one} bytes", f"shape {tuple(sizes)}", hint)
        return function(*args, **options)

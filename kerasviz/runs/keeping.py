"""What a run keeps to come back to: the best weights, and the random numbers' state over a pause."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


class BestWeights:
    """A copy of the weights at the best epoch."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.epoch: int | None = None
        self._kept: list[Any] = []

    def keep(self, epoch: int) -> None:
        """Copy the weights as they are now."""
        weights = list(self.model.weights)
        if len(weights) != len(self._kept):
            self._kept = [weight.detach().clone() for weight in weights]
        else:
            for kept, weight in zip(self._kept, weights, strict=True):
                kept.copy_(weight.detach())
        self.epoch = epoch

    def restore(self) -> int | None:
        """Put them back; returns their epoch, None where there is none."""
        import torch

        if self.epoch is None:
            return None
        with torch.no_grad():
            for kept, weight in zip(self._kept, self.model.weights, strict=True):
                weight.copy_(kept)
        return self.epoch


class RandomState:
    """The state of every source of random numbers: Python's, numpy's, torch's."""

    def __init__(self) -> None:
        import torch

        self.python = random.getstate()
        self.numpy = np.random.get_state()
        self.torch = torch.get_rng_state()
        self.cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    def restore(self) -> None:
        """Go on where it was taken."""
        import torch

        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)

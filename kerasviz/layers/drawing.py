"""Layers that draw random numbers: each from a sequence of its own, which is part of its state."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.layers.layer import Layer
from kerasviz.tensors import SeedGenerator, seeds_from


class Drawing(Layer):
    """Base of layers that draw random numbers in training.

    With a seed, they are the numbers that Keras draws. Without one, torch's own numbers say where the sequence begins,
    and numbers are drawn in the quickest way.
    """

    needs_floats = True

    seed: Any
    seed_generator: SeedGenerator

    def draws(self) -> bool:
        """Whether its arguments make it draw at all."""
        return True

    def check(self) -> None:
        """Begin the sequence; a layer that never draws has none."""
        super().check()
        if self.draws():
            self.seed_generator = seeds_from(self.seed)

    def generator(self, device: torch.device) -> torch.Generator | None:
        """torch's generator on `device`, started for the next draw; None for torch's own.

        That is where nothing is drawn, and in what `torch.compile` makes of a layer without a seed.
        """
        if self.seed is None and torch.compiler.is_compiling():
            return None
        seeds: SeedGenerator | None = self.__dict__.get("seed_generator")
        if seeds is None:  # it did not draw when it was made
            seeds = self.seed_generator = seeds_from(self.seed)
        return seeds.generator(device)

    def uniform_like(self, x: Tensor) -> Tensor:
        """Numbers from 0 to below 1, as many as in `x`: the next of a layer without a seed."""
        return torch.empty_like(x).uniform_(generator=self.generator(x.device))

    def kept(self, like: Tensor, shape: tuple[int, ...], rate: float) -> Tensor:
        """Booleans of `shape`, False with probability `rate`."""
        if self.seed is None:
            drawn = torch.empty(shape, device=like.device).uniform_(generator=self.generator(like.device))
            return drawn >= rate
        chance = torch.full(shape, 1 - rate, device=like.device)
        return torch.bernoulli(chance, generator=self.generator(like.device)).bool()

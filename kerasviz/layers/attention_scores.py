"""What the attention layers share: dropping a share of the scores, from a stream of their own where a seed is given."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.layers.layer import Layer
from kerasviz.tensors import seeds_from


class ScoreDropout(Layer):
    """Base of layers that drop a share of their attention in training."""

    needs_floats = True

    dropout: Any
    seed: Any

    def check(self) -> None:
        """A seed begins a sequence, which is part of the layer's state."""
        super().check()
        if self.seed is not None:
            self.seed_generator = seeds_from(self.seed)

    def drop(self, scores: Tensor) -> Tensor:
        """The scores with a share of them dropped, the rest scaled up."""
        if self.seed is None:
            return F.dropout(scores, self.dropout)
        if self.dropout >= 1:
            return scores * 0
        chance = torch.full(scores.shape, 1 - self.dropout, device=scores.device)
        kept = torch.bernoulli(chance, generator=self.seed_generator.generator(scores.device))
        return scores * kept.to(scores.dtype) / (1 - self.dropout)

    def fused_rate(self, training: bool) -> float | None:
        """The rate with which torch's fused kernel can drop; None where it cannot: by a seed, or all of it."""
        if not (training and self.dropout):
            return 0.0
        return None if self.seed is not None or self.dropout >= 1 else self.dropout

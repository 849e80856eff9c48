"""What the attention layers share: dropping a share of the scores."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.layers.drawing import Drawing


class ScoreDropout(Drawing):
    """Base of layers that drop a share of their attention in training."""

    dropout: Any

    def draws(self) -> bool:
        """Whether anything is dropped."""
        return bool(self.dropout)

    def drop(self, scores: Tensor) -> Tensor:
        """The scores with a share of them dropped, the rest scaled up."""
        if self.dropout >= 1:
            return scores * 0
        kept = self.kept(scores, tuple(scores.shape), self.dropout)
        return scores * kept.to(scores.dtype).mul_(1 / (1 - self.dropout))

    def fused_rate(self, training: bool, device: torch.device) -> float | None:
        """The rate with which torch's fused kernel is to drop; None where it is not used.

        It draws from torch's own numbers, not by a seed, and does not drop all. On the CPU it takes longer than scores
        that are dropped here.
        """
        if not (training and self.dropout):
            return 0.0
        slow = device.type == "cpu" and not torch.compiler.is_compiling()
        return None if slow or self.seed is not None or self.dropout >= 1 else self.dropout

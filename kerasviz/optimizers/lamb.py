"""Lamb."""

from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.adam import Moments, step_by_moments
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_scaled, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate


class Lamb(Optimizer):
    """Adam whose step in each weight is as long as the weight itself, times the rate: for very large batches.

    Source: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes", 2020.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Memory of the gradient.")
    beta_2: float = arg(0.999, at_least=0, at_most=1, after="beta_1", doc="Memory of its square.")
    epsilon: float = arg(1e-7, at_least=0, after="beta_2", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        step = self.updates() + 1
        ways = self.work.new("mul", gradients, 0.0)
        epsilon = self.epsilon * (1.0 - self.beta_2**step) ** 0.5  # in Keras, of the corrected mean square
        moments = Moments(self.beta_1, self.beta_2, epsilon)
        step_by_moments(ways, gradients, (slots["momentum"], slots["velocity"], []), -1.0, step, moments)
        lengths = torch.stack(kernels._foreach_norm(variables))
        ratios = lengths / torch.stack(kernels._foreach_norm(ways))
        ratios = torch.where((lengths > 0) & ratios.isfinite(), ratios, 1.0)  # a weight or a gradient of zero
        kernels._foreach_mul_(ways, ratios.unbind())
        add_scaled(variables, ways, -rate)

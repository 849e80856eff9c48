"""Ftrl."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_number, add_product, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate


class Ftrl(Optimizer):
    """Takes the weights that all gradients so far judge best: for wide, sparse, shallow models.

    A weight is exactly zero where its gradients do not outweigh `l1_regularization_strength`.

    Source: McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    learning_rate_power: float = arg(
        -0.5, at_most=0, after="learning_rate", doc="How the rate falls with the squared gradients; 0: not at all."
    )
    initial_accumulator_value: float = arg(
        0.1, at_least=0, after="learning_rate_power", doc="What the sum of squares starts from."
    )
    l1_regularization_strength: float = arg(
        0.0, at_least=0, after="initial_accumulator_value", doc="Pull towards zero, the same for all sizes."
    )
    l2_regularization_strength: float = arg(
        0.0, at_least=0, after="l1_regularization_strength", doc="Pull towards zero in proportion to a weight."
    )
    l2_shrinkage_regularization_strength: float = arg(
        0.0, at_least=0, after="l2_regularization_strength", doc="The same, as a penalty in the gradient."
    )
    beta: float = arg(
        0.0, at_least=0, after="l2_shrinkage_regularization_strength", doc="Added to the root of squares."
    )

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator", "linear"),)

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value if name == "accumulator" else 0.0

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        squares, linear = slots["accumulator"], slots["linear"]
        fall = self._power(squares)
        kernels._foreach_addcmul_(squares, gradients, gradients)
        below = self._power(squares)
        kernels._foreach_sub_(fall, below)
        kernels._foreach_add_(linear, gradients)
        if self.l2_shrinkage_regularization_strength:
            kernels._foreach_add_(linear, variables, alpha=2.0 * self.l2_shrinkage_regularization_strength)
        add_product(linear, fall, variables, 1.0 / rate if isinstance(rate, Tensor) or rate else float("inf"))
        pull = 2.0 * (self.l2_regularization_strength * rate + 0.5 * self.beta)
        if isinstance(pull, Tensor) or pull:
            add_number(below, pull)
        self._solve(variables, linear, below, rate)

    def _power(self, squares: Any) -> Any:
        if self.learning_rate_power == -0.5:
            return self.work.new("sqrt", squares)
        return self.work.new("pow", squares, -self.learning_rate_power)

    def _solve(self, variables: list[Any], linear: Any, below: Any, rate: Any) -> None:
        """The weights at which the sum of all gradients, and the penalties, are balanced."""
        limit = self.l1_regularization_strength
        if limit:
            beyond = self.work.new("clamp_min", linear, -limit)
            kernels._foreach_clamp_max_(beyond, limit)
            kernels._foreach_sub_(beyond, linear)
            kernels._foreach_mul_(beyond, rate)
        else:
            beyond = self.work.new("mul", linear, -rate)
        kernels._foreach_div_(beyond, below)
        kernels._foreach_copy_(variables, beyond)

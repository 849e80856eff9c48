"""Adafactor."""

import math
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.arithmetic import least
from kerasviz.optimizers.kernels import go_towards, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate
from kerasviz.tensors import Variable


class Adafactor(Optimizer):
    """Scales steps by the size of the weight, and gradients by means of their squares over rows and over columns.

    For weights of two axes and more, the mean square of a number is the product of those of its row and its column.

    Source: Shazeer, Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    beta_2_decay: float = arg(
        -0.8, after="learning_rate", doc="Squares of step t count for t to this power in their mean."
    )
    epsilon_1: float = arg(1e-30, at_least=0, after="beta_2_decay", doc="Added to squared gradients.")
    epsilon_2: float = arg(1e-3, at_least=0, after="epsilon_1", doc="Least size that a weight is taken to have.")
    clip_threshold: float = arg(1.0, above=0, after="epsilon_2", doc="Largest root mean square of a scaled gradient.")
    relative_step: bool = arg(
        True, after="clip_threshold", doc="Whether the rate falls with the root of the steps, once it is above that."
    )

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("row", "column", "velocity"),)

    def make_slot(self, name: str, variable: Any) -> Variable | None:
        """Rows and columns have one axis less; a weight that has none of them keeps a zero in their place."""
        if name == "velocity":
            return super().make_slot(name, variable)
        shape = list(variable.shape)
        is_factored = len(shape) > 1
        if is_factored:
            shape.pop(-1 if name == "row" else -2)
        dtype = variable.dtype if is_factored else torch.int32
        value = torch.zeros(shape if is_factored else [], dtype=dtype, device=variable.device)
        made = Variable(value, trainable=False, name=str(getattr(variable, "path", "variable")).replace("/", "_"))
        made.path = f"{self.name}/{made.name}"
        self._state.append(made)
        return made

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        step = self.updates() + 1
        if self.relative_step:
            rate = least(rate, step**-0.5)
        self._follow(gradients, slots, 1.0 - step**self.beta_2_decay)
        ways = self.work.new("rsqrt", slots["velocity"])
        kernels._foreach_mul_(ways, gradients)
        sizes = root_mean_squares(variables).clamp_(min=self.epsilon_2)
        excess = root_mean_squares(ways).div_(self.clip_threshold).clamp_(min=1.0)
        factors = sizes.div_(excess).mul_(rate)
        kernels._foreach_mul_(ways, factors.unbind())
        kernels._foreach_sub_(variables, ways)

    def _follow(self, gradients: list[Tensor], slots: dict[str, list[Any]], memory: Any) -> None:
        """Bring the mean squares up to date."""
        squares = self.work.new("mul", gradients, gradients)
        kernels._foreach_add_(squares, self.epsilon_1)
        whole = [index for index, square in enumerate(squares) if square.ndim < 2]
        if whole:
            go_towards([slots["velocity"][i] for i in whole], [squares[i] for i in whole], 1.0 - memory)
        factored = [index for index, square in enumerate(squares) if square.ndim > 1]
        if not factored:
            return
        rows, columns = [slots["row"][i] for i in factored], [slots["column"][i] for i in factored]
        go_towards(rows, [squares[i].mean(-1) for i in factored], 1.0 - memory)
        go_towards(columns, [squares[i].mean(-2) for i in factored], 1.0 - memory)
        shares = kernels._foreach_div(rows, [row.mean(-1, keepdim=True) for row in rows])
        for index, share, column in zip(factored, shares, columns, strict=True):
            torch.mul(share.unsqueeze(-1), column.unsqueeze(-2), out=slots["velocity"][index])


def root_mean_squares(tensors: Any) -> Tensor:
    """The root mean square of each tensor, all in one."""
    norms = kernels._foreach_norm(tensors)
    kernels._foreach_div_(norms, [tensor.numel() ** 0.5 or math.nan for tensor in tensors])
    return torch.stack(norms)

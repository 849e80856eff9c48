"""Adagrad and Adadelta: a rate for every number, by the gradients it has seen."""

from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.adam import late_step
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_quotient, add_scaled, kernels, mean_square
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate

NEGLIGIBLE = 2e-6  # epsilon's share of a sum, below which its place in the root makes no difference


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of its squares so far: rare features keep a large rate.

    Source: Duchi, Hazan, Singer, "Adaptive Subgradient Methods for Online Learning", 2011.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    initial_accumulator_value: float = arg(
        0.1, at_least=0, after="learning_rate", doc="What the sum of squares starts from."
    )
    epsilon: float = arg(1e-7, at_least=0, after="initial_accumulator_value", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulator",),)

    def slot_start(self, name: str) -> float:
        return self.initial_accumulator_value

    def prepare(self) -> None:
        """Have seen no sums yet."""
        super().prepare()
        self._versions: dict[int, int] = {}  # of the sums of each block, as the last step left them
        self._grown: bool | None = None  # whether sums that were loaded had only grown

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        squares = slots["accumulator"]
        if variables[0].device.type == "cpu" and not isinstance(rate, Tensor) and self._only_grew(squares):
            self._update_by_kernel(variables, gradients, rate, squares)
            return
        kernels._foreach_addcmul_(squares, gradients, gradients)
        below = self.work.new("add", squares, self.epsilon)
        kernels._foreach_sqrt_(below)
        add_quotient(variables, gradients, below, -rate)

    def _only_grew(self, squares: list[Any]) -> bool:
        """Whether nobody else has changed the sums, and the least that they can be is far above epsilon."""
        versions = sum(accumulator._version for accumulator in squares)
        first = len(squares) if self._grown is None else versions if self._grown else -1  # new ones were filled once
        known = self._versions.setdefault(id(squares[0]), first)
        return versions == known and self.epsilon < NEGLIGIBLE * self.initial_accumulator_value

    def load_own_variables(self, store: Any) -> None:
        """Take the state from a store, and see whether its sums may go on as they would have."""
        super().load_own_variables(store)
        self._versions.clear()
        sums = [accumulator for accumulator in self._slots.get("accumulator", ()) if accumulator is not None]
        start = self.initial_accumulator_value
        self._grown = not any(bool((accumulator.detach() < start).any()) for accumulator in sums)

    def _update_by_kernel(self, variables: list[Any], gradients: list[Tensor], rate: float, squares: list[Any]) -> None:
        """torch's kernel, which adds its epsilon to the root.

        sqrt(s + e) is sqrt(s) + e / (2 sqrt(s)). With the least s in the last root, the root is off by less than
        e / (8 s) of itself, which is float32's own error.
        """
        kernels._fused_adagrad_(
            variables, gradients, squares, [late_step(variables[0].device)] * len(variables),
            lr=rate, lr_decay=0.0, weight_decay=0.0, maximize=False,
            eps=0.5 * self.epsilon * self.initial_accumulator_value**-0.5,
        )  # fmt: skip
        self._versions[id(squares[0])] = sum(accumulator._version for accumulator in squares)


class Adadelta(Optimizer):
    """Divides the gradient by the root of its mean square, times that of the steps: units are those of the weights.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    rho: float = arg(0.95, at_least=0, at_most=1, after="learning_rate", doc="Memory of squared gradients and steps.")
    epsilon: float = arg(1e-7, at_least=0, after="rho", doc="Keeps the division finite.")

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("accumulated_grad", "accumulated_delta_var"),)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        squares, steps = slots["accumulated_grad"], slots["accumulated_delta_var"]
        mean_square(squares, gradients, self.rho)
        step = self.work.new("add", steps, self.epsilon)
        kernels._foreach_div_(step, self.work.new("add", squares, self.epsilon))
        kernels._foreach_sqrt_(step)
        kernels._foreach_mul_(step, gradients)
        kernels._foreach_mul_(steps, self.rho)
        kernels._foreach_addcmul_(steps, step, step, value=1.0 - self.rho)
        add_scaled(variables, step, -rate)

"""Muon."""

import re
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.optimizers.adam import Moments, step_by_moments
from kerasviz.optimizers.arguments import RATE_DOC
from kerasviz.optimizers.kernels import add_scaled, kernels
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import Rate
from kerasviz.tensors import Variable

LARGE = 2**14  # numbers of a matrix that has its products for itself on a processor


class Muon(Optimizer):
    """Moves matrices by their momentum made orthogonal, so that no direction is favoured; all others by AdamW.

    Matrices are the weights of two axes, without embeddings and what `exclude_layers` names. Exclude the last layer.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; `rms_rate`: Liu et al.,
    "Muon is Scalable for LLM Training", 2025.
    """

    learning_rate: Annotated[Any, Rate()] = arg(0.001, doc=RATE_DOC)
    adam_beta_1: float = arg(0.9, at_least=0, at_most=1, after="learning_rate", doc="Adam's memory of the gradient.")
    adam_beta_2: float = arg(0.999, at_least=0, at_most=1, after="adam_beta_1", doc="Adam's memory of its square.")
    adam_weight_decay: float | None = arg(
        0.004, at_least=0, after="adam_beta_2", doc="`weight_decay` of what Adam moves; None for none."
    )
    epsilon: float = arg(1e-7, at_least=0, after="adam_weight_decay", doc="Keeps Adam's division finite.")
    weight_decay: float | None = arg(
        0.004,
        at_least=0,
        after="epsilon",
        doc="Share of each matrix taken off per step, times the rate; None for none.",
    )
    exclude_layers: list | None = arg(
        None, after="name", doc="Regular expressions; Adam moves weights whose path has a match."
    )
    exclude_embeddings: bool = arg(
        True, after="exclude_layers", doc="Whether Adam moves weights with `embedding` in their path."
    )
    muon_a: float = arg(
        3.4445, after="exclude_embeddings", group="iteration", doc="Factor of the matrix in a Newton-Schulz iteration."
    )
    muon_b: float = arg(-4.775, after="muon_a", group="iteration", doc="Factor of its third power.")
    muon_c: float = arg(2.0315, after="muon_b", group="iteration", doc="Factor of its fifth power.")
    adam_lr_ratio: float = arg(1, after="muon_c", at_least=0, doc="Adam's rate, as a multiple of `learning_rate`.")
    momentum: float = arg(
        0.95, after="adam_lr_ratio", at_least=0, at_most=1, doc="Memory of the gradients of matrices."
    )
    ns_steps: int = arg(5, after="momentum", at_least=0, group="iteration", doc="Newton-Schulz iterations.")
    nesterov: bool = arg(True, after="ns_steps", doc="Whether to look ahead by the momentum.")
    rms_rate: float | None = arg(
        0.2,
        after="nesterov",
        at_least=0,
        doc="Root mean square of a step, as Adam would have it; None for steps of length one.",
    )

    def check(self) -> None:
        """No layers excluded is an empty list."""
        self.exclude_layers = list(self.exclude_layers or [])
        super().check()

    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"),)

    def make_slot(self, name: str, variable: Any) -> Variable | None:
        """Matrices have a momentum only."""
        return None if name == "velocity" and self.is_matrix(variable) else super().make_slot(name, variable)

    def is_matrix(self, variable: Any) -> bool:
        """Whether the weight is moved by its orthogonal momentum, not by Adam."""
        path = str(getattr(variable, "path", ""))
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return False
        return not any(re.search(pattern, path) for pattern in self.exclude_layers or ())

    def decay_of(self, variable: Any) -> float | None:
        """Adam's weights have a decay of their own."""
        return self.weight_decay if self.is_matrix(variable) else self.adam_weight_decay

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype."""
        matrices = [index for index, velocity in enumerate(slots["velocity"]) if velocity is None]
        others = [index for index, velocity in enumerate(slots["velocity"]) if velocity is not None]
        if matrices:
            chosen = ([values[i] for i in matrices] for values in (variables, gradients, slots["momentum"]))
            self._move_matrices(*chosen, rate=rate)
        if others:
            chosen = [[values[i] for i in others] for values in (variables, gradients, *slots.values())]
            moments = Moments(self.adam_beta_1, self.adam_beta_2, self.epsilon)
            arrays = chosen[2], chosen[3], []
            step_by_moments(chosen[0], chosen[1], arrays, rate * self.adam_lr_ratio, self.updates() + 1, moments)

    def _move_matrices(self, variables: list[Any], gradients: list[Tensor], momentum: list[Any], rate: Any) -> None:
        kernels._foreach_mul_(momentum, self.momentum)
        kernels._foreach_add_(momentum, gradients)
        ways = kernels._foreach_add(gradients, momentum, alpha=self.momentum) if self.nesterov else momentum
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, way in enumerate(ways):
            if way.is_cpu and way.numel() >= LARGE:
                add_scaled([variables[index]], [self._step_of(way)], -rate)
            else:
                alike.setdefault(tuple(way.shape), []).append(index)
        for same in alike.values():
            steps = self._step_of(torch.stack([ways[index] for index in same]))
            add_scaled([variables[index] for index in same], steps.unbind(), -rate)

    def _step_of(self, momentum: Tensor) -> Tensor:
        """The step of one matrix, or of a stack of them."""
        return self.lr_adjust(self.zeropower_via_newtonschulz5(momentum, self.ns_steps))

    def transpose_last_axis(self, X: Tensor) -> Tensor:  # noqa: N803 (Keras's name)
        """The matrices with rows and columns exchanged."""
        return X.mT

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Matrices of `rms_rate` as their root mean square, if they are orthogonal."""
        return x if self.rms_rate is None else x * (self.rms_rate * max(x.shape[-2:]) ** 0.5)

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """The orthogonal matrix near each matrix: all singular values become about one.

        Args:
            x: (..., rows, columns).
            steps: iterations.
        """
        turned = x.shape[-2] > x.shape[-1]
        x = x.mT if turned else x
        x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
        for _ in range(steps):
            square = product(x, x.mT)
            inner = torch.add(square * self.muon_b, product(square, square), alpha=self.muon_c)
            x = torch.add(x * self.muon_a, product(inner, x))
        return x.mT if turned else x


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, by oneDNN for large matrices where it is the faster one."""
    if left.ndim == 2 and left.is_cpu and left.numel() >= LARGE and left.dtype == torch.float32:
        from kerasviz.ops.onednn import by_onednn, onednn_is_faster

        if onednn_is_faster():
            return by_onednn(left, right, None)
    return left @ right

"""Penalties on weights and outputs, added to the loss."""

from typing import Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Component, Family, Invalid, arg
from kerasviz.tensors import convert_to_tensor


class Regularizer(Component):
    """Base of penalties: called with a tensor, gives a scalar."""

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of `x`, a scalar."""
        raise NotImplementedError(f"{type(self).__name__} needs a `__call__(self, x)`.")


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2)."""

    l1: float | None = arg(0.0, at_least=0, doc="Weight of the sum of sizes; pulls values to exactly zero.")
    l2: float | None = arg(0.0, at_least=0, doc="Weight of the sum of squares; keeps values small.")

    def check(self) -> None:
        """None means zero."""
        self.l1 = float(self.l1 or 0.0)
        self.l2 = float(self.l2 or 0.0)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of `x`, a scalar."""
        x = convert_to_tensor(x)
        penalty = x.new_zeros(())
        if self.l1:
            penalty = penalty + self.l1 * x.abs().sum()
        if self.l2:
            penalty = penalty + self.l2 * torch.square(x).sum()
        return penalty


class L1(Regularizer):
    """l1 * sum(|x|)."""

    l1: float | None = arg(0.01, at_least=0, doc="Weight of the sum of sizes; pulls values to exactly zero.")

    def check(self) -> None:
        """None means the default."""
        self.l1 = 0.01 if self.l1 is None else float(self.l1)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of `x`, a scalar."""
        return (self.l1 or 0.0) * convert_to_tensor(x).abs().sum()


class L2(Regularizer):
    """l2 * sum(x^2)."""

    l2: float | None = arg(0.01, at_least=0, doc="Weight of the sum of squares; keeps values small.")

    def check(self) -> None:
        """None means the default."""
        self.l2 = 0.01 if self.l2 is None else float(self.l2)

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of `x`, a scalar."""
        return (self.l2 or 0.0) * torch.square(convert_to_tensor(x)).sum()


class OrthogonalRegularizer(Regularizer):
    """Pulls the rows, or the columns, of a matrix towards right angles: mean |cosine| over all pairs.

    Shapes:
        x: (rows, columns)
    """

    factor: float = arg(0.01, at_least=0, doc="Weight of the mean |cosine|.")
    mode: Literal["rows", "columns"] = arg("rows", doc="Which vectors are compared.")

    def __call__(self, x: Tensor) -> Tensor:
        """The penalty of `x`, a scalar."""
        x = convert_to_tensor(x)
        if x.ndim != 2:
            raise Invalid("OrthogonalRegularizer", "a matrix (rows, columns)", tuple(x.shape))
        vectors = torch.nn.functional.normalize(x if self.mode == "rows" else x.t(), dim=1, eps=1e-6)
        cosines = vectors @ vectors.t()
        count = len(vectors)
        pairs = count * (count - 1) / 2
        off_diagonal = cosines * (1 - torch.eye(count, dtype=x.dtype, device=x.device))
        return self.factor * 0.5 * off_diagonal.abs().sum() / pairs


l1 = L1
l2 = L2
l1_l2 = l1l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

FAMILY = Family("regularizer", module="keras.regularizers", namespace=globals(), base=Regularizer)


def get(identifier: Any) -> Any:
    """The regularizer that `identifier` means: None, a name, a config, a class, or the object itself."""
    return FAMILY.get(identifier)


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer."""
    return FAMILY.serialize(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The regularizer that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)

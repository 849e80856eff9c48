"""Layers that put the same values in another order or shape."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

from torch import Tensor

from kerasviz.declare import Choice, Invalid, Maybe, arg
from kerasviz.declare.kinds import ShapeKind
from kerasviz.layers.layer import InputSpec, Layer
from kerasviz.layers.spatial import DATA_FORMATS
from kerasviz.tensors import standardize_data_format


class OrderKind(ShapeKind):
    """Axes in another order."""

    def samples(self) -> list[Any]:
        """Two axes swapped."""
        return [(2, 1)]


Sized = Annotated[Any, ShapeKind()]
Order = Annotated[Any, OrderKind()]


def product(sizes: Sequence[int | None]) -> int | None:
    """All sizes multiplied; None where one is unknown."""
    known = [size for size in sizes if size is not None]
    return math.prod(known) if len(known) == len(sizes) else None


class Flatten(Layer):
    """Lays all values of a sample in one row.

    Shapes:
        inputs: (batch, *rest)
        outputs: (batch, product of rest)
    """

    keeps_dtype = True
    data_format: Annotated[Any, Maybe(Choice(DATA_FORMATS))] = arg(
        None, doc="channels_first moves channels last before."
    )

    def check(self) -> None:
        """None asks the config."""
        super().check()
        self.data_format = standardize_data_format(self.data_format, "Flatten(data_format=...)")

    def call(self, inputs: Tensor) -> Tensor:
        """One row of each sample."""
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.reshape(inputs.shape[0], -1) if inputs.numel() else inputs.flatten(1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The product of all but the batch."""
        return (input_shape[0], product(input_shape[1:]))


class Reshape(Layer):
    """Gives each sample another shape.

    Shapes:
        inputs: (batch, *rest)
        outputs: (batch, *target_shape)
    """

    keeps_dtype = True
    target_shape: Sized = arg(doc="Without the batch; one size may be -1: what is left.")

    def check(self) -> None:
        """Only one size can be what is left."""
        super().check()
        if sum(size == -1 for size in self.target_shape) > 1 or None in self.target_shape:
            raise Invalid("Reshape(target_shape=...)", "whole numbers, one of them may be -1", self.target_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """The same values in another shape."""
        if not inputs.numel():
            return inputs.reshape(inputs.shape[0], *self.resolved(inputs.shape))
        return inputs.reshape(inputs.shape[0], *self.target_shape)

    def build(self, input_shape: tuple) -> None:
        """Check that the values fit."""
        self.compute_output_shape(input_shape)

    def resolved(self, input_shape: Sequence[int | None]) -> tuple[Any, ...]:
        """The target, with -1 worked out where the input is known."""
        total, wanted = product(input_shape[1:]), self.target_shape
        fixed = math.prod(size for size in wanted if size != -1)
        if total is not None and (total % fixed if -1 in wanted and fixed else total != fixed):
            expected = f"{'a multiple of ' if -1 in wanted else ''}{fixed} values per sample for {wanted}"
            hint = f"The input has {total} per sample."
            raise Invalid(f'Reshape "{self.name}"', expected, tuple(input_shape), hint)
        left = None if total is None else total // max(fixed, 1)
        return tuple(left if size == -1 else size for size in wanted)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The target."""
        return (input_shape[0], *self.resolved(input_shape))


class Permute(Layer):
    """Puts the axes of each sample in another order.

    Shapes:
        inputs: (batch, *rest)
        outputs: (batch, *rest in the order of dims)
    """

    keeps_dtype = True
    dims: Order = arg(doc="The axes in their new order, counted from 1: (2, 1) swaps two.")

    def check(self) -> None:
        """Each axis once."""
        super().check()
        if sorted(n or 0 for n in self.dims) != list(range(1, len(self.dims) + 1)):
            raise Invalid("Permute(dims=...)", f"each of 1 to {len(self.dims)} once", self.dims)
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        """The same values, their axes in another order: a view."""
        return inputs.permute(0, *self.dims)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The sizes in the new order."""
        axes = f"with {len(self.dims)} axes after the batch"
        self.check_rank(input_shape, len(self.dims) + 1, axes)
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))


class RepeatVector(Layer):
    """Gives a sequence of one vector, n times.

    Shapes:
        inputs: (batch, features)
        outputs: (batch, n, features)
    """

    keeps_dtype = True
    n: int = arg(at_least=1, doc="Length of the sequence.")

    def build(self, input_shape: tuple) -> None:
        """Check the rank."""
        self.compute_output_shape(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """The vector, n times: a view."""
        return inputs.unsqueeze(1).expand(-1, self.n, -1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """A new axis after the batch."""
        self.check_rank(input_shape, 2, "(batch, features)")
        return (input_shape[0], self.n, input_shape[1])

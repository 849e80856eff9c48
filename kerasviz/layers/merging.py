"""Layers that make one tensor of several."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Axis, Invalid, arg
from kerasviz.layers.calling import no_masks
from kerasviz.layers.layer import Layer

Shapes = Sequence[tuple[int | None, ...]]


class Merging(Layer):
    """Base of layers that take a list of inputs.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    keeps_dtype = True
    supports_masking = True
    counts: ClassVar[bool] = False  # whether masked values are left out

    @property
    def place(self) -> str:
        """This layer, as errors name it."""
        return f'{type(self).__name__} "{self.name}"'

    def build(self, input_shape: Any) -> None:
        """Check that the inputs fit each other."""
        self.compute_output_shape(input_shape)

    def listed(self, input_shape: Any) -> list[tuple]:
        """The shapes of the inputs.

        Raises:
            Invalid: where they are not a list.
        """
        if not isinstance(input_shape, (list, tuple)) or not all(isinstance(s, (list, tuple)) for s in input_shape):
            hint = "Call it on a list: layer([a, b])."
            raise Invalid(self.place, "a list of inputs", input_shape, hint)
        return [tuple(shape) for shape in input_shape]

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """The shape to which all inputs broadcast."""
        shapes = self.listed(input_shape)
        rank = max(len(shape) for shape in shapes)
        aligned = [(shape[0], *(1,) * (rank - len(shape)), *shape[1:]) for shape in shapes if shape]
        batches = {shape[0] for shape in shapes if shape} - {None}
        sizes = [merged_size(column) for column in zip(*(shape[1:] for shape in aligned), strict=True)]
        if len(batches) > 1 or "unequal" in sizes:
            hint = "Bring them to one shape first, for example with a Dense, a 1x1 Conv2D or a Reshape."
            raise Invalid(self.place, "inputs of one shape, or with size 1 where they differ", shapes, hint)
        return (batches.pop() if batches and all(s[0] is not None for s in aligned) else None, *sizes)

    def call(self, inputs: list[Tensor]) -> Tensor:
        """All inputs as one."""
        if not isinstance(inputs, (list, tuple)):
            raise Invalid(self.place, "a list of inputs", tuple(inputs.shape), "Call it on a list: layer([a, b]).")
        if self.counts and not no_masks(tuple(inputs), {}):
            return self.merge_masked(inputs)
        return self.merge(of_one_rank(inputs))

    def merge_masked(self, inputs: Sequence[Tensor]) -> Tensor:
        """All inputs as one, where some have masks."""
        raise NotImplementedError

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """All inputs, of one rank, as one."""
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Where any of the inputs counts; None if one has no mask: then all of it does."""
        if mask is None or any(one is None for one in mask):
            return None
        merged = mask[0]
        for one in mask[1:]:
            merged = torch.logical_or(merged, one)
        return merged


def of_one_rank(inputs: Sequence[Tensor]) -> Sequence[Tensor]:
    """Inputs with fewer axes get axes of size 1 after the batch."""
    ranks = {x.ndim for x in inputs}
    if len(ranks) == 1:
        return inputs
    rank = max(ranks)
    return [x.reshape(x.shape[:1] + (1,) * (rank - x.ndim) + x.shape[1:]) for x in inputs]


def merged_size(sizes: Sequence[int | None]) -> Any:
    """The size to which these broadcast; None where it is unknown; "unequal" where there is none."""
    known = {size for size in sizes if size not in (None, 1)}
    if len(known) > 1:
        return "unequal"
    if known:
        return known.pop()
    return None if None in sizes else 1


class Counting(Merging):
    """Base of those in which masked values do not count.

    Where no value counts, the result is the first one.
    """

    counts = True

    def merge_masked(self, inputs: Sequence[Tensor]) -> Tensor:
        """All inputs as one, of what counts."""
        masks = [mask_like(x, getattr(x, "_keras_mask", None)) for x in inputs]
        return self.merge_counted(of_one_rank(inputs), of_one_rank(masks))[0]

    def merge_counted(self, inputs: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The result, and where a value counted."""
        result, counted = inputs[0], masks[0]
        for x, mask in zip(inputs[1:], masks[1:], strict=True):
            both = torch.where(counted, self.merge([result, x]), x)
            result = torch.where(mask, both, result)
            counted = counted | mask
        return result, counted


def mask_like(x: Tensor, mask: Tensor | None) -> Tensor:
    """A mask with as many axes as `x`; True without one."""
    if mask is None:
        return torch.ones((1,) * x.ndim, dtype=torch.bool, device=x.device)
    return mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))


class Add(Merging):
    """The sum of its inputs.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """Their sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Subtract(Merging):
    """The first input less the second.

    Shapes:
        inputs: a list of two tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """The shape to which both broadcast."""
        shapes = self.listed(input_shape)
        if len(shapes) != 2:
            raise Invalid(self.place, "two inputs", shapes)
        return super().compute_output_shape(input_shape)

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The first less the second."""
        return inputs[0] - inputs[1]


class Multiply(Counting):
    """The product of its inputs, value by value.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """Their product."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total * x
        return total

    def merge_counted(self, inputs: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The product of what counts; zero where nothing does."""
        result, counted = super().merge_counted(inputs, masks)
        return torch.where(counted, result, 0), counted


class Average(Add):
    """The mean of its inputs.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    keeps_dtype = False  # a mean has fractions

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """Their mean."""
        return super().merge(inputs) / len(inputs)


class Maximum(Counting):
    """The largest of its inputs, value by value.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The largest."""
        largest = inputs[0]
        for x in inputs[1:]:
            largest = torch.maximum(largest, x)
        return largest


class Minimum(Counting):
    """The smallest of its inputs, value by value.

    Shapes:
        inputs: a list of tensors of one shape, or with size 1 where they differ
        outputs: that shape
    """

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """The smallest."""
        smallest = inputs[0]
        for x in inputs[1:]:
            smallest = torch.minimum(smallest, x)
        return smallest


class Concatenate(Merging):
    """Its inputs, one after the other along an axis.

    Shapes:
        inputs: a list of tensors that differ along `axis` only
        outputs: their shape, with the sum of the sizes of `axis`
    """

    axis: int = arg(-1, doc="Axis along which they are laid.")

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """The sum along the axis, the common size elsewhere."""
        shapes = self.listed(input_shape)
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            hint = "Bring them to one rank first, for example with a Reshape or Flatten."
            raise Invalid(self.place, f"inputs with equally many axes, and an axis {self.axis}", shapes, hint)
        output: list[int | None] = []
        for index, sizes in enumerate(zip(*shapes, strict=True)):
            known = {size for size in sizes if size is not None}
            if index == self.axis % rank:
                output.append(sum(sizes) if None not in sizes else None)
            elif len(known) > 1:
                hint = f"They may differ along axis {self.axis} only. Pool, pad, crop or reshape before."
                raise Invalid(self.place, f"inputs with one size of axis {index}", shapes, hint)
            else:
                output.append(known.pop() if known and (index or None not in sizes) else None)
        return tuple(output)

    def merge(self, inputs: Sequence[Tensor]) -> Tensor:
        """One after the other."""
        return torch.cat(list(inputs), dim=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks, one after the other; True for inputs that have none."""
        if mask is None or all(one is None for one in mask):
            return None
        masks = [full_mask(x, one) for x, one in zip(inputs, mask, strict=True)]
        return torch.any(torch.cat(masks, dim=self.axis), dim=-1)


def full_mask(x: Any, mask: Any) -> Any:
    """A mask with all axes of `x`."""
    if mask is None:
        return torch.ones_like(x, dtype=torch.bool)
    if mask.ndim < x.ndim:
        return torch.logical_and(torch.unsqueeze(mask, -1), torch.ones_like(x, dtype=torch.bool))
    return mask


class Dot(Merging):
    """Sums of products along an axis of each of two inputs.

    Shapes:
        inputs: a list of two tensors (batch, *rest), with equal sizes along the axes
        outputs: (batch, *rest of the first, *rest of the second) without these axes; (batch, 1) if nothing is left
    """

    axes: Axis = arg(doc="Axis along which to multiply: one for both, or a pair.")
    normalize: bool = arg(False, doc="Whether vectors along the axes get length one: then it is the cosine.")

    def check(self) -> None:
        """Lengths have fractions."""
        super().check()
        self.needs_floats = self.normalize

    def pair(self, shapes: Shapes) -> tuple[int, int]:
        """The axis of each input, from 0."""
        given = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        if len(shapes) != 2 or len(given) != 2:
            raise Invalid(self.place, "two inputs, and one axis or a pair", list(shapes))
        first, second = (axis % len(shape) for axis, shape in zip(given, shapes, strict=True))
        return first, second

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """What is left of both."""
        shapes = self.listed(input_shape)
        first, second = self.pair(shapes)
        sizes = shapes[0][first], shapes[1][second]
        if None not in sizes and sizes[0] != sizes[1]:
            raise Invalid(self.place, f"equal sizes along the axes {first} and {second}", shapes)
        left = [n for axis, n in enumerate(shapes[0]) if axis != first]
        right = [n for axis, n in enumerate(shapes[1]) if axis not in (0, second)]
        return (*left, *right) if len(left) + len(right) > 1 else (*left, 1)

    def call(self, inputs: list[Tensor]) -> Tensor:
        """The sums of products."""
        x, y = inputs
        first, second = self.pair((tuple(x.shape), tuple(y.shape)))
        if self.normalize:
            x, y = F.normalize(x, dim=first), F.normalize(y, dim=second)
        left = [axis if axis != first else 50 for axis in range(x.ndim)]
        right = [0 if axis == 0 else 50 if axis == second else 25 + axis for axis in range(y.ndim)]
        outputs = torch.einsum(x, left, y, right, [n for n in (*left, *right[1:]) if n != 50])
        return outputs.unsqueeze(-1) if outputs.ndim == 1 else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """The axes are not those of the inputs any more."""
        return


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)

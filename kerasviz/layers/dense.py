"""Layers that multiply by a matrix."""

import math
from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Activation, Data, Invalid, Regularizer, Text, arg, weight
from kerasviz.declare.kinds import ShapeKind
from kerasviz.initializers import FanScaling
from kerasviz.layers.layer import InputSpec, Layer
from kerasviz.layers.lora import Lora
from kerasviz.ops.onednn import product


class Dense(Lora):
    """Multiplies by a kernel, adds a bias, applies an activation.

    Shapes:
        inputs: (batch, *rest, features)
        kernel: (features, units)
        outputs: (batch, *rest, units)
    """

    supports_masking = True
    needs_floats = True
    units: int = arg(at_least=1, doc="Size of the last axis of the output.")
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")
    lora_rank: int | None = arg(None, at_least=1, group="lora", quiet=True, doc="Size of the small arrays.")
    lora_alpha: float | None = arg(None, group="lora", quiet=True, doc="Weight of the small arrays.")
    quantization_config: Data = arg(None, group="lora", doc="How weights are quantized.")

    def build(self, input_shape: tuple) -> None:
        """Make the kernel and the bias."""
        self.compute_output_shape(input_shape)
        features = input_shape[-1]
        if isinstance(features, (list, tuple)):
            hint = "Concatenate them first: Concatenate()([a, b])."
            raise Invalid(f'Dense "{self.name}"', "a single input", f"{len(input_shape)} inputs", hint)
        if features is None:
            hint = "Fix the last axis, or pool over it (GlobalAveragePooling) before."
            raise Invalid(f'Dense "{self.name}"', "a known number of features", tuple(input_shape), hint)
        self.kernel = self.add_weight(name="kernel", shape=(features, self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self.adapt()

    def call(self, inputs: Tensor) -> Tensor:
        """activation(inputs @ kernel + bias)."""
        if self.lora_enabled:
            return self.activation(self.adapted(inputs))
        kernel, bias = self.kernel, self.bias
        if inputs.dtype != kernel.dtype:
            wider = torch.promote_types(inputs.dtype, kernel.dtype)
            inputs, kernel, bias = inputs.to(wider), kernel.to(wider), None if bias is None else bias.to(wider)
        if inputs.ndim == 2 and bias is not None:
            return self.activation(torch.addmm(bias, inputs, kernel))
        return self.activation(F.linear(inputs, kernel.t(), bias))

    def adapted(self, inputs: Tensor) -> Tensor:
        """The sum, by the frozen kernel and the two small ones: the gradient of no large one is made."""
        kernel = self.frozen
        inputs = inputs.to(kernel.dtype)
        a, b = self.small
        return F.linear(inputs, kernel.t(), self.bias) + self._lora_scale * (inputs @ a @ b).to(kernel.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Units for features."""
        if len(input_shape) < 2:
            hint = "Put a Reshape before it."
            raise Invalid(f'Dense "{self.name}"', "inputs (batch, *rest, features)", tuple(input_shape), hint)
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: without a penalty that is not there."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "activity_regularizer" or value}


class EquationKind(Text):
    """Letters for axes: of the inputs, the kernel, the output."""

    def samples(self) -> list[Any]:
        """What Dense does."""
        return ["ab,bc->ac"]


class SizesOfOutput(ShapeKind):
    """A shape without the batch."""

    def samples(self) -> list[Any]:
        """One size, for outputs with one axis."""
        return [(4,)]


class EinsumDense(Lora):
    """Multiplies by a kernel along the axes that an equation names.

    Shapes:
        inputs: as the first letters of the equation
        kernel: as the second
        outputs: as those after `->`

    Example:
        `EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")` is Dense(64) on sequences.
    """

    needs_floats = True

    activity_in_block = False

    equation: Annotated[str, EquationKind()] = arg(
        doc="Axes of the inputs and the kernel, and of the outputs, such as 'abc,cd->abd'."
    )
    output_shape: Annotated[Any, SizesOfOutput()] = arg(
        doc="Sizes of the output without the batch; None where the input says."
    )
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    bias_axes: str | None = arg(None, doc="Axes of the output that the bias has; None for no bias.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")
    lora_rank: int | None = arg(None, at_least=1, group="lora", quiet=True, doc="Size of the small arrays.")
    lora_alpha: float | None = arg(None, group="lora", quiet=True, doc="Weight of the small arrays.")
    gptq_unpacked_column_size: int | None = arg(None, group="lora", quiet=True, doc="Columns before packing.")
    quantization_config: Data = arg(None, group="lora", doc="How weights are quantized.")
    activity_regularizer: Regularizer = arg(None, keyword=True, group="regularizer", doc="Penalty on the output.")

    def check(self) -> None:
        """The equation must have three parts, and the bias axes of the output."""
        super().check()
        inputs, kernel, outputs = _parts(self.equation)
        missing = set(self.bias_axes or "") - set(outputs)
        if missing:
            where = "EinsumDense(bias_axes=...)"
            raise Invalid(where, f"letters of the output, {outputs!r}", self.bias_axes)
        unknown = set(kernel) - set(inputs) - set(outputs)
        if unknown:
            where = "EinsumDense(equation=...)"
            raise Invalid(where, "a kernel whose letters the inputs or outputs have", self.equation)

    def build(self, input_shape: tuple) -> None:
        """Make the kernel and the bias."""
        equation, sizes = self._sized(input_shape)
        _, kernel, outputs = _parts(equation)
        self.full_equation = equation
        self.contracted = contracted_last(equation)
        shape = tuple(sizes[letter] for letter in kernel)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.start(kernel, outputs))
        self.bias = None
        if self.bias_axes:
            shape = [sizes[letter] if letter in self.bias_axes else 1 for letter in outputs]
            first = min(outputs.index(letter) for letter in self.bias_axes)
            self.bias = self.add_weight(name="bias", shape=tuple(shape[first:]))
        self.adapt()

    def start(self, kernel: str, outputs: str) -> Any:
        """The kernel's initializer; its inputs are the axes that the product sums over."""
        start: Any = self.kernel_initializer
        if not isinstance(start, FanScaling):
            return start
        kept = [letter in outputs for letter in kernel]
        summed, left = ([axis for axis, is_kept in enumerate(kept) if is_kept is wanted] for wanted in (False, True))
        return start.along(summed, left)

    def call(self, inputs: Tensor) -> Tensor:
        """activation(einsum(equation, inputs, kernel) + bias)."""
        if self.contracted:
            return self.activation(self.product(inputs))
        outputs = torch.einsum(self.full_equation, inputs, self.kernel)
        return self.activation(outputs if self.bias is None else outputs + self.bias)

    def product(self, inputs: Tensor) -> Tensor:
        """The sum as one matrix product, where the equation multiplies the last axes of the inputs away."""
        kernel, bias = self.kernel, self.bias
        outer = kernel.shape[self.contracted :]
        width = math.prod(outer)
        whole = bias is not None and bias.shape == outer
        x = inputs.flatten(-self.contracted) if self.contracted > 1 else inputs
        added = bias.reshape(width) if bias is not None and whole else None
        outputs = product(x, kernel.reshape(-1, width), added)
        outputs = outputs.reshape(*outputs.shape[:-1], *outer) if len(outer) > 1 else outputs
        return outputs if whole or bias is None else outputs + bias

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The size of each letter of the output."""
        equation, sizes = self._sized(input_shape)
        return tuple(sizes[letter] for letter in _parts(equation)[2])

    def _sized(self, input_shape: tuple) -> tuple[str, dict[str, int | None]]:
        """The equation with a letter for each axis, and the letters' sizes."""
        equation = _without_dots(self.equation, len(input_shape))
        inputs, _, outputs = _parts(equation)
        place = f'EinsumDense "{self.name}"'
        if len(inputs) != len(input_shape):
            raise Invalid(place, f"inputs with the axes {self.equation.split(',')[0]!r}", tuple(input_shape))
        sizes = dict(zip(inputs, input_shape, strict=True))
        given = self.output_shape
        dots_last = _parts(self.equation)[2].endswith("...")
        letters = outputs[1 : 1 + len(given)] if dots_last else outputs[max(len(outputs) - len(given), 0) :]
        if len(letters) != len(given):
            raise Invalid("EinsumDense(output_shape=...)", f"at most {len(outputs) - 1} sizes", given)
        for letter, size in zip(letters, given, strict=True):
            known = sizes.get(letter)
            if size is not None and known not in (None, size):
                raise Invalid(place, f"size {size} for {letter!r} of {self.equation!r}", tuple(input_shape))
            sizes[letter] = known if size is None else size
        return equation, sizes


def _parts(equation: str) -> tuple[str, str, str]:
    """The axes of the inputs, of the kernel, and of the outputs."""
    left, arrow, outputs = equation.replace(" ", "").partition("->")
    inputs, comma, kernel = left.partition(",")
    if not (arrow and comma and inputs and kernel and outputs) or "," in kernel:
        raise Invalid("EinsumDense(equation=...)", "two operands and an output, such as 'abc,cd->abd'", equation)
    return inputs, kernel, outputs


def contracted_last(equation: str) -> int:
    """How many axes are multiplied away, if they are the last of the inputs, and the outputs end in the kernel's rest.

    0 where the equation is no such product.
    """
    inputs, kernel, outputs = _parts(equation)
    for count in range(1, min(len(inputs), len(kernel) - 1) + 1):
        rest, outer = inputs[:-count], kernel[count:]
        plain = len(set(rest + kernel)) == len(rest + kernel)
        if plain and rest and inputs[-count:] == kernel[:count] and outputs == rest + outer:
            return count
    return 0


def _without_dots(equation: str, rank: int) -> str:
    """The equation with letters in place of `...`, for inputs of this rank."""
    inputs, kernel, outputs = _parts(equation)
    if "..." not in inputs:
        return f"{inputs},{kernel}->{outputs}"
    free = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter not in equation]
    letters = "".join(free[: max(rank - len(inputs.replace("...", "")), 0)])
    return f"{inputs},{kernel}->{outputs}".replace("...", letters)


class Identity(Layer):
    """Gives its inputs back, as they are."""

    supports_masking = True
    keeps_dtype = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape

"""Activations as layers of their own."""

from typing import Any

import torch
from torch import Tensor

from kerasviz import activations
from kerasviz.declare import Activation as ActivationArgument
from kerasviz.declare import Axis, Invalid, arg, weight
from kerasviz.layers.layer import InputSpec, Layer


class Elementwise(Layer):
    """Base of layers whose output is as large as their input.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    supports_masking = True

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        return tuple(input_shape)


class Activation(Elementwise):
    """Applies an activation.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    activation: ActivationArgument = arg(doc="What is applied: a name or a function.")

    def call(self, inputs: Tensor) -> Tensor:
        """activation(inputs)."""
        return self.activation(inputs)


class ReLU(Elementwise):
    """Zero below a threshold, the input above it.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    max_value: float | None = arg(None, at_least=0, doc="Largest output; None for no limit.")
    negative_slope: float = arg(0.0, at_least=0, doc="Slope below the threshold.")
    threshold: float = arg(0.0, at_least=0, doc="Where the input starts to pass.")

    def call(self, inputs: Tensor) -> Tensor:
        """relu(inputs)."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Elementwise):
    """The input above zero, a share of it below.

    Shapes:
        inputs, outputs: (batch, *rest)

    Source: Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
    """

    needs_floats = True

    negative_slope: float = arg(0.3, at_least=0, doc="Slope below zero.")

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """`alpha` was its name once."""
        if "alpha" in named:
            named["negative_slope"] = named.pop("alpha")
        return super().adapt_arguments(named)

    def call(self, inputs: Tensor) -> Tensor:
        """leaky_relu(inputs)."""
        return activations.leaky_relu(inputs, self.negative_slope)


class PReLU(Elementwise):
    """The input above zero, a learned share of it below.

    Shapes:
        inputs, outputs: (batch, *rest)
        alpha: rest, with 1 for shared axes

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
    """

    needs_floats = True

    activity_in_block = False

    alpha = weight("Zeros")
    shared_axes: Axis | None = arg(None, doc="Axes along which the slope is one: [1, 2] for a slope per channel.")

    def check(self) -> None:
        """One axis is a list of one."""
        super().check()
        self.shared_axes = [self.shared_axes] if isinstance(self.shared_axes, int) else self.shared_axes

    def build(self, input_shape: tuple) -> None:
        """Make the slopes."""
        shape = list(input_shape[1:])
        shared: Any = self.shared_axes or ()
        for axis in shared:
            if not 0 < axis < len(input_shape):
                raise Invalid("PReLU(shared_axes=...)", f"axes from 1 to {len(input_shape) - 1}", self.shared_axes)
            shape[axis - 1] = 1
        self.alpha = self.add_weight(name="alpha", shape=tuple(shape))
        fixed = {a: n for a, n in enumerate(input_shape) if a and a not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed)

    def call(self, inputs: Tensor) -> Tensor:
        """The input where it is positive, alpha times it elsewhere."""
        alpha = self.alpha
        if inputs.ndim == 2 and alpha.shape[0] == inputs.shape[1] and alpha.dtype is inputs.dtype:
            return torch.prelu(inputs, alpha)
        return torch.where(inputs > 0, inputs, alpha * inputs)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: without a penalty that is not there."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "activity_regularizer" or value}


class ELU(Elementwise):
    """The input above zero, an exponential below.

    Shapes:
        inputs, outputs: (batch, *rest)

    Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear
    Units", 2015.
    """

    needs_floats = True

    alpha: float = arg(1.0, at_least=0, doc="How far below zero it goes.")

    def call(self, inputs: Tensor) -> Tensor:
        """elu(inputs)."""
        return activations.elu(inputs, self.alpha)


class Softmax(Elementwise):
    """Values above zero that sum to one along an axis; masked ones are zero.

    Shapes:
        inputs, outputs: (batch, *rest)
        mask: as the inputs
    """

    needs_floats = True

    axis: Axis = arg(-1, doc="Axis, or axes, along which they sum to one.")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        rank = len(input_shape)
        for axis in self.axis if isinstance(self.axis, (list, tuple)) else [self.axis]:
            if not -rank <= axis < rank:
                where, hint = f'Softmax "{self.name}"', f"Choose axes from {-rank} to {rank - 1}."
                raise Invalid(where, f"inputs with axis {axis}", tuple(input_shape), hint)
        return tuple(input_shape)

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """softmax(inputs), over the places that `mask` keeps."""
        if mask is None:
            return activations.softmax(inputs, self.axis)
        sizes = zip(reversed(mask.shape), reversed(inputs.shape), strict=False)
        if mask.ndim > inputs.ndim or any(m not in (1, size) for m, size in sizes):
            hint = "A mask of steps, as Embedding and Masking make it, does not say which values to leave out."
            where = f'Softmax "{self.name}"'
            raise Invalid(where, f"a mask that fits inputs of shape {tuple(inputs.shape)}", tuple(mask.shape), hint)
        mask = mask.to(torch.bool)
        lowest = torch.finfo(inputs.dtype).min
        return activations.softmax(torch.where(mask, inputs, lowest), self.axis) * mask

"""Layers that bring values to mean zero and variance one, over groups of them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Axis, Invalid, arg, weight
from kerasviz.layers.layer import InputSpec, Layer
from kerasviz.ops.normalizing import group_normalized, layer_normalized, rms_normalized, widened


class Normalizer(Layer):
    """What all of them share: axes, and arithmetic in at least 32 bits."""

    needs_floats = True

    activity_in_block = False
    supports_masking = True

    def axes_of(self, shape: Sequence[int | None]) -> list[int]:
        """The axes as numbers from 0, in order.

        Raises:
            Invalid: where the inputs have no such axis.
        """
        rank = len(shape)
        axes = []
        for axis in (self.axis,) if isinstance(self.axis, int) else self.axis:
            if not -rank <= axis < rank:
                place, hint = f'{type(self).__name__} "{self.name}"', f"Choose axes from {-rank} to {rank - 1}."
                raise Invalid(place, f"inputs with axis {self.axis}", tuple(shape), hint)
            axes.append(axis % rank)
        return sorted(axes)

    def add_affine(self, shape: Sequence[int | None], centred: bool = True) -> None:
        """Make gamma and beta, where they are wanted; kept in full precision."""
        self.gamma = self.add_weight(name="gamma", shape=shape, autocast=False) if self.scale else None
        self.beta = self.add_weight(name="beta", shape=shape, autocast=False) if self.center and centred else None

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        self.axes_of(input_shape)
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: without a penalty that is not there."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "activity_regularizer" or value}


def like(x: Tensor, values: Tensor | None) -> Tensor | None:
    """`values` in the dtype of `x`: those of a 16-bit policy are widened too."""
    return values if values is None or values.dtype is x.dtype else values.to(x.dtype)


class LayerNormalization(Normalizer):
    """Brings each sample, at each place, to mean zero and variance one over its features.

    Shapes:
        inputs, outputs: (batch, *rest)
        gamma, beta: sizes of `axis`

    Source: Ba, Kiros and Hinton, "Layer Normalization", 2016.
    """

    axis: Axis = arg(-1, doc="Axis, or axes, over which mean and variance are taken.")
    epsilon: float = arg(0.001, at_least=0, doc="Added to the variance.")
    center: bool = arg(True, doc="Whether to add beta.")
    scale: bool = arg(True, doc="Whether to multiply by gamma.")
    beta = weight("zeros")
    gamma = weight("ones")
    rms_scaling: bool = arg(False, keyword=True, group="base", doc="Scale by the deviation without centring.")

    def build(self, input_shape: tuple) -> None:
        """Make gamma and beta."""
        shape = [input_shape[axis] for axis in self.axes_of(input_shape)]
        self.add_affine(shape, centred=not self.rms_scaling)

    def call(self, inputs: Tensor) -> Tensor:
        """(inputs - mean) / sqrt(variance + epsilon) * gamma + beta."""
        x = widened(inputs)
        gamma, beta = self.gamma, self.beta
        if x is not inputs:
            gamma, beta = like(x, gamma), like(x, beta)
        how = self.axes_of(x.shape), self.epsilon, self.rms_scaling
        return layer_normalized(x, gamma, beta, *how).to(self._compute_dtype)


class GroupNormalization(Normalizer):
    """Brings each sample's channels, in groups, to mean zero and variance one over all of space.

    Shapes:
        inputs, outputs: (batch, *space, channels), or channels where `axis` says
        gamma, beta: (channels,)

    Source: Wu and He, "Group Normalization", 2018.
    """

    groups: int = arg(32, at_least=-1, doc="Number of groups; 1 is layer, -1 (a group per channel) instance norm.")
    axis: int = arg(-1, doc="Where the channels are.")
    epsilon: float = arg(0.001, at_least=0, doc="Added to the variance.")
    center: bool = arg(True, doc="Whether to add beta.")
    scale: bool = arg(True, doc="Whether to multiply by gamma.")
    beta = weight("zeros")
    gamma = weight("ones")

    def build(self, input_shape: tuple) -> None:
        """Make gamma and beta."""
        self.compute_output_shape(input_shape)
        channels = input_shape[self.axis]
        self.add_affine([channels])
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        channels = input_shape[self.axes_of(input_shape)[0]]
        if channels is not None and self.groups > 0 and channels % self.groups:
            place = f'GroupNormalization "{self.name}"'
            hint = f"Set groups to a divisor of {channels}."
            raise Invalid(place, f"channels that groups={self.groups} divides", tuple(input_shape), hint)
        return tuple(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """(inputs - mean) / sqrt(variance + epsilon) * gamma + beta, in each group."""
        x = widened(inputs).movedim(self.axis, 1)
        groups = x.shape[1] if self.groups == -1 else self.groups
        gamma, beta = like(x, self.gamma), like(x, self.beta)
        if gamma is None and beta is not None:  # torch's kernel has no gradient for beta alone
            outputs = group_normalized(x, groups, epsilon=self.epsilon) + beta.view([1, -1] + [1] * (x.ndim - 2))
        else:
            outputs = group_normalized(x, groups, gamma, beta, self.epsilon)
        return outputs.movedim(1, self.axis).to(self._compute_dtype)


class UnitNormalization(Normalizer):
    """Gives the vectors along an axis the length one.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    axis: Axis = arg(-1, doc="Axis, or axes, along which a vector lies.")

    def call(self, inputs: Tensor) -> Tensor:
        """Inputs / |inputs|."""
        x = widened(inputs)
        norm = torch.linalg.vector_norm(x, dim=self.axes_of(x.shape), keepdim=True)
        return (x / norm.clamp(min=1e-12)).to(inputs.dtype)


class RMSNormalization(Normalizer):
    """Divides each sample, at each place, by the root of its mean square over the features.

    Shapes:
        inputs, outputs: (batch, *rest)
        scale: sizes of `axis`

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
    """

    supports_masking = False
    axis: Axis = arg(-1, doc="Axis, or axes, over which the mean square is taken.")
    epsilon: float = arg(1e-6, at_least=0, doc="Added to the mean square.")

    def build(self, input_shape: tuple) -> None:
        """Make the scale."""
        shape = [input_shape[axis] for axis in self.axes_of(input_shape)]
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs: Tensor) -> Tensor:
        """`inputs / sqrt(mean(inputs^2) + epsilon) * scale`."""
        x = widened(inputs)
        scale = self.scale if x is inputs else like(x, self.scale)
        return rms_normalized(x, scale, self.axes_of(x.shape), self.epsilon).to(inputs.dtype)

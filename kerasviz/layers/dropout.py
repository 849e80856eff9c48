"""Noise that keeps a model from learning its data by heart. Only in training."""

import math
from typing import Any, ClassVar

import torch
from torch import Tensor

from kerasviz.declare import DType, Invalid, Shape, arg
from kerasviz.layers.drawing import Drawing
from kerasviz.layers.layer import Layer
from kerasviz.layers.spatial import DataFormat, Spatial
from kerasviz.regularizers import L1L2
from kerasviz.tensors import Seed


class Noise(Drawing):
    """Base of layers that add noise in training."""

    supports_masking = True
    seed: Seed = arg(None, doc="Makes the numbers the same in each run; None begins where torch says.")

    def draws(self) -> bool:
        """Whether there is any noise."""
        return bool(getattr(self, "rate", None) or getattr(self, "stddev", None))

    def normal(self, like: Tensor) -> Tensor:
        """Standard normal numbers, as many as in `like`."""
        return torch.randn(like.shape, generator=self.generator(like.device), device=like.device, dtype=like.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        return tuple(input_shape)


class Dropping(Noise):
    """Base of layers that set values to zero."""

    rate: float
    noise_shape: Any = None

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Some values; all of them outside training."""
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return nothing(inputs)
        kept = self.kept(inputs, self.drawn_shape(inputs), self.rate)
        return inputs * kept.to(inputs.dtype).mul_(1 / (1 - self.rate))

    def drawn_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """How many decisions are drawn: one for each value, unless axes share them."""
        return shared_shape(self.noise_shape, inputs, self)


def nothing(inputs: Tensor) -> Tensor:
    """Zeros that gradients still flow through, as zeros; also where the inputs are not finite."""
    return inputs.masked_fill(torch.ones_like(inputs, dtype=torch.bool), 0)


def shared_shape(noise_shape: Any, inputs: Tensor, layer: Layer) -> tuple[int, ...]:
    """`noise_shape`, with the input's size where it has None."""
    if noise_shape is None:
        return tuple(inputs.shape)
    if len(noise_shape) != inputs.ndim:
        place = f'{type(layer).__name__} "{layer.name}"'
        raise Invalid(place, f"inputs with {len(noise_shape)} axes, as noise_shape={noise_shape}", tuple(inputs.shape))
    return tuple(size if wanted is None else wanted for wanted, size in zip(noise_shape, inputs.shape, strict=True))


class Dropout(Dropping):
    """Sets a share of the values to zero and scales the others so that the mean stays.

    Shapes:
        inputs, outputs: (batch, *rest)

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """

    rate: float = arg(at_least=0, at_most=1, doc="Share of the values that become zero.")
    noise_shape: Shape | None = arg(None, doc="Shape of what is drawn; 1 where an axis shares it, None as the input.")


class SpatialDropout(Dropping, Spatial):
    """Drops whole channels: neighbours in space are too alike for dropping single values to matter.

    Shapes:
        inputs, outputs: (batch, *space, channels), or (batch, channels, *space) if channels_first

    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2014.
    """

    rank: ClassVar[int]
    data_format: Any = "channels_last"
    rate: float = arg(at_least=0, at_most=1, doc="Share of the channels that become zero.")
    name: str | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]
        None, after="seed", group="base", doc="Unique name in the model."
    )
    dtype: DType = arg(None, after="seed", group="base", doc="What it computes in: a dtype or a policy.")

    def drawn_shape(self, inputs: Tensor) -> tuple[int, ...]:
        """One decision for each channel."""
        return self.with_space(inputs.shape, (1,) * self.rank, inputs.shape[self.channel_axis])

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        self.check_rank(input_shape, self.rank + 2, self.axes_in_words)
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: the few arguments that its constructor takes."""
        config = super().get_config()
        names = ("rate", "seed", "name", "data_format")
        return {name: config[name] for name in names if name in config} | {"dtype": self.dtype_policy.name}


class SpatialDropout1D(SpatialDropout):
    """Drops whole channels of a series.

    Shapes:
        inputs, outputs: (batch, time, channels)
    """

    rank = 1


class SpatialDropout2D(SpatialDropout):
    """Drops whole channels of an image."""

    rank = 2
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.", after="rate")


class SpatialDropout3D(SpatialDropout):
    """Drops whole channels of a volume."""

    rank = 3
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.", after="rate")


class GaussianNoise(Noise):
    """Adds normal noise.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    stddev: float = arg(at_least=0, doc="Standard deviation of what is added.")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, and noise in training."""
        if not training or self.stddev == 0:
            return inputs
        return torch.add(inputs, self.normal(inputs), alpha=self.stddev)


class GaussianDropout(Noise):
    """Multiplies by normal noise around one, as strong as dropout at the same rate.

    Shapes:
        inputs, outputs: (batch, *rest)

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """

    rate: float = arg(at_least=0, below=1, doc="Rate of the dropout that it stands for.")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The inputs, times noise in training."""
        if not training or self.rate == 0:
            return inputs
        return inputs * (1 + self.normal(inputs) * math.sqrt(self.rate / (1 - self.rate)))


FLOOR = -1.0507009873554805 * 1.6732632423543772  # what selu gives far below zero


class AlphaDropout(Noise):
    """Sets a share of the values to selu's lowest, and keeps mean and variance.

    Shapes:
        inputs, outputs: (batch, *rest)

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-Normalizing Neural Networks", 2017.
    """

    rate: float = arg(at_least=0, at_most=1, doc="Share of the values that become selu's lowest.")
    noise_shape: Shape | None = arg(None, doc="Shape of what is drawn; 1 where an axis shares it, None as the input.")

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Some values; all of them outside training."""
        rate = self.rate
        if not training or rate == 0:
            return inputs
        if rate == 1:
            return nothing(inputs)
        scale = ((1 - rate) * (1 + rate * FLOOR**2)) ** -0.5
        shape = shared_shape(self.noise_shape, inputs, self)
        kept = torch.rand(shape, generator=self.generator(inputs.device), device=inputs.device) >= rate
        return torch.where(kept, inputs, FLOOR) * scale - scale * FLOOR * rate


class ActivityRegularization(Layer):
    """Leaves its inputs as they are and adds a penalty on them to the loss.

    Shapes:
        inputs, outputs: (batch, *rest)
    """

    keeps_dtype = True

    supports_masking = True
    l1: float = arg(0.0, at_least=0, doc="Weight of the sum of sizes.")
    l2: float = arg(0.0, at_least=0, doc="Weight of the sum of squares.")

    def check(self) -> None:
        """The penalty is that of any layer's output."""
        super().check()
        self.activity_regularizer = L1L2.from_config({"l1": self.l1, "l2": self.l2})

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs."""
        return inputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The two weights say it all."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config

    def source(self) -> str:
        """The two weights say it all."""
        penalty: Any = self.activity_regularizer
        self.__dict__["activity_regularizer"] = None
        try:
            return super().source()
        finally:
            self.__dict__["activity_regularizer"] = penalty

"""Pooling to a given size: windows are as large as that takes."""

from typing import ClassVar

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.layers.spatial import DataFormat, Sizes, Spatial
from kerasviz.ops.pooling import ADAPTIVE_LARGEST, ADAPTIVE_MEAN


class AdaptivePooling(Spatial):
    """Brings a map of any size to a given one: windows are as large as that takes.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with output_size for space
    """

    needs_floats = True

    rank: ClassVar[int]
    output_size: Sizes = arg(doc="Places along each spatial axis of the output.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """output_size for space."""
        self.check_rank(input_shape, self.rank + 2, self.axes_in_words)
        return self.with_space(input_shape, self.output_size, input_shape[self.channel_axis])


class AdaptiveAveragePooling(AdaptivePooling):
    """The means of a given number of windows."""

    rank: ClassVar[int]

    def call(self, inputs: Tensor) -> Tensor:
        """The mean of each window."""
        return self.channels_back(ADAPTIVE_MEAN[self.rank](self.channels_first(inputs), self.output_size))


class AdaptiveMaxPooling(AdaptivePooling):
    """The largest values of a given number of windows."""

    rank: ClassVar[int]

    def call(self, inputs: Tensor) -> Tensor:
        """The largest value of each window."""
        return self.channels_back(ADAPTIVE_LARGEST[self.rank](self.channels_first(inputs), self.output_size))


class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """The mean of each of a given number of windows of a series."""

    rank = 1


class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """The mean of each of a given number of windows of an image."""

    rank = 2


class AdaptiveAveragePooling3D(AdaptiveAveragePooling):
    """The mean of each of a given number of windows of a volume."""

    rank = 3


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """The largest value of each of a given number of windows of a series."""

    rank = 1


class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """The largest value of each of a given number of windows of an image."""

    rank = 2


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """The largest value of each of a given number of windows of a volume."""

    rank = 3

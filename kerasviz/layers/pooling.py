"""Pooling: a window's largest value, or its mean."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.layers.spatial import DataFormat, Sizes, Spatial, Steps
from kerasviz.ops.pooling import largest, means
from kerasviz.ops.sliding import padding_of


class Pooling(Spatial):
    """Slides a window over the spatial axes. `rank` is their number.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with fewer places
    """

    rank: ClassVar[int]
    pool_size: Sizes = arg(2, doc="Extent of the window along each spatial axis.")
    strides: Steps = arg(None, doc="Steps between two places of the window; None: windows side by side.")
    padding: Literal["valid", "same"] = arg("valid", doc="'same' lets windows reach over the edge.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")

    def check(self) -> None:
        """Windows lie side by side by default."""
        super().check()
        self.strides = self.strides or self.pool_size

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis by its window."""
        space = self.slid(input_shape, self.pool_size, self.strides, self.padding)
        return self.with_space(input_shape, space, input_shape[self.channel_axis])

    def call(self, inputs: Tensor) -> Tensor:
        """One value of each window."""
        x = self.channels_first(inputs)
        pairs = padding_of(self.padding, x.shape[2:], self.pool_size, self.strides)
        return self.channels_back(self.pool(x, pairs))

    def pool(self, x: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """`x` (batch, channels, *space), as if it had `pairs` more places before and after."""
        raise NotImplementedError


class MaxPooling(Pooling):
    """The largest value of each window."""

    keeps_dtype = True

    rank: ClassVar[int]

    def pool(self, x: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """Places outside never win."""
        return largest(x, self.pool_size, self.strides, pairs)


class AveragePooling(Pooling):
    """The mean of each window; places outside do not count."""

    needs_floats = True

    rank: ClassVar[int]
    pool_size: Sizes = arg(doc="Extent of the window along each spatial axis.")

    def pool(self, x: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """Sums over the number of places inside."""
        return means(x, self.pool_size, self.strides, pairs)


class MaxPooling1D(MaxPooling):
    """The largest value of each window in time."""

    rank = 1


class MaxPooling2D(MaxPooling):
    """The largest value of each window of an image."""

    rank = 2


class MaxPooling3D(MaxPooling):
    """The largest value of each window of a volume."""

    rank = 3


class AveragePooling1D(AveragePooling):
    """The mean of each window in time."""

    rank = 1


class AveragePooling2D(AveragePooling):
    """The mean of each window of an image."""

    rank = 2


class AveragePooling3D(AveragePooling):
    """The mean of each window of a volume."""

    rank = 3


class GlobalPooling(Spatial):
    """One value of each channel: all of space is the window.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: (batch, channels); with keepdims as inputs, each spatial axis of size 1
    """

    rank: ClassVar[int]
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    keepdims: bool = arg(False, doc="Whether spatial axes stay, of size 1.")

    @property
    def space_axes(self) -> tuple[int, ...]:
        """The axes that go."""
        return tuple(axis for axis in range(1, self.rank + 2) if axis != self.channel_axis)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Batch and channels; ones for the rest with keepdims."""
        self.check_rank(input_shape, self.rank + 2, self.axes_in_words)
        channels = input_shape[self.channel_axis]
        if self.keepdims:
            return self.with_space(input_shape, (1,) * self.rank, channels)
        return (input_shape[0], channels)


class GlobalMaxPooling(GlobalPooling):
    """The largest value of each channel."""

    keeps_dtype = True

    rank: ClassVar[int]

    def call(self, inputs: Tensor) -> Tensor:
        """The largest over space."""
        return inputs.amax(dim=self.space_axes, keepdim=self.keepdims)


class GlobalAveragePooling(GlobalPooling):
    """The mean of each channel."""

    needs_floats = True

    rank: ClassVar[int]

    def call(self, inputs: Tensor) -> Tensor:
        """The mean over space."""
        return inputs.mean(dim=self.space_axes, keepdim=self.keepdims)


class GlobalMaxPooling1D(GlobalMaxPooling):
    """The largest value of each channel over time."""

    rank = 1


class GlobalMaxPooling2D(GlobalMaxPooling):
    """The largest value of each channel over an image."""

    rank = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """The largest value of each channel over a volume."""

    rank = 3


class GlobalAveragePooling1D(GlobalAveragePooling):
    """The mean of each channel over time; masked moments do not count."""

    rank = 1
    supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """The mean over the moments that `mask` (batch, time) keeps."""
        if mask is None:
            return super().call(inputs)
        axis = self.space_axes[0]
        kept = mask.to(inputs.dtype).unsqueeze(self.channel_axis)
        return (inputs * kept).sum(dim=axis, keepdim=self.keepdims) / kept.sum(dim=axis, keepdim=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """No time, no mask."""
        return


class GlobalAveragePooling2D(GlobalAveragePooling):
    """The mean of each channel over an image."""

    rank = 2


class GlobalAveragePooling3D(GlobalAveragePooling):
    """The mean of each channel over a volume."""

    rank = 3

"""Convolutions: a small kernel slid over time, images or volumes."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from torch import Tensor

from kerasviz.declare import Activation, Invalid, arg, weight
from kerasviz.layers.spatial import DataFormat, Sizes, Spatial
from kerasviz.ops.convolving import CONVOLVE, DEPTHWISE_ORDER, TORCH_ORDER, convolve, depthwise
from kerasviz.ops.sliding import Pairs, extents, padding_of


class AnyConv(Spatial):
    """What all convolutions share: windows, padding, bias."""

    needs_floats = True

    def check(self) -> None:
        """Strides and dilation exclude each other, as in Keras."""
        super().check()
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            where = f"{type(self).__name__}(dilation_rate=...)"
            raise Invalid(where, f"1, because strides={self.strides}", self.dilation_rate, "Set one of the two to 1.")

    @property
    def window(self) -> tuple[int, ...]:
        """Extent of the kernel along each axis, dilation included."""
        return extents(self.kernel_size, self.dilation_rate)

    def add_bias(self, size: int) -> Any:
        """The bias, or None without one."""
        return self.add_weight(name="bias", shape=(size,)) if self.use_bias else None

    def convolve(self, x: Tensor, kernel: Tensor, bias: Tensor | None, groups: int) -> Tensor:
        """`x` (batch, channels, *space) under `kernel` (filters, channels / groups, *kernel_size)."""
        return convolve(x, kernel, bias, self.strides, self.padding_for(x.shape[2:]), self.dilation_rate, groups)

    def padding_for(self, space: Sequence[int]) -> Pairs:
        """(before, after) of each axis."""
        return padding_of(self.padding, space, self.window, self.strides)


class Conv(AnyConv):
    """Slides a kernel over the spatial axes. `rank` is their number.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, channels / groups, filters)
        outputs: as inputs, with filters for channels
    """

    rank: ClassVar[int]
    filters: int = arg(at_least=1, doc="Channels of the output.")
    kernel_size: Sizes = arg(doc="Extent of the kernel along each spatial axis.")
    strides: Sizes = arg(1, doc="Steps between two places of the kernel.")
    padding: Literal["valid", "same"] = arg("valid", doc="'same' pads so that stride 1 keeps the size.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    dilation_rate: Sizes = arg(1, doc="Distance between two points of the kernel.")
    groups: int = arg(1, at_least=1, doc="Channel groups, each convolved apart.")
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")

    def check(self) -> None:
        """Groups share the filters evenly."""
        super().check()
        if self.filters % self.groups:
            raise Invalid(f"{type(self).__name__}(groups=...)", f"a divisor of filters={self.filters}", self.groups)

    def build(self, input_shape: tuple) -> None:
        """Make the kernel and the bias."""
        inputs = self.channels(input_shape) // self.groups
        self.compute_output_shape(input_shape)
        shape = (*self.kernel_size, inputs, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, layout=TORCH_ORDER[self.rank])
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        """The kernel's answer at each place."""
        kernel = self.kernel.permute(TORCH_ORDER[self.rank])
        outputs = self.convolve(self.channels_first(inputs), kernel, self.bias, self.groups)
        return self.activation(self.channels_back(outputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis by its window; filters for channels."""
        space = self.slid(input_shape, self.window, self.strides, self.padding)
        channels = input_shape[self.channel_axis]
        if channels is not None and channels % self.groups:
            raise Invalid(self.place, f"channels that groups={self.groups} divides", tuple(input_shape))
        return self.with_space(input_shape, space, self.filters)


class Conv1D(Conv):
    """Slides a kernel over time.

    Shapes:
        inputs: (batch, time, channels), or (batch, channels, time) if channels_first
        kernel: (kernel_size, channels / groups, filters)
        outputs: as inputs, with filters for channels
    """

    rank = 1
    padding: Literal["valid", "same", "causal"] = arg(  # pyright: ignore[reportIncompatibleVariableOverride]
        "valid", doc="'causal' looks only back in time."
    )


class Conv2D(Conv):
    """Slides a kernel over images.

    Shapes:
        inputs: (batch, height, width, channels), or (batch, channels, height, width) if channels_first
        kernel: (height, width, channels / groups, filters)
        outputs: as inputs, with filters for channels
    """

    rank = 2


class Conv3D(Conv):
    """Slides a kernel over volumes.

    Shapes:
        inputs: (batch, depth, height, width, channels), or (batch, channels, depth, height, width) if channels_first
        kernel: (depth, height, width, channels / groups, filters)
        outputs: as inputs, with filters for channels
    """

    rank = 3


class DepthwiseConv(AnyConv):
    """Slides kernels over each channel apart.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, channels, depth_multiplier)
        outputs: as inputs, with channels * depth_multiplier channels
    """

    rank: ClassVar[int]
    kernel_size: Sizes = arg(doc="Extent of the kernel along each spatial axis.")
    strides: Sizes = arg(1, doc="Steps between two places of the kernel.")
    padding: Literal["valid", "same"] = arg("valid", doc="'same' pads so that stride 1 keeps the size.")
    depth_multiplier: int = arg(1, at_least=1, doc="Kernels for each channel.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    dilation_rate: Sizes = arg(1, doc="Distance between two points of the kernel.")
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform", prefix="depthwise")
    bias = weight("zeros")

    def build(self, input_shape: tuple) -> None:
        """Make the kernel and the bias."""
        channels = self.channels(input_shape)
        self.compute_output_shape(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self.add_weight(name="kernel", shape=shape, layout=DEPTHWISE_ORDER[self.rank])
        self.bias = self.add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Tensor) -> Tensor:
        """Each channel's kernels' answer at each place."""
        x = self.channels_first(inputs)
        outputs = self.convolve(x, depthwise(self.kernel, self.rank), self.bias, x.shape[1])
        return self.activation(self.channels_back(outputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis by its window; channels times depth_multiplier."""
        space = self.slid(input_shape, self.window, self.strides, self.padding)
        channels = input_shape[self.channel_axis]
        return self.with_space(input_shape, space, None if channels is None else channels * self.depth_multiplier)


class DepthwiseConv1D(DepthwiseConv):
    """Slides kernels over time, each channel apart."""

    rank = 1


class DepthwiseConv2D(DepthwiseConv):
    """Slides kernels over images, each channel apart."""

    rank = 2


class SeparableConv(AnyConv):
    """Slides kernels over each channel apart, then mixes the channels of each place.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        depthwise_kernel: (*kernel_size, channels, depth_multiplier)
        pointwise_kernel: (*ones, channels * depth_multiplier, filters)
        outputs: as inputs, with filters for channels

    Source: F. Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", 2016.
    """

    rank: ClassVar[int]
    filters: int = arg(at_least=1, doc="Channels of the output.")
    kernel_size: Sizes = arg(doc="Extent of the kernel along each spatial axis.")
    strides: Sizes = arg(1, doc="Steps between two places of the kernel.")
    padding: Literal["valid", "same"] = arg("valid", doc="'same' pads so that stride 1 keeps the size.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    dilation_rate: Sizes = arg(1, doc="Distance between two points of the kernel.")
    depth_multiplier: int = arg(1, at_least=1, doc="Kernels for each channel.")
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    depthwise_kernel = weight("glorot_uniform", prefix="depthwise")
    pointwise_kernel = weight("glorot_uniform", prefix="pointwise")
    bias = weight("zeros")

    def build(self, input_shape: tuple) -> None:
        """Make both kernels and the bias."""
        channels = self.channels(input_shape)
        self.compute_output_shape(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self.add_weight(name="depthwise_kernel", shape=shape, layout=DEPTHWISE_ORDER[self.rank])
        shape = ((1,) * self.rank) + (channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self.add_weight(name="pointwise_kernel", shape=shape, layout=TORCH_ORDER[self.rank])
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        """Each place in space first, then across the channels."""
        x = self.channels_first(inputs)
        x = self.convolve(x, depthwise(self.depthwise_kernel, self.rank), None, x.shape[1])
        outputs = CONVOLVE[self.rank](x, self.pointwise_kernel.permute(TORCH_ORDER[self.rank]), self.bias)
        return self.activation(self.channels_back(outputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis by its window; filters for channels."""
        space = self.slid(input_shape, self.window, self.strides, self.padding)
        return self.with_space(input_shape, space, self.filters)


class SeparableConv1D(SeparableConv):
    """Slides kernels over time, each channel apart, then mixes the channels."""

    rank = 1


class SeparableConv2D(SeparableConv):
    """Slides kernels over images, each channel apart, then mixes the channels."""

    rank = 2

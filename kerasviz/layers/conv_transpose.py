"""Convolutions run backwards: from a small map to a large one."""

from typing import Annotated, Any, ClassVar, Literal

from torch import Tensor

from kerasviz.declare import Activation, Invalid, PerAxis, arg, weight
from kerasviz.layers.conv import AnyConv
from kerasviz.layers.spatial import DataFormat, Sizes
from kerasviz.ops.convolving import TORCH_ORDER, convolve_back, cut

Extra = Annotated[Any, PerAxis(at_least=0)]


class ConvTranspose(AnyConv):
    """Spreads each value by a kernel: the gradient of a convolution with respect to its input.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, filters, channels)
        outputs: as inputs, with filters for channels and space * strides, or a little more

    Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional Networks", 2010.
    """

    rank: ClassVar[int]
    filters: int = arg(at_least=1, doc="Channels of the output.")
    kernel_size: Sizes = arg(doc="Extent of the kernel along each spatial axis.")
    strides: Sizes = arg(1, doc="How far apart neighbours of the input come to lie.")
    padding: Literal["valid", "same"] = arg("valid", doc="'same' gives space * strides.")
    output_padding: Extra | None = arg(None, doc="Places added after; None fits the padding.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    dilation_rate: Sizes = arg(1, doc="Distance between two points of the kernel.")
    activation: Activation = arg(None, doc="Applied last; None leaves the sum as it is.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")

    def check(self) -> None:
        """Added places are fewer than a stride."""
        super().check()
        given = self.output_padding
        if given is not None and any(extra >= stride for extra, stride in zip(given, self.strides, strict=True)):
            where = f"{type(self).__name__}(output_padding=...)"
            raise Invalid(where, f"numbers below strides={self.strides}", given)

    def build(self, input_shape: tuple) -> None:
        """Make the kernel and the bias."""
        shape = (*self.kernel_size, self.filters, self.channels(input_shape))
        self.kernel = self.add_weight(name="kernel", shape=shape, layout=TORCH_ORDER[self.rank])
        self.bias = self.add_bias(self.filters)

    def call(self, inputs: Tensor) -> Tensor:
        """Each value, spread and summed."""
        x = self.channels_first(inputs)
        kernel = self.kernel.permute(TORCH_ORDER[self.rank])
        outputs = convolve_back(x, kernel, self.bias, self.strides, self.cuts(), self.dilation_rate)
        return self.activation(self.channels_back(outputs))

    def cuts(self) -> list[tuple[int, int]]:
        """What each axis loses (before, after) of all that the kernel reaches; negative: what it gains."""
        given = self.output_padding or (None,) * self.rank
        axes = zip(self.window, self.strides, given, strict=True)
        return [cut(extent, stride, self.padding, extra) for extent, stride, extra in axes]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis times its stride, and what the padding adds; filters for channels."""
        axes = zip(self.space(input_shape), self.window, self.strides, self.cuts(), strict=True)
        space = [None if n is None else (n - 1) * stride + extent - sum(cut) for n, extent, stride, cut in axes]
        return self.with_space(input_shape, space, self.filters)


class Conv1DTranspose(ConvTranspose):
    """Spreads the values of a series by a kernel."""

    rank = 1


class Conv2DTranspose(ConvTranspose):
    """Spreads the values of an image by a kernel."""

    rank = 2


class Conv3DTranspose(ConvTranspose):
    """Spreads the values of a volume by a kernel."""

    rank = 3
    data_format: DataFormat | None = arg(None, after="padding", doc="Place of the channel axis; None asks the config.")

"""What layers over images, volumes and series share: where the channels are, and how windows fit on a map."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from torch import Tensor

from kerasviz.declare import Invalid, Maybe, PerAxis
from kerasviz.layers.layer import Layer
from kerasviz.ops.sliding import num_places
from kerasviz.tensors import settings

Sizes = Annotated[Any, PerAxis()]  # a number, or one for each axis; kept as a tuple
Steps = Annotated[Any, Maybe(PerAxis())]
DATA_FORMATS = ("channels_last", "channels_first")
DataFormat = Literal["channels_last", "channels_first"]
AXES = {1: ("time",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Spatial(Layer):
    """Base of layers over `rank` spatial axes. Inside, channels are axis 1, as torch has them.

    Moving the channels of a channels-last input is a view: torch's kernels take such memory as it is.
    """

    rank: ClassVar[int]
    data_format: Any

    def check(self) -> None:
        """None asks the config for the data format."""
        super().check()
        self.data_format = settings.standardize_data_format(self.data_format, f"{type(self).__name__}(data_format=...)")

    def build(self, input_shape: tuple) -> None:
        """Check that the inputs fit, before torch does in its words."""
        self.compute_output_shape(input_shape)

    @property
    def channel_axis(self) -> int:
        """Where inputs and outputs have their channels."""
        return 1 if self.data_format == "channels_first" else self.rank + 1

    @property
    def axes_in_words(self) -> str:
        """The axes of an input, as errors name them."""
        space = ", ".join(AXES[self.rank])
        return f"(batch, channels, {space})" if self.data_format == "channels_first" else f"(batch, {space}, channels)"

    def channels_first(self, x: Tensor) -> Tensor:
        """`x` with channels as axis 1: a view."""
        return x if self.data_format == "channels_first" else x.movedim(-1, 1)

    def channels_back(self, x: Tensor) -> Tensor:
        """`x` with its channels where this layer's inputs have them: a view."""
        return x if self.data_format == "channels_first" else x.movedim(1, -1)

    def space(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The sizes of the spatial axes."""
        self.check_rank(shape, self.rank + 2, self.axes_in_words)
        return tuple(shape[2:] if self.data_format == "channels_first" else shape[1:-1])

    def with_space(self, shape: Sequence[int | None], space: Sequence[int | None], channels: int | None) -> tuple:
        """A whole shape: the batch of `shape`, `space` and `channels` at their places."""
        if self.data_format == "channels_first":
            return (shape[0], channels, *space)
        return (shape[0], *space, channels)

    def channels(self, input_shape: Sequence[int | None]) -> int:
        """The number of channels, which weights need to know."""
        self.check_rank(input_shape, self.rank + 2, self.axes_in_words)
        channels = input_shape[self.channel_axis]
        if channels is None:
            hint = f"Give axis {self.channel_axis} a size."
            raise Invalid(self.place, "a known number of channels", tuple(input_shape), hint)
        return channels

    @property
    def place(self) -> str:
        """This layer, as errors name it."""
        return f'{type(self).__name__} "{self.name}"'

    def slid(
        self, input_shape: Sequence[int | None], window: Sequence[int], strides: Sequence[int], padding: str
    ) -> tuple[int | None, ...]:
        """Spatial sizes after a window has slid over the map.

        Args:
            input_shape: of the input.
            window: extent of the window along each axis, dilation included.
            strides: steps between two places of the window.
            padding: 'valid', 'same' or 'causal'.

        Raises:
            Invalid: where the window does not fit on the map.
        """
        outputs: list[int | None] = []
        for name, size, extent, stride in zip(AXES[self.rank], self.space(input_shape), window, strides, strict=True):
            if size is not None and size < extent and padding == "valid":
                hint = "Use padding='same', a smaller window, or less pooling before it."
                expected = f"{name} at least {extent}, the extent of its window"
                raise Invalid(self.place, expected, tuple(input_shape), hint)
            outputs.append(num_places(size, extent, stride, padding))
        return tuple(outputs)

"""ConvLSTM1D, ConvLSTM2D and ConvLSTM3D: LSTMs over images, whose products are convolutions."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor

from kerasviz.declare import Activation, Invalid, PerAxis, arg, weight
from kerasviz.layers.recurrent import RNN
from kerasviz.layers.recurrent_cells import DROPPED, CellDropout, GatedLayer
from kerasviz.layers.spatial import DataFormat, Sizes, Spatial
from kerasviz.ops.convolving import CONVOLVE, TORCH_ORDER
from kerasviz.ops.sliding import extents, pad, same_padding
from kerasviz.tensors import Seed

GATES = 4


class SizesShownAsOne(PerAxis):
    """A size for each axis, whose default is shown as the one number that stands for all."""

    def fit(self, cls: type) -> "SizesShownAsOne":
        """For the axes of this class."""
        return SizesShownAsOne(self.rank or getattr(cls, "rank", None), self.at_least)

    def default(self, value: Any) -> Any:
        """The number."""
        return value


Steps = Annotated[Any, SizesShownAsOne()]


class ConvLSTMArguments(Spatial):
    """What a ConvLSTM is told, as a layer or as a cell."""

    rank: ClassVar[int]
    filters: int = arg(at_least=1, doc="Channels of the state.")
    kernel_size: Sizes = arg(doc="Extent of both kernels along each spatial axis.")
    strides: Steps = arg(1, doc="Steps between two places of the input's kernel.")
    padding: Literal["valid", "same"] = arg("valid", doc="Of the inputs; the state is always padded to its size.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    dilation_rate: Steps = arg(1, doc="Distance between two points of the input's kernel.")
    activation: Activation = arg("tanh", doc="For what is taken in and shown.")
    recurrent_activation: Activation = arg("sigmoid", doc="For the gates.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    recurrent_kernel = weight("orthogonal", prefix="recurrent")
    bias = weight("zeros")
    unit_forget_bias: bool = arg(
        True, doc="Start the forget gate's bias at 1.", after="bias_initializer", group="initializer"
    )
    dropout: float = arg(0.0, at_least=0, at_most=1, doc=f"Share of the inputs dropped. {DROPPED}", group="dropout")
    recurrent_dropout: float = arg(
        0.0, at_least=0, at_most=1, doc=f"Share of the state dropped. {DROPPED}", group="dropout"
    )
    seed: Seed = arg(None, doc="Seed of what is dropped.", group="dropout")

    def check(self) -> None:
        """Strides and dilation exclude each other, as in Keras."""
        super().check()
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            where = f"{type(self).__name__}(dilation_rate=...)"
            raise Invalid(where, f"1, because strides={self.strides}", self.dilation_rate, "Set one of the two to 1.")

    @property
    def window(self) -> tuple[int, ...]:
        """Extent of the input's kernel along each axis, dilation included."""
        return extents(self.kernel_size, self.dilation_rate)

    def state_shape(self, moment: Any) -> tuple:
        """The shape of a state, for moments of this shape."""
        return self.with_space(moment, self.slid(moment, self.window, self.strides, self.padding), self.filters)


class ConvLSTMCell(CellDropout, ConvLSTMArguments):
    """One moment of a ConvLSTM.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        kernel: (*kernel_size, channels, 4 * filters), gates in the order input, forget, candidate, output
        recurrent_kernel: (*kernel_size, filters, 4 * filters)
        states, outputs: as a convolution of the inputs with `filters` filters; two states: shown, and kept

    Source: X. Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting", 2015.
    """

    activity_in_block: ClassVar[bool] = False
    state_size: Any = (-1, -1)  # known with the inputs

    def build(self, input_shape: tuple, states_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the weights for moments of this shape."""
        channels = self.channels(input_shape)
        self.state_size = [torch.Size(size or 0 for size in self.state_shape(input_shape)[1:])] * 2
        width, order = GATES * self.filters, TORCH_ORDER[self.rank]
        self.kernel = self.add_weight(name="kernel", shape=(*self.kernel_size, channels, width), layout=order)
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(*self.kernel_size, self.filters, width), layout=order
        )
        self.bias = None
        if self.use_bias:
            start = self.open_forget_gate if self.unit_forget_bias else None
            self.bias = self.add_weight(name="bias", shape=(width,), initializer=start)

    def open_forget_gate(self, shape: tuple, dtype: Any = None) -> Tensor:
        """The bias initializer, with ones for the forget gate."""
        first = self.bias_initializer((self.filters,), dtype=dtype)
        rest = self.bias_initializer((2 * self.filters,), dtype=dtype)
        return torch.cat([first, torch.ones_like(first), rest])

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        """One moment."""
        moments, step = self.along(inputs.unsqueeze(1), training)
        return step(moments.squeeze(1), list(states))

    def compute_output_shape(self, input_shape: tuple, states_shape: Any = None) -> Any:
        """Output and states of one moment."""
        shape = self.state_shape(input_shape)
        return shape, [shape, shape]

    def along(self, sequences: Tensor, training: bool) -> tuple[Tensor, Callable]:
        """The inputs' share of the gates, for all moments at once, and the function that takes one step."""
        projected = self.project(sequences, training)  # its masks are drawn first
        keeps = None
        if training and self.recurrent_dropout:
            shape = self.state_shape((sequences.shape[0], *sequences.shape[2:]))
            keeps = [self.keep_mask(shape, self.recurrent_dropout, sequences) for _ in range(GATES)]
        return projected, lambda moment, states: self.step(moment, states, keeps)

    def project(self, sequences: Tensor, training: bool) -> Tensor:
        """(batch, time, *moment) under the kernel, with the bias."""
        kernel = self.kernel.permute(TORCH_ORDER[self.rank])
        if not (training and self.dropout):
            projected = self.convolved(sequences.flatten(0, 1), kernel, self.bias)
        else:
            shape = (sequences.shape[0], *sequences.shape[2:])
            biases = [None] * GATES if self.bias is None else self.bias.chunk(GATES)
            parts = []
            for part, bias in zip(kernel.chunk(GATES), biases, strict=True):
                kept = sequences * self.keep_mask(shape, self.dropout, sequences).unsqueeze(1)
                parts.append(self.convolved(kept.flatten(0, 1), part, bias))
            projected = torch.cat(parts, self.channel_axis)
        return projected.unflatten(0, sequences.shape[:2])

    def convolved(self, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """The inputs' convolution. x: (rows, *moment)."""
        x = self.channels_first(x)
        around: tuple[int, ...] = (0,) * self.rank
        if self.padding == "same":
            x, around = padded(x, self.window, self.strides)
        return self.channels_back(
            CONVOLVE[self.rank](x, kernel, bias, self.strides, around, self.dilation_rate)  # type: ignore[arg-type]
        )

    def state_share(self, h: Tensor, keeps: list[Tensor] | None) -> Tensor:
        """The state under the recurrent kernel, each gate with its own dropout."""
        kernel = self.recurrent_kernel.permute(TORCH_ORDER[self.rank])
        convolve = CONVOLVE[self.rank]
        x, around = padded(self.channels_first(h), self.kernel_size, (1,) * self.rank)
        if keeps is None:
            return self.channels_back(convolve(x, kernel, None, 1, around))
        parts = []
        for keep, part in zip(keeps, kernel.chunk(GATES), strict=True):
            x, around = padded(self.channels_first(h * keep), self.kernel_size, (1,) * self.rank)
            parts.append(self.channels_back(convolve(x, part, None, 1, around)))
        return torch.cat(parts, self.channel_axis)

    def step(self, moment: Tensor, states: list[Tensor], keeps: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One moment, projected already."""
        h, c = states
        i, f, g, o = (moment + self.state_share(h, keeps)).chunk(GATES, dim=self.channel_axis)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]


class ConvLSTM(ConvLSTMArguments, GatedLayer):
    """Base of the ConvLSTM layers. `rank` is the number of spatial axes."""

    cell_type: ClassVar[type]
    cell_name = "conv_lstm_cell"

    unroll: bool = arg(
        False, doc="Kept for Keras: PyTorch runs the steps one by one anyway.", keyword=True, group="sequence"
    )

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Build the cell for one moment."""
        self.compute_output_shape(sequences_shape)
        RNN.build(self, sequences_shape, initial_state_shape)
        self._moment = tuple(sequences_shape[2:])

    def check_sequences(self, shape: tuple) -> None:
        """Moments are images."""
        self.check_rank(shape, self.rank + 3, self.axes_in_words.replace("(batch,", "(batch, time,"))

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        """Shape of the output, and with `return_state` of both states.

        Raises:
            Invalid: where the kernel does not fit on the map.
        """
        self.check_sequences(sequences_shape)
        batch, time, *moment = sequences_shape
        state = self.state_shape((batch, *moment))
        output = (batch, time, *state[1:]) if self.return_sequences else state
        return [output, state, state] if self.return_state else output

    def get_initial_state(self, batch_size: int, like: Tensor | None = None) -> list[Tensor]:
        """Zeros."""
        shape: Any = self.cell.state_size[0]
        if like is not None and like.shape[2:] != self._moment:  # built for space of any size
            shape = self.state_shape((batch_size, *like.shape[2:]))[1:]
        near: Any = self.cell.kernel if like is None else like
        return [near.new_zeros((batch_size, *shape)) for _ in range(2)]


def padded(x: Tensor, window: Any, strides: Any) -> tuple[Tensor, tuple[int, ...]]:
    """`x` padded so that a window reaches every place; and what the kernel shall pad itself. x: channels first."""
    pairs = same_padding(x.shape[2:], window, strides)
    if all(before == after for before, after in pairs):
        return x, tuple(before for before, _ in pairs)
    return pad(x, pairs), (0,) * len(pairs)


class ConvLSTM1DCell(ConvLSTMCell):
    """One moment of a ConvLSTM1D."""

    rank = 1


class ConvLSTM2DCell(ConvLSTMCell):
    """One moment of a ConvLSTM2D."""

    rank = 2


class ConvLSTM3DCell(ConvLSTMCell):
    """One moment of a ConvLSTM3D."""

    rank = 3


class ConvLSTM1D(ConvLSTM):
    """An LSTM over series of series: both inputs and state are convolved.

    Shapes:
        inputs: (batch, time, places, channels), or (batch, time, channels, places) if channels_first
        outputs: (batch, new places, filters), or with time with `return_sequences`; with `return_state` a list of
            these and two states

    Source: X. Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting", 2015.
    """

    rank = 1
    cell_type = ConvLSTM1DCell


class ConvLSTM2D(ConvLSTM):
    """An LSTM over series of images: both inputs and state are convolved.

    Shapes:
        inputs: (batch, time, height, width, channels), or (batch, time, channels, height, width) if channels_first
        outputs: (batch, new height, new width, filters), or with time with `return_sequences`; with `return_state` a
            list of these and two states

    Source: X. Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting", 2015.
    """

    rank = 2
    cell_type = ConvLSTM2DCell


class ConvLSTM3D(ConvLSTM):
    """An LSTM over series of volumes: both inputs and state are convolved.

    Shapes:
        inputs: (batch, time, depth, height, width, channels), or (batch, time, channels, depth, height, width) if
            channels_first
        outputs: (batch, new depth, new height, new width, filters), or with time with `return_sequences`; with
            `return_state` a list of these and two states

    Source: X. Shi et al., "Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting", 2015.
    """

    rank = 3
    cell_type = ConvLSTM3DCell


__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]

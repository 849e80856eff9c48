"""What LSTM, GRU and SimpleRNN share: their arguments, their weights, their dropout, and masks on fused kernels."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz import activations
from kerasviz.declare import Activation, arg, snake_case, weight
from kerasviz.layers.drawing import Drawing
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent import RNN, SHAPE_WORDS
from kerasviz.layers.recurrent_states import zeros
from kerasviz.tensors import Seed

DROPPED = "A mask is drawn once for each sequence, and holds for all its moments."


class CellArguments(Layer):
    """What every gated layer is told."""

    units: int = arg(at_least=1, doc="Size of the state.")
    activation: Activation = arg("tanh", doc="For what is taken in and shown.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    recurrent_kernel = weight("orthogonal", prefix="recurrent")
    bias = weight("zeros")
    dropout: float = arg(0.0, at_least=0, at_most=1, doc=f"Share of the inputs dropped. {DROPPED}", group="dropout")
    recurrent_dropout: float = arg(
        0.0, at_least=0, at_most=1, doc=f"Share of the state dropped. {DROPPED}", group="dropout"
    )
    seed: Seed = arg(None, doc="Seed of what is dropped.", group="dropout")


class CellDropout(Drawing):
    """Base of cells that drop parts of what comes in."""

    def keep_mask(self, shape: tuple, rate: float, like: Tensor) -> Tensor:
        """1 / (1 - rate) where a value is kept, 0 where it is dropped."""
        if rate >= 1:
            return like.new_zeros(shape)
        return self.kept(like, shape, rate).to(like.dtype) / (1 - rate)


class GatedCell(CellDropout, CellArguments):
    """Base of cells with gates: one matrix for the inputs, one for the state.

    Shapes:
        inputs: (batch, features)
        states: (batch, units) each
        kernel: (features, gates * units)
        recurrent_kernel: (units, gates * units)
    """

    activity_in_block: ClassVar[bool] = False
    gates: ClassVar[int] = 1
    num_states: ClassVar[int] = 1

    @property
    def state_size(self) -> Any:
        """Size of the state, or of each."""
        return self.units if self.num_states == 1 else [self.units] * self.num_states

    @property
    def output_size(self) -> int:
        """Size of the output."""
        return self.units

    def build(self, input_shape: tuple) -> None:
        """Make the weights for moments of this shape."""
        width = self.gates * self.units
        turned = (1, 0)  # in memory as torch's kernels read them: nothing is copied in a step
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], width), layout=turned)
        self.recurrent_kernel = self.add_weight(name="recurrent_kernel", shape=(self.units, width), layout=turned)
        self.bias = self.make_bias() if self.use_bias else None

    def make_bias(self) -> Tensor:
        """The bias of all gates."""
        return self.add_weight(name="bias", shape=(self.gates * self.units,))

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> tuple[Tensor, list[Tensor]]:
        """One moment."""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        projected = self.project(inputs, training)
        return self.step(projected, states, self.recurrent_masks(inputs, training))

    def compute_output_shape(self, input_shape: tuple, states_shape: Any = None) -> Any:
        """Output and states of one moment."""
        self.check_rank(input_shape, 2, "(batch, features)")
        output = (input_shape[0], self.units)
        return output, [output] * self.num_states

    def get_initial_state(self, batch_size: int | None = None) -> list[Tensor]:
        """Zeros."""
        return zeros([self.units] * self.num_states, batch_size or 1)

    @property
    def zero_states(self) -> Callable[[int, Tensor], list[Tensor]] | None:
        """A quicker `get_initial_state`, for zeros beside a tensor; None where a subclass starts otherwise."""
        return self._zero_states if type(self).get_initial_state is GatedCell.get_initial_state else None

    def _zero_states(self, batch_size: int, like: Tensor) -> list[Tensor]:
        return [like.new_zeros(batch_size, self.units) for _ in range(self.num_states)]

    def along(self, inputs: Tensor, training: bool) -> tuple[Tensor, Callable] | None:
        """The inputs' share of the gates, for all moments at once, and the function that takes one step.

        None where a subclass has a `call` of its own.
        """
        if not self.steps_as_declared():
            return None
        projected = self.project(inputs, training)  # its masks are drawn first
        keeps = self.recurrent_masks(inputs, training)
        return projected, lambda moment, states: self.step(moment, states, keeps)

    def steps_as_declared(self) -> bool:
        """Whether a step is what it is here: no subclass changes it, and no output of it is penalized."""
        return type(self).call is GatedCell.call and self.activity_regularizer is None

    def step(self, moment: Tensor, states: list[Tensor], keeps: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One moment. `moment`: (batch, gates * units), projected already; `keeps`: masks of the state's dropout."""
        raise NotImplementedError

    def project(self, inputs: Tensor, training: bool) -> Tensor:
        """The inputs through the kernel, with the input's bias."""
        kernel, bias = self.kernel, self.input_bias()
        keeps = self.drawn(self.dropout, (inputs.shape[0], inputs.shape[-1]), inputs, training)
        if keeps is None:
            return F.linear(inputs, kernel.t(), bias)
        keeps = [keep if inputs.ndim == 2 else keep.unsqueeze(1) for keep in keeps]
        if len(keeps) == 1:
            return F.linear(inputs * keeps[0], kernel.t(), bias)
        parts = [(inputs * keep) @ part for keep, part in zip(keeps, kernel.chunk(self.gates, dim=1), strict=True)]
        projected = torch.cat(parts, dim=-1)
        return projected if bias is None else projected + bias

    def state_share(self, h: Tensor, keeps: list[Tensor] | None) -> Tensor:
        """The state through the recurrent kernel, each gate with its own dropout."""
        kernel = self.recurrent_kernel
        if keeps is None:
            return h @ kernel
        parts = kernel.chunk(self.gates, dim=1)
        return torch.cat([(h * keep) @ part for keep, part in zip(keeps, parts, strict=True)], dim=-1)

    def input_bias(self) -> Tensor | None:
        """The bias that joins the inputs."""
        return self.bias

    def recurrent_masks(self, inputs: Tensor, training: bool) -> list[Tensor] | None:
        """Masks of the state's dropout; None while nothing is dropped."""
        return self.drawn(self.recurrent_dropout, (inputs.shape[0], self.units), inputs, training)

    def drawn(self, rate: float, shape: tuple, like: Tensor, training: bool) -> list[Tensor] | None:
        """Dropout masks, kept values scaled up: one for each gate where the state is dropped too, else one for all."""
        if not training or rate == 0:
            return None
        count = self.gates if self.recurrent_dropout else 1
        return [self.keep_mask(shape, rate, like) for _ in range(count)]

    def fusible(self, sequences: Tensor, training: bool) -> bool:
        """Whether torch's fused kernels compute what is asked."""
        plain = not (training and self.recurrent_dropout) and self.steps_as_declared()
        return plain and sequences.ndim == 3 and 0 not in sequences.shape[:2] and has_standard_activations(self)


class GatedLayer(RNN):
    """Base of the layers that have such a cell inside."""

    needs_floats = True

    without = ("cell",)
    cell_type: ClassVar[type[Layer]]
    cell_name: ClassVar[str | None] = None  # that of its class by default

    zero_output_for_mask: bool = arg(
        False, doc="Give zeros at masked moments, not the output before them.", keyword=True, group="sequence"
    )

    def check(self) -> None:
        """Make the cell from the layer's own arguments."""
        super().check()
        base = Layer.args
        shared = {n: getattr(self, n) for n in self.cell_type.args if n not in base}
        name = self.cell_name or snake_case(self.cell_type.__name__)
        self.cell = self.cell_type(**shared, dtype=self.dtype_policy, trainable=self.trainable, name=name)

    def check_sequences(self, shape: tuple) -> None:
        """Moments are vectors."""
        self.check_rank(shape, 3, SHAPE_WORDS)


def has_standard_activations(cell: Any) -> bool:
    """tanh, with sigmoid gates where there are gates: what the fused kernels have."""
    gate = getattr(cell, "recurrent_activation", activations.sigmoid)
    return cell.activation in (activations.tanh, torch.tanh) and gate in (activations.sigmoid, torch.sigmoid)


class Packed:
    """Masked sequences with their valid moments brought to the front, in order: one pass, no gaps.

    Shapes:
        mask: (batch, time)
        seen: (batch, time), how many valid moments there were up to and with each
    """

    def __init__(self, mask: Tensor) -> None:
        """Where each valid moment goes."""
        self.mask = mask
        self.seen = mask.cumsum(1)
        self.order = torch.argsort(~mask, dim=1, stable=True)
        self.padding = torch.arange(mask.shape[1], device=mask.device) >= self.seen[:, -1:]  # after the sort

    def pack(self, sequences: Tensor) -> Tensor:
        """Valid moments first."""
        return sequences.gather(1, self.order.unsqueeze(-1).expand_as(sequences))

    def unpack(self, outputs: Tensor, zero_output_for_mask: bool) -> Tensor:
        """Each moment's output in its place; masked ones repeat what was before, zeros before the first."""
        index = (self.seen - 1).clamp(min=0).unsqueeze(-1).expand_as(outputs)
        known = self.mask if zero_output_for_mask else self.seen > 0
        return torch.where(known.unsqueeze(-1), outputs.gather(1, index), 0.0)

    def last(self, outputs: Tensor, start: Tensor) -> Tensor:
        """The state after the last valid moment; `start` where there was none."""
        count = self.seen[:, -1]
        index = (count - 1).clamp(min=0)[:, None, None].expand(-1, 1, outputs.shape[-1])
        return torch.where((count > 0)[:, None], outputs.gather(1, index)[:, 0], start)

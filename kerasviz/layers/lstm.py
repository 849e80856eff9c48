"""LSTM, its cell, and the fused kernel that runs it."""

from typing import Any, ClassVar, Literal

import torch
from torch import _VF, Tensor

from kerasviz.declare import Activation, arg
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent_cells import CellArguments, GatedCell, GatedLayer, Packed

CLOSED = 1e4  # a gate's input far enough from 0 that its sigmoid is exactly 0 or 1


class LSTMArguments(CellArguments):
    """What an LSTM is told, as a layer or as a cell."""

    recurrent_activation: Activation = arg("sigmoid", doc="For the gates.", after="activation")
    unit_forget_bias: bool = arg(
        True, doc="Start the forget gate's bias at 1.", after="bias_initializer", group="initializer"
    )


class LSTMCell(LSTMArguments, GatedCell):
    """One moment of an LSTM.

    Shapes:
        inputs: (batch, features)
        states: (batch, units) twice: what is shown, and what is kept
        kernel: (features, 4 * units), gates in the order input, forget, candidate, output
        outputs: (batch, units)

    Source: S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", 1997.
    """

    gates: ClassVar[int] = 4
    num_states: ClassVar[int] = 2

    def make_bias(self) -> Tensor:
        """The bias of all gates; the forget gate's starts at 1."""
        if not self.unit_forget_bias:
            return super().make_bias()
        return self.add_weight(name="bias", shape=(4 * self.units,), initializer=self.open_forget_gate)

    def open_forget_gate(self, shape: tuple, dtype: Any = None) -> Tensor:
        """The bias initializer, with ones for the forget gate."""
        first = self.bias_initializer((self.units,), dtype=dtype)
        rest = self.bias_initializer((2 * self.units,), dtype=dtype)
        return torch.cat([first, torch.ones_like(first), rest])

    def step(self, moment: Tensor, states: list[Tensor], keeps: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One moment, projected already."""
        h, c = states
        i, f, g, o = (moment + self.state_share(h, keeps)).chunk(4, dim=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(g)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def whole(
        self, sequences: Tensor, states: list, mask: Tensor | None, training: bool, zero_output: bool, wants_state: bool
    ) -> tuple[Tensor, list[Tensor]] | None:
        """All moments on the fused kernel; None where it cannot."""
        if not self.fusible(sequences, training):
            return None
        keeps = self.drawn(self.dropout, (sequences.shape[0], sequences.shape[-1]), sequences, training)
        inputs = sequences if keeps is None else sequences * keeps[0].unsqueeze(1)
        if mask is None:
            outputs, h, c = self.fused(inputs, states)
            return outputs, [h, c]
        packed = Packed(mask)
        outputs, _, c = self.fused(packed.pack(inputs), states, packed.padding if wants_state else None)
        return packed.unpack(outputs, zero_output), [packed.last(outputs, states[0]), c]

    def fused(
        self, inputs: Tensor, states: list[Tensor], padding: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs and last states of torch's LSTM with these weights.

        `padding` marks moments at the end that must leave the kept state alone: one more input feature closes the
        input gate and opens the forget gate there.
        """
        kernel, bias = self.kernel, self.bias
        if padding is not None:
            inputs = torch.cat([inputs, padding.to(inputs.dtype).unsqueeze(-1)], dim=-1)
            kernel = torch.cat([kernel, self.frozen_gates(kernel)])
        weights = [kernel.t(), self.recurrent_kernel.t()]
        if bias is not None:
            weights += [bias, torch.zeros_like(bias)]
        start = tuple(state.unsqueeze(0).contiguous() for state in states)
        outputs, h, c = _VF.lstm(inputs, start, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
        return outputs, h[0], c[0]

    def frozen_gates(self, kernel: Tensor) -> Tensor:
        """The kernel's row for the feature that marks padding."""
        row = kernel.new_zeros(1, 4 * self.units)
        row[:, : self.units] = -CLOSED
        row[:, self.units : 2 * self.units] = CLOSED
        return row


class LSTM(LSTMArguments, GatedLayer):
    """Long short-term memory: gates decide what the state keeps, takes in and shows.

    Shapes:
        inputs: (batch, time, features)
        outputs: (batch, units), or (batch, time, units) with `return_sequences`; with `return_state` a list of these
            and two states, (batch, units) each

    Source: S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", 1997.
    """

    cell_type: ClassVar[type[Layer]] = LSTMCell

    use_cudnn: Literal["auto", True, False] = arg(
        "auto",
        doc="Kept for Keras: the fused kernel runs wherever it can.",
        after="unroll",
        quiet=True,
        group="sequence",
    )


__all__ = ["LSTM", "LSTMCell"]

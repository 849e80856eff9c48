"""The plain recurrent layer, and its cell."""

from typing import ClassVar

import torch
from torch import _VF, Tensor

from kerasviz.declare import arg
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent_cells import CellArguments, GatedCell, GatedLayer, Packed
from kerasviz.tensors import Seed


class SimpleRNNCell(GatedCell):
    """One moment of a plain recurrent layer.

    Shapes:
        inputs: (batch, features)
        states: (batch, units)
        outputs: (batch, units)

    Source: J. L. Elman, "Finding Structure in Time", 1990.
    """

    def step(self, moment: Tensor, states: list[Tensor], keeps: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One moment, projected already."""
        h = self.activation(moment + self.state_share(states[0], keeps))
        return h, [h]

    def whole(
        self, sequences: Tensor, states: list, mask: Tensor | None, training: bool, zero_output: bool, wants_state: bool
    ) -> tuple[Tensor, list[Tensor]] | None:
        """All moments on torch's kernel; None where it cannot, or where its backward pass is the slower one."""
        if (torch.is_grad_enabled() and sequences.device.type == "cpu") or not self.fusible(sequences, training):
            return None
        keeps = self.drawn(self.dropout, (sequences.shape[0], sequences.shape[-1]), sequences, training)
        inputs = sequences if keeps is None else sequences * keeps[0].unsqueeze(1)
        if mask is None:
            outputs, last = self.fused(inputs, states[0])
            return outputs, [last]
        packed = Packed(mask)
        outputs, _ = self.fused(packed.pack(inputs), states[0])
        return packed.unpack(outputs, zero_output), [packed.last(outputs, states[0])]

    def fused(self, inputs: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs and last state of torch's plain recurrent layer with these weights."""
        bias = self.bias
        weights = [self.kernel.t(), self.recurrent_kernel.t()]
        if bias is not None:
            weights += [bias, torch.zeros_like(bias)]
        first, trains = start.unsqueeze(0).contiguous(), torch.is_grad_enabled()
        outputs, last = _VF.rnn_tanh(inputs, first, weights, bias is not None, 1, 0.0, trains, False, True)
        return outputs, last[0]


class SimpleRNN(CellArguments, GatedLayer):
    """Feeds each output back as a second input.

    Shapes:
        inputs: (batch, time, features)
        outputs: (batch, units), or (batch, time, units) with `return_sequences`; with `return_state` a list of this
            and the state, (batch, units)

    Source: J. L. Elman, "Finding Structure in Time", 1990.
    """

    cell_type: ClassVar[type[Layer]] = SimpleRNNCell

    seed: Seed = arg(None, doc="Seed of what is dropped.", after="unroll", group="dropout")


__all__ = ["SimpleRNN", "SimpleRNNCell"]

"""GRU, its cell, and the fused pass that runs it."""

import functools
from typing import Any, ClassVar, Literal

import torch
from torch import _VF, Tensor
from torch.autograd.function import once_differentiable

from kerasviz.declare import Activation, arg
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent_cells import CellArguments, GatedCell, GatedLayer, Packed
from kerasviz.tensors.transforms import is_transformed

OPEN = 1e4  # a gate's input far enough above 0 that its sigmoid is exactly 1
RESET_AFTER = "Reset the state after the matrix, as cuDNN does, or before it."


class GRUArguments(CellArguments):
    """What a GRU is told, as a layer or as a cell."""

    recurrent_activation: Activation = arg("sigmoid", doc="For the gates.", after="activation")


class GRUCell(GRUArguments, GatedCell):
    """One moment of a GRU.

    Shapes:
        inputs: (batch, features)
        states: (batch, units)
        kernel: (features, 3 * units), gates in the order update, reset, candidate
        bias: (2, 3 * units), for inputs and state; (3 * units) without `reset_after`
        outputs: (batch, units)

    Source: K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    """

    gates: ClassVar[int] = 3

    reset_after: bool = arg(True, doc=RESET_AFTER, after="recurrent_dropout")

    def make_bias(self) -> Tensor:
        """The bias of all gates: two rows where the state has its own."""
        shape = (2, 3 * self.units) if self.reset_after else (3 * self.units,)
        return self.add_weight(name="bias", shape=shape)

    def input_bias(self) -> Tensor | None:
        """The bias that joins the inputs."""
        bias = self.bias
        return bias[0] if bias is not None and self.reset_after else bias

    def state_bias(self) -> Tensor | None:
        """The bias that joins the state."""
        bias = self.bias
        return bias[1] if bias is not None and self.reset_after else None

    def step(self, moment: Tensor, states: list[Tensor], keeps: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One moment, projected already."""
        h = states[0]
        kernel, bias = self.recurrent_kernel, self.state_bias()
        gate, units = self.recurrent_activation, self.units
        h_z, h_r, h_n = [h, h, h] if keeps is None else [h * keep for keep in keeps]
        w_z, w_r, w_n = kernel.split(units, dim=1)
        b_z, b_r, b_n = (0.0, 0.0, 0.0) if bias is None else bias.split(units)
        x_z, x_r, x_n = moment.split(units, dim=-1)
        z = gate(x_z + h_z @ w_z + b_z)
        r = gate(x_r + h_r @ w_r + b_r)
        from_state = r * (h_n @ w_n + b_n) if self.reset_after else (r * h_n) @ w_n
        n = self.activation(x_n + from_state)
        h = z * h + (1 - z) * n
        return h, [h]

    def whole(
        self, sequences: Tensor, states: list, mask: Tensor | None, training: bool, zero_output: bool, wants_state: bool
    ) -> tuple[Tensor, list[Tensor]] | None:
        """All moments in one pass; None where that cannot be."""
        if not self.reset_after or not self.fusible(sequences, training):
            return None
        if sequences.device.type == "cpu" and is_transformed():
            return None  # what traces or watches torch's functions sees the steps, and not a pass written by hand
        keeps = self.drawn(self.dropout, (sequences.shape[0], sequences.shape[-1]), sequences, training)
        if keeps is not None:
            sequences = sequences * keeps[0].unsqueeze(1)
        if sequences.device.type != "cpu" or not torch.is_grad_enabled():
            return self.on_device(sequences, states[0], mask, zero_output)
        projected = self.project(sequences.transpose(0, 1), training=False)
        if mask is not None:  # an open update gate keeps the state
            z, rest = projected.split((self.units, 2 * self.units), dim=-1)
            projected = torch.cat([torch.where(mask.t().unsqueeze(-1), z, OPEN), rest], dim=-1)
        kernel, bias = self.recurrent_kernel, self.state_bias()
        bias = kernel.new_zeros(3 * self.units) if bias is None else bias
        outputs = GatedPass.apply(projected, states[0], kernel, bias).transpose(0, 1)
        last = outputs[:, -1]
        if mask is not None:
            known = mask if zero_output else mask.cumsum(1) > 0
            outputs = torch.where(known.unsqueeze(-1), outputs, 0.0)
        return outputs, [last]

    def on_device(
        self, sequences: Tensor, start: Tensor, mask: Tensor | None, zero_output: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """All moments on torch's own GRU: the fastest forward, and an accelerator's backward."""
        if mask is None:
            outputs, last = self.fused(sequences, start)
            return outputs, [last]
        packed = Packed(mask)
        outputs, _ = self.fused(packed.pack(sequences), start)
        return packed.unpack(outputs, zero_output), [packed.last(outputs, start)]

    def fused(self, inputs: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Run torch's GRU with these weights, its gates in torch's order: reset, update, candidate."""
        together: list[Any] = [self.kernel, self.recurrent_kernel, *(() if self.bias is None else (self.bias,))]
        outputs, last = kernel_run(together, inputs, start.unsqueeze(0).contiguous())
        return outputs, last[0]


def kernel_run(together: list[Tensor], inputs: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs and last state of torch's kernel.

    Args:
        together: kernel, recurrent kernel, and the bias if there is one, as a GRU has them.
        inputs: (batch, time, features).
        start: (1, batch, units).
    """
    units, trains = start.shape[2], torch.is_grad_enabled()
    kernel, recurrent, *biases = (with_gradient if trains else without_gradient)(together, units)
    weights = [kernel.t(), recurrent.t(), *(biases[0].unbind(0) if biases else ())]
    return _VF.gru(inputs, start, weights, bool(biases), 1, 0.0, trains, False, True)


def with_gradient(weights: list[Tensor], units: int) -> tuple[Tensor, ...]:
    """Weights of the gates in torch's order."""
    z, r, n = torch.cat(weights).split(units, dim=1)
    return torch.cat([r, z, n], dim=1).split([len(weight) for weight in weights])


def without_gradient(weights: list[Tensor], units: int) -> list[Tensor]:
    """The same in half the time; its gradient would take longer."""
    order = torchs_order(units, weights[0].device)
    return [weight.index_select(1, order) for weight in weights]


@functools.lru_cache(maxsize=64)
def torchs_order(units: int, device: torch.device) -> Tensor:
    """Where the columns of reset, update and candidate are."""
    z, r, n = torch.arange(3 * units, device=device).split(units)
    return torch.cat([r, z, n])


class GatedPass(torch.autograd.Function):
    """All moments of a GRU with `reset_after`, with a backward pass written by hand.

    Shapes:
        projected: (time, batch, 3 * units), inputs through the kernel, with their bias
        start: (batch, units)
        kernel: (units, 3 * units)
        bias: (3 * units)
        outputs: (time, batch, units)
    """

    @staticmethod
    def forward(ctx: Any, projected: Tensor, start: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        """Walk forward; keep the gates."""
        time, batch, units = projected.shape[0], projected.shape[1], start.shape[1]
        gates = projected.new_empty(time, batch, 2 * units)
        candidates, shares, outputs = (projected.new_empty(time, batch, units) for _ in range(3))
        h = start
        moments = (part.unbind(0) for part in (projected, gates, candidates, shares, outputs))
        for x, zr, n, share, output in zip(*moments, strict=True):
            state = torch.addmm(bias, h, kernel)
            torch.add(x[:, : 2 * units], state[:, : 2 * units], out=zr).sigmoid_()
            share.copy_(state[:, 2 * units :])
            torch.addcmul(x[:, 2 * units :], zr[:, units:], share, out=n).tanh_()
            h = torch.lerp(n, h, zr[:, :units], out=output)
        ctx.save_for_backward(start, kernel, gates, candidates, shares, outputs)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Walk back; the weights' gradients are one product over all moments."""
        start, kernel, gates, candidates, shares, outputs = ctx.saved_tensors
        units = start.shape[1]
        z, r = gates.split(units, dim=-1)
        before = torch.cat([start.unsqueeze(0), outputs[:-1]])
        by_z = (before - candidates).mul_(z).mul_(1 - z)
        by_n = (1 - candidates.square()).mul_(1 - z)
        by_r = (1 - r).mul_(r).mul_(shares)
        of_state = gradient.new_empty(*gates.shape[:2], 3 * units)
        of_candidate = gradient.new_empty(candidates.shape)
        back = kernel.t()
        carry = torch.zeros_like(start)
        for t in range(gradient.shape[0] - 1, -1, -1):
            total = carry + gradient[t]
            d_n = torch.mul(total, by_n[t], out=of_candidate[t])
            d_state = of_state[t]
            torch.mul(total, by_z[t], out=d_state[:, :units])
            torch.mul(d_n, by_r[t], out=d_state[:, units : 2 * units])
            torch.mul(d_n, r[t], out=d_state[:, 2 * units :])
            carry = torch.addmm(total.mul_(z[t]), d_state, back)
        rows = of_state.reshape(-1, 3 * units)
        of_kernel = before.reshape(-1, units).t() @ rows
        of_projected = torch.cat([of_state[..., : 2 * units], of_candidate], dim=-1)
        return of_projected, carry, of_kernel, rows.sum(0)


class GRU(GRUArguments, GatedLayer):
    """Gated recurrent unit: two gates decide how much of the state is kept and how much is renewed.

    Shapes:
        inputs: (batch, time, features)
        outputs: (batch, units), or (batch, time, units) with `return_sequences`; with `return_state` a list of this
            and the state, (batch, units)

    Source: K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    """

    cell_type: ClassVar[type[Layer]] = GRUCell

    reset_after: bool = arg(True, doc=RESET_AFTER, after="unroll", group="sequence")
    use_cudnn: Literal["auto", True, False] = arg(
        "auto",
        doc="Kept for Keras: the fused pass runs wherever it can.",
        after="reset_after",
        quiet=True,
        group="sequence",
    )


__all__ = ["GRU", "GRUCell"]

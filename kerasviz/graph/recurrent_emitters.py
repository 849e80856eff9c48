"""How LSTM layers are written into a plan: the arguments of torch's kernel are put together once, not in each step."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import _VF, Tensor

from kerasviz import layers
from kerasviz.graph.emitters import emits
from kerasviz.graph.plan import WHOLE, Plan, Value
from kerasviz.layers.gru import kernel_run as gru_run
from kerasviz.layers.recurrent_cells import has_standard_activations

CELLS = {layers.LSTM: layers.LSTMCell, layers.GRU: layers.GRUCell, layers.SimpleRNN: layers.SimpleRNNCell}
WHOLE.update((*CELLS, layers.Bidirectional))


def fits(plan: Plan, layer: Any, x: Value) -> bool:
    """Whether torch's kernel does all that the layer is told to do."""
    cell = layer.cell
    drops = plan.training and (layer.dropout or layer.recurrent_dropout)
    plain = CELLS.get(type(layer)) is type(cell) and has_standard_activations(cell)
    return plain and x.rank == 3 and 0 not in x.shape and not (drops or layer.stateful or layer.return_state)


@emits(layers.LSTM)
def emit_lstm(plan: Plan, layer: Any, x: Value) -> Value | None:
    """One direction, from its beginning."""
    if not fits(plan, layer, x) or layer.go_backwards:
        return None
    run = unless_empty(layer, one_way(layer.cell, layer.return_sequences))
    return plan.line(f"{plan.bind(run, 'lstm')}({plan.read(x)})", 3 if layer.return_sequences else 2)


@emits(layers.GRU, layers.SimpleRNN)
def emit_forward(plan: Plan, layer: Any, x: Value) -> Value | None:
    """torch's kernel where no gradient is wanted; the layer's own pass, with its quicker way back, where one is."""
    if not fits(plan, layer, x) or layer.go_backwards or (type(layer) is layers.GRU and not layer.reset_after):
        return None
    cell, all_of_them, call, training = layer.cell, layer.return_sequences, layer.call, plan.training
    weights = [cell.kernel, cell.recurrent_kernel, *(() if cell.bias is None else (cell.bias,))]
    units, is_gru = cell.units, type(layer) is layers.GRU

    def run(x: Tensor) -> Tensor:
        """x: (batch, time, features)."""
        if torch.is_grad_enabled() or x.shape[0] == 0:
            return call(x, training=training)
        if is_gru:
            outputs, last = gru_run(weights, x, x.new_zeros(1, x.shape[0], units))
            return outputs if all_of_them else last[0]
        outputs, last = cell.fused(x, x.new_zeros(x.shape[0], units))
        return outputs if all_of_them else last

    return plan.line(f"{plan.bind(run, 'recurrent')}({plan.read(x)})", 3 if all_of_them else 2)


@emits(layers.Bidirectional)
def emit_bidirectional(plan: Plan, layer: Any, x: Value) -> Value | None:
    """Two LSTMs of one size in one run of the kernel."""
    ahead, back = layer.forward_layer, layer.backward_layer
    alike = type(ahead) is type(back) is layers.LSTM and fits(plan, ahead, x) and fits(plan, back, x)
    alike = alike and layer.merge_mode == "concat" and not ahead.go_backwards
    if not alike or ahead.units != back.units or ahead.use_bias != back.use_bias:
        return None
    run = unless_empty(layer, both_ways([ahead.cell, back.cell], ahead.return_sequences))
    return plan.line(f"{plan.bind(run, 'lstm')}({plan.read(x)})", 3 if ahead.return_sequences else 2)


def unless_empty(layer: Any, run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """`run`; the layer's own steps for a batch without rows, which the kernel refuses."""
    call = layer.call
    return lambda x: call(x) if x.shape[0] == 0 else run(x)


def one_way(cell: Any, return_sequences: bool) -> Callable[[Tensor], Tensor]:
    """The function of (batch, time, features) that gives all outputs, or the last."""
    run = kernel_run([cell])
    if return_sequences:
        return lambda x: run(x)[0]
    return lambda x: run(x)[1][0]


def both_ways(cells: Sequence[Any], return_sequences: bool) -> Callable[[Tensor], Tensor]:
    """As `one_way`, with what the reversed direction makes after each output."""
    run = kernel_run(cells)
    if return_sequences:
        return lambda x: run(x)[0]
    return lambda x: torch.cat(run(x)[1].unbind(0), dim=-1)


def kernel_run(cells: Sequence[Any]) -> Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]:
    """torch's LSTM with the weights of these cells, one for each direction."""
    units, directions, biased = cells[0].units, len(cells), cells[0].bias is not None
    parts = [(cell.kernel, cell.recurrent_kernel, cell.bias) for cell in cells]
    nothing = torch.zeros_like(cells[0].bias).detach() if biased else None

    def run(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x: (batch, time, features)."""
        weights: list[Any] = []
        for kernel, recurrent, bias in parts:
            weights += [kernel.t(), recurrent.t()]
            if biased:
                weights += [bias, nothing]
        start = x.new_zeros(directions, x.shape[0], units)
        trains = torch.is_grad_enabled()
        return _VF.lstm(x, (start, start), weights, biased, 1, 0.0, trains, directions == 2, True)

    return run

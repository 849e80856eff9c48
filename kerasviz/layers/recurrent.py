"""Layers that walk along time with a state: the walk itself, for any cell."""

import functools
from collections.abc import Callable
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Data, Invalid, Named, arg, family
from kerasviz.layers.calling import call_facts
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent_states import as_shape, first, flat, is_shape, mapped, plain_mask, shaped, spread, zeros
from kerasviz.tensors import torch_dtype

States = list[Any]
SHAPE_WORDS = "(batch, time, features)"


class CellKind(Named):
    """A cell, or a list of cells, which are stacked."""

    def parse(self, value: Any, where: str = "") -> Any:
        """The cell."""
        cell = StackedRNNCells(value) if isinstance(value, (list, tuple)) else super().parse(value, where)
        if not hasattr(cell, "state_size") or not callable(cell):
            self.reject(where, "a cell: a layer with `call` and `state_size`", value)
        return cell


class RNN(Layer):
    """Walks along time with any cell, or with several stacked ones.

    A cell is a layer with `state_size`, called as `cell(inputs, states)`; it returns `(output, new_states)`.

    Shapes:
        sequences: (batch, time, *features)
        mask: (batch, time), True where a moment counts
        outputs: (batch, output), or (batch, time, output) with `return_sequences`; with `return_state` a list of
            these and the last states, (batch, state) each
    """

    supports_masking: bool = True
    _is_foreign: bool = False  # whether the cell computes in another dtype

    cell: Annotated[Any, CellKind("layer")] = arg(doc="The cell, or a list of cells to stack.")
    return_sequences: bool = arg(False, doc="Return every moment's output, not only the last.", group="sequence")
    return_state: bool = arg(False, doc="Return the last state too.", group="sequence")
    go_backwards: bool = arg(False, doc="Read the time axis from its end.", group="sequence")
    stateful: bool = arg(False, doc="Start each batch where the one before ended.", group="sequence")
    unroll: bool = arg(False, doc="Kept for Keras: PyTorch runs the steps one by one anyway.", group="sequence")
    zero_output_for_mask: bool = arg(
        False, doc="Give zeros at masked moments, not the output before them.", group="sequence"
    )

    def prepare(self) -> None:
        """No state is kept before the first batch."""
        super().prepare()
        self.states: States | None = None

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Build the cell for one moment."""
        self.check_sequences(sequences_shape)
        moment = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(moment)
        self._is_foreign = isinstance(self.cell, Layer) and self.cell.dtype_policy != self.dtype_policy

    def check(self) -> None:
        """What the cell takes, it takes."""
        super().check()
        self.needs_floats = getattr(getattr(self, "cell", None), "needs_floats", True)

    def check_sequences(self, shape: tuple) -> None:
        """Refuse inputs without a time axis; a moment may have any rank."""
        if len(shape) < 3:
            self.check_rank(shape, 3, SHAPE_WORDS)

    @property
    def state_sizes(self) -> list[Any]:
        """Sizes of the states, one per state."""
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) and not is_shape(size) else [size]

    @property
    def output_size(self) -> Any:
        """Size of one moment's output."""
        size = getattr(self.cell, "output_size", None)
        return self.state_sizes[0] if size is None else size

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        """Shape of the output, and with `return_state` of each state."""
        self.check_sequences(sequences_shape)
        batch, time = sequences_shape[:2]
        moment = as_shape(self.output_size)
        output = (batch, time, *moment) if self.return_sequences else (batch, *moment)
        if not self.return_state:
            return output
        return [output, *shaped(self.state_sizes, batch)]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Masks of the outputs: the input's where there is one output per moment."""
        mask = first(previous_mask) if self.return_sequences else None
        return [mask, *[None] * len(self.state_sizes)] if self.return_state else mask

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Walk along time."""
        is_foreign = self._is_foreign and sequences.is_floating_point()
        if is_foreign:
            sequences, initial_state = self.to_cell(sequences, initial_state)
        mask = None if mask is None else plain_mask(mask)
        states = self.first_states(sequences, initial_state)
        if self.go_backwards:
            sequences = sequences.flip(1)
            mask = None if mask is None else mask.flip(1)
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        if self.stateful:
            self.states = mapped(torch.Tensor.detach, states)
        output = outputs if self.return_sequences else last
        found = [output, *states] if self.return_state else output
        return self.from_cell(found) if is_foreign else found

    def to_cell(self, sequences: Tensor, initial_state: Any) -> tuple[Tensor, Any]:
        """Inputs for a cell of another dtype."""
        dtype = self._compute_dtype if self._casts else torch_dtype(self.cell.variable_dtype)
        return sequences.to(dtype), None if initial_state is None else mapped(lambda s: s.to(dtype), initial_state)

    def from_cell(self, found: Any) -> Any:
        """What such a cell made, in this layer's dtype."""
        return mapped(lambda value: value.to(self._compute_dtype), found)

    def inner_loop(
        self, sequences: Tensor, initial_state: States, mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, States]:
        """All moments: the last output, every output, the last states."""
        whole = getattr(self.cell, "whole", None)
        if whole is not None:
            wants_state = self.return_state or self.stateful
            found = whole(sequences, initial_state, mask, training, self.zero_output_for_mask, wants_state)
            if found is not None:
                outputs, states = found
                last = flat(states)[0] if mask is None else outputs[:, -1]  # the kernel gives it apart
                return last, outputs, states
        inputs, step = self.stepper(sequences, training)
        outputs, states = walk(inputs, step, initial_state, mask, self.zero_output_for_mask)
        return outputs[:, -1], outputs, states

    def stepper(self, sequences: Tensor, training: bool) -> tuple[Tensor, Callable]:
        """What the cell needs of each moment, and the function that takes one step."""
        along = getattr(self.cell, "along", None)
        found = along(sequences, training) if along is not None else None
        if found is not None:
            return found
        options = {"training": training} if takes_training(self.cell) else {}
        return sequences, lambda inputs, states: self.cell(inputs, states, **options)

    def first_states(self, sequences: Tensor, given: Any) -> States:
        """Where the walk starts: what was given, the last batch's states, or zeros."""
        if given is not None:
            states = list(given) if isinstance(given, (list, tuple)) else [given]
            if len(states) != len(self.state_sizes):
                expected = f"{len(self.state_sizes)} initial states of sizes {self.state_sizes}"
                raise Invalid(f'{type(self).__name__} "{self.name}"', expected, len(states))
            return states
        batch_size = sequences.shape[0]
        if self.stateful and self.states is not None:
            kept = flat(self.states)[0].shape[0]
            if kept != batch_size:
                raise Invalid(
                    f'{type(self).__name__} "{self.name}"',
                    f"batches of {kept}, the size of its state",
                    batch_size,
                    "Call reset_state() first, or use batches of one size with stateful=True.",
                )
            return self.states
        return self.get_initial_state(batch_size, sequences)

    def get_initial_state(self, batch_size: int, like: Tensor | None = None) -> States:
        """Zeros for every state, or what the cell starts from."""
        cell = self.cell
        quick = getattr(cell, "zero_states", None)
        if quick is not None and like is not None:
            return quick(batch_size, like)
        own = getattr(cell, "get_initial_state", None)
        states = own(batch_size) if own is not None else zeros(self.state_sizes, batch_size, like)
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        return states if like is None else mapped(lambda state: state.to(like), states)

    def reset_state(self) -> None:
        """Forget where the last batch ended."""
        self.states = None

    def reset_states(self) -> None:
        """As `reset_state`, under its older name."""
        self.reset_state()


class StackedRNNCells(Layer):
    """Several cells as one: each gives its output to the next."""

    cells: Data = arg(doc="The cells, the first one first.")

    def check(self) -> None:
        """Every cell must be able to step."""
        super().check()
        where = "StackedRNNCells(cells=...)"
        cells = [family("layer").get(cell, where) for cell in self.cells]
        for cell in cells:
            if not hasattr(cell, "state_size"):
                raise Invalid(where, "cells: layers with `call` and `state_size`", cell)
        self.cells = cells
        self.needs_floats = bool(cells) and cells[0].needs_floats

    @property
    def state_size(self) -> list[Any]:
        """Each cell's."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The last cell's."""
        last = self.cells[-1]
        size = getattr(last, "output_size", None)
        return first(last.state_size) if size is None else size

    def get_initial_state(self, batch_size: int | None = None) -> States:
        """Each cell's."""
        return [
            cell.get_initial_state(batch_size)
            if hasattr(cell, "get_initial_state")
            else zeros(cell.state_size, batch_size or 1)
            for cell in self.cells
        ]

    @property
    def zero_states(self) -> Callable[[int, Tensor], States] | None:
        """A quicker `get_initial_state`, for zeros beside a tensor; None where a cell has none."""
        quick: list[Any] = [getattr(cell, "zero_states", None) for cell in self.cells]
        return None if None in quick else functools.partial(_all_zero_states, quick)

    def build(self, input_shape: tuple) -> None:
        """Each cell on the output of the one before."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            size = getattr(cell, "output_size", None)
            input_shape = (input_shape[0], *as_shape(first(cell.state_size) if size is None else size))

    def call(self, inputs: Tensor, states: States, training: bool = False) -> tuple[Tensor, States]:
        """One moment through all cells."""
        made = []
        for cell, state in zip(self.cells, states, strict=True):
            given = list(state) if isinstance(state, (list, tuple)) else [state]
            options = {"training": training} if takes_training(cell) else {}
            inputs, new = cell(inputs, given, **options)
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            made.append(new if isinstance(state, (list, tuple)) else new[0])
        return inputs, made

    def compute_output_shape(self, input_shape: tuple, states_shape: Any = None) -> Any:
        """Output and states of one moment."""
        return (input_shape[0], *as_shape(self.output_size)), shaped(self.state_size, input_shape[0])


def _all_zero_states(cells: list[Callable], batch_size: int, like: Tensor) -> States:
    return [cell(batch_size, like) for cell in cells]


def walk(
    inputs: Tensor, step: Callable, states: States, mask: Tensor | None, zero_output_for_mask: bool = False
) -> tuple[Tensor, States]:
    """Take a step for each moment. A masked one keeps the states, and repeats the output before it or gives zeros."""
    outputs: list[Tensor] = []
    for index, moment in enumerate(inputs.unbind(1)):
        output, new = step(moment, states)
        new = list(new) if isinstance(new, (list, tuple)) else [new]
        if mask is not None:
            keep = mask[:, index]
            before = torch.zeros_like(output) if zero_output_for_mask or not outputs else outputs[-1]
            output = torch.where(spread(keep, output), output, before)
            new = mapped(lambda after, start, keep=keep: torch.where(spread(keep, after), after, start), new, states)
        states = new
        outputs.append(output)
    return torch.stack(outputs, dim=1), states


def takes_training(cell: Any) -> bool:
    """Whether the cell's `call` asks for `training`."""
    return isinstance(cell, Layer) and call_facts(type(cell)).takes_training

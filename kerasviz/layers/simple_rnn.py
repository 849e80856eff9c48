"""The plain recurrent layer, and its cell."""

from typing import ClassVar

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.layers.recurrent_cells import CellArguments, GatedCell, GatedLayer


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


class SimpleRNN(CellArguments, GatedLayer):
    """Feeds each output back as a second input.

    Shapes:
        inputs: (batch, time, features)
        outputs: (batch, units), or (batch, time, units) with `return_sequences`; with `return_state` a list of this
            and the state, (batch, units)

    Source: J. L. Elman, "Finding Structure in Time", 1990.
    """

    cell_type: ClassVar[type[GatedCell]] = SimpleRNNCell

    seed: int | None = arg(None, doc="Seed of what is dropped.", after="unroll", group="dropout")


__all__ = ["SimpleRNN", "SimpleRNNCell"]

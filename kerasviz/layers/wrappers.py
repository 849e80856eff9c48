"""Layers around one other layer."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, LayerRef, arg
from kerasviz.layers.calling import call_facts
from kerasviz.layers.layer import Layer


class Wrapper(Layer):
    """Base of layers that change how another layer is used."""

    layer: LayerRef = arg(doc="The layer inside.")

    def check(self) -> None:
        """There must be a layer inside."""
        super().check()
        if not isinstance(self.layer, Layer):
            raise Invalid(f"{type(self).__name__}(layer=...)", "a layer", self.layer)

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)


class TimeDistributed(Wrapper):
    """Applies a layer to every moment of a sequence.

    Shapes:
        inputs: (batch, time, *rest)
        mask: (batch, time); the layer inside sees (batch,) of each moment
        outputs: (batch, time, *what the layer makes of rest)
    """

    supports_masking: bool = True
    _keeps_state: bool = False  # whether a call changes weights of the layer inside

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside for one moment."""
        super().build(self.moment(input_shape))
        self._keeps_state = any(not variable.trainable for variable in self.layer.variables)

    def moment(self, shape: Any) -> tuple:
        """The shape without the time axis.

        Raises:
            Invalid: where there is none.
        """
        if len(shape) < 3:
            words = "inputs (batch, time, ...) with at least 3 axes"
            raise Invalid(f'TimeDistributed "{self.name}"', words, tuple(shape))
        return (shape[0], *shape[2:])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """What the layer inside makes of a moment, with the time axis."""
        batch, *rest = self.layer.compute_output_shape(self.moment(input_shape))
        return (batch, input_shape[1], *rest)

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        """All moments at once; one after the other where the layer keeps a state that each would change."""
        layer = self.layer
        facts = call_facts(type(layer))
        options: dict[str, Any] = {"training": training} if facts.takes_training else {}
        mask = mask if "mask" in facts.masks else None
        if self._keeps_state and layer.trainable:
            moments = []
            for index, moment in enumerate(inputs.unbind(1)):
                given = {} if mask is None else {"mask": mask[:, index]}
                moments.append(layer(moment, **given, **options))
            return self.in_own_dtype(torch.stack(moments, dim=1))
        if mask is not None:
            options["mask"] = mask.reshape(-1)
        outputs = layer(inputs.flatten(0, 1), **options)
        return self.in_own_dtype(outputs.unflatten(0, inputs.shape[:2]))

    def in_own_dtype(self, outputs: Tensor) -> Tensor:
        """Floats in the compute dtype, whatever that of the layer inside is."""
        return outputs.to(self._compute_dtype) if outputs.is_floating_point() else outputs


__all__ = ["TimeDistributed", "Wrapper"]

"""What a layer adds to the loss."""

from typing import Any

from torch import Tensor

from kerasviz.layers.calling import Structure
from kerasviz.layers.weights import WeightOwner
from kerasviz.tensors import SCOPES, KerasTensor, convert_to_tensor, leaves


class Penalized(WeightOwner):
    """The part of a layer that has losses."""

    activity_regularizer: Any
    _losses: list[Tensor]

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or several, to what training minimises; for this call only."""
        for value in leaves(loss):
            if value is not None and not isinstance(value, KerasTensor):
                self._lose(convert_to_tensor(value))

    def _regularize(self, outputs: Any) -> None:
        for value in leaves(outputs):
            if isinstance(value, Tensor):
                penalty: Any = self.activity_regularizer
                self._lose(penalty(value) / max(value.shape[0], 1))

    def _lose(self, loss: Tensor) -> None:
        if not self.__dict__.get("_has_lost"):
            self.__dict__["_has_lost"] = True
            Structure.losing += 1
        self._losses.append(loss)
        if SCOPES.stateless is not None and SCOPES.stateless.collect_losses:
            SCOPES.stateless.add_loss(loss)

    def _clear_losses(self) -> None:
        """Forget the losses of the call before; which layers inside ever add one is looked up once."""
        known = Structure.version, Structure.losing
        found = self.__dict__.get("_losing")
        if found is None or found[0] != known:
            found = known, [layer for layer in self._flatten_layers() if layer.__dict__.get("_has_lost")]
            self.__dict__["_losing"] = found
        for layer in found[1]:
            layer._losses.clear()

    @property
    def losses(self) -> list[Tensor]:
        """What `add_loss` and the regularizers ask to be minimised too."""
        found = [loss for layer in self._flatten_layers() for loss in layer._losses]
        return found + [v.regularizer(v) for v in self.trainable_variables if v.regularizer is not None]

"""Penalties of weights, and what layers add to the loss."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from kerasviz.layers.calling import Structure
from kerasviz.layers.layer import Layer


def extra_losses(trainer: Any, variables: list[Any] | None = None) -> Callable[[], list[Tensor]] | None:
    """What gives the penalties and `add_loss` values of a batch; None where there are none to come."""
    found: list[Any] = trainer.trainable_variables if variables is None else variables
    penalties = [(v.regularizer, v) for v in found if getattr(v, "regularizer", None)]
    if may_add_losses(trainer) or has_losses(trainer):
        return lambda: trainer.losses
    if penalties:
        return lambda: [penalty(variable) for penalty, variable in penalties]
    return None


def may_add_losses(trainer: Any) -> bool:
    """Whether a layer has a penalty on its output, or is the user's own: it may call `add_loss` at any time."""
    layers = trainer._flatten_layers() if hasattr(trainer, "_flatten_layers") else ()
    return any(
        layer.activity_regularizer is not None or not type(layer).__module__.startswith("kerasviz.") for layer in layers
    )


def has_losses(trainer: Any) -> bool:
    """Whether a layer holds a loss that it added, or the model says itself what its losses are."""
    if not hasattr(trainer, "_flatten_layers") or type(trainer).losses is not Layer.losses:
        return bool(trainer.losses)
    return Structure.losing > 0 and any(layer._losses for layer in trainer._flatten_layers())

"""Optimizers: how weights change against their gradients."""

from typing import Any

from kerasviz.declare import Family
from kerasviz.optimizers import schedules
from kerasviz.optimizers.adagrad import Adadelta, Adagrad
from kerasviz.optimizers.adam import Adam, AdamW
from kerasviz.optimizers.adamax import Adamax, Lion
from kerasviz.optimizers.loss_scale import LossScaleOptimizer
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.rmsprop import RMSprop
from kerasviz.optimizers.sgd import SGD

adam = Adam
adamw = AdamW
rmsprop = RMSprop
sgd = SGD

FAMILY = Family("optimizer", module="keras.optimizers", namespace=globals(), base=Optimizer)


def get(identifier: Any) -> Any:
    """The optimizer that `identifier` means: a name, a config, a class, or the object itself."""
    return FAMILY.get(identifier)


def serialize(optimizer: Any) -> Any:
    """The config of an optimizer."""
    return FAMILY.serialize(optimizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The optimizer that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)


__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "LossScaleOptimizer",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

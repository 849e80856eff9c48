"""`keras.optimizers`: what changes weights against their gradients."""

from typing import Any

from kerasviz.declare import Family
from kerasviz.optimizers import schedules
from kerasviz.optimizers.adam import Adam, AdamW
from kerasviz.optimizers.base import Optimizer
from kerasviz.optimizers.rmsprop import RMSprop
from kerasviz.optimizers.sgd import SGD

FAMILY = Family("optimizer", module="keras.optimizers", namespace=globals(), base=Optimizer)


def get(identifier: Any) -> Any:
    """The optimizer that a name, config or object means."""
    return FAMILY.get(identifier, "optimizer")


def serialize(optimizer: Any) -> Any:
    """The JSON form of an optimizer."""
    return FAMILY.serialize(optimizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The optimizer that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)


__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

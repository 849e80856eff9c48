"""Optimizers: how weights change against their gradients."""

from typing import Any

from kerasviz.declare import Family
from kerasviz.declare.registry import register_namespace
from kerasviz.optimizers import legacy, schedules
from kerasviz.optimizers.adafactor import Adafactor
from kerasviz.optimizers.adagrad import Adadelta, Adagrad
from kerasviz.optimizers.adam import Adam, AdamW
from kerasviz.optimizers.adamax import Adamax, Lion
from kerasviz.optimizers.ftrl import Ftrl
from kerasviz.optimizers.lamb import Lamb
from kerasviz.optimizers.loss_scale import LossScaleOptimizer
from kerasviz.optimizers.multi import MultiOptimizer, OptimizerMap
from kerasviz.optimizers.muon import Muon
from kerasviz.optimizers.nadam import Nadam
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.rmsprop import RMSprop
from kerasviz.optimizers.schedule_free import ScheduleFreeAdamW
from kerasviz.optimizers.sgd import SGD

adam = Adam
adamw = AdamW
rmsprop = RMSprop
sgd = SGD

FAMILY = Family("optimizer", module="keras.optimizers", namespace=globals(), base=Optimizer)
register_namespace("keras.optimizers", lambda: {"OptimizerMap": OptimizerMap})


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
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]

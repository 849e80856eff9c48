"""Losses: how far predictions are from targets."""

from typing import Any

from kerasviz.declare import Family
from kerasviz.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from kerasviz.losses.divergence import (
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Dice,
    Hinge,
    KLDivergence,
    Poisson,
    SquaredHinge,
    Tversky,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    dice,
    hinge,
    kl_divergence,
    poisson,
    squared_hinge,
    tversky,
)
from kerasviz.losses.loss import Loss
from kerasviz.losses.pairs import CTC, Circle, circle, ctc
from kerasviz.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

bce = BCE = binary_crossentropy
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kl_divergence
logcosh = log_cosh

FAMILY = Family("loss", module="keras.losses", namespace=globals(), base=Loss)


def get(identifier: Any) -> Any:
    """The loss that `identifier` means: None, a name, a config, a class, or the object itself.

    A snake_case name means the function, a class's name an object: "mse", "mean_squared_error", "MeanSquaredError".
    """
    return FAMILY.get(identifier)


def serialize(loss: Any) -> Any:
    """The config of a loss."""
    return FAMILY.serialize(loss)


def deserialize(name: Any, custom_objects: Any = None) -> Any:
    """The loss that `serialize` wrote, or that has this name."""
    return FAMILY.deserialize(name, custom_objects)


__all__ = [*FAMILY.members(), "deserialize", "get", "serialize"]

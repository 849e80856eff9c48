"""Metrics: numbers about predictions that build up batch by batch."""

from typing import Any

from kerasviz.declare import Family, snake_case
from kerasviz.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from kerasviz.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from kerasviz.metrics.base import Metric
from kerasviz.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    R2Score,
    concordance_correlation,
    pearson_correlation,
)
from kerasviz.metrics.curves import (
    AUC,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from kerasviz.metrics.f_score import F1Score, FBetaScore
from kerasviz.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from kerasviz.metrics.margins import CategoricalHinge, Hinge, SquaredHinge
from kerasviz.metrics.mean import Mean, MeanMetricWrapper, Sum
from kerasviz.metrics.precision_recall import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from kerasviz.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
)
from kerasviz.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    RootMeanSquaredError,
)

bce = BCE = binary_crossentropy
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kl_divergence
logcosh = log_cosh

SHORT = {
    "bce": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "kld": "KLDivergence",
    "rmse": "RootMeanSquaredError",
    "logcosh": "LogCoshError",
    "log_cosh": "LogCoshError",
    "acc": "Accuracy",
    "iou": "IoU",
}


class MetricFamily(Family):
    """Metrics by name: a name means the class, also where a function has it; "mse" and the like are short ones."""

    def names(self) -> dict[str, Any]:
        """Every accepted name."""
        members = self.members()
        classes = {snake_case(name): thing for name, thing in members.items() if isinstance(thing, type)}
        short = {name: members[full] for name, full in SHORT.items() if full in members}
        return members | classes | short


FAMILY = MetricFamily("metric", module="keras.metrics", namespace=globals(), base=Metric)


def get(identifier: Any) -> Any:
    """The metric that `identifier` means: None, a name such as "mse", a config, a class, or the object itself."""
    return FAMILY.get(identifier)


def serialize(metric: Any) -> Any:
    """The config of a metric."""
    return FAMILY.serialize(metric)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The metric that `serialize` wrote, or that has this name."""
    return FAMILY.deserialize(config, custom_objects)


__all__ = [*FAMILY.members(), "deserialize", "get", "serialize"]

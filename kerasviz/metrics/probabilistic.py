"""Metrics of distributions and counts."""

from typing import Any

from torch import Tensor

from kerasviz.declare import arg
from kerasviz.losses import crossentropy, divergence
from kerasviz.losses.crossentropy import AXIS_DOC, LOGITS_DOC, SMOOTHING_DOC
from kerasviz.metrics.base import NAME_DOC
from kerasviz.metrics.mean import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper):
    """How far the predicted distribution is from the target distribution.

    Shapes:
        y_true, y_pred: (batch, *rest, probabilities)
    """

    _direction = "down"

    name: str | None = arg("kl_divergence", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return divergence.kl_divergence(y_true, y_pred)


class Poisson(MeanMetricWrapper):
    """For targets that are counts: y_pred - y_true * log(y_pred).

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("poisson", doc=NAME_DOC, group="base")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return divergence.poisson(y_true, y_pred)


class BinaryCrossentropy(MeanMetricWrapper):
    """Crossentropy of yes-or-no targets.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
    """

    _direction = "down"

    name: str | None = arg("binary_crossentropy", doc=NAME_DOC, group="base")
    from_logits: bool = arg(False, doc=LOGITS_DOC, after="dtype")
    label_smoothing: float = arg(
        0, at_least=0, at_most=1, doc="How far targets are drawn towards one half.", after="from_logits"
    )

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return crossentropy.binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)


class CategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of targets that give each class a probability, such as one-hot ones.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    _direction = "down"

    name: str | None = arg("categorical_crossentropy", doc=NAME_DOC, group="base")
    from_logits: bool = arg(False, doc=LOGITS_DOC, after="dtype")
    label_smoothing: float = arg(0, at_least=0, at_most=1, doc=SMOOTHING_DOC, after="from_logits")
    axis: int = arg(-1, doc=AXIS_DOC, after="label_smoothing")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        settings = self.from_logits, self.label_smoothing, self.axis
        return crossentropy.categorical_crossentropy(y_true, y_pred, *settings)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Crossentropy of targets that are the number of a class.

    Shapes:
        y_true: (batch, *rest) or (batch, *rest, 1)
        y_pred: (batch, *rest, classes)
    """

    _direction = "down"

    name: str | None = arg("sparse_categorical_crossentropy", doc=NAME_DOC, group="base")
    from_logits: bool = arg(False, doc=LOGITS_DOC, after="dtype")
    ignore_class: int | None = arg(None, doc="Label of samples with no crossentropy, such as -1.", after="from_logits")
    axis: int = arg(-1, doc=AXIS_DOC, after="ignore_class")

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        settings = self.from_logits, self.ignore_class, self.axis
        return crossentropy.sparse_categorical_crossentropy(y_true, y_pred, *settings)

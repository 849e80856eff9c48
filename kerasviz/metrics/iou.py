"""Intersection over union: how well regions overlap."""

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.losses.loss import DTypeName
from kerasviz.losses.reduction import along_samples, divide_no_nan
from kerasviz.metrics.accuracy import class_of
from kerasviz.metrics.base import NAME_DOC, NamedMetric
from kerasviz.tensors import convert_to_tensor, settings, torch_dtype

TARGETS_DOC = "Classes whose mean is the result."
TRUTH_DOC = "Whether targets are class numbers; else the largest along the axis is taken."
PREDICTED_DOC = "Whether predictions are class numbers; else the largest along the axis is taken."
AXIS_DOC = "Axis of the classes, where targets or predictions have one."
IGNORED_DOC = "Class whose values count for nothing, such as 255 or -1."
DTYPE_DOC = "What its state is kept in: whole numbers, until there are weights."


class CountDType(DTypeName):
    """The dtype of counts: whole numbers for None."""

    def parse(self, value: Any, where: str = "") -> str:
        return "int32" if value is None else super().parse(value, where)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "choices": ["int32", "int64", "float32", "float64"], "nullable": True}


class Overlap(NamedMetric):
    """Base: a table of how often each class was predicted for each class.

    Weights that are no whole numbers make the table one of floats.
    """

    _direction = "up"

    dtype: Annotated[Any, CountDType()] = arg(None, doc=DTYPE_DOC, group="base")
    num_classes: int
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1

    def check(self) -> None:
        for class_id in self.targets():
            if not 0 <= class_id < self.num_classes:
                where = f"{type(self).__name__}(target_class_ids=...)"
                raise Invalid(where, f"classes from 0 to {self.num_classes - 1}", class_id)
        super().check()

    def make_state(self) -> None:
        shape = (self.num_classes, self.num_classes)
        self.total_confusion_matrix = self.add_weight(shape, name="total_confusion_matrix")

    def targets(self) -> Sequence[int]:
        """The classes whose mean is the result."""
        return range(self.num_classes)

    def predicted_classes(self, y_pred: Tensor) -> Tensor:
        """Predictions as class numbers."""
        return y_pred if self.sparse_y_pred else class_of(y_pred, self.axis)

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: class numbers, or a value for each class along the axis.
            y_pred: the same of predictions.
            sample_weight: a factor for each sample, or for each value.
        """
        predicted = self.predicted_classes(convert_to_tensor(y_pred))
        truth = convert_to_tensor(y_true).to(predicted.device)
        truth = truth if self.sparse_y_true else class_of(truth, self.axis)
        if truth.shape != predicted.shape and truth.numel() != predicted.numel():
            expected = f"targets in the shape of the predictions, {tuple(predicted.shape)}"
            raise Invalid(f'{type(self).__name__} "{self.name}"', expected, tuple(truth.shape))
        self.follow(predicted)
        weight = None if sample_weight is None else self._weights(sample_weight, truth).reshape(-1)
        self._count(truth.reshape(-1).long(), predicted.reshape(-1).long(), weight)

    def _weights(self, sample_weight: Any, truth: Tensor) -> Tensor:
        table = self.total_confusion_matrix
        if not table.is_floating_point():
            with torch.inference_mode(False):
                table.data = table.data.to(torch_dtype(settings.floatx()))
        weight = convert_to_tensor(sample_weight, table.dtype).to(truth.device)
        if weight.ndim > truth.ndim and weight.shape[-1] == 1:
            weight = weight.squeeze(-1)
        return along_samples(weight, truth).broadcast_to(truth.shape)

    def _count(self, truth: Tensor, predicted: Tensor, weight: Tensor | None) -> None:
        count, table = self.num_classes, self.total_confusion_matrix
        width = count + 2  # with a border for what is no class
        if self.ignore_class is not None:
            truth = truth.masked_fill(truth == self.ignore_class, -1)
        place = torch.add(predicted.clamp(-1, count), truth.clamp(-1, count), alpha=width).add_(width + 1)
        if weight is None:
            weight = torch.ones((), dtype=table.dtype, device=place.device).expand(place.shape)
        counted = torch.zeros(width * width, dtype=table.dtype, device=place.device).scatter_add_(0, place, weight)
        table.add_(counted.view(width, width)[1:-1, 1:-1])

    def result(self) -> Tensor:
        """The mean over the classes that occur."""
        dtype = torch_dtype(settings.floatx())
        table = self.total_confusion_matrix.detach().to(dtype)
        overlap = table.diagonal()
        union = table.sum(dim=0) + table.sum(dim=1) - overlap
        targets = self.targets()
        if len(targets) < self.num_classes:
            overlap = torch.stack([overlap[class_id] for class_id in targets])
            union = torch.stack([union[class_id] for class_id in targets])
        return divide_no_nan(divide_no_nan(overlap, union).sum(), (union > 0).sum().to(dtype))


class TargetOverlap(Overlap):
    """Base: the mean over chosen classes."""

    target_class_ids: Any

    def targets(self) -> Sequence[int]:
        return self.target_class_ids


class IoU(TargetOverlap):
    """Overlap over union of chosen classes' regions.

    Shapes:
        y_true, y_pred: (batch, *rest), with an axis of classes where they are not sparse
    """

    num_classes: int = arg(at_least=1, doc="Number of classes.")
    target_class_ids: list[int] = arg(doc=TARGETS_DOC)
    name: str | None = arg(None, doc=NAME_DOC, group="base")
    ignore_class: int | None = arg(None, doc=IGNORED_DOC, after="dtype")
    sparse_y_true: bool = arg(True, doc=TRUTH_DOC, after="ignore_class")
    sparse_y_pred: bool = arg(True, doc=PREDICTED_DOC, after="sparse_y_true")
    axis: int = arg(-1, doc=AXIS_DOC, after="sparse_y_pred")


class MeanIoU(Overlap):
    """Overlap over union of all classes' regions.

    Shapes:
        y_true, y_pred: (batch, *rest), with an axis of classes where they are not sparse
    """

    num_classes: int = arg(at_least=1, doc="Number of classes.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")
    ignore_class: int | None = arg(None, doc=IGNORED_DOC, after="dtype")
    sparse_y_true: bool = arg(True, doc=TRUTH_DOC, after="ignore_class")
    sparse_y_pred: bool = arg(True, doc=PREDICTED_DOC, after="sparse_y_true")
    axis: int = arg(-1, doc=AXIS_DOC, after="sparse_y_pred")


class OneHotIoU(TargetOverlap):
    """Overlap over union of chosen classes' regions, for one-hot targets.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    sparse_y_true = False

    num_classes: int = arg(at_least=1, doc="Number of classes.")
    target_class_ids: list[int] = arg(doc=TARGETS_DOC)
    name: str | None = arg(None, doc=NAME_DOC, group="base")
    ignore_class: int | None = arg(None, doc=IGNORED_DOC, after="dtype")
    sparse_y_pred: bool = arg(False, doc=PREDICTED_DOC, after="ignore_class")
    axis: int = arg(-1, doc=AXIS_DOC, after="sparse_y_pred")


class OneHotMeanIoU(Overlap):
    """Overlap over union of all classes' regions, for one-hot targets.

    Shapes:
        y_true, y_pred: (batch, *rest, classes)
    """

    sparse_y_true = False

    num_classes: int = arg(at_least=1, doc="Number of classes.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")
    ignore_class: int | None = arg(None, doc=IGNORED_DOC, after="dtype")
    sparse_y_pred: bool = arg(False, doc=PREDICTED_DOC, after="ignore_class")
    axis: int = arg(-1, doc=AXIS_DOC, after="sparse_y_pred")


class BinaryIoU(TargetOverlap):
    """Overlap over union of the region of noes, of yeses, or their mean.

    Shapes:
        y_true, y_pred: (batch, *rest)
    """

    num_classes = 2

    target_class_ids: tuple[int, ...] = arg((0, 1), doc="Whose mean is the result: 0 for the noes, 1 for the yeses.")
    threshold: float = arg(0.5, doc="Predictions from here on are a yes.")
    name: str | None = arg(None, doc=NAME_DOC, group="base")

    def predicted_classes(self, y_pred: Tensor) -> Tensor:
        return (y_pred >= self.threshold).long()

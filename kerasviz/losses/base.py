"""Loss: how far predictions are from targets, as a number per sample and then one for all."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from kerasviz.declare import Component, DType, arg, family, snake_case
from kerasviz.tensors import convert_to_tensor, is_float, map_leaves, torch_dtype

Reduction = Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]


class Loss(Component):
    """How far predictions are from targets: a number per sample, then reduced.

    Subclasses write `call(y_true, y_pred)`.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        per sample: (batch, *rest)
    """

    name: str | None = arg(None, doc="Name in the logs.")
    reduction: Reduction = arg("sum_over_batch_size", doc="How the samples' numbers become one.")
    dtype: DType = arg(None, doc="What it computes in.")

    def check(self) -> None:
        """A name, and the dtype of the arithmetic."""
        self.name = self.name or snake_case(type(self).__name__)
        self.dtype_policy = self.dtype
        self.__dict__["dtype"] = self.dtype.compute_dtype
        self._dtype = torch_dtype(self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Its arguments; the dtype only where it is not the default."""
        config = super().get_config()
        if "dtype" in config:
            config["dtype"] = family("dtype_policy").serialize(self.dtype_policy)
        return config

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch.

        Args:
            y_true, y_pred: targets and predictions.
            sample_weight: a weight for each sample, or for each of its numbers.
        """
        mask = getattr(y_pred, "_keras_mask", None) if isinstance(y_pred, Tensor) else None
        y_pred = map_leaves(self._converted, y_pred)
        y_true = map_leaves(self._converted, y_true)
        values = self.call(y_true, y_pred)
        if sample_weight is None and mask is None:
            return reduced(values, self.reduction)
        return weighted(values, self._weight(sample_weight), mask, self.reduction)

    def _converted(self, value: Any) -> Tensor:
        if type(value) is Tensor:
            return value.to(self._dtype) if value.dtype is not self._dtype and value.is_floating_point() else value
        made = convert_to_tensor(value)
        return made.to(self._dtype) if made.is_floating_point() else made

    def _weight(self, sample_weight: Any) -> Any:
        return None if sample_weight is None else convert_to_tensor(sample_weight).to(self._dtype)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """A number per sample."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`.")


class FunctionalLoss(Loss):
    """A loss that is a function of ours with fixed arguments."""

    function: ClassVar[Callable[..., Tensor]]
    options: ClassVar[tuple[str, ...]] = ()  # arguments of its own, given to the function by name

    def __init_subclass__(cls, **options: Any) -> None:
        """Learn which arguments are the function's."""
        super().__init_subclass__(**options)
        cls.options = cls.options + tuple(n for n in cls._declared if n not in ("name", "reduction", "dtype"))

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The function of both."""
        y_true, y_pred = squeezed(y_true, y_pred)
        return type(self).function(y_true, y_pred, **{name: getattr(self, name) for name in self.options})


def reduced(values: Tensor, reduction: str | None) -> Tensor:
    """One number for all samples, unless the reduction is none."""
    if reduction in (None, "none"):
        return values
    return values.sum() if reduction == "sum" else values.mean()


def weighted(values: Tensor, weight: Tensor | None, mask: Tensor | None, reduction: str | None) -> Tensor:
    """One number for all samples that count, each as much as its weight says."""
    if mask is not None:
        mask = mask.to(values.dtype)
        if reduction in ("mean", "sum_over_batch_size", "mean_with_sample_weight"):
            total = mask.numel()
            mask = mask * (total / (mask.sum() + 1e-7))
        if weight is None:
            weight = mask
        else:
            weight, mask = fitted(weight, mask)
            weight = weight * mask
    if weight is None:
        return reduced(values, reduction)
    weight, values = fitted(weight, values)
    values = values * weight
    if reduction == "mean_with_sample_weight":
        total = weight.expand_as(values).sum()
        return values.sum() / torch.where(total == 0, torch.ones_like(total), total)
    return reduced(values, reduction)


def fitted(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors of one rank: a last axis of size 1 is dropped, missing axes are added at the end."""
    if x.ndim == y.ndim + 1 and x.shape[-1] == 1:
        x = x.squeeze(-1)
    while x.ndim < y.ndim:
        x = x.unsqueeze(-1)
    return x, y


def squeezed(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Targets and predictions of one rank, where one has a last axis of size 1 too many."""
    extra = y_pred.ndim - y_true.ndim
    if extra == 0:
        return y_true, y_pred
    if extra == 1 and y_pred.shape[-1] == 1:
        return y_true, y_pred.squeeze(-1)
    if extra == -1 and y_true.shape[-1] == 1:
        return y_true.squeeze(-1), y_pred
    return y_true, y_pred


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets in the predictions' dtype, of one rank with them."""
    y_pred = convert_to_tensor(y_pred)
    if not is_float(y_pred.dtype):
        y_pred = y_pred.float()
    y_true = convert_to_tensor(y_true)
    return squeezed(y_true if y_true.dtype == y_pred.dtype else y_true.to(y_pred.dtype), y_pred)

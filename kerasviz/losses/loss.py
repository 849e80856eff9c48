"""Loss: how far predictions are from targets."""

from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor

from kerasviz.declare import Component, Invalid, Kind, arg, snake_case
from kerasviz.losses.reduction import MEANS, check_shapes, masked_weight, pair, reduce_values, same_rank
from kerasviz.tensors import (
    DTypePolicy,
    convert_to_tensor,
    leaves,
    map_leaves,
    settings,
    standardize_dtype,
    torch_dtype,
)

Reduction = Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]
NAME_DOC = "Name in the logs."


class DTypeName(Kind):
    """The dtype of a computation, kept as its name; None for the default float."""

    input = "select"

    def parse(self, value: Any, where: str = "") -> str:
        if value is None:
            return settings.floatx()
        if isinstance(value, dict):
            value = value.get("config", value).get("name")
        policy = value if isinstance(value, DTypePolicy) else None
        if policy is None and isinstance(value, str) and value.startswith("mixed_"):
            policy = DTypePolicy(value)
        if policy is not None:
            return policy.compute_dtype
        try:
            return standardize_dtype(value)
        except Invalid as error:
            raise Invalid(where, error.expected, value, error.hint) from None

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "choices": ["float32", "float16", "bfloat16", "float64"], "nullable": True}

    def samples(self) -> list[Any]:
        return [None, "float64"]


class Loss(Component):
    """How far predictions are from targets: a value per sample, then reduced to one number.

    Subclasses write `call(y_true, y_pred)`.

    Shapes:
        y_true, y_pred: (batch, *rest, values)
        sample_weight: (batch,) or (batch, *rest)
        result: (), or (batch, *rest) with reduction "none"
    """

    name: str | None = arg(None, doc=NAME_DOC, group="base")
    reduction: Reduction = arg(
        "sum_over_batch_size",
        doc="How samples become one number: their mean, their sum, their mean by weight, or not at all.",
        group="base",
    )
    dtype: Annotated[Any, DTypeName()] = arg(
        None, doc="What it computes in; the default float for None.", group="base", quiet=True
    )
    _torch_dtype: torch.dtype
    _is_mean: bool
    takes_labels: ClassVar[bool] = False  # targets are whole numbers, left as they are
    aligns: ClassVar[bool] = False  # targets and predictions get one rank before `call`

    def check(self) -> None:
        """A loss without a name goes by that of its class."""
        if self.name is None:
            self.name = snake_case(type(self).__name__)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in ("reduction", "dtype"):  # what the step needs of them
            values = self.__dict__
            values["_torch_dtype"] = torch_dtype(values.get("dtype") or settings.floatx())
            values["_is_mean"] = values.get("reduction") in MEANS and type(self).mean is not Loss.mean

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} needs a `call(self, y_true, y_pred)`.")

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        """The mean over all samples where there is a shorter way to it; None where there is not."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss.

        Args:
            y_true: targets; a structure of tensors if `call` takes one.
            y_pred: predictions, of the same structure. Their mask counts.
            sample_weight: a factor for each sample, or for each value of the loss.
        """
        dtype = self._torch_dtype
        if type(y_pred) is not Tensor or y_pred.dtype is not dtype:
            y_pred = self._cast(y_pred)
        if type(y_true) is not Tensor or (y_true.dtype is not dtype and not self.takes_labels):
            y_true = self._cast(y_true)
        mask = getattr(y_pred, "_keras_mask", None)
        if mask is not None and y_pred.shape[-1] == 1 and y_true.ndim == y_pred.ndim - 1 == mask.ndim:
            y_true = y_true.unsqueeze(-1)  # the axis of one is not that of the mask
        elif self.aligns and y_true.ndim != y_pred.ndim:
            y_true, y_pred = same_rank(y_true, y_pred)
        try:
            if self._is_mean and sample_weight is None and mask is None and y_pred.numel():
                loss = self.mean(y_true, y_pred)
                if loss is not None:
                    return loss
            values = self.call(y_true, y_pred)
        except (RuntimeError, IndexError):
            check_shapes(type(self).__name__, y_true, y_pred)
            raise
        ignored = getattr(values, "_keras_mask", None)
        if ignored is not None:
            mask = ignored if mask is None else mask & ignored
        return self._reduced(values, sample_weight, mask)

    def _reduced(self, values: Tensor, sample_weight: Any, mask: Tensor | None) -> Tensor:
        if sample_weight is not None:
            sample_weight = convert_to_tensor(sample_weight, self._torch_dtype).to(values.device)
        if values.dtype is not self._torch_dtype:
            values = values.to(self._torch_dtype)
        weight = masked_weight(sample_weight, mask, self._torch_dtype, self.reduction)
        return reduce_values(values, weight, self.reduction)

    def _cast(self, structure: Any) -> Any:
        if isinstance(structure, (list, tuple)) and all(isinstance(leaf, (int, float)) for leaf in leaves(structure)):
            return self._cast_leaf(structure)  # rows of numbers
        if isinstance(structure, dict):
            return {key: self._cast(part) for key, part in structure.items()}
        return map_leaves(self._cast_leaf, structure)

    def _cast_leaf(self, value: Any) -> Any:
        if self.takes_labels and not (isinstance(value, Tensor) and value.is_floating_point()):
            return convert_to_tensor(value)
        if not isinstance(value, Tensor):
            return convert_to_tensor(value, self._torch_dtype)
        mask = getattr(value, "_keras_mask", None)
        cast = value if value.dtype is self._torch_dtype else value.to(self._torch_dtype)
        if mask is not None and cast is not value:
            cast._keras_mask = mask  # type: ignore[attr-defined]
        return cast

    def __repr__(self) -> str:
        return f"<{self.source()}>"


class NamedLoss(Loss):
    """Base of the losses below: their own arguments, then reduction, name and dtype."""

    aligns = True

    name: str | None = arg(None, doc=NAME_DOC, group="base", after="reduction")


class MeanOfErrors(NamedLoss):
    """Base of the losses that are a mean over the last axis: subclasses write `errors`, value by value."""

    def errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """How far off each value is; both are of one shape, or broadcast."""
        raise NotImplementedError

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return by_last_axis(self.errors(*pair(y_true, y_pred)))

    def mean(self, y_true: Tensor, y_pred: Tensor) -> Tensor | None:
        return self.errors(y_true, y_pred).mean() if y_true.shape == y_pred.shape else None


def by_last_axis(values: Tensor) -> Tensor:
    """The mean over the last axis; a scalar stays as it is."""
    return values.mean(dim=-1) if values.ndim else values

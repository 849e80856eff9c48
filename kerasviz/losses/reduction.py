"""From a value per sample to one number: ranks, weights, masks, and the ways to reduce."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_tensor, settings, torch_dtype

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


def tensors(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as float tensors of the predictions' dtype, on their device."""
    if not isinstance(y_pred, Tensor):
        y_pred = convert_to_tensor(y_pred)
    if not y_pred.is_floating_point():
        y_pred = y_pred.to(torch_dtype(settings.floatx()))
    if not isinstance(y_true, Tensor):
        y_true = convert_to_tensor(y_true).to(y_pred.device)
    return (y_true if y_true.dtype == y_pred.dtype else y_true.to(y_pred.dtype)), y_pred


def same_rank(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Both with as many axes: a last axis of size one is added to a flat tensor, or else taken off the other."""
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        return (first, second.unsqueeze(-1)) if second.ndim == 1 else (first.squeeze(-1), second)
    if second.ndim == first.ndim + 1 and second.shape[-1] == 1:
        return (first.unsqueeze(-1), second) if first.ndim == 1 else (first, second.squeeze(-1))
    return first, second


def pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as float tensors of one rank."""
    y_true, y_pred = tensors(y_true, y_pred)
    return (y_true, y_pred) if y_true.ndim == y_pred.ndim else same_rank(y_true, y_pred)


def check_shapes(where: str, y_true: Any, y_pred: Any) -> None:
    """Say what is wrong where the shapes of targets and predictions were the reason for an error of torch.

    Raises:
        Invalid: where they do not go together.
    """
    if not (isinstance(y_true, Tensor) and isinstance(y_pred, Tensor)):
        return
    shape, are_labels = tuple(y_pred.shape), not y_true.is_floating_point() and y_true.ndim < y_pred.ndim
    allowed = [shape, shape[:-1]] if are_labels else [shape]
    if tuple(y_true.shape) not in allowed:
        expected = f"targets in the shape of the predictions, {shape}"
        raise Invalid(where, f"{expected}, or {shape[:-1]}" if are_labels else expected, tuple(y_true.shape)) from None


def along_samples(weight: Tensor, values: Tensor) -> Tensor:
    """`weight` with axes of one at its end, where it has fewer axes than `values` and counts samples."""
    missing = values.ndim - weight.ndim
    if missing > 0 and weight.ndim and weight.shape[0] == values.shape[0]:
        return weight.reshape(weight.shape + (1,) * missing)
    return weight


def weighing_mask(mask: Tensor, dtype: torch.dtype, reduction: str | None) -> Tensor:
    """The mask as weights; for a mean, such that what is not masked out weighs as if it were all."""
    mask = mask.to(dtype)
    if reduction not in ("mean", "sum_over_batch_size"):
        return mask
    valid = mask.sum()
    return mask * (mask.numel() / valid.clamp(min=1))  # all masked out: zero, not NaN


def masked_weight(sample_weight: Tensor | None, mask: Tensor | None, dtype: torch.dtype, reduction: str | None) -> Any:
    """Weights and mask as one; None where there is neither."""
    if mask is None:
        return sample_weight
    mask = weighing_mask(mask, dtype, reduction)
    if sample_weight is None:
        return mask
    mask, sample_weight = same_rank(mask, sample_weight)
    return along_samples(sample_weight, mask) * mask


def reduce_values(values: Tensor, sample_weight: Tensor | None, reduction: str | None) -> Tensor:
    """The weighted values as `reduction` says.

    Args:
        values: one per sample, or of any shape.
        sample_weight: its shape is that of the values, of their first axes, or broadcasts to it.
        reduction: "sum_over_batch_size" and "mean" divide by the number of values, "mean_with_sample_weight" by the
            sum of weights, "sum" does not divide, "none" and None leave the values as they are.
    """
    if sample_weight is not None:
        values, sample_weight = same_rank(values, sample_weight)
        values = values * along_samples(sample_weight, values)
    if reduction is None or reduction == "none" or values.ndim == 0 or tuple(values.shape) == (0,):
        return values
    if reduction == "sum" or not values.numel():
        return values.sum()
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return divide_no_nan(values.sum(), sample_weight.sum())
    return values.mean()


def divide_no_nan(numerator: Tensor, denominator: Tensor) -> Tensor:
    """The quotient; zero where the denominator is zero."""
    zero = denominator == 0
    return torch.where(zero, 0.0, numerator / torch.where(zero, 1.0, denominator)).to(numerator.dtype)

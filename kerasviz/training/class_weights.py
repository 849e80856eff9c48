"""Weights of classes as weights of samples."""

import numbers
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves, map_leaves
from kerasviz.training.arrays import Weigh


def class_weigher(class_weight: Mapping[int, float]) -> Weigh:
    """A function that gives each sample the weight of its class, times the weight it had."""
    if not isinstance(class_weight, Mapping) or not all(map(is_class_weight, class_weight.items())):
        raise Invalid("class_weight", "a dict from label to weight, such as {0: 1.0, 1: 5.0}", class_weight)
    table = torch.ones(max(class_weight, default=0) + 1)
    for label, weight in class_weight.items():
        table[label] = weight

    def weigh(batch: tuple) -> tuple:
        x, y, sample_weight = (*batch, None, None)[:3]
        parts = [part for part in leaves(y) if part is not None]
        if len(parts) != 1 or not isinstance(parts[0], Tensor):
            hint = "Use sample_weight with a weight per output." if y is not None else "Pass y."
            got = None if y is None else f"y of {len(parts)} parts"
            raise Invalid("class_weight", "a single array of labels", got, hint)
        weights = weights_of(parts[0], table)
        given = [part for part in leaves(sample_weight) if part is not None]
        if given:
            axes = max(given[0].ndim, weights.ndim)
            one, other = (part.reshape(*part.shape, *[1] * (axes - part.ndim)) for part in (given[0], weights))
            weights = one * other
        return x, y, weights if isinstance(y, Tensor) else map_leaves(lambda leaf: None if leaf is None else weights, y)

    return weigh


def weights_of(y: Tensor, table: Tensor) -> Tensor:
    """The weight of each label of y, of which the table has those from 0; 1 for labels that it lacks.

    Shapes:
        y: (samples,), (samples, 1), one-hot (samples, classes), or (samples, moments, 1 or classes)
        result: (samples,) or (samples, moments)
    """
    labels = class_labels(y)
    if labels.device.type == "cpu" and labels.numel() and (lowest := int(labels.min())) < 0:
        raise Invalid("class_weight", "labels at least 0", lowest)
    known = table.to(y.device)
    return torch.where(labels < len(known), known[labels.clamp(0, len(known) - 1)], 1.0)


def is_class_weight(item: tuple[Any, Any]) -> bool:
    """Whether it is a label, from 0, and a number for it."""
    label, weight = item
    return isinstance(label, numbers.Integral) and int(label) >= 0 and isinstance(weight, numbers.Real)


def class_labels(y: Tensor) -> Tensor:
    """Whole-number labels of y, which has labels or one-hot rows."""
    if y.ndim > 1:
        check_one_label_each(y)
        y = y.argmax(-1) if y.shape[-1] > 1 else y.squeeze(-1)
    return y.long()


def check_one_label_each(y: Tensor) -> None:
    """Refuse rows of several labels.

    Raises:
        Invalid: where rows of whole numbers are not one-hot.
    """
    is_counted = y.device.type == "cpu" and not y.is_floating_point() and y.dtype != torch.bool
    if is_counted and y.shape[-1] > 1 and bool((y > 1).any()):
        hint = "Use sample_weight with a weight for each of them."
        raise Invalid("class_weight", "one label, or a one-hot row, for each sample", (None, *y.shape[1:]), hint)

"""Class numbers as vectors: `one_hot` and `multi_hot`."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, tensor
from kerasviz.tensors import settings, torch_dtype

MANY = 10_000  # from here on it is quicker to write the ones than to compare all


@op
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """1 at the place that `x` names, 0 elsewhere; all 0 where it names none.

    Args:
        x: class numbers, from 0.
        num_classes: size of the new axis.
        axis: where the new axis stands; -1: last.
        dtype: of the result; None: floatx.
        sparse: must be False: torch's functions want all the numbers.

    Shapes:
        x: (*rest,)
        result: (*rest, num_classes), or the classes at `axis`
    """
    _dense(sparse, "one_hot")
    x = tensor(x)
    if not -1 <= axis <= x.ndim:
        raise Invalid("ops.one_hot(axis=...)", f"-1, or a number from 0 to {x.ndim}", axis)
    wanted = torch_dtype(dtype or settings.floatx())
    encoded = _ones_at(x.unsqueeze(-1), num_classes, wanted)
    return encoded if axis in (-1, x.ndim) else encoded.movedim(-1, axis)


def _ones_at(x: Tensor, num_classes: int, dtype: torch.dtype) -> Tensor:
    """1 at the places x (*rest, 1) of a new last axis."""
    if x.numel() * num_classes < MANY:
        return (x == torch.arange(num_classes, device=x.device)).to(dtype)
    inside = (x >= 0) & (x < num_classes)
    zeros = torch.zeros((*x.shape[:-1], num_classes), dtype=dtype, device=x.device)
    return zeros.scatter_(-1, x.clamp(0, num_classes - 1).long(), inside.to(dtype))


@op
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False, **kwargs: Any
) -> Tensor:
    """1 at every place that one of several class numbers names, 0 elsewhere.

    Args:
        inputs: class numbers; those along axis 1 belong together, or all of a flat tensor.
        num_classes: size of the axis of classes.
        axis: where `one_hot` puts the classes, before axis 1 (for a flat tensor axis 0) goes; -1: last.
        dtype: of the result; None: floatx.
        sparse: must be False.
        **kwargs: `num_tokens`, an older name of `num_classes`.

    Shapes:
        inputs: (labels,) or (batch, labels, *rest)
        result: (num_classes,) or (batch, *rest, num_classes)
    """
    _dense(sparse, "multi_hot")
    if set(kwargs) - {"num_tokens"}:
        raise Invalid("ops.multi_hot", "no other arguments than num_tokens", sorted(kwargs))
    num_classes = kwargs.get("num_tokens", num_classes)
    if num_classes is None:
        raise Invalid("ops.multi_hot(num_classes=...)", "the number of classes", None)
    inputs = tensor(inputs)
    encoded = one_hot(inputs, num_classes, axis=axis, dtype=dtype)
    return encoded.amax(dim=1 if inputs.ndim > 1 else 0)


def _dense(sparse: bool, name: str) -> None:
    if sparse:
        raise Invalid(f"ops.{name}(sparse=...)", "False", sparse, "The result is a plain tensor on torch.")


__all__ = ["multi_hot", "one_hot"]

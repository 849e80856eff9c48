"""Means and sums over all batches."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg, deserialize, serialize, snake_case
from kerasviz.losses.reduction import along_samples, check_shapes, divide_no_nan, same_rank
from kerasviz.metrics.base import NAME_DOC, NamedMetric, state_dtype
from kerasviz.tensors import convert_to_tensor, unique_name

HALVES = (torch.float16, torch.bfloat16)


def weighted(values: Tensor, weight: Any, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Values times their weights, and the weights, both in the shape of the weights.

    Args:
        values: (batch, *rest)
        weight: (batch,), or with more of the axes of `values`; it broadcasts over those.
    """
    weight = convert_to_tensor(weight, dtype).to(values.device)
    values, weight = same_rank(values.to(dtype), weight)
    if values.ndim > weight.ndim:
        values = values.mean(dim=tuple(range(weight.ndim, values.ndim)))
    weight = weight.broadcast_to(values.shape)
    return values * weight, weight


def per_sample(tensor: Tensor) -> int:
    """How many values a sample has."""
    return math.prod(tensor.shape[1:])


class Sum(NamedMetric):
    """The sum of all values, times their weights.

    Shapes:
        values: any
        sample_weight: (batch,) or more of the axes of `values`
    """

    name: str | None = arg("sum", doc=NAME_DOC, group="base")

    def make_state(self) -> None:
        self.total = self.add_weight(name="total")

    @torch.no_grad()
    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add `values` to the sum."""
        values = convert_to_tensor(values)
        self.follow(values)
        if sample_weight is not None:
            weight = convert_to_tensor(sample_weight, self.total.dtype).to(values.device)
            values, weight = same_rank(values.to(self.total.dtype), weight)
            values = values * weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        self.total.add_(values.sum(dtype=self.total.dtype))

    def result(self) -> Tensor:
        """The sum so far."""
        return self.total.detach().clone()


class Mean(NamedMetric):
    """The mean of all values, by their weights. Every sample counts alike, whichever batch it came in.

    Shapes:
        values: (batch, *rest), or () for one value
        sample_weight: (batch,) or more of the axes of `values`
    """

    name: str | None = arg("mean", doc=NAME_DOC, group="base")

    def make_state(self) -> None:
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    @torch.no_grad()
    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take `values` into account."""
        self.add(convert_to_tensor(values), sample_weight)

    def add(self, values: Tensor, sample_weight: Any = None) -> None:
        """Take `values` into account. Called without gradients."""
        total = self.total
        if total.device != values.device:
            self.follow(values)
        if sample_weight is None:
            rest = per_sample(values) if values.ndim > 1 else 1
            added = values.sum(dtype=total.dtype)
            total.add_(added if rest == 1 else added / rest)
            self.count.add_(values.shape[0] if values.ndim else 1)
            return
        mask = getattr(values, "_keras_mask", None)
        values, weight = weighted(values, masked(sample_weight, mask, total.dtype), total.dtype)
        rest = per_sample(values) if values.ndim > 1 else 1
        total.add_(values.sum() / rest)
        self.count.add_(weight.sum() / rest)

    def result(self) -> Tensor:
        """The mean so far; zero before the first value."""
        return divide_no_nan(self.total.detach(), self.count.detach())


def masked(sample_weight: Any, mask: Tensor | None, dtype: torch.dtype) -> Any:
    """The weights, zero where the mask is False."""
    if mask is None:
        return sample_weight
    mask = mask.to(dtype)
    weight = convert_to_tensor(sample_weight, dtype).to(mask.device)
    mask, weight = same_rank(mask, weight)
    return along_samples(weight, mask) * along_samples(mask, weight)


class MeanMetricWrapper(Mean):
    """The mean of a function of targets and predictions.

    Args:
        fn: a function of (y_true, y_pred) and `kwargs` that gives a value per sample.
        name: name in the logs.
        dtype: what its state is kept in.
        kwargs: further arguments of `fn`.
    """

    _fn: Callable | None = None

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)  # type: ignore[call-arg]
        if name is None:
            self.name = unique_name(snake_case(type(self).__name__))
        self._fn = fn
        self._fn_kwargs = kwargs
        if self._direction is None:
            self._direction = direction_of(fn)

    @property
    def additive(self) -> bool:  # type: ignore[override]
        """Whether batches, joined, give what they give one after the other: not along the axis of samples."""
        axis = getattr(self, "axis", self.__dict__.get("_fn_kwargs", {}).get("axis", -1))
        return all(one == -1 or one > 0 for one in (axis if isinstance(axis, (list, tuple)) else [axis]))

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """The value of each sample."""
        assert self._fn is not None
        return self._fn(y_true, y_pred, **self._fn_kwargs)

    @torch.no_grad()
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take a batch into account.

        Args:
            y_true: targets.
            y_pred: predictions. What their mask leaves out does not count.
            sample_weight: a factor for each sample, or for each value.
        """
        mask = getattr(y_pred, "_keras_mask", None)
        if mask is not None:
            sample_weight = mask if sample_weight is None else masked(sample_weight, mask, state_dtype(self))
        if self._fn is None and getattr(y_pred, "dtype", None) in HALVES:
            y_pred = y_pred.to(state_dtype(self))
        try:
            values = self.call(y_true, y_pred)
        except (RuntimeError, IndexError):
            check_shapes(f'{type(self).__name__} "{self.name}"', *map(convert_to_tensor, (y_true, y_pred)))
            raise
        self.add(values if isinstance(values, Tensor) else convert_to_tensor(values), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The arguments in JSON form."""
        if self._fn is None:
            return super().get_config()
        kwargs = {name: serialize(value) for name, value in self._fn_kwargs.items()}
        return {"name": self.name, "dtype": self.dtype, "fn": serialize(self._fn), **kwargs}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """The metric that `get_config` described."""
        config = dict(config)
        if "fn" in config:
            config["fn"] = deserialize(config["fn"])
        return cls(**config)


def direction_of(function: Any) -> str | None:
    """Whether more or less of a function of ours is better."""
    if not str(getattr(function, "__module__", "")).startswith("kerasviz."):
        return None
    name = getattr(function, "__name__", type(function).__name__)
    return "up" if "accuracy" in name or "correlation" in name else "down"

"""Variable: a torch parameter with what Keras promises of a weight."""

import copy
import threading
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn

from kerasviz.tensors import settings
from kerasviz.tensors.convert import convert_to_numpy, convert_to_tensor
from kerasviz.tensors.dtypes import torch_dtype

_names = threading.local()


class Variable(nn.Parameter):
    """An array that training or a metric changes in place.

    A plain `torch.nn.Parameter`: it is in `state_dict`, moves with `to`, and torch's optimizers take it. One that is
    not trainable has no gradient.

    Args:
        initializer: an array, or a function of (shape, dtype) that makes one.
        shape: sizes; needed when `initializer` is a function.
        dtype: of its numbers; floatx by default.
        trainable: whether optimizers change it.
        name: unique within its layer.
        layout: order of axes in memory, the slowest first; None for the order of `shape`.
    """

    path: str  # names of the layers around it and its own, joined by slashes
    autocast: bool
    aggregation: str
    initializer: Callable | None
    regularizer: Callable | None
    constraint: Callable | None
    _name: str
    _trainable: bool

    def __new__(
        cls,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> Self:
        data = _initial_value(initializer, shape, dtype)
        if layout is not None and data.ndim == len(layout):
            data = in_memory_order(data, layout)
        data = data.detach()
        trains = trainable and (data.is_floating_point() or data.is_complex())
        self = torch.Tensor._make_subclass(cls, data, trains)
        name = name or _auto_name()
        vars(self).update(
            _name=name,
            path=name,
            autocast=autocast,
            aggregation=aggregation,
            initializer=initializer if callable(initializer) else None,
            regularizer=None,
            constraint=None,
            layout_order=layout,
            _trainable=trainable,
        )
        return self

    def __init__(self, *values: Any, **named: Any) -> None:
        pass  # `__new__` has done it; torch's own takes other arguments

    @property
    def name(self) -> str:  # type: ignore[override]
        """Its name within its layer."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self.requires_grad_(self._trainable and self.is_floating_point())

    @property
    def value(self) -> Tensor:
        """The variable itself: it is a tensor."""
        return self

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """Number of axes."""
        return self.dim()

    @torch.no_grad()
    def assign(self, value: Any) -> Self:
        """Put `value` in its place; shapes must agree."""
        value = convert_to_tensor(value)
        if tuple(value.shape) != tuple(self.shape):
            from kerasviz.declare import Invalid

            raise Invalid(f'Variable "{self.path}".assign', f"shape {tuple(self.shape)}", tuple(value.shape))
        self.copy_(value)
        return self

    @torch.no_grad()
    def assign_add(self, value: Any) -> Self:
        """Add `value` in place."""
        self.add_(convert_to_tensor(value).to(self.dtype) if not isinstance(value, (int, float)) else value)
        return self

    @torch.no_grad()
    def assign_sub(self, value: Any) -> Self:
        """Subtract `value` in place."""
        self.sub_(convert_to_tensor(value).to(self.dtype) if not isinstance(value, (int, float)) else value)
        return self

    def numpy(self, *values: Any, **named: Any) -> Any:
        """A copy on the host."""
        return convert_to_numpy(self).copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """numpy reads it without asking for `detach`."""
        array = convert_to_numpy(self)
        return array if dtype is None else array.astype(dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """An equal variable with memory of its own, in the same order."""
        if id(self) in memo:
            return memo[id(self)]
        made = torch.Tensor._make_subclass(type(self), self.detach().clone(), self.requires_grad)
        vars(made).update({key: copy.deepcopy(value, memo) for key, value in self.__dict__.items()})
        memo[id(self)] = made
        return made

    def __reduce_ex__(self, protocol: Any) -> tuple:
        """Pickle as its tensor and its facts."""
        return _rebuild, (type(self), self.detach().clone(), self.requires_grad, dict(self.__dict__))

    def __repr__(self, **named: Any) -> str:
        return f"<Variable path={self.path}, shape={tuple(self.shape)}, dtype={str(self.dtype)[6:]}, value={self.data}>"


def _rebuild(cls: type[Variable], data: Tensor, requires_grad: bool, facts: dict[str, Any]) -> Variable:
    made = torch.Tensor._make_subclass(cls, data, requires_grad)
    vars(made).update(facts)
    return made


def _initial_value(initializer: Any, shape: tuple[int, ...] | None, dtype: Any) -> Tensor:
    if callable(initializer) and not isinstance(initializer, Tensor):
        value = initializer(tuple(shape or ()), dtype=dtype or settings.floatx())
        return convert_to_tensor(value, dtype or settings.floatx())
    value = convert_to_tensor(initializer, dtype)
    return value.clone() if isinstance(value, Tensor) else value


def in_memory_order(data: Tensor, layout: tuple[int, ...]) -> Tensor:
    """The same tensor, its memory such that `permute(layout)` is contiguous in torch's channels-last order.

    `layout` puts the axes as torch has them, (filters, channels, *space); channels-last memory has channels innermost.
    """
    viewed = data.permute(layout)
    memory = {4: torch.channels_last, 5: torch.channels_last_3d}.get(viewed.ndim, torch.contiguous_format)
    inverse = [layout.index(axis) for axis in range(len(layout))]
    return viewed.contiguous(memory_format=memory).permute(inverse)


def _auto_name() -> str:
    count = getattr(_names, "count", 0)
    _names.count = count + 1
    return "variable" if count == 0 else f"variable_{count}"


__all__ = ["Variable", "in_memory_order", "torch_dtype"]

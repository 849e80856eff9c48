"""Variable: a torch parameter with what Keras promises of a weight."""

import copy
from collections.abc import Callable
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from kerasviz.declare import Invalid, family
from kerasviz.tensors.convert import convert_to_numpy, convert_to_tensor
from kerasviz.tensors.dtypes import standardize_dtype
from kerasviz.tensors.naming import unique_name
from kerasviz.tensors.scope_state import SCOPES

AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


class Variable(nn.Parameter):
    """An array that training or a metric changes in place.

    A plain `torch.nn.Parameter`: it is in `state_dict`, moves with `to`, and torch's optimizers take it. One that is
    not trainable has no gradient.

    Args:
        initializer: an array, or an initializer: a name, or a function of (shape, dtype).
        shape: sizes; needed when `initializer` is no array.
        dtype: of its numbers; that of the array by default, floatx for Python's floats and for initializers.
        trainable: whether optimizers change it; whole numbers never have a gradient.
        autocast: whether layers of mixed precision read it in their compute dtype.
        aggregation: how copies on several devices become one: "none", "mean", "sum" or "only_first_replica".
        synchronization: when they do: "auto", "none", "on_read" or "on_write".
        name: without `/`; unique within its layer.
        layout: order of axes in memory, the slowest first; None for the order of `shape`.

    Raises:
        Invalid: where an argument does not fit.
    """

    path: str  # names of the layers around it and its own, joined by slashes
    autocast: bool
    aggregation: str
    synchronization: str
    overwrite_with_gradient: bool
    initializer: Callable | None
    regularizer: Callable | None
    constraint: Callable | None
    _name: str
    _trainable: bool

    hooks_registered: ClassVar[int] = 0  # on any variable: who writes gradients without autograd looks at it

    def __new__(
        cls,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> Self:
        name = _checked(shape, aggregation, synchronization, name)
        data, maker = _initial_value(initializer, shape, dtype)
        if layout is not None and data.ndim == len(layout):
            data = in_memory_order(data, layout)
        data = data.detach()
        trains = trainable and (data.is_floating_point() or data.is_complex())
        self = torch.Tensor._make_subclass(cls, data, trains)
        vars(self).update(
            _name=name,
            path="/".join((*SCOPES.path, name)),
            autocast=autocast,
            aggregation=aggregation or "none",
            synchronization=synchronization or "none",
            initializer=maker,
            regularizer=None,
            constraint=None,
            overwrite_with_gradient=False,
            layout_order=layout,
            _trainable=trainable,
        )
        return self

    def __init__(
        self,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        pass  # `__new__` has done it; torch's own takes other arguments

    def register_hook(self, hook: Callable) -> Any:
        """As torch's: called with each gradient that autograd brings."""
        Variable.hooks_registered += 1
        return super().register_hook(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable) -> Any:
        """As torch's: called when a gradient has been added to `grad`."""
        Variable.hooks_registered += 1
        return super().register_post_accumulate_grad_hook(hook)

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
        """The variable itself: it is a tensor. Its value in a StatelessScope, inside of one."""
        return self if SCOPES.stateless is None else SCOPES.stateless.value_of(self)

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """Number of axes."""
        return self.dim()

    @torch.no_grad()
    def assign(self, value: Any) -> Any:
        """Put `value` in its place; shapes must agree. Returns the value."""
        value = convert_to_tensor(value)
        if tuple(value.shape) != tuple(self.shape):
            raise Invalid(f'Variable "{self.path}".assign', f"shape {tuple(self.shape)}", tuple(value.shape))
        if SCOPES.stateless is not None:
            SCOPES.stateless.add_update((self, value))
            return value
        self.copy_(value)
        return self

    def assign_add(self, value: Any) -> Any:
        """Add `value`. Returns the sum."""
        if SCOPES.stateless is not None:
            return self.assign(self.value + _like(value, self))
        with torch.no_grad():
            return self.add_(_like(value, self))

    def assign_sub(self, value: Any) -> Any:
        """Subtract `value`. Returns the difference."""
        if SCOPES.stateless is not None:
            return self.assign(self.value - _like(value, self))
        with torch.no_grad():
            return self.sub_(_like(value, self))

    def numpy(self, *values: Any, **named: Any) -> Any:
        """A copy on the host."""
        return convert_to_numpy(self)

    def __float__(self) -> float:
        return float(self.detach())

    def __int__(self) -> int:
        return int(self.detach())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """numpy reads it without asking for `detach`: always a copy, as training changes a variable in place."""
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


def _logical(function: Callable) -> Callable:
    def operator(self: Variable, other: Any) -> Tensor:
        return function(self, convert_to_tensor(other))

    return operator


for _name, _function in (("and", torch.logical_and), ("or", torch.logical_or), ("xor", torch.logical_xor)):
    setattr(Variable, f"__{_name}__", _logical(_function))  # as in Keras: whether, and not bit by bit
    setattr(Variable, f"__r{_name}__", _logical(_function))


def _rebuild(cls: type[Variable], data: Tensor, requires_grad: bool, facts: dict[str, Any]) -> Variable:
    made = torch.Tensor._make_subclass(cls, data, requires_grad)
    vars(made).update(facts)
    return made


def _like(value: Any, variable: Tensor) -> Any:
    return value if isinstance(value, (int, float)) else convert_to_tensor(value).to(variable.dtype)


def _checked(shape: Any, aggregation: Any, synchronization: Any, name: Any) -> str:
    """The name, or a new one.

    Raises:
        Invalid: for an argument of `Variable` that does not fit.
    """
    if aggregation not in AGGREGATIONS:
        raise Invalid("Variable(aggregation=...)", f"one of {AGGREGATIONS}", aggregation)
    if synchronization not in SYNCHRONIZATIONS:
        raise Invalid("Variable(synchronization=...)", f"one of {SYNCHRONIZATIONS}", synchronization)
    if shape is not None and any(size is None for size in (shape if isinstance(shape, (tuple, list)) else ())):
        raise Invalid("Variable(shape=...)", "a known size for every axis", tuple(shape))
    if name is None:
        return unique_name("variable")
    if not isinstance(name, str) or "/" in name:
        raise Invalid("Variable(name=...)", "a name without `/`", name)
    return name


def _initial_value(initializer: Any, shape: Any, dtype: Any) -> tuple[Tensor, Callable | None]:
    """The first value, and what made it if that can make another."""
    if isinstance(initializer, (str, dict)):
        initializer = family("initializer").get(initializer, "Variable(initializer=...)")
    if callable(initializer) and not isinstance(initializer, Tensor):
        if shape is None:
            raise Invalid("Variable(shape=...)", "a shape, since `initializer` is a function", None)
        dtype = standardize_dtype(dtype)
        sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        return convert_to_tensor(initializer(sizes, dtype=dtype), dtype).detach(), initializer
    if initializer is None:
        raise Invalid("Variable(initializer=...)", "an array, or an initializer", None)
    if dtype is None and str(getattr(initializer, "dtype", "")) == "float64":
        dtype = "float64"  # an array that is so wide stays so
    value = convert_to_tensor(initializer, dtype)
    if shape is not None and tuple(value.shape) != tuple(shape):
        raise Invalid("Variable(shape=...)", f"the shape of the array, {tuple(value.shape)}", tuple(shape))
    return value.detach().clone(), None


def in_memory_order(data: Tensor, layout: tuple[int, ...]) -> Tensor:
    """The same tensor, its memory such that `permute(layout)` is contiguous in torch's channels-last order.

    `layout` puts the axes as torch has them, (filters, channels, *space); channels-last memory has channels innermost.
    """
    viewed = data.permute(layout)
    memory = {4: torch.channels_last, 5: torch.channels_last_3d}.get(viewed.ndim, torch.contiguous_format)
    inverse = [layout.index(axis) for axis in range(len(layout))]
    return viewed.contiguous(memory_format=memory).permute(inverse)


__all__ = ["Variable", "in_memory_order"]

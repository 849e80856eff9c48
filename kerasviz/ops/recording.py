"""`op`: a function on tensors that records a node when it is called on symbols."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import SCOPES, KerasTensor, Variable, convert_to_tensor, leaves, record_function

Function = TypeVar("Function", bound=Callable[..., Any])
NESTS = frozenset({list, tuple, dict})
PLAIN = frozenset({Tensor, Variable, int, float, bool, str, type(None)})  # most arguments: no symbols, and no nests


def op(function: Function) -> Function:
    """Let `function` take symbols too. Arguments may be numpy arrays or Python numbers: `tensor` converts them.

    What torch refuses is an `Invalid` with the shapes of what was given.
    """
    taken = inspect.getfullargspec(function)
    others = taken.defaults or taken.varargs or taken.varkw or taken.kwonlyargs
    wrap = _of_any if others else {("x",): _of_one, ("x1", "x2"): _of_two}.get(tuple(taken.args), _of_any)
    return functools.wraps(function)(wrap(function))  # type: ignore[return-value]


def _of_one(function: Callable) -> Callable:
    def recorded(x: Any) -> Any:
        if type(x) not in PLAIN and _is_symbolic(x):
            return record_function(recorded, (x,), {})
        try:
            return function(x)
        except (RuntimeError, IndexError) as error:
            _refuse(function, error, (x,), {})
            raise

    return recorded


def _of_two(function: Callable) -> Callable:
    def recorded(x1: Any, x2: Any) -> Any:
        if (type(x1) not in PLAIN and _is_symbolic(x1)) or (type(x2) not in PLAIN and _is_symbolic(x2)):
            return record_function(recorded, (x1, x2), {})
        try:
            return function(x1, x2)
        except (RuntimeError, IndexError) as error:
            _refuse(function, error, (x1, x2), {})
            raise

    return recorded


def _of_any(function: Callable) -> Callable:
    def recorded(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if type(value) not in PLAIN and _is_symbolic(value):
                return record_function(recorded, args, kwargs)
        if kwargs:
            for value in kwargs.values():
                if type(value) not in PLAIN and _is_symbolic(value):
                    return record_function(recorded, args, kwargs)
        try:
            return function(*args, **kwargs)
        except (RuntimeError, IndexError) as error:
            _refuse(function, error, args, kwargs)
            raise

    return recorded


def _is_symbolic(value: Any) -> bool:
    """Whether it is a symbol, or has one in lists, tuples and dicts: `any_symbolic`, quick for a few numbers."""
    kind = type(value)
    if kind not in NESTS:
        return isinstance(value, KerasTensor)
    for part in value.values() if kind is dict else value:  # noqa: SIM110 (`any` is slower for a few)
        if type(part) not in PLAIN and _is_symbolic(part):
            return True
    return False


def _refuse(function: Callable, error: Exception, args: tuple, kwargs: dict[str, Any]) -> None:
    """Say what torch refused; not while shapes are found: whoever runs it on symbols says theirs."""
    if not SCOPES.symbolic and not isinstance(error, torch.OutOfMemoryError):
        raise refused(function, error, args, kwargs) from error


def symbolic(outputs: Callable[..., Any]) -> Callable[[Function], Function]:
    """Say what an op gives for symbols: `outputs` takes the same arguments and returns KerasTensors.

    Needed only where running the op on small tensors cannot tell: where the shape depends on the numbers, or where an
    unknown size must be a known one of another input. Stands above `@op`.
    """

    def told(function: Function) -> Function:
        function.__dict__["symbolic_outputs"] = outputs
        return function

    return told


def refused(function: Callable, error: Exception, args: tuple, kwargs: dict[str, Any]) -> Exception:
    """What torch said, with the op and the shapes it was given."""
    given = [tuple(value.shape) if hasattr(value, "shape") else value for value in leaves([args, kwargs])]
    message = str(error).strip().split("\n")[0]
    return Invalid(f"ops.{function.__name__}", "arguments that fit together", given, message)


def tensor(x: Any, dtype: Any = None) -> Any:
    """`x` as a tensor; an array keeps its dtype, float64 too, while Python's floats become floatx."""
    if dtype is None:
        if isinstance(x, Tensor):
            return x
        if type(x) is np.ndarray and x.dtype == np.float64:
            return convert_to_tensor(x, torch.float64)
    return convert_to_tensor(x, dtype)

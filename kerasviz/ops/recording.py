"""`op`: a function on tensors that records a node when it is called on symbols."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import SCOPES, KerasTensor, convert_to_tensor, leaves, record_function

Function = TypeVar("Function", bound=Callable[..., Any])
NESTS = frozenset({list, tuple, dict})


def op(function: Function) -> Function:
    """Let `function` take symbols too. Arguments may be numpy arrays or Python numbers: `tensor` converts them.

    What torch refuses is an `Invalid` with the shapes of what was given.
    """

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if isinstance(value, KerasTensor) or (type(value) in NESTS and _has_symbol(value)):
                return record_function(recorded, args, kwargs)
        for value in kwargs.values():
            if isinstance(value, KerasTensor) or (type(value) in NESTS and _has_symbol(value)):
                return record_function(recorded, args, kwargs)
        try:
            return function(*args, **kwargs)
        except (RuntimeError, IndexError) as error:
            if SCOPES.symbolic or isinstance(error, torch.OutOfMemoryError):
                raise  # whoever runs it on symbols says their shapes
            raise refused(function, error, args, kwargs) from error

    return recorded  # type: ignore[return-value]


def _has_symbol(nest: Any) -> bool:
    """Whether a symbol is in lists, tuples and dicts: `any_symbolic`, as quick as it can be for a few numbers."""
    for value in nest.values() if type(nest) is dict else nest:
        if isinstance(value, KerasTensor) or (type(value) in NESTS and _has_symbol(value)):
            return True
    return False


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
    if dtype is None and type(x) is np.ndarray and x.dtype == np.float64:
        return convert_to_tensor(x, torch.float64)
    return convert_to_tensor(x, dtype)

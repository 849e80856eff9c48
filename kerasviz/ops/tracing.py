"""Functions that call functions, on symbols: what comes out is found by calling them on symbols."""

import functools
from collections.abc import Callable
from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import Function, tensor
from kerasviz.tensors import KerasTensor, any_symbolic, infer, leaves, map_leaves, record_function


def flow(outputs: Callable[..., Any]) -> Callable[[Function], Function]:
    """Let a function that calls functions take symbols; `outputs` says what it then gives. Its errors are its own."""

    def decorated(function: Function) -> Function:
        @functools.wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            if any_symbolic(args, kwargs):
                return record_function(recorded, args, kwargs)
            return function(*args, **kwargs)

        recorded.__dict__["symbolic_outputs"] = outputs
        return recorded  # type: ignore[return-value]

    return decorated


def like(value: Any) -> KerasTensor:
    """A new symbol with the shape and dtype of a value."""
    if not isinstance(value, (KerasTensor, Tensor)):
        value = tensor(value)
    return KerasTensor(tuple(value.shape), value.dtype)


def traced(function: Callable, *inputs: Any) -> Any:
    """What `function` gives for values like these, as new symbols: called on symbols, or else run on small tensors."""
    symbols = map_leaves(like, inputs)
    try:
        outputs = function(*symbols)
    except Exception as error:
        try:
            outputs = infer(function, symbols, {})
        except Exception:
            raise error from None
    return map_leaves(lambda value: None if value is None else like(value), outputs)


def called_with(name: str, function: Any) -> None:
    """Fail unless `function` can be called."""
    if not callable(function):
        raise Invalid(name, "a function", type(function).__name__)


def has_tensors(structure: Any) -> bool:
    """Whether there is a tensor, or what becomes one, in a nest."""
    return any(value is not None for value in leaves(structure))

"""`op`: a function on tensors that records a node when it is called on symbols."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from kerasviz.tensors import KerasTensor, any_symbolic, convert_to_tensor, record_function

Function = TypeVar("Function", bound=Callable[..., Any])


def op(function: Function) -> Function:
    """Let `function` take symbols too. Arguments may be numpy arrays or Python numbers: `tensor` converts them."""

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if isinstance(value, KerasTensor) or (type(value) in (list, tuple) and any_symbolic(value)):
                return record_function(recorded, args, kwargs)
        if kwargs and any_symbolic(kwargs):
            return record_function(recorded, args, kwargs)
        return function(*args, **kwargs)

    return recorded  # type: ignore[return-value]


tensor = convert_to_tensor

"""Gradients that are stopped, written by hand, or taken forward."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.tracing import called_with, flow, like, traced
from kerasviz.tensors import any_symbolic, map_leaves


@symbolic(lambda variable: like(variable))
@op
def stop_gradient(variable: Any) -> Tensor:
    """The same numbers, through which no gradient flows."""
    return tensor(variable).detach()


class OwnGradient(torch.autograd.Function):
    """One call of a function that brings its gradient along."""

    @staticmethod
    def forward(ctx: Any, f: Callable, kwargs: dict[str, Any], *args: Any) -> Any:
        """The value; the gradient is kept."""
        values, ctx.gradient = f(*args, **kwargs)
        ctx.given = len(args)
        return tuple(values) if isinstance(values, list) else values

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        """What the kept gradient gives for that of the outputs."""
        gradients = ctx.gradient(*upstream)
        gradients = tuple(gradients) if isinstance(gradients, (list, tuple)) else (gradients,)
        if len(gradients) != ctx.given:
            raise Invalid(
                "custom_gradient", f"a gradient for each of {ctx.given} arguments", f"{len(gradients)} of them"
            )
        return (None, None, *gradients)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that returns its value and the function of its gradient.

    The latter takes the gradient of each output, and returns that of each argument: one, or a tuple.

        @ops.custom_gradient
        def log1pexp(x):
            e = ops.exp(x)
            return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    """
    called_with("custom_gradient(f=...)", f)

    def outputs(*args: Any, **kwargs: Any) -> Any:
        return traced(lambda *values: f(*values, **kwargs)[0], *args)

    @flow(outputs)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        return OwnGradient.apply(f, kwargs, *(tensor(value) if _is_array(value) else value for value in args))

    with_gradient.__name__ = getattr(f, "__name__", "custom_gradient")
    with_gradient.__doc__ = f.__doc__
    return with_gradient


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or isinstance(value, (bool, int, float))


def _jvp_outputs(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    outputs = traced(fun, *primals)
    value, *rest = outputs if has_aux else (outputs,)
    return (value, map_leaves(like, value), *rest)


@flow(_jvp_outputs)
def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of a function, and how it changes when its arguments move along `tangents`: forward differentiation.

    Args:
        fun: takes as many tensors as there are primals.
        primals: a tuple or list of the arguments.
        tangents: directions of the same shapes and dtypes.
        has_aux: whether `fun` gives (value, more); `more` is handed on.

    Returns:
        (value, change), or (value, change, more).
    """
    called_with("jvp(fun=...)", fun)
    if not isinstance(primals, (list, tuple)) or not isinstance(tangents, (list, tuple)):
        got = [type(primals).__name__, type(tangents).__name__]
        raise Invalid("jvp(primals=..., tangents=...)", "two tuples of tensors", got)
    at, along = (tuple(map_leaves(tensor, value) for value in values) for values in (primals, tangents))
    if any_symbolic(at, along):
        raise Invalid("jvp", "tensors or symbols, not both", primals)
    return tuple(torch.func.jvp(fun, at, along, has_aux=has_aux))


__all__ = ["custom_gradient", "stop_gradient"]  # `jvp` is in `linalg`

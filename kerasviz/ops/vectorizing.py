"""Functions of numbers as functions of tensors: `vectorize`."""

import functools
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import tensor
from kerasviz.tensors import any_symbolic, record_function

NAMES = r"\((?:\w+(?:,\w+)*)?\)"
SIGNATURE = re.compile(rf"{NAMES}(?:,{NAMES})*->{NAMES}(?:,{NAMES})*")


def vectorize(pyfunc: Callable, *, excluded: Iterable | None = None, signature: str | None = None) -> Callable:
    """Make a function of numbers, or of small tensors, one of tensors: it is called for all places at once.

    Args:
        pyfunc: the function; it returns a tensor or a tuple of them.
        excluded: positions and names of arguments that are handed on as they are.
        signature: the axes that the function wants and gives, such as "(n),(n)->()"; none for None. The others
            broadcast.

    Returns:
        The function of tensors.
    """
    if not callable(pyfunc):
        raise Invalid("vectorize(pyfunc=...)", "a function", pyfunc)
    wanted = None if signature is None else _axes(signature)
    left_out = set(excluded or ())

    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return record_function(vectorized, args, kwargs)
        given = {**dict(enumerate(args)), **kwargs}
        moving = {key: tensor(value) for key, value in given.items() if key not in left_out}
        if wanted is not None and len(wanted) != len(moving):
            raise Invalid("vectorize(signature=...)", f"{len(moving)} arguments, as in the call", signature)
        cores = [0] * len(moving) if wanted is None else wanted
        return _called(pyfunc, given, moving, cores)

    return vectorized


def _axes(signature: str) -> list[int]:
    """How many axes each argument has."""
    if not SIGNATURE.fullmatch(signature.replace(" ", "")):
        raise Invalid("vectorize(signature=...)", "axes of arguments and results, as in '(m,n),(n)->(m)'", signature)
    arguments = signature.split("->")[0]
    return [len(re.findall(r"\w+", names)) for names in re.findall(r"\(([^()]*)\)", arguments)]


def _called(function: Callable, given: dict, moving: dict[Any, Tensor], cores: list[int]) -> Any:
    """The function at all places: the outer axes broadcast, are joined to one, and taken apart again."""
    for value, core in zip(moving.values(), cores, strict=True):
        if value.ndim < core:
            raise Invalid("vectorize(signature=...)", f"at least {core} axes", tuple(value.shape))
    outer = [value.shape[: value.ndim - core] for value, core in zip(moving.values(), cores, strict=True)]
    places = torch.broadcast_shapes(*outer)
    count = math.prod(places)
    rows = [
        value.expand(*places, *value.shape[value.ndim - core :]).reshape(count, *value.shape[value.ndim - core :])
        for value, core in zip(moving.values(), cores, strict=True)
    ]

    def at_one_place(*values: Tensor) -> Any:
        now = {**given, **dict(zip(moving, values, strict=True))}
        positions = [key for key in now if isinstance(key, int)]
        return function(*(now[key] for key in positions), **{k: v for k, v in now.items() if isinstance(k, str)})

    if not rows or not places:
        return at_one_place(*moving.values())
    found = torch.vmap(at_one_place, randomness="different")(*rows)
    if isinstance(found, (tuple, list)):
        return tuple(part.reshape(*places, *part.shape[1:]) for part in found)
    return found.reshape(*places, *found.shape[1:])


__all__ = ["vectorize"]

"""One operation called in many ways, with kerasviz and with the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from .comparing import assert_close

REFUSED = "refused"
WHOLE = ("bool", "uint8", "int8", "int16", "int32", "int64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
ALIKE = ("bool", "uint8", "int8", "int16", "int32", "float16", "bfloat16", "float32")  # eager and symbolic agree
COARSE = {"float16": 2e-3, "bfloat16": 1.6e-2}
NUMBERS = {"a bool": True, "an int": 3, "a float": 2.5}


def drawn(dtype: str, shape: tuple[int, ...] = (3, 5), low: float = -3, high: float = 3, seed: int = 0) -> torch.Tensor:
    """Numbers of a dtype, evenly spread between limits."""
    values = np.random.default_rng(seed).uniform(low, high, shape)
    if dtype == "bool":
        return torch.as_tensor(values > (low + high) / 2)
    if dtype in WHOLE:
        values = np.round(np.clip(values, 0, None) if dtype == "uint8" else values)
    return torch.as_tensor(values).to(getattr(torch, dtype))


def answers(calls: Iterable[tuple[str, Callable[[Any], Any]]], ops: Any) -> dict[str, Any]:
    """What each call gives, by label; "refused" where it raises."""
    found: dict[str, Any] = {}
    for label, call in calls:
        try:
            found[label] = call(ops)
        except Exception:
            found[label] = REFUSED
    return found


def assert_answers(ours: dict[str, Any], expected: dict[str, Any], tolerance: float = 1e-5, more: Any = ()) -> None:
    """Every answer is near the oracle's; dtypes are the beginning of a label. `more` works with us only."""
    assert list(ours) == list(expected)
    for label, value in expected.items():
        if value is not None and isinstance(value, str) and value == REFUSED:
            assert label in more or isinstance(ours[label], str), f"{label}: the oracle refuses"
        elif label not in more:
            where = COARSE.get(label.split(" ")[0], tolerance)
            assert_close(ours[label], value, max(where, tolerance), where=label)


def gradients(function: Callable[..., Any], *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Of the sum of squares of what `function` gives."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*leaves).square().sum(), leaves)


def dtype_of(x: Any) -> str:
    """The name of a dtype."""
    return str(x.dtype).removeprefix("torch.")


def shape_and_dtype(x: Any) -> list[Any]:
    """Of a symbol."""
    return [list(x.shape), dtype_of(x)]

"""The elementwise and reducing operations where there are no numbers yet, and in compiled functions."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kerasviz import ops
from kerasviz.ops import (
    arithmetic,
    bits,
    comparisons,
    extremes,
    floats,
    nan_reductions,
    quantiles,
    reductions,
    trigonometry,
)

MODULES = (arithmetic, bits, comparisons, extremes, floats, nan_reductions, quantiles, reductions, trigonometry)
NAMES = sorted({name for module in MODULES for name in module.__all__})
TWO = {name for name in NAMES if "x2" in vars(ops)[name].__wrapped__.__code__.co_varnames[:2]}
TWO |= {name for name in bits.__all__ if name not in ("bitwise_not", "bitwise_invert")}
OF_WHOLE = {*bits.__all__, "gcd", "lcm"}
SPECIAL: dict[str, Callable[[Any], Any]] = {
    "clip": lambda x: ops.clip(x, 0, x + 1),
    "ldexp": lambda x: ops.ldexp(x, x.to(torch.int32)),
    "quantile": lambda x: ops.quantile(x, [0.3, 0.5], axis=1),
    "nanquantile": lambda x: ops.nanquantile(x, 0.3, axis=0, keepdims=True),
    "percentile": lambda x: ops.percentile(x, 30, method="lower"),
    "nanpercentile": lambda x: ops.nanpercentile(x, [30.0, 40.0], method="nearest"),
    "select": lambda x: ops.select([x > 1, x > 0], [x, x + 1], 7),
    "where": lambda x: ops.where(x > 1, x, 2.0),
    "average": lambda x: ops.average(x, axis=1, weights=x + 10),
}


def call(name: str) -> Callable[[Any], Any]:
    return SPECIAL.get(name) or ((lambda x: getattr(ops, name)(x, x)) if name in TWO else getattr(ops, name))


def given(name: str) -> torch.Tensor:
    x = torch.linspace(0.5, 0.9, 6).reshape(2, 3)
    return torch.arange(1, 7).reshape(2, 3).to(torch.int32) if name in OF_WHOLE else x


@pytest.mark.parametrize("name", NAMES)
def test_runs_on_the_meta_device(name: str) -> None:
    answer = call(name)(given(name))
    planned = call(name)(given(name).to("meta"))
    assert (planned.shape, planned.dtype, planned.device.type) == (answer.shape, answer.dtype, "meta")


@pytest.mark.parametrize("name", NAMES)
def test_compiles_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    compiled = torch.compile(call(name), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(given(name)), call(name)(given(name)), equal_nan=True)


@pytest.mark.parametrize("name", sorted(TWO - set(OF_WHOLE) - {"ldexp", "where"}))
def test_python_numbers_compile_too(name: str) -> None:
    number = 2 if name.startswith("log") else 0.5
    torch.compiler.reset()
    x = given(name)
    compiled = torch.compile(lambda x: getattr(ops, name)(x, number), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), getattr(ops, name)(x, number), equal_nan=True)

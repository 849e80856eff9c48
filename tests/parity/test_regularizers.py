"""Regularizers and constraints against Keras 3: values, gradients, every argument, dtypes, shapes, configs, names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

import kerasviz

from .op_cases import FLOATS, answers, assert_answers

REGULARIZERS = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1}),
    ("L1L2", {"l2": 0.2}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("UnitNorm", {"axis": [0, 1]}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.0, "max_value": 3.0, "rate": 0.4, "axis": [0, 1]}),
    ("MinMaxNorm", {"min_value": 0.5, "axis": 1}),
]
CASES = [
    pytest.param(family, name, options, id=f"{name}-{'-'.join(f'{k}_{v}' for k, v in options.items())}".rstrip("-"))
    for family, listed in (("regularizers", REGULARIZERS), ("constraints", CONSTRAINTS))
    for name, options in listed
]
EACH = pytest.mark.parametrize(("family", "name", "options"), CASES)
WRONG = {  # in Keras: no gradient of zeros, or one of rounding, and other dtypes
    "OrthogonalRegularizer": ("zeros", "float16", "float32 row"),
    "NonNeg": ("float64",),
}
SHAPES = {"matrix": (4, 5), "one": (1, 1), "row": (1, 5), "empty": (0, 5), "deep": (3, 2, 4, 5), "vector": (6,)}


def weight(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))


def value_and_gradient(function: Any, w: torch.Tensor) -> dict[str, Any]:
    w = w.detach().clone().requires_grad_()
    y = function(w)
    (gradient,) = torch.autograd.grad(y.square().sum(), w, allow_unused=True)
    return {"value": y, "gradient": torch.zeros_like(w) if gradient is None else gradient}


def make(keras: Any, family: str, name: str, options: dict[str, Any]) -> Any:
    return getattr(getattr(keras, family), name)(**options)


@EACH
def test_values_and_gradients_equal(reference, family, name, options):
    inputs = {f"float32 {label}": weight(shape) for label, shape in SHAPES.items()}
    inputs |= {dtype: weight((4, 5)).to(getattr(torch, dtype)) for dtype in FLOATS}
    inputs |= {"zeros": torch.zeros(3, 4)}
    calls = {
        label: lambda keras, w=w: value_and_gradient(make(keras, family, name, options), w)
        for label, w in inputs.items()
    }
    calls["an array"] = lambda keras: make(keras, family, name, options)(weight((4, 5)).numpy())
    expected = reference(lambda keras: answers(calls.items(), keras))
    taken = {label: value for label, value in expected.items() if not isinstance(value, str)}
    assert taken
    ours = answers(((label, call) for label, call in calls.items() if label in taken), kerasviz)
    assert_answers(ours, taken, more=WRONG.get(name, ()))


def plain(config: Any) -> Any:
    return json.loads(json.dumps(config), parse_float=lambda digits: float(f"{float(digits):.6g}"))


@EACH
def test_configs_equal_and_are_read_both_ways(reference, family, name, options):
    written = plain(getattr(kerasviz, family).serialize(make(kerasviz, family, name, options)))

    def known(keras: Any) -> Any:
        module = getattr(keras, family)
        return [
            plain(module.serialize(one)) for one in (make(keras, family, name, options), module.deserialize(written))
        ]

    theirs, read = reference(known)
    assert written == theirs == read
    again = getattr(kerasviz, family).deserialize(theirs)
    assert plain(getattr(kerasviz, family).serialize(again)) == theirs


NAMES = {
    "regularizers": ("l1", "l2", "l1l2", "L1L2", "OrthogonalRegularizer", "orthogonal_regularizer"),
    "constraints": ("max_norm", "MaxNorm", "non_neg", "unit_norm", "min_max_norm", "MinMaxNorm"),
}


@pytest.mark.parametrize("family", NAMES)
def test_names_mean_the_same(reference, family):
    def meant(keras: Any) -> Any:
        found = [getattr(keras, family).get(name) for name in NAMES[family]]
        return [[type(one).__name__, plain(one.get_config())] for one in found]

    assert meant(kerasviz) == reference(meant)

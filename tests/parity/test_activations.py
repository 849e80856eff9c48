"""Activations against Keras 3 on torch: values and gradients with every argument, dtypes, shapes, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kerasviz import activations

from .op_cases import FLOATS, WHOLE, answers, assert_answers, drawn

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")  # of size one

GRID = np.concatenate([np.linspace(-9, 9, 37), [-0.51, 0.49, 0.51, -1e-4, 1e-4]]).astype("float32").reshape(6, 7)
PLAIN = [
    *("linear", "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "swish", "hard_silu"),
    *("hard_swish", "mish", "sigmoid", "hard_sigmoid", "log_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh"),
    *("tanh_shrink", "hard_shrink", "soft_shrink", "softplus", "softsign", "squareplus", "sparse_plus"),
    *("exponential", "softmax", "log_softmax"),
]
WITH_ARGUMENTS = [
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0}),
    ("relu", {"max_value": 2.0, "threshold": 0.7, "negative_slope": 0.3}),
    ("relu", {"threshold": -1.0}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("elu", {"alpha": 0.3}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {"threshold": 2.0}),
    ("soft_shrink", {"threshold": 2.0}),
    ("squareplus", {"b": 1.0}),
    ("threshold", {"threshold": 1.2, "default_value": -3.0}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": (0, 1)}),
    ("log_softmax", {"axis": 0}),
    ("sparsemax", {"axis": 0}),
    ("glu", {"axis": 0}),
]
CASES = [*((name, {}) for name in PLAIN), *WITH_ARGUMENTS]
EACH = pytest.mark.parametrize("index", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")


def value_and_gradient(function: Any, x: torch.Tensor, options: dict[str, Any]) -> dict[str, Any]:
    x = x.detach().clone().requires_grad_()
    y = function(x, **options)
    mixture = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    (gradient,) = torch.autograd.grad((y * mixture).sum(), x)
    return {"value": y, "gradient": gradient}


def compare(reference: Any, calls: dict[str, Any], tolerance: float = 1e-5, more: Any = ()) -> None:
    """Each call gives what Keras gives, where Keras takes it."""
    expected = reference(lambda keras: answers(calls.items(), keras.activations))
    taken = {label: value for label, value in expected.items() if not isinstance(value, str)}
    assert set(FLOATS) & set(taken)
    ours = answers(((label, call) for label, call in calls.items() if label in taken), activations)
    assert_answers(ours, taken, tolerance, more)


@EACH
def test_values_and_gradients_equal(reference, index):
    name, options = CASES[index]
    shapes = {"one": (1, 1), "empty": (0, 4), "deep": (2, 3, 4), "row": (6,), "scalar": ()}
    inputs = {"float32": torch.tensor(GRID)} | {f"float32 {k}": drawn("float32", shape) for k, shape in shapes.items()}
    calls = {
        label: lambda module, x=x: value_and_gradient(getattr(module, name), x, options) for label, x in inputs.items()
    }
    wrong = ["float32 deep", "float32 row"] if name == "sparsemax" else ()  # in Keras: they do not sum to one
    compare(reference, calls, more=wrong)


@EACH
def test_dtypes_equal(reference, index):
    name, options = CASES[index]
    calls = {
        dtype: lambda module, dtype=dtype: getattr(module, name)(drawn(dtype, (4, 6)), **options)
        for dtype in (*FLOATS, *WHOLE)
    }
    calls["an array"] = lambda module: getattr(module, name)(GRID, **options)
    calls["a list"] = lambda module: getattr(module, name)([[1.0, 2.0], [-3.0, 0.5]], **options)
    compare(reference, calls, more=WRONG.get(name, WHOLE if name == "relu" and options else ()))


WRONG = {  # in Keras: -1 as uint8 is 255, and sums are not one; of whole numbers a cut relu makes floats here
    "sparse_sigmoid": ("uint8",),
    "sparse_plus": ("uint8",),
    "sparsemax": (*FLOATS, *WHOLE),
}


def test_names_serialize_alike(reference):
    def names(module: Any) -> Any:
        return {name: module.serialize(module.get(name)) for name in PLAIN}

    assert names(activations) == reference(lambda keras: names(keras.activations))


def test_none_is_linear():
    assert activations.get(None) is activations.linear


def test_arrays_and_lists_are_taken():
    assert activations.relu([-1.0, 2.0]).tolist() == [0.0, 2.0]
    assert activations.softmax(np.zeros((1, 2))).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_sums_to_one_along_its_axis(axis):  # Keras 3.15 on torch does not, along the last one of several rows
    y = activations.sparsemax(torch.tensor(GRID), axis=axis)
    torch.testing.assert_close(y.sum(dim=axis), torch.ones_like(y.sum(dim=axis)))
    assert (y == 0).any()

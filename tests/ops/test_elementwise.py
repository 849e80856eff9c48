"""Operations number by number: what they do beyond what Keras's answers show."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from kerasviz import KerasTensor, Variable, ops
from kerasviz.declare import Invalid

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_nextafter_is_one_step_of_the_dtype(dtype: str) -> None:
    """Keras on torch steps in float64, which is lost when it rounds back."""
    kind = getattr(torch, dtype)
    a = torch.tensor([1.0, 2.0, -1.0, 0.0, -0.0, 3.0, NAN, INF, 65472.0], dtype=kind)
    b = torch.tensor([3.0, 1.0, -5.0, 1.0, -1.0, 3.0, 1.0, 0.0, INF], dtype=kind)
    step = ops.nextafter(a, b)
    assert step.dtype == kind
    if dtype != "bfloat16":
        np.testing.assert_array_equal(step.numpy(), np.nextafter(a.numpy(), b.numpy()))
    else:
        assert torch.equal(step.nan_to_num(), torch.nextafter(a, b).nan_to_num())


def test_nextafter_of_zeros_keeps_the_sign_of_the_second() -> None:
    zeros = torch.zeros(2, dtype=torch.float16)
    assert torch.signbit(ops.nextafter(zeros, -zeros)).tolist() == [True, True]


def test_divide_no_nan_has_a_gradient_at_zero() -> None:
    """Keras on torch gives NaN there."""
    x1, x2 = torch.tensor([1.0, 0.0, 6.0], requires_grad=True), torch.tensor([0.0, 0.0, 2.0], requires_grad=True)
    out = ops.divide_no_nan(x1, x2)
    out.sum().backward()
    assert out.tolist() == [0.0, 0.0, 3.0]
    assert x1.grad is not None
    assert x2.grad is not None
    assert x1.grad.tolist() == [0.0, 0.0, 0.5]
    assert x2.grad.tolist() == [0.0, 0.0, -1.5]


def test_imag_of_real_numbers_is_zero() -> None:
    assert ops.imag(torch.tensor([1, 2])).tolist() == [0, 0]


def test_limits_may_be_missing() -> None:
    x = torch.tensor([1.0, 5.0, -3.0])
    assert ops.clip(x, None, 4).tolist() == [1.0, 4.0, -3.0]
    assert ops.clip(x, torch.zeros(()), None).tolist() == [1.0, 5.0, 0.0]


def test_round_takes_truth_and_places_before_the_point() -> None:
    assert ops.round(torch.tensor([True, False])).tolist() == [True, False]
    assert ops.round(torch.tensor([14, -26]), -1).tolist() == [10, -30]


def test_sign_of_complex_numbers_has_length_one() -> None:
    assert ops.abs(ops.sign(torch.tensor([3 + 4j]))).item() == pytest.approx(1)


def test_numbers_keep_the_dtype_of_the_tensor() -> None:
    half = torch.ones(2, dtype=torch.float16)
    assert ops.add(half, 0.5).dtype == ops.subtract(2, half).dtype == ops.maximum(half, 1).dtype == torch.float16
    assert ops.power(torch.ones(2, dtype=torch.int8), 2).dtype == torch.int8
    assert ops.add(torch.ones(2, dtype=torch.int8), 0.5).dtype == torch.float32
    assert ops.add(torch.tensor([True]), 1).dtype == torch.int32


def test_tensors_without_axes_give_way_as_in_torch() -> None:
    assert ops.multiply(torch.ones(2, dtype=torch.float16), torch.tensor(2.0)).dtype == torch.float16
    assert ops.maximum(torch.ones(2, dtype=torch.float16), torch.tensor(2.0)).dtype == torch.float32


def test_arrays_lists_and_variables_are_taken() -> None:
    variable = Variable([1.0, 2.0])
    assert ops.add(variable, np.array([1, 2])).tolist() == [2.0, 4.0]
    assert ops.hypot([3.0, 6.0], (4.0, 8.0)).tolist() == [5.0, 10.0]
    assert ops.left_shift(np.array([1, 2]), 3).tolist() == [8, 16]


def test_select_takes_the_first_that_holds() -> None:
    x = torch.arange(6)
    found = ops.select([x > 4, x > 2, x > 0], [x * 100, x * 10, x], default=-1)
    assert found.tolist() == [-1, 1, 2, 30, 40, 500]


def test_where_without_choices_gives_places() -> None:
    assert ops.where(torch.tensor([[True, False], [False, True]])).tolist() == [[0, 1], [0, 1]]


def test_symbols_are_taken_in_lists() -> None:
    x = KerasTensor((None, 3))
    assert ops.select([ops.greater(x, 0)], [x], 2.0).shape == (None, 3)


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "shapes": (lambda: ops.add(torch.ones(2), torch.ones(3)), r"ops.add.*\(2,\), \(3,\)"),
    "fraction as exponent": (lambda: ops.ldexp(torch.ones(2), 0.5), "whole numbers"),
    "truth as exponent": (lambda: ops.ldexp(torch.ones(2), torch.tensor([True])), "whole numbers"),
    "fraction of bits": (lambda: ops.bitwise_and(torch.ones(2), 1), "ops.bitwise_and"),
    "fraction to divide": (lambda: ops.gcd(torch.ones(2), 1), "ops.gcd"),
    "truth from truth": (lambda: ops.subtract(torch.tensor([True]), True), "ops.subtract"),
    "number too large": (lambda: ops.add(torch.ones(2, dtype=torch.uint8), 300), "300"),
    "complex fabs": (lambda: ops.fabs(torch.tensor([1j])), "ops.abs"),
    "no conditions": (lambda: ops.select([], []), "at least one"),
    "fewer choices": (lambda: ops.select([True, False], [1]), "2 conditions, 1 choices"),
    "half of where": (lambda: ops.where(torch.tensor([True]), 1), "neither"),
    "symbols": (lambda: ops.add(KerasTensor((None, 2)), KerasTensor((None, 3))), "add"),
}


@pytest.mark.parametrize("label", WRONG, ids=[label.replace(" ", "-") for label in WRONG])
def test_wrong_arguments_are_said(label: str) -> None:
    call, message = WRONG[label]
    with pytest.raises(Invalid, match=message):
        call()

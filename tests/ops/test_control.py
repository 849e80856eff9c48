"""Control flow in models, with layers inside, and gradients of one's own."""

from typing import Any

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import KerasTensor, layers, ops


def test_a_choice_between_symbols_is_in_the_model() -> None:
    x, flag = kerasviz.Input((3,)), kerasviz.Input((), dtype="bool")
    y = ops.cond(ops.any(flag), lambda: x * 2, lambda: x - 1)
    model = kerasviz.Model([x, flag], y)
    numbers = np.ones((2, 3), "float32")
    assert model([numbers, np.array([True, False])]).tolist() == [[2.0] * 3] * 2
    assert model([numbers, np.array([False, False])]).tolist() == [[0.0] * 3] * 2


def test_layers_may_be_called_in_a_loop_of_a_model() -> None:
    dense = layers.Dense(3)
    x = kerasviz.Input((3,))
    y = ops.fori_loop(0, 2, lambda _, value: dense(value), x)
    numbers = np.ones((2, 3), "float32")
    assert y.shape == (None, 3)
    torch.testing.assert_close(kerasviz.Model(x, y)(numbers), dense(dense(torch.tensor(numbers))))


def test_map_in_a_model_sees_one_sample_at_a_time() -> None:
    x = kerasviz.Input((4, 2))
    y = ops.map(lambda sample: ops.reshape(sample, (-1,)), x)
    assert y.shape == (None, 8)
    numbers = np.arange(24, dtype="float32").reshape(3, 4, 2)
    torch.testing.assert_close(kerasviz.Model(x, y)(numbers), torch.tensor(numbers).reshape(3, 8))


@pytest.mark.parametrize("mapped", [ops.map, ops.vectorized_map], ids=["map", "vectorized_map"])
def test_weights_used_in_a_map_have_gradients(mapped: Any) -> None:
    weight = kerasviz.Variable(np.ones(3, "float32"))
    mapped(lambda row: row * weight, torch.ones(2, 3)).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2.0] * 3


def test_a_scan_of_nothing_keeps_the_shape_of_its_slices() -> None:
    carry, kept = ops.scan(lambda c, x: (c + x, x * 2), torch.ones(3), torch.zeros(0, 3))
    assert (carry.tolist(), tuple(kept.shape)) == ([1.0] * 3, (0, 3))


def test_a_scan_may_keep_nothing() -> None:
    carry, kept = ops.scan(lambda c, x: (c + x, None), torch.zeros(3), torch.ones(4, 3))
    assert (carry.tolist(), kept) == ([4.0] * 3, None)


def test_only_the_chosen_function_is_called() -> None:
    called = []
    ops.cond(torch.tensor(True), lambda: called.append("true"), lambda: called.append("false"))
    ops.switch(1, [lambda: called.append(0), lambda: called.append(1)])
    assert called == ["true", 1]


def test_errors_inside_of_a_loop_are_its_own() -> None:
    def body(x: Any) -> Any:
        raise KeyError(x)

    with pytest.raises(KeyError):
        ops.while_loop(lambda x: True, body, torch.ones(1))


def test_own_gradients_of_several_arguments() -> None:
    @ops.custom_gradient
    def product(a: Any, b: Any) -> Any:
        return a * b, lambda upstream: (upstream * 10, upstream * 100)

    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    product(a, b).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([10.0] * 2, [100.0] * 2)  # type: ignore[union-attr]


def test_own_gradients_of_several_outputs() -> None:
    @ops.custom_gradient
    def both(x: Any) -> Any:
        return (x, x * 2), lambda first, second: first + 5 * second

    x = torch.ones(2, requires_grad=True)
    one, other = both(x)
    (one + other).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [6.0] * 2


def test_own_gradients_stand_in_models() -> None:
    @ops.custom_gradient
    def reversed_gradient(x: Any) -> Any:
        return x * 1, lambda upstream: -upstream

    x = kerasviz.Input((3,))
    model = kerasviz.Model(x, reversed_gradient(x))
    numbers = torch.ones(2, 3, requires_grad=True)
    model(numbers).sum().backward()
    assert numbers.grad is not None
    assert numbers.grad.tolist() == [[-1.0] * 3] * 2


def test_symbols_of_a_loop_need_no_numbers() -> None:
    total, kept = ops.scan(lambda c, x: (c + ops.sum(x), x[:1]), KerasTensor(()), KerasTensor((None, 4)))
    assert (total.shape, kept.shape) == ((), (None, 1))

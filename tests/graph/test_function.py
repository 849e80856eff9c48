import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Function, Invalid, layers, ops


def test_a_function_runs_the_operations_between_symbols():
    a, b = kerasviz.Input((3,), name="a"), kerasviz.Input((3,), name="b")
    function = Function([a, b], {"sum": a + b, "twice": ops.multiply(a, 2)}, name="both")
    made = function([torch.ones(2, 3), np.full((2, 3), 4.0, "float32")])
    assert made["sum"].tolist() == [[5.0] * 3] * 2
    assert made["twice"].tolist() == [[2.0] * 3] * 2
    assert function.name == "both"
    assert [s.name for s in function.inputs] == ["a", "b"]
    assert len(function.outputs) == 2
    assert {"a", "b"} < {operation.name for operation in function.operations}


def test_inputs_of_a_dict_go_by_name():
    a, b = kerasviz.Input((1,)), kerasviz.Input((1,))
    function = Function({"x": a, "y": b}, a - b)
    assert function({"y": torch.ones(1, 1), "x": torch.full((1, 1), 5.0)}).item() == 4
    with pytest.raises(Invalid, match="named"):
        function({"x": torch.ones(1, 1)})


def test_shapes_follow_those_of_the_inputs():
    x = kerasviz.Input((3,))
    function = Function(x, ops.concatenate([x, x], axis=-1))
    assert function.compute_output_shape((4, 3)) == (4, 6)
    assert function.compute_output_spec(kerasviz.KerasTensor((2, 3))).shape == (2, 6)
    assert function(kerasviz.Input((3,))).shape == (None, 6)


def test_a_function_is_one_operation_of_another_graph():
    x = kerasviz.Input((3,))
    inner = Function(x, layers.Dense(2, kernel_initializer="ones")(x), name="inner")
    y = kerasviz.Input((3,))
    outer = Function(y, inner(y) + 1)
    assert "inner" in {operation.name for operation in outer.operations}
    assert outer(torch.ones(1, 3)).tolist() == [[4, 4]]


def test_layers_inside_learn():
    x = kerasviz.Input((3,))
    dense = layers.Dense(1)
    Function(x, dense(x))(torch.ones(2, 3)).sum().backward()
    assert dense.kernel.grad is not None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Function(kerasviz.Input((2,)), kerasviz.Input((2,))),
        lambda: Function(3, 3),
        lambda: Function(kerasviz.Input((2,)), 3),
        lambda: (lambda x: Function(x, x + 1, name="a/b"))(kerasviz.Input((2,))),
        lambda: (lambda x: Function([x], x + 1)([torch.ones(1, 2)] * 2))(kerasviz.Input((2,))),
    ],
)
def test_what_is_no_graph_is_refused(wrong):
    with pytest.raises(Invalid):
        wrong()

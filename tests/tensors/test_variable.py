import copy
import operator
import pickle

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Invalid, Variable, initializers


@pytest.mark.parametrize(
    ("given", "dtype", "shape"),
    [
        ([1.0, 2.0], torch.float32, (2,)),
        (np.ones(2), torch.float64, (2,)),
        (np.ones(2, "float32"), torch.float32, (2,)),
        (np.ones((2, 3), "int64"), torch.int64, (2, 3)),
        (3, torch.int32, ()),
        (2.5, torch.float32, ()),
        (True, torch.bool, ()),
        (torch.ones(2, dtype=torch.float16), torch.float16, (2,)),
    ],
)
def test_arrays_keep_shape_and_kind(given, dtype, shape):
    made = Variable(given)
    assert (made.dtype, tuple(made.shape)) == (dtype, shape)
    assert isinstance(made, torch.nn.Parameter)
    assert made.requires_grad is dtype.is_floating_point


@pytest.mark.parametrize(
    "initializer", ["ones", initializers.Ones(), lambda shape, dtype: torch.ones(shape), {"class_name": "Ones"}]
)
def test_initializers_make_the_first_value(initializer):
    made = Variable(initializer, shape=(2, 3), dtype="float64", name="w")
    assert torch.equal(made.detach(), torch.ones(2, 3, dtype=torch.float64))
    assert callable(made.initializer)


def test_memory_is_its_own():
    array = np.ones(2, "float32")
    made = Variable(array)
    made.assign([5.0, 5.0])
    assert array.tolist() == [1, 1]


@pytest.mark.parametrize("read", [np.array, np.asarray, kerasviz.ops.convert_to_numpy, Variable.numpy])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_numpy_read_stays_when_the_variable_changes(read, dtype):
    made = Variable(np.ones(2), dtype=dtype)
    array = read(made)
    made.assign([5.0, 5.0])
    assert array.tolist() == [1, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Variable("ones"),
        lambda: Variable("onez", shape=(2,)),
        lambda: Variable("ones", shape=(None, 2)),
        lambda: Variable(None),
        lambda: Variable([1.0], shape=(2,)),
        lambda: Variable([1.0], name="a/b"),
        lambda: Variable([1.0], name=3),
        lambda: Variable([1.0], aggregation="foo"),
        lambda: Variable([1.0], synchronization="foo"),
        lambda: Variable([1.0], dtype="float31"),
        lambda: Variable([1.0]).assign([1.0, 2.0]),
        lambda: Variable([1.0, 2.0]).assign(1.0),
    ],
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


def test_facts_are_kept_by_copies_and_pickles():
    made = Variable([1.0, 2.0], name="w", trainable=False, autocast=False, aggregation="sum", synchronization="on_read")
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert (other.name, other.path, other.trainable, other.autocast) == ("w", "w", False, False)
        assert (other.aggregation, other.synchronization) == ("sum", "on_read")
        assert torch.equal(other, made)
        assert other.data_ptr() != made.data_ptr()


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge", "eq", "ne"]
)
def test_operators_are_those_of_tensors(name):
    a, b = torch.tensor([3.0, -2.0]), torch.tensor([2.0, 4.0])
    apply = getattr(operator, name)
    for left, right in ((Variable(a), Variable(b)), (Variable(a), 2), (2, Variable(b)), (Variable(a), b)):
        plain = [value.detach() if isinstance(value, Variable) else value for value in (left, right)]
        assert torch.equal(apply(left, right).detach(), apply(*plain))


def test_other_protocols():
    v, matrix = Variable([1.0, 2.0]), Variable(np.eye(2, dtype="float32"))
    assert (float(Variable(2.0)), int(Variable(2)), bool(Variable(True)), len(v)) == (2.0, 2, True, 2)
    assert torch.equal((matrix @ v).detach(), torch.tensor([1.0, 2.0]))
    assert torch.equal((-v).abs().detach(), v.detach())
    assert [x.item() for x in v] == [1, 2]
    assert v[1].item() == 2
    assert np.asarray(v).dtype == np.float32
    assert np.array(v, dtype="int32").tolist() == [1, 2]
    assert {v: 1}[v] == 1


def test_assignments_return_what_the_variable_then_is():
    v = Variable([1.0, 2.0])
    assert v.assign(np.array([3, 4])).tolist() == [3, 4]
    assert v.assign_add(1).tolist() == [4, 5]
    assert v.assign_sub([1.0, 2.0]).tolist() == [3, 3]
    assert v.dtype is torch.float32
    assert v.requires_grad
    assert v.grad_fn is None


def test_trainable_says_whether_there_is_a_gradient():
    v = Variable([1.0])
    v.trainable = False
    assert not v.requires_grad
    v.trainable = True
    assert v.requires_grad


def test_names_are_counted_until_the_session_is_cleared():
    kerasviz.backend.clear_session()
    assert [Variable([1.0]).name for _ in range(2)] == ["variable", "variable_1"]
    kerasviz.backend.clear_session()
    assert Variable([1.0]).name == "variable"


def test_a_variable_is_a_plain_parameter_for_torch():
    v = Variable([1.0, 2.0], name="w")
    optimizer = torch.optim.SGD([v], lr=1.0)
    (v * torch.tensor([1.0, 3.0])).sum().backward()
    optimizer.step()
    assert v.tolist() == [0, -1]
    module = torch.nn.Module()
    module.w = v
    assert list(module.state_dict()) == ["w"]

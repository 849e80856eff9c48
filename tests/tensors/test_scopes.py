import operator
import threading

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Invalid, StatelessScope, SymbolicScope, Variable, layers, name_scope, ops, random


@pytest.fixture
def v():
    return Variable([1.0, 2.0], name="v")


def test_variables_have_the_mapped_values_inside(v):
    other = Variable([3.0])
    with StatelessScope([(v, np.array([5.0, 6.0]))]) as scope:
        assert v.value.tolist() == [5, 6]
        assert v.numpy().tolist() == np.asarray(v).tolist() == [5, 6]
        assert (v * 2).tolist() == [10, 12]
        assert ops.add(v, [v, v][0]).tolist() == [10, 12]
        assert torch.stack([v, v]).sum().item() == 22
        assert scope.get_current_value(other) is None
        assert other.value is other
    assert v.value is v
    assert v.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda v: v.assign([7.0, 8.0]), [7, 8]),
        (lambda v: v.assign_add([1.0, 1.0]), [2, 3]),
        (lambda v: v.assign_sub(1), [0, 1]),
        (lambda v: v.assign(v * 3), [3, 6]),
    ],
)
def test_assignments_stay_in_the_scope(v, change, expected):
    with StatelessScope() as scope:
        change(v)
        assert v.numpy().tolist() == scope.get_current_value(v).tolist() == expected
    assert v.tolist() == [1, 2]


def test_what_torch_writes_in_place_stays_in_the_scope():
    state = Variable([1.0, 2.0], trainable=False)
    given = torch.tensor([5.0, 5.0])
    with StatelessScope([(state, given)]) as scope:
        state.add_(1)
        state[0] = 9.0
        operator.iadd(state, 1)
        assert scope.get_current_value(state).tolist() == [10, 7]
    assert state.tolist() == [1, 2]
    assert given.tolist() == [5, 5]


def test_gradients_flow_to_the_mapped_values(v):
    given = torch.tensor([5.0, 6.0], requires_grad=True)
    with StatelessScope([(v, given)]):
        loss = (v**2).sum()
    loss.backward()
    assert given.grad.tolist() == [10, 12]
    assert v.grad is None


def test_scopes_are_nested(v):
    with StatelessScope([(v, [3.0, 3.0])]):
        with StatelessScope([(v, [4.0, 4.0])]):
            assert v.numpy().tolist() == [4, 4]
        assert v.numpy().tolist() == [3, 3]


def test_a_scope_holds_for_its_thread_alone(v):
    found = []
    with StatelessScope([(v, [3.0, 3.0])]):
        thread = threading.Thread(target=lambda: found.append(v.tolist()))
        thread.start()
        thread.join()
    assert found == [[1, 2]]


def test_seeds_move_on_in_the_scope_alone():
    seeds = random.SeedGenerator(3)
    with StatelessScope() as scope:
        first, second = random.normal((2,), seed=seeds), random.normal((2,), seed=seeds)
        assert scope.get_current_value(seeds.state).tolist() == [3, 2]
    assert seeds.state.tolist() == [3, 0]
    assert torch.equal(random.normal((2,), seed=seeds), first)
    assert torch.equal(random.normal((2,), seed=seeds), second)


def test_losses_are_collected():
    layer = layers.ActivityRegularization(l2=1.0)
    with StatelessScope(collect_losses=True) as scope:
        layer(torch.ones(2, 2))
        scope.add_loss(torch.tensor(3.0))
    assert [float(loss) for loss in scope.losses] == [2, 3]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda v: StatelessScope([(1, 2)]),
        lambda v: StatelessScope([(v, np.ones(3))]),
        lambda v: StatelessScope().add_update((v, np.ones(3))),
        lambda v: name_scope("a/b"),
        lambda v: name_scope(3),
        lambda v: kerasviz.RematScope("foo"),
    ],
)
def test_wrong_arguments_are_refused(v, wrong):
    with pytest.raises(Invalid):
        wrong(v)


def test_variables_of_a_name_scope_have_their_paths_below_it():
    with name_scope("a"):
        assert Variable([1.0], name="v").path == "a/v"
        with name_scope("b"):
            assert Variable([1.0], name="v").path == "a/b/v"
        with name_scope("c", override_parent="z/y"):
            assert Variable([1.0], name="v").path == "z/y/c/v"
        with name_scope("c", override_parent=""):
            assert Variable([1.0], name="v").path == "c/v"
    assert Variable([1.0], name="v").path == "v"


def test_one_caller_opens_a_name_once():
    caller = object()
    with name_scope("e", caller=caller):
        with name_scope("e", caller=caller):
            assert Variable([1.0], name="v").path == "e/v"
        with name_scope("e", caller=caller, deduplicate=False):
            assert Variable([1.0], name="v").path == "e/e/v"
        with name_scope("f", caller=caller):
            assert Variable([1.0], name="v").path == "e/f/v"


def test_a_layer_that_is_built_in_a_name_scope_is_below_it():
    with name_scope("a"):
        layer = layers.Dense(2, name="d")
        layer.build((None, 3))
    assert (layer.path, layer.kernel.path) == ("a/d", "a/d/kernel")


def test_seeds_stand_still_where_shapes_are_looked_for():
    seeds = random.SeedGenerator(3)
    with SymbolicScope():
        random.normal((2,), seed=seeds)
    assert seeds.state.tolist() == [3, 0]

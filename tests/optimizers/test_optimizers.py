"""What optimizers promise beyond equal numbers."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch

from kerasviz import optimizers
from kerasviz.declare import Invalid
from kerasviz.tensors import Variable, settings

EVERY = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adamax", {}),
    ("Lion", {}),
    ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Nadam", {}),
    ("Lamb", {}),
    ("Ftrl", {"l1_regularization_strength": 0.1, "beta": 0.1, "l2_shrinkage_regularization_strength": 0.1}),
    ("Ftrl", {"learning_rate_power": -0.7}),
    ("Adafactor", {}),
    ("Muon", {}),
    ("Muon", {"exclude_layers": ["kernel"]}),
    ("ScheduleFreeAdamW", {"warmup_steps": 3}),
]
SHARED = [
    {},
    {"clipnorm": 1.0},
    {"clipvalue": 1.0},
    {"global_clipnorm": 1.0},
    {"use_ema": True, "ema_overwrite_frequency": 1},
    {"gradient_accumulation_steps": 2},
    {"loss_scale_factor": 2.0, "weight_decay": 0.1},
]


def weight(values=(1.0, 2.0), **named):
    return Variable(torch.tensor(values), name="kernel", **named)


def stepped(optimizer, variable, gradient=(1.0, 1.0), times=1):
    optimizer.build([variable])
    for _ in range(times):
        variable.grad = torch.tensor(gradient, device=variable.device)
        optimizer.step()
    return variable


@pytest.mark.parametrize("shared", SHARED, ids=str)
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_step_reads_nothing_and_mixes_no_devices(name, options, shared, monkeypatch):
    monkeypatch.setitem(settings._values, "device", torch.device("meta"))
    variable = Variable(torch.ones(3, 2, device="meta"), name="kernel")
    optimizer = getattr(optimizers, name)(**options, **shared)
    optimizer.build([variable])
    assert {v.device.type for v in optimizer.variables} == {"meta"}
    for _ in range(2):
        variable.grad = torch.ones(3, 2, device="meta")
        optimizer.step()
    assert optimizer._iterations.host() == 2


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_schedule_runs_on_the_meta_device(name):
    variable = Variable(torch.ones(2, device="meta"))
    optimizer = getattr(optimizers, name)(optimizers.schedules.CosineDecay(0.1, 10))
    optimizer.build([variable])
    variable.grad = torch.ones(2, device="meta")
    optimizer.step()
    assert optimizer.num_updates == 1


def test_gradient_in_another_memory_order_makes_the_same_step():
    straight, turned = (Variable(torch.arange(6.0).reshape(2, 3).clone()) for _ in range(2))
    gradient = torch.randn(2, 3)
    first, second = optimizers.Adam(0.1), optimizers.Adam(0.1)
    first.apply([gradient], [straight])
    second.apply([gradient.t().contiguous().t()], [turned])
    torch.testing.assert_close(straight.data, turned.data, rtol=0, atol=0)


def test_backward_leaves_gradients_in_the_order_of_the_weight():
    kernel = Variable(torch.randn(3, 3, 2, 4), layout=(3, 2, 0, 1))
    optimizer = optimizers.Adam()
    optimizer.build([kernel])
    torch.nn.functional.conv2d(torch.randn(1, 2, 5, 5), kernel.permute(3, 2, 0, 1)).sum().backward()
    assert kernel.grad.stride() == kernel.stride()
    assert all(slot.stride() == kernel.stride() for slot in optimizer.variables[2:])


def test_learning_rate_is_assigned_by_number_and_by_its_variable():
    variable, optimizer = weight(), optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate.assign(0.125)
    stepped(optimizer, variable)
    torch.testing.assert_close(variable.data, torch.tensor([0.875, 1.875]))


def test_step_count_set_from_outside_is_heard():
    variable, optimizer = weight(), optimizers.SGD(optimizers.schedules.PiecewiseConstantDecay([4], [1.0, 0.5]))
    optimizer.iterations.assign(9)
    stepped(optimizer, variable)
    torch.testing.assert_close(variable.data, torch.tensor([0.5, 1.5]))
    assert int(optimizer.iterations) == 10


def test_learning_rate_of_a_schedule_cannot_be_set_to_a_number():
    optimizer = optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    with pytest.raises(TypeError, match="made with a number"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = optimizers.schedules.ExponentialDecay(0.4, 10, 0.5)
    assert float(optimizer.learning_rate) == pytest.approx(0.4)


@pytest.mark.parametrize("rate", [-0.5, "fast", None])
def test_wrong_learning_rate_is_refused_when_assigned(rate):
    optimizer = optimizers.SGD(0.5)
    with pytest.raises(Invalid, match="learning_rate"):
        optimizer.learning_rate = rate
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("rate", [0.25, np.float32(0.25), np.array(0.25), torch.tensor(0.25), Variable(0.25)])
def test_learning_rate_may_be_any_number(rate):
    optimizer = optimizers.SGD(rate)
    optimizer.learning_rate = rate
    torch.testing.assert_close(stepped(optimizer, weight()).data, torch.tensor([0.75, 1.75]))


def test_learning_rate_may_be_a_function():
    rates = iter([1.0, 0.5])
    variable = stepped(optimizers.SGD(lambda: next(rates)), weight(), times=2)
    torch.testing.assert_close(variable.data, torch.tensor([-0.5, 0.5]))


def test_own_schedule_of_a_user_is_called_with_the_step():
    class Halving(optimizers.schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return self.start / 2 ** step.float()

    variable = stepped(optimizers.SGD(Halving(1.0)), weight(), times=2)
    torch.testing.assert_close(variable.data, torch.tensor([-0.5, 0.5]))


def test_own_optimizer_of_a_user_written_as_in_keras():
    class Signs(optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, name="signs", **kwargs):
            super().__init__(learning_rate=learning_rate, name=name, **kwargs)

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.counts = [self.add_variable_from_reference(v, name="count") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            self.assign_add(self.counts[0], gradient.abs())
            self.assign_sub(variable, learning_rate * gradient.sign())

    optimizer = Signs(0.5)
    variable = stepped(optimizer, weight(), gradient=(3.0, -2.0), times=2)
    torch.testing.assert_close(variable.data, torch.tensor([0.0, 3.0]))
    assert optimizer.counts[0].tolist() == [6.0, 4.0]
    assert optimizer.variables[-1] is optimizer.counts[0]


def test_weight_that_the_loss_does_not_depend_on_is_named_once():
    first, second = weight(), Variable(torch.ones(2), name="lonely")
    optimizer = optimizers.Adam(0.1)
    optimizer.build([first, second])
    first.grad = torch.ones(2)
    with pytest.warns(UserWarning, match="lonely"):
        optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()
    assert second.tolist() == [1.0, 1.0]
    assert first.tolist() != [1.0, 2.0]


def test_no_gradient_at_all_is_an_error():
    optimizer = optimizers.Adam(0.1)
    optimizer.build([weight()])
    with pytest.raises(Invalid, match="a gradient for at least one weight"):
        optimizer.step()


def test_unknown_weight_is_named():
    optimizer = optimizers.SGD()
    optimizer.build([weight()])
    with pytest.raises(Invalid, match="stranger"):
        optimizer.apply([torch.ones(2)], [Variable(torch.ones(2), name="stranger")])


def test_two_ways_to_clip_are_refused():
    with pytest.raises(Invalid, match="at most one of"):
        optimizers.SGD(clipnorm=1.0, clipvalue=1.0)


@pytest.mark.parametrize("rate", [-1.0, "fast", None, True])
def test_wrong_learning_rate_is_refused(rate):
    with pytest.raises(Invalid, match="learning_rate"):
        optimizers.SGD(rate)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_copy_goes_on_where_the_optimizer_was(name, options, again):
    optimizer = getattr(optimizers, name)(0.1, use_ema=True, **options)
    optimizer.build([weight(((1.0, 2.0), (3.0, 4.0))), weight()])
    train(optimizer, 3)
    other = again(optimizer)
    for one in (optimizer, other):
        train(one, 2)
    assert int(other.iterations) == 5
    for mine, others in zip(optimizer._trainable_variables, other._trainable_variables, strict=True):
        torch.testing.assert_close(mine.data, others.data, rtol=1e-6, atol=1e-7)
    assert other.get_config() == optimizer.get_config()


def train(optimizer, times):
    for _ in range(times):
        for variable in optimizer._trainable_variables:
            variable.grad = torch.full_like(variable, 0.5, requires_grad=False)
        optimizer.step()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize(("name", "options"), EVERY)
def test_step_in_another_dtype_is_that_of_float32(name, options, dtype):
    plain, other = Variable(torch.linspace(1, 2, 40).reshape(5, 8)), Variable(torch.linspace(1, 2, 40).reshape(5, 8))
    other.data = other.data.to(dtype)
    first, second = (getattr(optimizers, name)(0.01, **options) for _ in range(2))
    gradient = torch.linspace(0.5, 2, 40).reshape(5, 8)
    for _ in range(2):
        first.apply([gradient], [plain])
        second.apply([gradient.to(dtype)], [other])
    tolerance = {torch.float16: 4e-3, torch.bfloat16: 2e-2, torch.float64: 1e-5}[dtype]
    torch.testing.assert_close(other.data.float(), plain.data, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "options"), [case for case in EVERY if case[0] not in ("Lamb", "Muon", "Adafactor")])
def test_large_weights_move_as_small_ones_do(name, options):
    """Blocks, kept room and kernels of their own are a matter of speed."""
    large = [Variable(torch.linspace(-1, 1, 300 * size).reshape(300, size)) for size in (300, 2, 250)]
    small = [Variable(v.data[row].clone()) for v in large for row in (0, 299)]
    first, second = (getattr(optimizers, name)(0.1, **options) for _ in range(2))
    for step in range(3):
        gradients = [torch.cos(v.data * (step + 1)) for v in large]
        first.apply(gradients, large)
        second.apply([g[row] for g in gradients for row in (0, 299)], small)
    rows = [v.data[row] for v in large for row in (0, 299)]
    for row, alone in zip(rows, small, strict=True):
        torch.testing.assert_close(row, alone.data, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("name", "options"), EVERY)
def test_what_a_step_would_do_is_what_it_does_and_changes_nothing(name, options):
    optimizer = getattr(optimizers, name)(0.1, **options)
    optimizer.build([weight(((1.0, 2.0), (3.0, 4.0))), weight()])
    train(optimizer, 2)
    weights, state = optimizer._trainable_variables, optimizer.variables
    before = [v.detach().clone() for v in (*weights, *state)]
    gradients = [v.grad for v in weights]
    would, would_state = optimizer.stateless_apply(before[len(weights) :], gradients, before[: len(weights)])
    for now, was in zip((*weights, *state), before, strict=True):
        torch.testing.assert_close(now.data, was, rtol=0, atol=0)
    optimizer.apply(gradients)
    for now, then in zip((*weights, *state), (*would, *would_state), strict=True):
        torch.testing.assert_close(now.data, then, rtol=1e-6, atol=1e-7)


def test_sums_that_were_set_count_in_adagrad():
    ours, other = weight(), weight()
    first, second = optimizers.Adagrad(0.1), optimizers.Adagrad(0.1, epsilon=1e-6)  # by torch's kernel, and not
    for optimizer, variable in ((first, ours), (second, other)):
        stepped(optimizer, variable)
        optimizer.variables[2].assign([1e-8, 0.0])
        stepped(optimizer, variable, gradient=(0.0, 1e-4))
    exact = 2.0 - 0.1 / 1.1**0.5 - 0.1 * 1e-4 / (1e-8 + 1e-7) ** 0.5
    assert float(ours[1].detach()) == pytest.approx(exact, abs=1e-6)


def test_large_matrices_are_orthogonal_by_either_product():
    matrices, muon = torch.randn(2, 150, 130), optimizers.Muon()
    stacked = muon.zeropower_via_newtonschulz5(matrices, 5)
    for matrix, among in zip(matrices, stacked, strict=True):
        torch.testing.assert_close(muon.zeropower_via_newtonschulz5(matrix, 5), among, rtol=1e-4, atol=1e-5)
    assert 0.5 < float(torch.linalg.svdvals(stacked).min()) < float(torch.linalg.svdvals(stacked).max()) < 1.5


def test_relative_step_is_a_choice():
    steady, falling = weight(), weight()
    stepped(optimizers.Adafactor(0.9, relative_step=False), steady, times=4)
    stepped(optimizers.Adafactor(0.9), falling, times=4)
    assert float(steady[0].detach()) < float(falling[0].detach())


def test_sparse_gradients_are_applied():
    table = torch.nn.Embedding(4, 2, sparse=True)
    variable = Variable(torch.ones(4, 2))
    table.weight = torch.nn.Parameter(variable.data)
    table(torch.tensor([1, 3, 3])).sum().backward()
    optimizers.SGD(0.5).apply([table.weight.grad], [variable])
    torch.testing.assert_close(variable.data, torch.tensor([[1.0, 1.0], [0.5, 0.5], [1.0, 1.0], [0.0, 0.0]]))


def test_state_follows_the_weights_to_another_dtype():
    variable, optimizer = weight(), optimizers.Adam(0.1)
    stepped(optimizer, variable)
    variable.grad = None
    variable.data = variable.data.double()
    variable.grad = torch.ones(2, dtype=torch.float64)
    optimizer.step()
    assert all(slot.dtype == torch.float64 for slot in optimizer.variables[2:])


def test_weights_of_two_dtypes_train_together():
    single, double = Variable(torch.ones(2)), Variable(torch.ones(2, dtype=torch.float64), dtype="float64")
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([torch.ones(2), torch.ones(2)], [single, double])
    torch.testing.assert_close(single.data.double(), double.data)


def test_schedule_is_kept_in_config_and_source():
    optimizer = optimizers.AdamW(optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), beta_1=0.8)
    assert optimizer.source() == "AdamW(learning_rate=optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), beta_1=0.8)"
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()

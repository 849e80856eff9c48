"""What optimizers that hold others promise beyond equal numbers."""

import copy
import pickle

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from kerasviz import optimizers
from kerasviz.declare import Invalid
from kerasviz.tensors import Variable, settings

INNER = ("SGD", "Adam", "AdamW", "Nadam", "Lamb", "Ftrl", "Adafactor", "Muon", "ScheduleFreeAdamW", "Adamax", "Lion")
SHARED = [
    {},
    {"clipnorm": 1.0, "weight_decay": 0.1},
    {"global_clipnorm": 1.0, "use_ema": True, "ema_overwrite_frequency": 2},
    {"gradient_accumulation_steps": 2, "use_ema": True},
]


class OnlyMeta(TorchDispatchMode):
    """Fails at the first operation that reads a number, or works on another device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert "item" not in str(func)
        outputs = func(*args, **(kwargs or {}))
        assert all(t.device.type == "meta" for t in tree_leaves((args, outputs)) if isinstance(t, torch.Tensor))
        return outputs


class NoReading(TorchDispatchMode):
    """Fails at the first operation that reads a number into Python."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert "_local_scalar_dense" not in str(func)
        assert "is_nonzero" not in str(func)
        return func(*args, **(kwargs or {}))


def several():
    first, second = optimizers.SGD(0.1, momentum=0.5), optimizers.Adam(0.1)
    return optimizers.MultiOptimizer(optimizers.OptimizerMap(first, {"bias": second}))


def weights(device="cpu"):
    kernel = Variable(torch.ones(3, 2, device=device), name="kernel")
    return [kernel, Variable(torch.ones(2, device=device), name="bias")]


def give(variables, value=1.0):
    for variable in variables:
        variable.grad = torch.full_like(variable, value, requires_grad=False)


@pytest.mark.parametrize("rate", ["number", "schedule"])
@pytest.mark.parametrize("shared", SHARED, ids=lambda shared: "+".join(shared) or "plain")
@pytest.mark.parametrize("name", INNER)
def test_scaled_step_reads_nothing(name, shared, rate, monkeypatch):
    given = 0.1 if rate == "number" else optimizers.schedules.CosineDecayRestarts(0.1, 3)
    for device, guard in (("meta", OnlyMeta), ("cpu", NoReading)):
        monkeypatch.setitem(settings._values, "device", torch.device(device))
        optimizer = optimizers.LossScaleOptimizer(getattr(optimizers, name)(given, **shared))
        variables = weights(device)
        optimizer.build(variables)
        for index in range(4):
            give(variables, float("nan") if index == 1 else 2.0**15)
            with guard():
                optimizer.scale_loss(variables[0].sum())
                optimizer.step()
    assert int(optimizer.inner_optimizer._iterations) == 3
    assert all(variable.isfinite().all() for variable in (*variables, *optimizer.variables))


def test_several_optimizers_step_on_the_meta_device(monkeypatch):
    monkeypatch.setitem(settings._values, "device", torch.device("meta"))
    for optimizer in (several(), optimizers.LossScaleOptimizer(several())):
        variables = weights("meta")
        optimizer.build(variables)
        with OnlyMeta():
            for _ in range(2):
                give(variables)
                optimizer.step()
        assert {v.device.type for v in optimizer.variables} == {"meta"}


def test_scaled_steps_of_several_optimizers_are_left_out_together():
    optimizer, variables = optimizers.LossScaleOptimizer(several(), initial_scale=1.0), weights()
    optimizer.build(variables)
    for value in (1.0, float("inf"), 1.0):
        give(variables, value * float(optimizer.dynamic_scale))
        optimizer.step()
    other, others = several(), weights()
    other.build(others)
    for _ in range(2):
        give(others)
        other.step()
    for mine, theirs in zip(variables, others, strict=True):
        torch.testing.assert_close(mine.data, theirs.data)
    assert [int(one.iterations) for one in optimizer.inner_optimizer.optimizers] == [2, 2]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
@pytest.mark.parametrize("make", [several, lambda: optimizers.LossScaleOptimizer("adam")], ids=["several", "scaled"])
def test_copy_goes_on_where_the_optimizer_was(make, again):
    optimizer = make()
    optimizer.build(weights())
    give(optimizer._trainable_variables)
    optimizer.step()
    other = again(optimizer)
    for one in (optimizer, other):
        give(one._trainable_variables)
        one.step()
    for mine, theirs in zip(optimizer._trainable_variables, other._trainable_variables, strict=True):
        torch.testing.assert_close(mine.data, theirs.data)
    assert other.get_config() == optimizer.get_config()


def test_weights_without_a_gradient_are_left_alone_by_their_optimizer():
    optimizer, (kernel, bias) = several(), weights()
    optimizer.build([kernel, bias])
    with pytest.warns(UserWarning, match="kernel"):
        optimizer.apply([None, torch.ones(2)], [kernel, bias])
    assert kernel.tolist() == [[1.0, 1.0]] * 3
    assert bias.tolist() != [1.0, 1.0]


def test_rates_are_those_of_the_optimizers_held():
    scaled = optimizers.LossScaleOptimizer(optimizers.SGD(0.5))
    scaled.learning_rate = 0.25
    assert float(scaled.inner_optimizer.learning_rate) == 0.25
    with pytest.raises(AttributeError, match="optimizers"):
        _ = several().learning_rate
    with pytest.raises(AttributeError, match="optimizers"):
        several().learning_rate = 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.LossScaleOptimizer("sgd", clipnorm=1.0), "Set `clipnorm` on the inner_optimizer"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.LossScaleOptimizer("sgd")), "does not scale yet"),
        (lambda: optimizers.LossScaleOptimizer(None), "an optimizer"),
        (lambda: optimizers.LossScaleOptimizer("sgd", initial_scale=0), "initial_scale"),
        (lambda: optimizers.MultiOptimizer("sgd"), "an OptimizerMap"),
        (lambda: optimizers.MultiOptimizer(lambda variable: 5).build(weights()), "optimizer of 'kernel'"),
        (lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap("sgd"), use_ema=True), "Set `use_ema` on the opt"),
        (lambda: optimizers.OptimizerMap(5), "default_optimizer"),
        (lambda: optimizers.OptimizerMap("sgd", {"a": "adaam"}), "Did you mean 'adam'"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.MultiOptimizer(lambda v: 5)), "Use an OptimizerMap"),
    ],
)
def test_wrong_argument_is_named(make, message):
    with pytest.raises(Invalid, match=message):
        make()


def test_optimizer_map_is_a_mapping_of_expressions():
    default, one, other = (optimizers.get(name) for name in ("sgd", "adam", "lion"))
    chosen = optimizers.OptimizerMap(default, {"dense/.*": one})
    chosen["dense/bias"] = other
    assert chosen["dense/kernel"] is one
    assert chosen["dense/bias"] is other
    assert chosen["model/dense/kernel"] is default
    assert (list(chosen), len(chosen)) == (["dense/.*", "dense/bias"], 2)
    with pytest.raises(Invalid, match="not there yet"):
        chosen["dense/.*"] = other
    chosen["d.*/k.*"] = other
    with pytest.raises(Invalid, match="one expression"):
        _ = chosen["dense/kernel"]
    del chosen["d.*/k.*"]
    assert "d.*/k.*" not in chosen


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop", "SGD"])
def test_optimizers_of_keras_2_say_where_to_go(name):
    with pytest.raises(ImportError, match="optimizers"):
        getattr(optimizers.legacy, name)(0.1)


def test_mixed_precision_has_its_names():
    import kerasviz

    assert kerasviz.mixed_precision.LossScaleOptimizer is optimizers.LossScaleOptimizer
    assert kerasviz.mixed_precision.Policy is kerasviz.DTypePolicy
    assert kerasviz.mixed_precision.global_policy().name == "float32"

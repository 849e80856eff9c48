"""Schedules against Keras 3: the rate at every step, and configs both ways."""

import json

import numpy as np
import pytest
import torch

from kerasviz.optimizers import SGD, schedules
from kerasviz.tensors import Variable

from .comparing import assert_close

START = {"initial_learning_rate": 0.1}
CASES = [
    ("ExponentialDecay", {**START, "decay_steps": 7, "decay_rate": 0.5}),
    ("ExponentialDecay", {**START, "decay_steps": 7, "decay_rate": 0.5, "staircase": True, "name": "stairs"}),
    ("InverseTimeDecay", {**START, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {**START, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PolynomialDecay", {**START, "decay_steps": 7}),
    ("PolynomialDecay", {**START, "decay_steps": 7, "end_learning_rate": 0.02, "power": 2.0}),
    ("PolynomialDecay", {**START, "decay_steps": 7, "power": 0.5, "cycle": True}),
    ("PolynomialDecay", {**START, "decay_steps": 1, "end_learning_rate": 0.3}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 9], "values": [1.0, 0.5, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [5], "values": [0.5, 1.0]}),
    ("CosineDecay", {**START, "decay_steps": 11}),
    ("CosineDecay", {**START, "decay_steps": 11, "alpha": 0.2}),
    ("CosineDecay", {**START, "decay_steps": 9, "alpha": 0.1, "warmup_target": 0.4, "warmup_steps": 5}),
    ("CosineDecay", {**START, "decay_steps": 9, "warmup_target": 0.05, "warmup_steps": 0}),
    ("CosineDecay", {**START, "decay_steps": 9, "warmup_steps": 4}),
    ("CosineDecayRestarts", {**START, "first_decay_steps": 4}),
    ("CosineDecayRestarts", {**START, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.7, "alpha": 0.1}),
    ("CosineDecayRestarts", {**START, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.7}),
    ("CosineDecayRestarts", {**START, "first_decay_steps": 30, "t_mul": 0.5, "m_mul": 1.2}),
]
EACH = pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)])
STEPS = range(40)


@EACH
def test_rates_equal_at_every_step(reference, name, options):
    ours = getattr(schedules, name)(**options)
    expected = reference(
        lambda keras: np.array([float(getattr(keras.optimizers.schedules, name)(**options)(s)) for s in STEPS])
    )
    assert_close(np.array([float(ours(step)) for step in STEPS]), expected, 2e-6)
    assert_close(np.array([float(ours(torch.tensor(step))) for step in STEPS]), expected, 2e-6)
    assert_close(np.array([float(ours.at(step)) for step in STEPS]), expected, 2e-6)


@EACH
def test_configs_are_read_both_ways(reference, name, options):
    ours = getattr(schedules, name)(**options)
    config = json.loads(json.dumps(schedules.serialize(ours)))

    def known(keras):
        read, write = keras.optimizers.schedules.deserialize, keras.optimizers.schedules.serialize
        return [write(getattr(keras.optimizers.schedules, name)(**options)), write(read(config))]

    theirs, theirs_of_ours = reference(known)
    assert config == theirs == theirs_of_ours
    assert schedules.serialize(schedules.deserialize(theirs)) == theirs


@EACH
def test_rate_of_a_step_on_the_device_is_a_tensor_there(name, options):
    rate = getattr(schedules, name)(**options)(torch.tensor(3, device="meta"))
    assert (rate.device.type, rate.dtype, tuple(rate.shape)) == ("meta", torch.float32, ())


@EACH
def test_steps_are_as_long_as_the_schedule_says(name, options):
    schedule = getattr(schedules, name)(**options)
    weight, optimizer = Variable(torch.zeros(1)), SGD(schedule)
    for step in range(12):
        before = weight.item()
        optimizer.apply([torch.ones(1)], [weight])
        assert before - weight.item() == pytest.approx(float(schedule(step)), abs=1e-6)

"""Optimizers that hold others, against Keras 3: loss scaling, and several optimizers for one model."""

import json

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import optimizers

from .comparing import assert_close
from .test_optimizers import OWN, drawn, made, plain, state, tolerance_of, train, values, weights_of

INNER = {
    "SGD": ("SGD", {"learning_rate": 0.1}),
    "momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "decayed": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
    "scheduled": ("SGD", {"learning_rate": ("CosineDecay", 0.1, 5), "momentum": 0.9}),
    "accumulated": ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    "averaged": ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}),
    "all": (
        "Adam",
        {"use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2, "clipnorm": 0.5},
    ),
    "scheduled Adam": ("Adam", {"learning_rate": ("InverseTimeDecay", 0.1, 2, 0.5)}),
    **{name: (name, {"learning_rate": 0.05}) for name in OWN if name != "SGD"},
}


@pytest.mark.parametrize(("name", "options"), INNER.values(), ids=list(INNER))
def test_loss_scale_follows_the_gradients(reference, name, options):
    """Gradients that are not finite come in the second and in the sixth step."""

    def scaled(keras):
        inner, weights = made(keras, name, options), weights_of(keras)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2)
        found = []
        for index, given in enumerate(drawn(4, 9)):
            if index in (1, 5):
                given[1][0] = np.inf if index == 1 else np.nan
            train(optimizer, weights, [given])
            scales = [float(v.numpy()) for v in optimizer.variables[2:4]]
            found.append([scales, float(optimizer.scale_loss(torch.tensor(1.0))), int(optimizer.iterations)])
        return [found, values(weights), state(optimizer)]

    ours, theirs = scaled(kerasviz), reference(scaled)
    if name in ("Nadam", "Adafactor"):  # Keras's wrapper forgets what they keep besides slots
        ours, theirs = ours[:2], theirs[:2]
    assert_close(ours, theirs, 2 * tolerance_of(name))


SELECTED = {
    "map": lambda keras: keras.optimizers.OptimizerMap(
        keras.optimizers.SGD(0.1, momentum=0.5), {"conv.*": keras.optimizers.Adam(0.05), "one|none": averaging(keras)}
    ),
    "default": lambda keras: keras.optimizers.OptimizerMap(keras.optimizers.Adam(0.05)),
    "function": lambda keras: selector(keras),
}


def averaging(keras):
    return keras.optimizers.Lion(0.1, use_ema=True)


def selector(keras):
    chosen = {"SGD": keras.optimizers.SGD(0.1), "Adam": keras.optimizers.Adam(0.05)}
    return lambda variable: chosen["Adam" if "conv" in variable.path else "SGD"]


@pytest.mark.parametrize("scale", [None, 4.0])
@pytest.mark.parametrize("label", list(SELECTED))
def test_each_weight_moves_by_its_own_optimizer(reference, label, scale):
    def moved(keras):
        optimizer = keras.optimizers.MultiOptimizer(SELECTED[label](keras), loss_scale_factor=scale)
        weights = weights_of(keras)
        train(optimizer, weights, drawn(4, 5))
        middle = values(weights)
        optimizer.finalize_variable_values(weights)
        kinds = [type(one).__name__ for one in optimizer.optimizers]
        scaled = float(optimizer.scale_loss(torch.tensor(1.0)))
        return [kinds, scaled, int(optimizer.iterations), state(optimizer), middle, values(weights)]

    assert_close(moved(kerasviz), reference(moved), 2e-5)


@pytest.mark.parametrize("label", ["map", "default"])
def test_maps_of_optimizers_are_read_both_ways(reference, label):
    ours = optimizers.MultiOptimizer(SELECTED[label](kerasviz), name="several")
    config = json.loads(json.dumps(optimizers.serialize(ours)))

    def known(keras):
        theirs = keras.optimizers.MultiOptimizer(SELECTED[label](keras), name="several")
        return [
            parts(theirs.get_config()),
            parts(keras.optimizers.deserialize(config).get_config()),
            theirs.get_config(),
        ]

    def parts(config):
        inner = config["optimizer_map"]["config"]
        named = {pattern: plain(one["config"]) for pattern, one in inner["optimizer_map"].items()}
        return [config["name"], config["loss_scale_factor"], plain(inner["default_optimizer"]["config"]), named]

    theirs, theirs_of_ours, whole = reference(known)
    assert parts(ours.get_config()) == theirs == theirs_of_ours
    assert parts(optimizers.MultiOptimizer.from_config(whole).get_config()) == theirs

"""The same seed draws the numbers of the reference on PyTorch, and generators move on as its own."""

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close

LOGITS = np.log(np.array([[0.1, 0.6, 0.3], [0.5, 0.25, 0.25]], "float32"))
X = np.arange(24, dtype="float32").reshape(2, 3, 4)


def draws(random, seed):
    """A draw of each kind, one argument after the other away from its default."""
    tensor = torch.tensor
    return {
        "normal": random.normal((3, 5), seed=seed()),
        "normal_moved": random.normal((7,), 1.5, 0.25, seed=seed()),
        "normal_tensor": random.normal((2, 3), tensor(1.0), tensor(0.5), seed=seed()),
        "normal_many": random.normal((40,), -1.0, 2.0, seed=seed()),
        "uniform": random.uniform((3, 5), seed=seed()),
        "uniform_moved": random.uniform((7,), -2.0, 5.0, seed=seed()),
        "uniform_tensor": random.uniform((2, 3), tensor([1.0, 2.0, 3.0]), 5.0, seed=seed()),
        "randint": random.randint((9,), 0, 9, seed=seed()),
        "randint_wide": random.randint((4,), -(2**20), 2**20, dtype="int64", seed=seed()),
        "randint_uint8": random.randint((4,), 0, 200, dtype="uint8", seed=seed()),
        "truncated_normal": random.truncated_normal((3, 5), seed=seed()),
        "truncated_moved": random.truncated_normal((6,), 1.0, 2.0, seed=seed()),
        "categorical": random.categorical(tensor(LOGITS), 6, seed=seed()),
        "categorical_int64": random.categorical(tensor(LOGITS), 2, dtype="int64", seed=seed()),
        "gamma": random.gamma((5,), 2.0, seed=seed()),
        "gamma_array": random.gamma((2, 3), np.array([0.5, 1.0, 4.0], "float32"), seed=seed()),
        "gamma_int": random.gamma((5,), 9.0, dtype="int32", seed=seed()),
        "beta": random.beta((5,), 2.0, 0.5, seed=seed()),
        "beta_array": random.beta((2, 2), np.array([0.5, 4.0], "float32"), 1.0, seed=seed()),
        "binomial": random.binomial((6,), 10.0, 0.4, seed=seed()),
        "binomial_array": random.binomial((2, 2), np.array([5.0, 9.0], "float32"), 0.5, dtype="int32", seed=seed()),
        "dropout": random.dropout(tensor(X), 0.4, seed=seed()),
        "dropout_shared": random.dropout(tensor(X), 0.4, noise_shape=(2, 1, 4), seed=seed()),
        "dropout_none": random.dropout(tensor(X), 0, seed=seed()),
        "dropout_all": random.dropout(tensor(X), 1, seed=seed()),
        "dropout_float16": random.dropout(tensor(X).half(), 0.5, seed=seed()),
        "shuffle": random.shuffle(tensor(X), seed=seed()),
        "shuffle_axis_1": random.shuffle(tensor(X[..., 0]), axis=1, seed=seed()),
        "empty": random.normal((0, 3), seed=seed()),
        "scalar": random.uniform((), seed=seed()),
    }


@pytest.mark.parametrize("seed", [0, 7, 1337, -3])
def test_whole_seeds(reference, seed):
    expected = reference(lambda keras: draws(keras.random, lambda: seed))
    assert_close(draws(kerasviz.random, lambda: seed), expected, tolerance=2e-6)


def with_generator(keras):
    seeds = keras.random.SeedGenerator(42, name="mine")
    made = draws(keras.random, lambda: seeds)
    made |= {"state": seeds.state.numpy(), "next": seeds.next(), "after": seeds.state.numpy()}
    return made | {"config": seeds.get_config(), "path": seeds.state.path, "name": seeds.state.name}


def test_generators(reference):
    assert_close(with_generator(kerasviz), reference(with_generator), tolerance=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_float_dtypes(reference, dtype):
    def made(keras):
        return {
            name: getattr(keras.random, name)((5, 3), *args, dtype=dtype, seed=5)
            for name, args in {
                "normal": (1.0, 2.0),
                "uniform": (-1.0, 2.0),
                "truncated_normal": (1.0, 2.0),
                "gamma": (2.0,),
                "beta": (2.0, 1.0),
                "binomial": (9.0, 0.5),
            }.items()
        }

    assert_close(made(kerasviz), reference(made), tolerance=2e-6 if dtype in ("float32", "float64") else 1e-2)


@pytest.mark.parametrize("dtype", ["int8", "int32", "float32", None])
def test_dtypes_of_whole_numbers(reference, dtype):
    def made(keras):
        return keras.random.categorical(torch.tensor(LOGITS), 5, dtype=dtype, seed=3)

    assert_close(made(kerasviz), reference(made))


LAYERS = {
    "Dropout": lambda keras: keras.layers.Dropout(0.4, seed=11),
    "Dropout_shared": lambda keras: keras.layers.Dropout(0.4, noise_shape=(2, 1, 4), seed=11),
    "SpatialDropout1D": lambda keras: keras.layers.SpatialDropout1D(0.4, seed=11),
    "GaussianNoise": lambda keras: keras.layers.GaussianNoise(0.4, seed=11),
    "GaussianDropout": lambda keras: keras.layers.GaussianDropout(0.4, seed=11),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_with_a_seed_draw_the_same_in_the_same_order(reference, name):
    def made(keras):
        layer = LAYERS[name](keras)
        outputs = [layer(torch.tensor(X), training=True) for _ in range(3)]
        return [*outputs, layer(torch.tensor(X), training=False), layer.seed_generator.state.numpy()]

    assert_close(made(kerasviz), reference(made))

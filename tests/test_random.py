import copy
import math
import pickle

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Invalid, initializers, layers, random, saving

MANY = 20_000
FLOATS = ("float16", "bfloat16", "float32", "float64")
DRAWS = {
    "normal": lambda **o: random.normal((4, 3), 1.0, 2.0, **o),
    "uniform": lambda **o: random.uniform((4, 3), -1.0, 3.0, **o),
    "randint": lambda **o: random.randint((4, 3), -5, 500, **o),
    "truncated_normal": lambda **o: random.truncated_normal((4, 3), 1.0, 2.0, **o),
    "categorical": lambda **o: random.categorical(np.zeros((4, 9), "float32"), 3, **o),
    "gamma": lambda **o: random.gamma((4, 3), 2.0, **o),
    "beta": lambda **o: random.beta((4, 3), 2.0, 0.5, **o),
    "binomial": lambda **o: random.binomial((4, 3), 1000.0, 0.4, **o),
    "dropout": lambda **o: random.dropout(np.ones((4, 30), "float32"), 0.5, **o),
    "shuffle": lambda **o: random.shuffle(np.arange(24.0).reshape(24, 1), **o),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_draws_the_same(name):
    draw = DRAWS[name]
    assert torch.equal(draw(seed=3), draw(seed=3))
    assert not torch.equal(draw(seed=3), draw(seed=4))
    assert torch.equal(draw(seed=random.SeedGenerator(3)), draw(seed=3))


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_moves_on_with_each_draw(name):
    seeds = random.SeedGenerator(3)
    first, second = DRAWS[name](seed=seeds), DRAWS[name](seed=seeds)
    assert not torch.equal(first, second)
    assert seeds.state.tolist() == [3, 2]
    seeds.state.assign([3, 0])
    assert torch.equal(DRAWS[name](seed=seeds), first)


@pytest.mark.parametrize("name", DRAWS)
def test_set_random_seed_makes_draws_without_a_seed_come_again(name):
    kerasviz.utils.set_random_seed(5)
    first = DRAWS[name]()
    assert not torch.equal(first, DRAWS[name]())
    kerasviz.utils.set_random_seed(5)
    assert torch.equal(first, DRAWS[name]())


def distance(drawn, cumulative):
    """How far the share of numbers below a value lies from what is expected: Kolmogorov and Smirnov's."""
    values = np.sort(drawn.double().numpy().ravel())
    expected = np.array([cumulative(value) for value in values])
    steps = np.arange(values.size + 1) / values.size
    return max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())


def below(x, mean=0.0, deviation=1.0):
    return 0.5 * (1 + math.erf((x - mean) / deviation / math.sqrt(2)))


DISTRIBUTIONS = {
    "normal": (lambda: random.normal((MANY,), 1.0, 2.0, seed=1), lambda x: below(x, 1, 2)),
    "uniform": (lambda: random.uniform((MANY,), -1.0, 3.0, seed=1), lambda x: (x + 1) / 4),
    "truncated": (
        lambda: random.truncated_normal((MANY,), 1.0, 2.0, seed=1),
        lambda x: (below(x, 1, 2) - below(-2)) / (below(2) - below(-2)),
    ),
    "gamma": (lambda: random.gamma((MANY,), 1.0, seed=1), lambda x: 1 - math.exp(-x)),
    "gamma_2": (lambda: random.gamma((MANY,), 2.0, seed=1), lambda x: 1 - math.exp(-x) * (1 + x)),
    "beta": (lambda: random.beta((MANY,), 2.0, 1.0, seed=1), lambda x: x * x),
    "arrays": (
        lambda: (
            random.normal((MANY // 2, 2), np.array([0.0, 3.0]), np.array([1.0, 1.0]), seed=1) - torch.tensor([0.0, 3])
        ),
        below,
    ),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_numbers_have_their_distribution(name):
    draw, cumulative = DISTRIBUTIONS[name]
    assert distance(draw(), cumulative) < 1.9 / math.sqrt(MANY)  # 1 in 1,000 would be farther


@pytest.mark.parametrize(
    ("drawn", "mean", "variance"),
    [
        (lambda: random.binomial((MANY,), 10.0, 0.3, seed=2), 3.0, 2.1),
        (lambda: random.randint((MANY,), 0, 10, seed=2), 4.5, 8.25),
        (lambda: random.categorical(np.log([[0.2, 0.8]]), MANY, seed=2), 0.8, 0.16),
        (lambda: random.dropout(torch.ones(MANY), 0.25, seed=2), 1.0, 1 / 3),
        (lambda: random.beta((MANY,), 2.0, 3.0, seed=2), 0.4, 0.04),
        (lambda: random.randint((MANY,), np.zeros(MANY, "int64"), 10, seed=2), 4.5, 8.25),
    ],
    ids=["binomial", "randint", "categorical", "dropout", "beta", "randint_arrays"],
)
def test_means_and_variances_are_as_they_should(drawn, mean, variance):
    values = drawn().double()
    assert abs(values.mean().item() - mean) < 5 * math.sqrt(variance / MANY)
    assert abs(values.var().item() - variance) < 0.06 * variance + 1e-9


def test_ranges_are_kept():
    uniform = random.uniform((MANY,), 2.0, 5.0, seed=1)
    assert uniform.min() >= 2
    assert uniform.max() < 5
    whole = random.randint((MANY,), -2, 3, seed=1)
    assert set(whole.tolist()) == {-2, -1, 0, 1, 2}
    assert random.truncated_normal((MANY,), 1.0, 2.0, seed=1).sub(1).abs().max() <= 4


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["normal", "uniform", "truncated_normal", "gamma", "beta", "binomial"])
def test_float_dtypes(name, dtype):
    assert DRAWS[name](dtype=dtype, seed=1).dtype is getattr(torch, dtype)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint32"])
def test_whole_dtypes(dtype):
    assert random.randint((3,), 0, 100, dtype=dtype, seed=1).dtype is getattr(torch, dtype)
    assert random.categorical(np.zeros((1, 3)), 2, dtype=dtype).dtype is getattr(torch, dtype)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), 5, [2, 3], torch.Size([4])])
def test_shapes(shape):
    wanted = (shape,) if isinstance(shape, int) else tuple(shape)
    for draw in (random.normal, random.uniform, random.truncated_normal):
        assert tuple(draw(shape, seed=1).shape) == wanted
    assert tuple(random.gamma(shape, 1.0).shape) == tuple(random.randint(shape, 0, 2).shape) == wanted


def test_dropout_shares_what_it_draws():
    kept = random.dropout(torch.ones(50, 4), 0.5, noise_shape=(None, 1), seed=1)
    assert set(kept.sum(1).tolist()) == {0.0, 8.0}
    assert random.dropout(torch.ones(3), 0) is not None
    assert not random.dropout(torch.full((3,), torch.inf), 1).any()


def test_shuffled_rows_stay_whole():
    x = np.arange(20).reshape(10, 2)
    made = random.shuffle(x, seed=1)
    assert sorted(made.tolist()) == x.tolist()
    assert made.tolist() != x.tolist()
    columns = random.shuffle(x, axis=-1, seed=1)
    assert torch.equal(columns.sort(-1).values, torch.tensor(x))


@pytest.mark.parametrize(
    "symbolic",
    [
        lambda x: random.dropout(x, 0.5),
        lambda x: random.shuffle(x),
        lambda x: random.categorical(x, 4),
        lambda x: random.normal((2, 3), mean=x),
        lambda x: random.gamma((2, 3), alpha=x),
        lambda x: random.uniform((2, 3), maxval=x, dtype="float16"),
    ],
)
def test_calls_on_symbols_are_recorded_and_draw_nothing(symbolic):
    x = kerasviz.Input((3,), batch_size=2)
    torch.manual_seed(1)
    made = symbolic(x)
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(1))
    model = kerasviz.Model(x, made)
    outputs = model(torch.rand(2, 3))
    assert (tuple(outputs.shape), str(outputs.dtype)[6:]) == (made.shape, made.dtype)


def test_an_unknown_batch_stays_unknown():
    x = kerasviz.Input((3,))
    assert random.categorical(x, 4).shape == (None, 4)
    assert random.dropout(x, 0.5).shape == (None, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: random.normal((2,), seed="a"),
        lambda: random.normal((2,), seed=1.5),
        lambda: random.normal((2,), dtype="int32"),
        lambda: random.uniform((2,), dtype="bool"),
        lambda: random.uniform((None, 2)),
        lambda: random.randint((2,), 5, 5),
        lambda: random.randint((2,), 0, 5, dtype="float32"),
        lambda: random.categorical(torch.ones(3), 2),
        lambda: random.gamma((2,), 0.0),
        lambda: random.gamma((2, 3), np.ones(2)),
        lambda: random.beta((2,), 1.0, -1.0),
        lambda: random.binomial((2,), -1.0, 0.5),
        lambda: random.binomial((2,), 1.0, 1.5),
        lambda: random.dropout(torch.ones(2), 1.5),
        lambda: random.shuffle(torch.ones(2), axis=1),
        lambda: random.SeedGenerator("a"),
        lambda: random.SeedGenerator(1.5),
        lambda: random.SeedGenerator(1, foo=2),
    ],
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


def test_a_generator_is_copied_and_pickled_where_it_is():
    seeds = random.SeedGenerator(7, name="mine")
    random.normal((2,), seed=seeds)
    others = copy.deepcopy(seeds), pickle.loads(pickle.dumps(seeds))
    expected = random.normal((2,), seed=seeds)
    for other in others:
        assert other.name == "mine"
        assert torch.equal(random.normal((2,), seed=other), expected)


def test_a_generator_goes_through_its_config():
    seeds = random.SeedGenerator(7, name="mine")
    assert seeds.get_config() == {"seed": 7, "name": "mine"}
    again = saving.deserialize_keras_object(saving.serialize_keras_object(seeds))
    assert torch.equal(random.normal((2,), seed=again), random.normal((2,), seed=7))


@pytest.mark.parametrize("seed", [0, -3, 2**31 + 5, 2**32 - 1, 2**40, True])
def test_any_whole_number_is_a_seed(seed):
    assert torch.equal(random.normal((2,), seed=seed), random.normal((2,), seed=random.SeedGenerator(seed)))


def test_a_generator_is_part_of_its_layer():
    layer = layers.Dropout(0.5, seed=3)
    assert [v.path for v in layer.variables] == [layer.seed_generator.state.path]
    assert layer.weights == []
    assert layer.non_trainable_variables == layer.variables
    first = layer(torch.ones(40), training=True)
    other = copy.deepcopy(layer)
    assert torch.equal(other(torch.ones(40), training=True), layer(torch.ones(40), training=True))
    layer.seed_generator.state.assign([3, 0])
    assert torch.equal(layer(torch.ones(40), training=True), first)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: layers.Dropout(0.5, seed=seed),
        lambda seed: layers.GaussianNoise(0.5, seed=seed),
        lambda seed: layers.GaussianDropout(0.5, seed=seed),
        lambda seed: layers.AlphaDropout(0.5, seed=seed),
    ],
)
def test_layers_take_a_generator_as_seed(make):
    x = torch.ones(4, 10)
    layer = make(random.SeedGenerator(4))
    first = layer(x, training=True)
    assert torch.equal(first, make(4)(x, training=True))
    assert not torch.equal(first, layer(x, training=True))
    again = type(layer).from_config(layer.get_config())
    assert torch.equal(first, again(x, training=True))


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: layers.LSTM(3, dropout=0.5, recurrent_dropout=0.3, seed=seed),
        lambda seed: layers.GRU(3, dropout=0.5, seed=seed),
        lambda seed: layers.SimpleRNN(3, dropout=0.5, seed=seed),
        lambda seed: layers.MultiHeadAttention(2, 3, dropout=0.5, seed=seed),
        lambda seed: layers.GroupQueryAttention(3, 2, 1, dropout=0.5, seed=seed),
        lambda seed: layers.Attention(dropout=0.5, seed=seed),
        lambda seed: layers.AdditiveAttention(dropout=0.5, seed=seed),
    ],
    ids=["LSTM", "GRU", "SimpleRNN", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention"],
)
def test_recurrent_and_attention_layers_take_a_generator_as_seed(make):
    layer, other = make(random.SeedGenerator(4)), make(4)
    x = torch.rand(2, 5, 4)
    inputs = [[x, x]] if type(layer).__name__.startswith(("Att", "Add")) else [x, x] if "Att" in str(layer) else [x]
    layer(*inputs)
    other(*inputs)
    other.set_weights(layer.get_weights())
    first = layer(*inputs, training=True)
    assert torch.equal(first, other(*inputs, training=True))
    assert not torch.equal(first, layer(*inputs, training=True))
    assert any(variable.name == "seed_generator_state" for variable in layer.non_trainable_variables)


def test_two_layers_may_share_a_generator():
    seeds = random.SeedGenerator(4)
    one, other = layers.Dropout(0.5, seed=seeds), layers.Dropout(0.5, seed=seeds)
    assert not torch.equal(one(torch.ones(60), training=True), other(torch.ones(60), training=True))
    assert len(kerasviz.Sequential([kerasviz.Input((3,)), one, other]).variables) == 1


def test_initializers_take_a_generator_as_seed():
    make = initializers.RandomNormal(seed=random.SeedGenerator(4))
    first = make((3,))
    assert not torch.equal(first, make((3,)))
    assert torch.equal(first, initializers.RandomNormal(seed=4)((3,)))
    assert torch.equal(first, initializers.get(initializers.serialize(make))((3,)))


def test_draws_run_on_meta():
    with kerasviz.device("meta"):
        for draw in (DRAWS[name] for name in ("normal", "uniform", "randint", "truncated_normal")):
            assert draw(seed=1).is_meta
            assert draw(seed=random.SeedGenerator(1)).is_meta
        assert random.dropout(torch.ones(3), 0.5, seed=1).is_meta
        assert random.shuffle(torch.ones(3), seed=1).is_meta

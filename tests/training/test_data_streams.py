"""Data that comes a batch at a time: generators, torch's loaders and datasets, tf.data."""

import itertools
import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, random_split

import kerasviz
from kerasviz.declare import Invalid
from kerasviz.training.arrays import Arrays
from kerasviz.training.data import Passes, make_source

CPU = torch.device("cpu")


def source(x, **options):
    return make_source(x, device=CPU, **options)


def batches(count, start=0):
    """Generator of `count` batches; in batch i every number is i."""
    for number in range(start, start + count):
        yield np.full((2, 1), number, "float32"), np.full((2, 1), number, "float32")


def numbers_of(stream):
    return [int(batch[1].flatten()[0]) for batch in stream]


def regressor(**inputs):
    model = kerasviz.Sequential([kerasviz.layers.Input((1,)), kerasviz.layers.Dense(1)])
    model.compile("sgd", "mse", **inputs)
    return model


# --- generators -----------------------------------------------------------------------------------------------------


X, Y, W = np.ones((2, 3)), np.zeros(2), np.full(2, 0.5)
FORMS = {
    "inputs": (X, 1),
    "a tuple of inputs": ((X,), 1),
    "a list": ([X, Y], 2),
    "with weights": ((X, Y, W), 3),
    "no targets": ((X, None), 2),
    "no targets, weights": ((X, None, W), 3),
    "a dict": ({"a": X, "b": Y}, 1),
    "a dict and targets": (({"a": X, "b": Y}, Y), 2),
    "a nest": (({"a": [X, (Y, X)]}, {"c": Y}, [W]), 3),
    "rows as lists": (([[1.0, 2.0, 3.0]], [1]), 2),
    "tensors": ((torch.ones(2, 3, dtype=torch.float64), torch.zeros(2)), 2),
    "half": ((X.astype("float16"), Y), 2),
}


@pytest.mark.parametrize(("form", "parts"), FORMS.values(), ids=FORMS)
def test_a_generator_yields_any_form_of_a_batch(form, parts):
    (batch,) = source(iter([form]))
    assert len(batch) == parts
    assert all(
        leaf is None or leaf.dtype in (torch.float32, torch.int64) for leaf in torch.utils._pytree.tree_leaves(batch)
    )
    assert kerasviz.tree.flatten(batch[0])[0].shape[-1] == 3


@pytest.mark.parametrize("batch", [(), (X, Y, W, W)], ids=["nothing", "four parts"])
def test_a_batch_of_another_number_of_parts_is_refused(batch):
    with pytest.raises(Invalid, match=r"\(x, y, sample_weight\)"):
        list(source(iter([batch])))


def test_batches_may_have_any_number_of_rows():
    sizes = [5, 1, 3]
    model = regressor()
    model.fit(((np.ones((size, 1)), np.ones((size, 1))) for size in sizes), verbose=0)
    assert model.predict((np.ones((size, 1)) for size in sizes), verbose=0).shape == (9, 1)


def test_values_of_metrics_are_right_where_a_generator_writes_into_one_buffer():
    def generated(buffer):
        for number in range(4):
            x = buffer if buffer is not None else np.empty((2, 1), "float32")
            x[:] = number
            yield x, x

    def trained(buffer):
        kerasviz.utils.set_random_seed(1)
        model = regressor(metrics=["mae", "mse"])
        return model.fit(generated(buffer), verbose=0).history, model.get_weights()

    (history, weights), (expected, expected_weights) = trained(np.empty((2, 1), "float32")), trained(None)
    assert history == expected
    assert all((one == other).all() for one, other in zip(weights, expected_weights, strict=True))


def test_a_generator_without_end_is_cut_into_epochs_and_is_the_users_afterwards():
    endless = (batch for batch in batches(10**6))
    model = regressor()
    history = model.fit(endless, epochs=5, initial_epoch=3, steps_per_epoch=2, verbose=0)
    assert history.epoch == [3, 4]
    assert int(next(endless)[0][0, 0]) == 4


def test_training_ends_with_a_warning_where_a_generator_does():
    with pytest.warns(UserWarning, match="ran out"):
        history = regressor().fit(batches(5), epochs=4, steps_per_epoch=2, verbose=0)
    assert len(history.epoch) == 3  # two steps, two steps, one step
    with pytest.warns(UserWarning, match="ran out"):
        history = regressor().fit(batches(3), epochs=2, verbose=0)
    assert len(history.epoch) == 1


def test_a_generator_of_just_enough_batches_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(regressor().fit(batches(4), epochs=2, steps_per_epoch=2, verbose=0).epoch) == 2
        assert len(regressor().fit(batches(3), verbose=0).epoch) == 1
        regressor().evaluate(batches(3), steps=3, verbose=0)
        assert regressor().predict(batches(3), steps=2, verbose=0).shape == (4, 1)


def test_validation_from_a_generator_goes_on_and_tells_when_it_ran_out():
    model = regressor()
    with pytest.warns(UserWarning, match="validation data ran out"):
        history = model.fit(
            np.ones((4, 1)), np.ones((4, 1)), epochs=3, validation_data=batches(4), validation_steps=2, verbose=0
        )
    assert len(history.history["val_loss"]) == 2


def test_more_steps_than_data_has_are_told():
    with pytest.warns(UserWarning, match="An epoch ends after 2 batches"):
        history = regressor().fit(
            np.ones((4, 1)), np.ones((4, 1)), batch_size=2, steps_per_epoch=3, epochs=2, verbose=0
        )
    assert len(history.epoch) == 2


def test_an_empty_generator_is_refused():
    with pytest.raises(Invalid, match="at least one batch"):
        regressor().fit(batches(0), verbose=0)


def test_an_iterable_without_length_begins_again_each_epoch():
    class Again:
        def __iter__(self):
            return batches(3)

    passes = Passes(source(Again()))
    assert passes.length is None
    assert [numbers_of(passes.epoch()) for _ in range(2)] == [[0, 1, 2]] * 2
    assert passes.length == 3
    steps = Passes(source(Again()), steps=2)
    assert [numbers_of(steps.epoch()) for _ in range(3)] == [[0, 1], [2], [0, 1]]


def test_class_weights_of_a_generator_multiply_its_sample_weights():
    batch = (np.zeros((3, 1)), np.array([0, 1, 2]), np.array([1.0, 2.0, 4.0]))
    ((_, _, weight),) = source(iter([batch]), class_weight={1: 3.0})
    assert weight.tolist() == [1.0, 6.0, 4.0]


# --- torch ----------------------------------------------------------------------------------------------------------


class Squares(Dataset):
    """Sample i is (i, i * i)."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return np.array([index], "float64"), index * index


class Counting(IterableDataset):
    def __iter__(self):
        return iter([(torch.tensor([float(number)]), number) for number in range(5)])


SQUARES = [number * number for number in range(7)]


def joined(stream):
    return [torch.cat([part.flatten() for part in parts]).tolist() for parts in zip(*stream, strict=True)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_is_read_whatever_works_for_it(workers):
    loader = DataLoader(Squares(), batch_size=3, num_workers=workers)
    passes = Passes(source(loader))
    assert passes.length == 3
    for _ in range(2):
        assert joined(passes.epoch()) == [list(range(7)), SQUARES]


def test_a_loader_makes_batches_as_its_collate_function_says():
    def collate(samples):
        return {"a": torch.stack([torch.tensor(x) for x, _ in samples])}, torch.tensor([y for _, y in samples])

    x, y = next(iter(source(DataLoader(Squares(), batch_size=4, collate_fn=collate))))
    assert (x["a"].dtype, x["a"].shape) == (torch.float32, (4, 1))
    assert y.tolist() == [0, 1, 4, 9]


def test_a_loader_of_whole_batches_is_read():
    whole = [(torch.full((2, 1), float(number)), torch.full((2,), number)) for number in range(3)]
    assert numbers_of(source(DataLoader(whole, batch_size=None))) == [0, 1, 2]


def test_datasets_are_cut_into_batches_and_shuffled():
    assert joined(source(Squares(), batch_size=3)) == [list(range(7)), SQUARES]
    numbers, squares = joined(source(Squares(), batch_size=3, shuffle=True))
    assert numbers != sorted(numbers)
    assert [number * number for number in numbers] == squares


def test_a_dataset_that_only_counts_on_is_never_shuffled():
    data = source(Counting(), batch_size=2, shuffle=True)
    assert joined(data)[1] == list(range(5))
    regressor().fit(Counting(), batch_size=2, epochs=2, verbose=0)


def test_tensor_datasets_and_their_subsets_are_arrays():
    x, y = torch.arange(7.0)[:, None], torch.arange(7)
    whole = TensorDataset(x, y)
    assert isinstance(source(whole), Arrays)
    part = Subset(Subset(whole, [6, 4, 2, 0]), [0, 2, 3])
    data = source(part, batch_size=2)
    assert isinstance(data, Arrays)
    assert data.leaves[0].data_ptr() == x.data_ptr()
    assert joined(data) == [[6, 2, 0]] * 2
    assert sorted(joined(source(part, batch_size=2, shuffle=True))[1]) == [0, 2, 6]


def test_parts_of_a_random_split_train_and_validate():
    first, second = random_split(TensorDataset(torch.ones(10, 1), torch.ones(10, 1)), [6, 4])
    history = regressor().fit(first, validation_data=second, batch_size=4, verbose=0).history
    assert set(history) == {"loss", "val_loss"}
    assert regressor().predict(second, batch_size=3, verbose=0).shape == (4, 1)
    history = regressor().fit(first, validation_split=0.5, batch_size=2, verbose=0).history
    assert set(history) == {"loss", "val_loss"}


@pytest.mark.parametrize("data", [TensorDataset(torch.ones(4, 1)), Squares(), DataLoader(Squares())])
def test_targets_beside_data_that_has_them_are_refused(data):
    with pytest.raises(Invalid, match="yields"):
        make_source(data, np.ones(4), device=CPU)


# --- tf.data --------------------------------------------------------------------------------------------------------


class EagerStandIn:
    """What this file uses of TensorFlow's eager tensors."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def numpy(self):
        return self.values


class RaggedTensor:
    """Stands in for TensorFlow's class of this name."""


class DatasetStandIn:
    """What `fit` uses of a `tf.data.Dataset`: iteration and cardinality. TensorFlow itself is not installed in CI."""

    def __init__(self, batches, cardinality):
        self.batches = batches
        self.count = cardinality

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        if self.count < 0:
            raise TypeError("The dataset length is unknown.")
        return self.count

    def cardinality(self):
        return EagerInteger(self.count)


class EagerInteger(EagerStandIn):
    def __int__(self):
        return int(self.values)


def eager(number, dtype="float64"):
    return EagerStandIn(np.full((2, 1), number, dtype)), EagerStandIn(np.full((2,), number, "int64"))


@pytest.mark.parametrize(("cardinality", "length"), [(3, 3), (-1, None), (-2, None)], ids=["3", "infinite", "unknown"])
def test_tf_data_says_how_many_batches_it_has(cardinality, length):
    assert source(DatasetStandIn([], cardinality)).num_batches == length


def test_tf_data_is_read_anew_each_epoch():
    passes = Passes(source(DatasetStandIn([eager(number) for number in range(3)], 3)))
    for _ in range(2):
        x, y = joined(passes.epoch())
        assert x == y == [0, 0, 1, 1, 2, 2]


def test_tf_data_without_end_is_cut_into_epochs():
    class Endless(DatasetStandIn):
        def __iter__(self):
            return (eager(number) for number in itertools.count())

    passes = Passes(source(Endless([], -1)), steps=2)
    assert [numbers_of(passes.epoch()) for _ in range(2)] == [[0, 1], [2, 3]]


def test_tf_data_trains_and_yields_texts_as_bytes():
    model = regressor()
    model.fit(DatasetStandIn([eager(number) for number in range(3)], 3), epochs=2, verbose=0)
    words = EagerStandIn(np.array([[b"red"], [b"blue"]], dtype=object))
    (batch,) = source(DatasetStandIn([({"color": words},)], 1))
    assert batch[0]["color"].tolist() == [[b"red"], [b"blue"]]


def test_rows_of_several_lengths_are_refused():
    with pytest.raises(Invalid, match="RaggedTensor") as error:
        list(source(DatasetStandIn([(RaggedTensor(), EagerStandIn([1]))], 1)))
    assert "to_tensor" in error.value.hint


class EagerTexts(EagerStandIn):
    """TensorFlow's eager texts, which end the process where somebody asks for them as numbers."""

    dtype = type("DType", (), {"name": "string"})()

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __dlpack__(self, **options):
        raise AssertionError("asked for as numbers")


def test_eager_texts_are_never_asked_for_as_numbers():
    words = EagerTexts(np.array([[b"red"], [b"blue"]], dtype=object))
    (batch,) = source(DatasetStandIn([({"color": words},)], 1))
    assert batch[0]["color"].tolist() == [[b"red"], [b"blue"]]
    lookup = kerasviz.layers.StringLookup()
    lookup.adapt(DatasetStandIn([words], 1))
    assert sorted(lookup.get_vocabulary()) == ["[UNK]", "blue", "red"]
    with pytest.raises(Invalid, match="expected numbers"):
        kerasviz.ops.convert_to_tensor(words)

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from kerasviz import Sequential, layers
from kerasviz.declare import Invalid
from kerasviz.utils import Config, Progbar, PyDataset, Sequence, split_dataset, unpack_x_y_sample_weight


def rows(dataset):
    return [tuple(part.item() for part in dataset[index]) for index in range(len(dataset))]


SIZES = {
    "share": ({"left_size": 0.6}, 6, 4),
    "count": ({"left_size": 3}, 3, 7),
    "right": ({"right_size": 0.2}, 8, 2),
    "both": ({"left_size": 3, "right_size": 0.2}, 3, 2),
}


@pytest.mark.parametrize(("options", "left", "right"), SIZES.values(), ids=SIZES)
def test_parts_are_the_first_and_the_last_samples(options, left, right):
    """Keras on torch shuffles even where it is told not to."""
    first, second = split_dataset(np.arange(10), **options)
    assert rows(first) == [(index,) for index in range(left)]
    assert rows(second) == [(index,) for index in range(10 - right, 10)]


def test_shuffled_parts_follow_the_seed():
    first, second = split_dataset(np.arange(100), left_size=0.5, shuffle=True, seed=1)
    again, _ = split_dataset(np.arange(100), left_size=0.5, shuffle=True, seed=1)
    assert rows(first) == rows(again) != rows(split_dataset(np.arange(100), left_size=0.5)[0])
    assert sorted(rows(first) + rows(second)) == [(index,) for index in range(100)]


def test_arrays_stay_together_and_torch_datasets_are_split():
    first, _ = split_dataset((np.arange(4), np.arange(4) * 2), left_size=2)
    assert rows(first) == [(0, 0), (1, 2)]
    assert rows(split_dataset(TensorDataset(torch.arange(4)), left_size=2)[1]) == [(2,), (3,)]


REFUSED = {
    "none": {},
    "both-much": {"left_size": 0.7, "right_size": 0.7},
    "counts-much": {"left_size": 7, "right_size": 7},
    "all": {"left_size": 10},
    "nothing": {"left_size": 0},
    "whole-share": {"left_size": 1.0},
    "word": {"left_size": "half"},
    "backend": {"left_size": 3, "preferred_backend": "tensorflow"},
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_sizes_that_do_not_fit_are_refused(options):
    with pytest.raises(Invalid):
        split_dataset(np.arange(10), **options)


@pytest.mark.parametrize("data", [{"a": 1}, 3, (np.arange(3), np.arange(4))], ids=["dict", "number", "lengths"])
def test_data_that_cannot_be_split_is_refused(data):
    with pytest.raises(Invalid):
        split_dataset(data, left_size=1)


class Numbers(PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.begun = self.ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return np.full((2, 4), index, "float32"), np.zeros((2, 1), "float32")

    def on_epoch_begin(self):
        self.begun += 1

    def on_epoch_end(self):
        self.ended += 1


def test_numbered_batches_are_trained_on_and_told_of_epochs():
    data = Numbers(workers=2, max_queue_size=5)
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(data, epochs=2, verbose=0)
    assert (data.begun, data.ended) == (3, 3)  # once for the look at the first batch, as in Keras
    assert (data.workers, data.use_multiprocessing, data.max_queue_size, data.num_batches) == (2, False, 5, 3)
    assert [int(x[0, 0]) for x, _ in data] == [0, 1, 2]
    assert Sequence is PyDataset


def test_dataset_without_its_methods_says_which_it_needs():
    with pytest.raises(NotImplementedError, match="__len__"):
        _ = PyDataset().num_batches
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]


def test_batch_of_four_parts_is_refused():
    with pytest.raises(Invalid, match="4 parts"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


CHANGES = {
    "attribute": lambda config: setattr(config, "a", 2),
    "item": lambda config: config.__setitem__("a", 2),
    "update": lambda config: config.update(a=2),
    "pop": lambda config: config.pop("a"),
    "delete": lambda config: config.__delitem__("a"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_frozen_config_is_not_changed(change):
    config = Config(a=1)
    config.freeze()
    with pytest.raises(Invalid, match="frozen"):
        change(config)
    config.unfreeze()
    change(config)


def test_config_without_a_value_says_so():
    with pytest.raises(AttributeError, match="nope"):
        _ = Config().nope
    with pytest.raises(KeyError):
        Config()["nope"]


def test_bar_shows_how_far_it_is(capsys):
    bar = Progbar(4, width=8, interval=0)
    bar.update(1, [("loss", torch.tensor(2.0))])
    bar.update(4, [("loss", 1.0)])
    lines = capsys.readouterr().out.split("\r")[1:]
    assert lines[0].startswith("1/4 ━━ ")
    assert lines[0].rstrip().endswith("loss: 2.0000")
    assert lines[1].startswith("4/4 ━━━━━━━━ ")
    assert lines[1].endswith("\n")


def test_metrics_are_stateful_or_stateless_by_one_list():
    with pytest.raises(Invalid, match="stateless_metrics"):
        Progbar(4, stateful_metrics=["a"], stateless_metrics=["b"])

import numpy as np
import pytest
import torch

from kerasviz.declare import Invalid
from kerasviz.training.arrays import BLOCK_BYTES, Arrays
from kerasviz.training.data import Passes, make_source

CPU = torch.device("cpu")


def source(*columns, **options):
    return make_source(*columns, device=CPU, **options)


def joined(batches):
    return [torch.cat(parts) for parts in zip(*batches, strict=True)]


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("width", [3, 3000], ids=["small batches", "large batches"])
def test_every_row_comes_once_and_keeps_its_target(shuffle, width):
    x = np.repeat(np.arange(150, dtype="float32")[:, None], width, axis=1)
    y = np.arange(150)
    batches = list(source(x, y, batch_size=8, shuffle=shuffle))
    got_x, got_y = joined(batches)
    assert len(batches) == 19
    assert torch.equal(got_x[:, 0].long(), got_y)
    assert sorted(got_y.tolist()) == list(range(150))
    assert (got_y.tolist() == list(range(150))) == (shuffle is False)


def test_each_pass_is_shuffled_anew():
    data = source(np.arange(100), batch_size=10, shuffle=True)
    first, second = (joined(data)[0].tolist() for _ in range(2))
    assert first != second


def test_small_batches_are_views_of_one_gathered_block():
    data = source(np.zeros((256, 4), "float32"), batch_size=8, shuffle=True)
    assert len({batch[0].untyped_storage().data_ptr() for batch in data}) == 1


def test_blocks_are_bounded():
    data = source(np.zeros((4096, 100), "float32"), batch_size=8, shuffle=True)
    assert all(batch[0].untyped_storage().nbytes() <= BLOCK_BYTES for batch in data)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("float64", torch.float32),
        ("float16", torch.float32),
        ("float32", torch.float32),
        ("int64", torch.int64),
        ("int32", torch.int32),
        ("uint8", torch.uint8),
        ("uint16", torch.int32),
        ("bool", torch.bool),
    ],
)
def test_floats_become_floatx_and_whole_numbers_stay(dtype, expected):
    assert next(iter(source(np.zeros((4, 2), dtype))))[0].dtype == expected


def test_arrays_are_not_copied_without_need():
    x = np.zeros((10, 3), "float32")
    assert source(x).leaves[0].data_ptr() == x.ctypes.data


def test_read_only_and_reversed_arrays_are_taken():
    x = np.arange(6, dtype="float32").reshape(3, 2)
    x.flags.writeable = False
    assert joined(source(x))[0].tolist() == x.tolist()
    assert joined(source(x[::-1]))[0].tolist() == x[::-1].tolist()


def test_nested_structures_keep_their_form():
    x = {"a": np.zeros((6, 2)), "b": [np.zeros((6, 3)), np.zeros(6)]}
    batch = next(iter(source(x, np.arange(6), batch_size=4, shuffle=True)))
    assert batch[0]["a"].shape == (4, 2)
    assert [part.shape for part in batch[0]["b"]] == [(4, 3), (4,)]


def test_lists_of_numbers_are_arrays():
    x, y = next(iter(source([[1, 2], [3, 4]], [0, 1])))
    assert x.tolist() == [[1, 2], [3, 4]]
    assert y.tolist() == [0, 1]


class Frame:
    __module__ = "pandas.core.frame"

    def to_numpy(self):
        return np.ones((4, 2))


def test_frames_are_read_through_to_numpy():
    assert source(Frame()).leaves[0].shape == (4, 2)


def test_missing_targets_with_weights_stay_none():
    x, y, weight = next(iter(source(np.zeros((4, 2)), None, np.ones(4), batch_size=2)))
    assert y is None
    assert x.shape == (2, 2)
    assert weight.shape == (2,)


def test_torch_datasets_are_read():
    from torch.utils.data import DataLoader, Dataset, TensorDataset

    class Squares(Dataset):
        def __len__(self):
            return 7

        def __getitem__(self, index):
            return torch.tensor([float(index)]), index * index

    tensors = TensorDataset(torch.arange(7.0), torch.arange(7))
    assert isinstance(source(tensors, batch_size=3), Arrays)
    assert [len(batch[0]) for batch in source(Squares(), batch_size=3)] == [3, 3, 1]
    loader = source(DataLoader(Squares(), batch_size=4))
    assert loader.num_batches == 2
    assert joined(loader)[1].tolist() == [0, 1, 4, 9, 16, 25, 36]


class Numbered:
    ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if not 0 <= index < 3:
            raise IndexError(index)
        return np.full((2, 1), index, "float64"), np.full(2, index)

    def on_epoch_end(self):
        self.ended += 1


def test_numbered_batches_are_read_each_pass_and_told_of_its_end():
    numbered = Numbered()
    passes = Passes(source(numbered))
    assert passes.length == 3
    for _ in range(2):
        assert joined(passes.epoch())[1].tolist() == [0, 0, 1, 1, 2, 2]
    assert numbered.ended == 2


def endless():
    number = 0
    while True:
        yield np.full((2, 1), number, "float32"), np.full(2, number)
        number += 1


def test_an_endless_generator_is_cut_into_epochs_of_steps():
    passes = Passes(source(endless()), 3)
    assert [batch[1][0].item() for batch in passes.epoch()] == [0, 1, 2]
    assert [batch[1][0].item() for batch in passes.epoch()] == [3, 4, 5]


def test_a_peeked_batch_of_a_generator_is_not_lost():
    stream = source(endless())
    assert stream.peek()[1][0] == 0
    assert stream.peek()[1][0] == 0
    assert next(iter(stream))[1][0] == 0


def test_a_generator_that_ends_is_exhausted_after_one_pass():
    passes = Passes(source(batch for batch in [(np.ones((2, 1)),)] * 4))
    assert len(list(passes.epoch())) == 4
    assert passes.exhausted


def test_class_weights_multiply_sample_weights():
    _, _, weight = next(
        iter(source(np.zeros(3), np.array([0, 1, 5]), np.array([1.0, 2.0, 4.0]), class_weight={1: 3.0}))
    )
    assert weight.tolist() == [1.0, 6.0, 4.0]


WRONG = {
    "nothing": ((None,), "x"),
    "no rows": ((np.zeros((0, 3)), np.zeros(0)), "data"),
    "unequal rows": ((np.zeros((4, 3)), np.zeros(5)), "data"),
    "text and numbers": (([1, "b"],), "x"),
    "missing text": ((np.array(["a", None], dtype=object),), "x"),
    "objects": ((np.array([{}, []], dtype=object),), "x"),
    "a number": ((np.float32(3),), "x"),
    "weights of a generator": ((endless(), None, np.ones(3)), "sample_weight"),
    "targets of a generator": ((endless(), np.ones(3)), "y"),
}


@pytest.mark.parametrize(("columns", "where"), WRONG.values(), ids=WRONG)
def test_unreadable_data_is_refused_by_name(columns, where):
    with pytest.raises(Invalid) as error:
        source(*columns)
    assert error.value.where == where


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_batch_size_is_a_whole_number(size):
    with pytest.raises(Invalid, match="batch_size"):
        source(np.zeros(3), batch_size=size)


def test_an_empty_generator_is_refused():
    with pytest.raises(Invalid, match="at least one batch"):
        source(iter(())).peek()

"""Data on its way to `fit`: batches by number, what is in a batch, and data in two parts."""

import itertools
import numbers
from collections.abc import Iterator
from typing import Any

import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_tensor


class PyDataset:
    """Base of data that comes in numbered batches: write `__getitem__(index)`, a whole batch, and `__len__()`.

    Batches come in the order of their numbers, or of a shuffle of them, however many workers make them. An error in
    `__getitem__` comes out of `fit`. Data that never ends has a property `num_batches` that is None, and no `__len__`.

    Args:
        workers: threads or processes that make batches ahead of time. With 1 thread or with 0 each batch is made when
            it is needed.
        use_multiprocessing: processes instead of threads: for work in Python itself. Each has a copy of this object,
            and random numbers that depend on the number of the batch and `keras.utils.set_random_seed`.
        max_queue_size: batches that are made, or being made, before they are needed.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many make batches."""
        return getattr(self, "_workers", 1)

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether they are processes."""
        return getattr(self, "_use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait."""
        return getattr(self, "_max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """A whole batch."""
        raise NotImplementedError(f"{type(self).__name__} needs `__getitem__(self, index)`, which returns a batch.")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are; None where they do not end."""
        if hasattr(self, "__len__"):
            return len(self)  # pyright: ignore[reportArgumentType]  # of the subclass
        raise NotImplementedError(f"{type(self).__name__} needs `__len__` or the property `num_batches`.")

    def __iter__(self) -> Iterator[Any]:
        """The batches in order."""
        count = self.num_batches
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch as `fit` takes it: `x` alone, (x, y) or (x, y, sample_weight).

    Args:
        x: inputs; in a tuple of one where they are a list or tuple themselves.
        y: targets.
        sample_weight: a number for each sample, beside targets.
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch; None for what it lacks.

    Raises:
        Invalid: where it has more parts.
    """
    parts = tuple(data) if isinstance(data, (list, tuple)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise Invalid("data", "x, (x,), (x, y) or (x, y, sample_weight)", f"{len(parts)} parts")
    x, y, sample_weight = (*parts, None, None)[:3]
    return x, y, sample_weight


# --- two parts ------------------------------------------------------------------------------------------------------


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Data in two parts, as torch datasets of single samples.

    Args:
        dataset: an array, a list or tuple of arrays of one length, or a torch dataset.
        left_size: samples of the first part, or their share of all; the rest by default.
        right_size: samples of the second part, or their share of all; the rest by default.
        shuffle: whether samples change their places before.
        seed: of the shuffle.
        preferred_backend: kept for Keras: "torch" or None.

    Raises:
        Invalid: where sizes do not fit, or data is of another kind.
    """
    if preferred_backend not in (None, "torch"):
        raise Invalid("split_dataset(preferred_backend=...)", "'torch' or None", preferred_backend)
    samples = as_dataset(dataset)
    total = len(samples)
    left, right = split_sizes(left_size, right_size, total)
    order = torch.randperm(total, generator=_generator(seed)).tolist() if shuffle else list(range(total))
    subset = torch.utils.data.Subset
    return subset(samples, order[:left]), subset(samples, order[total - right :])


def _generator(seed: int | None) -> torch.Generator:
    generator = torch.Generator()
    return generator.manual_seed(int(torch.randint(2**31, ()).item()) if seed is None else seed)


def as_dataset(data: Any) -> Any:
    """Data as a torch dataset of single samples."""
    if isinstance(data, torch.utils.data.Dataset):
        if not hasattr(data, "__len__"):
            raise Invalid("split_dataset(dataset=...)", "a dataset of known length", type(data).__name__)
        return data
    if isinstance(data, (list, tuple)) and data and all(hasattr(part, "shape") for part in data):
        arrays = [convert_to_tensor(part) for part in data]
    elif isinstance(data, (list, tuple)) or hasattr(data, "shape"):
        arrays = [convert_to_tensor(data)]
    else:
        raise Invalid("split_dataset(dataset=...)", "arrays, or a torch dataset", type(data).__name__)
    if len({len(array) for array in arrays}) > 1:
        raise Invalid("split_dataset(dataset=...)", "arrays of one length", [len(array) for array in arrays])
    return torch.utils.data.TensorDataset(*arrays)


def split_sizes(left: float | None, right: float | None, total: int) -> tuple[int, int]:
    """How many samples each part gets.

    Raises:
        Invalid: where a size is none, or both are more than there are.
    """
    where = "split_dataset"
    if left is None and right is None:
        raise Invalid(f"{where}(left_size=...)", "a size of at least one part", None)
    left_count = None if left is None else _count(left, total, f"{where}(left_size=...)")
    right_count = None if right is None else _count(right, total, f"{where}(right_size=...)")
    if left_count is None:
        left_count = total - (right_count or 0)
    if right_count is None:
        right_count = total - left_count
    both_shares = isinstance(left, float) and isinstance(right, float) and left + right > 1
    if both_shares or left_count + right_count > total:
        raise Invalid(where, f"two sizes of at most {total} together", (left, right))
    if 0 in (left_count, right_count):
        raise Invalid(where, f"at least one of {total} samples in each part", (left_count, right_count))
    return left_count, right_count


def _count(size: float, total: int, where: str) -> int:
    is_share = isinstance(size, float) and 0 < size < 1
    is_count = isinstance(size, numbers.Integral) and not isinstance(size, bool) and 0 < int(size) < total
    if not is_share and not is_count:
        raise Invalid(where, f"a share between 0 and 1, or a whole number from 1 to {total - 1}", size)
    return round(size * total) if is_share else int(size)

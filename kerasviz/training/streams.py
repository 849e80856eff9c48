"""Data that comes a batch at a time: generators, loaders, datasets of batches."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import map_leaves
from kerasviz.training.arrays import as_tensor


class Stream:
    """Batches from an iterable: a DataLoader, a generator, a `tf.data.Dataset`, any iterable of tuples.

    Args:
        batches: the iterable; an iterator can be passed over only once.
        device: where batches go.
        weigh: what is done to each (x, y, sample_weight) before it is handed out, such as class weights.
    """

    lasting = False  # a generator may write the next batch where this one is

    def __init__(self, batches: Any, device: torch.device, weigh: Callable[[tuple], tuple] | None = None) -> None:
        self.batches = batches
        self.device = device
        self.weigh = weigh
        self.restarts = not isinstance(batches, Iterator)
        self.num_batches = length_of(batches)
        self._peeked: list[Any] = []

    def peek(self) -> tuple:
        """The first batch; it is handed out again as the first of the next pass."""
        if not self._peeked:
            if self.restarts:
                return self._convert(next(iter(self.batches), None))
            self._peeked = list(itertools.islice(self.batches, 1))
        return self._convert(self._peeked[0] if self._peeked else None)

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        first, self._peeked = self._peeked, []
        for batch in itertools.chain(first, self.batches):
            yield self._convert(batch)

    def on_epoch_end(self) -> None:
        """Tell the source that a pass is over, if it wants to know."""
        told = getattr(self.batches, "on_epoch_end", None)
        if told is not None:
            told()

    def _convert(self, batch: Any) -> tuple:
        if batch is None:
            raise Invalid("data", "at least one batch", "a source without any", "Did an earlier call use it up?")
        if not isinstance(batch, (tuple, list)):
            batch = (batch,)
        if not 1 <= len(batch) <= 3:
            raise Invalid("data", "batches (x,), (x, y) or (x, y, sample_weight)", f"one of {len(batch)} parts")
        batch = tuple(map_leaves(as_data, part) for part in batch)
        batch = batch if self.weigh is None else self.weigh(batch)  # before it leaves the host
        return tuple(map_leaves(self._sent, part) for part in batch)

    def _sent(self, value: Tensor | None) -> Tensor | None:
        return None if value is None else value.to(self.device, non_blocking=True)


def as_data(value: Any) -> Tensor | None:
    """A part of a batch as a tensor, where there is one."""
    return None if value is None else as_tensor(value, "data")


class Indexed(Stream):
    """Batches from an object with `__len__` and `__getitem__`, as `keras.utils.PyDataset` has them."""

    def __init__(
        self,
        batches: Any,
        device: torch.device,
        weigh: Callable[[tuple], tuple] | None = None,
        shuffle: bool | str = False,
    ) -> None:
        super().__init__(batches, device, weigh)
        self.restarts = True
        self.shuffle = shuffle
        self.num_batches = getattr(batches, "num_batches", None) or len(batches)

    def peek(self) -> tuple:
        """The first batch."""
        if not self.num_batches:
            raise Invalid("data", "at least one batch", f"{type(self.batches).__name__} of length 0")
        return self._convert(self.batches[0])

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        told = getattr(self.batches, "on_epoch_begin", None)
        if told is not None:
            told()
        order = torch.randperm(self.num_batches).tolist() if self.shuffle else range(self.num_batches)
        for index in order:
            yield self._convert(self.batches[index])


def length_of(batches: Any) -> int | None:
    """How many batches there are; None where that is not known."""
    cardinality: Any = getattr(batches, "cardinality", None)
    if callable(cardinality):  # tf.data
        count: Any = cardinality()
        return int(count) if int(count) >= 0 else None
    try:
        return len(batches)
    except TypeError:
        return None


def is_stream(data: Any) -> bool:
    """Whether `data` hands out batches, instead of being the rows themselves."""
    if isinstance(data, (list, tuple, dict, Tensor)) or hasattr(data, "__array__") or hasattr(data, "dtype"):
        return False
    return hasattr(data, "__next__") or is_indexed(data) or is_loader(data) or hasattr(data, "__iter__")


def is_loader(data: Any) -> bool:
    """Whether it is one of torch's loaders or `tf.data`."""
    return type(data).__module__.startswith("tensorflow") or type(data).__name__ == "DataLoader"


def is_indexed(data: Any) -> bool:
    """Whether it has numbered batches."""
    if is_loader(data) or hasattr(data, "__next__"):
        return False
    return hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "keys")

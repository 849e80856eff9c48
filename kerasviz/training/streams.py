"""Data that comes a batch at a time: generators, loaders, datasets of batches."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import map_leaves
from kerasviz.training.arrays import Weigh
from kerasviz.training.reading import as_data
from kerasviz.training.sending import sent

FORMS = "batches (x,), (x, y) or (x, y, sample_weight)"


class Stream:
    """Batches from an iterable: a DataLoader, a generator, a `tf.data.Dataset`, any iterable of tuples.

    Args:
        batches: the iterable; an iterator can be passed over only once.
        device: where batches go.
        weigh: what is done to each (x, y, sample_weight) before it is handed out, such as class weights.
    """

    bare = False  # until a batch says otherwise
    lasting = False  # a generator may write the next batch where this one is

    def __init__(self, batches: Any, device: torch.device, weigh: Weigh | None = None) -> None:
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
        convert = self._convert
        for batch in itertools.chain(first, self.batches):
            yield convert(batch)

    def on_epoch_begin(self) -> None:
        """Nothing that a stream would be told."""

    def on_epoch_end(self) -> None:
        """Tell the source that an epoch is over, if it wants to know."""
        told = getattr(self.batches, "on_epoch_end", None)
        if told is not None:
            told()

    def close(self) -> None:
        """Nothing is left running: what the user passed is the user's."""

    def _convert(self, batch: Any) -> tuple:
        if type(batch) not in (tuple, list):
            batch = self._parts(batch)
        if not 1 <= len(batch) <= 3:
            raise Invalid("data", FORMS, f"one of {len(batch)} parts")
        batch = tuple([as_data(part) for part in batch])
        if self.weigh is not None:
            batch = self.weigh(batch)  # before it leaves the host
        return batch if self.device.type == "cpu" else tuple(map_leaves(self._sent, part) for part in batch)

    def _parts(self, batch: Any) -> tuple | list:
        """Its inputs, targets and weights, of which the last may be missing."""
        if batch is None:
            raise Invalid("data", "at least one batch", "a source without any", "Did an earlier call use it up?")
        self.bare = not isinstance(batch, (tuple, list))
        return (batch,) if self.bare else tuple(batch)

    def _sent(self, value: Any) -> Any:
        return sent(value, self.device, self.restarts) if isinstance(value, Tensor) else value


class Indexed(Stream):
    """Batches from an object with `__len__` and `__getitem__`, as `keras.utils.PyDataset` has them.

    An object with `workers` above 1, or with `use_multiprocessing`, has its batches made ahead.

    Args:
        batches: the object. `num_batches` of None says that its batches do not end.
        device: where batches go.
        weigh: what is done to each (x, y, sample_weight) before it is handed out.
        shuffle: whether batches come in a new order each pass, where they end.
    """

    def __init__(
        self, batches: Any, device: torch.device, weigh: Weigh | None = None, shuffle: bool | str = False
    ) -> None:
        super().__init__(batches, device, weigh)
        self.restarts = True
        self.shuffle = shuffle
        self.num_batches = batches.num_batches if hasattr(type(batches), "num_batches") else len(batches)
        self._in_epoch = False
        self._going: Any = None

    def peek(self) -> tuple:
        """The first batch, in an epoch of its own, as Keras has it."""
        self._refuse_nothing()
        self.on_epoch_begin()
        batch = self._convert(self.batches[0])
        self.on_epoch_end()
        return batch

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        self.close()
        self.on_epoch_begin()
        self._refuse_nothing()
        self._going = going = self._made(self._numbers())
        return map(self._convert, going)

    def _refuse_nothing(self) -> None:
        if self.num_batches == 0:
            raise Invalid("data", "at least one batch", f"{type(self.batches).__name__} of length 0")

    def _numbers(self) -> Iterator[int]:
        """Which batches a pass has."""
        if self.num_batches is None:
            return itertools.count()
        return iter(torch.randperm(self.num_batches).tolist() if self.shuffle else range(self.num_batches))

    def _made(self, numbers: Iterator[int]) -> Iterator[Any]:
        workers, use_processes = made_by(self.batches)
        if workers == 0:
            return map(self.batches.__getitem__, numbers)
        from kerasviz.training.workers import prefetched

        return prefetched(self.batches, numbers, workers, use_processes, max(1, self.batches.max_queue_size))

    def on_epoch_begin(self) -> None:
        """Tell the object that an epoch begins, if it wants to know and was not told."""
        told: Callable[[], None] | None = getattr(self.batches, "on_epoch_begin", None)
        if told is not None and not self._in_epoch:
            told()
        self._in_epoch = True

    def on_epoch_end(self) -> None:
        """Tell the object that an epoch is over, if it wants to know. Its length may be another now."""
        self._in_epoch = False
        super().on_epoch_end()
        if hasattr(type(self.batches), "num_batches"):
            self.num_batches = self.batches.num_batches

    def close(self) -> None:
        """End the workers."""
        going, self._going = self._going, None
        if hasattr(going, "close"):
            going.close()


def made_by(batches: Any) -> tuple[int, bool]:
    """How many workers make the batches, and whether they are processes; none where they are made when asked for."""
    workers, use_processes = getattr(batches, "workers", 1), bool(getattr(batches, "use_multiprocessing", False))
    if not hasattr(batches, "max_queue_size") or workers < 1 or (workers == 1 and not use_processes):
        return 0, False
    return workers, use_processes


def length_of(batches: Any) -> int | None:
    """How many batches there are; None where that is not known."""
    cardinality: Any = getattr(batches, "cardinality", None)
    if callable(cardinality):  # tf.data
        count: Any = cardinality()
        return int(count) if int(count) >= 0 else None
    try:
        return len(batches)
    except (TypeError, NotImplementedError):
        return None


def is_stream(data: Any) -> bool:
    """Whether `data` hands out batches, instead of being the rows themselves."""
    if isinstance(data, (list, tuple, dict, range, str, bytes, Tensor)):
        return False
    if hasattr(data, "__array__") or hasattr(data, "dtype"):
        return False
    return hasattr(data, "__next__") or is_indexed(data) or is_loader(data) or hasattr(data, "__iter__")


def is_loader(data: Any) -> bool:
    """Whether it is one of torch's loaders or `tf.data`."""
    return type(data).__module__.startswith("tensorflow") or type(data).__name__ == "DataLoader"


def is_indexed(data: Any) -> bool:
    """Whether it has numbered batches."""
    if is_loader(data) or hasattr(data, "__next__") or callable(getattr(data, "cardinality", None)):
        return False
    has_length = hasattr(data, "__len__") or hasattr(type(data), "num_batches")
    return hasattr(data, "__getitem__") and has_length and not hasattr(data, "keys")

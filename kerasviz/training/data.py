"""What `fit`, `evaluate` and `predict` are given, as a source of batches."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves, settings
from kerasviz.training.arrays import Arrays, row_count
from kerasviz.training.class_weights import class_weigher
from kerasviz.training.frames import is_frame
from kerasviz.training.reading import read
from kerasviz.training.streams import Indexed, Stream, is_indexed, is_loader, is_stream

DEFAULT_BATCH_SIZE = 32
NO_VALIDATION = "The validation data ran out. A generator has to yield batches for each validation."


class Source(Protocol):
    """Batches, pass after pass. A batch is (x,), (x, y) or (x, y, sample_weight).

    Attributes:
        num_batches: of a pass; None where only the end tells.
        lasting: whether a batch stays as it is when the next is drawn.
        restarts: whether there can be several passes.
        bare: whether a batch was given as its inputs alone, not in a tuple: so a step of the user's gets it.
    """

    num_batches: int | None
    lasting: bool
    restarts: bool
    bare: bool

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        ...

    def peek(self) -> tuple:
        """The first batch, without using it up."""
        ...

    def on_epoch_begin(self) -> None:
        """Told when an epoch goes on in the middle of a pass; a pass that begins tells it itself."""

    def on_epoch_end(self) -> None:
        """Told after each epoch."""

    def close(self) -> None:
        """Told when no more batches will be asked for: nothing may be left running."""


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    device: torch.device,
) -> Source:
    """The source of batches for what the user passed.

    Raises:
        Invalid: where it is empty, of unequal lengths, or of a kind that cannot be read.
    """
    if x is None:
        raise Invalid("x", "data", None, "Pass arrays, tensors, a DataLoader or a generator.")
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise Invalid("batch_size", "a whole number at least 1", batch_size)
    if not isinstance(shuffle, bool) and shuffle != "batch":
        raise Invalid("shuffle", "True, False or 'batch'", shuffle)
    weigh = None if class_weight is None else class_weigher(class_weight)
    size = batch_size or DEFAULT_BATCH_SIZE
    chosen: Tensor | None = None
    if (tensors := torch_dataset(x)) is not None:
        refuse_more(x, y, sample_weight)
        (x, y, sample_weight), chosen = tensors
    elif is_torch_dataset(x):
        refuse_more(x, y, sample_weight)
        x = loader_of(x, size, shuffle)
    if not is_frame(x) and is_stream(x):
        refuse_more(x, y, sample_weight)
        return Indexed(x, device, weigh, shuffle) if is_indexed(x) else Stream(x, device, weigh)
    columns = {
        "x": read(x, "x"),
        "y": read_numbers(y, "y"),
        "sample_weight": read_numbers(sample_weight, "sample_weight"),
    }
    row_count(columns)
    return Arrays(trimmed(tuple(columns.values())), size, shuffle, device, weigh, chosen)


def read_numbers(data: Any, where: str) -> Any:
    """Arrays that are no texts.

    Raises:
        Invalid: where they are.
    """
    found = read(data, where)
    if any(isinstance(leaf, np.ndarray) for leaf in leaves(found)):
        raise Invalid(where, "numbers", "texts", "keras.layers.StringLookup gives each word a number.")
    return found


def refuse_more(x: Any, y: Any, sample_weight: Any) -> None:
    """Data that has batches, or samples, has targets in them."""
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            kind = type(x).__name__
            raise Invalid(name, f"None, since x is a {kind} that yields (x, y) itself", type(value).__name__)


def torch_dataset(data: Any) -> tuple[tuple, Tensor | None] | None:
    """(x, y, sample_weight) of a `TensorDataset`, and which rows a `Subset` of it has; None for other data."""
    if type(data).__name__ == "Subset" and is_torch_dataset(data):
        whole = torch_dataset(data.dataset)
        if whole is None:
            return None
        tensors, chosen = whole
        rows = torch.as_tensor(data.indices, dtype=torch.int64)
        return tensors, rows if chosen is None else chosen[rows]
    tensors = getattr(data, "tensors", None)
    if type(data).__name__ != "TensorDataset" or not tensors or len(tensors) > 3:
        return None
    return (*tensors, None, None)[:3], None


def is_torch_dataset(data: Any) -> bool:
    """Whether it is one of torch's datasets, which has single samples and not batches."""
    if is_loader(data) or "torch" not in {base.__module__.partition(".")[0] for base in type(data).__mro__}:
        return False
    return any(base.__name__ in ("Dataset", "IterableDataset") for base in type(data).__mro__)


def loader_of(data: Any, batch_size: int, shuffle: bool | str) -> Any:
    """A DataLoader of a dataset. One that only counts on is never shuffled."""
    from torch.utils.data import DataLoader, IterableDataset

    return DataLoader(data, batch_size, shuffle=bool(shuffle) and not isinstance(data, IterableDataset))


def trimmed(batch: tuple) -> tuple:
    """Without the parts at the end that were not given."""
    while len(batch) > 1 and batch[-1] is None:
        batch = batch[:-1]
    return batch


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch; None for what it lacks."""
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    x, y, sample_weight = (*batch, None, None)[:3]
    return x, y, sample_weight


class Passes:
    """The batches of one epoch after another, whether an epoch is a pass over the source or a number of steps."""

    def __init__(self, source: Source, steps: int | None = None) -> None:
        if steps is not None and (not isinstance(steps, int) or steps < 1):
            raise Invalid("steps", "a whole number at least 1, or None", steps)
        known = source.num_batches
        most = settings.max_steps_per_epoch()
        if most is not None and most < (steps or known or most + 1):
            warnings.warn(f"An epoch ends after {most} steps: keras.config.set_max_steps_per_epoch.", stacklevel=3)
            steps = most
        if steps is not None and known is not None and steps > known > 0:
            warnings.warn(f"An epoch ends after {known} batches: the data has no {steps}.", stacklevel=3)
        self.source = source
        self.steps = steps
        self._going: Iterator[tuple] | None = None
        self.length = known if steps is None else steps
        self.exhausted = False
        self._restarted = False
        self.done = 0  # batches of the next epoch that an earlier training has had
        self._is_done = False  # whether these were all

    def go_on(self, done: int, is_over: bool) -> None:
        """Let the next epoch be the rest of one of which `done` batches were had, before or after its pass was over."""
        self.done, self._is_done = done, done > 0 and is_over
        if self._is_done:
            self.exhausted = not self.source.restarts
            self.length = self.length if self.steps else done

    def epoch(self) -> Iterator[tuple]:
        """The batches of the next epoch. With `steps`, it goes on where the last one stopped."""
        done, self.done = self.done, 0
        if self._is_done:
            self._is_done = False
            return
        count = done
        for batch in self._pass() if self.steps is None else self._steps(done):
            count += 1
            yield batch
        if self.steps is None:
            self._passed()
            self.length = count
        if count:
            self.source.on_epoch_end()
        elif self._restarted and self.exhausted:
            warnings.warn(NO_VALIDATION, stacklevel=2)

    def restart(self) -> None:
        """Let the next epoch, a validation, begin a new pass, where the source can."""
        self._restarted = True
        if self.source.restarts:
            self.close()

    def close(self) -> None:
        """End a pass that has begun, and what works for it."""
        going: Any = self._going
        self._going = None
        if hasattr(going, "close"):
            going.close()
        self.source.close()

    def _pass(self) -> Iterator[tuple]:
        self._going = iter(self.source)
        return self._going

    def _passed(self) -> None:
        self._going = None
        self.exhausted = not self.source.restarts

    def _steps(self, done: int) -> Iterator[tuple]:
        """So many batches, or up to the end of a pass."""
        if self._going is not None:
            self.source.on_epoch_begin()
        for count in range(done, self.steps or 0):
            batch = self._next(count)
            if batch is None:
                return
            yield batch

    def _next(self, count: int) -> tuple | None:
        """The next batch of a pass; a new pass starts where an epoch finds the last one just over."""
        batch = next(self._going or self._pass(), None)
        if batch is not None:
            return batch
        self._passed()
        return None if self.exhausted or count > 0 else next(self._pass(), None)

"""What `fit`, `evaluate` and `predict` are given, as a source of batches."""

import numbers
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves, settings
from kerasviz.training.arrays import Arrays, as_tensors, row_count
from kerasviz.training.streams import Indexed, Stream, is_indexed, is_loader, is_stream

DEFAULT_BATCH_SIZE = 32


class Source(Protocol):
    """Batches, pass after pass. A batch is (x,), (x, y) or (x, y, sample_weight)."""

    num_batches: int | None
    lasting: bool
    restarts: bool

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        ...

    def peek(self) -> tuple:
        """The first batch, without using it up."""
        ...

    def on_epoch_end(self) -> None:
        """Told after each pass."""


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
    tensors = torch_dataset(x)
    if tensors is not None:
        return make_source(*tensors, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight, device=device)
    if is_torch_dataset(x):
        from torch.utils.data import DataLoader

        x = DataLoader(x, batch_size=batch_size or DEFAULT_BATCH_SIZE, shuffle=bool(shuffle))
    if is_stream(x):
        return stream_source(x, y, sample_weight, shuffle, class_weight, device)
    columns = {"x": as_tensors(x, "x"), "y": as_tensors(y, "y"), "sample_weight": None}
    if sample_weight is not None:
        columns["sample_weight"] = as_tensors(sample_weight, "sample_weight")
    row_count(columns)
    batch = tuple(columns.values())
    if class_weight is not None:
        batch = class_weigher(class_weight)(batch)
    return Arrays(trimmed(batch), batch_size or DEFAULT_BATCH_SIZE, shuffle, device)


def stream_source(
    x: Any,
    y: Any,
    sample_weight: Any,
    shuffle: bool | str,
    class_weight: Mapping[int, float] | None,
    device: torch.device,
) -> Source:
    """The source for data that comes a batch at a time."""
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            kind = type(x).__name__
            raise Invalid(name, f"None, since x is a {kind} that yields (x, y) itself", type(value).__name__)
    weigh = None if class_weight is None else class_weigher(class_weight)
    if is_indexed(x):
        return Indexed(x, device, weigh, shuffle)
    return Stream(x, device, weigh)


def torch_dataset(data: Any) -> tuple | None:
    """The tensors of a `TensorDataset` of (x,), (x, y) or (x, y, sample_weight)."""
    tensors = getattr(data, "tensors", None)
    return tensors if type(data).__name__ == "TensorDataset" and 1 <= len(tensors or ()) <= 3 else None


def is_torch_dataset(data: Any) -> bool:
    """Whether it is one of torch's datasets, which has single samples and not batches."""
    if is_loader(data) or "torch" not in {base.__module__.partition(".")[0] for base in type(data).__mro__}:
        return False
    return any(base.__name__ in ("Dataset", "IterableDataset") for base in type(data).__mro__)


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


def class_weigher(class_weight: Mapping[int, float]) -> Callable[[tuple], tuple]:
    """A function that gives each sample the weight of its class, times the weight it had."""
    if not isinstance(class_weight, Mapping) or not all(map(is_class_weight, class_weight.items())):
        raise Invalid("class_weight", "a dict from label to weight, such as {0: 1.0, 1: 5.0}", class_weight)
    table = torch.ones(max(class_weight, default=0) + 1)
    for label, weight in class_weight.items():
        table[label] = weight

    def weigh(batch: tuple) -> tuple:
        x, y, sample_weight = unpack(batch)
        if not isinstance(y, Tensor):
            hint = "Use sample_weight with a weight per output." if y is not None else "Pass y."
            got = None if y is None else f"y of {len(list(leaves(y)))} parts"
            raise Invalid("class_weight", "a single array of labels", got, hint)
        labels = class_labels(y)
        if labels.device.type == "cpu" and labels.numel() and (lowest := int(labels.min())) < 0:
            raise Invalid("class_weight", "labels at least 0", lowest)
        known = table.to(y.device)
        weights = torch.where(labels < len(known), known[labels.clamp(0, len(known) - 1)], 1.0)
        if sample_weight is not None:
            weights = sample_weight * weights.reshape(-1, *[1] * (sample_weight.ndim - 1))
        return x, y, weights

    return weigh


def is_class_weight(item: tuple[Any, Any]) -> bool:
    """Whether it is a label, from 0, and a number for it."""
    label, weight = item
    return isinstance(label, numbers.Integral) and int(label) >= 0 and isinstance(weight, numbers.Real)


def class_labels(y: Tensor) -> Tensor:
    """Whole-number labels of y, which has labels or one-hot rows."""
    if y.ndim > 1:
        check_one_label_each(y)
        y = y.argmax(-1) if y.shape[-1] > 1 else y.squeeze(-1)
    return y.long()


def check_one_label_each(y: Tensor) -> None:
    """Refuse labels of several moments.

    Raises:
        Invalid: where rows of whole numbers are not one-hot.
    """
    is_counted = y.device.type == "cpu" and not y.is_floating_point() and y.dtype != torch.bool
    if y.ndim > 2 or (is_counted and y.shape[-1] > 1 and bool((y > 1).any())):
        hint = "Use sample_weight with a weight for each of them."
        raise Invalid("class_weight", "one label, or a one-hot row, for each sample", (None, *y.shape[1:]), hint)


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
        self.source = source
        self.steps = steps
        self._going: Iterator[tuple] | None = None
        self.length = known if steps is None else steps
        self.exhausted = False
        self.done = 0  # batches of the next epoch that an earlier training has had

    def epoch(self) -> Iterator[tuple]:
        """The batches of the next epoch. With `steps`, it goes on where the last one stopped."""
        done, self.done = self.done, 0
        if self.steps is None:
            count = done
            for batch in self.source:
                count += 1
                yield batch
            self._passed(count)
            return
        for count in range(done, self.steps):
            batch = self._next(count)
            if batch is None:
                return
            yield batch

    def restart(self) -> None:
        """Let the next epoch begin a new pass, where the source can."""
        if self.source.restarts:
            self._going = None

    def _next(self, count: int) -> tuple | None:
        """The next batch of a pass; a new pass starts where an epoch finds the last one just over."""
        if self._going is None:
            self._going = iter(self.source)
        batch = next(self._going, None)
        if batch is not None:
            return batch
        self._going = None
        self.source.on_epoch_end()
        self.exhausted = not self.source.restarts
        if self.exhausted or count > 0:
            return None
        self._going = iter(self.source)
        return next(self._going, None)

    def _passed(self, count: int) -> None:
        self.length = count
        self.exhausted = not self.source.restarts
        self.source.on_epoch_end()

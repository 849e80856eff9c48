"""Rows in memory, cut into batches."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves, map_leaves
from kerasviz.training.reading import as_floatx, wanted_dtype
from kerasviz.training.sending import gathered, sent

SMALL_BATCH_BYTES = 32 * 1024
BLOCK_BYTES = 512 * 1024
VIEWS = 256  # batches of a block at most
RESIDENT_BYTES = 1024**3  # kept on a device that does not say how much memory is free
AT_ONCE_BYTES = 16 * 1024**2  # arrays up to this size become floatx before the first batch; larger ones block by block
Weigh = Callable[[tuple], tuple]


def row_count(columns: dict[str, Any]) -> int:
    """The number of rows that all arrays have.

    Args:
        columns: structures of arrays by the name of the argument they came from; None for those that were not given.

    Raises:
        Invalid: where they differ, or there are none.
    """
    given = {name: data for name, data in columns.items() if data is not None}
    found = {name: [leaf for leaf in leaves(data) if leaf is not None] for name, data in given.items()}
    sizes = {name: [leaf.shape[0] if leaf.ndim else None for leaf in parts] for name, parts in found.items()}
    counts = {size for counted in sizes.values() for size in counted}
    if None in counts:
        name = next(name for name, counted in sizes.items() if None in counted)
        raise Invalid(name, "arrays with a row for each sample", "a single number")
    if len(counts) > 1:
        told = ", ".join(f"{name}: {', '.join(map(str, dict.fromkeys(counted)))}" for name, counted in sizes.items())
        raise Invalid("data", "the same number of rows in every array", told, "Each row of x needs its row of y.")
    rows = counts.pop() if counts else 0
    if not rows:
        raise Invalid("data", "at least one row", "0 rows", "The arrays are empty.")
    return rows


def is_empty(data: Any) -> bool:
    """Whether it is arrays, or a nest of them, without any rows."""
    shapes = [getattr(leaf, "shape", None) for leaf in leaves(data)] if not hasattr(data, "__next__") else []
    return bool(shapes) and all(isinstance(shape, tuple) and shape[:1] == (0,) for shape in shapes)


class Arrays:
    """Rows of tensors, and of texts, in memory, cut into batches.

    While a batch is small, several are gathered at once and handed out as views; see `BLOCK_BYTES`. Large arrays of
    another dtype than floatx become floatx a block at a time.

    Args:
        columns: (x,), (x, y) or (x, y, sample_weight); each an array or a nested structure of arrays.
        batch_size: rows of a batch; the last may have fewer.
        shuffle: True for a new order of rows each pass, "batch" for a new order of batches.
        device: where batches go.
        weigh: what gives each row of (x, y, sample_weight) a weight, such as that of its class.
        chosen: numbers of the rows there are, in their order; all by default.
    """

    lasting = True  # a batch stays as it is when the next is drawn
    restarts = True  # every pass has all rows

    def __init__(
        self,
        columns: tuple,
        batch_size: int,
        shuffle: bool | str,
        device: torch.device,
        weigh: Weigh | None = None,
        chosen: Tensor | None = None,
    ) -> None:
        self.unweighted: tuple = map_leaves(prepared, columns)
        self.columns = self.unweighted if weigh is None else weigh(self.unweighted)
        self.leaves: list[Any] = [leaf for leaf in leaves(self.columns) if leaf is not None]
        self.chosen = chosen
        self.rows = self.leaves[0].shape[0] if chosen is None else len(chosen)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.device = device
        self.weigh = weigh
        self.num_batches: int | None = -(-self.rows // batch_size)
        self.rebuild = rebuilder(self.columns)
        self.bare = len(self.columns) == 1 and not isinstance(self.columns[0], (tuple, list))

    def peek(self) -> tuple:
        """The first rows, as a batch."""
        which: Any = slice(0, self.batch_size) if self.chosen is None else self.chosen[: self.batch_size]
        return map_leaves(lambda leaf: None if leaf is None else self._ready(picked(leaf, which)), self.columns)

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        self._move()
        order, rows, size = self._order(), self._block_rows(), self.batch_size
        picks, rebuild = [self._picker(leaf, order) for leaf in self.leaves], self.rebuild
        for which in slices(self.rows, rows) if order is None else parts_of(order, rows):
            block = tuple([pick(which) for pick in picks])
            if rows == size:
                yield block if rebuild is None else rebuild(block)
                continue
            batches = zip(*(cut(part, size) for part in block), strict=True)
            yield from batches if rebuild is None else map(rebuild, batches)

    def on_epoch_begin(self) -> None:
        """Nothing to prepare."""

    def on_epoch_end(self) -> None:
        """Nothing to prepare for the next epoch."""

    def close(self) -> None:
        """Nothing is left running."""

    def _picker(self, leaf: Any, order: Tensor | None) -> Callable[[Any], Any]:
        """A function of a slice, or of numbers of rows, for these rows as they are handed out."""
        device, dtype = self.device, wanted_dtype(leaf)
        if not isinstance(leaf, Tensor):
            return lambda which: picked(leaf, which)
        if leaf.device != device:
            if order is None:
                return lambda which: self._ready(leaf[which])
            return lambda which: self._ready(gathered(leaf, which, device))
        if dtype is None:
            return leaf.__getitem__ if order is None else lambda which: leaf.index_select(0, which)
        if order is None:
            return lambda which: leaf[which].to(dtype)
        return lambda which: leaf.index_select(0, which).to(dtype)

    def _ready(self, part: Any) -> Any:
        return sent(as_floatx(part), self.device) if isinstance(part, Tensor) else part

    def _move(self) -> None:
        """Put all rows where batches go, if they take little of the room there: gathering is quicker than sending."""
        device, tensors = self.device, [leaf for leaf in self.leaves if isinstance(leaf, Tensor)]
        if device.type == "cpu" or all(leaf.device == device for leaf in tensors):
            return
        num_bytes = sum(leaf.element_size() * leaf.numel() for leaf in tensors)
        room = torch.cuda.mem_get_info(device)[0] // 4 if device.type == "cuda" else RESIDENT_BYTES
        if num_bytes <= room:
            self.leaves = [moved(leaf, device) if isinstance(leaf, Tensor) else leaf for leaf in self.leaves]

    def _order(self) -> Tensor | None:
        """Numbers of the rows in the order of this pass; None where it is that of the memory."""
        order = self.chosen
        if self.shuffle == "batch":
            starts = torch.randperm(self.num_batches or 1) * self.batch_size
            order = (starts[:, None] + torch.arange(self.batch_size)).flatten()
            order = order[order < self.rows]
        elif self.shuffle:
            order = torch.randperm(self.rows)
        if order is None:
            return None
        if order is not self.chosen and self.chosen is not None:
            order = self.chosen[order]
        tensor = next((leaf for leaf in self.leaves if isinstance(leaf, Tensor)), None)
        return order if tensor is None else order.to(tensor.device)

    def _block_rows(self) -> int:
        tensors = [leaf for leaf in self.leaves if isinstance(leaf, Tensor)]
        batch_bytes = max(1, sum(leaf[0].nbytes for leaf in tensors) * self.batch_size)
        if self.shuffle or self.chosen is not None:
            if batch_bytes > SMALL_BATCH_BYTES:
                return self.batch_size
        elif all(leaf.device == self.device and wanted_dtype(leaf) is None for leaf in tensors):
            return self.batch_size * VIEWS  # nothing is copied
        return self.batch_size * min(VIEWS, max(1, BLOCK_BYTES // batch_bytes))

    def split(self, share: float) -> tuple["Arrays", "Arrays"]:
        """All but the last `share` of the rows, and those: in their order, without the weights of classes."""
        kept = int(self.rows * (1 - share))
        if kept in (0, self.rows):
            raise Invalid("fit(validation_split=...)", f"a share that leaves rows on both sides of {self.rows}", share)
        parts: list[tuple[tuple, Tensor | None]] = []
        for which in (slice(0, kept), slice(kept, None)):
            if self.chosen is None:
                parts.append((map_leaves(lambda leaf: None if leaf is None else leaf[which], self.unweighted), None))  # noqa: B023  # called at once
            else:
                parts.append((self.unweighted, self.chosen[which]))
        (first, first_chosen), (last, last_chosen) = parts
        return (
            Arrays(first, self.batch_size, self.shuffle, self.device, self.weigh, first_chosen),
            Arrays(last, self.batch_size, False, self.device, None, last_chosen),
        )

    def in_order(self, batch_size: int) -> "Arrays":
        """The same rows, never shuffled, in batches of another size."""
        return Arrays(self.unweighted, batch_size, False, self.device, self.weigh, self.chosen)


def prepared(leaf: Any) -> Any:
    """A small array as floatx, row after row in memory; a large one as it is."""
    if not isinstance(leaf, Tensor) or leaf.numel() * leaf.element_size() > AT_ONCE_BYTES:
        return leaf
    leaf = as_floatx(leaf)
    return leaf if leaf.ndim == 0 or not len(leaf) or leaf[0].is_contiguous() else leaf.contiguous()


def picked(leaf: Any, which: Any) -> Any:
    """Rows of an array: a view of those between two, a copy of those by number."""
    if isinstance(which, slice):
        return leaf[which]
    return leaf.index_select(0, which.to(leaf.device)) if isinstance(leaf, Tensor) else leaf[which.cpu().numpy()]


def cut(part: Any, size: int) -> Any:
    """Rows in parts of `size`, the last of what is left."""
    if isinstance(part, Tensor):
        return part.split(size)
    return [part[start : start + size] for start in range(0, len(part), size)]


def slices(rows: int, size: int) -> Iterator[slice]:
    """All rows in parts of `size`, the last of what is left."""
    return (slice(start, start + size) for start in range(0, rows, size))


def parts_of(order: Tensor, size: int) -> Iterator[Tensor]:
    """Numbers of rows in parts of `size`, the last of what is left."""
    return (part for several in order.split(size * VIEWS) for part in several.split(size))


def moved(leaf: Tensor, device: torch.device) -> Tensor:
    """All rows on another device, as floatx there. What waits on the host meanwhile is a block."""
    dtype = wanted_dtype(leaf)
    if dtype is None:
        return sent(leaf, device)
    whole = torch.empty(leaf.shape, dtype=dtype, device=device)
    rows = max(1, AT_ONCE_BYTES // max(1, leaf[0].nbytes))
    for there, here in zip(whole.split(rows), leaf.split(rows), strict=True):
        there.copy_(here.to(dtype), non_blocking=True)
    return whole


# --- from leaves back to a nest -------------------------------------------------------------------------------------


def rebuilder(structure: Any) -> Callable[[Any], Any] | None:
    """A function from a flat sequence of leaves back to the nested structure; None where that is a tuple of them."""
    if isinstance(structure, tuple) and all(isinstance(part, (Tensor, np.ndarray)) for part in structure):
        return None
    numbers = iter(range(sum(leaf is not None for leaf in leaves(structure))))
    return builder(map_leaves(lambda leaf: None if leaf is None else next(numbers), structure))


def builder(places: Any) -> Callable[[Any], Any]:
    """A function from a flat sequence of leaves to a nest, of which `places` tells the number of the leaf anywhere."""
    if places is None:
        return lambda flat: None
    if isinstance(places, int):
        return operator.itemgetter(places)
    if isinstance(places, dict):
        names, values = tuple(places), flat_builder(list(places.values()))
        if type(places) is dict:
            return lambda flat: dict(zip(names, values(flat), strict=True))
        return lambda flat: type(places)(zip(names, values(flat), strict=True))
    values = flat_builder(list(places))
    if hasattr(places, "_fields"):
        return lambda flat: type(places)(*values(flat))
    return lambda flat: type(places)(values(flat))


def flat_builder(places: list[Any]) -> Callable[[Any], Any]:
    """A function from a flat sequence of leaves to the parts of a list or dict."""
    if places and all(isinstance(place, int) for place in places):
        if places == list(range(places[0], places[0] + len(places))):
            first, last = places[0], places[-1] + 1
            return lambda flat: flat[first:last]
        return operator.itemgetter(*places)
    parts = [builder(place) for place in places]
    return lambda flat: [part(flat) for part in parts]

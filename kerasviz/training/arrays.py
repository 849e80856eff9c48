"""Data in memory as tensors, and their rows cut into batches."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves, map_leaves, settings, torch_dtype

SMALL_BATCH_BYTES = 32 * 1024
BLOCK_BYTES = 512 * 1024
RESIDENT_BYTES = 1024**3  # kept on a device that does not say how much memory is free
WIDENED = {np.dtype("uint16"): np.int32, np.dtype("uint32"): np.int64, np.dtype("uint64"): np.int64}


def as_tensors(data: Any, where: str) -> Any:
    """The same structure with tensors for arrays, frames and lists of numbers. Nothing is copied that need not be.

    float64 and float16 become floatx; whole numbers and booleans stay as they are.
    """
    if data is None:
        return None
    if isinstance(data, (list, tuple)) and data and all(isinstance(part, (int, float, bool)) for part in data):
        data = np.asarray(data)
    if isinstance(data, (list, tuple)) and data and _is_nested_numbers(data):
        try:
            data = np.asarray(data)
        except ValueError as error:
            hint = "Fill short ones up, for example with zeros."
            raise Invalid(where, "lists of one length", "lists of several lengths", hint) from error
    return map_leaves(lambda leaf: as_tensor(leaf, where), data)


def _is_nested_numbers(data: Any) -> bool:
    """Whether lists hold numbers all the way down, as in [[1, 2], [3, 4]]."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (int, float, bool))


def as_tensor(value: Any, where: str) -> Tensor:
    """One array, frame, series or tensor as a tensor that shares its memory where possible."""
    if not isinstance(value, (Tensor, np.ndarray)):
        value = _to_array(value, where)
    if isinstance(value, np.ndarray):
        value = _from_numpy(value, where)
    value = value.detach() if value.requires_grad or type(value) is not Tensor else value
    floatx = torch_dtype(settings.floatx())
    return value.to(floatx) if value.is_floating_point() and value.dtype != floatx else value


def _to_array(value: Any, where: str) -> Any:
    if type(value).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow", "modin", "cudf", "narwhals"):
        import narwhals

        value = narwhals.from_native(value, pass_through=True, allow_series=True)
    for method in ("to_numpy", "numpy", "toarray"):
        if hasattr(value, method):
            return np.asarray(getattr(value, method)())
    if isinstance(value, (str, bytes)) or value is None:
        raise Invalid(where, "arrays, tensors, or lists and dicts of them", value)
    return np.asarray(value)


def _from_numpy(array: np.ndarray, where: str) -> Tensor:
    if array.dtype == object:
        try:
            array = array.astype(settings.floatx())
        except (TypeError, ValueError) as error:
            raise Invalid(where, "numbers", f"an array of objects such as {array.flat[0]!r}") from error
    if array.dtype.kind not in "biufc":
        raise Invalid(where, "numbers", f"an array of {array.dtype}", "Turn text into whole numbers first.")
    array = array.astype(WIDENED.get(array.dtype, array.dtype), copy=False)
    if any(stride < 0 for stride in array.strides) or not array.dtype.isnative:
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
    if array.flags.writeable:
        return torch.from_numpy(array)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # batches are copies or read only: nothing writes to the user's memory
        return torch.from_numpy(array)


def row_count(columns: dict[str, Any]) -> int:
    """The number of rows that all arrays have.

    Args:
        columns: structures of tensors by the name of the argument they came from; None for those that were not given.

    Raises:
        Invalid: where they differ, or there are none.
    """
    given = {name: data for name, data in columns.items() if data is not None}
    sizes = {name: [leaf.shape[0] if leaf.ndim else None for leaf in leaves(data)] for name, data in given.items()}
    counts = {size for found in sizes.values() for size in found}
    if None in counts:
        name = next(name for name, found in sizes.items() if None in found)
        raise Invalid(name, "arrays with a row for each sample", "a single number")
    if len(counts) > 1:
        told = ", ".join(f"{name}: {', '.join(map(str, dict.fromkeys(found)))}" for name, found in sizes.items())
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
    """Rows of tensors in memory, cut into batches.

    While a batch is small, several are gathered at once and handed out as views; see `BLOCK_BYTES`.

    Args:
        columns: (x,), (x, y) or (x, y, sample_weight); each a tensor or a nested structure of tensors.
        batch_size: rows of a batch; the last may have fewer.
        shuffle: True for a new order of rows each epoch, "batch" for a new order of batches.
        device: where batches go.
    """

    lasting = True  # a batch stays as it is when the next is drawn
    restarts = True  # every pass has all rows

    def __init__(self, columns: tuple, batch_size: int, shuffle: bool | str, device: torch.device) -> None:
        self.columns = columns
        self.leaves: list[Tensor] = [leaf for leaf in leaves(columns) if leaf is not None]
        self.rows = self.leaves[0].shape[0]
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.device = device
        self.num_batches: int | None = -(-self.rows // batch_size)
        self.rebuild = rebuilder(columns)

    def peek(self) -> tuple:
        """The first rows, as a batch."""
        first = self._rows(slice(0, self.batch_size))
        return map_leaves(lambda leaf: None if leaf is None else leaf.to(self.device), first)

    def __iter__(self) -> Iterator[tuple]:
        """The batches of one pass."""
        self._move()
        order = self._order()
        block_rows = self._block_rows()
        for start in range(0, self.rows, block_rows):
            stop = min(start + block_rows, self.rows)
            if order is None:
                block = [leaf[start:stop] for leaf in self.leaves]
            else:
                chosen = order[start:stop]
                block = [leaf.index_select(0, chosen) for leaf in self.leaves]
            if block[0].device != self.device:
                block = [leaf.to(self.device, non_blocking=True) for leaf in block]
            cut = zip(*(leaf.split(self.batch_size) for leaf in block), strict=True)
            yield from cut if self.rebuild is None else map(self.rebuild, cut)

    def on_epoch_end(self) -> None:
        """Nothing to prepare for the next pass."""

    def _move(self) -> None:
        """Put all rows where batches go, if they take little of the room there: gathering is quicker than sending."""
        device, num_bytes = self.device, sum(leaf.element_size() * leaf.numel() for leaf in self.leaves)
        if self.leaves[0].device == device or device.type == "cpu":
            return
        room = torch.cuda.mem_get_info(device)[0] // 4 if device.type == "cuda" else RESIDENT_BYTES
        if num_bytes <= room:
            self.leaves = [leaf.to(device) for leaf in self.leaves]

    def _order(self) -> Tensor | None:
        if not self.shuffle:
            return None
        if self.shuffle == "batch":
            starts = torch.randperm(self.num_batches or 1) * self.batch_size
            order = (starts[:, None] + torch.arange(self.batch_size)).flatten()
            order = order[order < self.rows]
        else:
            order = torch.randperm(self.rows)
        return order.to(self.leaves[0].device)

    def _block_rows(self) -> int:
        row_bytes = sum(leaf.element_size() * leaf[0].numel() for leaf in self.leaves)
        batch_bytes = max(1, row_bytes * self.batch_size)
        if batch_bytes > SMALL_BATCH_BYTES and self.shuffle:
            return self.batch_size
        return self.batch_size * max(1, BLOCK_BYTES // batch_bytes)

    def split(self, share: float) -> tuple["Arrays", "Arrays"]:
        """All but the last `share` of the rows, and those."""
        cut = int(self.rows * (1 - share))
        if cut in (0, self.rows):
            raise Invalid("fit(validation_split=...)", f"a share that leaves rows on both sides of {self.rows}", share)
        first, last = self._rows(slice(0, cut)), self._rows(slice(cut, None))
        return (
            Arrays(first, self.batch_size, self.shuffle, self.device),
            Arrays(last, self.batch_size, False, self.device),
        )

    def _rows(self, which: slice) -> tuple:
        return map_leaves(lambda leaf: None if leaf is None else leaf[which], self.columns)


def rebuilder(structure: Any) -> Callable[[Any], Any] | None:
    """A function from a flat tuple of leaves back to the nested structure; None where that is the same."""
    if isinstance(structure, tuple) and all(isinstance(part, Tensor) for part in structure):
        return None

    def rebuild(flat: Any) -> Any:
        rest = iter(flat)
        return map_leaves(lambda leaf: None if leaf is None else next(rest), structure)

    return rebuild

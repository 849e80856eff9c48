"""Losses and metrics of batches, taken into account several batches at once."""

import threading
from typing import Any

import torch
from torch import Tensor

from kerasviz.tensors import leaves, map_leaves
from kerasviz.training.metrics import CompiledMetrics

MOST_WAITING = 16
SMALL_BYTES = 64 * 1024


class Tally:
    """What came out of the batches since the last reset.

    Batches wait until there are a few, or until somebody reads: then their losses go into the trackers and their
    predictions, joined, into the metrics. Only small batches of data that stays as it is wait. Other threads may read
    while one trains.

    Args:
        loss: the tracker of the total loss, a mean.
        parts: a tracker for the loss of each output, where there are several.
        metrics: the metrics of `compile`.
        lasting: whether targets stay as they are after the next batch is drawn.
    """

    def __init__(self, loss: Any, parts: list[Any], metrics: CompiledMetrics, lasting: bool) -> None:
        self.loss = loss
        self.parts = parts
        self.metrics = metrics
        self.has_metrics = bool(metrics.entries)
        self.can_wait = lasting and metrics.can_wait
        self.limit = 0  # decided by the first batch
        self.newest: Tensor | None = None  # loss of the newest batch
        self._losses: list[Tensor] = []
        self._part_losses: list[list[Tensor]] = []
        self._rows: list[int] = []
        self._waiting: list[tuple] = []
        self._counts: dict[tuple[int, ...], Tensor] = {}
        self._reading = threading.RLock()  # batches are added without it

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: each has a lock of its own."""
        return {name: value for name, value in self.__dict__.items() if name != "_reading"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _reading=threading.RLock())

    def add(self, loss: Tensor, rows: int, parts: list[Tensor], y: Any, y_pred: Any, weight: Any) -> None:
        """Take a batch in. Nothing is computed unless enough are waiting."""
        self.newest = loss = loss.detach()
        if parts:
            self._part_losses.append([part.detach() for part in parts])
        if self.has_metrics:
            self._waiting.append((y, self._kept(y_pred), weight))
        self._losses.append(loss)
        self._rows.append(rows)  # last: now it is there as a whole
        if len(self._losses) >= (self.limit or self._decide(y, y_pred)):
            self.flush()

    def _kept(self, y_pred: Any) -> Any:
        """Predictions without their graph; with their mask, where they have one."""
        if type(y_pred) is Tensor and not hasattr(y_pred, "_keras_mask"):
            return y_pred.detach()
        return map_leaves(_detached, y_pred)

    def _decide(self, y: Any, y_pred: Any) -> int:
        """How many batches may wait."""
        tensors = [leaf for leaf in (*leaves(y), *leaves(y_pred)) if isinstance(leaf, Tensor)]
        num_bytes = sum(leaf.element_size() * leaf.numel() for leaf in tensors)
        has_mask = any(getattr(leaf, "_keras_mask", None) is not None for leaf in tensors)
        waits = not self.has_metrics or (self.can_wait and not has_mask and num_bytes <= SMALL_BYTES)
        self.limit = MOST_WAITING if waits else 1
        return self.limit

    @torch.no_grad()
    def flush(self) -> None:
        """Bring trackers and metrics up to date."""
        with self._reading:
            losses, rows, parts, waiting = self._taken()
            if losses:
                counts = self._count_tensor(tuple(rows), losses[0].device)
                self.loss.update_state(torch.stack(losses), sample_weight=counts)
                for tracker, values in zip(self.parts, zip(*parts, strict=True), strict=False):
                    tracker.update_state(torch.stack(values), sample_weight=counts)
            for batch in joined(waiting):
                self.metrics.update_state(*batch)

    def _taken(self) -> list[list[Any]]:
        """The batches that are there as a whole, and no longer wait; another thread may be adding one."""
        lists: list[list[Any]] = [self._losses, self._rows, self._part_losses, self._waiting]
        count = len(self._rows)
        taken = [found[:count] for found in lists]
        for found in lists:
            del found[:count]
        return taken

    def _count_tensor(self, rows: tuple[int, ...], device: torch.device) -> Tensor:
        counts = self._counts.get(rows)
        if counts is None:
            counts = torch.tensor(rows, dtype=torch.get_default_dtype(), device=device)
            if len(self._counts) < 8:
                self._counts[rows] = counts
        return counts

    def clear(self) -> None:
        """Forget the batches that wait."""
        with self._reading:
            for found in (self._losses, self._rows, self._part_losses, self._waiting):
                found.clear()
        self.limit = 0


def _detached(y_pred: Tensor) -> Tensor:
    kept = y_pred.detach()
    mask = getattr(y_pred, "_keras_mask", None)
    if mask is not None:
        kept._keras_mask = mask  # type: ignore[attr-defined]
    return kept


def joined(batches: list[tuple]) -> list[tuple]:
    """The batches as one where their shapes allow it, else as they are."""
    if len(batches) < 2:
        return batches
    rows = [list(leaves(batch)) for batch in batches]
    first = rows[0]
    for other in rows[1:]:
        for a, b in zip(first, other, strict=True):
            if a is not b and (a is None or b is None or a.shape[1:] != b.shape[1:]):
                return batches
    return [map_leaves(lambda *parts: None if parts[0] is None else torch.cat(parts), *batches)]

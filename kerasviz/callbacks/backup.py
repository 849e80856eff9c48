"""A training that can be killed: its state is on disk, and the next `fit` goes on from it."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.checkpoints import BatchCounter, FrequencyKind, PathKind
from kerasviz.callbacks.nests import move, read_nest, write_nest
from kerasviz.callbacks.snapshots import misfit, misfit_after_a_step, restore_model, snapshot_of
from kerasviz.callbacks.state import RandomState
from kerasviz.declare import Invalid, arg

STATE = "state.npz"
OLDER = "state.older.npz"
PART = "state.part.npz"
ENDED = "ended"


class BackupAndRestore(Callback):
    """Keeps the state of a training on disk; the same `fit`, run again after it was killed, goes on from there.

    It ends with the weights of a training that was never killed, to the last bit where the device computes the same
    each time. The state has the model's weights, metrics and seeds, the optimizer's variables, Python's, numpy's and
    torch's random numbers, the place in the data, and what the other callbacks know. It is saved after all of them
    have heard of the batch or epoch, wherever this one stands in the list. The history has the epochs since then.

    Arrays, `PyDataset`s and loaders begin the epoch with the random numbers it began with, so that its rows come in
    the same order; batches that were learned from are drawn again and dropped. So are those of a generator, which has
    to yield the same ones in each process. What a model or dataset keeps in Python attributes of its own is not saved.

    Files are written beside their place and renamed; they hold arrays and JSON, and reading them executes nothing.

    Raises:
        Invalid: at the beginning of a training, where the state on disk is damaged or that of another model.
    """

    hears_last = True

    backup_dir: Annotated[str, PathKind()] = arg(doc="Folder for the state; one for each training.")
    save_freq: Annotated[Any, FrequencyKind(off=True)] = arg(
        "epoch", doc="'epoch', or the number of batches between saves; False never saves."
    )
    double_checkpoint: bool = arg(False, doc="Whether the state before the last is kept too, should that be broken.")
    delete_checkpoint: bool = arg(True, doc="Whether the state is deleted when the training has ended.")

    def prepare(self) -> None:
        """Nothing was done yet."""
        self.others: list[Any] = []  # all callbacks of the training
        self._epoch = 0
        self._counter = BatchCounter("epoch")
        self._place: Any = None
        self._begun: dict[str, Any] | None = None  # the state of an epoch that goes on in its middle

    def hears(self, hook: str) -> bool:
        """Batches matter only where it saves by them."""
        return hook != "on_train_batch_end" or self.save_freq not in ("epoch", False)

    def on_train_begin(self, logs: Any = None) -> None:
        """Go on from the state on disk, if there is one; a training that runs already goes on from where it is."""
        self._counter, self._begun = BatchCounter(self.save_freq), None
        if self.joins is not None:
            self._epoch, self._counter.last = self.joins, None
        self._place = getattr(self.model, "_place", bool)() or None
        folder = Path(self.backup_dir)
        found = self._read(folder) if self.joins is None else None
        if found is not None:
            self._go_on(found, was_ended=(folder / ENDED).exists())
        (folder / ENDED).unlink(missing_ok=True)

    def _read(self, folder: Path) -> dict[str, Any] | None:
        """The last state that can be read."""
        problem = None
        for name in (STATE, OLDER):
            if not (folder / name).exists():
                continue
            try:
                return read_nest(folder / name)
            except Invalid as error:
                problem = problem or error
        if problem is not None:
            hint = "Delete the folder to begin anew."
            raise Invalid("BackupAndRestore", "a state that can be read", str(problem), hint) from problem
        return None

    def _go_on(self, state: dict[str, Any], was_ended: bool) -> None:
        place = self._place
        problem = misfit(self.model, state["model"])
        if problem is not None and place is not None:
            problem = misfit_after_a_step(self.model, state["model"], place)
        if problem is not None:
            hint = "Delete the folder to begin anew."
            raise Invalid("BackupAndRestore", f"the model whose state is in {self.backup_dir}", problem, hint)
        is_mid = state["batch"] > 0
        if place is not None:
            place.set_state(state["place"], state["batch"], state["logs"])
        self._restore(state, with_callbacks=not was_ended)
        self._begun = state if is_mid else None
        has_stopped = state["stopped"] and not was_ended
        self.model.first_epoch = (self.params or {}).get("epochs") or state["epoch"] if has_stopped else state["epoch"]

    def _restore(self, state: Mapping[str, Any], with_callbacks: bool = True) -> None:
        restore_model(self.model, state["model"])
        if with_callbacks:
            self._set_callbacks(state["callbacks"])
        self._counter.since, self._counter.last = state["counter"]
        RandomState.from_state(state["random"]).restore()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remember the epoch. Where it goes on in its middle, undo what the hooks of its beginning have done again."""
        self._epoch = epoch
        begun, self._begun = self._begun, None
        if begun is not None:
            self._restore(begun)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save every `save_freq` batches."""
        counter = self._counter
        if counter.every and counter.is_due(batch) and not self.model.stop_training:
            self._save(self._epoch, batch + 1, dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save after each epoch."""
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0, {})

    def on_train_end(self, logs: Any = None) -> None:
        """The training has ended: nothing is left to go on from."""
        folder = Path(self.backup_dir)
        if self.delete_checkpoint:
            for name in (PART, OLDER, STATE, ENDED):
                (folder / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty: somebody else's files
                folder.rmdir()
        elif (folder / STATE).exists():
            (folder / ENDED).touch()
        self._place = None

    def close(self) -> None:
        """Let go of the data."""
        self._place = None

    def _save(self, epoch: int, batch: int, logs: Mapping[str, Any]) -> None:
        place = self._place
        if place is not None and not place.is_known(batch > 0):
            return
        folder = Path(self.backup_dir)
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "epoch": epoch,
            "batch": batch,
            "counter": [self._counter.since, self._counter.last],
            "logs": logs,
            "stopped": bool(self.model.stop_training),
            "model": snapshot_of(self.model),
            "callbacks": self._get_callbacks(),
            "place": [] if place is None else place.get_state(),
            "random": RandomState().get_state(),
        }
        try:
            write_nest(folder / PART, state)
            if self.double_checkpoint and (folder / STATE).exists():
                move(folder / STATE, folder / OLDER)
            move(folder / PART, folder / STATE)
        finally:
            (folder / PART).unlink(missing_ok=True)  # half a file on a full disk

    def _get_callbacks(self) -> list[Any]:
        """What the other callbacks know, each with the name of its class."""
        known = [(type(callback).__name__, state) for callback, state in self._states()]
        return [list(pair) for pair in known if pair[1] is not None]

    def _states(self) -> list[tuple[Any, Any]]:
        others = [callback for callback in self.others if hasattr(callback, "get_state") and callback is not self]
        return [(callback, callback.get_state()) for callback in others]

    def _set_callbacks(self, known: list[Any]) -> None:
        """Give each state to the next callback of its class."""
        waiting = list(known)
        for callback in self.others:
            mine = next((pair for pair in waiting if pair[0] == type(callback).__name__), None)
            if mine is not None and hasattr(callback, "set_state") and callback is not self:
                waiting.remove(mine)
                callback.set_state(mine[1])

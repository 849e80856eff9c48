"""Callbacks that keep a model on disk while it trains."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from kerasviz.callbacks.monitor import MonitorCallback
from kerasviz.callbacks.nests import move
from kerasviz.declare import Invalid, Kind, arg
from kerasviz.saving.files import folder_in

BY_EPOCHS, BY_BATCHES = ("on_epoch_end",), ("on_epoch_begin", "on_train_batch_end")  # hooks of a save_freq


class PathKind(Kind):
    """The path of a file or folder."""

    def parse(self, value: Any, where: str = "") -> str:
        """The path as text."""
        if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
            self.reject(where, "a path", value)
        return str(os.fspath(value))

    def samples(self) -> list[Any]:
        """One that any checkpoint takes."""
        return ["model.weights.h5", "model.keras"]


class FrequencyKind(Kind):
    """'epoch', or a number of batches; False for never, where that may be."""

    def __init__(self, off: bool = False) -> None:
        super().__init__()
        self.off = off

    def parse(self, value: Any, where: str = "") -> str | int:
        """The frequency, checked."""
        if self.off and (value is False or value == "False"):
            return False
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if isinstance(value, str) and value.isdigit():
            return int(value)  # typed into a form
        return value if whole or value == "epoch" else self.reject(where, "'epoch' or a number of batches", value)

    def samples(self) -> list[Any]:
        """Both forms."""
        return ["epoch", 100]


class BatchCounter:
    """Counts batches, and says when a number of them has come.

    Args:
        every: that number; "epoch" or False for never.
    """

    def __init__(self, every: Any) -> None:
        self.every = 0 if every == "epoch" else int(every)
        self.since = 0
        self.last: int | None = -1  # None where nobody knows: the next one counts as one
        self.total = 0

    def is_due(self, batch: int) -> bool:
        """Whether it is time. Several batches may have passed since the last call, as `steps_per_execution` says."""
        last = batch - 1 if self.last is None else self.last
        passed = batch - last if batch > last else batch + 1
        self.since += passed
        self.total += passed
        self.last = batch
        if not self.every or self.since < self.every:
            return False
        self.since = 0
        return True


class Keeper(MonitorCallback):
    """What callbacks share that keep the model, or the best one, every epoch or every so many batches."""

    save_freq: Any
    save_best_only: bool
    initial_value_threshold: float | None
    verbose: int

    def prepare(self) -> None:
        """Start from nothing."""
        self.best = None
        self._epoch = 0
        self._counter = BatchCounter("epoch")

    def check(self) -> None:
        """Know what to be better than."""
        self.best = self.initial_value_threshold
        self._counter = BatchCounter(self.save_freq)

    def needs_monitor(self) -> bool:
        """Only where the best is kept."""
        return self.save_best_only

    def hears(self, hook: str) -> bool:
        """Either the ends of epochs matter, or those of batches."""
        return hook not in (BY_BATCHES if self.save_freq == "epoch" else BY_EPOCHS)

    def get_state(self) -> dict[str, Any]:
        """The best value, and the batches since the last save."""
        return {"best": self.best, "since": self._counter.since, "last": self._counter.last}

    def set_state(self, state: Any) -> None:
        """Go on from there."""
        self.best, self._counter.since = state["best"], state["since"]
        self._counter.last = state["last"] if self.joins is None else None  # batches have passed meanwhile

    def on_train_begin(self, logs: Any = None) -> None:
        """Find out where a training is that runs already."""
        if self.joins is not None:
            self._epoch, self._counter.last = self.joins, None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remember the epoch for the file's name."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save every `save_freq` batches."""
        if self._counter.every and self._counter.is_due(batch):
            self._save_if_due(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save each epoch."""
        if self.save_freq == "epoch":
            self._save_if_due(epoch, None, logs)

    def _save_if_due(self, epoch: int, batch: int | None, logs: Any) -> None:
        name = f"Epoch {epoch + 1}"
        if not self.save_best_only:
            self._save(name, name, epoch, batch, logs)
            return
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if not self.is_better(value, self.best):
            self._tell(f"{name}: {self.monitor} did not improve from {shown(self.best)}")
            return
        how = f"{name}: {self.monitor} improved from {shown(self.best)} to {value:.5f}"
        self._save(name, how, epoch, batch, logs)
        self.best = value  # a save that failed was none

    def _save(self, name: str, how: str, epoch: int, batch: int | None, logs: Any) -> None:
        raise NotImplementedError

    def _tell(self, text: str) -> None:
        if self.verbose:
            print(f"\n{text}")


def shown(value: float | None) -> str:
    """A best value, as messages have it."""
    return "None" if value is None else f"{value:.5f}"


class ModelCheckpoint(Keeper):
    """Saves the model, or its weights, after each epoch or every so many batches.

    The file's name may have `{epoch}` (counted from 1), `{batch}` and any value of the logs in it, such as
    `"{epoch:02d}-{val_loss:.2f}.keras"`. A file is complete or not there: it is written beside its place and renamed.

    Raises:
        Invalid: where the path does not end as what is saved, or names a value that the logs lack.
    """

    filepath: Annotated[str, PathKind()] = arg(doc="Where to save; ends in .keras, or .weights.h5 for weights only.")
    monitor: str = arg("val_loss", doc="Name of the watched value, where only the best is saved.")
    verbose: int = arg(0, at_least=0, at_most=1, doc="1 prints each save.")
    save_best_only: bool = arg(False, doc="Whether to save only when the watched value got better.")
    save_weights_only: bool = arg(False, doc="Whether to save only the weights.")
    mode: Literal["auto", "min", "max"] = arg("auto", doc="Whether less or more is better; 'auto' goes by the name.")
    save_freq: Annotated[Any, FrequencyKind()] = arg("epoch", doc="'epoch', or the number of batches between saves.")
    initial_value_threshold: float | None = arg(None, doc="The watched value has to be better than this at first.")

    def prepare(self) -> None:
        """Start from nothing."""
        super().prepare()
        self.saved_path: str | None = None  # of the last save

    def check(self) -> None:
        """Compare the file's ending with what is saved."""
        super().check()
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            hint = "" if self.save_weights_only else "Pass save_weights_only=True to save only the weights."
            raise Invalid("ModelCheckpoint(filepath=...)", f"a path ending in {endings[0]}", self.filepath, hint)

    def _save(self, name: str, how: str, epoch: int, batch: int | None, logs: Any) -> None:
        path = self._path(epoch, batch, logs)
        self._tell(f"{how}{':' if how == name else ','} saving model to {path}")
        self._write(path)
        self._tell(f"{name}: finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: Any) -> str:
        known = {**(logs or {}), "epoch": epoch + 1} | ({} if batch is None else {"batch": batch + 1})
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            expected = f"only names of the logs in it: {', '.join(sorted(known))}"
            raise Invalid("ModelCheckpoint(filepath=...)", expected, self.filepath) from error

    def _write(self, path: str) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        suffix = ".weights.h5" if self.save_weights_only else target.suffix
        with folder_in(target.parent) as folder:
            part = folder / f"{target.name.removesuffix(suffix)}{suffix}"
            if self.save_weights_only:
                self.model.save_weights(str(part), overwrite=True)
            else:
                self.model.save(str(part), overwrite=True)
            move(part, target)
        self.saved_path = str(target)

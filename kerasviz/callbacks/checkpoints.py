"""Callbacks that keep a model on disk while it trains."""

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from kerasviz.callbacks.monitor import MonitorCallback
from kerasviz.declare import Invalid, Kind, arg


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
    """'epoch', or a number of batches."""

    def parse(self, value: Any, where: str = "") -> str | int:
        """The frequency, checked."""
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if isinstance(value, str) and value.isdigit():
            return int(value)  # typed into a form
        return value if whole or value == "epoch" else self.reject(where, "'epoch' or a number of batches", value)

    def samples(self) -> list[Any]:
        """Both forms."""
        return ["epoch", 100]


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after each epoch or every so many batches.

    The file's name may have `{epoch}` (counted from 1), `{batch}` and any value of the logs in it, such as
    `"{epoch:02d}-{val_loss:.2f}.keras"`. A file is complete or not there: it is written beside its place and renamed.
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
        self.best = None
        self.saved_path: str | None = None  # of the last save
        self._epoch = 0
        self._batches = 0

    def check(self) -> None:
        """Compare the file's ending with what is saved."""
        self.best = self.initial_value_threshold
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            hint = "" if self.save_weights_only else "Pass save_weights_only=True to save only the weights."
            raise Invalid("ModelCheckpoint(filepath=...)", f"a path ending in {endings[0]}", self.filepath, hint)

    def needs_monitor(self) -> bool:
        """Only where the best is kept."""
        return self.save_best_only

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remember the epoch for the file's name."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save every `save_freq` batches."""
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save_if_due(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save each epoch."""
        if self.save_freq == "epoch":
            self._save_if_due(epoch, None, logs)

    def _save_if_due(self, epoch: int, batch: int | None, logs: Any) -> None:
        where = f"Epoch {epoch + 1}: " if batch is None else f"Epoch {epoch + 1}, batch {batch + 1}: "
        if self.save_best_only:
            value = self.get_monitor_value(logs)
            if value is None:
                return
            if not self.is_better(value, self.best):
                self._tell(f"{where}{self.monitor} did not improve from {self.best:.5f}")
                return
            before = "inf" if self.best is None else f"{self.best:.5f}"
            self._tell(f"{where}{self.monitor} improved from {before} to {value:.5f}")
            self.best = value
        path = self._path(epoch, batch, logs)
        self._tell(f"{where}saving model to {path}")
        self._write(path)

    def _tell(self, text: str) -> None:
        if self.verbose:
            print(f"\n{text}")

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
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".saving-") as folder:
            part = Path(folder) / f"{target.name.removesuffix(suffix)}{suffix}"
            if self.save_weights_only:
                self.model.save_weights(str(part), overwrite=True)
            else:
                self.model.save(str(part), overwrite=True)
            part.replace(target)
        self.saved_path = str(target)

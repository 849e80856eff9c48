"""Callbacks that write down what happened: in memory, in a file, through functions of yours."""

import csv
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from kerasviz.callbacks.base import HOOKS, Callback
from kerasviz.callbacks.checkpoints import PathKind
from kerasviz.callbacks.progress import ProgbarLogger
from kerasviz.declare import Invalid, arg, did_you_mean

__all__ = ["CSVLogger", "History", "LambdaCallback", "ProgbarLogger"]


class History(Callback):
    """Keeps the logs of every epoch: `history["loss"]` is a list, `epoch` has the epochs' numbers."""

    def prepare(self) -> None:
        """Start from nothing."""
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin a new list of epochs; go on with the old one in a training that runs already."""
        if self.joins is None:
            self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class CSVLogger(Callback):
    """Writes a row of a CSV file after each epoch: its number, then the logs by name.

    The columns are those of the first epoch, and one for the validation of each value, should a later epoch have one.
    A value that an epoch lacks is NA; several values are written as a list in quotes.
    """

    filename: Annotated[str, PathKind()] = arg(doc="The file to write.")
    separator: str = arg(",", doc="Between two values.")
    append: bool = arg(False, doc="Whether to go on in a file that is there.")

    def prepare(self) -> None:
        """No file is open yet."""
        self._file: Any = None
        self._has_header = False
        self.keys: list[str] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the file."""
        self._open("a" if self.append else "w")

    def _open(self, mode: str) -> Any:
        """The file, opened."""
        from pathlib import Path

        self.close()
        self.keys = None
        path = Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._has_header = mode == "a" and path.exists() and path.stat().st_size > 0
        self._file = path.open(mode, encoding="utf-8", newline="")
        return self._file

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the epoch's row; a value that an epoch lacks is NA."""
        logs = logs or {}
        file = self._file or self._open("a" if self.append else "w")
        keys = self.keys = self._columns(logs) if self.keys is None else self.keys
        writer = csv.DictWriter(file, ["epoch", *keys], delimiter=self.separator, extrasaction="ignore")
        if not self._has_header:
            writer.writeheader()
            self._has_header = True
        writer.writerow({"epoch": epoch} | {key: cell(logs.get(key, "NA")) for key in keys})
        file.flush()

    def _columns(self, logs: Any) -> list[str]:
        """The names of the first epoch's values, and those of a validation that comes in a later epoch."""
        names = sorted(logs)
        return names if any(name.startswith("val_") for name in names) else [*names, *(f"val_{n}" for n in names)]

    def on_train_end(self, logs: Any = None) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def get_state(self) -> dict[str, Any]:
        """The columns, what stands in the file, and what separates values there."""
        from pathlib import Path

        path = Path(self.filename)
        has_rows = self.keys is not None and path.exists()
        text = path.read_bytes().decode() if has_rows else ""
        return {"keys": self.keys, "text": text, "separator": self.separator}

    def set_state(self, state: Any) -> None:
        """Go on in a file that has what it had then: no row is lost, and none is there twice."""
        if state["keys"] is not None:
            text, file, before = state["text"], self._open("w"), state.get("separator", self.separator)
            if before == self.separator:
                file.write(text)
            else:
                rows = csv.reader(text.splitlines(keepends=True), delimiter=before)
                csv.writer(file, delimiter=self.separator).writerows(rows)
            file.flush()
            self.keys, self._has_header = list(state["keys"]), True


def cell(value: Any) -> Any:
    """A value as it stands in a row; of an array or list, all values in brackets."""
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'


class LambdaCallback(Callback):
    """Calls functions of yours; each argument is named after the hook it takes the place of.

    Args:
        on_epoch_begin: `f(epoch, logs)`.
        on_epoch_end: `f(epoch, logs)`.
        on_train_begin: `f(logs)`.
        on_train_end: `f(logs)`.
        on_train_batch_begin: `f(batch, logs)`.
        on_train_batch_end: `f(batch, logs)`.
        kwargs: any other hook by its name.
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **kwargs: Any,
    ) -> None:
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        known = (*HOOKS, "on_batch_begin", "on_batch_end")
        for name, function in given.items():
            if name not in known:
                raise Invalid("LambdaCallback", "the name of a hook", name, did_you_mean(name, known))
            if function is not None:
                setattr(self, name, function)

"""Checkpoints in a folder, written in the background."""

import io
import threading
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal

from kerasviz.callbacks.checkpoints import FrequencyKind, Keeper, PathKind
from kerasviz.declare import Invalid, arg
from kerasviz.saving.archive import WEIGHTS, texts_of
from kerasviz.saving.assets import collect_assets
from kerasviz.saving.checkpoints import write_checkpoint
from kerasviz.saving.config import serialize_keras_object
from kerasviz.saving.hdf5_writing import hdf5_in
from kerasviz.saving.weights import write_weights


class OrbaxCheckpoint(Keeper):
    """Keeps the newest checkpoints of a model in a folder, or the best; they are written while the training goes on.

    A checkpoint is a folder named after its step, which is the epoch, counted from 0, or the number of batches that
    were learned from: `directory/3`. It has the files of a `.keras` archive, unpacked; with `save_weights_only` those
    of the weights alone, the optimizer's among them. `load_model(directory)` and `model.load_weights(directory)` read
    the newest, and `directory/3` is read as well. A training goes on from the checkpoint of epoch 3 with
    `load_model(directory).fit(..., initial_epoch=4)`. A checkpoint has neither random numbers of Python, numpy
    and torch nor a place in the data: shuffled rows of the epochs to come have another order than in a training that
    was never left. `BackupAndRestore` keeps that order, also in mid-epoch.

    Not as in Keras: Orbax is not needed, and its own format neither written nor read. The files are HDF5 and JSON,
    which execute nothing. They are written beside their place and renamed: each checkpoint is whole, also after a kill
    or on a full disk, and older ones go only then. A step that is there already is replaced, and is the newest then. Of
    several processes of `torch.distributed` the first one writes, and no other waits.

    A save copies what it writes, so that the next step may change it: as much host memory as the checkpoint has bytes.
    What goes wrong in the background is raised by the next save, by `wait_until_finished` and when the training ends.

    Raises:
        Invalid: when a training begins, where `directory` is a file; at a save, where it has something of other kind
            under the step's name.
    """

    directory: Annotated[str, PathKind()] = arg(doc="Folder for the checkpoints.")
    monitor: str = arg("val_loss", doc="Name of the value that `save_best_only` goes by.")
    verbose: int = arg(0, at_least=0, at_most=1, doc="1 prints each save.")
    save_best_only: bool = arg(False, doc="Whether to save only when the watched value is better than ever.")
    mode: Literal["auto", "min", "max"] = arg("auto", doc="Whether less or more is better; 'auto' goes by the name.")
    save_freq: Annotated[Any, FrequencyKind()] = arg("epoch", doc="'epoch', or the number of batches between saves.")
    initial_value_threshold: float | None = arg(None, doc="The watched value has to be better than this at first.")
    max_to_keep: int | None = arg(1, at_least=1, doc="How many of the newest checkpoints stay; None for all.")
    save_on_background: bool = arg(True, doc="Whether the training goes on while a checkpoint is written.")
    save_weights_only: bool = arg(False, doc="Whether to save only the weights.")

    def prepare(self) -> None:
        """Nothing is being written."""
        super().prepare()
        self._writer: threading.Thread | None = None
        self._error: BaseException | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Count batches from here; refuse what is no folder."""
        super().on_train_begin(logs)
        self._counter.total = 0
        if Path(self.directory).exists() and not Path(self.directory).is_dir():
            raise Invalid("OrbaxCheckpoint(directory=...)", "a folder", f"a file: {self.directory}")

    def on_train_end(self, logs: Any = None) -> None:
        """Wait for the last save."""
        self.wait_until_finished()

    def close(self) -> None:
        """Wait for the last save; what went wrong in it is warned of."""
        try:
            self.wait_until_finished()
        except Exception as error:  # of any kind: the training has failed already, or goes on without this
            warnings.warn(f"OrbaxCheckpoint could not save: {error}", stacklevel=2)

    def wait_until_finished(self) -> None:
        """Return when nothing is being written any more.

        Raises:
            OSError: or whatever went wrong in the background.
        """
        if self._writer is not None:
            self._writer.join()
            self._writer = None
        error, self._error = self._error, None
        if error is not None:
            raise error

    def is_multihost_enabled(self) -> bool:
        """Whether several processes train together."""
        from torch import distributed

        return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1

    def is_primary_host(self) -> bool:
        """Whether this is the process that writes."""
        from torch import distributed

        return not self.is_multihost_enabled() or distributed.get_rank() == 0

    def get_state(self) -> dict[str, Any]:
        """The best value, and the batches so far."""
        return {**super().get_state(), "total": self._counter.total}

    def set_state(self, state: Any) -> None:
        """Go on from there."""
        super().set_state(state)
        self._counter.total = state["total"]

    def _save(self, name: str, how: str, epoch: int, batch: int | None, logs: Any) -> None:
        self.wait_until_finished()
        if not self.is_primary_host():
            return
        step = epoch if batch is None else self._counter.total
        self._tell(f"{how}{':' if how == name else ','} saving model to {Path(self.directory) / str(step)}")
        files = self._files()
        if not self.save_on_background:
            write_checkpoint(self.directory, step, files, self.max_to_keep)
            return
        self._writer = threading.Thread(target=self._write, args=(step, files), name="OrbaxCheckpoint")
        self._writer.start()

    def _files(self) -> dict[str, bytes]:
        """All files as they are now."""
        weights = io.BytesIO()
        with hdf5_in(weights) as file:
            write_weights(self.model, file)
        files = {WEIGHTS: weights.getvalue()}
        if not self.save_weights_only:
            texts = texts_of(serialize_keras_object(self.model))
            files |= {**{name: text.encode() for name, text in texts.items()}, **collect_assets(self.model)}
        return files

    def _write(self, step: int, files: dict[str, bytes]) -> None:
        try:
            write_checkpoint(self.directory, step, files, self.max_to_keep)
        except BaseException as error:
            self._error = error

"""A training that can be killed: its state is on disk, and the next `fit` goes on from it."""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.checkpoints import FrequencyKind, PathKind
from kerasviz.declare import Invalid, arg

STATE = "state.npz"
OLDER = "state.older.npz"


class BackupAndRestore(Callback):
    """Keeps weights, optimizer state and the epoch's number on disk; a `fit` that finds them goes on from there."""

    backup_dir: Annotated[str, PathKind()] = arg(doc="Folder for the state; one for each training.")
    save_freq: Annotated[Any, FrequencyKind()] = arg("epoch", doc="'epoch', or the number of batches between saves.")
    double_checkpoint: bool = arg(False, doc="Whether the state before the last is kept too, should that be broken.")
    delete_checkpoint: bool = arg(True, doc="Whether the folder is deleted when the training has ended.")

    def prepare(self) -> None:
        """Nothing was done yet."""
        self._epoch = 0
        self._batches = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Go on from the state on disk, if there is one."""
        for name in (STATE, OLDER) if self.double_checkpoint else (STATE,):
            path = Path(self.backup_dir) / name
            if path.exists():
                try:
                    self._restore(path)
                except (OSError, ValueError, KeyError) as error:
                    if name == OLDER or not self.double_checkpoint:
                        hint = "Delete the folder to begin anew."
                        raise Invalid("BackupAndRestore", "a state of this model", str(path), hint) from error
                    continue
                return

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Save every `save_freq` batches; a restored training begins that epoch anew."""
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % self.save_freq == 0:
                self._save(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save after each epoch."""
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """The training has ended: nothing is left to go on from."""
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)

    def _variables(self) -> list[Any]:
        optimizer = getattr(self.model, "optimizer", None)
        return [*self.model.weights, *(getattr(optimizer, "variables", None) or ())]

    def _save(self, epoch: int) -> None:
        folder = Path(self.backup_dir)
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {str(index): v.detach().cpu().numpy() for index, v in enumerate(self._variables())}
        part = folder / "state.part.npz"
        np.savez(part, about=np.array(json.dumps({"epoch": epoch})), **arrays)
        if self.double_checkpoint and (folder / STATE).exists():
            (folder / STATE).replace(folder / OLDER)
        part.replace(folder / STATE)

    def _restore(self, path: Path) -> None:
        variables = self._variables()
        with np.load(path, allow_pickle=False) as state:
            about = json.loads(str(state["about"]))
            arrays = [state[str(index)] for index in range(len(variables))]
        if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
            raise ValueError("shapes")
        for variable, array in zip(variables, arrays, strict=True):
            if not np.array_equal(variable.detach().cpu().numpy(), array):  # the rate is more exact than its variable
                variable.assign(array)
        self.model.first_epoch = about["epoch"]

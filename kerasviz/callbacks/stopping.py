"""Callbacks that end a training."""

import math
from typing import Any, Literal

import torch

from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.monitor import MonitorCallback
from kerasviz.declare import arg

KNOWN = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")


class EarlyStopping(MonitorCallback):
    """Ends the training once a value has stopped getting better."""

    monitor: str = arg("val_loss", doc="Name of the watched value in the logs.")
    min_delta: float = arg(0, doc="A change smaller than this is no improvement.")
    patience: int = arg(0, at_least=0, doc="Epochs without improvement before the training ends.")
    verbose: int = arg(0, at_least=0, at_most=1, doc="1 prints when it ends the training.")
    mode: Literal["auto", "min", "max"] = arg("auto", doc="Whether less or more is better; 'auto' goes by the name.")
    baseline: float | None = arg(None, doc="Only values better than this count as improvement.")
    restore_best_weights: bool = arg(False, doc="Whether the model gets the weights of its best epoch back.")
    start_from_epoch: int = arg(0, at_least=0, doc="Epochs before this one are not watched.")

    def prepare(self) -> None:
        """Start from nothing."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[torch.Tensor] | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget the last training."""
        self.prepare()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compare, and end the training when patience is over."""
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)  # something to go back to, should nothing ever improve
        self.wait += 1
        if self.is_better(value, self.best):
            self.best = value
            if self.restore_best_weights:
                self._keep(epoch)
            self.best_epoch = epoch
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """Give the best weights back."""
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is None:
            return
        if self.verbose:
            print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
        put(self.model.weights, self.best_weights)

    def get_state(self) -> dict[str, Any]:
        """All it has seen so far, the best weights too."""
        return {name: getattr(self, name) for name in KNOWN}

    def set_state(self, state: Any) -> None:
        """Go on from there; the best weights are where the model's are."""
        for name in KNOWN:
            setattr(self, name, state[name])
        if self.best_weights is not None:
            self.best_weights = [k.to(w.device) for k, w in zip(self.best_weights, self.model.weights, strict=True)]

    def _keep(self, epoch: int) -> None:
        """Copy the weights, on their device; into the last copy, where there is one."""
        self.best_epoch = epoch
        if self.best_weights is None:
            self.best_weights = [weight.detach().clone() for weight in self.model.weights]
        else:
            put(self.best_weights, self.model.weights)


def put(targets: Any, values: Any) -> None:
    """Copy values into tensors."""
    with torch.no_grad():
        for target, value in zip(targets, values, strict=True):
            target.copy_(value)


class TerminateOnNaN(Callback):
    """Ends the training when the loss is not a number, or infinite."""

    raise_error: bool = arg(False, doc="Whether to raise a RuntimeError instead of ending quietly.")

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the loss."""
        newest = getattr(logs, "newest_loss", None)
        loss = newest() if newest is not None else (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            what = f"Loss value: {loss}. Terminating training immediately."
            raise RuntimeError(f"NaN or Inf loss encountered at batch {batch}. {what}")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True

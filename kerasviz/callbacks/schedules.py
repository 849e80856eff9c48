"""Callbacks that change the learning rate."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.formula import Formula
from kerasviz.callbacks.monitor import MonitorCallback
from kerasviz.declare import Invalid, arg, deserialize
from kerasviz.declare.kinds import FunctionKind


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a value has stopped getting better."""

    monitor: str = arg("val_loss", doc="Name of the watched value in the logs.")
    factor: float = arg(0.1, at_least=0, below=1, doc="The learning rate is multiplied by this.")
    patience: int = arg(10, at_least=0, doc="Epochs without improvement before it is lowered.")
    verbose: int = arg(0, at_least=0, at_most=1, doc="1 prints when it is lowered.")
    mode: Literal["auto", "min", "max"] = arg("auto", doc="Whether less or more is better; 'auto' goes by the name.")
    min_delta: float = arg(0.0001, doc="A change smaller than this is no improvement.")
    cooldown: int = arg(0, at_least=0, doc="Epochs after a change in which nothing is counted.")
    min_lr: float = arg(0.0, at_least=0, doc="The learning rate is never lowered below this.")

    def prepare(self) -> None:
        """Start from nothing."""
        self.wait = 0
        self.cooldown_counter = 0
        self.best = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget the last training; refuse an optimizer without a rate."""
        self.prepare()
        learning_rate(self.model, "ReduceLROnPlateau")

    def get_state(self) -> dict[str, Any]:
        """What it has seen so far."""
        return {"wait": self.wait, "cooldown_counter": self.cooldown_counter, "best": self.best}

    def set_state(self, state: Any) -> None:
        """Go on from there."""
        self.wait, self.cooldown_counter, self.best = state["wait"], state["cooldown_counter"], state["best"]

    def in_cooldown(self) -> bool:
        """Whether a change was made so lately that nothing is counted."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compare, and lower the rate when patience is over."""
        logs = {} if logs is None else logs
        logs["learning_rate"] = rate = learning_rate(self.model, "ReduceLROnPlateau")
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self._lower(epoch, rate)

    def _lower(self, epoch: int, rate: float) -> None:
        rate = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0


class ScheduleKind(FunctionKind):
    """A function of the epoch and the rate so far, a learning rate schedule, or a formula: "lr * 0.95 ** epoch"."""

    def parse(self, value: Any, where: str = "") -> Any:
        """The function."""
        if isinstance(value, str):
            return Formula(value, where)
        if isinstance(value, Mapping) and value.get("class_name") != "function":
            return deserialize(value)
        return super().parse(value, where)

    def to_config(self, value: Any) -> Any:
        """The formula's text, or the config of the function or schedule."""
        return value.text if isinstance(value, Formula) else super().to_config(value)

    def to_source(self, value: Any) -> str:
        """The Python that makes it; plain Keras understands it too."""
        if hasattr(value, "source"):
            return value.source()
        return super().to_source(value)

    def samples(self) -> list[Any]:
        """A formula of each form."""
        return ["lr * 0.95 ** epoch", "0.01 if epoch < 10 else 0.001"]


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch, by a function of yours.

    `schedule(epoch, learning_rate)` or `schedule(epoch)` returns the new rate.
    """

    schedule: Annotated[Callable, ScheduleKind()] = arg(doc="Function of the epoch and the rate so far: the new rate.")
    verbose: int = arg(0, at_least=0, at_most=1, doc="1 prints each rate.")

    def check(self) -> None:
        """Find out whether the function wants the rate so far."""
        try:
            inspect.signature(self.schedule).bind(0, 0.001)
        except TypeError:
            self._takes_rate = False
        except ValueError:  # a builtin without a signature
            self._takes_rate = True
        else:
            self._takes_rate = True

    def on_train_begin(self, logs: Any = None) -> None:
        """Refuse an optimizer without a rate."""
        learning_rate(self.model, "LearningRateScheduler")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the rate of this epoch."""
        before = learning_rate(self.model, "LearningRateScheduler")
        rate = self.schedule(epoch, before) if self._takes_rate else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError) as error:
            raise Invalid("LearningRateScheduler(schedule=...)", "a function that returns a number", rate) from error
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = learning_rate(self.model, "LearningRateScheduler")


def learning_rate(model: Any, where: str) -> float:
    """The rate of the model's optimizer, as a number."""
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    if rate is None:
        raise Invalid(where, "an optimizer with a `learning_rate`", getattr(model, "optimizer", None))
    return float(rate)

"""Callback: what all of them are, and which of their hooks have work."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from kerasviz import events
from kerasviz.declare import Component
from kerasviz.events import Event

HOOKS = tuple(event.hook for event in vars(events).values() if isinstance(event, type) and event.__base__ is Event)
ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class Callback(Component):
    """Looks on while a model trains, is tested or predicts. Override the hooks you need.

    A hook is named after its event and is told where it is, and the logs: `on_train_batch_end(batch, logs)`. Hooks
    that are not overridden are never called. Logs read like a dict of floats and cost nothing until they are read.
    Setting `self.model.stop_training = True` ends the training.
    """

    params: Any = None
    _model: Any = None
    joins: int | None = None  # number of the epoch, while it begins or goes on in a training that runs already
    hears_last: ClassVar[bool] = False  # its hooks are called after those of the callbacks behind it

    @property
    def model(self) -> Any:
        """The model that is trained."""
        return self._model

    def set_model(self, model: Any) -> None:
        """Called before anything else with the model."""
        self._model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Called with `verbose`, `epochs` and `steps`."""
        self.params = params

    def close(self) -> None:
        """Let go of files and connections; called when it is taken off a running training, or when that fails."""

    def hears(self, hook: str) -> bool:
        """Whether its own method for a hook has anything to do, with the arguments it has; else it is never called.

        Asked once for each hook that its class overrides, when the callbacks of a training are put together. A class
        derived from it that overrides the hook again is always called.
        """
        return True

    def get_state(self) -> Any:
        """What it knows of the training so far, for `BackupAndRestore`; None for nothing.

        Dicts, lists, tuples, numbers, text, None, tensors and arrays.
        """
        return None

    def set_state(self, state: Any) -> None:
        """Go on from what `get_state` gave; called after `on_train_begin`, and where an epoch goes on in its middle."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Old name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch is learned from."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch was learned from; `logs` are means over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After an epoch and its validation; entries added to `logs` are in the history too."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """After the last epoch."""

    def on_test_begin(self, logs: Any = None) -> None:
        """Before an evaluation or an epoch's validation."""

    def on_test_end(self, logs: Any = None) -> None:
        """After an evaluation or an epoch's validation."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch is evaluated."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch was evaluated."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Before the first batch is predicted."""

    def on_predict_end(self, logs: Any = None) -> None:
        """After the last batch was predicted."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch is predicted."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch was predicted; `logs["outputs"]` is what came out."""


def overridden(callback: Any, hook: str) -> Callable | None:
    """The callback's method for `hook`; None where it only has the one that does nothing."""
    for name in (hook, ALIASES.get(hook, hook)):
        method = getattr(callback, name, None)
        if method is not None and getattr(method, "__func__", method) is not getattr(Callback, name):
            return method if has_work(callback, name) else None
    return None


def has_work(callback: Any, hook: str) -> bool:
    """Whether `hook` has to be called, as far as the class knows that wrote it."""
    by_class, by_hook = (next((c for c in type(callback).__mro__ if n in vars(c)), None) for n in ("hears", hook))
    if by_class in (None, Callback) or by_hook is None or not issubclass(by_class, by_hook):
        return True
    return bool(callback.hears(hook))

"""The list that hands events on to callbacks, and lets them come and go while a training runs."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from kerasviz.callbacks.base import ALIASES, HOOKS, Callback, overridden
from kerasviz.declare import Invalid
from kerasviz.events import Event


class CallbackList(Callback):
    """Callbacks as one. Callbacks may be appended and removed while a training runs.

    Args:
        callbacks: the callbacks, in the order they are called.
        add_history: whether to add a `History` if there is none.
        add_progbar: whether to add a `ProgbarLogger` if there is none.
        model: the model that all of them look at.
        params: what all of them are told: `verbose`, `epochs`, `steps`.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        from kerasviz.callbacks.logs import History, ProgbarLogger

        given = list(flatten(callbacks))
        flat = [*given]
        if add_history and not any(isinstance(callback, History) for callback in flat):
            flat.append(History())
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in flat):
            flat.append(ProgbarLogger())  # the last: it shows what the others added to the logs
        self.callbacks: list[Any] = flat
        self.in_training = False
        self._epoch = 0
        self._added = flat[len(given) :]
        self._left: dict[int, tuple[Any, Any, list[Any]]] = {}  # taken off: what each knew, and who is behind it
        self._bound: dict[str, tuple[Callable, ...]] = {}
        self._bind()
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    def _bind(self) -> None:
        ordered = sorted(self.callbacks, key=lambda callback: bool(getattr(callback, "hears_last", False)))
        found = {hook: [overridden(callback, hook) for callback in ordered] for hook in HOOKS}
        bound = {hook: tuple(method for method in methods if method) for hook, methods in found.items()}
        bound["on_train_begin"] = (self._mark_begin, *bound["on_train_begin"])
        bound["on_epoch_begin"] = (self._mark_epoch, *bound["on_epoch_begin"])
        bound["on_train_end"] = (self._mark_end, *bound["on_train_end"])
        self._bound = bound  # replaced as a whole: another thread may be reading
        for callback in ordered:
            if getattr(callback, "hears_last", False):
                callback.others = self.callbacks

    def _mark_begin(self, logs: Any = None) -> None:
        self.in_training = True
        self._left = {}

    def _mark_epoch(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def _mark_end(self, logs: Any = None) -> None:
        self.in_training = False
        self._left = {}

    def listens(self, hook: str) -> bool:
        """Whether anybody overrides `hook`."""
        return bool(self._bound[hook])

    @property
    def history(self) -> Any:
        """The first `History` among them."""
        from kerasviz.callbacks.logs import History

        return next((callback for callback in self.callbacks if isinstance(callback, History)), None)

    def append(self, callback: Any) -> None:
        """Add a callback; in a running training it begins at once, or goes on where it was taken off."""
        if self.params is not None and hasattr(callback, "set_params"):
            callback.set_params(self.params)
        if self._model is not None:
            callback.set_model(self._model)
        behind = self._join(callback) if self.in_training else []
        places = (place for place, one in enumerate(self.callbacks) if any(one is other for other in behind))
        self.callbacks.insert(next(places, len(self.callbacks)), callback)
        self._bind()

    def _join(self, callback: Any) -> list[Any]:
        """Let it begin, or go on, in a training that runs already. One that cannot is closed.

        Returns:
            Those that stand behind it: as before; behind a new one History and bar, which show what it adds to logs.
        """
        callback.joins = self._epoch
        try:
            if begin := overridden(callback, "on_train_begin"):
                begin({})
            _, known, behind = self._left.pop(id(callback), (None, None, self._added))
            if known is not None:
                callback.set_state(known)
        except BaseException:
            with contextlib.suppress(Exception):
                callback.close()
            raise
        finally:
            callback.joins = None
        return behind

    def remove(self, callback: Any) -> None:
        """Take a callback off; its files are closed, its end-of-training work is not done."""
        behind = self.callbacks[self.callbacks.index(callback) + 1 :]
        self.callbacks.remove(callback)
        self._bind()
        try:
            if hasattr(callback, "close"):
                callback.close()
        finally:
            if self.in_training:
                self._left[id(callback)] = callback, getattr(callback, "get_state", bool)() or None, behind

    def replace(self, old: Any, new: Any) -> None:
        """Let `new`, of the same class, go on with what `old` knows, which was taken off or is now."""
        if any(callback is old for callback in self.callbacks):
            self.remove(old)
        if id(old) in self._left:
            self._left[id(new)] = new, *self._left.pop(id(old))[1:]
        self.append(new)

    def close(self) -> None:
        """Close every callback after a training that failed; what goes wrong in one keeps no other from it."""
        self.in_training = False
        for callback in self.callbacks:
            with contextlib.suppress(Exception):
                callback.close()

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Tell every callback."""
        self.params = params
        for callback in self.callbacks:
            if hasattr(callback, "set_params"):
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tell every callback."""
        self._model = model
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def handle(self, event: Event) -> None:
        """Call the hooks that the event is named after."""
        hooks = self._bound[event.hook]
        if not hooks:
            return
        if event.position is None:
            for hook in hooks:
                hook(event.logs)
            return
        position = getattr(event, event.position)
        for hook in hooks:
            hook(position, event.logs)

    def __iter__(self) -> Iterator[Any]:
        """The callbacks, in order."""
        return iter(self.callbacks)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.callbacks)


def flatten(callbacks: Any) -> Iterator[Any]:
    """The callbacks in nested lists; None is none.

    Raises:
        Invalid: where one of them is no callback.
    """
    if callbacks is None:
        return
    if isinstance(callbacks, Iterable) and not isinstance(callbacks, (str, bytes)):
        for part in callbacks:
            yield from flatten(part)
    elif isinstance(callbacks, type) or not hasattr(callbacks, "set_model"):
        hint = f"Make one: {callbacks.__name__}(...)." if isinstance(callbacks, type) else ""
        raise Invalid("callbacks", "callbacks, such as EarlyStopping()", callbacks, hint)
    else:
        yield callbacks


def _forward(hook: str, name: str) -> Callable:
    def call(self: CallbackList, *values: Any, **named: Any) -> None:
        for method in self._bound[hook]:
            method(*values, **named)

    call.__name__ = name
    call.__doc__ = f"Call `{hook}` of every callback that overrides it."
    return call


for _hook in HOOKS:
    setattr(CallbackList, _hook, _forward(_hook, _hook))
for _hook, _alias in ALIASES.items():
    setattr(CallbackList, _alias, _forward(_hook, _alias))

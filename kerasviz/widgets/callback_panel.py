"""The callback panel: which callbacks take part in training, and with what arguments."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import traitlets as t

from kerasviz.declare import Invalid
from kerasviz.declare.families import family
from kerasviz.widgets.base import Widget, synced
from kerasviz.widgets.offer import Offering
from kerasviz.widgets.running import RunPanel

Entry = dict[str, Any]
OFFERED: tuple[tuple[str, bool, dict[str, Any]], ...] = (
    ("EarlyStopping", False, {"patience": 5, "restore_best_weights": True}),
    ("ReduceLROnPlateau", False, {"factor": 0.5, "patience": 3}),
    ("ModelCheckpoint", False, {"filepath": "best.keras", "save_best_only": True}),
    ("LearningRateScheduler", False, {"schedule": "lr * 0.95"}),
    ("CSVLogger", False, {"filename": "training.csv"}),
    ("TerminateOnNaN", False, {}),
    ("TensorBoard", False, {"log_dir": "logs"}),
    ("SwapEMAWeights", False, {}),
    ("BackupAndRestore", False, {"backup_dir": "backup"}),
    ("OrbaxCheckpoint", False, {"directory": "checkpoints", "save_best_only": True}),
    ("RemoteMonitor", False, {}),
)
WATCHING = ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "OrbaxCheckpoint")
PLACES = ("monitor", "mode", "filename", "filepath", "log_dir", "backup_dir", "directory")  # another is another matter
SAYS = {
    "ModelCheckpoint": "Saves to {filepath}.",
    "OrbaxCheckpoint": "Saves to {directory}.",
    "CSVLogger": "Writes {filename}.",
    "TensorBoard": "Writes to {log_dir}.",
    "BackupAndRestore": "Keeps the state in {backup_dir}.",
    "RemoteMonitor": "Sends to {root}.",
    "SwapEMAWeights": "Tests the averages of the weights.",
    "TerminateOnNaN": "On watch.",
}


class CallbackPanel(RunPanel, Offering):
    """Callbacks that can be switched on and off, also while training runs.

    Args:
        run: the run they take part in.
    """

    callbacks = synced(t.List(t.Dict()), "The callbacks, their switches and arguments.", record="CallbackData")

    def __init__(self, run: Any = None, **traits: Any) -> None:
        self._start_callbacks()
        Widget.__init__(self, **{"view": "callbacks", "callbacks": offered(has_validation=True), **traits})
        if run is not None:
            self.run = run

    def _start_callbacks(self) -> None:
        self._taking_part: dict[str, tuple[Entry, Any]] = {}  # by id: the entry they were made of, and the callback
        self._taken_off: dict[str, tuple[Entry, Any]] = {}
        self._joining: dict[str, tuple[Future, Entry | None, Any]] = {}  # with what was there before
        self._refused: dict[str, dict[str, Any]] = {}  # arguments with which one could not begin

    def switch(self, kind: str, enabled: bool = True, **args: Any) -> None:
        """Switch a callback on or off, and set its arguments; in a running training from the next batch on.

        Args:
            kind: its class, such as "EarlyStopping", or its id.
            enabled: whether it takes part.
            args: arguments to change.
        """
        with self._lock:
            entries = [dict(entry) for entry in self.callbacks]
            found = [entry for entry in entries if kind in (entry["id"], entry["kind"])]
            if not found:
                cls = family("callback").get(kind, "switch(kind=...)") if not isinstance(kind, str) else None
                found = [entry_of(kind if cls is None else cls.__name__, entries)]
                entries += found
            found[0].update(enabled=enabled, args={**found[0]["args"], **args})
            make(found[0])
            self.callbacks = entries

    def make_callbacks(self) -> list[Any]:
        """The callbacks that are switched on, as objects for `fit`.

        Raises:
            Invalid: naming the callback and the argument.
        """
        with self._lock:
            self._taken_off, self._joining, self._refused = {}, {}, {}
            self._taking_part = {entry["id"]: (entry, make(entry)) for entry in self.callbacks if entry["enabled"]}
            return [callback for _, callback in self._taking_part.values()]

    def _callback_objects(self) -> list[Any]:
        return self.make_callbacks()

    @t.observe("callbacks")
    def _callbacks_set(self, change: Any) -> None:
        if self._is_live():
            with self._lock:
                self._follow()

    def _follow(self) -> None:
        """Bring the running training to what the switches say."""
        wanted = {entry["id"]: entry for entry in self.callbacks if entry["enabled"]}
        for identity, (entry, callback) in list(self._taking_part.items()):
            if identity not in wanted or wanted[identity]["args"] != entry["args"]:
                self.run.remove_callback(callback)
                self._taken_off[identity] = self._taking_part.pop(identity)
        refused = self._refused.items()
        self._refused = {identity: args for identity, args in refused if wanted.get(identity, {}).get("args") == args}
        for identity, entry in wanted.items():
            if identity not in self._taking_part and identity not in self._refused:
                self._join(identity, entry)

    def _join(self, identity: str, entry: Entry) -> None:
        from kerasviz.callbacks import check_monitors

        before, known = self._taken_off.pop(identity, (None, None))
        try:
            is_same = before is not None and before["args"] == entry["args"]
            callback = known if is_same else make(entry)  # it goes on itself: a file keeps what was written
            after = known if not is_same and is_same_place(before, entry) else None
            check_monitors([callback], self._has_validation())
        except (ValueError, TypeError) as error:
            if before is not None:
                self._taken_off[identity] = before, known
            self._set_status(identity, {"text": str(error)})
            return
        self._taking_part[identity] = (entry, callback)
        self._joining[identity] = self.run.add_callback(callback, after), before, known

    def _tell_refused(self) -> None:
        """Say at its card why a callback could not begin."""
        for identity, (future, before, known) in list(self._joining.items()):
            if not future.done():
                continue
            del self._joining[identity]
            error = future.exception()
            if error is not None and identity in self._taking_part:
                self._refused[identity] = self._taking_part.pop(identity)[0]["args"]
                if before is not None:
                    self._taken_off[identity] = before, known
                self._set_status(identity, {"text": str(error)})

    def _has_validation(self) -> bool:
        return bool((self.run.callbacks.params or {}).get("do_validation", True))

    def flush(self) -> None:
        """Say what the callbacks say about themselves."""
        super().flush()
        with self._lock:
            self._tell_refused()
            for identity, (_, callback) in list(self._taking_part.items()):
                self._set_status(identity, status(callback))

    def _set_status(self, identity: str, said: dict[str, Any]) -> None:
        entries = [{**e, "status": said} if e["id"] == identity else e for e in self.callbacks]
        if entries != self.callbacks:
            self.callbacks = entries


def offered(has_validation: bool) -> list[Entry]:
    """The callbacks that are offered from the start, all of them off."""
    watched = {} if has_validation else {"monitor": "loss"}
    entries: list[Entry] = []
    for kind, enabled, args in OFFERED:
        entry = entry_of(kind, entries)
        entries.append({**entry, "enabled": enabled, "args": {**(watched if kind in WATCHING else {}), **args}})
    return entries


def entry_of(kind: str, entries: list[Entry]) -> Entry:
    """A new entry for a kind of callback."""
    names = family("callback").names()
    if kind not in names:
        family("callback").get(kind, "callback")  # raises, with the near miss
    taken = {entry["id"] for entry in entries}
    identity = next(name for name in (kind, *(f"{kind}_{n}" for n in range(2, 1000))) if name not in taken)
    return {"id": identity, "kind": kind, "enabled": False, "args": {}, "status": {}}


def is_same_place(before: Entry | None, entry: Entry) -> bool:
    """Whether a callback of other arguments still watches the same value, and writes to the same place."""
    return before is not None and all(before["args"].get(name) == entry["args"].get(name) for name in PLACES)


def make(entry: Entry) -> Any:
    """The callback of an entry."""
    kind, args = entry["kind"], dict(entry["args"])
    cls = family("callback").names().get(kind)
    if not isinstance(cls, type):
        raise Invalid("callback", "the name of a callback", kind)
    return cls(**args)


def status(callback: Any) -> dict[str, Any]:
    """What a callback says about itself."""
    kind = type(callback).__name__
    if kind in ("EarlyStopping", "ReduceLROnPlateau"):
        waited, patience = int(getattr(callback, "wait", 0)), int(callback.patience)
        best = getattr(callback, "best", None)
        said = f"Best {callback.monitor} {float(best):.4g}." if best is not None else f"Watches {callback.monitor}."
        words = f"{waited} of {patience} epochs without improvement."
        return {"text": f"{said} {words}", "waited": waited, "patience": patience}
    if kind == "LearningRateScheduler":
        return {"text": f"Learning rate = {getattr(callback.schedule, 'text', 'your function')}"}
    if kind not in SAYS:
        return {}
    words, best = SAYS[kind].format_map(vars(callback)), getattr(callback, "best", None)
    return {"text": words if best is None else f"{words} Best {float(best):.4g}."}

"""Undo and redo: a log of patches and their inverses."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from kerasviz.document.document import Document, Json
from kerasviz.document.patch import Patch, apply

COALESCE_SECONDS = 0.5
DEPTH = 1000


@dataclass
class Step:
    """A change and its way back."""

    change: Patch
    inverse: Patch
    at_seconds: float


class History:
    """The changes of a document, one after another.

    Args:
        document: the one to begin with.
        depth: how many steps can be undone.
        clock: seconds; changes with an equal `coalesce` key within half a second of each other undo as one.
    """

    def __init__(self, document: Document, depth: int = DEPTH, clock: Callable[[], float] = time.monotonic) -> None:
        self.document = document
        self.depth = depth
        self.clock = clock
        self.done: list[Step] = []
        self.undone: list[Step] = []

    def do(self, change: Patch) -> Document:
        """Apply a change and remember it. A bad one leaves everything as it was."""
        self.document, inverse = apply(self.document, change)
        step = Step(change, inverse, self.clock())
        self.undone.clear()
        if self.done and self._belongs_to(self.done[-1], step):
            last = self.done.pop()
            step = Step(joined(last.change, change), joined(inverse, last.inverse), step.at_seconds)
        self.done.append(step)
        del self.done[: -self.depth]
        return self.document

    def _belongs_to(self, last: Step, step: Step) -> bool:
        key = step.change.get("coalesce")
        near = step.at_seconds - last.at_seconds <= COALESCE_SECONDS
        removes = "order" in step.inverse["set"] or "order" in last.inverse["set"]  # indices hold for one step only
        return bool(key) and key == last.change.get("coalesce") and near and not removes

    @property
    def can_undo(self) -> str | None:
        """What would be undone; None where there is nothing."""
        return self.done[-1].change.get("label", "") if self.done else None

    @property
    def can_redo(self) -> str | None:
        """What would be done again; None where there is nothing."""
        return self.undone[-1].change.get("label", "") if self.undone else None

    def undo(self) -> Patch | None:
        """Take the last change back; returns the patch that did it."""
        if not self.done:
            return None
        step = self.done.pop()
        self.document, _ = apply(self.document, step.inverse)
        self.undone.append(step)
        return step.inverse

    def redo(self) -> Patch | None:
        """Do again what was undone last; returns the patch that did it."""
        if not self.undone:
            return None
        step = self.undone.pop()
        self.document, _ = apply(self.document, step.change)
        self.done.append(Step(step.change, step.inverse, float("-inf")))
        return step.change

    def labels(self) -> list[str]:
        """What was done, the first first."""
        return [step.change.get("label", "") for step in self.done]


def joined(first: Patch, second: Patch) -> Patch:
    """Both changes as one; the second wins where they meet."""
    given: Json = dict(first["set"])
    for key, value in second["set"].items():
        if key in ("layers", "calls", "positions"):
            given[key] = {**given.get(key, {}), **value}
        elif key == "order":
            given[key] = {table: {**given.get(key, {}).get(table, {}), **places} for table, places in value.items()}
        else:
            given[key] = value
    return {**second, "set": given}

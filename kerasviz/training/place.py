"""Where a training is in its data, and how another goes on there."""

import contextlib
import itertools
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

from kerasviz.callbacks.state import RandomState
from kerasviz.declare import Invalid

RUNNING: weakref.WeakKeyDictionary[Any, weakref.ref] = weakref.WeakKeyDictionary()  # model -> what trains it


class Counted:
    """A source of batches that remembers how many of a pass were taken, and the random numbers it began with.

    A pass is begun again with the same random numbers, so that the rest of it has the same rows in the same order, and
    goes on behind the batches that were taken: these are drawn and dropped.

    Args:
        source: what has the batches.
    """

    def __init__(self, source: Any) -> None:
        self.source = source
        self.taken = 0
        self.over = True  # the next batch begins a pass
        self.ended = 0  # passes of which the source was told that they are over
        self.began: RandomState | None = None
        self.generators: list[Any] = []
        self._again: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def __iter__(self) -> Iterator[tuple]:
        """The batches of a pass, or what is left of it."""
        again, self._again = self._again, None
        batches = self._begin() if again is None else self._begin_again(again)
        for batch in batches:
            self.taken += 1
            yield batch
        self.over = True

    def _begin(self) -> Iterator[tuple]:
        self.began, self.generators = RandomState(), [g.get_state() for g in own_generators(self.source)]
        self.taken, self.over = 0, False
        return iter(self.source)

    def _begin_again(self, again: Mapping[str, Any]) -> Iterator[tuple]:
        now = RandomState()
        RandomState.from_state(again["began"]).restore()
        self._set_generators(again["generators"])
        batches = self._begin()
        self.taken = sum(1 for _ in itertools.islice(batches, again["taken"]))
        now.restore()
        if self.taken < again["taken"]:
            got = f"{self.taken} batches"
            raise Invalid("BackupAndRestore", f"data of more than {again['taken']} batches, as it was", got)
        return batches

    def on_epoch_end(self) -> None:
        """Count the passes of which the source is told."""
        self.ended += 1
        self.source.on_epoch_end()

    def get_state(self) -> dict[str, Any]:
        """The place, as a nest."""
        began = None if self.over or self.began is None else self.began.get_state()
        generators = self.generators if began else [g.get_state() for g in own_generators(self.source)]
        return {"taken": self.taken, "ended": self.ended, "began": began, "generators": generators}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on there."""
        while self.ended < state["ended"]:
            self.on_epoch_end()  # data may change with each pass
        if state["began"] is not None:
            self._again = dict(state)
        else:
            self._set_generators(state["generators"])

    def _set_generators(self, states: list[Any]) -> None:
        for generator, state in zip(own_generators(self.source), states, strict=False):
            generator.set_state(state)


def own_generators(source: Any) -> list[Any]:
    """The generators of random numbers that a loader has of its own."""
    loader = getattr(source, "batches", None)
    holders = loader, getattr(loader, "sampler", None)
    found = [getattr(holder, "generator", None) for holder in holders if holder is not None]
    return list({id(one): one for one in found if hasattr(one, "get_state")}.values())


class Place:
    """The place of a running training in its data.

    Args:
        plan: the training.
    """

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        phases = [plan.fitting, *([] if plan.validating is None else [plan.validating])]
        for phase in phases:
            if not isinstance(phase.passes.source, Counted):  # as it is where counting goes on
                phase.passes.source = Counted(phase.passes.source)
        self.sources: list[Counted] = [phase.passes.source for phase in phases]

    def get_state(self) -> list[Any]:
        """The place, as a nest."""
        return [source.get_state() for source in self.sources]

    def set_state(self, state: list[Any], done: int, logs: Mapping[str, Any]) -> None:
        """Go on there.

        Args:
            state: what `get_state` gave.
            done: batches of the epoch that are done.
            logs: those after the last of them.
        """
        for index, (source, one) in enumerate(zip(self.sources, state, strict=False)):
            if index == 0 or not source.restarts:  # each validation begins a new pass where it can
                source.set_state(one)
        self.plan.fitting.passes.go_on(done, is_over=state[0]["began"] is None)
        self.plan.begun = logs

    def is_known(self, in_epoch: bool) -> bool:
        """Whether it was counted from the beginning of a pass: not at first where counting began in its middle."""
        return self.sources[0].began is not None or (not in_epoch and self.plan.fitting.passes.steps is None)

    def try_a_step(self) -> None:
        """Learn from the first batch, so that everything is built that only a batch tells the size of."""
        step = self.plan.fitting.prepare()
        step(self.sources[0].peek())()


def place_of(model: Any) -> Place | None:
    """The place of the training of a model; None where none is running."""
    plan = RUNNING.get(model, bool)()
    return Place(plan) if plan else None


@contextlib.contextmanager
def closed_on_error(callbacks: Any, events: Any) -> Iterator[Any]:
    """Close files and connections of callbacks, and the events, where one of them fails or the user interrupts."""
    try:
        yield events
    except BaseException:
        callbacks.close()
        events.close()
        raise

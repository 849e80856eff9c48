"""The one loop over epochs and batches. It only yields; whoever pulls decides when to go on."""

import functools
import itertools
import warnings
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasviz.events import (
    EpochBegin,
    EpochEnd,
    Event,
    PredictBatchBegin,
    PredictBatchEnd,
    PredictBegin,
    PredictEnd,
    TestBatchBegin,
    TestBatchEnd,
    TestBegin,
    TestEnd,
    TrainBatchBegin,
    TrainBatchEnd,
    TrainBegin,
    TrainEnd,
)
from kerasviz.optimizers.state import OptimizerState
from kerasviz.training.data import Passes
from kerasviz.training.logs import Logs
from kerasviz.training.place import RUNNING
from kerasviz.training.results import joined_tensors

Step = Callable[[tuple], Callable[[], dict[str, Any]]]  # learns from a batch; gives what reads its logs


@dataclass
class Phase:
    """Batches, and what is done with each.

    Args:
        passes: the batches of one epoch after another.
        prepare: makes the step, once the phase begins.
        per_execution: batches of a step, between two events.
    """

    passes: Passes
    prepare: Callable[[], Step]
    per_execution: int = 1

    def ready(self) -> Callable[[Any], Any]:
        """The step, which takes what `executions` gives."""
        return self.prepare() if self.per_execution == 1 else one_by_one(self.prepare())

    def executions(self) -> Iterator[tuple[int, int, Any]]:
        """The batches of the next epoch: numbers of the first and the last, and the batch, or a list of several."""
        return executions(self.passes.epoch(), self.per_execution, self.passes.done)


@dataclass
class Training:
    """Everything `training` needs to know.

    Args:
        trainer: the model; its `stop_training` is looked at after every batch and epoch.
        fitting: the batches it learns from.
        epochs: numbers of the epochs.
        validating: the batches it is validated on, if any.
        validates: whether an epoch, by its number, ends with a validation.
        begun: the logs of an epoch that goes on in its middle.
    """

    trainer: Any
    fitting: Phase
    epochs: range
    validating: Phase | None = None
    validates: Callable[[int], bool] = lambda epoch: True
    begun: Mapping[str, Any] = field(default_factory=dict)

    def so_far(self) -> tuple[Callable[[], dict[str, Any]], Callable[[], Logs | None], int]:
        """What reads the logs of the next epoch before its first batch, and the number of the batch before that."""
        done = self.fitting.passes.done
        return (functools.partial(dict, self.begun) if done else dict), no_logs, done - 1


def training(plan: Training) -> Iterator[Event]:
    """Train, yielding each event before and after it does the work. Nothing is left running, however it ends."""
    try:
        yield from trained(plan)
    finally:
        for phase in (plan.fitting, plan.validating):
            if phase is not None:
                phase.passes.close()


def trained(plan: Training) -> Iterator[Event]:
    """The events of a training."""
    trainer, passes = plan.trainer, plan.fitting.passes
    trainer.stop_training = False
    trainer.first_epoch = plan.epochs.start
    logs: dict[str, Any] = {}
    step_index = 0
    RUNNING[trainer] = weakref.ref(plan)
    yield TrainBegin()
    for epoch in plan.epochs:
        if epoch < trainer.first_epoch:
            continue  # a callback has restored a later state
        step = plan.fitting.ready()
        trainer.reset_metrics()
        yield EpochBegin(epoch)
        read, kept, batch_index = plan.so_far()
        for first, batch_index, batch in plan.fitting.executions():
            yield TrainBatchBegin(first, step_index)
            keep(kept)
            read = step(batch)
            step_index += batch_index - first
            batch_logs = Logs(read)
            kept = weakref.ref(batch_logs)
            yield TrainBatchEnd(batch_index, step_index, logs=batch_logs)
            del batch_logs
            step_index += 1
            if trainer.stop_training:
                break
        logs = last(kept, read)
        if plan.validating is not None and plan.validates(epoch) and batch_index >= 0:
            validation = yield from tested(trainer, plan.validating)
            logs = dict(sorted({**logs, **{f"val_{name}": value for name, value in validation.items()}}.items()))
        if (end_epoch := getattr(trainer.optimizer, "end_epoch", None)) is not None:
            end_epoch(logs)  # a scheduler of torch goes on
        yield EpochEnd(epoch, logs=logs)
        if trainer.stop_training:
            break
        if passes.exhausted:
            warn_if_short(passes, epoch, batch_index + 1, plan.epochs)
            break
    finalize = getattr(trainer.optimizer, "finalize_variable_values", None)
    if finalize is not None and finalizes(trainer.optimizer):
        finalize(trainer.trainable_variables)  # running means of weights take their place
    yield TrainEnd(logs=logs)


def finalizes(optimizer: Any) -> bool:
    """Whether the optimizer may change weights when the training ends."""
    is_ours = getattr(type(optimizer), "finalize_variable_values", None) is OptimizerState.finalize_variable_values
    return not is_ours or optimizer.use_ema


def testing(trainer: Any, phase: Phase) -> Generator[Event, None, dict[str, Any]]:
    """Evaluate, yielding events; returns the values."""
    try:
        return (yield from tested(trainer, phase))
    finally:
        phase.passes.close()


def tested(trainer: Any, phase: Phase) -> Generator[Event, None, dict[str, Any]]:
    """The events of an evaluation; returns the values."""
    step = phase.ready()
    trainer.stop_evaluating = False
    trainer.reset_metrics()
    yield TestBegin()
    read, kept = dict, no_logs
    phase.passes.restart()
    for first, batch_index, batch in phase.executions():
        yield TestBatchBegin(first)
        keep(kept)
        read = step(batch)
        batch_logs = Logs(read)
        kept = weakref.ref(batch_logs)
        yield TestBatchEnd(batch_index, logs=batch_logs)
        del batch_logs
        if trainer.stop_evaluating:
            break
    logs = last(kept, read)
    yield TestEnd(logs=logs)
    return logs


def predicting(trainer: Any, phase: Phase) -> Iterator[Event]:
    """Predict, yielding events; what comes out of a batch is in the logs of its end."""
    try:
        yield from predicted(trainer, phase)
    finally:
        phase.passes.close()


def predicted(trainer: Any, phase: Phase) -> Iterator[Event]:
    """The events of a prediction."""
    step: Callable[[Any], Any] = phase.prepare()
    if phase.per_execution > 1:
        step = joining(step)
    trainer.stop_predicting = False
    yield PredictBegin()
    for first, batch_index, batch in phase.executions():
        yield PredictBatchBegin(first)
        yield PredictBatchEnd(batch_index, logs={"outputs": step(batch)})
        if trainer.stop_predicting:
            break
    yield PredictEnd()


def executions(batches: Iterable[Any], size: int, start: int = 0) -> Iterator[tuple[int, int, Any]]:
    """Batches with their number, twice; or lists of up to `size` with the numbers of their first and last."""
    if size == 1:
        return zip(itertools.count(start), itertools.count(start), batches)
    return lists_of(iter(batches), size, start)


def lists_of(batches: Iterator[Any], size: int, first: int) -> Iterator[tuple[int, int, list[Any]]]:
    """Lists of `size` batches, the last of what is left, with the numbers of the first and the last in each."""
    while several := list(itertools.islice(batches, size)):
        yield first, first + len(several) - 1, several
        first += len(several)


def one_by_one(step: Step) -> Callable[[list[Any]], Any]:
    """A step for several batches, whose logs are those after the last."""

    def steps(batches: list[Any]) -> Any:
        return [step(batch) for batch in batches][-1]

    return steps


def joining(step: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
    """A prediction of several batches, as one."""
    return lambda batches: joined_tensors([step(batch) for batch in batches])


def no_logs() -> None:
    """Nobody kept anything yet."""


def keep(kept: Callable[[], Logs | None]) -> None:
    """Read the logs of the last batch if somebody still holds them: the next batch changes what they would show."""
    logs = kept()
    if logs is not None:
        logs.values_now()


def last(kept: Callable[[], Logs | None], read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The values after the last batch."""
    logs = kept()
    return read() if logs is None else logs.copy()


def warn_if_short(passes: Passes, epoch: int, num_batches: int, epochs: range) -> None:
    """Tell that a generator ended before the training did."""
    is_last = epoch == epochs[-1]
    if is_last and (passes.steps is None or num_batches == passes.steps):
        return
    warnings.warn(
        "The data ran out; training ends here. A generator has to yield `steps_per_epoch * epochs` batches.",
        stacklevel=2,
    )

"""What happens while a model trains, is tested or predicts, as plain records. Callbacks, plots and logs read these."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `logs` are read lazily: what nobody looks at costs nothing."""

    hook: ClassVar[str]  # the callback method: TrainBatchEnd -> on_train_batch_end
    position: ClassVar[str | None]  # the field that a hook is told before the logs
    __test__: ClassVar[bool] = False  # pytest: TestBegin is no test
    logs: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    def __init_subclass__(cls) -> None:
        """Derive the hook from the name, and its first argument from the fields."""
        cls.hook = "on" + re.sub("([A-Z])", r"_\1", cls.__name__).lower()
        cls.position = next(iter(vars(cls).get("__annotations__", {})), None)


@dataclass(frozen=True, slots=True)
class TrainBegin(Event):
    """Training begins."""


@dataclass(frozen=True, slots=True)
class TrainEnd(Event):
    """Training has ended; `logs` are those of the last epoch."""


@dataclass(frozen=True, slots=True)
class EpochBegin(Event):
    """An epoch begins."""

    epoch: int


@dataclass(frozen=True, slots=True)
class EpochEnd(Event):
    """An epoch has ended, its validation included."""

    epoch: int


@dataclass(frozen=True, slots=True)
class TrainBatchBegin(Event):
    """A batch is about to be learned from. `step` counts the batches of all epochs of this training."""

    batch_index: int
    step: int


@dataclass(frozen=True, slots=True)
class TrainBatchEnd(Event):
    """A batch has been learned from; `logs` are means over the epoch so far."""

    batch_index: int
    step: int


@dataclass(frozen=True, slots=True)
class TestBegin(Event):
    """An evaluation begins, on its own or as an epoch's validation."""


@dataclass(frozen=True, slots=True)
class TestEnd(Event):
    """An evaluation has ended."""


@dataclass(frozen=True, slots=True)
class TestBatchBegin(Event):
    """A batch is about to be evaluated."""

    batch_index: int


@dataclass(frozen=True, slots=True)
class TestBatchEnd(Event):
    """A batch has been evaluated; `logs` are means so far."""

    batch_index: int


@dataclass(frozen=True, slots=True)
class PredictBegin(Event):
    """Predicting begins."""


@dataclass(frozen=True, slots=True)
class PredictEnd(Event):
    """Predicting has ended."""


@dataclass(frozen=True, slots=True)
class PredictBatchBegin(Event):
    """A batch is about to be predicted."""

    batch_index: int


@dataclass(frozen=True, slots=True)
class PredictBatchEnd(Event):
    """A batch has been predicted; `logs["outputs"]` is what came out."""

    batch_index: int

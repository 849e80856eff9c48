"""A training made of prepared events, that goes on only when a test says so."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from kerasviz.events import (
    EpochBegin,
    EpochEnd,
    Event,
    TestBatchBegin,
    TestBatchEnd,
    TestBegin,
    TestEnd,
    TrainBatchBegin,
    TrainBatchEnd,
    TrainBegin,
    TrainEnd,
)
from kerasviz.runs import Run


class Optimizer:
    learning_rate = 0.1


class Model:
    metrics = ()
    stop_training = False

    def __init__(self) -> None:
        self.optimizer = Optimizer()
        self.weight = torch.zeros(3)
        self.weights = [self.weight]
        self.history = None


def training(epochs: int = 2, batches: int = 3) -> Iterator[Event]:
    step = 0
    yield TrainBegin()
    for epoch in range(epochs):
        yield EpochBegin(epoch)
        for index in range(batches):
            yield TrainBatchBegin(index, step)
            yield TrainBatchEnd(index, step, logs={"loss": 1 / (step + 1)})
            step += 1
        yield TestBegin()
        yield TestBatchBegin(0)
        yield TestBatchEnd(0)
        yield TestEnd()
        yield EpochEnd(epoch, logs={"loss": 1 / step, "val_loss": 2 / step})
    yield TrainEnd()


class Gate:
    """Lets events through one by one."""

    def __init__(self, source: Callable[[], Iterator[Event]] = training) -> None:
        self.source = source
        self.permits = threading.Semaphore(0)
        self.is_open = False
        self.error: Exception | None = None

    def events(self) -> Iterator[Event]:
        for event in self.source():
            if not self.is_open:
                self.permits.acquire()
            if self.error is not None:
                raise self.error
            yield event

    def let(self, count: int = 1) -> None:
        for _ in range(count):
            self.permits.release()

    def open(self) -> None:
        self.is_open = True
        self.permits.release()


def wait_until(claim: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.001)


@pytest.fixture
def gated() -> Iterator[Callable[..., tuple[Run, Gate]]]:
    made: list[tuple[Run, Gate]] = []

    def make(source: Callable[[], Iterator[Event]] = training, **options: object) -> tuple[Run, Gate]:
        gate = Gate(source)
        run = Run(Model(), gate.events, epochs=2, batches=3, batch_size=8, **options)
        made.append((run, gate))
        return run, gate

    yield make
    for run, gate in made:
        run.stop()
        gate.open()
        run.wait(5)


@pytest.fixture
def until() -> Callable[..., None]:
    return wait_until


@pytest.fixture(name="training")
def training_events() -> Callable[..., Iterator[Event]]:
    return training


@pytest.fixture
def model_class() -> type[Model]:
    return Model

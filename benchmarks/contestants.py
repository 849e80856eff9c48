"""Who is timed on a workload: a loop written by hand in PyTorch, and models in Keras's API on each engine.

An engine other than PyTorch runs in a process of its own, which is told what to time line by line: one process of Keras
has one backend.
"""

import gc
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from workloads import WORKLOADS, Workload

TASKS = ("fit", "predict", "call", "one batch")  # an epoch; all rows; model(batch); predict of a batch
CALLS = 5  # of the two short tasks in a timing
ONE_THREAD = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}

Jobs = dict[str, Callable[[], Any]]


class ByHand:
    """What somebody who knows PyTorch would write: fused Adam, loss and accuracy kept on the device."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.module: nn.Module = workload.by_hand()
        self.optimizer = torch.optim.Adam(self.module.parameters(), lr=1e-3, eps=1e-7, fused=True)

    def loss(self, outputs: Tensor, y: Tensor) -> Tensor:
        """Cross-entropy of logits."""
        if self.workload.binary:
            return F.binary_cross_entropy_with_logits(outputs[:, 0], y)
        return F.cross_entropy(outputs, y)

    def fit(self, x: Any, y: Tensor) -> float:
        """One epoch, in random order."""
        self.module.train()
        size = self.workload.batch_size
        total, right = torch.zeros(()), torch.zeros(())
        for rows in torch.randperm(len(y)).split(size):
            xb = [part[rows] for part in x] if isinstance(x, list) else x[rows]
            yb = y[rows]
            outputs = self.module(xb)
            loss = self.loss(outputs, yb)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
            guess = (outputs[:, 0] > 0).to(yb.dtype) if self.workload.binary else outputs.argmax(-1)
            right += (guess == yb).float().mean()
        return float(total + right)

    @torch.no_grad()
    def predict(self, x: Any) -> np.ndarray:
        """All rows, batch by batch."""
        self.module.eval()
        size, rows = self.workload.batch_size, len(x[0]) if isinstance(x, list) else len(x)
        cut = [[p[i : i + size] for p in x] if isinstance(x, list) else x[i : i + size] for i in range(0, rows, size)]
        return torch.cat([self.module(part) for part in cut]).numpy()

    @torch.no_grad()
    def call(self, x: Any) -> Tensor:
        """The call of a trained module."""
        self.module.eval()
        return self.module(x)

    def jobs(self) -> Jobs:
        """The tasks."""
        x, y = self.workload.data(self.workload.batch_size * self.workload.steps)
        tensors = [torch.from_numpy(part) for part in x] if isinstance(x, list) else torch.from_numpy(x)
        labels, first = torch.from_numpy(y), first_batch(tensors, self.workload)
        return {
            "fit": lambda: self.fit(tensors, labels),
            "predict": lambda: self.predict(tensors),
            "call": lambda: [self.call(first) for _ in range(CALLS)],
            "one batch": lambda: [self.predict(first) for _ in range(CALLS)],
        }


def first_batch(x: Any, workload: Workload) -> Any:
    """The first rows."""
    return [part[: workload.batch_size] for part in x] if isinstance(x, list) else x[: workload.batch_size]


def compiled(keras: Any, workload: Workload) -> Any:
    """The workload's model in the Keras API of `keras`, ready to train."""
    model = workload.build(keras)
    loss = keras.losses.BinaryCrossentropy if workload.binary else keras.losses.SparseCategoricalCrossentropy
    metric = "binary_accuracy" if workload.binary else "sparse_categorical_accuracy"
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss(from_logits=True), metrics=[metric])
    return model


def jobs_of(keras: Any, workload: Workload) -> Jobs:
    """The tasks for a model in Keras's API."""
    model, size = compiled(keras, workload), workload.batch_size
    x, y = workload.data(size * workload.steps)
    first = first_batch(x, workload)
    on_torch = getattr(keras, "backend", None) is None or keras.backend.backend() == "torch"
    given = [torch.from_numpy(part) for part in first] if isinstance(first, list) else torch.from_numpy(first)
    given = given if on_torch else first

    def call() -> None:
        with torch.no_grad():
            outputs = [model(given) for _ in range(CALLS)]
        if not on_torch:
            np.asarray(outputs[-1])  # what runs by itself has to end

    return {
        "fit": lambda: model.fit(x, y, batch_size=size, epochs=1, verbose=0),
        "predict": lambda: model.predict(x, batch_size=size, verbose=0),
        "call": call,
        "one batch": lambda: [model.predict(first, batch_size=size, verbose=0) for _ in range(CALLS)],
    }


def seconds(function: Callable[[], Any]) -> float:
    """Process CPU time of one call, all threads of it."""
    gc.collect()
    start = time.process_time()
    function()
    return time.process_time() - start


class Here:
    """A contestant in this process."""

    def __init__(self, make: Callable[[Workload], Jobs]) -> None:
        self.make = make

    def begin(self, workload: Workload) -> None:
        """Build the model and the data."""
        self.jobs = self.make(workload)

    def time(self, task: str) -> float:
        """Seconds of a task."""
        return seconds(self.jobs[task])


class Elsewhere:
    """A contestant in a process of its own: Keras on another engine."""

    def __init__(self, backend: str) -> None:
        command = [sys.executable, __file__, backend]
        environment = {**os.environ, **ONE_THREAD, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def _ask(self, *question: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        return json.loads(self.process.stdout.readline())

    def begin(self, workload: Workload) -> None:
        """Build the model and the data there."""
        self._ask("begin", workload.name)

    def time(self, task: str) -> float:
        """Seconds of a task."""
        return self._ask("time", task)


def serve() -> None:
    """Answer, in a process of another engine."""
    import keras

    contestant = Here(lambda workload: jobs_of(keras, workload))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what else is printed must not be taken for an answer
    for line in sys.stdin:
        what, argument = json.loads(line)
        if what == "begin":
            contestant.begin(next(w for w in WORKLOADS if w.name == argument))
        answers.write(json.dumps(contestant.time(argument) if what == "time" else None) + "\n")


def contestants(others: bool) -> dict[str, Any]:
    """All that can run here, the loop by hand first.

    Args:
        others: whether Keras on JAX and TensorFlow are wanted, where they are installed.
    """
    import kerasviz

    found: dict[str, Any] = {
        "by hand": Here(lambda workload: ByHand(workload).jobs()),
        "kerasviz": Here(lambda workload: jobs_of(kerasviz, workload)),
    }
    if importlib.util.find_spec("keras"):
        import keras

        found["Keras on torch"] = Here(lambda workload: jobs_of(keras, workload))
        for backend, package in (("jax", "jax"), ("tensorflow", "tensorflow")):
            if others and importlib.util.find_spec(package):
                found[f"Keras on {backend}"] = Elsewhere(backend)
    return found


if __name__ == "__main__":
    serve()

"""Time of `fit`, `predict` and a one-batch call against a hand-written PyTorch loop, and against Keras on torch.

    python benchmarks/fit.py                all workloads
    python benchmarks/fit.py MLP --rounds 7 those whose name has MLP

All in one process, interleaved, one thread, process CPU time, medians of several rounds: compare the ratios.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")

import gc
import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from workloads import WORKLOADS, Workload

import kerasviz


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
    def one_batch(self, x: Any) -> Tensor:
        """The call of a trained module."""
        self.module.eval()
        return self.module(x)


def compiled(keras: Any, workload: Workload) -> Any:
    """The workload's model in the Keras API of `keras`, ready to train."""
    model = workload.build(keras)
    loss = keras.losses.BinaryCrossentropy if workload.binary else keras.losses.SparseCategoricalCrossentropy
    metric = "binary_accuracy" if workload.binary else "sparse_categorical_accuracy"
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss(from_logits=True), metrics=[metric])
    return model


def seconds(function: Callable[[], Any]) -> float:
    """Process CPU time of one call."""
    gc.collect()
    start = time.process_time()
    function()
    return time.process_time() - start


def measure(workload: Workload, rounds: int, modules: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Median seconds of fit, predict and a one-batch call, for every contestant."""
    torch.manual_seed(0)
    rows = workload.batch_size * workload.steps
    x, y = workload.data(rows)
    tensors = [torch.from_numpy(part) for part in x] if isinstance(x, list) else torch.from_numpy(x)
    first = [part[: workload.batch_size] for part in tensors] if isinstance(x, list) else tensors[: workload.batch_size]
    labels, size = torch.from_numpy(y), workload.batch_size
    hand = ByHand(workload)
    jobs: dict[str, dict[str, Callable[[], Any]]] = {
        "hand-written": {
            "fit": lambda: hand.fit(tensors, labels),
            "predict": lambda: hand.predict(tensors),
            "one batch": lambda: [hand.one_batch(first) for _ in range(5)],
        }
    }
    for name, keras in modules.items():
        jobs[name] = jobs_of(compiled(keras, workload), x, y, first, size)
    found: dict[str, dict[str, list[float]]] = {name: {task: [] for task in tasks} for name, tasks in jobs.items()}
    for index in range(rounds + 1):
        for task in ("fit", "predict", "one batch"):
            for name, tasks in jobs.items():
                took = seconds(tasks[task])
                if index:  # the first round warms up
                    found[name][task].append(took)
    return {name: {task: statistics.median(times) for task, times in tasks.items()} for name, tasks in found.items()}


def jobs_of(model: Any, x: Any, y: np.ndarray, first: Any, size: int) -> dict[str, Callable[[], Any]]:
    """The three tasks of a model in Keras's API."""

    def call() -> None:
        with torch.no_grad():
            for _ in range(5):
                model(first)

    return {
        "fit": lambda: model.fit(x, y, batch_size=size, epochs=1, verbose=0),
        "predict": lambda: model.predict(x, batch_size=size, verbose=0),
        "one batch": call,
    }


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return math.exp(sum(math.log(value) for value in values) / len(values))


def line(name: str, values: list[float]) -> str:
    """A row of the table."""
    return f"{name:<36}" + "".join(f"{v:>{w}.2f}" for v, w in zip(values, (8, 9, 9, 8, 8, 8), strict=True))


def main() -> None:
    """Print a row for each workload, the means, and the targets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("only", nargs="?", default="", help="part of a workload's name")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    modules: dict[str, Any] = {"kerasviz": kerasviz}
    if importlib.util.find_spec("keras"):
        import keras

        modules["keras"] = keras
    print("seconds of process CPU time; ratios to the hand-written loop (fit), and of Keras on torch to kerasviz")
    print(f"{'workload':<36}{'fit':>8}{'predict':>9}{'1 batch':>9}{'K/fit':>8}{'K/pred':>8}{'K/1':>8}")
    ratios: dict[str, list[float]] = {}
    for workload in [w for w in WORKLOADS if options.only.lower() in w.name.lower()]:
        found = measure(workload, options.rounds, modules)
        own, hand, other = found["kerasviz"], found["hand-written"], found.get("keras")
        row = [own[task] / hand[task] for task in ("fit", "predict", "one batch")]
        row += [other[task] / own[task] if other else math.nan for task in ("fit", "predict", "one batch")]
        for index, value in enumerate(row):
            ratios.setdefault(str(index), []).append(value)
        print(line(workload.name, row), flush=True)
    means = [geometric_mean(values) for values in ratios.values()]
    print(line("geometric mean", means))
    print("targets: fit at most 1.00 each and 0.80 in the mean;")
    print("         Keras on torch slower by 3.5 (fit), 4 (predict), 10 (1 batch) in the mean")


if __name__ == "__main__":
    main()

"""What callbacks add to a training step, in microseconds.

python benchmarks/callbacks.py [rounds]

Epochs of a very small model, interleaved, process CPU time: the median over rounds of what a step takes more than one
of the same round without callbacks. The bar draws on a screen, as often per step as at steps of 1 ms.
"""

import gc
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from kerasviz import Input, Model, callbacks, layers
from kerasviz.callbacks import CallbackList, progress

ROUNDS = 21
STEPS, BATCH = 1000, 4  # an epoch of a second, were a step 1 ms
MILLISECOND = 1000.0
X, Y = np.ones((STEPS * BATCH, 4), "float32"), np.ones((STEPS * BATCH, 1), "float32")


class Screen(io.StringIO):
    """Written to like a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


class Empty(callbacks.Callback):
    """Overrides nothing."""


class Unread(callbacks.Callback):
    """Hears of each batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Does nothing, and reads no logs."""


class Reading(callbacks.Callback):
    """Reads the loss of each batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Read it."""
        logs["loss"]


def network() -> Model:
    """A single layer: the less a step takes, the better small differences show."""
    x = Input((4,))
    model = Model(x, layers.Dense(1)(x))
    model.compile("sgd", "mse")
    return model


def epoch(model: Model, chosen: Iterable[callbacks.Callback] | None) -> float:
    """Microseconds of a step in an epoch; without callbacks nobody is told of anything."""
    events = model.training_events(X, Y, batch_size=BATCH)
    told = CallbackList(chosen, model=model, verbose=1, epochs=1, steps=STEPS)
    gc.collect()
    began = time.process_time()
    if chosen is None:
        for _ in events:
            pass
    else:
        for event in events:
            told.handle(event)
    return (time.process_time() - began) / STEPS * 1e6


def main() -> None:
    """Print what each adds, and its target."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    torch.set_num_threads(1)
    model, folder = network(), tempfile.mkdtemp()
    bare = epoch(model, None)
    progress.REFRESH_SECONDS = 0.1 * bare / MILLISECOND
    jobs: dict[str, tuple[Callable[[], list[callbacks.Callback]], float | None]] = {
        "no callbacks": (list, 1.0),
        "one that overrides nothing": (lambda: [Empty()], 1.0),
        "one that overrides on_train_batch_end": (lambda: [Unread()], 2.0),
        "History": (lambda: [callbacks.History()], 1.0),
        "History and ProgbarLogger": (lambda: [callbacks.History(), callbacks.ProgbarLogger()], 0.02 * MILLISECOND),
        "TensorBoard(update_freq='epoch')": (lambda: [callbacks.TensorBoard(folder)], 0.02 * MILLISECOND),
        "TensorBoard(update_freq=100)": (lambda: [callbacks.TensorBoard(folder, update_freq=100)], None),
        "one that reads the loss of each batch": (lambda: [Reading()], None),
    }
    found: dict[str, list[float]] = {name: [] for name in jobs}
    steps = []
    for index in range(rounds + 1):
        for name, (make, _) in jobs.items():
            with redirect_stdout(Screen()):
                without, took = epoch(model, None), epoch(model, make())
            if index:  # the first round warms up
                found[name].append(took - without)
                steps.append(without)
    print(f"a step without callbacks: {statistics.median(steps):.1f} us; with, more than that (medians of {rounds}):")
    for name, (_, most) in jobs.items():
        more = statistics.median(found[name])
        target = (
            "no target" if most is None else f"target: at most {most:.0f} us, {'met' if more <= most else 'not met'}"
        )
        print(f"{name:<40}{more:>8.2f} us   ({target})")


if __name__ == "__main__":
    main()

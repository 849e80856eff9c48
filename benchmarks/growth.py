"""How time and memory grow with a model: of `fit`, `predict`, of building a model and of its first calls.

    python benchmarks/growth.py                     all
    python benchmarks/growth.py residual --rounds 9 those whose name has residual

Networks of 10 to 1,000 layers Dense(16) against a PyTorch loop written by hand over the same layers: process CPU time,
rounds interleaved, medians. Caches hold less of a larger network (1,000 layers with their gradients, Adam's averages
and what the way back reads are 8 MB), so that each layer takes some microseconds more: not more than by hand.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import kerasviz

ROUNDS = 7
DEPTHS = (10, 30, 100, 300, 1000)
SLACK = 1.0  # microseconds that a layer may take more than by hand from 100 to 1,000 layers, beside those by hand
MOST_SECONDS = 1.0  # that a first call takes more than a later one, at 1,000 layers
BATCH, WIDTH = 32, 16
STEPS_TIMES_LAYERS, LEAST_STEPS = 3000, 10  # of a timing
RESIDUAL, CHAIN, SEQUENTIAL, PENALTY = "Dense + residual", "Dense", "Sequential of Dense", "Dense, one with a penalty"
NAMES = (RESIDUAL, CHAIN, SEQUENTIAL, PENALTY)
TASKS = ("fit", "predict")


def network(name: str, depth: int) -> Any:
    """So many Dense layers, compiled. With a penalty it trains by autograd."""
    layers = kerasviz.layers
    inputs = x = kerasviz.Input((WIDTH,))
    if name == SEQUENTIAL:
        model = kerasviz.Sequential([inputs, *(layers.Dense(WIDTH, "relu") for _ in range(depth))])
    else:
        for index in range(depth):
            penalty = "l2" if name == PENALTY and not index else None
            y = layers.Dense(WIDTH, "relu", kernel_regularizer=penalty)(x)
            x = layers.Add()([x, y]) if name == RESIDUAL else y
        model = kerasviz.Model(inputs, x)
    model.compile(kerasviz.optimizers.Adam(1e-4), "mse")
    return model


class ByHand(nn.Module):
    """The same network in plain PyTorch."""

    def __init__(self, name: str, depth: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(depth))
        self.is_residual = name == RESIDUAL
        self.has_penalty = name == PENALTY
        self.optimizer = torch.optim.Adam(self.parameters(), 1e-4, fused=True)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, features)."""
        for step in self.steps:
            x = x + F.relu(step(x)) if self.is_residual else F.relu(step(x))
        return x

    def fit(self, x: Tensor, y: Tensor) -> float:
        """An epoch, in random order."""
        total = torch.zeros(())
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = F.mse_loss(self(x[rows]), y[rows])
            if self.has_penalty:
                loss = loss + 0.01 * self.steps[0].weight.square().sum()  # type: ignore[operator]
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        return float(total)

    @torch.no_grad()
    def predict(self, x: Tensor) -> np.ndarray:
        """All rows, batch by batch."""
        return torch.cat([self(part) for part in x.split(BATCH)]).numpy()


def jobs_of(name: str, depth: int) -> tuple[dict[tuple[str, str], Callable[[], Any]], int]:
    """What is timed, by task and who does it; and how many steps each has."""
    steps = max(STEPS_TIMES_LAYERS // depth, LEAST_STEPS)
    x, y = (torch.rand(BATCH * steps, WIDTH) for _ in range(2))
    model, module = network(name, depth), ByHand(name, depth)
    return {
        ("fit", "ours"): lambda: model.fit(x, y, batch_size=BATCH, verbose=0),
        ("fit", "by hand"): lambda: module.fit(x, y),
        ("predict", "ours"): lambda: model.predict(x, batch_size=BATCH, verbose=0),
        ("predict", "by hand"): lambda: module.predict(x),
    }, steps


def seconds(job: Callable[[], Any]) -> float:
    """Process CPU time of a call."""
    gc.collect()
    began = time.process_time()
    job()
    return time.process_time() - began


def per_layer(name: str, rounds: int) -> dict[tuple[str, str], dict[int, float]]:
    """Median microseconds of a step for each layer, by depth, of each task and who does it."""
    jobs = {depth: jobs_of(name, depth) for depth in DEPTHS}
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for index in range(rounds + 1):
        for depth, (named, steps) in jobs.items():
            for key, job in named.items():
                took = seconds(job) / steps / depth * 1e6
                if index:  # the first round warms up
                    found.setdefault(key, {}).setdefault(depth, []).append(took)
    return {key: {depth: statistics.median(times[depth]) for depth in DEPTHS} for key, times in found.items()}


def building(name: str, depth: int) -> dict[str, float]:
    """Seconds to build a model, and how much longer than later ones its first calls take: the plans are made there."""
    x, y = (torch.rand(BATCH, WIDTH) for _ in range(2))
    began = time.process_time()
    model = network(name, depth)
    took = {"model": time.process_time() - began}
    for task, job in {
        "fit": lambda: model.fit(x, y, batch_size=BATCH, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "predict": lambda: model.predict(x, verbose=0),
    }.items():
        first = seconds(job)
        took[f"first {task}"] = max(0.0, first - min(seconds(job) for _ in range(3)))
    return took


def verdict(is_met: bool) -> str:
    """In words."""
    return "met" if is_met else "not met"


def show(name: str, rounds: int) -> None:
    """Print the tables of a network."""
    times = per_layer(name, rounds)
    print(f"\n{name}: microseconds of a step for each layer, and ours over by hand")
    print(f"{'':<24}" + "".join(f"{depth:>9,}" for depth in DEPTHS) + "   growth from 100 to 1,000")
    for task in TASKS:
        ours, hand = times[task, "ours"], times[task, "by hand"]
        ratios = {depth: ours[depth] / hand[depth] for depth in DEPTHS}
        for who, row in (("ours", ours), ("by hand", hand)):
            print(
                f"{task + ', ' + who:<24}"
                + "".join(f"{v:>9.2f}" for v in row.values())
                + f"{row[1000] / row[100]:9.2f}"
            )
        more, by_hand = ours[1000] - ours[100], hand[1000] - hand[100]
        print(f"{task + ', ratio':<24}" + "".join(f"{v:>9.2f}" for v in ratios.values()))
        target = f"target: at most {by_hand:.2f} by hand + {SLACK:g}, {verdict(more <= by_hand + SLACK)}"
        print(f"    a layer of 1,000 takes {more:.2f} microseconds more than one of 100 ({target})")
    building(name, 10)
    for depth in (100, 1000):
        runs = [building(name, depth) for _ in range(3)]
        took = {part: statistics.median(run[part] for run in runs) for part in runs[0]}
        print(f"seconds at {depth:,} layers: " + ", ".join(f"{part} {value:.3f}" for part, value in took.items()))
    most = max(value for part, value in took.items() if part != "model")
    print(f"    plans at 1,000 layers, the longest: {most:.2f} (target: under {MOST_SECONDS:g}, {verdict(most < 1)})")


def main() -> None:
    """Print the tables and the targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="?", default="", help="part of a network's name")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in [name for name in NAMES if options.only.lower() in name.lower()]:
        show(name, options.rounds)


if __name__ == "__main__":
    main()

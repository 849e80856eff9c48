"""Time of a step of every optimizer against torch's of the same method: the quickest of its own, foreach and fused.

python benchmarks/optimizers.py [name ...]

Two sets of weights: many small ones (50 of 64) and some large ones (20 of 512 x 512). Rounds are interleaved. The last
column is the ratio to torch's class as it is by default. torch's Muon multiplies in bfloat16 and Keras's in float32:
ours is compared with the same steps written out in float32.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from kerasviz import optimizers
from kerasviz.tensors import Variable

ROUNDS = 15
TARGET = 1.1
SETS = {"50 x 64": ((64,), 50, 40), "20 x 512 x 512": ((512, 512), 20, 1)}  # shape, how many, steps of a round
WAYS: dict[str, dict[str, Any]] = {"its own": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
METHODS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "SGD": ("SGD", {}, "SGD", {"lr": 0.01}),
    "SGD, momentum": ("SGD", {"momentum": 0.9}, "SGD", {"lr": 0.01, "momentum": 0.9}),
    "SGD, Nesterov": (
        "SGD",
        {"momentum": 0.9, "nesterov": True},
        "SGD",
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
    ),
    "Adam": ("Adam", {}, "Adam", {}),
    "Adam, amsgrad": ("Adam", {"amsgrad": True}, "Adam", {"amsgrad": True}),
    "AdamW": ("AdamW", {}, "AdamW", {"weight_decay": 0.004}),
    "Adagrad": ("Adagrad", {}, "Adagrad", {"initial_accumulator_value": 0.1}),
    "Adadelta": ("Adadelta", {}, "Adadelta", {}),
    "Adamax": ("Adamax", {}, "Adamax", {}),
    "Nadam": ("Nadam", {}, "NAdam", {}),
    "RMSprop": ("RMSprop", {}, "RMSprop", {}),
    "RMSprop, momentum": ("RMSprop", {"momentum": 0.9}, "RMSprop", {"momentum": 0.9}),
    "RMSprop, centered": ("RMSprop", {"centered": True}, "RMSprop", {"centered": True}),
    "Adafactor": ("Adafactor", {}, "Adafactor", {"lr": 0.001, "d": 1.0, "eps": (1e-30, 1e-3)}),
    "Muon": ("Muon", {"weight_decay": 0.1}, "Muon", {}),
    "Lion": ("Lion", {}, "", {}),
    "Lamb": ("Lamb", {}, "", {}),
    "Ftrl": ("Ftrl", {}, "", {}),
    "ScheduleFreeAdamW": ("ScheduleFreeAdamW", {}, "", {}),
}


def weights(shape: tuple[int, ...], count: int, kind: Callable[[torch.Tensor], Any]) -> list[Any]:
    """Weights with gradients."""
    torch.manual_seed(0)
    made = [kind(torch.randn(shape)) for _ in range(count)]
    for weight in made:
        weight.grad = torch.randn(shape) * 0.1
    return made


def ours(name: str, options: dict[str, Any], shape: tuple[int, ...], count: int) -> Callable[[], Any]:
    """A step of ours."""
    optimizer = getattr(optimizers, name)(**options)
    optimizer.build(weights(shape, count, Variable))
    return optimizer.step


def muon_by_hand(parameters: list[Any], momentum: float = 0.95, rate: float = 0.001) -> Callable[[], None]:
    """Muon in plain torch and float32: momentum, five Newton-Schulz iterations, decay, step."""
    buffers = [torch.zeros_like(weight) for weight in parameters]

    @torch.no_grad()
    def step() -> None:
        for weight, buffer in zip(parameters, buffers, strict=True):
            buffer.mul_(momentum).add_(weight.grad)
            x = weight.grad.add(buffer, alpha=momentum)
            x = x / (x.norm() + 1e-7)
            for _ in range(5):
                square = x @ x.T
                x = 3.4445 * x + (-4.775 * square + 2.0315 * square @ square) @ x
            weight.mul_(1 - rate * 0.1).add_(x, alpha=-rate * 0.2 * max(weight.shape) ** 0.5)

    return step


def torchs(name: str, options: dict[str, Any], shape: tuple[int, ...], count: int) -> dict[str, Callable[[], Any]]:
    """Steps of torch's, in every way that it offers."""
    steps: dict[str, Callable[[], Any]] = {}
    for way, how in WAYS.items():
        if name and not (name == "Muon" and len(shape) != 2):
            try:
                optimizer = getattr(torch.optim, name)(weights(shape, count, nn.Parameter), **options, **how)
                optimizer.step()
            except (TypeError, RuntimeError):
                continue
            steps[way] = optimizer.step
    if name == "Muon" and len(shape) == 2:
        steps["float32"] = muon_by_hand(weights(shape, count, nn.Parameter))
    return steps


def timed(steps: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Milliseconds of each step: medians of interleaved rounds of CPU time."""
    for step in steps.values():
        step()
    times: dict[str, list[float]] = {label: [] for label in steps}
    for _ in range(ROUNDS):
        for label, step in steps.items():
            start = time.process_time()
            for _ in range(repeats):
                step()
            times[label].append((time.process_time() - start) * 1000 / repeats)
    return {label: statistics.median(found) for label, found in times.items()}


def main() -> None:
    """Print a line for every method and set, and which are faster and slower."""
    wanted = sys.argv[1:]
    ratios: dict[str, float] = {}
    print(f"{'method':<20}{'weights':<18}{'ours ms':>9}{'torch ms':>10}{'ratio':>7}  {'way':<10}{'default':>7}")
    for method, (name, options, other, other_options) in METHODS.items():
        if wanted and name not in wanted:
            continue
        for label, (shape, count, repeats) in SETS.items():
            steps = {"ours": ours(name, options, shape, count), **torchs(other, other_options, shape, count)}
            found = timed(steps, repeats)
            mine = found.pop("ours")
            if found:
                way = "float32" if "float32" in found else min(found, key=lambda one: found[one])
                ratios[f"{method} ({label})"] = ratio = mine / found[way]
                print(
                    f"{method:<20}{label:<18}{mine:>9.3f}{found[way]:>10.3f}{ratio:>7.2f}  {way:<10}"
                    f"{mine / found['its own']:>7.2f}"
                )
            else:
                print(f"{method:<20}{label:<18}{mine:>9.3f}{'-':>10}{'-':>7}  torch has none")
    for title, kept in (("faster", lambda r: r < 1 / TARGET), ("slower", lambda r: r > TARGET)):
        chosen = sorted((ratio, method) for method, ratio in ratios.items() if kept(ratio))
        print(f"{title}: " + (", ".join(f"{method} {ratio:.2f}" for ratio, method in chosen) or "none"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()

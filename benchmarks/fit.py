"""Time of `fit`, `predict` and single batches against a PyTorch loop written by hand, and against Keras.

    python benchmarks/fit.py                    all workloads
    python benchmarks/fit.py MLP --rounds 7     those whose name has MLP
    python benchmarks/fit.py --others           Keras on JAX and TensorFlow too, where they are installed
    python benchmarks/fit.py --others --readme  and the table goes to benchmarks/README.md

Everything is interleaved, one thread each, process CPU time, medians of several rounds: compare the ratios.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "torch")

import math
import platform
import statistics
from pathlib import Path
from typing import Any

import torch
from contestants import TASKS, contestants
from workloads import WORKLOADS, Workload

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- begin: python benchmarks/fit.py --others --readme -->", "<!-- end -->"
HANDS = 1.0  # most of the hand-written loop's time that a fit may take, each
HANDS_MEAN = 0.8
TIMES_FASTER = {"fit": 3.5, "predict": 4.0, "one batch": 10.0}  # than Keras on torch, in the mean
EACH = {"Embedding-LSTM(64), T=100": 5.0, "200 x (Dense(16) + residual)": 12.0}  # than Keras on torch, in fit

Times = dict[str, dict[str, float]]


def measure(workload: Workload, rounds: int, who: dict[str, Any]) -> Times:
    """Median seconds of each task, for every contestant."""
    torch.manual_seed(0)
    for contestant in who.values():
        contestant.begin(workload)
    found: dict[str, dict[str, list[float]]] = {name: {task: [] for task in TASKS} for name in who}
    for index in range(rounds + 1):
        for task in TASKS:
            for name, contestant in who.items():
                took = contestant.time(task)
                if index:  # the first round warms up
                    found[name][task].append(took)
    return {name: {task: statistics.median(times) for task, times in tasks.items()} for name, tasks in found.items()}


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return math.exp(sum(math.log(value) for value in values) / len(values))


def columns(who: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Title, task, whose time, and over whose."""
    found = [(f"{task} / by hand", task, "kerasviz", "by hand") for task in TASKS]
    for other in [name for name in who if name.startswith("Keras")]:
        tasks = ("fit", "predict", "call", "one batch") if other == "Keras on torch" else ("fit",)
        short = other.removeprefix("Keras on ")
        found += [(f"{short} {task} / ours", task, other, "kerasviz") for task in tasks]
    return found


def row_of(times: Times, wanted: list[tuple[str, str, str, str]]) -> list[float]:
    """The ratios of a workload."""
    return [times[mine][task] / times[others][task] for _, task, mine, others in wanted]


def verdicts(rows: dict[str, list[float]], wanted: list[tuple[str, str, str, str]]) -> list[str]:
    """Each target, what was measured, and whether it is met."""
    titles = [title for title, *_ in wanted]
    fits = [row[titles.index("fit / by hand")] for row in rows.values()]
    lines = [
        verdict(
            f"fit, every workload, over the loop by hand: at most {HANDS}, and 0.02 of noise",
            max(fits),
            max(fits) <= HANDS + 0.02,
        ),
        verdict(f"fit, geometric mean: at most {HANDS_MEAN}", geometric_mean(fits), geometric_mean(fits) <= HANDS_MEAN),
    ]
    for task, least in TIMES_FASTER.items():
        if f"torch {task} / ours" in titles:
            mean = geometric_mean([row[titles.index(f"torch {task} / ours")] for row in rows.values()])
            lines.append(
                verdict(f"Keras on torch over ours, {task}, geometric mean: at least {least}", mean, mean >= least)
            )
    for name, least in EACH.items():
        if name in rows and "torch fit / ours" in titles:
            value = rows[name][titles.index("torch fit / ours")]
            lines.append(verdict(f"Keras on torch over ours, fit, {name}: at least {least}", value, value >= least))
    for title in titles:
        if title in ("jax fit / ours", "tensorflow fit / ours"):
            least = min(row[titles.index(title)] for row in rows.values())
            lines.append(verdict(f"{title.split()[0]} over ours, fit, every workload: at least 1", least, least >= 1))
    return lines


def verdict(target: str, value: float, is_met: bool) -> str:
    """A line."""
    return f"- {target}: {value:.2f}, {'met' if is_met else 'not met'}"


def table(rows: dict[str, list[float]], wanted: list[tuple[str, str, str, str]]) -> list[str]:
    """The rows and their means, as Markdown."""
    means = [geometric_mean([row[i] for row in rows.values()]) for i in range(len(wanted))]
    lines = ["| workload | " + " | ".join(title for title, *_ in wanted) + " |", "|---|" + "---|" * len(wanted)]
    for name, row in [*rows.items(), ("geometric mean", means)]:
        lines.append(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    return lines


def machine() -> str:
    """What it ran on."""
    facts = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return f"{processor}, one thread, Python {platform.python_version()}, torch {torch.__version__}"


def main() -> None:
    """Print a row for each workload, the means, and the targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="?", default="", help="part of a workload's name")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--others", action="store_true", help="Keras on other engines too")
    parser.add_argument("--readme", action="store_true", help="write the table to benchmarks/README.md")
    options = parser.parse_args()
    torch.set_num_threads(1)
    who = contestants(options.others)
    wanted = columns(who)
    print("ratios of process CPU time\n" + "  ".join(title for title, *_ in wanted))
    rows: dict[str, list[float]] = {}
    for workload in [w for w in WORKLOADS if options.only.lower() in w.name.lower()]:
        rows[workload.name] = row = row_of(measure(workload, options.rounds, who), wanted)
        print(f"{workload.name:<36}" + "".join(f"{value:>8.2f}" for value in row), flush=True)
    print(
        f"{'geometric mean':<36}"
        + "".join(f"{geometric_mean(list(v)):>8.2f}" for v in zip(*rows.values(), strict=True))
    )
    lines = [
        *table(rows, wanted),
        "",
        *verdicts(rows, wanted),
        "",
        f"On {machine()}; medians of {options.rounds} rounds.",
    ]
    print("\n".join(verdicts(rows, wanted)))
    if options.readme:
        before, _, rest = README.read_text().partition(BEGIN)
        README.write_text("\n".join([f"{before}{BEGIN}", "", *lines, "", END]) + rest.partition(END)[2])


if __name__ == "__main__":
    main()

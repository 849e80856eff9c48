"""Peak memory of `fit`, `evaluate` and `predict` against a PyTorch loop written by hand.

    python benchmarks/memory.py                 all
    python benchmarks/memory.py float64         those whose name has float64
    python benchmarks/memory.py --megabytes 50  with smaller arrays

Each runs in a process of its own; what counts is the most memory that it had resident, beyond that after a small
training of each kind, which imports most that is needed; data, model and optimizer are among it. Medians of some runs.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

TARGET = 1.1  # times the memory of the loop by hand
SMALL = 10.0  # megabytes that do not count: the model, its plans and their compilation, code that is used first
MEGABYTE = 2**20
WIDTH, BATCH = 1024, 256
RUNS = 3
WHO = OURS, HAND = "kerasviz", "by hand"
ARRAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "float32, shuffled": ("fit", "float32", {}),
    "float32, in order": ("fit", "float32", {"shuffle": False}),
    "float32, validation_split": ("fit", "float32", {"validation_split": 0.2}),
    "float64, shuffled": ("fit", "float64", {}),
    "float64, in order": ("fit", "float64", {"shuffle": False}),
    "uint8, shuffled": ("fit", "uint8", {}),
    "uint8, in order": ("fit", "uint8", {"shuffle": False}),
    "a list of 8, shuffled": ("fit", "list", {}),
    "class weights": ("fit", "float32", {"class_weight": {0: 1.0, 1: 2.0}}),
    "a frame of float64": ("fit", "frame", {}),
    "a generator": ("fit", "generator", {}),
    "a DataLoader": ("fit", "loader", {}),
    "evaluate, float64": ("evaluate", "float64", {}),
    "predict, float32": ("predict", "float32", {}),
    "predict, outputs as large as inputs": ("predict", "wide", {}),
}


def peak() -> int:
    """Bytes that this process had resident at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# --- in a process of its own ------------------------------------------------------------------------------------------


def workload_job(name: str, who: str) -> Callable[[], Any]:
    """Two epochs of a workload of fit.py."""
    from contestants import ByHand, jobs_of
    from workloads import WORKLOADS

    import kerasviz

    workload = next(workload for workload in WORKLOADS if workload.name == name)

    def run() -> None:
        fit = (ByHand(workload).jobs() if who == HAND else jobs_of(kerasviz, workload))["fit"]
        fit()
        fit()

    return run


def rows_of(kind: str, num_bytes: int) -> tuple[Any, Any]:
    """Inputs of so many bytes, and targets of 0 and 1."""
    import numpy as np

    random = np.random.default_rng(0)
    if kind == "uint8":
        x: Any = random.integers(0, 256, (num_bytes // WIDTH, WIDTH), "uint8")
    elif kind == "list":
        x = [random.random((num_bytes // WIDTH // 4, WIDTH // 8), "float32") for _ in range(8)]
    elif kind in ("float64", "frame"):
        x = random.random((num_bytes // WIDTH // 8, WIDTH))
    else:
        x = random.random((num_bytes // WIDTH // 4, WIDTH), "float32")
    rows = len(x[0]) if kind == "list" else len(x)
    if kind == "frame":
        import pandas

        x = pandas.DataFrame(x, copy=False)
    return x, random.integers(0, 2, rows).astype("float32")


def batches_of(rows: int) -> Any:
    """Batches made as they are asked for."""
    import numpy as np

    random = np.random.default_rng(0)
    for _ in range(rows // BATCH):
        x = random.random((BATCH, WIDTH), "float32")
        yield x, x[:, 0].round()


def our_job(task: str, kind: str, options: dict[str, Any], num_bytes: int) -> Callable[[], Any]:
    """The task as a model in Keras's API does it."""
    from kerasviz import Input, Model, layers

    inputs: Any = Input((WIDTH,), dtype="uint8" if kind == "uint8" else "float32")
    if kind == "list":
        inputs = [Input((WIDTH // 8,)) for _ in range(8)]
    x = layers.Concatenate()(inputs) if kind == "list" else inputs
    x = layers.Rescaling(1 / 255)(x) if kind == "uint8" else x
    outputs = layers.Dense(WIDTH if kind == "wide" else 1)(layers.Dense(32, "relu")(x))
    model = Model(inputs, outputs)
    model.compile("adam", "mse")

    def run() -> Any:
        if kind == "generator":
            return model.fit(batches_of(num_bytes // WIDTH // 4), verbose=0)
        x, y = rows_of(kind, num_bytes)
        if task == "predict":
            return model.predict(x, batch_size=BATCH, verbose=0)
        if kind == "loader":
            return model.fit(loader_of(x, y), verbose=0)
        return getattr(model, task)(x, y, batch_size=BATCH, verbose=0, **options)

    return run


def loader_of(x: Any, y: Any) -> Any:
    """A DataLoader of arrays."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    return DataLoader(TensorDataset(torch.from_numpy(x), torch.from_numpy(y)), BATCH, shuffle=True)


def hand_job(task: str, kind: str, options: dict[str, Any], num_bytes: int) -> Callable[[], Any]:
    """The task in plain PyTorch; a share for validation, and weights of classes, cost nothing here."""
    import torch
    from torch import nn

    module = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, WIDTH if kind == "wide" else 1))
    optimizer = torch.optim.Adam(module.parameters(), fused=True)

    def batches() -> Any:
        if kind == "generator":
            yield from ((torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches_of(num_bytes // WIDTH // 4))
            return
        x, y = rows_of(kind, num_bytes)
        if kind == "loader":
            yield from loader_of(x, y)
            return
        parts = [torch.from_numpy(part) for part in (x if kind == "list" else [x.to_numpy() if kind == "frame" else x])]
        targets = torch.from_numpy(y)
        is_shuffled = task == "fit" and options.get("shuffle", True)
        for rows in torch.randperm(len(y)).split(BATCH) if is_shuffled else torch.arange(len(y)).split(BATCH):
            which: Any = rows if is_shuffled else slice(int(rows[0]), int(rows[-1]) + 1)
            batch = torch.cat([part[which].float() for part in parts], 1) if kind == "list" else parts[0][which].float()
            yield batch / 255 if kind == "uint8" else batch, targets[which]

    def run() -> Any:
        outputs = []
        for x, y in batches():
            with torch.set_grad_enabled(task == "fit"):
                output = module(x)
            if task == "predict":
                outputs.append(output)
                continue
            loss = nn.functional.mse_loss(output[:, 0], y)
            if task == "fit":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return torch.cat(outputs).numpy() if outputs else None

    return run


def child(name: str, who: str, num_bytes: int) -> None:
    """Run one job, and print how many bytes it took beyond what all trainings do."""
    import pandas  # noqa: F401
    import torch

    import kerasviz  # noqa: F401

    torch.set_num_threads(1)
    for warm_up in (our_job, hand_job):  # what a first training imports
        for task in ("fit", "predict"):
            warm_up(task, "float32", {}, MEGABYTE)()
    workload_job("tabular, 20 inputs, batch 256", OURS)()
    if name in ARRAYS:
        task, kind, given = ARRAYS[name]
        job = (our_job if who == OURS else hand_job)(task, kind, given, num_bytes)
    else:
        job = workload_job(name, who)
    before = peak()
    job()
    print(peak() - before)


# --- in this one ------------------------------------------------------------------------------------------------------


def taken(name: str, who: str, num_bytes: int) -> int:
    """Bytes that a process of its own took."""
    command = [sys.executable, __file__, "--child", name, who, "--bytes", str(num_bytes)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def names_of_workloads() -> list[str]:
    """Those of fit.py, found out elsewhere: this process stays small, as what it has counts for those it starts."""
    code = "import workloads; print(*(workload.name for workload in workloads.WORKLOADS), sep='\\n')"
    folder = os.path.dirname(os.path.abspath(__file__))
    found = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return found.stdout.splitlines()


def main() -> None:
    """Print a line for each, and whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="?", default="", help="part of a name")
    parser.add_argument("--megabytes", type=int, default=500, help="of the arrays")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--bytes", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, who = options.child
        child(name, who, options.bytes)
        return
    target = f"target: at most {TARGET}, or {SMALL:g} more"
    print(f"{'megabytes beyond a small training':<40}{OURS:>10}{HAND:>10}{'ratio':>8}  ({target})")
    for name in [name for name in (*names_of_workloads(), *ARRAYS) if options.only.lower() in name.lower()]:
        runs = [[taken(name, who, options.megabytes * MEGABYTE) for who in WHO] for _ in range(options.runs)]
        ours, by_hand = (statistics.median(column) / MEGABYTE for column in zip(*runs, strict=True))
        told = "met" if ours <= max(TARGET * by_hand, by_hand + SMALL) else "not met"
        print(f"{name:<40}{ours:>10.1f}{by_hand:>10.1f}{ours / by_hand:>8.2f}  ({told})", flush=True)


if __name__ == "__main__":
    main()

"""What limits each workload: how much of `fit` is spent inside torch's kernels, and in which.

    python benchmarks/limits.py [part of a workload's name]

torch's profiler counts the time that each kernel takes by itself. What is left is ours and autograd's: the most that
better Python could save.
"""

import os
import sys
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from contestants import compiled
from torch.profiler import ProfilerActivity, profile
from workloads import WORKLOADS, Workload

import kerasviz

ROUNDS = 5


def shares(workload: Workload) -> tuple[float, list[tuple[str, float]]]:
    """Kernels' share of the time without a profiler, and each kernel's share of all kernels, the largest first."""
    model = compiled(kerasviz, workload)
    x, y = workload.data(workload.batch_size * workload.steps)

    def fit() -> None:
        model.fit(x, y, batch_size=workload.batch_size, epochs=1, verbose=0)

    fit()
    fit()
    plain = min(cpu_seconds(fit) for _ in range(ROUNDS))
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        fit()
    kernels: dict[str, float] = {}
    for event in seen.key_averages():
        if "::" in event.key:
            kernels[event.key] = kernels.get(event.key, 0.0) + event.self_cpu_time_total / 1e6
    total = sum(kernels.values())
    ranked = sorted(kernels.items(), key=lambda item: -item[1])
    return min(total / plain, 1.0), [(name, seconds / total) for name, seconds in ranked[:4]]


def cpu_seconds(function: Any) -> float:
    """Process CPU time of a call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    """Print a line for each workload."""
    torch.set_num_threads(1)
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"{'workload':<36}{'in kernels':>11}   the largest, of all kernels")
    for workload in [w for w in WORKLOADS if wanted.lower() in w.name.lower()]:
        share, largest = shares(workload)
        told = ", ".join(f"{name.partition('::')[2]} {part:.0%}" for name, part in largest)
        print(f"{workload.name:<36}{share:>10.0%}    {told}", flush=True)


if __name__ == "__main__":
    main()

"""Time of `import kerasviz` beyond `import torch`, each in a fresh process, interleaved; the median of several.

python benchmarks/imports.py
"""

import statistics
import subprocess
import sys

TARGET_MS = 150
ROUNDS = 9
USE = "import kerasviz as keras; keras.layers, keras.models, keras.optimizers, keras.losses, keras.metrics"
HEAVY = ("torch._dynamo", "IPython", "ipywidgets", "h5py", "plotly", "tensorboard", "keras", "PIL")


def milliseconds(code: str) -> float:
    """CPU time of a process that runs `code`."""
    program = f"import time; {code}; print(time.process_time() * 1000)"
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print the medians, the difference and the target, and what should not have been imported."""
    jobs = {"torch": "import torch", "bare": "import torch, kerasviz", "parts": f"import torch; {USE}"}
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, code in jobs.items():
            found[name].append(milliseconds(code))
    torch_ms, bare_ms, parts_ms = (statistics.median(times) for times in found.values())
    print(f"import torch: {torch_ms:.0f} ms")
    print(f"import kerasviz beyond it: {bare_ms - torch_ms:.0f} ms (target: at most {TARGET_MS} ms)")
    print(f"with layers, models, optimizers, losses and metrics in use: {parts_ms - torch_ms:.0f} ms")
    check = f"import sys, torch; before = set(sys.modules); {USE}; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.strip()
    print(f"heavy modules loaded: {loaded or 'none'}")


if __name__ == "__main__":
    main()

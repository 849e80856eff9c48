"""What the processor does in a few batches, as a file that TensorBoard's profiler and Perfetto open."""

import os
import socket
import time
import warnings
from pathlib import Path
from typing import Any

import torch


class Profile:
    """Watches every operation between `start` and `stop`.

    Args:
        folder: of the run; the trace lies in `plugins/profile/<time>/` in it, and ends in `.pt.trace.json.gz`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._profiler: Any = None

    def start(self) -> None:
        """Begin to watch; where another profiler does already, a warning says so and nothing else happens."""
        from torch.profiler import ProfilerActivity, profile

        # torch has one at a time, and the second would end the first
        if torch._C._autograd._profiler_enabled():  # pyright: ignore[reportAttributeAccessIssue]
            warnings.warn("TensorBoard's profile is left out: another profiler is at work.", stacklevel=2)
            return
        activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if torch.cuda.is_available() else [])
        self._profiler = profile(activities=activities)
        self._profiler.start()

    def stop(self) -> Path | None:
        """Write the trace; returns its path, or None where nothing was watched."""
        profiler, self._profiler = self._profiler, None
        if profiler is None:
            return None
        profiler.stop()
        path = self.folder / "plugins" / "profile" / time.strftime("%Y_%m_%d_%H_%M_%S")
        path.mkdir(parents=True, exist_ok=True)
        path /= f"{socket.gethostname()}_{os.getpid()}.pt.trace.json.gz"
        profiler.export_chrome_trace(str(path))
        return path

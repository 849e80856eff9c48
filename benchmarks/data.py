"""What it costs to have the next batch, in microseconds a step, for each kind of data and for plain torch.

    python benchmarks/data.py [part of a name]

Passes of ours and of a loop by hand take turns; the best of all rounds counts, in process CPU time (on the clock where
threads or processes make the batches). Nothing is done with a batch. By hand means: rows in a new order by
`index_select`, converted where they must be; or a DataLoader.

A step may take a microsecond more, which counts the batches; and up to 3 where the user's own code makes a batch, whose
parts are looked at.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

import kerasviz
from kerasviz.training.data import Passes, make_source

ROUNDS = 15
CPU = torch.device("cpu")
ROWS = 6400
RNG = np.random.default_rng(0)


@dataclass
class Case:
    """A kind of data: what `fit` is given, and the passes of a loop by hand over the same.

    Args:
        name: for the table.
        ours: arguments of `fit`, made anew for each pass where a pass uses them up.
        by_hand: iterates over the batches of a pass.
        target: how much more than by hand a step may cost at most, in microseconds.
    """

    name: str
    ours: Callable[[], dict[str, Any]]
    by_hand: Callable[[], Iterator[Any]]
    target: float = 1.0
    workers: bool = False


def shuffled(tensors: list[Tensor], size: int, make: Callable[[list[Tensor]], Any] = tuple) -> Iterator[Any]:
    """A pass over rows in a new order."""
    order = torch.randperm(len(tensors[0]))
    for rows in order.split(size):
        yield make([tensor.index_select(0, rows) for tensor in tensors])


def arrays(name: str, width: int, size: int, dtype: str = "float32", shuffle: bool = True) -> Case:
    """One array of inputs, and labels."""
    x, y = RNG.integers(0, 200, (ROWS, width)).astype(dtype), RNG.integers(0, 10, ROWS)
    tensors = [torch.from_numpy(x), torch.from_numpy(y)]

    def floats(parts: list[Tensor]) -> tuple:
        return parts[0].float() if dtype == "float64" else parts[0], parts[1]

    def in_order() -> Iterator[tuple]:
        for start in range(0, ROWS, size):
            yield floats([tensor[start : start + size] for tensor in tensors])

    given = {"x": x, "y": y, "batch_size": size, "shuffle": shuffle}
    return Case(name, lambda: dict(given), (lambda: shuffled(tensors, size, floats)) if shuffle else in_order)


def many_inputs(count: int, size: int) -> Case:
    """A dict of inputs."""
    names = [f"input_{number}" for number in range(count)]
    x, y = {name: RNG.normal(size=(ROWS, 1)).astype("float32") for name in names}, RNG.normal(size=ROWS)
    tensors = [*map(torch.from_numpy, x.values()), torch.from_numpy(y).float()]

    def as_dict(parts: list[Tensor]) -> tuple:
        return dict(zip(names, parts[:-1], strict=True)), parts[-1]

    given = {"x": x, "y": y, "batch_size": size, "shuffle": True}
    return Case(f"a dict of {count} inputs, shuffled", lambda: dict(given), lambda: shuffled(tensors, size, as_dict))


def frame(size: int) -> Case:
    """Columns of a data frame."""
    import pandas

    table = pandas.DataFrame(RNG.normal(size=(ROWS, 20)), columns=[f"column {number}" for number in range(20)])
    y = table.pop("column 0")
    given = {"x": table, "y": y, "batch_size": size, "shuffle": True}

    tensors = [torch.from_numpy(part.to_numpy("float32", copy=True)).contiguous() for part in (table, y)]
    return Case("a frame of 19 columns, shuffled", lambda: dict(given), lambda: shuffled(tensors, size))


class Samples(Dataset):
    """Samples one by one."""

    def __init__(self, width: int) -> None:
        self.x, self.y = torch.randn(ROWS, width), torch.zeros(ROWS, dtype=torch.int64)

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, index: int) -> tuple:
        return self.x[index], self.y[index]


class Numbered(kerasviz.utils.PyDataset):
    """Batches by number, as numpy arrays."""

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size
        self.x, self.y = RNG.normal(size=(ROWS, 20)).astype("float32"), RNG.integers(0, 10, ROWS)

    def __len__(self) -> int:
        return ROWS // self.size

    def __getitem__(self, index: int) -> tuple:
        rows = slice(index * self.size, index * self.size + self.size)
        return self.x[rows], self.y[rows]


def converted(batches: Any) -> Iterator[tuple]:
    """Batches of numpy as tensors."""
    for index in range(len(batches)):
        x, y = batches[index]
        yield torch.from_numpy(x), torch.from_numpy(y)


def streams(size: int) -> list[Case]:
    """Data that comes a batch at a time."""
    samples, tensors = Samples(20), TensorDataset(torch.randn(ROWS, 20), torch.zeros(ROWS, dtype=torch.int64))
    part = Subset(tensors, list(range(ROWS // 2)))
    loader = DataLoader(samples, batch_size=size, shuffle=True)
    numbered = Numbered(size)
    given = {"batch_size": size, "shuffle": True}

    def dataloader(data: Any) -> Callable[[], Iterator[Any]]:
        return lambda: iter(DataLoader(data, batch_size=size, shuffle=True))

    def plain() -> Iterator[Any]:
        return (numbered[index] for index in range(len(numbered)))

    return [
        Case("TensorDataset", lambda: {"x": tensors, **given}, dataloader(tensors)),
        Case("Subset of a TensorDataset", lambda: {"x": part, **given}, dataloader(part)),
        Case("Dataset", lambda: {"x": samples, **given}, dataloader(samples), 3.0),
        Case("DataLoader", lambda: {"x": loader}, lambda: iter(loader), 3.0),
        Case("generator of arrays", lambda: {"x": plain()}, lambda: converted(numbered), 3.0),
        Case("generator of tensors", lambda: {"x": converted(numbered)}, lambda: converted(numbered), 3.0),
        Case("PyDataset", lambda: {"x": numbered}, lambda: converted(numbered), 3.0),
        Case(
            "PyDataset, 2 threads",
            lambda: {"x": Numbered(size, workers=2)},
            lambda: iter(DataLoader(numbered, batch_size=None, num_workers=2)),  # pyright: ignore[reportArgumentType]
            workers=True,
        ),
        Case(
            "PyDataset, 2 processes",
            lambda: {"x": Numbered(size, workers=2, use_multiprocessing=True)},
            lambda: iter(DataLoader(numbered, batch_size=None, num_workers=2)),  # pyright: ignore[reportArgumentType]
            workers=True,
        ),
    ]


def cases() -> list[Case]:
    """Every kind of data."""
    return [
        arrays("20 numbers, batches of 32, shuffled", 20, 32),
        arrays("20 numbers, batches of 32, in order", 20, 32, shuffle=False),
        arrays("784 numbers, batches of 64, shuffled", 784, 64),
        arrays("784 numbers, batches of 64, in order", 784, 64, shuffle=False),
        arrays("784 float64, batches of 64, shuffled", 784, 64, "float64"),
        arrays("3072 bytes, batches of 64, shuffled", 3072, 64, "uint8"),
        many_inputs(20, 32),
        frame(32),
        *streams(32),
    ]


def seconds(batches: Iterator[Any], clock: Callable[[], float]) -> tuple[float, int]:
    """The time of a pass, and its steps."""
    began = clock()
    steps = sum(1 for _ in batches)
    return clock() - began, steps


def measured(case: Case) -> tuple[float, float]:
    """Microseconds of a step of ours and by hand, where nothing disturbed them."""
    clock = time.perf_counter if case.workers else time.process_time
    best = {"ours": float("inf"), "by hand": float("inf")}
    source: Any = None
    for _ in range(ROUNDS // 5 if case.workers else ROUNDS):
        if source is None or not source.restarts:  # a generator is new for each pass
            given = case.ours()
            x, y = given.pop("x"), given.pop("y", None)
            source = make_source(x, y, device=CPU, **given)
        spent, steps = seconds(Passes(source).epoch(), clock)
        best["ours"] = min(best["ours"], spent / steps)
        spent, steps = seconds(case.by_hand(), clock)
        best["by hand"] = min(best["by hand"], spent / steps)
    return best["ours"] * 1e6, best["by hand"] * 1e6


def main() -> None:
    """Print a line for each kind of data."""
    torch.set_num_threads(1)
    wanted = sys.argv[1].lower() if len(sys.argv) > 1 else ""
    print(f"{'data':<40}{'ours':>8}{'by hand':>9}{'ratio':>7}  target")
    for case in cases():
        if wanted not in case.name.lower():
            continue
        ours, by_hand = measured(case)
        told = f"at most {by_hand + case.target:.1f}, {'met' if ours <= by_hand + case.target else 'not met'}"
        print(f"{case.name:<40}{ours:8.2f}{by_hand:9.2f}{ours / by_hand:7.2f}  ({told})", flush=True)


if __name__ == "__main__":
    main()

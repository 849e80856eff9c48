"""Numbered batches that threads or processes make ahead of time, in order."""

import collections
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

SEEDS = 2**31


def prefetched(batches: Any, numbers: Iterable[int], workers: int, use_processes: bool, waiting: int) -> Iterator[Any]:
    """The batches of these numbers, in their order. Up to `waiting` are made while one is used.

    An error in a worker comes out where its batch would, with its own traceback. When the iterator is closed, fails or
    ends, batches that were not begun are dropped, and the workers end before it returns.

    Args:
        batches: an object with `__getitem__`.
        numbers: which batches; they may go on for ever.
        workers: threads or processes, at least 1.
        use_processes: processes, which have a copy of `batches`; their random numbers depend on the place of a batch in
            the pass and on torch's seed, not on which of them makes it.
        waiting: batches that are made, or being made, before they are asked for; at least 1.
    """
    pool, submit = process_pool(batches, workers) if use_processes else thread_pool(batches, workers)
    going: collections.deque[Future] = collections.deque()
    try:
        for place, number in enumerate(numbers):
            going.append(submit(place, number))
            if len(going) > waiting:
                yield going.popleft().result()
        while going:
            yield going.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


Submit = Callable[[int, int], Future]


def thread_pool(batches: Any, workers: int) -> tuple[Executor, Submit]:
    """Threads, and what lets one of them make a batch."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
    return pool, lambda place, number: pool.submit(batches.__getitem__, number)


def process_pool(batches: Any, workers: int) -> tuple[Executor, Submit]:
    """Processes, and what lets one of them make a batch."""
    seed = int(torch.randint(SEEDS, ()).item())
    pool = ProcessPoolExecutor(workers, initializer=Worker.start, initargs=(batches,))
    return pool, lambda place, number: pool.submit(Worker.batch, number, (seed + place) % SEEDS)


class Worker:
    """What a process knows."""

    batches: Any = None

    @classmethod
    def start(cls, batches: Any) -> None:
        """Called once in each process."""
        torch.set_num_threads(1)
        cls.batches = batches

    @classmethod
    def batch(cls, number: int, seed: int) -> Any:
        """A batch, with random numbers that begin at a seed."""
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        return cls.batches[number]

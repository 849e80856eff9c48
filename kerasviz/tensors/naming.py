"""Automatic names: `dense`, `dense_1`... until the session is cleared."""

import gc
import itertools
import threading

import torch

_counts: dict[str, itertools.count] = {}
_uids: dict[str, itertools.count] = {}
_lock = threading.Lock()


def unique_name(prefix: str) -> str:
    """`dense`, then `dense_1`, `dense_2`...: a name that no other call of this process got."""
    with _lock:
        number = next(_counts.setdefault(prefix, itertools.count()))
    return prefix if number == 0 else f"{prefix}_{number}"


def get_uid(prefix: str = "") -> int:
    """How often this was called for `prefix`, from 1: a number that no other call got."""
    with _lock:
        return next(_uids.setdefault(prefix, itertools.count(1)))


def reset_names() -> None:
    """Begin all automatic names anew."""
    with _lock:
        _counts.clear()
        _uids.clear()


def clear_session(free_memory: bool = True) -> None:
    """Begin all automatic names anew: a second model then gets the names of a first one.

    Args:
        free_memory: whether to collect what is no longer used, on the accelerator too.
    """
    reset_names()
    if free_memory:
        gc.collect()
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()

"""What holds for every test: one thread for torch, a fixed seed, and nothing left behind for the next test."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import pytest
import torch

from kerasviz import tensors
from kerasviz.tensors import settings
from kerasviz.tensors.naming import reset_names

torch.set_num_threads(1)

GRACE_SECONDS = 3.0  # for a thread that was told to end, and is ending
OF_PYTEST = {"PYTEST_CURRENT_TEST", "TORCHINDUCTOR_CACHE_DIR"}  # torch sets the second when it first uses meta


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where parity tests take the oracle's answers from."""
    modes = ("replay", "live", "record")
    parser.addoption("--oracle", choices=modes, default="replay", help="Keras's answers: from the record, or computed")
    parser.addoption("--figures", action="store_true", help="say how many answers parity tests compared, and how near")


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _names_counted_from_the_start() -> None:
    reset_names()


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        next(iter(left)).join(0.05)
    assert not left, f"the test left threads running: {sorted(thread.name for thread in left)}"


@pytest.fixture(autouse=True)
def _no_leaked_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    os.environ.clear()
    os.environ.update(before)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed <= OF_PYTEST, f"the test left environment variables changed: {sorted(changed - OF_PYTEST)}"


@pytest.fixture(autouse=True)
def _no_leaked_settings() -> Iterator[None]:
    before = current_settings()
    yield
    after = current_settings()
    restore(before)
    assert after == before, f"the test left settings changed: {dict(after.items() - before.items())}"


def current_settings() -> dict[str, object]:
    """Everything global that changes what a model computes."""
    return {
        "torch.get_default_dtype()": torch.get_default_dtype(),
        "torch.is_grad_enabled()": torch.is_grad_enabled(),
        "torch.get_num_threads()": torch.get_num_threads(),
        "floatx()": settings.floatx(),
        "epsilon()": settings.epsilon(),
        "image_data_format()": settings.image_data_format(),
    }


def restore(values: dict[str, object]) -> None:
    """Put `current_settings()` of another time back, so that one leak fails one test."""
    for name, value in values.items():
        getter = name.removesuffix("()").removeprefix("torch.")
        if name == "torch.is_grad_enabled()":
            torch.set_grad_enabled(bool(value))
        else:
            place = torch if name.startswith("torch.") else settings
            getattr(place, f"set_{getter.removeprefix('get_')}")(value)


@pytest.fixture
def meta_device() -> Iterator[None]:
    """New tensors are on `meta` in the test."""
    tensors.set_device("meta")
    yield
    tensors.set_device(None)

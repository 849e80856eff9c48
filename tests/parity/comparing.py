"""How near two answers are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from .recording import plain


@dataclass
class Figures:
    """What one test module compared.

    Attributes:
        answers: arrays of numbers compared.
        largest: the largest error of float32 and float64, against the largest number of its answer.
        test: where that was.
    """

    answers: int = 0
    largest: float = 0.0
    test: str = ""


WIDE = 2e-4
FIGURES: dict[str, Figures] = {}  # by test module; `--figures` prints them


def assert_close(ours: Any, expected: Any, tolerance: float = 1e-5, *, dtypes: bool = True, where: str = "") -> None:
    """Fail unless two nests hold the same shapes, dtypes and numbers, these within `tolerance`.

    Args:
        ours: tensors, arrays, numbers in lists, tuples and dicts.
        expected: what `reference` gave.
        tolerance: relative to each number, and to the largest where numbers are near zero.
        dtypes: whether the types of the numbers must be the same (a bfloat16 counts as its float32).
        where: the place in the nest, for the message.
    """
    compare(plain(ours), plain(expected), tolerance, dtypes, where or "answer")


def compare(ours: Any, expected: Any, tolerance: float, dtypes: bool, where: str) -> None:
    """`assert_close` of plain values."""
    if isinstance(expected, dict):
        assert isinstance(ours, dict), f"{where}: {type(ours).__name__}, not a dict"
        assert set(ours) == set(expected), f"{where}: keys {sorted(ours)}, not {sorted(expected)}"
        for key, value in expected.items():
            compare(ours[key], value, tolerance, dtypes, f"{where}[{key!r}]")
    elif isinstance(expected, list):
        assert isinstance(ours, list), f"{where}: {type(ours).__name__}, not a list"
        assert len(ours) == len(expected), f"{where}: {len(ours)} values, not {len(expected)}"
        for index, (one, other) in enumerate(zip(ours, expected, strict=True)):
            compare(one, other, tolerance, dtypes, f"{where}[{index}]")
    elif isinstance(expected, (np.ndarray, float)):
        compare_numbers(np.asarray(ours), np.asarray(expected), tolerance, dtypes, where)
    else:
        assert ours == expected, f"{where}: {ours!r}, not {expected!r}"


def compare_numbers(ours: np.ndarray, expected: np.ndarray, tolerance: float, dtypes: bool, where: str) -> None:
    """Shapes, dtypes, and every number."""
    assert ours.shape == expected.shape, f"{where}: shape {ours.shape}, not {expected.shape}"
    if dtypes:
        assert ours.dtype == expected.dtype, f"{where}: dtype {ours.dtype}, not {expected.dtype}"
    if expected.dtype.kind in "US":
        assert (ours == expected).all(), f"{where}: {ours}, not {expected}"
        return
    note(ours, expected, tolerance)
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind in "fc" else np.abs(expected)
    scale = float(finite.max()) if finite.size else 0.0
    exact = expected.dtype.kind not in "fc"
    limits = {"rtol": 0, "atol": 0} if exact else {"rtol": tolerance, "atol": tolerance * min(scale, 1.0)}
    np.testing.assert_allclose(ours, expected, **limits, err_msg=where)


def note(ours: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Keep count, and the largest error so far; wide tolerances are those of 16-bit numbers."""
    module, _, test = os.environ.get("PYTEST_CURRENT_TEST", "::").partition("::")
    figures = FIGURES.setdefault(module, Figures())
    figures.answers += 1
    if tolerance > WIDE or expected.dtype.kind not in "fc" or expected.dtype.itemsize < 4 or not expected.size:
        return
    finite = np.isfinite(expected) & np.isfinite(ours)
    scale = float(np.abs(expected[finite]).max(initial=0.0))
    error = float(np.abs(ours[finite] - expected[finite]).max(initial=0.0)) / scale if scale else 0.0
    if error > figures.largest:
        figures.largest, figures.test = error, test.removesuffix(" (call)")

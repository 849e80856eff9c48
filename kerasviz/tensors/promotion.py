"""The dtype in which numbers of different dtypes meet: Keras's rules, after those of JAX.

Whole numbers give way to floats, Python's own numbers to any tensor. Everything ends in at most 32 bits.

Source: The JAX authors, "Type promotion semantics", JAX documentation.
"""

import functools
from typing import Any

import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import settings
from kerasviz.tensors.dtypes import standardize_dtype

UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
NARROWER = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
WEAK = {int: "int", float: "float", complex: "complex"}  # Python's: they take the width of what they meet


def result_type(*dtypes: Any) -> str:
    """The name of the dtype that values of these dtypes become together.

    Args:
        dtypes: names, torch's or numpy's dtypes; Python's `int` and `float` give way to tensors of their kind.

    Raises:
        Invalid: for an 8-bit float, which goes together with nothing.
    """
    if not dtypes:
        return settings.floatx()
    names = frozenset(WEAK.get(dtype) or standardize_dtype(dtype) for dtype in dtypes)
    joined = _joined if torch.compiler.is_compiling() else _remembered  # torch.compile warns of caches
    return joined(names, settings.floatx())


def _joined(names: frozenset[str], floatx: str) -> str:
    for name in names:
        if name.startswith("float8"):
            raise Invalid("result_type", "a dtype that promotes", name, "Cast 8-bit floats first.")
    if any(name.startswith("complex") for name in names):
        return "complex64"
    floats = [name for name in FLOATS if name in names]
    if floats:
        both_halves = {"float16", "bfloat16"} <= names
        widest = "float32" if both_halves and floats[-1] == "bfloat16" else floats[-1]
        return NARROWER.get(widest, widest)
    if "float" in names:
        return floatx
    whole = _joined_whole(names)
    return floatx if whole is None else NARROWER.get(whole, whole)


_remembered = functools.lru_cache(maxsize=1024)(_joined)


def _joined_whole(names: frozenset[str]) -> str | None:
    """The whole-number dtype for all; None where none holds both: uint64 and a signed one."""
    unsigned = [name for name in UNSIGNED if name in names]
    signed = [name for name in SIGNED if name in names]
    if not unsigned and not signed:
        return "int32" if "int" in names else "bool"
    if not signed:
        return unsigned[-1]
    if not unsigned or SIGNED.index(signed[-1]) > UNSIGNED.index(unsigned[-1]):
        return signed[-1]
    wider = UNSIGNED.index(unsigned[-1]) + 1
    return SIGNED[wider] if wider < len(SIGNED) else None

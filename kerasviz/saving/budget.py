"""A limit on what a file may make us allocate before its weights are seen to be there."""

import contextlib
import itertools
import math
import os
import threading
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from kerasviz.declare import Invalid

ONE_IS_FINE = 2**28  # bytes of one array that any file may ask for
ALL_ARE_FINE = 2**31
COUNTED = 2**16  # bytes of the smallest array that is counted
CANNOT_BE_LARGE = 2**26  # bytes at most of what is not looked at more closely
WIDEST = 16  # bytes of a number
SHARE_OF_MEMORY = 2  # a config alone may ask for one part of so many
MEMORY_WHERE_UNKNOWN = 2**34
_limits = threading.local()


class Budget(TorchDispatchMode):
    """While it holds, new tensors are no larger than the weights of the file can need.

    What may become large by its arguments is tried on the meta device first, where it costs nothing.

    Args:
        stored: bytes of all arrays in the file; None where a config comes alone: half the machine's memory, then.
        where: for the error.
    """

    def __init__(self, stored: int | None, where: str) -> None:
        super().__init__()
        most = machine_memory() // SHARE_OF_MEMORY
        self.one = most if stored is None else max(4 * stored, ONE_IS_FINE)
        self.all = self.left = most if stored is None else 8 * stored + ALL_ARE_FINE
        self.is_alone = stored is None
        self.where = where

    def __enter__(self) -> "Budget":
        self._outer = getattr(_limits, "current", None)
        _limits.current = self
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        _limits.current = self._outer
        super().__exit__(*error)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch would import its compiler, which takes a second, to leave this out of it."""
        return False

    def __torch_dispatch__(self, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Refuse the allocation, or let it be."""
        options = kwargs or {}
        if makes_something(function) and not is_meta(args, options):
            size, shape = told_size(function, args, options) or bounded_size(function, args, options)
            if size >= COUNTED:
                self.take(size, shape)
        return function(*args, **options)

    def take(self, size: int, shape: Any) -> None:
        """Count what a call will allocate.

        Raises:
            Invalid: where it is more than there may be.
        """
        self.left -= size
        if size > self.one or self.left < 0:
            hint = "Its config and its weights do not belong together."
            if self.is_alone:
                hint = "New arrays may take half of this machine's memory, all together."
            most = self.one if size > self.one else self.all
            raise Invalid(self.where, f"arrays of at most {most} bytes", f"shape {shape}", hint)


@contextlib.contextmanager
def budget_of_config(where: str) -> Iterator[None]:
    """The budget of a config or document that comes without weights; none where one holds already."""
    if getattr(_limits, "current", None) is not None:
        yield
        return
    with Budget(None, where):
        yield


def at(where: str) -> None:
    """Name what is being made, for the error of the budget that holds, if one does."""
    current = getattr(_limits, "current", None)
    if current is not None:
        current.where = where


_makes_something: dict[Any, bool] = {}


def makes_something(function: Any) -> bool:
    """Whether an operation of torch makes a new tensor, and does not fill or look at another."""
    known = _makes_something.get(function)
    if known is None:
        known = _makes_something[function] = not (function.is_view or function._schema.is_mutable)
    return known


def is_meta(args: tuple, options: dict[str, Any]) -> bool:
    """Whether a call is one on the meta device, where nothing is allocated."""
    device = options.get("device")
    if device is not None:
        return torch.device(device).type == "meta"
    return any(isinstance(value, Tensor) and value.is_meta for value in args)


def told_size(function: Any, args: tuple, options: dict[str, Any]) -> tuple[int, Any] | None:
    """Bytes and shape of what a call makes that is given a shape; None for others."""
    for argument, value in zip(function._schema.arguments, args, strict=False):
        if argument.name == "size" and isinstance(value, (list, tuple)):
            of_like = args[0].dtype if isinstance(args[0], Tensor) else torch.get_default_dtype()
            return math.prod(value) * (options.get("dtype") or of_like).itemsize, tuple(value)
    return None


def bounded_size(function: Any, args: tuple, options: dict[str, Any]) -> tuple[int, Any]:
    """Bytes and shape of the largest tensor that a call makes; 0 where it cannot be large."""
    numbers, tensors = parts_of(args)
    if WIDEST * math.prod(max(1, abs(number)) for number in numbers) * largest_of(tensors) <= CANNOT_BE_LARGE:
        return 0, ()
    with _disable_current_modes():
        try:
            told = {**on_meta(options), "device": "meta"} if "device" in options else on_meta(options)
            made = function(*on_meta(args), **told)
        except Exception:
            return max(numbers, default=0), max(numbers, default=0)  # what depends on the values in it
    found = [made] if isinstance(made, Tensor) else made if isinstance(made, (list, tuple)) else []
    sizes = [(part.numel() * part.element_size(), tuple(part.shape)) for part in found if isinstance(part, Tensor)]
    return max(sizes, default=(0, ()))


def largest_of(tensors: list[Tensor]) -> int:
    """The numbers that a product, a sum or a table of tensors has at most."""
    counts = sorted(tensor.numel() for tensor in tensors)
    beside = itertools.zip_longest(*(reversed(tensor.shape) for tensor in tensors), fillvalue=1)
    return max(math.prod(counts[-2:]), math.prod(max(sizes) for sizes in beside))


def parts_of(args: Any) -> tuple[list[int], list[Tensor]]:
    """Whole numbers and tensors among arguments, and in lists among them."""
    numbers: list[int] = []
    tensors: list[Tensor] = []
    for value in args:
        if isinstance(value, Tensor):
            tensors.append(value)
        elif isinstance(value, (list, tuple)):
            inner_numbers, inner = parts_of(value)
            numbers, tensors = numbers + inner_numbers, tensors + inner
        elif isinstance(value, (int, float)) and math.isfinite(value):
            numbers.append(int(value))
    return numbers, tensors


def on_meta(value: Any) -> Any:
    """The same arguments, with tensors that have no numbers."""
    if isinstance(value, Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")
    if isinstance(value, (list, tuple)):
        return type(value)(on_meta(part) for part in value)
    if isinstance(value, dict):
        return {key: on_meta(part) for key, part in value.items()}
    return value


def machine_memory() -> int:
    """Bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return MEMORY_WHERE_UNKNOWN

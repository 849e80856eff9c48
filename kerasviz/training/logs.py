"""Logs that stay tensors on their device until somebody reads them."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import torch
from torch import Tensor


class Logs(MutableMapping):
    """The values after a batch, by name, as floats. Nothing is computed before the first look.

    Args:
        read: gives all values; called at most once.
    """

    __slots__ = ("__weakref__", "_read", "_values")

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read
        self._values: dict[str, Any] | None = None

    def values_now(self) -> dict[str, Any]:
        """All values, read if they have not been."""
        if self._values is None:
            self._values = self._read()
        return self._values

    def newest_loss(self) -> float | None:
        """The loss of the last batch alone, where it can be had without the rest; else the mean so far."""
        read = getattr(self._read, "newest_loss", None)
        newest = read() if read is not None and self._values is None else None
        return self.get("loss") if newest is None else newest

    def __getitem__(self, name: str) -> Any:
        """One value."""
        return self.values_now()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Add or change a value."""
        self.values_now()[name] = value

    def __delitem__(self, name: str) -> None:
        """Take a value out."""
        del self.values_now()[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self.values_now())

    def __len__(self) -> int:
        """How many values there are."""
        return len(self.values_now())

    def __bool__(self) -> bool:
        """True, without reading: `logs or {}` costs nothing."""
        return True

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        """A dict of these and `other`."""
        return {**self.values_now(), **other}

    def __ror__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        """A dict of `other` and these."""
        return {**other, **self.values_now()}

    def copy(self) -> dict[str, Any]:
        """A plain dict."""
        return dict(self.values_now())

    def __repr__(self) -> str:
        return repr(self.values_now())


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values in nested dicts, by their own names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat.update(flattened(value) if isinstance(value, Mapping) else {name: value})
    return flat


def in_order(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as floats, in the order given; with one transfer from the device."""
    flat = flattened(values)
    scalars = {name: value for name, value in flat.items() if isinstance(value, Tensor) and value.numel() == 1}
    devices = {value.device.type for value in scalars.values()}
    if devices <= {"cpu"}:
        numbers = [value.item() for value in scalars.values()]
    else:
        numbers = torch.stack([value.detach().reshape(()).double() for value in scalars.values()]).tolist()
    flat.update(zip(scalars, numbers, strict=True))
    return {name: _plain(value) for name, value in flat.items()}


def floats(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as floats, sorted by name, as Keras has its logs; those of a nested dict stay together."""
    return in_order(dict(sorted(values.items())))


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value

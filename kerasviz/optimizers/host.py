"""Numbers of an optimizer that Python decides: kept on the host, shown as variables."""

from collections.abc import Callable
from typing import Any, Self

import torch

from kerasviz.tensors import Variable


class HostNumber(Variable):
    """A scalar variable that tells its owner when it is assigned; reading it waits for no device."""

    changed: Callable[[float], None]

    @classmethod
    def make(cls, value: float, dtype: torch.dtype, name: str, changed: Callable[[float], None]) -> Self:
        """A number that calls `changed` with each new value."""
        made = cls(torch.tensor(value, dtype=dtype, device="cpu"), trainable=False, name=name)
        made.changed = changed
        return made

    def assign(self, value: Any) -> Self:
        """Put a number in its place."""
        number = value.item() if hasattr(value, "item") else value
        super().assign(torch.tensor(number, dtype=self.dtype))
        self.changed(number)
        return self

    def assign_add(self, value: Any) -> Self:
        """Add a number."""
        return self.assign(self.item() + float(value) if self.is_floating_point() else self.item() + int(value))

    def assign_sub(self, value: Any) -> Self:
        """Subtract a number."""
        return self.assign(self.item() - float(value) if self.is_floating_point() else self.item() - int(value))

    def show(self, value: float) -> Self:
        """Hold the owner's number, without telling it."""
        with torch.no_grad():
            self.fill_(value)
        return self

"""How far an optimizer is: the step count and the rate of the step at hand."""

from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.optimizers.arguments import OptimizerArguments
from kerasviz.optimizers.arithmetic import floor, wide
from kerasviz.optimizers.scalars import HostScalar, Rate, current, host_scalar, value_now


class OptimizerProgress(OptimizerArguments):
    """The step count and the rate of an optimizer."""

    built: bool = False
    counts_on_device: bool = False  # only the device knows how many updates there have been: some may be left out
    _iterations: HostScalar
    _rate: Any

    @property
    def iterations(self) -> Any:
        """How many updates there have been."""
        steps = self.gradient_accumulation_steps
        return self._iterations // steps if steps else self._iterations

    @property
    def num_updates(self) -> int:
        """`iterations` as a Python number, without reading the device."""
        return self._iterations.host() // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step. Assign a number, or a schedule."""
        if isinstance(self._rate, HostScalar):
            return self._rate
        return current(self._rate, self._iterations.host(), self._iterations.device)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        where = f"{type(self).__name__}(learning_rate=...)"
        value = Rate().parse(value, where)
        if callable(value):
            self._rate = value
        elif self._rate is None:
            self._rate = host_scalar(value, "float32", "learning_rate")
        elif isinstance(self._rate, HostScalar):
            self._rate.set(value)
        else:
            hint = "Make a new optimizer, or assign a schedule."
            raise TypeError(str(Invalid(where, "an optimizer made with a number as its rate", self._rate, hint)))

    def updates(self) -> Any:
        """`iterations` as a Python number, or as a tensor where only the device knows it."""
        if not self.counts_on_device:
            return self.num_updates
        return floor(wide(self._iterations.detach()) / (self.gradient_accumulation_steps or 1))

    def rate(self) -> Any:
        """The rate of this step as a Python number, or as a tensor where only the device knows the step.

        A number that was assigned is not read from the device.
        """
        if isinstance(self._rate, HostScalar):
            return self._rate.kept()
        at: Any = getattr(self._rate, "at", None)
        step = wide(self._iterations.detach()) if self.counts_on_device else self._iterations.host()
        if at is not None:
            return at(step)
        value = value_now(self._rate, step)
        return value if self.counts_on_device and isinstance(value, Tensor) else float(value)

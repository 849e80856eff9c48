"""Numbers that live on the device and are known on the host: the step count, the learning rate."""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Self

import torch

from kerasviz.declare import Invalid, Kind, family, serialize
from kerasviz.tensors import Variable


class HostScalar(Variable):
    """A scalar variable whose value the host knows, so that a step reads nothing from the device.

    Whoever changes the variable in another way than through `set` and `count` makes the host read it once.
    """

    _seen: int | None
    _known: Any

    def set(self, value: Any) -> None:
        """Set the value from a Python number."""
        with torch.no_grad():
            self.fill_(value)
        self._known, self._seen = value, self._version

    def count(self) -> None:
        """Add one. Call it without gradients."""
        known = self.host()
        self.add_(1)
        self._known, self._seen = known + 1, self._version

    def host(self) -> Any:
        """The value as a Python number."""
        facts: dict[str, Any] = vars(self)
        seen = facts.get("_seen")
        if seen is not None and seen != self._version and self.device.type != "meta":
            value, known = self.detach().item(), facts.get("_known")
            if known is None or torch.tensor(known, dtype=self.dtype).item() != value:  # else it knows it better
                facts["_known"] = value
        facts["_seen"] = self._version
        return facts["_known"]

    def kept(self) -> Any:
        """The value as the variable keeps it, and a file: what a step has to use to be the same after a file."""
        facts: dict[str, Any] = vars(self)
        known = self.host()
        if known is not facts.get("_kept_of"):
            facts["_kept_of"], facts["_kept"] = known, as_kept(known, self.dtype)
        return facts["_kept"]

    def __float__(self) -> float:
        return float(self.host())

    def __int__(self) -> int:
        return int(self.host())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        self.host()
        made = super().__deepcopy__(memo)
        made._seen = made._version
        return made

    def __reduce_ex__(self, protocol: Any) -> tuple:
        """Pickle with the known value; the count of changes starts anew."""
        self.host()
        rebuild, (cls, data, requires_grad, facts) = super().__reduce_ex__(protocol)
        return rebuild, (cls, data, requires_grad, facts | {"_seen": None})


def host_scalar(value: Any, dtype: str, name: str) -> HostScalar:
    """A scalar variable of this value."""
    variable = HostScalar(value, dtype=dtype, trainable=False, name=name)
    variable._known, variable._seen = value, variable._version
    return variable


def as_kept(value: float, dtype: torch.dtype) -> float:
    """The number as a variable of this dtype keeps it, and a file."""
    if dtype == torch.bfloat16:  # the upper half of float32, rounded to even
        bits = struct.unpack("I", struct.pack("f", value))[0]
        return struct.unpack("f", struct.pack("I", (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000))[0]
    code = CODES[dtype]
    return struct.unpack(code, struct.pack(code, value))[0]


CODES = {torch.float16: "e", torch.float32: "f", torch.float64: "d"}  # of struct


class Rate(Kind):
    """A learning rate: a number, a schedule, or a function without arguments."""

    input = "rate"

    def parse(self, value: Any, where: str = "") -> Any:
        if isinstance(value, Mapping):
            return family("schedule").deserialize(value)
        if isinstance(value, HostScalar):
            value = value.host()
        elif isinstance(value, torch.Tensor):
            value = float(value.detach())
        elif hasattr(value, "dtype") and not callable(value):
            value = float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value >= 0:
                return value
        elif callable(value):
            return value
        raise Invalid(where, "a number at least 0, a LearningRateSchedule, or a function that returns a number", value)

    def to_config(self, value: Any) -> Any:
        origin = getattr(value, "origin", value)
        if isinstance(origin, Variable):
            return origin.host() if isinstance(origin, HostScalar) else float(origin)
        return serialize(origin)

    def to_source(self, value: Any) -> str:
        origin = getattr(value, "origin", value)
        if isinstance(origin, (Variable, int, float)):
            return repr(self.to_config(origin))
        if hasattr(origin, "source"):
            return family("schedule").source(origin)
        return getattr(origin, "__name__", repr(origin))

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "step": "any", "min": 0, "max": None}

    def samples(self) -> list[Any]:
        return [0.5]


def current(rate: Callable[..., Any], step: int, device: torch.device) -> Any:
    """What `rate` says now, as a tensor that keeps where it comes from."""
    value = value_now(rate, step)
    if not isinstance(value, torch.Tensor):
        value = torch.tensor(float(value), device=device)
    value.origin = rate  # type: ignore[attr-defined]
    return value


def value_now(rate: Callable[..., Any], step: Any) -> Any:
    """What a schedule, given the step, or a function without arguments returns now."""
    if not isinstance(rate, family("schedule").base or ()):
        return rate()
    return rate(torch.as_tensor(step))  # a user's schedule may use tensor methods

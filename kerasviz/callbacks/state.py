"""The random numbers that a training goes on with."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

ACCELERATORS = ("cuda", "mps", "xpu")


class RandomState:
    """The state of every global source of random numbers: Python's, numpy's, torch's on all devices in use."""

    def __init__(self) -> None:
        self.python: Any = random.getstate()
        self.numpy: Any = np.random.get_state()
        self.torch = torch.get_rng_state()
        self.devices = {name: states_of(name) for name in ACCELERATORS if is_in_use(name)}

    def restore(self) -> None:
        """Go on where it was taken."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch)
        for name, states in self.devices.items():
            if is_in_use(name) and len(states) == device_count(name):
                set_states(name, states)

    def get_state(self) -> dict[str, Any]:
        """As a nest for `write_nest`."""
        version, numbers, gauss = self.python
        kind, keys, *rest = self.numpy
        return {
            "python": {"version": version, "numbers": np.array(numbers, "uint64"), "gauss": gauss},
            "numpy": {"kind": kind, "keys": keys, "rest": rest},
            "torch": self.torch,
            "devices": self.devices,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "RandomState":
        """What `get_state` described."""
        made = cls.__new__(cls)
        python, numpy = state["python"], state["numpy"]
        made.python = python["version"], tuple(int(n) for n in python["numbers"]), python["gauss"]
        made.numpy = numpy["kind"], numpy["keys"], *numpy["rest"]
        made.torch = state["torch"]
        made.devices = dict(state["devices"])
        return made


def is_in_use(name: str) -> bool:
    """Whether a kind of device is there and was used: asking an unused one would start it."""
    place: Any = getattr(torch, name, None)
    if place is None or not (torch.backends.mps.is_available() if name == "mps" else place.is_available()):
        return False
    return name == "mps" or place.is_initialized()


def device_count(name: str) -> int:
    """How many devices of a kind there are."""
    return 1 if name == "mps" else getattr(torch, name).device_count()


def states_of(name: str) -> list[Tensor]:
    """The state of each device of a kind."""
    place: Any = getattr(torch, name)
    return [place.get_rng_state()] if name == "mps" else place.get_rng_state_all()


def set_states(name: str, states: list[Tensor]) -> None:
    """Put the states back."""
    place: Any = getattr(torch, name)
    place.set_rng_state(states[0]) if name == "mps" else place.set_rng_state_all(states)

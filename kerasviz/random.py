"""`keras.random`: random tensors, and seeds that make them come again."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.tensors import default_device, torch_dtype


class SeedGenerator:
    """A source of seeds: each draw moves it on, and the same seed makes the same draws.

    Args:
        seed: where it starts; random for None.
        name: for people.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        self.seed = int(torch.randint(2**31, ())) if seed is None else int(seed)
        self.name = name or "seed_generator"
        self._generators: dict[torch.device, torch.Generator] = {}

    def generator(self, device: Any = None) -> torch.Generator:
        """torch's generator on a device, in the state of this source."""
        device = torch.device(device or default_device())
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self._generators[device]

    def next(self, ordered: bool = True) -> int:
        """The next seed."""
        return int(torch.randint(2**31, (), generator=self.generator("cpu")))

    def get_config(self) -> dict[str, Any]:
        """Its seed."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SeedGenerator":
        """The source that `get_config` described."""
        return cls(**config)

    def __deepcopy__(self, memo: dict[int, Any]) -> "SeedGenerator":
        made = SeedGenerator(self.seed, self.name)
        for device, generator in self._generators.items():
            made.generator(device).set_state(generator.get_state())
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {"seed": self.seed, "name": self.name, "_generators": {}}


def _generator(seed: Any) -> torch.Generator | None:
    if seed is None:
        return None
    if isinstance(seed, SeedGenerator):
        return seed.generator()
    return torch.Generator(default_device()).manual_seed(int(seed))


def _made(shape: Any, dtype: Any) -> Tensor:
    return torch.empty(tuple(shape), dtype=torch_dtype(dtype), device=default_device())


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from a normal distribution."""
    return _made(shape, dtype).normal_(mean, stddev, generator=_generator(seed))


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers spread evenly between two limits."""
    return _made(shape, dtype).uniform_(minval, maxval, generator=_generator(seed))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Whole numbers from `minval` up to, and without, `maxval`."""
    return _made(shape, dtype).random_(minval, maxval, generator=_generator(seed))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The parts along an axis in random order."""
    order = torch.randperm(x.shape[axis], generator=_generator(seed), device=x.device)
    return torch.index_select(x, axis, order)


__all__ = ["SeedGenerator", "normal", "randint", "shuffle", "uniform"]

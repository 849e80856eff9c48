"""Seeds: where random numbers start, so that they come again."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import torch
from torch import Tensor

from kerasviz.declare import Invalid, Kind, register_namespace
from kerasviz.declare.registry import deserialize, serialize
from kerasviz.tensors.naming import unique_name
from kerasviz.tensors.scopes import current_scope, drawn_seed, in_symbolic_scope
from kerasviz.tensors.settings import default_device
from kerasviz.tensors.variable import Variable

LARGEST = 2**32


class SeedGenerator:
    """A source of seeds: each draw moves it on, and the same seed makes the same draws.

    As an attribute of a layer it is part of the layer's state: `layer.variables` has its `state`, copies and pickles go
    on where it was.

    Args:
        seed: where it starts, a whole number; random for None.
        name: for people, and the path of its state.

    Attributes:
        state: two whole numbers, the seed and the number of draws so far. They stay on the CPU, where generators are
            started, so that no draw waits for the device.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise Invalid("SeedGenerator", "the arguments seed and name", sorted(kwargs))
        if seed is not None and not isinstance(seed, int):
            raise Invalid("SeedGenerator(seed=...)", "a whole number, or None", seed)
        self._given = seed
        self.name = name or unique_name("seed_generator")
        start = drawn_seed() if seed is None else int(seed)
        self.seed = start
        self._generators: dict[torch.device, torch.Generator] = {}
        first = torch.tensor([_signed(start), 0], dtype=torch.int32, device="cpu")
        self.state = Variable(first, trainable=False, name="seed_generator_state")
        self.state.path = f"{self.name}/{self.state.name}"
        vars(self.state)["_is_weight"] = False

    @property
    def _numbers(self) -> Any:
        """The memory of the state as numpy has it: it is read and moved on without a function of torch."""
        found = self.__dict__.get("_memory")
        if found is None:
            found = self.__dict__["_memory"] = self.state.detach().numpy()
        return found

    def next(self, ordered: bool = True) -> Tensor:
        """The next seed, two whole numbers; the state moves on.

        Args:
            ordered: of no effect here: draws come in the order in which they are asked for.
        """
        return torch.tensor(self._drawn(), dtype=torch.int32, device="cpu")

    def _drawn(self) -> list[int]:
        """The next seed; the state moves on, unless only shapes are looked for."""
        scope = current_scope()
        if scope is not None:
            first, count = scope.value_of(self.state).tolist()
            scope.add_update((self.state, torch.tensor([first, count + 1], dtype=torch.int32)))
            return [first, count]
        numbers = self._numbers
        seed = numbers.tolist()
        if not in_symbolic_scope():
            numbers[1] = _signed(seed[1] + 1)
        return seed

    def generator(self, device: Any = None) -> Any:
        """torch's generator on a device, started for the next draw; None on `meta`, where nothing is drawn."""
        if not isinstance(device, torch.device):
            device = torch.device(device or default_device())
        first, count = self._drawn()
        found = self._generators.get(device)
        if found is None:
            if device.type == "meta":
                return None
            found = self._generators[device] = torch.Generator(device)
        return found.manual_seed(first + count)

    def save_own_variables(self, store: Any) -> None:
        """Write the state into `store`."""
        store["0"] = self.state.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the state from `store`.

        Raises:
            Invalid: where it is no pair of whole numbers.
        """
        state = store["0"]
        if tuple(state.shape) != (2,) or state.dtype.kind not in "iu":
            raise Invalid(f'SeedGenerator "{self.name}"', "two whole numbers", state)
        self.state.assign(torch.tensor([_signed(int(number)) for number in state], dtype=torch.int32))

    def get_config(self) -> dict[str, Any]:
        """Its seed and its name."""
        return {"seed": self._given, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The source that `get_config` described, at its start."""
        return cls(**config)

    def source(self) -> str:
        """The Python that makes it."""
        return f"SeedGenerator({'' if self._given is None else self._given})"

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_memory"} | {"_generators": {}}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        import copy

        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made.__dict__.update({key: copy.deepcopy(value, memo) for key, value in self.__getstate__().items()})
        return made

    def __repr__(self) -> str:
        return f"<SeedGenerator name={self.name}, seed={self._given}>"


def _signed(value: int) -> int:
    """A whole number as int32 keeps its 32 lowest bits."""
    return (value + 2**31) % LARGEST - 2**31


def generator_of(seed: Any, device: torch.device) -> torch.Generator | None:
    """torch's generator for the `seed` of a draw; None for torch's own.

    Raises:
        Invalid: where it is neither a whole number, a SeedGenerator nor None.
    """
    if seed is None or (device.type == "meta" and isinstance(seed, int)):
        return None
    if isinstance(seed, SeedGenerator):
        return seed.generator(device)
    if not isinstance(seed, int):
        raise Invalid("random(seed=...)", "a whole number, a SeedGenerator, or None", seed)
    return torch.Generator(device).manual_seed(_signed(int(seed)))


def seeds_from(seed: Any) -> SeedGenerator:
    """The sequence that a whole number or None begins; a SeedGenerator is one."""
    return seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)


class SeedKind(Kind):
    """A whole number, a SeedGenerator, or None."""

    input = "number"

    def parse(self, value: Any, where: str = "") -> Any:
        if value is None or isinstance(value, SeedGenerator):
            return value
        if isinstance(value, dict):
            return deserialize({"module": "keras.random", **value})
        if not isinstance(value, int) and not hasattr(value, "__index__"):
            raise Invalid(where, "a whole number, a SeedGenerator, or None", value)
        return int(value)

    def to_config(self, value: Any) -> Any:
        return serialize(value)

    def to_source(self, value: Any) -> str:
        return value.source() if isinstance(value, SeedGenerator) else repr(value)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "step": 1, "min": None, "max": None, "nullable": True}

    def samples(self) -> list[Any]:
        return [None, 7]


Seed = Annotated[Any, SeedKind()]
register_namespace("keras.random", lambda: {"SeedGenerator": SeedGenerator})

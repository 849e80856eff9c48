"""What the arguments of TensorBoard may be."""

from collections.abc import Mapping
from typing import Any

from kerasviz.callbacks.checkpoints import PathKind
from kerasviz.declare import Kind


class UpdateKind(Kind):
    """'epoch', 'batch', or a number of batches."""

    def parse(self, value: Any, where: str = "") -> str | int:
        """The frequency, checked."""
        if isinstance(value, str) and value.isdigit():
            value = int(value)  # typed into a form
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return value if whole or value in ("epoch", "batch") else self._refuse(where, value)

    def _refuse(self, where: str, value: Any) -> Any:
        return self.reject(where, "'epoch', 'batch' or a number of batches", value)

    def samples(self) -> list[Any]:
        """All forms."""
        return ["epoch", "batch", 100]


class BatchesKind(Kind):
    """The number of a batch, counted from 1, or those of the first and the last; 0 for none."""

    def parse(self, value: Any, where: str = "") -> int | tuple[int, int]:
        """A number or two, checked; a form gives them as text: "10, 20"."""
        several = isinstance(value, (list, tuple))
        parts: Any = value if several else value.split(",") if isinstance(value, str) else [value]
        numbers: list[Any] = [int(p) if isinstance(p, str) and p.strip().isdigit() else p for p in parts]
        if len(numbers) == 1 and not several and is_whole(numbers[0], 0):
            return numbers[0]
        if len(numbers) == 2 and all(is_whole(n, 1) for n in numbers) and numbers[0] <= numbers[1]:
            return numbers[0], numbers[1]
        return self.reject(where, "0, the number of a batch, or those of a first and a last", value)

    def samples(self) -> list[Any]:
        """All forms."""
        return [0, 2, (2, 4)]


class MetadataKind(Kind):
    """The path of a file, or paths by the name of the layer."""

    input = "json"

    def parse(self, value: Any, where: str = "") -> Any:
        """The path, or the paths."""
        if value is None or (isinstance(value, Mapping) and all(isinstance(name, str) for name in value)):
            return value if value is None else {name: PathKind().parse(path, where) for name, path in value.items()}
        return PathKind().parse(value, where)

    def samples(self) -> list[Any]:
        """All forms."""
        return [None, "words.tsv", {"embedding": "words.tsv"}]


def is_whole(value: Any, at_least: int) -> bool:
    """Whether it is a whole number, and not too small."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= at_least

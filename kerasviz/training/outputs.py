"""A model's outputs in order, by name, and what belongs to each: targets, weights, a loss, metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import leaves


class Outputs:
    """The order and names of a model's outputs, learned from what it returned once.

    Args:
        predictions: what the model returned: a tensor, or a list, tuple or dict of them.
        names: the model's own names for its outputs, where it has them.
    """

    def __init__(self, predictions: Any, names: Sequence[str] | None = None) -> None:
        self.is_single = not isinstance(predictions, (list, tuple, dict))
        self.keys: list[str] | None = list(predictions) if isinstance(predictions, dict) else None
        count = len(list(leaves(predictions)))
        if self.keys is not None and len(self.keys) == count:
            self.names = [str(key) for key in self.keys]
        elif names is not None and len(names) == count:
            self.names = list(names)
        else:
            self.names = [f"output_{index}" for index in range(count)]
        self.layer_names = list(names) if names is not None and len(names) == count else self.names

    def __len__(self) -> int:
        """How many outputs there are."""
        return len(self.names)

    def prefix(self, index: int) -> str:
        """What the names of this output's losses and metrics start with in the logs."""
        return "" if len(self) == 1 else f"{self.names[index]}_"

    def predictions(self, y_pred: Any) -> list[Tensor]:
        """What the model returned, in order."""
        return [y_pred] if self.is_single else list(leaves(y_pred))

    def targets(self, y: Any, where: str = "y") -> list[Any]:
        """One value per output, in order; None where there is none."""
        if y is None:
            return [None] * len(self)
        if isinstance(y, Mapping):
            return self.by_name(y, where)
        if isinstance(y, (list, tuple)):
            flat = list(leaves(y))
            if len(flat) != len(self):
                raise Invalid(where, f"an array for each output: {', '.join(self.names)}", [shape(one) for one in flat])
            return flat
        if len(self) != 1:
            raise Invalid(where, f"an array for each output: {', '.join(self.names)}", shape(y))
        return [y]

    def weights(self, sample_weight: Any) -> list[Any]:
        """One weight array per output; a single array stands for all."""
        if isinstance(sample_weight, Tensor):
            return [sample_weight] * len(self)
        return self.targets(sample_weight, "sample_weight")

    def by_name(self, values: Mapping[str, Any], where: str) -> list[Any]:
        """The values in order, from a dict by the outputs' names; None where one is not in it."""
        known = dict.fromkeys([*self.names, *self.layer_names])
        for name in values:
            if name not in known and not (self.is_single and len(values) == 1):
                hint = did_you_mean(name, known) or f"The outputs are {', '.join(self.names)}."
                raise Invalid(where, "the name of an output", name, hint)
        if self.is_single and len(values) == 1:
            return list(values.values())
        pairs = zip(self.names, self.layer_names, strict=True)
        return [values[name] if name in values else values.get(other) for name, other in pairs]

    def settings(self, given: Any, where: str, is_one: Any) -> list[Any]:
        """A setting of `compile` per output, from a dict, a list, or one for all.

        Args:
            given: what the user passed.
            where: the argument's name, for the error.
            is_one: whether a value is one setting, and not a list of them.
        """
        if given is None:
            return [None] * len(self)
        if isinstance(given, Mapping) and not is_one(given):
            return self.by_name(given, where)
        if isinstance(given, (list, tuple)) and not is_one(given):
            if len(given) != len(self):
                raise Invalid(where, f"one for each output: {', '.join(self.names)}", list(given))
            return list(given)
        return [given] * len(self)


def shape(value: Any) -> Any:
    """The shape of an array, whatever its number of rows."""
    return (None, *value.shape[1:]) if hasattr(value, "shape") else value

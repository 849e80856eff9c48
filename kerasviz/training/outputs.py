"""A model's outputs in order, by name, and what belongs to each: targets, weights, a loss, metrics."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import leaves, map_leaves

Path = tuple[Any, ...]


class Outputs:
    """The order and names of a model's outputs, learned from what it returned once.

    Their order is that of lists, and of the sorted keys of dicts, as in Keras.

    Args:
        predictions: what the model returned: a tensor, or a nest of lists, tuples and dicts of them.
        names: the model's own names for its outputs, where it has them.
    """

    def __init__(self, predictions: Any, names: Sequence[str] | None = None) -> None:
        self.is_single = not isinstance(predictions, (list, tuple, dict))
        flat = list(leaves(predictions))
        places = iter(range(len(flat)))
        self.places = map_leaves(lambda _: next(places), predictions)  # the same nest, with places in the order
        self.paths: list[Path] = [()] * len(flat)
        find_paths(self.places, (), self.paths)
        self.is_flat = all(len(path) < 2 for path in self.paths)
        self.is_dict = isinstance(predictions, dict)
        self.layer_names = list(names) if names is not None and len(names) == len(flat) else None
        self.names = [self._name(place) for place in range(len(flat))]

    def _name(self, place: int) -> str:
        """What an output is called in errors: its key, else the name of its layer, else its number."""
        last = self.paths[place][-1] if self.paths[place] else place
        if isinstance(last, int):
            last = self.layer_names[place] if self.layer_names else f"output_{place}"
        return "/".join(map(str, (*self.paths[place][:-1], last)))

    def __len__(self) -> int:
        """How many outputs there are."""
        return len(self.names)

    def metric_prefix(self, place: int) -> str:
        """What the names of this output's metrics start with in the logs."""
        if len(self) == 1:
            return ""
        if self.is_dict and self.is_flat:
            return f"{self.paths[place][0]}_"
        return f"{self.layer_names[place]}_" if self.layer_names else ""

    def loss_name(self, place: int, own: str) -> str:
        """The name of this output's loss in the logs; outputs that have no name go by the loss's own."""
        path = self.paths[place]
        last = path[-1] if path else 0
        if isinstance(last, int):
            last = self.layer_names[place] if self.layer_names else own
        return "/".join(map(str, (*path[:-1], f"{last}_loss")))

    def predictions(self, y_pred: Any) -> list[Tensor]:
        """What the model returned, in order."""
        return [y_pred] if self.is_single else list(leaves(y_pred))

    def targets(self, y: Any, where: str = "y") -> Sequence[Any]:
        """One value per output, in order; None where there is none."""
        if y is None:
            return [None] * len(self)
        if type(y) in (list, tuple) and len(y) == len(self) and self.is_flat:
            return y
        if isinstance(y, (Mapping, list, tuple)):
            return self.in_order(self.placed(y, where))
        if len(self) != 1:
            raise Invalid(where, f"an array for each output: {', '.join(self.names)}", shape(y))
        return [y]

    def weights(self, sample_weight: Any) -> Sequence[Any]:
        """One weight array per output; a single array stands for all."""
        if isinstance(sample_weight, Tensor):
            return [sample_weight] * len(self)
        return self.targets(sample_weight, "sample_weight")

    def settings(self, given: Any, where: str, is_one: Callable[[Any], bool]) -> dict[int, Any]:
        """A setting of `compile` by the place of its output, in the order given; None where there is none.

        Args:
            given: what the user passed: one for all, a flat list or dict, or a nest like the outputs.
            where: the argument's name, for the error.
            is_one: whether a value is one setting, and not a nest of them.
        """
        if given is None:
            return {}
        if is_one(given):
            return dict.fromkeys(range(len(self)), given)
        return self.placed(given, where)

    def placed(self, given: Any, where: str) -> dict[int, Any]:
        """Values by the place of their output, from a nest like the outputs, a flat list, or a dict by names.

        Raises:
            Invalid: where there are more or fewer, or a name is no output's.
        """
        if isinstance(given, Mapping) and not (self.is_dict and set(given) <= set(self.places)):
            return self._by_name(given, where)
        if self.is_single and isinstance(given, (list, tuple)) and len(given) == 1:
            return {0: given[0]}
        found: dict[int, Any] = {}
        if put(self.places, given, found):
            return found
        if isinstance(given, (list, tuple)) and len(given) == len(self):
            return dict(enumerate(given))
        flat = [shape(one) for one in leaves(given)] if where in ("y", "sample_weight") else list(given)
        kind = "an array" if where in ("y", "sample_weight") else "one"
        raise Invalid(where, f"{kind} for each output: {', '.join(self.names)}", flat)

    def _by_name(self, values: Mapping[str, Any], where: str) -> dict[int, Any]:
        if self.is_single and len(values) == 1:
            return {0: next(iter(values.values()))}
        known = {name: place for place, name in enumerate(self.layer_names or ())}
        known |= {name: place for place, name in enumerate(self.names)}
        for name in values:
            if name not in known:
                hint = did_you_mean(name, known) or f"The outputs are {', '.join(self.names)}."
                raise Invalid(where, "the name of an output", name, hint)
        return {known[name]: value for name, value in values.items()}

    def in_order(self, placed: Mapping[int, Any]) -> list[Any]:
        """Values by place as a list; None where there is none."""
        return [placed.get(place) for place in range(len(self))]


def find_paths(places: Any, path: Path, paths: list[Path]) -> None:
    """Write the keys and positions that lead to each place into `paths`."""
    if isinstance(places, int):
        paths[places] = path
        return
    for key, inner in places.items() if isinstance(places, dict) else enumerate(places):
        find_paths(inner, (*path, key), paths)


def put(places: Any, given: Any, found: dict[int, Any]) -> bool:
    """Collect the values of a nest by the places of another like it; False where they are not alike."""
    if isinstance(places, int):
        found[places] = given
        return True
    if given is None:
        return True
    if isinstance(places, dict):
        if not isinstance(given, Mapping) or not set(given) <= set(places):
            return False
        return all(put(places[key], value, found) for key, value in given.items())
    if not isinstance(given, (list, tuple)) or len(given) != len(places):
        return False
    return all(put(inner, value, found) for inner, value in zip(places, given, strict=True))


def shape(value: Any) -> Any:
    """The shape of an array, whatever its number of rows."""
    return (None, *value.shape[1:]) if hasattr(value, "shape") else value

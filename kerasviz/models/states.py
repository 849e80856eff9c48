"""A model's variables as a tree of values by path, and back."""

from collections.abc import Iterator, Mapping
from typing import Any

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import convert_to_tensor

FORMATS = ("backend_tensor", "numpy_array")


def state_tree(model: Any, value_format: str) -> dict[str, Any]:
    """The values of a model's variables, its optimizer's and its metrics', nested by the parts of their paths.

    Raises:
        Invalid: for another format.
    """
    if value_format not in FORMATS:
        raise Invalid("get_state_tree(value_format=...)", " or ".join(map(repr, FORMATS)), value_format)
    return {kind: nested(variables, value_format) for kind, variables in variables_of(model).items()}


def variables_of(model: Any) -> dict[str, list[tuple[str, Any]]]:
    """Variables with their paths, by kind."""
    optimizer = getattr(model, "optimizer", None)
    return {
        "trainable_variables": [(v.path, v) for v in model.trainable_variables],
        "non_trainable_variables": [(v.path, v) for v in model.non_trainable_variables],
        "optimizer_variables": [(v.path, v) for v in getattr(optimizer, "variables", ())],
        "metrics_variables": [(v.path, v) for v in model.metrics_variables],
    }


def nested(variables: list[tuple[str, Any]], value_format: str) -> dict[str, Any]:
    """Values in dicts by the parts of their paths; a path that comes twice has a number the second time."""
    tree: dict[str, Any] = {}
    for path, variable in variables:
        *outer, name = path.split("/")
        place = tree
        for part in outer:
            place = place.setdefault(part, {})
        value = variable.numpy() if value_format == "numpy_array" else variable.value
        unique, count = name, 0
        while unique in place:
            count += 1
            unique = f"{name}_{count}"
        place[unique] = value
    return tree


def set_state_tree(model: Any, state_tree: Mapping[str, Any]) -> None:
    """Give variables the values that a tree has at their paths; those without one keep what they have.

    Raises:
        Invalid: for a kind, path or shape that does not fit; nothing changes then.
    """
    where = "set_state_tree(state_tree=...)"
    kinds = variables_of(model)
    found: list[tuple[Any, Any]] = []
    for kind, tree in state_tree.items():
        if kind not in kinds:
            raise Invalid(where, "the kinds " + ", ".join(kinds), kind, did_you_mean(kind, kinds))
        known = dict(flat(nested_variables(kinds[kind])))
        for path, value in flat(tree):
            if path not in known:
                raise Invalid(f"{where}, {kind}", "the path of a variable", path, did_you_mean(path, known))
            value = convert_to_tensor(value)
            if tuple(value.shape) != tuple(known[path].shape):
                raise Invalid(f"{where}, {kind}", f"shape {tuple(known[path].shape)} for `{path}`", tuple(value.shape))
            found.append((known[path], value))
    for variable, value in found:
        variable.assign(value)


def nested_variables(variables: list[tuple[str, Any]]) -> dict[str, Any]:
    """As `nested`, with the variables themselves."""
    return nested([(path, _Itself(variable)) for path, variable in variables], "backend_tensor")


class _Itself:
    """A variable whose value is itself, in a StatelessScope too."""

    def __init__(self, variable: Any) -> None:
        self.value = variable


def flat(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Values with their paths."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from flat(value, (*path, str(name)))
        else:
            yield "/".join((*path, str(name))), value

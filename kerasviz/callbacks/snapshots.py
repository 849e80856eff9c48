"""All that changes in a model while it trains, as a nest, and back."""

from collections.abc import Mapping
from typing import Any

import torch

from kerasviz.callbacks.state import RandomState
from kerasviz.saving.weights import saved_objects


def variables_of(model: Any) -> list[Any]:
    """Weights, states of random numbers, metrics, and the variables of all optimizers: each once."""
    found = list(getattr(model, "variables", None) or getattr(model, "weights", ()))
    found += getattr(model, "metrics_variables", ())
    optimizers = [getattr(model, "optimizer", None)]
    if isinstance(model, torch.nn.Module):
        optimizers += [thing for _, thing in saved_objects(model) if hasattr(thing, "finalize_variable_values")]
    for optimizer in optimizers:
        found += getattr(optimizer, "variables", None) or ()
    return list({id(variable): variable for variable in found}.values())


def keepers_of(model: Any) -> dict[str, Any]:
    """Torch's optimizers and schedulers, those of `compile` and those in attributes, by name."""
    compiled = getattr(model, "optimizer", None)
    found = {"optimizer": compiled, "optimizer.inner": getattr(compiled, "inner", None)}
    found |= {f"model.{name}": value for name, value in vars(model).items() if not isinstance(value, torch.nn.Module)}
    return {name: value for name, value in found.items() if is_keeper(value)}


def is_keeper(value: Any) -> bool:
    """Whether it gives and takes a `state_dict`."""
    if isinstance(value, (type, torch.nn.Module)):
        return False
    return callable(getattr(value, "state_dict", None)) and callable(getattr(value, "load_state_dict", None))


def snapshot_of(model: Any) -> dict[str, Any]:
    """All of it, as a nest. Numbers that the host knows more exactly than the device are kept as the host has them."""
    variables = variables_of(model)
    return {
        "variables": [variable.detach() for variable in variables],
        "numbers": {index: v.host() for index, v in enumerate(variables) if hasattr(v, "host")},
        "keepers": {name: keeper.state_dict() for name, keeper in keepers_of(model).items()},
        "iterations": counted(model),
    }


def counted(model: Any) -> int | None:
    """The steps that an optimizer counts as a plain number."""
    steps = getattr(getattr(model, "optimizer", None), "iterations", None)
    return steps if type(steps) is int else None


def misfit(model: Any, snapshot: Mapping[str, Any]) -> str | None:
    """How a snapshot is not one of this model; None where it is."""
    variables, kept = variables_of(model), snapshot["variables"]
    if len(variables) != len(kept):
        return f"{len(variables)} variables, not {len(kept)}"
    for variable, value in zip(variables, kept, strict=True):
        if tuple(variable.shape) != tuple(value.shape) or variable.dtype != value.dtype:
            ours, other = described(variable), described(value)
            return f"`{getattr(variable, 'path', '')}` of {ours}, not {other}"
    missing = snapshot["keepers"].keys() ^ keepers_of(model).keys()
    return f"another optimizer: {', '.join(sorted(missing))}" if missing else None


def misfit_after_a_step(model: Any, snapshot: Mapping[str, Any], place: Any) -> str | None:
    """The same once a first batch has made what only a batch tells the size of; nothing else has changed if it misfits.

    Args:
        place: that of the training in its data.
    """
    random, kept = RandomState(), [(variable, variable.detach().clone()) for variable in variables_of(model)]
    place.try_a_step()
    problem = misfit(model, snapshot)
    if problem is not None:
        random.restore()
        with torch.no_grad():
            for variable, value in kept:
                variable.copy_(value)
    return problem


def described(tensor: Any) -> str:
    """Shape and dtype."""
    return f"shape {tuple(tensor.shape)} and {str(tensor.dtype).removeprefix('torch.')}"


@torch.no_grad()
def restore_model(model: Any, snapshot: Mapping[str, Any]) -> None:
    """Put everything back; `misfit` has been asked before."""
    for index, (variable, value) in enumerate(zip(variables_of(model), snapshot["variables"], strict=True)):
        number = snapshot["numbers"].get(index)
        if number is not None and hasattr(variable, "set"):
            variable.set(number)
        else:
            variable.copy_(value)
    keepers = keepers_of(model)
    for name, state in snapshot["keepers"].items():
        keepers[name].load_state_dict(state)
    if snapshot["iterations"] is not None:
        model.optimizer.iterations = snapshot["iterations"]

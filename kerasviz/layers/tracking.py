"""Lists and dicts of layers that are attributes of a layer: torch sees what is in them."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from kerasviz import tree
from kerasviz.tensors import Variable


def tracked(owner: nn.Module, name: str, value: Any) -> Any:
    """A list, tuple or dict; the modules and parameters in it belong to `owner` from now on."""
    if isinstance(value, list):
        return TrackedList(owner, name, value) if _may_hold(value) else value
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts:
        adopt(owner, f"{name}_{key}", part)
    return TrackedDict(owner, name, value) if isinstance(value, dict) and _may_hold(value.values()) else value


def adopt(owner: nn.Module, name: str, value: Any) -> None:
    """Let `owner` have a module or parameter under `name`; look into nested lists."""
    if isinstance(value, nn.Module):
        owner._modules[name.replace(".", "_")] = value
    elif isinstance(value, nn.Parameter):
        owner._parameters[name.replace(".", "_")] = value
        vars(value)["_is_attribute"] = True
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            adopt(owner, f"{name}_{index}", part)


def adopt_parameters(owner: Any, module: nn.Module) -> None:
    """Let the parameters of a plain torch module be weights of `owner`; the module goes on using them."""
    for part in plain_parts(module):
        for name, parameter in list(part._parameters.items()):
            if parameter is not None and not isinstance(parameter, Variable):
                weight = as_variable(parameter, name, f"{owner.name}/{name}")
                part._parameters[name] = weight
                owner.__dict__.setdefault("_added", []).append(weight)


def plain_parts(module: nn.Module) -> Iterator[nn.Module]:
    """The module and all inside it; layers, which know their own weights, are left out with what is in them."""
    if not hasattr(module, "add_weight"):
        yield module
        for child in module.children():
            yield from plain_parts(child)


def as_variable(parameter: nn.Parameter, name: str, path: str) -> Variable:
    """A torch parameter as a Variable over the same memory."""
    made = torch.Tensor._make_subclass(Variable, parameter.detach(), parameter.requires_grad)
    vars(made).update(
        _name=name,
        path=path,
        autocast=True,
        aggregation="none",
        initializer=None,
        regularizer=None,
        constraint=None,
        layout_order=None,
        _trainable=parameter.requires_grad,
        _is_weight=parameter.requires_grad,
    )
    return made


def _may_hold(values: Any) -> bool:
    """Whether layers are in it, or may come: an empty list is often filled later."""
    values = list(values)
    return not values or any(isinstance(value, (nn.Module, nn.Parameter, list, tuple)) for value in values)


class TrackedList(list):
    """A list that tells its owner of what is added."""

    def __init__(self, owner: nn.Module, name: str, values: list) -> None:
        super().__init__(values)
        self._owner = owner
        self._attribute = name
        for index, value in enumerate(values):
            adopt(owner, f"{name}_{index}", value)

    def append(self, value: Any) -> None:
        """Add at the end."""
        adopt(self._owner, f"{self._attribute}_{len(self)}", value)
        super().append(value)

    def extend(self, values: Any) -> None:
        """Add several at the end."""
        for value in values:
            self.append(value)

    def __iadd__(self, values: Any) -> "TrackedList":
        self.extend(values)
        return self

    def insert(self, index: Any, value: Any) -> None:
        """Add before `index`."""
        adopt(self._owner, f"{self._attribute}_{len(self)}", value)
        super().insert(index, value)

    def __reduce__(self) -> tuple:
        """Pickle as a plain list; the owner tracks it anew when it is set."""
        return list, (list(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> list:
        import copy

        return [copy.deepcopy(value, memo) for value in self]


class TrackedDict(dict):
    """A dict that tells its owner of what is added."""

    def __init__(self, owner: nn.Module, name: str, values: dict) -> None:
        super().__init__(values)
        self._owner = owner
        self._attribute = name

    def __setitem__(self, key: Any, value: Any) -> None:
        adopt(self._owner, f"{self._attribute}_{key}", value)
        super().__setitem__(key, value)

    def __reduce__(self) -> tuple:
        """Pickle as a plain dict."""
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict:
        import copy

        return {key: copy.deepcopy(value, memo) for key, value in self.items()}


tree.LISTS.add(TrackedList)
tree.DICTS.add(TrackedDict)

"""Loading that changes nothing unless all of it succeeds: arrays are read first, and objects can be put back."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from kerasviz.saving.hdf5 import Store


class Arrays(Store):
    """The arrays of a store, in memory: reading them does not fail any more.

    Args:
        store: of a file. Arrays that are no numbers stay there.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store.group, store.where)
        self.store = store
        self.names = store.keys()
        self.arrays = {name: store[name] for name in self.names if is_numbers(store.group[name])}

    def keys(self) -> list[str]:
        """Names of the arrays."""
        return list(self.names)

    def __getitem__(self, name: str) -> np.ndarray:
        found = self.arrays.get(name)
        return self.store[name] if found is None else found


def is_numbers(item: Any) -> bool:
    """Whether a member of a group is an array of numbers."""
    return not hasattr(item, "keys") and item.dtype.kind in "fiub"


@contextlib.contextmanager
def put_back(things: list[Any]) -> Iterator[None]:
    """After an error, objects are as they were: their attributes, and the values of their variables and buffers."""
    known = [(thing, facts(thing)) for thing in things]
    try:
        yield
    except BaseException:
        for thing, (attributes, inner, values) in known:
            thing.__dict__.clear()
            thing.__dict__.update(attributes)
            for name, content in inner.items():
                container = thing.__dict__[name]
                container.clear()
                container.update(content) if isinstance(container, (dict, set)) else container.extend(content)
            with torch.no_grad():
                for tensor, value in values:
                    tensor.copy_(value)
        raise


def facts(thing: Any) -> tuple[dict[str, Any], dict[str, Any], list[tuple[torch.Tensor, torch.Tensor]]]:
    """Attributes of an object, what is in those that are containers, and tensors with copies of their values."""
    attributes = dict(vars(thing))
    inner = {k: v.copy() for k, v in attributes.items() if isinstance(v, (dict, set, list)) and hasattr(v, "copy")}
    tensors = {id(v): v for v in attributes.values() if isinstance(v, torch.Tensor)}
    for content in inner.values():
        parts = content.values() if isinstance(content, dict) else content
        tensors |= {id(part): part for part in parts if isinstance(part, torch.Tensor)}
    return attributes, inner, [(tensor, tensor.detach().clone()) for tensor in tensors.values()]

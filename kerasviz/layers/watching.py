"""What torch does to a layer as a module: hooks, moves and casts; plans must know."""

from typing import Any

import torch
from torch import nn

from kerasviz.layers.calling import structure_changed
from kerasviz.tensors import Variable


class Watched(nn.Module):
    """The part of a layer that tells of hooks and moves."""

    def register_forward_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_forward_hook(*args, **kwargs)

    def register_forward_pre_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_forward_pre_hook(*args, **kwargs)

    def register_full_backward_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_full_backward_hook(*args, **kwargs)

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        """Moving or casting keeps what a Variable knows."""
        facts = {name: dict(p.__dict__) for name, p in self._parameters.items() if isinstance(p, Variable)}
        result = super()._apply(*args, **kwargs)
        for name, known in facts.items():
            value = self._parameters[name]
            if not isinstance(value, Variable) and value is not None:
                value = torch.Tensor._make_subclass(Variable, value.data, value.requires_grad)
                self._parameters[name] = value
            if value is not None:
                vars(value).update(known)
        structure_changed()
        return result

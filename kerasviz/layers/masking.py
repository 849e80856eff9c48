"""Masks: which moments count. They come with tensors, and go on with outputs."""

from typing import Any, ClassVar

from torch import Tensor, nn

from kerasviz.layers.calling import call_facts, holds_tensors, mask_of, no_masks
from kerasviz.tensors import KerasTensor, leaves


class Masked(nn.Module):
    """The part of a layer that passes masks on."""

    supports_masking: bool = False
    _makes_mask: ClassVar[bool] = False  # whether `compute_mask` is its own

    @property
    def _masks(self) -> bool:
        return self.supports_masking or self._makes_mask

    def _pass_masks(self, facts: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Give `call` the masks that came with its inputs; return the first input's."""
        first = args[0] if args else next(iter(kwargs.values()), None)
        previous = getattr(first, "_keras_mask", None) if type(first) is Tensor else mask_of(first)
        if facts.masks and not (previous is None and no_masks(args[1:], kwargs)):
            given = dict(zip(facts.names, args, strict=False)) | kwargs
            tensors = [name for name, value in given.items() if name not in facts.masks and holds_tensors(value)]
            for name in tensors:
                wanted = "mask" if "mask" in facts.masks and name == tensors[0] else f"{name}_mask"
                if wanted in facts.masks and given.get(wanted) is None:
                    mask = mask_of(given[name])
                    if mask is not None:
                        kwargs[wanted] = mask
        explicit = kwargs.get("mask") if len(args) < 2 else given_mask(facts, args, kwargs)
        return previous if explicit is None else explicit

    def _set_mask(self, args: tuple, kwargs: dict[str, Any], outputs: Any, previous: Any) -> None:
        """Let the outputs carry their mask on."""
        if not self._masks:
            return
        first = args[0] if args else next(iter(kwargs.values()), None)
        mask = self.compute_mask(first, previous)
        if mask is None:
            return
        flat = [value for value in leaves(outputs) if isinstance(value, (Tensor, KerasTensor))]
        masks = list(mask) if isinstance(mask, (list, tuple)) else [mask] + [None] * (len(flat) - 1)
        for tensor, one in zip(flat, masks, strict=False):
            if one is not None:
                tensor._keras_mask = one  # type: ignore[union-attr]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: the input's, by default."""
        return previous_mask

    def pass_masks_on(self, args: tuple, kwargs: dict[str, Any], outputs: Any) -> None:
        """Give symbols that a call made the masks that they will carry."""
        if self._masks:
            previous = given_mask(call_facts(type(self)), args, kwargs)
            if previous is None:
                previous = mask_of(args[0] if args else next(iter(kwargs.values())))
            if previous is not None or self._makes_mask:
                self._set_mask(args, kwargs, outputs, previous)


def given_mask(facts: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The argument `mask` of a call; None without one."""
    if "mask" not in facts.masks:
        return None
    place = facts.names.index("mask")
    return args[place] if place < len(args) else kwargs.get("mask")

"""What a layer gives for symbols: shapes by a closed form, or by calls on small tensors."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kerasviz.layers.building import Building
from kerasviz.layers.calling import call_facts, map_shapes, shape_arguments, shape_of
from kerasviz.layers.inputspec import check_input_spec
from kerasviz.layers.masking import Masked
from kerasviz.tensors import (
    KerasTensor,
    StatelessScope,
    default_device,
    is_float,
    leaves,
    map_leaves,
    record,
    result_type,
    torch_dtype,
)


class Inferring(Building, Masked):
    """The part of a layer that is called on symbols."""

    keeps_dtype: ClassVar[bool] = False  # whole numbers stay whole numbers
    input_spec: Any = None
    _clear_losses: Callable[[], None]

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbols."""
        if not self.built:
            self._build_for(args, kwargs)
        elif self.input_spec is not None:
            check_input_spec(self, args[0] if args else next(iter(kwargs.values())))
        outputs = record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
        self.pass_masks_on(args, kwargs, outputs)
        return outputs

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for inputs of these shapes; found by a call where the class does not say."""
        shapes = args or tuple(kwargs.values())
        symbols = [map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), shape) for shape in shapes]
        return shape_of(self.compute_output_spec(*symbols))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols for the outputs of a call on symbols."""
        if type(self).compute_output_shape is not Inferring.compute_output_shape:
            facts = call_facts(type(self))
            shape = self.compute_output_shape(**shape_arguments(facts.shape_names, facts, args, kwargs))
            dtype = self._output_dtype([v.dtype for v in leaves([args, kwargs]) if isinstance(v, KerasTensor)])
            return map_shapes(lambda one: KerasTensor(one, dtype), shape)
        return self._spec_by_calling(args, kwargs)

    def _output_dtype(self, dtypes: list[str]) -> str:
        """The compute dtype; that of the inputs where they stay as they are."""
        cast = any(is_float(dtype) for dtype in dtypes) and self.__dict__["autocast"]
        if cast or not dtypes or not self.keeps_dtype or self.needs_floats:
            return self.compute_dtype
        return dtypes[0] if len(set(dtypes)) == 1 else result_type(*dtypes)

    def _spec_by_calling(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call on small tensors of two sizes: what differs is unknown in the output. No variable changes."""
        with torch.no_grad(), self._inside(), StatelessScope():
            runs = [nn.Module.__call__(self, *_concrete(args, n), **_concrete(kwargs, n)) for n in (2, 3)]

        def merged(first: Any, second: Any) -> Any:
            if not isinstance(first, Tensor):
                return first
            sizes = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
            return KerasTensor(sizes, first.dtype)

        self._clear_losses()
        return map_leaves(merged, *runs)


def _concrete(structure: Any, size: int) -> Any:
    def one(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return value
        shape = [size if n is None else n for n in value.shape]
        return torch.zeros(shape, dtype=torch_dtype(value.dtype), device=default_device())

    return map_leaves(one, structure)

"""InputSpec: what a layer asks of the rank, sizes and dtype of an input."""

from typing import Any

from kerasviz.declare import Invalid


class InputSpec:
    """What fits into a layer.

    Args:
        dtype: of the input.
        shape: sizes, None where any will do.
        ndim, min_ndim, max_ndim: numbers of axes.
        axes: sizes of some axes.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or extra.
        name: of the input, for dicts.
        optional: whether None will do.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
            "allow_last_axis_squeeze": self.allow_last_axis_squeeze,
            "name": self.name,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """The spec that `get_config` described."""
        return cls(**config)

    def wants(self, shape: tuple) -> str:
        """What it asks for that `shape` does not give, in words; empty where it fits."""
        rank = len(shape)
        if self.allow_last_axis_squeeze and self.shape is not None:
            if rank == len(self.shape) - 1 and self.shape[-1] == 1:
                shape, rank = (*shape, 1), rank + 1
            elif rank == len(self.shape) + 1 and shape[-1] == 1:
                shape, rank = shape[:-1], rank - 1
        if self.ndim is not None and rank != self.ndim:
            return f"inputs with {self.ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"inputs with at least {self.min_ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"inputs with at most {self.max_ndim} axes"
        sizes = dict(enumerate(self.shape or ())) | self.axes
        for axis, size in sizes.items():
            if size is not None and (axis < rank) and shape[axis] not in (size, None):
                return f"size {size} on axis {axis} of the inputs"
        return ""


def check_input_spec(layer: Any, inputs: Any) -> None:
    """Hold inputs against the layer's spec.

    Raises:
        Invalid: naming the layer, what it needs and what came.
    """
    specs = layer.input_spec if isinstance(layer.input_spec, (list, tuple)) else [layer.input_spec]
    values: Any = inputs if isinstance(inputs, (list, tuple)) and not hasattr(inputs, "shape") else [inputs]
    if isinstance(inputs, dict):
        values = list(inputs.values())
    where = f'{type(layer).__name__} "{layer.name}"'
    if len(values) != len(specs):
        raise Invalid(where, f"{len(specs)} inputs", len(values))
    for value, spec in zip(values, specs, strict=True):
        if spec is None or value is None or not hasattr(value, "shape"):
            continue
        wanted = spec.wants(tuple(value.shape))
        if wanted:
            raise Invalid(where, wanted, tuple(value.shape))

"""Where tensors enter a graph."""

from typing import Any

from kerasviz.declare import Invalid
from kerasviz.layers.layer import Layer
from kerasviz.tensors import KerasTensor, Node, settings, standardize_dtype, unique_name


class InputLayer(Layer):
    """The start of a graph: names an input and says its shape and dtype.

    Args:
        shape: sizes of one sample, without the batch; None where any will do.
        batch_size: fixed size of the batch; None for any.
        dtype: of the numbers; floatx by default.
        batch_shape: the shape with the batch, instead of `shape` and `batch_size`.
        input_tensor: a symbol to start from, instead of a new one.
        optional: whether None may be given.
        name: unique in the model.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or unique_name("input_layer"))
        if isinstance(input_tensor, KerasTensor):
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        elif batch_shape is None:
            if shape is None:
                raise Invalid("Input(shape=...)", "the shape of one sample, such as (28, 28, 1)", None)
            sizes = (shape,) if isinstance(shape, int) else tuple(shape)
            batch_shape = (batch_size, *sizes)
        for kind, wanted in (("sparse", sparse), ("ragged", ragged)):
            if wanted:
                raise Invalid(f"Input({kind}=...)", "None or False", wanted, f"Give dense arrays, not {kind} ones.")
        _check_sizes(batch_shape)
        self.batch_shape = tuple(batch_shape)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), optional
        self._input_dtype = standardize_dtype(dtype)
        output = input_tensor if isinstance(input_tensor, KerasTensor) else None
        if output is None:
            output = KerasTensor(self.batch_shape, self._input_dtype, name=self.name)
        self._start(output)
        self.built = True

    def _start(self, output: KerasTensor) -> None:
        """Begin a graph with this symbol."""
        node = Node(self, (), {}, output)
        self._inbound_nodes.append(node)
        if output.node is None:
            output.node = node

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy begins a graph of its own."""
        super().__setstate__(state)
        self._start(KerasTensor(self.batch_shape, self._input_dtype, name=self.name))

    @property
    def dtype(self) -> str:
        """The dtype of what comes in."""
        return self._input_dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        self.dtype_policy = value

    def call(self) -> None:
        """Nothing to compute."""

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config: Any) -> "InputLayer":
        """The layer that `get_config` described."""
        config = dict(config)
        if config.get("batch_shape") is not None:
            config["batch_shape"] = tuple(config["batch_shape"])
        return cls(**config)

    def source(self) -> str:
        """The Python that makes it."""
        parts = [str(self.batch_shape[1:])]
        if self.batch_shape[0] is not None:
            parts.append(f"batch_size={self.batch_shape[0]}")
        if self.dtype != settings.floatx():
            parts.append(f'dtype="{self.dtype}"')
        if self.optional:
            parts.append("optional=True")
        if not self.name.startswith("input_layer"):
            parts.append(f'name="{self.name}"')
        return f"Input({', '.join(parts)})"


def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Any:
    """A symbol to start a functional model from.

    Args:
        shape: sizes of one sample, without the batch; None where any will do.
        batch_size: fixed size of the batch; None for any.
        dtype: of the numbers; floatx by default.
        batch_shape: the shape with the batch, instead of `shape` and `batch_size`.
        name: unique in the model.
        tensor: a symbol to start from, instead of a new one.
        optional: whether None may be given.
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    return layer.output


def _check_sizes(shape: Any) -> None:
    for size in shape:
        if size is not None and (not isinstance(size, int) or size < 0):
            raise Invalid("Input(shape=...)", "whole numbers, or None where any size will do", tuple(shape))

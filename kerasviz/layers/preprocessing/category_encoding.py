"""CategoryEncoding."""

from typing import Any, Literal

from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.layers.preprocessing.data_layer import DataLayer
from kerasviz.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from kerasviz.tensors import KerasTensor, torch_dtype


class CategoryEncoding(DataLayer):
    """Encodes whole numbers below `num_tokens` as rows of zeros and ones, or of counts.

    Shapes:
        inputs, count_weights: (*batch, numbers), whole numbers from 0 to num_tokens - 1
        outputs: (*batch, num_tokens); for one_hot (*batch, numbers, num_tokens), (*batch, num_tokens) for one number
    """

    num_tokens: int | None = arg(None, at_least=1, doc="How many different numbers there are.")
    output_mode: Literal["multi_hot", "one_hot", "count"] = arg(
        "multi_hot", doc="A row for each number, or for each sample one that says which are there, or how often."
    )
    sparse: bool = arg(False, doc="Kept for Keras: rows are dense.")

    def check(self) -> None:
        """There is a size, and rows are dense."""
        super().check()
        if self.num_tokens is None:
            hint = "Where it is not known beforehand, use IntegerLookup."
            raise Invalid("CategoryEncoding(num_tokens=...)", "a whole number at least 1", None, hint)
        refuse_sparse("CategoryEncoding", self.sparse)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        del config["sparse"]
        return config

    def call(self, inputs: Tensor, count_weights: Tensor | None = None) -> Tensor:
        """The rows."""
        where = f'{type(self).__name__} "{self.name}"'
        if count_weights is not None and self.output_mode != "count":
            raise Invalid(f"{where}(count_weights=...)", "None unless output_mode is 'count'", self.output_mode)
        if count_weights is not None and count_weights.shape != inputs.shape:
            expected = f"the shape of the inputs, {tuple(inputs.shape)}"
            raise Invalid(f"{where}(count_weights=...)", expected, tuple(count_weights.shape))
        size = self.num_tokens or 0
        try:
            return encode(inputs, self.output_mode, size, torch_dtype(self.compute_dtype), count_weights)
        except RuntimeError as error:  # on the host; a GPU cannot tell
            if "out of bounds" not in str(error):
                raise
            raise Invalid(where, f"whole numbers from 0 to {size - 1}", int(inputs.max())) from None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """A row in place of the last axis, or behind it."""
        return encoded_shape(tuple(input_shape), self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Any, count_weights: Any = None) -> Any:
        """A symbol for the output of a call on a symbol."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

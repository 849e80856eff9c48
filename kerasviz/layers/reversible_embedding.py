"""ReversibleEmbedding: an embedding that also gives the scores of all things back."""

from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Data, Invalid, arg
from kerasviz.layers.embedding import Embedding, InitialWeights
from kerasviz.tensors import KerasTensor, standardize_dtype, torch_dtype


class ReversibleEmbedding(Embedding):
    """Looks up a row for each number; called with `reverse=True`, scores every row against what it is given.

    Shapes:
        inputs: (batch, *rest), whole numbers from 0 to input_dim - 1; reversed, (batch, *rest, output_dim)
        embeddings: (input_dim, output_dim)
        reverse_embeddings: (output_dim, input_dim), with tie_weights=False
        outputs: (batch, *rest, output_dim); reversed, scores (batch, *rest, input_dim)

    Source: O. Press and L. Wolf, "Using the Output Embedding to Improve Language Models", 2016.
    """

    tie_weights: bool = arg(
        True, doc="Whether scores are products with the rows themselves, and not with others.", after="output_dim"
    )
    reverse_dtype: str | None = arg(
        None, doc="Type in which scores are computed; that of inputs and rows by default.", after="mask_zero"
    )
    logit_soft_cap: float | None = arg(
        None, above=0, doc="Limit that scores approach and never reach; None for none.", after="reverse_dtype"
    )
    weights: Annotated[Any, InitialWeights()] = arg(
        None, quiet=True, keyword=True, doc="A list with one array to start from."
    )
    lora_rank: int | None = arg(
        None, at_least=1, group="lora", quiet=True, keyword=True, doc="Size of the small arrays."
    )
    lora_alpha: float | None = arg(None, group="lora", quiet=True, keyword=True, doc="Weight of the small arrays.")
    quantization_config: Data = arg(None, group="lora", keyword=True, doc="How weights are quantized.")

    def check(self) -> None:
        """The type of the scores must be one."""
        super().check()
        if self.reverse_dtype is not None and not torch_dtype(self.reverse_dtype).is_floating_point:
            raise Invalid("ReversibleEmbedding(reverse_dtype=...)", "a float dtype", self.reverse_dtype)

    def build(self, input_shape: Any = None) -> None:
        """Make the rows."""
        super().build(input_shape)
        self.reverse_embeddings: Any = None
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs: Tensor, reverse: bool = False) -> Tensor:
        """The rows of these numbers; or the scores of all rows."""
        if not reverse:
            return super().call(inputs)
        kernel = self.embeddings.t() if self.tie_weights else self.reverse_embeddings
        dtype = (
            torch_dtype(self.reverse_dtype) if self.reverse_dtype else torch.promote_types(inputs.dtype, kernel.dtype)
        )
        scores = inputs.to(dtype) @ kernel.to(dtype)
        return scores if self.logit_soft_cap is None else (scores / self.logit_soft_cap).tanh() * self.logit_soft_cap

    def _set_mask(self, args: tuple, kwargs: dict[str, Any], outputs: Any, previous: Any) -> None:
        """Rows carry the mask of their numbers; scores none."""
        if not (args[1] if len(args) > 1 else kwargs.get("reverse", False)):
            super()._set_mask(args, kwargs, outputs, previous)

    def compute_output_shape(self, input_shape: tuple, reverse: bool = False) -> tuple:
        """A row for each number; a score for each row.

        Raises:
            Invalid: where what is to be scored is not as long as a row.
        """
        if not reverse:
            return super().compute_output_shape(input_shape)
        if len(input_shape) < 2 or input_shape[-1] not in (None, self.output_dim):
            where = f'ReversibleEmbedding "{self.name}"(reverse=True)'
            raise Invalid(where, f"inputs (batch, *rest, {self.output_dim})", tuple(input_shape))
        return (*input_shape[:-1], self.input_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> KerasTensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A symbol for the rows, or for the scores."""
        dtype = standardize_dtype(self.reverse_dtype) if reverse and self.reverse_dtype else self.compute_dtype
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype)


__all__ = ["ReversibleEmbedding"]

"""Layers for whole numbers that stand for things, and for moments that do not count."""

import warnings
from typing import Annotated, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Data, Invalid, Kind, Regularizer, arg, weight
from kerasviz.layers.layer import Layer
from kerasviz.layers.lora import Lora


class InitialWeights(Kind):
    """Arrays that a layer starts from. They are not part of its config."""

    input = "none"

    def to_config(self, value: Any) -> None:
        """Nothing: the weights file has them."""

    def to_source(self, value: Any) -> str:
        """Nothing."""
        return "None"


class StartsFromArrays(Lora):
    """Base of layers with a `weights` argument: read, it gives the variables, as in every layer."""

    @property
    def weights(self) -> list[Any]:
        """All its variables, in the order in which `get_weights` has them."""
        return self.variables

    @weights.setter
    def weights(self, value: Any) -> None:
        self.__dict__["_initial_weights"] = value


class Embedding(StartsFromArrays):
    """Looks up a row for each number.

    Shapes:
        inputs: (batch, *rest), whole numbers from 0 to input_dim - 1
        embeddings: (input_dim, output_dim)
        outputs: (batch, *rest, output_dim)
    """

    large = "embeddings"
    activity_in_block = False
    supports_masking = True
    input_dim: int = arg(at_least=1, doc="How many things there are: the largest number plus one.")
    output_dim: int = arg(at_least=1, doc="Size of the row that stands for a thing.")
    embeddings = weight("uniform")
    mask_zero: bool = arg(False, doc="Whether 0 means that nothing is there, and later layers skip it.")
    weights: Annotated[Any, InitialWeights()] = arg(None, quiet=True, doc="A list with one array to start from.")
    lora_rank: int | None = arg(None, at_least=1, group="lora", quiet=True, doc="Size of the small arrays.")
    lora_alpha: float | None = arg(None, group="lora", quiet=True, doc="Weight of the small arrays.")
    quantization_config: Data = arg(None, group="lora", doc="How weights are quantized.")
    activity_regularizer: Regularizer = arg(None, keyword=True, group="regularizer", doc="Penalty on the output.")
    autocast: bool = arg(
        False, keyword=True, group="base", quiet=True, doc="Whether float inputs are cast: numbers would be rounded."
    )

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """`input_length` of older code says nothing that the input does not."""
        if "input_length" in named:
            warnings.warn("Embedding(input_length=...) is not needed any more.", stacklevel=4)
            named.pop("input_length")
        return super().adapt_arguments(named)

    def build(self, input_shape: Any = None) -> None:
        """Make the rows."""
        self.embeddings = self.add_weight(name="embeddings", shape=(self.input_dim, self.output_dim))
        initial = self.__dict__.pop("_initial_weights", None)
        if initial is not None:
            self.built = True
            self.set_weights(list(initial) if isinstance(initial, (list, tuple)) else [initial])
        self.adapt()

    def call(self, inputs: Tensor) -> Tensor:
        """The rows of these numbers."""
        if inputs.dtype not in (torch.int32, torch.int64):
            inputs = inputs.to(torch.int64)
        try:
            table: Any = self._parameters["embeddings"]
            rows = F.embedding(inputs, table).to(self._compute_dtype)
            if self.lora_enabled:
                a, b = self.small
                rows = rows + (self._lora_scale * (F.embedding(inputs, a) @ b)).to(rows.dtype)
            return rows
        except IndexError:  # on the host; a GPU cannot tell
            self.check_numbers(inputs, f'Embedding "{self.name}"')
            raise

    def quantized_build(self, embeddings_shape: Any, mode: Any, config: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Not available yet.

        Raises:
            Invalid: always.
        """
        raise self._not_quantized("quantized_build", mode)

    def check_numbers(self, numbers: Tensor, where: str) -> None:
        """All numbers have a row. Reads them.

        Raises:
            Invalid: with the number that has none.
        """
        if not numbers.numel():
            return
        lowest, highest = (int(value) for value in torch.aminmax(numbers.long()))
        if lowest < 0 or highest >= self.input_dim:
            hint = f"Use input_dim={highest + 1}, the largest number plus one." if lowest >= 0 else ""
            wrong = highest if lowest >= 0 else lowest
            raise Invalid(where, f"whole numbers from 0 to {self.input_dim - 1}", wrong, hint)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What is not zero, with mask_zero."""
        return torch.ne(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """A row for each number."""
        return (*input_shape, self.output_dim)


class Masking(Layer):
    """Masks moments at which all features have one value: later layers skip them.

    Shapes:
        inputs, outputs: (batch, time, *features)
        mask: (batch, time), True where a moment counts
    """

    keeps_dtype = True

    supports_masking = True
    mask_value: float = arg(0.0, doc="What all features are where nothing is.")

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs; zeros at masked moments."""
        return inputs * torch.ne(inputs, self.mask_value).any(dim=-1, keepdim=True).to(inputs.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Where some feature differs."""
        return torch.any(torch.ne(inputs, self.mask_value), dim=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        return tuple(input_shape)

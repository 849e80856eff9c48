"""HashedCrossing."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.layers.preprocessing.columns import as_column, encoded
from kerasviz.layers.preprocessing.encoding import encoded_shape
from kerasviz.layers.preprocessing.fingerprints import crossed, fingerprints
from kerasviz.layers.preprocessing.hashing import BinPolicy, HashLayer
from kerasviz.tensors import KerasTensor, default_device, is_float


class HashedCrossing(HashLayer):
    """Puts combinations of several columns into one of `num_bins` bins, the same one on every machine.

    Numbers are read on the host.

    Shapes:
        inputs: a list of columns of words or whole numbers, each (), (batch,) or (batch, 1)
        outputs: as one column for int; (batch, num_bins) for one_hot
    """

    num_bins: int = arg(at_least=1, doc="How many bins there are.")
    output_mode: Literal["int", "one_hot"] = arg("int", doc="The bin, or a row for each sample.")
    sparse: bool = arg(False, doc="Kept for Keras: rows are dense.")
    name: str | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]  # Layer guards it
        None, doc="Unique name in the model.", group="base"
    )
    dtype: BinPolicy = arg(None, doc="What it makes: int64 for bins, floats for rows.", group="base", after="name")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        names = ("num_bins", "output_mode", "sparse", "name")
        return {name: config[name] for name in names} | {"dtype": self.dtype_policy.name}

    def as_input(self, value: Any) -> Any:
        """Several columns."""
        where = f'{type(self).__name__} "{self.name}"'
        if not isinstance(value, (list, tuple)) or len(value) < 2:
            got = len(value) if isinstance(value, (list, tuple)) else type(value).__name__
            raise Invalid(where, "a list of at least two columns", got)
        columns = [as_column(column, where) for column in value]
        self.check_columns([tuple(column.shape) for column in columns])
        for column in columns:
            if isinstance(column, Tensor) and column.is_floating_point():
                raise Invalid(where, "columns of words or whole numbers", str(column.dtype).removeprefix("torch."))
        return columns

    def check_columns(self, shapes: Any) -> tuple:
        """The shape that all columns have.

        Raises:
            Invalid: where they differ, or are not one number or word for each sample.
        """
        where = f'{type(self).__name__} "{self.name}"'
        shapes = [tuple(shape) for shape in shapes]
        if len(shapes) < 2:
            raise Invalid(where, "a list of at least two columns", len(shapes))
        first = shapes[0]
        if any(len(shape) != len(first) for shape in shapes) or len({s for s in shapes if None not in s}) > 1:
            raise Invalid(where, "columns of one shape", shapes)
        if len(first) > 2 or (len(first) == 2 and first[1] != 1):
            raise Invalid(where, "columns (), (batch,) or (batch, 1)", first)
        return first

    def call(self, inputs: Any) -> Tensor:
        """The bins, or their rows."""
        shape = self.check_columns([column.shape for column in inputs])
        device = next((column.device for column in inputs if isinstance(column, Tensor)), default_device())
        if str(device) == "meta":
            return self.encoded_bins(torch.empty(shape, dtype=torch.int64, device="meta"))
        bins = (crossed([words_of(column) for column in inputs]) % np.uint64(self.num_bins)).astype(np.int64)
        return self.encoded_bins(torch.from_numpy(bins).reshape(shape).to(device))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """A column's, or with rows."""
        return encoded_shape(self.check_columns(input_shape), self.output_mode, self.num_bins)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbol for the output of a call on symbols."""
        where = f'{type(self).__name__} "{self.name}"'
        if not isinstance(inputs, (list, tuple)):
            raise Invalid(where, "a list of at least two columns", type(inputs).__name__)
        wrong = [symbol.dtype for symbol in inputs if symbol.dtype != "string" and is_float(symbol.dtype)]
        if wrong:
            raise Invalid(where, "columns of words or whole numbers", wrong[0])
        return KerasTensor(self.compute_output_shape([symbol.shape for symbol in inputs]), self.output_dtype)


def words_of(column: Any) -> np.ndarray:
    """A 64-bit number for each: whole numbers themselves, words by their fingerprint."""
    if isinstance(column, Tensor):
        return column.detach().cpu().numpy().astype(np.int64).astype(np.uint64).ravel()
    return fingerprints(encoded(column))

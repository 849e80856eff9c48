"""Discretization."""

import itertools
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import DType, Invalid, arg
from kerasviz.declare.kinds import DataKind
from kerasviz.layers.preprocessing import quantiles
from kerasviz.layers.preprocessing.columns import as_column
from kerasviz.layers.preprocessing.data_layer import Adaptable
from kerasviz.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from kerasviz.tensors import convert_to_numpy, torch_dtype


class Discretization(Adaptable):
    """Says for each number in which of several ranges it lies; a range begins with its boundary.

    Shapes:
        inputs: (*batch, numbers)
        outputs: as inputs for int; (*batch, numbers, ranges) for one_hot, (*batch, ranges) otherwise

    Source of `adapt`: quantiles from a summary of about 1 / epsilon places.
    """

    bin_boundaries: Annotated[Any, DataKind("list")] = arg(
        None, doc="Where ranges begin, in order; the first and the last have no end."
    )
    num_bins: int | None = arg(None, at_least=0, doc="How many ranges `adapt` makes, of about equal size.")
    epsilon: float = arg(0.01, doc="Error of the quantiles: 0.01 is one percent of the numbers.")
    output_mode: Literal["int", "one_hot", "multi_hot", "count"] = arg(
        "int", doc="The number of the range; or a row for each number, or for each sample."
    )
    sparse: bool = arg(False, doc="Kept for Keras: rows are dense.")
    dtype: DType = arg(None, doc="What it computes in: a dtype or a policy.", group="base")
    name: str | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]  # Layer guards it
        None, doc="Unique name in the model.", group="base"
    )

    def check(self) -> None:
        """Boundaries, or a number of ranges to learn."""
        super().check()
        refuse_sparse("Discretization", self.sparse)
        self.reset_state()
        self.__dict__["_learns"] = self.num_bins is not None
        if self.bin_boundaries is None and self.num_bins is None:
            raise Invalid("Discretization(bin_boundaries=...)", "a list of boundaries, or num_bins to learn some", None)
        if self.bin_boundaries is None:
            return
        if self.num_bins is not None and not self.__dict__.pop("_is_restored", False):
            hint = "Boundaries that are given are not learned."
            raise Invalid("Discretization(num_bins=...)", "None beside bin_boundaries", self.num_bins, hint)
        self._take(self.bin_boundaries)

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Boundaries beside a number of ranges are those that a saved layer had learned."""
        if named.pop("_restored", False):
            self.__dict__["_is_restored"] = True
        return super().adapt_arguments(named)

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Self:
        """The layer that `get_config` described, with what it had learned."""
        learned = config.get("num_bins") is not None and config.get("bin_boundaries") is not None
        return cls(**config, **({"_restored": True} if learned else {}))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, with the boundaries it learned."""
        config = super().get_config()
        names = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name")
        policy = self.dtype_policy
        return {name: config[name] for name in names} | {"dtype": policy.name}

    def _take(self, given: Any) -> None:
        """Use these boundaries."""
        where = "Discretization(bin_boundaries=...)"
        try:
            numbers = [float(n) for n in (given.tolist() if hasattr(given, "tolist") else given)]
        except (TypeError, ValueError):
            raise Invalid(where, "a list of numbers", given) from None
        if any(b < a for a, b in itertools.pairwise(numbers)) or any(n != n for n in numbers):
            raise Invalid(where, "numbers in order, the lowest first", numbers)
        kept = given.tolist() if hasattr(given, "tolist") else list(given)
        self.bin_boundaries = [n if isinstance(n, int) else float(n) for n in kept]
        self.register_buffer("_edges", torch.tensor(numbers, dtype=torch.float32), persistent=False)

    @property
    def output_dtype(self) -> str:
        """int32, or that of the rows."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    @property
    def learns(self) -> bool:
        """Whether boundaries are not given."""
        return self.__dict__["_learns"]

    @property
    def has_learned(self) -> bool:
        """Whether there are boundaries."""
        return self.bin_boundaries is not None

    # --- learning ---------------------------------------------------------------------------------------------------

    def reset_state(self) -> None:
        """Forget the batches that were looked at."""
        self.__dict__["summary"] = quantiles.empty_summary()

    def update_state(self, data: Any) -> None:
        """Look at one batch."""
        where = f'Discretization "{self.name}".adapt'
        if not self.__dict__["_learns"]:
            raise Invalid(where, "a layer made with num_bins", "one with given bin_boundaries")
        x = as_column(data, where)
        if not isinstance(x, Tensor):
            raise Invalid(where, "numbers", "texts")
        numbers = quantiles.summarize(convert_to_numpy(x), self.epsilon)
        self.__dict__["summary"] = quantiles.merged(self.__dict__["summary"], numbers, self.epsilon)

    def finalize_state(self) -> None:
        """Use boundaries that divide what was looked at into ranges of about equal size."""
        summary = self.__dict__["summary"]
        if self.__dict__["_learns"] and summary.shape[1]:
            found = np.asarray(quantiles.boundaries(summary, max(self.num_bins or 1, 1)))
            self._take(found[~np.isnan(found)])

    # --- calling ----------------------------------------------------------------------------------------------------

    def call(self, inputs: Tensor) -> Tensor:
        """The number of the range, or its row."""
        if self.bin_boundaries is None:
            hint = "Call `adapt(data)` first, or give bin_boundaries."
            raise Invalid(f'Discretization "{self.name}"', "a layer with boundaries", "one that learned none", hint)
        x = inputs.to(torch_dtype(self.compute_dtype)) if not inputs.is_floating_point() else inputs
        x = x if x.dtype in (torch.float32, torch.float64) else x.float()
        edges = self._edges.to(device=x.device, dtype=x.dtype)
        ranges = torch.bucketize(x.contiguous(), edges, out_int32=True, right=True)
        if self.output_mode == "int":
            return ranges
        return encode(ranges, self.output_mode, len(self.bin_boundaries) + 1, torch_dtype(self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's, or with rows."""
        known = self.bin_boundaries is not None
        size = len(self.bin_boundaries) + 1 if known else self.num_bins
        return encoded_shape(tuple(input_shape), self.output_mode, size)

    def load_own_variables(self, store: Any) -> None:
        """Nothing: the boundaries are in the config."""

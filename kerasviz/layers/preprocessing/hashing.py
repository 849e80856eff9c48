"""Hashing, and what it shares with HashedCrossing."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Data, Invalid, Kind, arg
from kerasviz.declare.kinds import Named
from kerasviz.layers.preprocessing.columns import encoded, written
from kerasviz.layers.preprocessing.data_layer import DataLayer
from kerasviz.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from kerasviz.layers.preprocessing.fingerprints import fingerprints
from kerasviz.tensors import convert_to_tensor, default_device, is_float, torch_dtype


class SaltKind(Kind):
    """One whole number or two, the key of a hash; kept as two."""

    input = "numbers"

    def parse(self, value: Any, where: str = "") -> list[int]:
        """Both numbers."""
        given: Any = [value, value] if isinstance(value, (int, np.integer)) and not isinstance(value, bool) else value
        whole = isinstance(given, (list, tuple)) and all(isinstance(n, (int, np.integer)) for n in given)
        if not whole or len(given) != 2:
            self.reject(where, "a whole number, or two of them", value)
        return [int(n) for n in given]

    def samples(self) -> list[Any]:
        """One, and two."""
        return [7, (133, 137)]


class BinDType(Named):
    """A dtype or policy; None until it is known what is made."""

    def parse(self, value: Any, where: str = "") -> Any:
        """The policy, or None."""
        return None if value is None else super().parse(value, where)


Salt = Annotated[Any, SaltKind()]
BinPolicy = Annotated[Any, BinDType("dtype_policy")]


class HasBinPolicy(DataLayer):
    """Base that remembers whether a dtype was asked for."""

    @property
    def dtype(self) -> str:
        """The dtype of bins, or of their rows."""
        return super().dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        self.__dict__["_dtype_argument"] = value
        self.dtype_policy = value


class HashLayer(HasBinPolicy):
    """Base of layers that put anything into one of `num_bins` bins by its fingerprint."""

    casts_inputs: ClassVar[bool] = False
    num_bins: int
    output_mode: Any
    sparse: bool
    dtype: BinPolicy = arg(None, doc="What it makes: int64 for bins, floats for rows.", keyword=True, group="base")

    def check(self) -> None:
        """Bins are whole numbers."""
        super().check()
        where = type(self).__name__
        refuse_sparse(where, self.sparse)
        if self.output_mode == "int" and self._dtype_argument is None:
            self.dtype_policy = "int64"
        if self.output_mode == "int" and is_float(self.compute_dtype):
            hint = "Bins are whole numbers; rows of another output_mode may be floats."
            raise Invalid(f"{where}(dtype=...)", "'int32' or 'int64' for output_mode 'int'", self.compute_dtype, hint)

    def _is_default(self, a: Any, value: Any) -> bool:
        is_own = a.name == "dtype" and self.output_mode == "int" and self.compute_dtype == "int64"
        return is_own or super()._is_default(a, value)

    def encoded_bins(self, bins: Tensor) -> Tensor:
        """The bins, or their rows."""
        dtype = torch_dtype(self.compute_dtype)
        return bins.to(dtype) if self.output_mode == "int" else encode(bins, self.output_mode, self.num_bins, dtype)


class Hashing(HashLayer):
    """Puts words, or whole numbers, into one of `num_bins` bins, the same one on every machine.

    The fingerprint of the word, or of the digits of the number, modulo `num_bins`. Numbers are read on the host.

    Shapes:
        inputs: (*batch, numbers)
        outputs: as inputs for int; (*batch, numbers, num_bins) for one_hot, (*batch, num_bins) otherwise

    Source: FarmHash64; with a salt SipHash-2-4 of J.-P. Aumasson and D. J. Bernstein, 2012.
    """

    num_bins: int = arg(at_least=1, doc="How many bins there are, that of `mask_value` among them.")
    mask_value: Data = arg(None, doc="The word or number that goes to bin 0, which no other then does.")
    salt: Salt | None = arg(None, doc="A whole number, or two, for other bins: the key of SipHash.")
    output_mode: Literal["int", "one_hot", "multi_hot", "count"] = arg(
        "int", doc="The bin; or a row for each word, or for each sample."
    )
    sparse: bool = arg(False, doc="Kept for Keras: rows are dense.")

    def call(self, inputs: Any) -> Tensor:
        """The bins, or their rows."""
        if isinstance(inputs, Tensor) and inputs.device.type == "meta":
            return self.encoded_bins(torch.empty(inputs.shape, dtype=torch.int64, device="meta"))
        bins = self.bins_of(inputs)
        if self.mask_value is not None:
            masked = torch.as_tensor(masks(inputs, self.mask_value)).reshape(bins.shape)
            bins = torch.where(masked.to(bins.device), 0, bins)
        return self.encoded_bins(bins)

    def bins_of(self, inputs: Any) -> Tensor:
        """The bin of each word or number, before any is masked."""
        texts = written(inputs) if isinstance(inputs, Tensor) else encoded(inputs)
        free = self.num_bins - (self.mask_value is not None and self.num_bins > 1)
        bins = (fingerprints(texts, self.salt) % np.uint64(free)).astype(np.int64) + (self.num_bins - free)
        device = inputs.device if isinstance(inputs, Tensor) else default_device()
        return torch.from_numpy(bins).reshape(tuple(inputs.shape)).to(device)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's, or with rows."""
        return encoded_shape(tuple(input_shape), self.output_mode, self.num_bins)


def masks(inputs: Any, mask_value: Any) -> Any:
    """Where the masked word or number is."""
    if isinstance(inputs, Tensor):
        return inputs == convert_to_tensor(mask_value).to(inputs.device)
    wanted = encoded(np.asarray(mask_value, dtype=object))[0]
    return np.asarray([text == wanted for text in encoded(inputs)], dtype=bool)

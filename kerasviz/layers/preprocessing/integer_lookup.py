"""IntegerLookup."""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.layers.preprocessing.columns import written
from kerasviz.layers.preprocessing.fingerprints import fingerprints
from kerasviz.layers.preprocessing.index_lookup import IndexLookup


class IntegerLookup(IndexLookup):
    """Gives each whole number its place in a vocabulary, or a row of zeros and ones.

    Shapes:
        inputs: (*batch, numbers)
        outputs: as inputs for int; (*batch, numbers, size) for one_hot, (*batch, size) otherwise
    """

    token_dtype = "int64"
    mask_token: int | None = arg(None, after="num_oov_indices", doc="The number where nothing is; it goes to place 0.")
    oov_token: int = arg(-1, after="mask_token", doc="What stands for unknown numbers, with `invert`.")
    vocabulary_dtype: Literal["int64"] = arg("int64", after="vocabulary", doc="Dtype of the numbers.")
    oov_method: Literal["floormod", "farmhash"] = arg(
        "floormod",
        after="pad_to_max_tokens",
        doc="How unknown numbers are spread over their places: by remainder, or by fingerprint, which reads them.",
    )

    def check(self) -> None:
        """A salt is for fingerprints."""
        if self.salt is not None and self.oov_method != "farmhash":
            raise Invalid("IntegerLookup(salt=...)", "None unless oov_method is 'farmhash'", self.salt)
        super().check()

    def tokens_from(self, values: list[Any], where: str) -> list[int]:
        """Whole numbers."""
        try:
            return [int(value) for value in values]
        except (TypeError, ValueError):
            wrong = next(value for value in values if not str(value).lstrip("-").isdigit())
            raise Invalid(where, "whole numbers", wrong) from None

    def samples_of(self, data: Any) -> list[list[int]]:
        """The numbers of each sample of a batch."""
        if not isinstance(data, Tensor):
            raise Invalid(f'IntegerLookup "{self.name}"', "whole numbers", "texts", "Use StringLookup.")
        rows = data.detach().long().cpu().reshape(len(data) if data.ndim else 1, -1)
        return rows.tolist()

    def make_tables(self) -> None:
        """The tokens in order, their places, and all by place."""
        tokens = self.get_vocabulary(include_special_tokens=False)
        order = np.argsort(np.asarray(tokens, dtype=np.int64), kind="stable")
        first = len(self.specials)
        tables = {
            "_sorted": np.asarray(tokens, dtype=np.int64)[order],
            "_places": order.astype(np.int64) + first,
            "_by_place": np.asarray([*self.specials, *tokens], dtype=np.int64),
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(table), persistent=False)

    def call(self, inputs: Tensor) -> Any:
        """Places, rows, or numbers."""
        self.refuse_empty()
        if not isinstance(inputs, Tensor):
            raise Invalid(f'IntegerLookup "{self.name}"', "whole numbers", "texts", "Use StringLookup.")
        numbers = inputs.long()
        return self.numbers_at(numbers) if self.invert else self.rows(self.places_of(numbers))

    def numbers_at(self, places: Tensor) -> Tensor:
        """The number at each place."""
        table = self._by_place.to(places.device)
        fits = (places >= 0) & (places < len(table))
        return torch.where(fits, table[places.clamp(0, len(table) - 1)], self.oov_token)

    def places_of(self, numbers: Tensor) -> Tensor:
        """The place of each number; -1 for the masked ones of rows."""
        table = self._sorted.to(numbers.device)
        if len(table):
            nearest = torch.searchsorted(table, numbers.contiguous()).clamp(max=len(table) - 1)
            is_known = table[nearest] == numbers
            places = torch.where(is_known, self._places.to(numbers.device)[nearest], -1)
        else:
            is_known = torch.zeros_like(numbers, dtype=torch.bool)
            places = torch.full_like(numbers, -1)
        if self.mask_token is not None:
            is_masked = numbers == self.mask_token
            places = torch.where(is_masked, 0 if self._has_mask else -1, places)
            is_known = is_known | is_masked
        if not self.num_oov_indices:
            self._refuse_unknown(numbers, is_known)
            return places
        return torch.where(is_known, places, self._has_mask + self._unknown_place(numbers))

    def _unknown_place(self, numbers: Tensor) -> Tensor | int:
        """Which of the places for unknown numbers each would have."""
        count = self.num_oov_indices
        if count == 1:
            return 0
        if self.oov_method == "floormod":
            return torch.remainder(numbers, count)
        if numbers.device.type == "meta":
            return torch.zeros_like(numbers)
        places = fingerprints(written(numbers), self.salt) % np.uint64(count)
        return torch.from_numpy(places.astype(np.int64)).reshape(numbers.shape).to(numbers.device)

    def _refuse_unknown(self, numbers: Tensor, is_known: Tensor) -> None:
        """Raise where a number is not in the vocabulary; on a GPU, later, without its name."""
        if numbers.device.type == "meta":
            return
        if numbers.device.type != "cpu" or torch.compiler.is_compiling():
            torch._assert_async(is_known.all())  # pyright: ignore[reportPrivateImportUsage]
        elif not is_known.all():
            wrong = numbers[~is_known][:3].tolist()
            hint = "num_oov_indices=1 makes a place for unknown numbers."
            raise Invalid(f'IntegerLookup "{self.name}"', "numbers of the vocabulary", wrong, hint)

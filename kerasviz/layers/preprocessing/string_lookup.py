"""StringLookup."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.layers.preprocessing.columns import decoded
from kerasviz.layers.preprocessing.fingerprints import fingerprints
from kerasviz.layers.preprocessing.hashing import Salt
from kerasviz.layers.preprocessing.index_lookup import IndexLookup
from kerasviz.tensors import default_device


class StringLookup(IndexLookup):
    """Gives each word its place in a vocabulary, or a row of zeros and ones.

    Words come as a numpy array, series or nested list of strings: torch has no tensors of them. With `invert`, words
    are returned as a numpy array.

    Shapes:
        inputs: (*batch, words)
        outputs: as inputs for int; (*batch, words, size) for one_hot, (*batch, size) otherwise
    """

    token_dtype = "string"
    mask_token: str | None = arg(None, after="num_oov_indices", doc="The word where nothing is; it goes to place 0.")
    oov_token: str | None = arg("[UNK]", after="mask_token", doc="What stands for unknown words, with `invert`.")
    sparse: bool = arg(False, after="pad_to_max_tokens", doc="Kept for Keras: rows are dense.")
    encoding: str = arg("utf-8", after="pad_to_max_tokens", doc="How words that come as bytes are written.")
    salt: Salt | None = arg(None, after="name", doc="A whole number, or two, for other places of unknown words.")

    def tokens_from(self, values: list[Any], where: str) -> list[str]:
        """Words."""
        wrong = next((value for value in values if not isinstance(value, (str, bytes)) and value is not None), None)
        if wrong is not None:
            raise Invalid(where, "words", wrong, "Use IntegerLookup for whole numbers.")
        return [value.decode(self.encoding) if isinstance(value, bytes) else value for value in values]

    def samples_of(self, data: Any) -> list[list[str]]:
        """The words of each sample of a batch."""
        words = self._words(data)
        size = len(words) // len(data) if data.ndim and len(data) else 1
        return [words[start : start + size] for start in range(0, len(words), max(size, 1))]

    def _words(self, inputs: Any) -> list[str]:
        if isinstance(inputs, Tensor):
            hint = "Words come as a numpy array or a list of strings. Use IntegerLookup for whole numbers."
            raise Invalid(f'StringLookup "{self.name}"', "words", f"a tensor of {inputs.dtype}", hint)
        return decoded(inputs, self.encoding)

    def make_tables(self) -> None:
        """Places by word."""
        first = len(self.specials)
        tokens = self.get_vocabulary(include_special_tokens=False)
        self.__dict__["_table"] = {token: place + first for place, token in enumerate(tokens)}
        if self.mask_token is not None:
            self.__dict__["_table"][self.mask_token] = 0 if self._has_mask else -1

    def call(self, inputs: Any) -> Any:
        """Places, rows, or words."""
        self.refuse_empty()
        return self._words_at(inputs) if self.invert else self.rows(self._places_of(inputs))

    def _words_at(self, places: Any) -> np.ndarray:
        if not isinstance(places, Tensor):
            raise Invalid(f'StringLookup "{self.name}"', "whole numbers, with invert=True", "words")
        by_place = self.get_vocabulary()
        found = [
            by_place[place] if 0 <= place < len(by_place) else self.oov_token for place in places.reshape(-1).tolist()
        ]
        return np.asarray(found, dtype=str if self.oov_token is not None else object).reshape(tuple(places.shape))

    def _places_of(self, inputs: Any) -> Tensor:
        words = self._words(inputs)
        table = self.__dict__["_table"]
        places = [table.get(word, -2) for word in words]
        unknown = [index for index, place in enumerate(places) if place == -2]
        if unknown:
            for index, place in zip(unknown, self._unknown_places([words[i] for i in unknown]), strict=True):
                places[index] = place
        return torch.tensor(places, dtype=torch.int64, device=default_device()).reshape(inputs.shape)

    def _unknown_places(self, words: list[str]) -> list[int]:
        """The places of words that are not in the vocabulary."""
        count, first = self.num_oov_indices, int(self._has_mask)
        if not count:
            hint = "num_oov_indices=1 makes a place for unknown words."
            raise Invalid(f'StringLookup "{self.name}"', "words of the vocabulary", words[:3], hint)
        if count == 1:
            return [first] * len(words)
        places = fingerprints([word.encode(self.encoding) for word in words], self.salt) % np.uint64(count)
        return [first + int(place) for place in places]

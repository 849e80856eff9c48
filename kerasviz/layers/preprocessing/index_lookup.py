"""What IntegerLookup and StringLookup share: a vocabulary, its special tokens, and rows for what is found in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.initializers import Numbers
from kerasviz.layers.preprocessing.data_layer import Adaptable
from kerasviz.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from kerasviz.layers.preprocessing.hashing import Salt
from kerasviz.layers.preprocessing.vocabulary import (
    FILE_NAME,
    Seen,
    Vocabulary,
    read_tokens,
    refuse_repeated,
    write_tokens,
)
from kerasviz.tensors import KerasTensor, torch_dtype

LATER = ("vocabulary_size", "oov_method")  # in configs, but no arguments of every lookup


class IndexLookup(Adaptable):
    """Base of layers that give each token its place in a vocabulary.

    The vocabulary begins with the mask token, if there is one and places are asked for, and with the places of tokens
    that it lacks.
    """

    casts_inputs: ClassVar[bool] = False
    token_dtype: ClassVar[str]
    mask_token: Any
    oov_token: Any
    max_tokens: int | None = arg(None, at_least=2, doc="Most places of the vocabulary; None for no limit.")
    num_oov_indices: int = arg(1, at_least=0, doc="Places for tokens that are not in the vocabulary; 0 refuses them.")
    vocabulary: Vocabulary | None = arg(None, doc="The tokens, or the path of a file with one on each line.")
    idf_weights: Numbers | None = arg(None, doc="Weight of each token, for tf_idf with a given vocabulary.")
    invert: bool = arg(False, doc="Whether to turn places back into tokens.")
    output_mode: Literal["int", "one_hot", "multi_hot", "count", "tf_idf"] = arg(
        "int", doc="The place; or a row for each token, or for each sample."
    )
    sparse: bool = arg(False, doc="Kept for Keras: rows are dense.")
    pad_to_max_tokens: bool = arg(False, doc="Whether rows have max_tokens places even if there are fewer tokens.")
    salt: Salt | None = arg(None, doc="A whole number, or two, for other places of unknown tokens.")
    name: str | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]  # Layer guards it
        None, doc="Unique name in the model.", group="base"
    )

    # --- construction -----------------------------------------------------------------------------------------------

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Configs say the size too, which the vocabulary tells."""
        named = {n: v for n, v in named.items() if n in type(self).args or n not in LATER}
        return super().adapt_arguments(named)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The layer that `get_config` described.

        Raises:
            Invalid: where the vocabulary is a path: no file is read because a config names it.
        """
        path = config.get("vocabulary")
        if isinstance(path, str):
            hint = f"If you trust the file, make the layer with `{cls.__name__}(vocabulary=path)`."
            raise Invalid(f"{cls.__name__}.from_config(vocabulary=...)", "a list of tokens", path, hint)
        return super().from_config(config)

    def check(self) -> None:
        """Rules between the arguments; take the vocabulary that is given."""
        super().check()
        self.reset_state()
        self.__dict__.update(_tokens=None, _is_static=False)
        where = type(self).__name__
        refuse_sparse(where, self.sparse)
        if self.invert and self.output_mode != "int":
            raise Invalid(f"{where}(output_mode=...)", "'int' where invert is True", self.output_mode)
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise Invalid(f"{where}(max_tokens=...)", "a number, to which rows are padded", None)
        if self.idf_weights is not None and self.output_mode != "tf_idf":
            raise Invalid(f"{where}(idf_weights=...)", "None unless output_mode is 'tf_idf'", self.output_mode)
        if self.vocabulary is not None:
            self.set_vocabulary(self.vocabulary, self.idf_weights)

    def _is_default(self, a: Any, value: Any) -> bool:
        return value is None if a.name == "vocabulary" else super()._is_default(a, value)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer. What was learned goes to a file beside it."""
        config = super().get_config()
        size = self.vocabulary_size() if self.__dict__["_tokens"] is not None else None
        return {**config, "vocabulary_size": size, "oov_method": config.get("oov_method", "floormod")}

    # --- the vocabulary ---------------------------------------------------------------------------------------------

    @property
    def specials(self) -> list[Any]:
        """The tokens before those of the vocabulary: the mask token, and one for each place of unknown ones."""
        return [self.mask_token] * self._has_mask + [self.oov_token] * self.num_oov_indices

    @property
    def _has_mask(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use these tokens.

        Args:
            vocabulary: a list or array of tokens, with or without the special ones before them; or a file's path.
            idf_weights: a number for each, for tf_idf.
        """
        where = f"{type(self).__name__}(vocabulary=...)"
        given = type(self).args["vocabulary"].kind.parse(vocabulary, where)
        tokens = self.tokens_from(read_tokens(given, where) if isinstance(given, str) else given, where)
        if not tokens:
            raise Invalid(where, "at least one token", tokens)
        specials = self.specials
        has_specials = bool(specials) and tokens[: len(specials)] == specials
        own = tokens[len(specials) :] if has_specials else tokens
        refuse_repeated(own, where)
        if self.mask_token is not None and self.mask_token in own:
            hint = f"Leave special tokens out, or begin with {specials}."
            raise Invalid(where, "no mask token among the tokens", own.index(self.mask_token), hint)
        weights = self._given_weights(idf_weights, len(tokens), has_specials)
        self._use(own, weights)
        self.__dict__["_is_static"] = True

    def _given_weights(self, idf_weights: Any, count: int, has_specials: bool) -> Tensor | None:
        if self.output_mode != "tf_idf":
            return None
        where = f"{type(self).__name__}(idf_weights=...)"
        if idf_weights is None:
            raise Invalid(where, "a number for each token of the vocabulary", None)
        weights = torch.as_tensor(idf_weights, dtype=torch.float32).reshape(-1)
        if len(weights) != count:
            raise Invalid(where, f"{count} numbers, one for each token", len(weights))
        return weights if has_specials else self._with_unknown(weights)

    def _with_unknown(self, weights: Tensor) -> Tensor:
        """The weights, with their mean before them for tokens that are not in the vocabulary."""
        unknown = weights.mean() if len(weights) else torch.tensor(0.0)
        return torch.cat([unknown.expand(self.num_oov_indices), weights])

    def _use(self, tokens: list[Any], weights: Tensor | None) -> None:
        size = len(self.specials) + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            where = f"{type(self).__name__}(max_tokens=...)"
            raise Invalid(where, f"at least {size}, the places of the vocabulary", self.max_tokens)
        self.__dict__["_tokens"] = tokens
        if weights is not None:
            self.register_buffer("_idf", weights, persistent=False)
        self.make_tables()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in their order.

        Args:
            include_special_tokens: whether the mask token and those for unknown ones are among them.
        """
        return (self.specials if include_special_tokens else []) + list(self.__dict__["_tokens"] or [])

    def vocabulary_size(self) -> int:
        """How many places the vocabulary has, those of special tokens among them."""
        return len(self.get_vocabulary())

    def tokens_from(self, values: list[Any], where: str) -> list[Any]:
        """The tokens as this kind of lookup keeps them."""
        raise NotImplementedError

    def make_tables(self) -> None:
        """Get ready to look tokens up."""
        raise NotImplementedError

    @property
    def learns(self) -> bool:
        """Whether the vocabulary is not given."""
        return not self.__dict__["_is_static"]

    @property
    def has_learned(self) -> bool:
        """Whether there is a vocabulary."""
        return self.__dict__["_tokens"] is not None

    # --- learning ---------------------------------------------------------------------------------------------------

    def reset_state(self) -> None:
        """Forget the batches that were looked at."""
        self.__dict__["_seen"] = Seen()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch."""
        if self.__dict__["_is_static"]:
            where = f'{type(self).__name__} "{self.name}".adapt'
            raise Invalid(where, "a layer without a vocabulary of its own", "one that was given its vocabulary")
        self.__dict__["_seen"].add(self.samples_of(self.as_input(data)), self.output_mode == "tf_idf")

    def samples_of(self, data: Any) -> list[list[Any]]:
        """The tokens of each sample of a batch."""
        raise NotImplementedError

    def finalize_state(self) -> None:
        """Use the tokens that were counted, the most frequent first."""
        if self.__dict__["_is_static"]:
            return
        seen, specials = self.__dict__["_seen"], self.specials
        most = None if self.max_tokens is None else self.max_tokens - len(specials)
        tokens = seen.tokens([self.mask_token, self.oov_token], most)
        is_weighted = self.output_mode == "tf_idf"
        self._use(tokens, self._with_unknown(torch.from_numpy(seen.rarity(tokens))) if is_weighted else None)

    # --- calling ----------------------------------------------------------------------------------------------------

    @property
    def output_dtype(self) -> str:
        """int64 for places, that of tokens for tokens, the compute dtype for rows."""
        if self.output_mode != "int":
            return self.compute_dtype
        return self.token_dtype if self.invert else "int64"

    @property
    def row_size(self) -> int | None:
        """Places of a row; None while there is no vocabulary."""
        if self.pad_to_max_tokens:
            return self.max_tokens
        return None if self.__dict__["_tokens"] is None else self.vocabulary_size()

    def refuse_empty(self) -> None:
        """Raise where there is no vocabulary yet."""
        if self.__dict__["_tokens"] is None:
            hint = "Call `adapt(data)` first, or give it one."
            raise Invalid(f'{type(self).__name__} "{self.name}"', "a layer with a vocabulary", "one without", hint)

    def rows(self, places: Tensor) -> Tensor:
        """Places as the output mode has them; -1 leaves no trace in rows."""
        if self.output_mode == "int":
            return places
        dtype = torch_dtype(self.compute_dtype)
        size = self.row_size or 0
        if self.output_mode != "tf_idf":
            return encode(places, self.output_mode, size, dtype)
        weights = self._idf.to(device=places.device, dtype=dtype)
        padded = torch.nn.functional.pad(weights, (0, size - len(weights)))
        return encode(places, "count", size, dtype) * padded

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's, or with rows."""
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        return encoded_shape(tuple(input_shape), mode, self.row_size)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbol for the output of a call on a symbol."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

    # --- files ------------------------------------------------------------------------------------------------------

    def save_assets(self, dir_path: Any) -> None:
        """Write what is not in the config: the tokens, one on each line."""
        if not isinstance(self.vocabulary, list) and self.__dict__["_tokens"] is not None:
            where = f'{type(self).__name__} "{self.name}"'
            write_tokens(Path(dir_path) / FILE_NAME, self.get_vocabulary(), where)

    def load_assets(self, dir_path: Any) -> None:
        """Read what `save_assets` wrote."""
        path = Path(dir_path) / FILE_NAME
        if isinstance(self.vocabulary, list) or not path.exists():
            return
        where = f'{type(self).__name__} "{self.name}", {FILE_NAME}'
        tokens = self.tokens_from(path.read_text(encoding="utf-8").split("\n"), where)
        if tokens[: len(self.specials)] != self.specials:
            raise Invalid(where, f"tokens that begin with {self.specials}", tokens[: len(self.specials)])
        self._use(tokens[len(self.specials) :], None)

    def save_own_variables(self, store: Any) -> None:
        """The weights of tokens, where it has some."""
        if self.output_mode == "tf_idf" and self.__dict__["_tokens"] is not None:
            store["idf_weights"] = self._idf.cpu().numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        if self.output_mode == "tf_idf" and "idf_weights" in store.keys():  # noqa: SIM118 - a store of a file
            self.register_buffer("_idf", torch.as_tensor(store["idf_weights"][()]), persistent=False)

    def get_extra_state(self) -> Any:
        """The tokens and their weights, for `state_dict`."""
        weights = self._idf.tolist() if "_idf" in self._buffers else None
        return {"tokens": self.__dict__["_tokens"], "idf_weights": weights}

    def set_extra_state(self, state: Any) -> None:
        """Take tokens and weights from a `state_dict`, or from a file of safetensors, which has their JSON as bytes."""
        state = json.loads(bytes(state.tolist())) if isinstance(state, Tensor) else state
        if state["tokens"] is not None:
            weights = state["idf_weights"]
            self._use(list(state["tokens"]), None if weights is None else torch.tensor(weights))

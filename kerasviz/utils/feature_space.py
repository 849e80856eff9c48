"""FeatureSpace: a table of raw columns as what a model learns from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from kerasviz import layers
from kerasviz.declare import Invalid, did_you_mean
from kerasviz.layers.preprocessing.columns import as_column, inputs_of
from kerasviz.tensors import KerasTensor, any_symbolic, map_leaves, torch_dtype
from kerasviz.utils.features import KINDS, Cross, Feature, FeatureKinds, as_file_entry

Columns = dict[str, Any]


class FeatureSpace(FeatureKinds):
    """Turns a table of raw columns into what a model learns from: numbers, and rows of zeros and ones.

    Call it on a dict of columns, or of the values of one sample.

    Args:
        features: the kind of each column by its name: a word such as "float_normalized", or what
            `FeatureSpace.float_normalized()` gives.
        output_mode: "concat" for one row for each sample, "dict" for columns by name.
        crosses: combinations of columns: names, or what `FeatureSpace.cross` gives.
        crossing_dim: bins of combinations that say no number.
        hashing_dim: bins of "string_hashed" and "integer_hashed".
        num_discretization_bins: ranges of "float_discretized".
        name: unique in a model.

    Shapes:
        columns: (batch,) or (batch, 1); () for one sample
        result: (batch, sizes of all columns), columns and then crosses in the order of the alphabet
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise Invalid("FeatureSpace(features=...)", "at least one column", features)
        if output_mode not in ("concat", "dict"):
            raise Invalid("FeatureSpace(output_mode=...)", "'concat' or 'dict'", output_mode)
        self.output_mode = output_mode
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.__dict__["features"] = {column: self._feature(column, kind) for column, kind in features.items()}
        self.__dict__["crosses"] = [self._cross(cross) for cross in crosses or ()]
        self.preprocessors = {column: feature.preprocessor for column, feature in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name) for cross in self.crosses
        }
        self.one_hot_encoders: Columns = {}
        self.concat = layers.Concatenate(axis=-1) if output_mode == "concat" else None
        self.__dict__["_symbols"] = None

    def _feature(self, column: str, kind: Any) -> Feature:
        if isinstance(kind, Feature):
            return kind
        if isinstance(kind, Mapping):
            return Feature.from_config(kind["config"])
        sized = {
            "float_discretized": self.num_discretization_bins,
            "string_hashed": self.hashing_dim,
            "integer_hashed": self.hashing_dim,
        }
        if kind not in KINDS:
            where = f"FeatureSpace(features={{{column!r}: ...}})"
            raise Invalid(where, f"one of {', '.join(KINDS)}, or a feature", kind, did_you_mean(kind, KINDS))
        make = getattr(type(self), kind)
        return make(sized[kind], name=column) if kind in sized else make(name=column)

    def _cross(self, cross: Any) -> Cross:
        if isinstance(cross, Mapping):
            cross = Cross.from_config(cross["config"])
        elif not isinstance(cross, Cross):
            cross = Cross(cross, self.crossing_dim)
        unknown = [column for column in cross.feature_names if column not in self.features]
        if unknown:
            expected = f"names of columns: {', '.join(self.features)}"
            raise Invalid("FeatureSpace(crosses=...)", expected, unknown[0], did_you_mean(unknown[0], self.features))
        return cross

    # --- learning ---------------------------------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Learn what the layers of the columns have to know: vocabularies, means, ranges.

        Args:
            dataset: a dict of columns; or a DataLoader, dataset or generator of dicts, or of (dict, targets).
        """
        learners = {column: layer for column, layer in self.preprocessors.items() if getattr(layer, "learns", False)}
        others = [
            column for column, layer in self.preprocessors.items() if hasattr(layer, "adapt") and column not in learners
        ]
        kept: dict[str, list[Any]] = {column: [] for column in others if not has_static(self.preprocessors[column])}
        for layer in learners.values():
            layer.reset_state()
        for table in tables_of(dataset):
            columns = self._columns(table, [*learners, *kept])[0]
            for column, layer in learners.items():
                layer.update_state(columns[column])
            for column, seen in kept.items():
                seen.append(columns[column])
        for layer in learners.values():
            layer.finalize_state()
        for column, seen in kept.items():
            self.preprocessors[column].adapt(torch.cat(seen) if isinstance(seen[0], Tensor) else np.concatenate(seen))
        self.one_hot_encoders = {}
        self.built = True

    # --- calling ----------------------------------------------------------------------------------------------------

    def _columns(self, data: Any, names: Any = None) -> tuple[Columns, bool]:
        """Columns (batch, ...) by name, and whether it is one sample alone."""
        where = f'FeatureSpace "{self.name}"'
        if not isinstance(data, Mapping):
            raise Invalid(where, "a dict of columns", type(data).__name__)
        names = list(self.features) if names is None else names
        missing = [name for name in names if name not in data]
        if missing:
            raise Invalid(where, f"columns {', '.join(names)}", sorted(data), f"There is no {missing[0]!r}.")
        columns = {name: as_column(data[name], f"{where}, column {name!r}") for name in names}
        is_one = all(not isinstance(value, KerasTensor) and value.ndim == 0 for value in columns.values())
        return {name: self._shaped(name, value) for name, value in columns.items()}, is_one

    def _shaped(self, name: str, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            return value
        dtype = self.features[name].dtype
        if isinstance(value, Tensor) and dtype.startswith(("float", "bfloat")):
            value = value.to(torch_dtype(dtype))
        elif isinstance(value, Tensor) and dtype != "string" and value.is_floating_point():
            value = value.long()
        return value.reshape(-1, 1) if value.ndim < 2 else value

    def call(self, data: Any) -> Any:
        """The encoded columns."""
        columns, is_one = self._columns(data)
        encoded = self._encoded(columns)
        return map_leaves(lambda value: value.squeeze(0), encoded) if is_one else encoded

    def _encoded(self, columns: Columns) -> Any:
        self._refuse_unadapted()
        plain = {name: self.preprocessors[name](columns[name]) for name in self.features}
        crossed = {c.name: self.crossers[c.name]([plain[name] for name in c.feature_names]) for c in self.crosses}
        outputs = {name: self._finished(name, plain[name], self.features[name].output_mode) for name in sorted(plain)}
        modes = {cross.name: cross.output_mode for cross in self.crosses}
        outputs |= {name: self._finished(name, crossed[name], modes[name]) for name in sorted(crossed)}
        return outputs if self.concat is None else self._joined(outputs)

    def _finished(self, name: str, value: Any, mode: str) -> Any:
        """Rows for whole numbers, where they are asked for."""
        if mode != "one_hot":
            return value
        if name not in self.one_hot_encoders:
            self.one_hot_encoders[name] = layers.CategoryEncoding(self._size(name), output_mode="multi_hot")
        return self.one_hot_encoders[name](value)

    def _size(self, name: str) -> int:
        """How many different numbers there are."""
        layer = self.crossers[name] if name in self.crossers else self.preprocessors[name]
        if hasattr(layer, "vocabulary_size"):
            return layer.vocabulary_size()
        size = getattr(layer, "num_bins", None)
        boundaries = getattr(layer, "bin_boundaries", None)
        size = len(boundaries) + 1 if size is None and boundaries is not None else size
        if size is None:
            hint = "Give it output_mode='int' or 'float', or a layer with `vocabulary_size()` or `num_bins`."
            raise Invalid(f"FeatureSpace, column {name!r}", "a layer that knows how many numbers it makes", layer, hint)
        return size

    def _joined(self, outputs: Columns) -> Any:
        whole = [name for name, value in outputs.items() if "float" not in str(value.dtype)]
        if whole:
            hint = "Use output_mode='dict', or 'one_hot' for the column."
            raise Invalid(f"FeatureSpace, column {whole[0]!r}", "encoded columns, to be joined", "whole numbers", hint)
        values = list(outputs.values())
        return self.concat(values) if self.concat is not None and len(values) > 1 else values[0]

    def _refuse_unadapted(self) -> None:
        for name, layer in self.preprocessors.items():
            if not getattr(layer, "has_learned", True):
                where = f'FeatureSpace "{self.name}", column {name!r}'
                raise Invalid(where, "a column that was learned from data", "one that was not", "Call `adapt` first.")

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        return args, kwargs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call on columns, or on symbols to add a node to a graph."""
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return torch.nn.Module.__call__(self, *args, **kwargs)

    def compute_output_spec(self, data: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Symbols for the encoded columns."""
        encoded = self._encoded(self._columns(data)[0])
        return map_leaves(lambda symbol: KerasTensor(symbol.shape, symbol.dtype), encoded)

    # --- models -----------------------------------------------------------------------------------------------------

    def get_inputs(self) -> dict[str, KerasTensor]:
        """An Input for each column, by its name."""
        if self.__dict__["_symbols"] is None:
            self.__dict__["_symbols"] = {
                name: layers.Input((1,), dtype=feature.dtype, name=name) for name, feature in self.features.items()
            }
        return dict(self.__dict__["_symbols"])

    def get_encoded_features(self) -> Any:
        """The symbols that follow from `get_inputs`: one, or a dict of them."""
        return self._encoded(self.get_inputs())

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: without its symbols."""
        return super().__getstate__() | {"_symbols": None}

    # --- files ------------------------------------------------------------------------------------------------------

    def save(self, filepath: Any) -> None:
        """Write it, with what it learned, to a `.keras` file, which `keras.saving.load_model` reads."""
        from kerasviz.saving import save_model

        save_model(self, filepath)

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {
            "features": {name: as_file_entry(feature) for name, feature in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [as_file_entry(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The space that `get_config` described."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any]:
        """The shapes that the layers of the columns were built with."""
        return {name: layer.get_build_config() or {} for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Build the layers of the columns."""
        for name, shapes in config.items():
            layer = self.preprocessors.get(name)
            if layer is not None and not layer.built:
                layer.build_from_config(shapes)


def has_static(layer: Any) -> bool:
    """Whether a layer was given what others learn."""
    return hasattr(layer, "learns") and not layer.learns


def tables_of(dataset: Any) -> Iterator[Mapping[str, Any]]:
    """The dicts of columns in a dataset."""
    if isinstance(dataset, Mapping):
        yield dataset
        return
    if not hasattr(dataset, "__iter__") and not hasattr(dataset, "__getitem__"):
        raise Invalid("FeatureSpace.adapt", "a dict of columns, or batches of such dicts", type(dataset).__name__)
    numbered = hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__") and not hasattr(dataset, "batch_sampler")
    for batch in (dataset[index] for index in range(len(dataset))) if numbered else dataset:
        yield batch[0] if isinstance(batch, (tuple, list)) else inputs_of(batch)

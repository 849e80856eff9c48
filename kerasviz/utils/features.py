"""What a FeatureSpace does with each column, and with combinations of columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.layers import Layer
from kerasviz.saving import deserialize_keras_object, serialize_keras_object
from kerasviz.tensors import unique_name

Number = float  # FeatureKinds has a method of that name
MODULE = "keras.src.layers.preprocessing.feature_space"  # what files call it
OUTPUTS = ("int", "one_hot", "float")


class Feature:
    """One column: its dtype, the layer for it, and whether its numbers become rows.

    Args:
        dtype: of the raw column: "string", "int32", "float32"...
        preprocessor: the layer.
        output_mode: "int" and "float" take what the layer makes, "one_hot" makes rows of it.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in OUTPUTS:
            raise Invalid("FeatureSpace.feature(output_mode=...)", f"one of {OUTPUTS}", output_mode)
        self.dtype = dtype
        self.preprocessor = as_layer(preprocessor)
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        layer = serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": layer, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The feature that `get_config` described."""
        return cls(**config)


class Cross:
    """A combination of columns.

    Args:
        feature_names: the columns.
        crossing_dim: into how many bins combinations go.
        output_mode: "int" for the bin, "one_hot" for a row.
    """

    def __init__(self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> None:
        if output_mode not in ("int", "one_hot"):
            raise Invalid("FeatureSpace.cross(output_mode=...)", "'int' or 'one_hot'", output_mode)
        if isinstance(feature_names, str) or len(feature_names) < 2:
            raise Invalid("FeatureSpace.cross(feature_names=...)", "at least two names of columns", feature_names)
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The names of the columns with `_X_` between them."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The cross that `get_config` described."""
        return cls(**config)


def as_layer(preprocessor: Any) -> Any:
    """The layer of a feature, or of its config in a file."""
    if isinstance(preprocessor, Mapping):
        if preprocessor.get("class_name") == "TFDIdentity":  # Keras's own name for a column that is left as it is
            return layers.Identity(name=preprocessor["config"]["name"])
        return deserialize_keras_object(preprocessor)
    if not callable(preprocessor):
        raise Invalid("FeatureSpace.feature(preprocessor=...)", "a layer", preprocessor)
    return preprocessor


def as_file_entry(thing: Feature | Cross) -> dict[str, Any]:
    """A feature or cross as files have it."""
    name = type(thing).__name__
    return {"module": MODULE, "class_name": name, "config": thing.get_config(), "registered_name": name}


def layer_name(name: str | None, kind: str) -> str:
    """The name of the layer of a feature."""
    return f"{name or unique_name(kind)}_preprocessor"


class FeatureKinds(Layer):
    """The kinds of features that there are by name, and those that are made with arguments."""

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column with a layer of your own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def cross(cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """A combination of columns, put into `crossing_dim` bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Numbers as they are."""
        return Feature("float32", layers.Identity(name=layer_name(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Number = 1.0, offset: Number = 0.0, name: str | None = None) -> Feature:
        """Numbers * scale + offset."""
        layer = layers.Rescaling(scale, offset, name=layer_name(name, "float_rescaled"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers less their mean, divided by their deviation."""
        layer = layers.Normalization(axis=-1, name=layer_name(name, "float_normalized"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls, num_bins: int, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers by the range in which they lie: `num_bins` learned ones, or those between boundaries."""
        own = layer_name(name, "float_discretized")
        given: dict[str, Any] = {"num_bins": num_bins} if bin_boundaries is None else {"bin_boundaries": bin_boundaries}
        return Feature("float32", layers.Discretization(**given, name=own), output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Whole numbers by their place in a vocabulary."""
        own = layer_name(name, "integer_categorical")
        return Feature("int32", layers.IntegerLookup(max_tokens, num_oov_indices, name=own), output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Words by their place in a vocabulary."""
        own = layer_name(name, "string_categorical")
        return Feature("string", layers.StringLookup(max_tokens, num_oov_indices, name=own), output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Words by the bin of their fingerprint."""
        return Feature("string", layers.Hashing(num_bins, name=layer_name(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Whole numbers by the bin of their fingerprint."""
        return Feature("int32", layers.Hashing(num_bins, name=layer_name(name, "integer_hashed")), output_mode)


KINDS = tuple(
    name for name in vars(FeatureKinds) if name.startswith(("float", "integer", "string")) and not name.startswith("_")
)

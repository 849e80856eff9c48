"""What a FeatureSpace does with each column, and with combinations of columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import deserialize_keras_object, serialize_keras_object
from kerasviz.tensors import unique_name

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

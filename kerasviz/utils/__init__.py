"""`keras.utils`: data on its way to a model, drawings of models, and small conversions."""

from typing import Any

from kerasviz.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from kerasviz.declare import absent, register_namespace
from kerasviz.saving import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from kerasviz.tensors import clear_session, is_keras_tensor, standardize_dtype
from kerasviz.utils import bounding_boxes, legacy
from kerasviz.utils.audio import audio_dataset_from_directory
from kerasviz.utils.batches import PyDataset, pack_x_y_sample_weight, split_dataset, unpack_x_y_sample_weight
from kerasviz.utils.config import Config
from kerasviz.utils.conversions import normalize, set_random_seed, to_categorical
from kerasviz.utils.drawing import model_to_dot, plot_model
from kerasviz.utils.feature_space import FeatureSpace
from kerasviz.utils.files import get_file
from kerasviz.utils.progbar import Progbar
from kerasviz.utils.sources import get_source_inputs

Sequence = PyDataset


def _public() -> dict[str, Any]:
    return {"FeatureSpace": FeatureSpace}


register_namespace("keras.utils", _public)

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "legacy",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

__getattr__ = absent(
    "utils",
    {
        **dict.fromkeys(("array_to_img", "img_to_array", "load_img", "save_img"), "tools for images come later"),
        "image_dataset_from_directory": "tools for images come later",
        "pad_sequences": "tools for text and series come later",
        "text_dataset_from_directory": "tools for text and series come later",
        "timeseries_dataset_from_array": "tools for text and series come later",
    },
    globals(),
)

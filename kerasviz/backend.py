"""`keras.backend`: the defaults, the dtypes, and the names that the engine counts."""

from kerasviz.tensors import clear_session, get_uid, is_keras_tensor, result_type, standardize_dtype
from kerasviz.tensors.dtypes import is_float_dtype, is_int_dtype
from kerasviz.tensors.settings import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]

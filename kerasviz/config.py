"""`keras.config`: the defaults of the engine."""

from kerasviz.tensors.dtypes import dtype_policy, set_dtype_policy
from kerasviz.tensors.settings import (
    epsilon,
    floatx,
    image_data_format,
    set_device,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)


def backend() -> str:
    """The name of the backend: "torch"; there is no other."""
    return "torch"


__all__ = [
    "backend",
    "dtype_policy",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_device",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

"""Layers that bring data into the range that a model learns best."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import arg
from kerasviz.initializers import Numbers
from kerasviz.layers.layer import Layer
from kerasviz.tensors import settings, torch_dtype


class Rescaling(Layer):
    """inputs * scale + offset: 1 / 255 brings bytes into 0..1.

    Shapes:
        inputs, outputs: (batch, *rest); whole numbers become floats
    """

    supports_masking = True
    scale: Numbers = arg(doc="Factor, or one for each channel.")
    offset: Numbers = arg(0.0, doc="What is added after, or one for each channel.")

    def call(self, inputs: Tensor) -> Tensor:
        """Inputs * scale + offset, in the layer's dtype."""
        x = inputs.to(torch_dtype(self.compute_dtype))
        return x * self.constant("scale", x) + self.constant("offset", x)

    def constant(self, name: str, like: Tensor) -> Any:
        """The argument of that name as torch needs it: a number as it is, a list as a tensor beside `like`."""
        value = getattr(self, name)
        if isinstance(value, (int, float)):
            return value
        known = self.__dict__.setdefault("_constants", {})
        key = name, like.device, like.dtype
        if key not in known:
            made = torch.tensor(value, device=like.device, dtype=like.dtype)
            channels_first = settings.image_data_format() == "channels_first" and made.ndim == 1
            known[key] = made.reshape(-1, 1, 1) if channels_first else made
        return known[key]

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The input's."""
        return tuple(input_shape)

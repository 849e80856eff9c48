"""What Keras keeps in `ops.core`: conversions, scatter and gather, and control flow."""

from kerasviz.ops.shaping import cast, convert_to_numpy, convert_to_tensor, shape, stop_gradient

__all__ = ["cast", "convert_to_numpy", "convert_to_tensor", "shape", "stop_gradient"]

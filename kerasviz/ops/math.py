"""What Keras keeps in `ops.math`: segments, top values, Fourier transforms, special functions."""

from kerasviz.ops.arithmetic import rsqrt

__all__ = ["rsqrt"]

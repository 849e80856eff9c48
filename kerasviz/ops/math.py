"""What Keras keeps in `ops.math`: segments, top values, Fourier transforms, special functions."""

from kerasviz.ops.frames import *
from kerasviz.ops.matrices import logdet as logdet
from kerasviz.ops.segments import *
from kerasviz.ops.special import *
from kerasviz.ops.spectral import *

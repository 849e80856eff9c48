"""`keras.ops`: functions of tensors, on torch. Called on symbols, they record a node of the graph."""

from kerasviz.ops import core, image, linalg, math, nn, numpy
from kerasviz.ops.core import *
from kerasviz.ops.linalg import *
from kerasviz.ops.math import *
from kerasviz.ops.nn import *
from kerasviz.ops.numpy import *
from kerasviz.tensors import OPERATORS

OPERATORS.update({name: thing for name, thing in globals().items() if callable(thing) and not name.startswith("_")})

__all__ = sorted(name for name in OPERATORS if name in globals())  # pyright: ignore[reportUnsupportedDunderAll]

"""`keras.ops.numpy`: what NumPy has, on tensors."""

from kerasviz.ops.arithmetic import *
from kerasviz.ops.comparisons import *
from kerasviz.ops.products import *
from kerasviz.ops.reductions import *
from kerasviz.ops.shaping import *

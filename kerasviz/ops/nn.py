"""`keras.ops.nn`: what neural networks are made of."""

from kerasviz.ops.convolving import *
from kerasviz.ops.encoding import *
from kerasviz.ops.normalizing import *
from kerasviz.ops.pooling import *
from kerasviz.ops.squashing import *

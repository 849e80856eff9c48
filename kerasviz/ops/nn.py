"""`keras.ops.nn`: what neural networks are made of."""

from kerasviz.ops.squashing import *

"""`keras.ops.nn`: what neural networks are made of."""

from kerasviz.ops.attending import *
from kerasviz.ops.convolving import *
from kerasviz.ops.crossentropies import *
from kerasviz.ops.ctc import *
from kerasviz.ops.encoding import *
from kerasviz.ops.folding import *
from kerasviz.ops.noise import *
from kerasviz.ops.normalizing import *
from kerasviz.ops.polar_form import *
from kerasviz.ops.pooling import *
from kerasviz.ops.squashing import *

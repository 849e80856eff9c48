"""`keras.ops.numpy`: what NumPy has, on tensors."""

from kerasviz.ops.arithmetic import *
from kerasviz.ops.bits import *
from kerasviz.ops.comparisons import *
from kerasviz.ops.creation import *
from kerasviz.ops.diagonals import *
from kerasviz.ops.extremes import *
from kerasviz.ops.floats import *
from kerasviz.ops.indexing import *
from kerasviz.ops.joining import *
from kerasviz.ops.matrices import slogdet as slogdet
from kerasviz.ops.nan_reductions import *
from kerasviz.ops.padding import *
from kerasviz.ops.products import *
from kerasviz.ops.quantiles import *
from kerasviz.ops.reductions import *
from kerasviz.ops.shaping import *
from kerasviz.ops.sorting import *
from kerasviz.ops.spacing import *
from kerasviz.ops.statistics import *
from kerasviz.ops.trigonometry import *
from kerasviz.ops.vectorizing import *
from kerasviz.ops.windows import *

"""`keras.ops.linalg`: linear algebra."""

from kerasviz.ops.gradients import jvp as jvp
from kerasviz.ops.matrices import *

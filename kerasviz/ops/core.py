"""What Keras keeps in `ops.core` (and `ops.einops`): conversions, scatter and gather, control flow."""

from kerasviz.ops.control import *
from kerasviz.ops.conversion import *
from kerasviz.ops.gradients import *
from kerasviz.ops.mapping import *
from kerasviz.ops.rearranging import *
from kerasviz.ops.scattering import *

"""`keras.ops.image`: images made larger, moved, bent, filtered, compared."""

from kerasviz.ops.colors import *
from kerasviz.ops.filtering import *
from kerasviz.ops.framing import *
from kerasviz.ops.patching import *
from kerasviz.ops.resampling import *
from kerasviz.ops.sampling import *
from kerasviz.ops.warping import *

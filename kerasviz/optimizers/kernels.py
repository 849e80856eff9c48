"""torch's kernels over lists of tensors, which have no public names."""

from typing import Any

import torch

kernels: Any = torch  # kernels._foreach_add_(...): untyped, since torch types lists of plain tensors only

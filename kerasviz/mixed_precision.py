"""Mixed precision: which dtypes layers calculate with, and an optimizer that scales the loss for float16."""

from kerasviz.config import dtype_policy, set_dtype_policy
from kerasviz.optimizers import LossScaleOptimizer
from kerasviz.tensors import DTypePolicy

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

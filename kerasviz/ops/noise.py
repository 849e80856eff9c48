"""How much one signal differs from another: `psnr`."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op


def _same_shape(x1: Tensor, x2: Tensor, name: str) -> None:
    if x1.shape != x2.shape:
        raise Invalid(f"ops.{name}", f"a second one of shape {tuple(x1.shape)}", tuple(x2.shape))


@op
def psnr(x1: Any, x2: Any, max_val: float) -> Tensor:
    """Peak signal to noise ratio in decibel: the larger, the more alike; infinite for equal ones.

    Args:
        x1: a signal.
        x2: another of the same shape.
        max_val: the largest value that a signal may have.
    """
    x1, x2 = floating(x1), floating(x2)
    _same_shape(x1, x2, "psnr")
    error = F.mse_loss(x1, x2) if x1.dtype == x2.dtype else (x1 - x2).square().mean()
    if isinstance(max_val, (int, float)) and max_val > 0:
        return 20 * math.log10(max_val) - 10 * torch.log10(error)
    peak = torch.as_tensor(max_val, dtype=error.dtype, device=error.device)
    return 20 * torch.log10(peak) - 10 * torch.log10(error)


__all__ = ["psnr"]

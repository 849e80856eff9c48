"""Complex numbers from sizes and angles: `polar`."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op


@op
def polar(abs_: Any, angle: Any) -> Tensor:
    """Complex numbers of these sizes and angles: `abs_ * exp(i * angle)`.

    Args:
        abs_: sizes.
        angle: angles in radians.
    """
    size, turn = floating(abs_), floating(angle)
    dtype = torch.promote_types(size.dtype, turn.dtype)
    size, turn = torch.broadcast_tensors(size.to(dtype), turn.to(dtype))
    if dtype in (torch.float32, torch.float64):
        return torch.polar(size, turn)
    return torch.complex(size * torch.cos(turn), size * torch.sin(turn))


__all__ = ["polar"]

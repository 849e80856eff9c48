"""Batches on their way to the device."""

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device, lasting: bool = True) -> Tensor:
    """The tensor there. The host does not wait: to a GPU it goes through memory that the GPU reads by itself.

    Args:
        tensor: on any device.
        device: where it goes.
        lasting: whether its memory stays as it is. Where it is written again, and pinned, the host has to wait.
    """
    if tensor.device == device:
        return tensor
    if device.type == "cuda" and tensor.device.type == "cpu":
        if not tensor.is_pinned():
            tensor = tensor.pin_memory()  # a copy
        elif not lasting:
            return tensor.to(device)
    return tensor.to(device, non_blocking=True)


def gathered(tensor: Tensor, rows: Tensor, device: torch.device) -> Tensor:
    """Rows by number, in memory that the device can read by itself."""
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.index_select(0, rows)
    out = torch.empty((len(rows), *tensor.shape[1:]), dtype=tensor.dtype, pin_memory=True)
    return torch.index_select(tensor, 0, rows, out=out)

"""What comes out of `predict`, as numpy arrays."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.tensors import convert_to_numpy, map_leaves


def joined_outputs(batches: list[Any]) -> Any:
    """The outputs of all batches, joined, in the structure that the model returns."""
    if not batches:
        raise Invalid("predict", "at least one batch", "none")
    return map_leaves(_joined, *batches)


def joined_tensors(batches: list[Any]) -> Any:
    """The outputs of batches of one execution, joined as tensors."""
    if len(batches) == 1:
        return batches[0]
    return map_leaves(lambda *parts: torch.cat([part.detach() for part in parts]), *batches)


def _joined(*parts: Any) -> np.ndarray:
    if len(parts) == 1:
        return convert_to_numpy(parts[0])
    if all(isinstance(part, Tensor) for part in parts) and len({part.shape[1:] for part in parts}) == 1:
        whole = torch.cat([part.detach() for part in parts])  # memory of its own: not copied again
        return (whole.float() if whole.dtype == torch.bfloat16 else whole).cpu().numpy()
    return np.concatenate([convert_to_numpy(part) for part in parts])

"""Seeds, labels as rows, and vectors of length 1."""

from typing import Any

import numpy as np
import torch

from kerasviz.tensors import convert_to_tensor


def set_random_seed(seed: int) -> None:
    """Make everything random come again: Python's, numpy's and torch's generators start from `seed`."""
    import random

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Labels as rows with a 1 at the class and 0 elsewhere.

    Shapes:
        x: (samples,) or (samples, 1), whole numbers from 0
        result: (samples, classes)
    """
    labels = x if isinstance(x, torch.Tensor) else np.asarray(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    if isinstance(labels, torch.Tensor):
        from kerasviz.ops import one_hot

        return one_hot(labels, num_classes or int(labels.max()) + 1)
    return np.eye(num_classes or int(labels.max()) + 1)[labels]


def normalize(x: Any, axis: int = -1, order: float = 2) -> Any:
    """Divided by its norm along an axis; numpy for numpy, a tensor for a tensor."""
    if isinstance(x, np.ndarray):
        norm = np.atleast_1d(np.linalg.norm(x, order, axis))
        norm[norm == 0] = 1
        return x / np.expand_dims(norm, axis)
    return torch.nn.functional.normalize(convert_to_tensor(x), p=order, dim=axis)

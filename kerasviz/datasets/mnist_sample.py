"""Handwritten digits that ship with the package: a balanced part of MNIST, read without a network."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Part = tuple[np.ndarray, np.ndarray]

FILE = Path(__file__).parent / "data" / "mnist_sample.xz"


def load_data() -> tuple[Part, Part]:
    """15,000 training and 2,500 test images of digits, with their labels.

    Each digit is there equally often. The images are a fixed choice from those of MNIST, in its order.

    Shapes:
        images: (batch, height=28, width=28), uint8, 0 for paper and 255 for ink
        labels: (batch,), uint8, 0 to 9

    Returns:
        `((x_train, y_train), (x_test, y_test))`.

    Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", 1998.
    """
    from numpy.lib.format import read_array

    with lzma.open(FILE) as file:
        x_train, y_train, x_test, y_test = (read_array(file, allow_pickle=False) for _ in range(4))
    return (x_train, y_train), (x_test, y_test)

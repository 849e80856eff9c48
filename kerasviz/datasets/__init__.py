"""Data to try a model on."""

from __future__ import annotations

from kerasviz.datasets import mnist_sample

__all__ = ["mnist_sample"]

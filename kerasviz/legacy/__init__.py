"""What is kept of Keras 1 and 2 under their own names."""

from kerasviz.legacy import saving

__all__ = ["saving"]

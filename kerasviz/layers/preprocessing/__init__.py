"""Layers that turn raw columns, numbers and words, into what a model learns from."""

from kerasviz.layers.preprocessing.category_encoding import CategoryEncoding
from kerasviz.layers.preprocessing.discretization import Discretization
from kerasviz.layers.preprocessing.hashed_crossing import HashedCrossing
from kerasviz.layers.preprocessing.hashing import Hashing
from kerasviz.layers.preprocessing.integer_lookup import IntegerLookup
from kerasviz.layers.preprocessing.normalization import Normalization
from kerasviz.layers.preprocessing.pipeline import Pipeline
from kerasviz.layers.preprocessing.rescaling import Rescaling
from kerasviz.layers.preprocessing.string_lookup import StringLookup

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "Pipeline",
    "Rescaling",
    "StringLookup",
]

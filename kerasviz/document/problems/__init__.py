"""What is wrong with a document, where it comes from, and what to do about it."""

from kerasviz.document.problems import (
    arguments,
    columns,
    data,
    habits,
    labels,
    memory,
    merges,
    shapes,
    training,
    wiring,
)
from kerasviz.document.problems.base import RULES, Fix, Problem, View, find_problems

__all__ = [
    "RULES",
    "Fix",
    "Problem",
    "View",
    "arguments",
    "columns",
    "data",
    "find_problems",
    "habits",
    "labels",
    "memory",
    "merges",
    "shapes",
    "training",
    "wiring",
]

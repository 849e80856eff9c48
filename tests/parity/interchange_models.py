"""Models that are exchanged with Keras, each made of either package by the same function."""

from . import (
    interchange_models_architectures,
    interchange_models_compiled,
    interchange_models_custom,
    interchange_models_graphs,
    interchange_models_layers,
    interchange_models_sequences,
)
from .interchange_table import TABLE

THEMES = (
    interchange_models_architectures,
    interchange_models_compiled,
    interchange_models_custom,
    interchange_models_graphs,
    interchange_models_layers,
    interchange_models_sequences,
)

__all__ = ["TABLE", "THEMES"]

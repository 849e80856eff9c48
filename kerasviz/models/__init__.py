"""Models: graphs and stacks of layers as one torch module that trains."""

from kerasviz.declare import register_namespace
from kerasviz.models.cloning import clone_model
from kerasviz.models.functional import Functional
from kerasviz.models.model import Model
from kerasviz.models.sequential import Sequential
from kerasviz.saving import load_model, model_from_json, save_model

register_namespace("keras", lambda: {"Functional": Functional, "Model": Model, "Sequential": Sequential})
register_namespace("keras.models", lambda: {"Functional": Functional, "Model": Model, "Sequential": Sequential})

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

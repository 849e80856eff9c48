"""Models: graphs and stacks of layers as one torch module that trains."""

from typing import TYPE_CHECKING, Any

from kerasviz.declare import register_namespace
from kerasviz.models.cloning import clone_model
from kerasviz.models.functional import Functional
from kerasviz.models.model import Model
from kerasviz.models.sequential import Sequential

if TYPE_CHECKING:
    from kerasviz.saving import load_model, model_from_json, save_model


def _names() -> dict[str, Any]:
    return {"Functional": Functional, "Model": Model, "Sequential": Sequential}


register_namespace("keras", _names)
register_namespace("keras.models", _names)


def __getattr__(name: str) -> Any:
    if name in ("load_model", "model_from_json", "save_model"):
        from kerasviz import saving

        return getattr(saving, name)
    raise AttributeError(f"kerasviz.models has no `{name}`.")


__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

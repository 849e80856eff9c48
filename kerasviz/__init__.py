"""kerasviz: Keras on PyTorch, and a studio to see, build and train networks in a notebook.

`import kerasviz as keras` is a drop-in for Keras 3. Parts are imported when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasviz import (
        activations,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        declare,
        document,
        dtype_policies,
        initializers,
        insight,
        layers,
        losses,
        metrics,
        mixed_precision,
        models,
        ops,
        optimizers,
        random,
        regularizers,
        runs,
        saving,
        training,
        tree,
        utils,
        widgets,
    )
    from kerasviz.declare import Invalid
    from kerasviz.graph.function import Function
    from kerasviz.initializers import Initializer
    from kerasviz.layers.input import Input
    from kerasviz.layers.inputspec import InputSpec
    from kerasviz.layers.layer import Layer
    from kerasviz.losses import Loss
    from kerasviz.metrics import Metric
    from kerasviz.models import Functional, Model, Sequential
    from kerasviz.optimizers import Optimizer
    from kerasviz.regularizers import Regularizer
    from kerasviz.tensors import (
        DTypePolicy,
        FloatDTypePolicy,
        KerasTensor,
        Operation,
        RematScope,
        StatelessScope,
        SymbolicScope,
        Variable,
        device,
        name_scope,
        remat,
    )
    from kerasviz.widgets import CallbackPanel, GraphEditor, Inspector, Studio, TrainingView

__version__ = "0.1.0"

_HOMES = {
    "CallbackPanel": "widgets",
    "DTypePolicy": "tensors",
    "FloatDTypePolicy": "tensors",
    "Function": "graph.function",
    "Functional": "models",
    "GraphEditor": "widgets",
    "Initializer": "initializers",
    "Input": "layers.input",
    "InputSpec": "layers.inputspec",
    "Inspector": "widgets",
    "Invalid": "declare",
    "KerasTensor": "tensors",
    "Layer": "layers.layer",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Operation": "tensors",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "RematScope": "tensors",
    "Sequential": "models",
    "StatelessScope": "tensors",
    "Studio": "widgets",
    "SymbolicScope": "tensors",
    "TrainingView": "widgets",
    "Variable": "tensors",
    "device": "tensors",
    "name_scope": "tensors",
    "remat": "tensors",
}
_PARTS = (
    *("activations", "backend", "callbacks", "config", "constraints", "datasets", "declare", "document"),
    *("dtype_policies", "initializers"),
    *("insight", "layers", "legacy", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "random"),
    *("regularizers", "runs", "saving", "training", "tree", "utils", "widgets"),
)

__all__ = [
    "CallbackPanel",
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Functional",
    "GraphEditor",
    "Initializer",
    "Input",
    "InputSpec",
    "Inspector",
    "Invalid",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "Studio",
    "SymbolicScope",
    "TrainingView",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "declare",
    "device",
    "document",
    "dtype_policies",
    "initializers",
    "insight",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "remat",
    "runs",
    "saving",
    "training",
    "tree",
    "utils",
    "version",
    "widgets",
]


_LATER = {
    "Quantizer": "quantization comes later",
    "applications": "the known networks come later",
    "distillation": "distillation comes later",
    "distribution": "training on several devices comes later",
    "export": "export to other formats comes later",
    "preprocessing": "the names of Keras 2 for data come later",
    "quantizers": "quantization comes later",
    "visualization": "galleries of images come later",
    "wrappers": "models as estimators of scikit-learn come later",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"kerasviz.{_HOMES[name]}"), name)
    elif name in _PARTS:
        value = importlib.import_module(f"kerasviz.{name}")
    else:
        later = f" yet: {_LATER[name]}." if name in _LATER else "."
        raise AttributeError(f"kerasviz has no `{name}`{later}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*_HOMES, *_PARTS, "__version__"])


def version() -> str:
    """The version of the package."""
    return __version__

"""Whole models of either library with the same weights, trained in the same way."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .comparing import note
from .recording import plain


def made(keras: Any, make: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """The model of one library; its matrices are drawn by numpy, vectors stay as they start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make(keras, *args, **options)
    filled(model)
    return model


def filled(model: Any) -> None:
    """Give a model weights that depend on their shapes and places only."""
    values = []
    for place, value in enumerate(model.get_weights()):
        random = np.random.default_rng([place, *value.shape])
        drawn = random.normal(size=value.shape) / max(1, np.prod(value.shape[:-1])) ** 0.5
        values.append(drawn.astype("float32") if value.ndim > 1 else value)
    model.set_weights(values)


def called(model: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """What a method of the model gives; what Keras warns of is not the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(model, method)(*args, **kwargs)


def fitted(model: Any, *data: Any, **options: Any) -> dict[str, Any]:
    """The history of a fit without shuffling: its names in order, and the values of each."""
    options = {"verbose": 0, "shuffle": False, "epochs": 3, "batch_size": 16, **options}
    history = called(model, "fit", *data, **copy.deepcopy(options))
    return {"names": list(history.history), "values": plain(history.history), "epoch": history.epoch}


def assert_same_history(ours: Any, theirs: Any, tolerance: float = 2e-4) -> None:
    """Fail unless two answers of `fitted`, or two lists of them, agree."""
    if isinstance(theirs, list):
        for one, other in zip(ours, theirs, strict=True):
            assert_same_history(one, other, tolerance)
        return
    assert ours["names"] == theirs["names"]
    assert ours["epoch"] == theirs["epoch"]
    for name, values in theirs["values"].items():
        note(np.asarray(ours["values"][name]), np.asarray(values), tolerance)
        np.testing.assert_allclose(ours["values"][name], values, rtol=tolerance, atol=tolerance, err_msg=name)

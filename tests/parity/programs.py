"""Programs as users write them: functions of the library, run by either one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from .models import filled

Program = Callable[[Any], Any]


class Programs(dict[str, Program]):
    """Decorates the programs of a module, and holds them by name."""

    def __call__(self, program: Program) -> Program:
        self[program.__name__] = program
        return program


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers that are the same in every run."""
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def sequential(keras: Any, *layers: Any, inputs: tuple[int | None, ...] = (4,)) -> Any:
    """A Sequential with weights that depend on their shapes only."""
    model = keras.Sequential([keras.Input(inputs), *layers])
    filled(model)
    return model


def regressor(keras: Any, optimizer: Any = "sgd", loss: Any = "mse", **options: Any) -> Any:
    """Two dense layers with such weights, compiled."""
    model = sequential(keras, keras.layers.Dense(3, "tanh"), keras.layers.Dense(1))
    model.compile(optimizer, loss, **options)
    return model


def descend(loss: Any, weights: Iterable[Any], optimizer: Any) -> None:
    """One step, in the style of Keras's guides for PyTorch; the gradients were cleared before."""
    loss.backward()
    weights = list(weights)
    gradients = [weight.value.grad for weight in weights]
    with torch.no_grad():
        optimizer.apply(gradients, weights)


def refusals(*attempts: Callable[[], Any]) -> list[bool]:
    """Whether each one ends in an error that says that a value is wrong."""
    return [refused(attempt) for attempt in attempts]


def refused(attempt: Callable[[], Any]) -> bool:
    """Whether an attempt ends in a ValueError or a TypeError."""
    try:
        attempt()
    except (ValueError, TypeError):
        return True
    return False

"""A training step is put together once, and anew when anything that it depends on changes."""

from collections.abc import Callable
from typing import Any

import torch

from kerasviz.graph.plan import is_hooked
from kerasviz.layers.calling import Structure
from kerasviz.tensors import Variable, settings
from kerasviz.training.compiled import Compiled
from kerasviz.training.tally import Tally

Step = Callable[[tuple], Callable[[], dict[str, Any]]]


class KeptStep:
    """A training step, put together once and used by the next epochs and calls while nothing has changed.

    Args:
        step: what it is.
        tally: where it leaves its values.
        facts: what it was made for, from `facts_of`.
        variables: what it trains.
    """

    def __init__(self, step: Step, tally: Tally, facts: tuple, variables: list[Any]) -> None:
        self.step = step
        self.tally = tally
        self.facts = facts
        self.variables = variables
        self.flags = [variable.requires_grad for variable in variables]

    def fits(self, facts: tuple) -> bool:
        """Whether it can be used again."""
        return self.facts == facts and self.flags == [variable.requires_grad for variable in self.variables]


def facts_of(trainer: Any, compiled: Compiled, lasting: bool) -> tuple:
    """All that a training step depends on besides the batch."""
    return (
        Structure.version,
        Structure.losing,
        Variable.hooks_registered,
        id(compiled.optimizer),
        compiled.run_eagerly,
        compiled.jit_compile,
        lasting,
        is_hooked(trainer),
        settings.floatx(),
        torch.is_anomaly_enabled(),
    )


def renewed(make: Callable[[list[Any]], Step], trainer: Any, variables: list[Any]) -> Step:
    """A step for the variables, made anew when hooks, weights, or what is trained have changed."""
    version, hooks, current = Structure.version, Variable.hooks_registered, make(variables)

    def step(batch: tuple) -> Callable[[], dict[str, Any]]:
        nonlocal version, hooks, current
        if version != Structure.version or hooks != Variable.hooks_registered:
            for variable in variables:
                variable.grad = None  # one that was frozen must not move by an old gradient
            version, hooks, current = Structure.version, Variable.hooks_registered, make(trainer.trainable_variables)
        return current(batch)

    return step

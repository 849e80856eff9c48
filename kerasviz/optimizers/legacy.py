"""Optimizers of Keras 2, which are there by name only."""

from typing import Any

from kerasviz.declare import Invalid


class LegacyError(Invalid, ImportError):
    """An ImportError, as in Keras."""


class LegacyOptimizerWarning:
    """Says that the optimizers of Keras 2 are gone, to whoever makes one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        hint = "Use the class of the same name in `optimizers`: its numbers are those of Keras 3."
        raise LegacyError("optimizers.legacy", "an optimizer of Keras 3", "one of Keras 2", hint)


Adagrad = Adam = Ftrl = Optimizer = RMSprop = SGD = LegacyOptimizerWarning

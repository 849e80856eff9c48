"""How the common layers are written into a plan: each on torch's fused kernel, in the layout that costs nothing."""

from collections.abc import Callable
from typing import Any

from kerasviz.graph.plan import EMITTERS


def emits(*classes: type) -> Callable:
    """Register the function for these layer classes, and for no subclass of them."""

    def register(function: Callable) -> Callable:
        for cls in classes:
            EMITTERS[cls] = function
        return function

    return register


_ = Any
